"""Optimizers take the steps of their formulas, which are PyTorch's, and refuse settings that make no sense."""

import copy
import math
import pickle

import numpy as np
import pytest

from micrograd_like import SGD, Adam, Value
from micrograd_like.optim import Optimizer

START = (-1.5, 2.0)


def valley(x, y):
    """A curved valley with its floor along xy = 1; any engine's numbers will do."""
    return (x * y - 1) ** 2 + 0.1 * (x - 2) ** 4 + 0.3 * y * y


def minimize(optimizer, parameters, steps, function=valley):
    """Take the steps, and return where the parameters were after each."""
    path = []
    for _ in range(steps):
        for p in parameters:
            p.grad = 0
        function(*parameters).backward()
        optimizer.step(parameters)
        path.append([p.data for p in parameters])
    return path


def torch_path(make_optimizer, steps, rate=None):
    torch = pytest.importorskip("torch")
    parameters = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    optimizer, path = make_optimizer(torch.optim, parameters), []
    for step in range(steps):
        if rate:
            optimizer.param_groups[0]["lr"] = rate(step)
        optimizer.zero_grad()
        valley(*parameters).backward()
        optimizer.step()
        path.append([p.item() for p in parameters])
    return path


def assert_same_path(ours, theirs):
    assert np.array(ours) == pytest.approx(np.array(theirs), rel=1e-12, abs=1e-15)


def decaying(step):
    return 0.02 / (1 + 0.1 * step)


def positions(optimizer, start, gradients):
    """Return where a parameter is after a step with each of the gradients."""
    p, path = Value(start), []
    for g in gradients:
        p.grad = g
        optimizer.step([p])
        path.append(p.data)
    return path


# The formulas


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({}, [2.5, 1.5]),
        ({"momentum": 0.5}, [2.5, 1.25]),
        ({"weight_decay": 0.25}, [3 - (1 + 0.25 * 3) / 2, 2.125 - (2 + 0.25 * 2.125) / 2]),
        ({"momentum": 0.5, "weight_decay": 0.25}, [2.125, 2.125 - (0.5 * 1.75 + 2 + 0.25 * 2.125) / 2]),
    ],
)
def test_sgd_takes_the_steps_of_its_formula(settings, path):
    assert positions(SGD(0.5, **settings), 3.0, [1.0, 2.0]) == path


def test_adam_takes_the_steps_of_its_formula():
    first = 3 - 2 / (math.sqrt(4) + 0.5)
    m, v = 0.25 * 1.5 + 0.75 * -4, 0.75 * 1 + 0.25 * 16
    second = first - m / (1 - 0.25**2) / (math.sqrt(v / (1 - 0.75**2)) + 0.5)
    assert positions(Adam(1.0, betas=(0.25, 0.75), epsilon=0.5), 3.0, [2.0, -4.0]) == pytest.approx([first, second])


# PyTorch's steps


@pytest.mark.parametrize(
    "settings", [{}, {"momentum": 0.9}, {"weight_decay": 0.1}, {"momentum": 0.5, "weight_decay": 0.01}]
)
def test_sgd_takes_pytorchs_steps(settings):
    ours = minimize(SGD(0.01, **settings), list(map(Value, START)), 300)
    assert_same_path(ours, torch_path(lambda optim, p: optim.SGD(p, lr=0.01, **settings), 300))


@pytest.mark.parametrize(
    "settings",
    [{}, {"betas": (0.5, 0.9)}, {"betas": (0.0, 0.0)}, {"epsilon": 1e-2}, {"betas": (0.95, 0.99), "epsilon": 1e-10}],
)
def test_adam_takes_pytorchs_steps(settings):
    theirs = {"betas": settings.get("betas", (0.9, 0.999)), "eps": settings.get("epsilon", 1e-8)}
    ours = minimize(Adam(0.005, **settings), list(map(Value, START)), 200)
    assert_same_path(ours, torch_path(lambda optim, p: optim.Adam(p, lr=0.005, **theirs), 200))


@pytest.mark.parametrize(("name", "optimizer"), [("SGD", SGD), ("Adam", Adam)])
def test_a_rate_that_depends_on_the_step_takes_pytorchs_steps(name, optimizer):
    ours = minimize(optimizer(decaying), list(map(Value, START)), 100)
    assert_same_path(ours, torch_path(lambda optim, p: getattr(optim, name)(p, lr=1.0), 100, decaying))


def test_adams_settings_are_the_papers_unless_told():
    adam = Adam()
    assert (adam.learning_rate, adam.betas, adam.epsilon) == (0.001, (0.9, 0.999), 1e-8)


def test_adams_first_step_is_the_learning_rate_for_any_gradient():
    for g in (1e-3, 1.0, -1e100):
        p = Value(0.0)
        p.grad = g
        Adam(0.1).step([p])
        assert p.data == pytest.approx(-math.copysign(0.1, g), rel=1e-4)


# The learning rate


def test_a_rate_of_the_step_is_asked_once_a_step_beginning_with_zero():
    asked = []
    optimizer = SGD(lambda step: asked.append(step) or 0.1)
    minimize(optimizer, list(map(Value, START)), 3)
    assert asked == [0, 1, 2]
    assert optimizer.steps == 3


def test_a_rate_of_zero_moves_nothing():
    assert minimize(SGD(0), list(map(Value, START)), 2) == [list(START)] * 2


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf, "0.1", None, 1j])
def test_a_rate_of_a_step_that_is_no_rate_moves_nothing(rate):
    parameters = list(map(Value, START))
    optimizer = SGD(lambda step: 0.01 if step < 2 else rate)
    path = minimize(optimizer, parameters, 2)
    with pytest.raises(ValueError, match="the learning rate of step 2 is a number from 0 to below inf"):
        minimize(optimizer, parameters, 1)
    assert [p.data for p in parameters] == path[-1]
    assert optimizer.steps == 2


# Bad settings


@pytest.mark.parametrize("number", [-0.1, -1, math.nan, math.inf, -math.inf, "0.1", 1j, None])
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("the learning rate", SGD),
        ("the learning rate", Adam),
        ("momentum", lambda x: SGD(0.1, momentum=x)),
        ("weight_decay", lambda x: SGD(0.1, weight_decay=x)),
        ("the first beta", lambda x: Adam(betas=(x, 0.9))),
        ("the second beta", lambda x: Adam(betas=(0.9, x))),
        ("epsilon", lambda x: Adam(epsilon=x)),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_with_its_name(name, build, number):
    with pytest.raises(ValueError, match=f"^{name} is a number from .* to below .*, not {number!r}$"):
        build(number)


@pytest.mark.parametrize(
    "build", [lambda x: SGD(0.1, momentum=x), lambda x: Adam(betas=(x, 0.9)), lambda x: Adam(betas=(0.9, x))]
)
@pytest.mark.parametrize("number", [1, 1.5])
def test_a_mean_that_never_forgets_is_refused(build, number):
    with pytest.raises(ValueError, match=f"is a number from 0 to below 1, not {number}"):
        build(number)


def test_an_epsilon_of_zero_is_refused_because_a_gradient_of_zero_would_be_divided_by_it():
    with pytest.raises(ValueError, match="epsilon"):
        Adam(epsilon=0)


def test_any_epsilon_above_zero_is_accepted():
    assert Adam(epsilon=5e-324).epsilon == 5e-324


def test_adam_leaves_a_parameter_that_never_had_a_gradient():
    p = Value(3.0)
    Adam(0.1).step([p])
    assert p.data == 3.0


def test_an_optimizer_of_ones_own_says_how_to_move():
    class Signs(Optimizer):
        def _direction(self, p):
            return math.copysign(1, p.grad)

    assert minimize(Signs(0.25), [Value(3.0)], 2, lambda x: x * x) == [[2.75], [2.5]]
    with pytest.raises(NotImplementedError):
        Optimizer(0.1).step([Value(1.0)])


# What an optimizer remembers

STATEFUL = [lambda: SGD(0.05, momentum=0.9), lambda: Adam(0.05)]


@pytest.mark.parametrize("build", STATEFUL)
def test_parameters_of_equal_data_have_memories_of_their_own(build):
    a, b = Value(1.0), Value(1.0)
    optimizer = build()
    a.grad = 1.0
    optimizer.step([a])
    fresh, alone = build(), Value(1.0)
    for step, p in ((optimizer.step, b), (fresh.step, alone)):
        p.grad = -2.0
        step([p])
    assert b.data == alone.data


@pytest.mark.parametrize("build", STATEFUL)
def test_the_order_of_parameters_is_no_matter(build):
    one, two = (list(map(Value, START)) for _ in range(2))
    path, optimizer = minimize(build(), one, 5), build()
    for _ in range(5):
        for p in two:
            p.grad = 0
        valley(*two).backward()
        optimizer.step(reversed(two))
    assert [p.data for p in two] == path[-1]


@pytest.mark.parametrize("build", STATEFUL)
def test_a_parameter_that_joins_late_is_moved_as_by_a_new_optimizer(build):
    optimizer, early, late, alone = build(), Value(1.0), Value(1.0), Value(1.0)
    early.grad = late.grad = alone.grad = 0.5
    optimizer.step([early])
    optimizer.step([early, late])
    build().step([alone])
    assert late.data == alone.data


@pytest.mark.parametrize("build", STATEFUL)
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))])
def test_an_optimizer_copied_with_its_parameters_goes_on_as_the_original_does(build, duplicate):
    parameters, optimizer = list(map(Value, START)), build()
    minimize(optimizer, parameters, 5)
    other_parameters, other_optimizer = duplicate((parameters, optimizer))
    assert minimize(other_optimizer, other_parameters, 5) == minimize(optimizer, parameters, 5)


def test_gradients_are_left_as_they_are():
    p = Value(1.0)
    p.grad = 0.5
    Adam().step([p])
    assert p.grad == 0.5


@pytest.mark.parametrize("build", STATEFUL)
def test_a_column_moves_as_its_numbers_do(build):
    column = Value(np.array([1.0, -2.0, 0.5]))
    numbers = [Value(1.0), Value(-2.0), Value(0.5)]
    path = minimize(build(), [column], 10, lambda x: (x - 1) ** 2)
    parts = [minimize(build(), [p], 10, lambda x: (x - 1) ** 2) for p in numbers]
    assert path[-1][0] == pytest.approx([part[-1][0] for part in parts], rel=1e-12)


def test_a_gradient_for_each_sample_is_no_step_for_one_number():
    w = Value(2.0)
    (w * Value(np.array([1.0, 2.0]))).backward()
    with pytest.raises(ValueError, match="2 gradients, one a sample, cannot move one number"):
        SGD(0.1).step([w])
    assert w.data == 2.0


def test_a_learning_rate_set_later_is_checked_too():
    optimizer = SGD(0.1)
    optimizer.learning_rate = -1
    with pytest.raises(ValueError, match="the learning rate of step 0"):
        optimizer.step([Value(1.0)])


@pytest.mark.parametrize("betas", [0.9, (0.9,), (0.9, 0.99, 0.999)])
def test_betas_are_two(betas):
    with pytest.raises(ValueError, match="betas are two numbers"):
        Adam(betas=betas)


def test_a_rate_of_numpy_is_a_rate():
    assert SGD(np.float32(0.5)).rate() == 0.5
