"""Each function's value and derivative against fifty digits, its kinks against PyTorch, its domain and its kinds."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import pytest

import micrograd_like
from micrograd_like import (
    Value,
    dot,
    exp,
    gelu,
    leaky_relu,
    log_softmax,
    logsumexp,
    maximum,
    minimum,
    relu,
    sigmoid,
    softmax,
    softplus,
    sqrt,
    total,
    where,
)
from micrograd_like.engine import topological_order
from micrograd_like.functions import where_less
from micrograd_like.steps import ONE_OPERAND, STEPS

Function = Callable[..., Any]

EVERYDAY_ERROR = 4.0
"""How many units in the last place a value or a derivative may be off where a docstring states no larger bound."""

SMALLEST, HUGE = 5e-324, 1.7e308


def units_off(found: float, exact: Any) -> float:
    """Return the distance of a float from a number of fifty digits in units in the last place of the latter."""
    nearest = float(exact)
    if math.isinf(nearest) or math.isinf(found):
        return 0.0 if found == nearest else math.inf
    return float(abs(mpmath.mpf(found) - exact) / mpmath.mpf(math.ulp(nearest)))


def magnitudes(lowest: float, highest: float, count: int = 150) -> list[float]:
    """Return numbers spread evenly over the magnitudes between two powers of ten."""
    generator = random.Random(0)
    return [10.0 ** generator.uniform(lowest, highest) for _ in range(count)]


def evenly(lowest: float, highest: float, count: int = 400) -> list[float]:
    """Return numbers spread evenly between two."""
    generator = random.Random(1)
    return [generator.uniform(lowest, highest) for _ in range(count)]


POSITIVE = [SMALLEST, 1e-308, *magnitudes(-307, 308), *evenly(0.5, 2), 1.0, 1000.0, HUGE]
MODERATE = [0.0, *(sign * x for sign in (1, -1) for x in (*magnitudes(-300, 2.8), *evenly(0, 40)))]
FAR = [*MODERATE, *(sign * x for sign in (1, -1) for x in (SMALLEST, 700.0, 745.0, 1000.0, 1e5))]
EVERYWHERE = [*FAR, 1e200, -1e200, HUGE, -HUGE]


@dataclass(frozen=True)
class Judge:
    """A function and its derivative in fifty digits, where to compare them, and the errors its docstring allows."""

    value: Function
    derivative: Function
    points: Sequence[float]
    value_error: Callable[[float], float] = lambda x: EVERYDAY_ERROR
    derivative_error: Callable[[float], float] = lambda x: EVERYDAY_ERROR


def logistic(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def logistic_slope(x: Any) -> Any:
    e = mpmath.exp(-abs(x))
    return e / (1 + e) ** 2


def normal(x: Any) -> Any:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def normal_density(x: Any) -> Any:
    return mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)


def units(error: float, scale: Any) -> float:
    """Return an error as a number of units in the last place of a number."""
    return float(error / mpmath.mpf(math.ulp(float(scale))))


def gelu_terms(x: float) -> Any:
    """Return Φ(x) + |x|·φ(x), the size of the two terms of gelu'(x)."""
    return normal(mpmath.mpf(x)) + abs(x) * normal_density(mpmath.mpf(x))


JUDGES = {
    "exp": Judge(mpmath.exp, mpmath.exp, [x for x in MODERATE if x < 709]),
    "expm1": Judge(mpmath.expm1, mpmath.exp, [x for x in EVERYWHERE if x < 709]),
    "log": Judge(mpmath.log, lambda x: 1 / x, POSITIVE),
    "log1p": Judge(
        mpmath.log1p,
        lambda x: 1 / (1 + x),
        [*POSITIVE, *(-x for x in magnitudes(-300, -0.001)), *(x - 1 for x in magnitudes(-15, 0))],
    ),
    "sqrt": Judge(mpmath.sqrt, lambda x: 1 / (2 * mpmath.sqrt(x)), POSITIVE),
    "sin": Judge(mpmath.sin, mpmath.cos, EVERYWHERE),
    "cos": Judge(mpmath.cos, lambda x: -mpmath.sin(x), EVERYWHERE),
    "tanh": Judge(
        mpmath.tanh,
        lambda x: mpmath.sech(x) ** 2,
        [*FAR, *evenly(0.8, 1.4, 4000)],
        derivative_error=lambda x: max(EVERYDAY_ERROR, units(2.0**-51, mpmath.sech(x) ** 2)),
    ),
    "erf": Judge(
        mpmath.erf,
        lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x),
        FAR,
        derivative_error=lambda x: x * x + 3,
    ),
    "erfc": Judge(
        mpmath.erfc,
        lambda x: -2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x),
        FAR,
        derivative_error=lambda x: x * x + 3,
    ),
    "sigmoid": Judge(logistic, logistic_slope, EVERYWHERE),
    "softplus": Judge(lambda x: max(x, 0) + mpmath.log1p(mpmath.exp(-abs(x))), logistic, EVERYWHERE),
    "relu": Judge(lambda x: max(x, 0), lambda x: mpmath.mpf(x > 0), EVERYWHERE),
    "leaky_relu": Judge(
        lambda x: x * (1 if x > 0 else mpmath.mpf(0.01)),
        lambda x: mpmath.mpf(1 if x > 0 else 0.01),
        EVERYWHERE,
    ),
    "gelu": Judge(
        lambda x: x * normal(x),
        lambda x: normal(x) + x * normal_density(x),
        FAR,
        value_error=lambda x: 2 * x * x + 4,
        derivative_error=lambda x: (x * x + 4) * units(
            math.ulp(float(gelu_terms(x))), normal(mpmath.mpf(x)) + x * normal_density(mpmath.mpf(x))
        ),
    ),
}


@pytest.mark.parametrize("name", ONE_OPERAND)
def test_values_are_right_to_the_last_places(name: str) -> None:
    judge, function = JUDGES[name], getattr(micrograd_like, name)
    with mpmath.workdps(50):
        wrong = {
            x: error
            for x in judge.points
            if not (error := units_off(function(x), judge.value(mpmath.mpf(x)))) <= judge.value_error(x)
        }
    assert not wrong


@pytest.mark.parametrize("name", ONE_OPERAND)
def test_derivatives_are_right_to_the_last_places_or_to_the_stated_bound(name: str) -> None:
    judge, function, wrong = JUDGES[name], getattr(micrograd_like, name), {}
    with mpmath.workdps(50):
        for x in judge.points:
            v = Value(x)
            function(v).backward()
            error = units_off(v.grad, judge.derivative(mpmath.mpf(x)))
            if not error <= judge.derivative_error(x):
                wrong[x] = error
    assert not wrong


def test_the_derivative_of_tanh_is_zero_where_it_should_be_below_the_rounding_of_one() -> None:
    v = Value(19.1)
    v.tanh().backward()
    assert v.grad == 0.0 and 1 / math.cosh(19.1) ** 2 < 1.1e-16


def test_powers_have_derivatives_right_to_the_stated_bound() -> None:
    generator, wrong = random.Random(2), {}
    with mpmath.workdps(50):
        for _ in range(400):
            a, b = Value(generator.uniform(0.1, 10)), Value(generator.uniform(-20, 20))
            (a**b).backward()
            x, y = mpmath.mpf(a.data), mpmath.mpf(b.data)
            exact = y * x ** (y - 1), x**y * mpmath.log(x)
            errors = units_off(a.grad, exact[0]), units_off(b.grad, exact[1])
            if errors[0] > abs((y - 1) * mpmath.log(x)) + EVERYDAY_ERROR or errors[1] > EVERYDAY_ERROR:
                wrong[a.data, b.data] = errors
    assert not wrong


def test_quotients_have_derivatives_right_to_the_last_places() -> None:
    wrong = {}
    with mpmath.workdps(50):
        for x, y in zip(magnitudes(-140, 140), evenly(-1000, 1000), strict=False):
            a, b = Value(x), Value(y)
            (a / b).backward()
            errors = units_off(a.grad, 1 / mpmath.mpf(y)), units_off(b.grad, -mpmath.mpf(x) / mpmath.mpf(y) ** 2)
            if max(errors) > EVERYDAY_ERROR:
                wrong[x, y] = errors
    assert not wrong


# Sequences


def sequences() -> list[list[float]]:
    """Return logits close together, far apart, tied, and large."""
    generator = random.Random(3)
    spread = [
        [generator.uniform(-size, size) for _ in range(generator.randint(1, 4))]
        for size in (1e-3, 1.0, 30.0, 300.0)
        for _ in range(50)
    ]
    edges = [[0.0, 0.0], [1000.0, 1000.0], [-1000.0, -1000.0, -1000.0], [1000.0, -1000.0], [40.0, 0.0], [0.0, 40.0]]
    return spread + edges


def exact_softmax(x: list[float]) -> list[Any]:
    powers = [mpmath.exp(mpmath.mpf(v)) for v in x]
    return [power / mpmath.fsum(powers) for power in powers]


def gaps(x: list[float]) -> list[float]:
    return [max(x) - v for v in x]


def derivatives(result: Value, leaves: list[Value]) -> list[float]:
    for leaf in leaves:
        leaf.grad = 0
    result.backward()
    return [leaf.grad for leaf in leaves]


def test_logsumexp_is_right_to_the_last_places_of_its_larger_part() -> None:
    with mpmath.workdps(50):
        for x in sequences():
            exact = mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(v)) for v in x))
            scale = max(abs(max(x)), float(abs(exact - max(x))), float(abs(exact)))
            assert abs(logsumexp(x) - exact) <= EVERYDAY_ERROR * math.ulp(scale)


def test_the_derivatives_of_logsumexp_are_right_to_the_bound_of_softmax() -> None:
    with mpmath.workdps(50):
        for x in sequences():
            leaves = [Value(v) for v in x]
            found_all = derivatives(logsumexp(leaves), leaves)
            for found, exact, gap in zip(found_all, exact_softmax(x), gaps(x), strict=True):
                assert units_off(found, exact) <= gap + EVERYDAY_ERROR


def test_softmax_is_right_to_the_stated_bound() -> None:
    with mpmath.workdps(50):
        for x in sequences():
            for found, exact, gap in zip(softmax(x), exact_softmax(x), gaps(x), strict=True):
                assert units_off(found, exact) <= gap + EVERYDAY_ERROR


def test_the_derivatives_of_softmax_are_right_to_the_rounding_of_the_differences() -> None:
    with mpmath.workdps(50):
        for x in sequences():
            leaves, p = [Value(v) for v in x], exact_softmax(x)
            for i, result in enumerate(softmax(leaves)):
                for j, found in enumerate(derivatives(result, leaves)):
                    exact = p[i] * (mpmath.fsum(p[:i] + p[i + 1 :]) if i == j else -p[j])
                    if abs(exact) > 1e-290:
                        assert units_off(found, exact) <= 2 * (max(gaps(x)) + EVERYDAY_ERROR)


def test_log_softmax_is_right_to_the_rounding_of_the_differences() -> None:
    with mpmath.workdps(50):
        for x in sequences():
            for i, found in enumerate(log_softmax(x)):
                others = mpmath.fsum(mpmath.exp(mpmath.mpf(v) - x[i]) for v in x[:i] + x[i + 1 :])
                assert units_off(found, -mpmath.log1p(others)) <= max(gaps(x)) + EVERYDAY_ERROR


def test_the_derivatives_of_log_softmax_are_right_to_the_bound_of_softmax() -> None:
    with mpmath.workdps(50):
        for x in sequences():
            leaves, p = [Value(v) for v in x], exact_softmax(x)
            for i, result in enumerate(log_softmax(leaves)):
                exact = [mpmath.fsum(p[:i] + p[i + 1 :]) if i == j else -p_j for j, p_j in enumerate(p)]
                for found, right in zip(derivatives(result, leaves), exact, strict=True):
                    assert units_off(found, right) <= max(gaps(x)) + EVERYDAY_ERROR


def test_log_softmax_keeps_the_logarithm_of_a_probability_near_one() -> None:
    assert log_softmax([40, 0])[0] == -4.248354255291589e-18


def test_log_softmax_keeps_it_wherever_the_largest_stands() -> None:
    assert log_softmax([0, 40])[1] == log_softmax([0, 40, -1000])[1] == -4.248354255291589e-18


def test_softplus_of_21_is_above_21() -> None:
    assert softplus(21) > 21


@pytest.mark.parametrize("x", [700.0, -700.0])
def test_the_derivative_of_sigmoid_keeps_its_digits_far_out(x: float) -> None:
    v = Value(x)
    v.sigmoid().backward()
    assert v.grad == pytest.approx(math.exp(-700), rel=1e-15)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda: sigmoid(1000.0), 1.0),
        (lambda: sigmoid(-1000.0), 0.0),
        (lambda: softplus(1000.0), 1000.0),
        (lambda: softplus(-1000.0), 0.0),
        (lambda: gelu(1000.0), 1000.0),
        (lambda: gelu(-1000.0), 0.0),
        (lambda: micrograd_like.tanh(-1000.0), -1.0),
        (lambda: micrograd_like.erf(1000.0), 1.0),
        (lambda: micrograd_like.expm1(-1000.0), -1.0),
        (lambda: exp(-1000.0), 0.0),
        (lambda: logsumexp([1000.0, 1000.0]), 1000.0 + math.log(2)),
        (lambda: logsumexp([-1000.0, -1000.0]), -1000.0 + math.log(2)),
        (lambda: softmax([1000.0, -1000.0]), [1.0, 0.0]),
        (lambda: log_softmax([1000.0, -1000.0]), [0.0, -2000.0]),
    ],
)
def test_nothing_overflows_at_a_thousand(result: Function, expected: Any) -> None:
    assert result() == expected


@pytest.mark.parametrize("function", [logsumexp, softmax, log_softmax])
def test_nothing_to_normalise_is_refused(function: Function) -> None:
    with pytest.raises(ValueError, match=f"{function.__name__} takes at least one number"):
        function([])


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_functions_with_several_results_make_one_node_for_each(function: Function) -> None:
    leaves = [Value(1.0), Value(2.0), Value(3.0)]
    assert len(topological_order(total(function(leaves)))) == 3 + 3 + 1


@pytest.mark.parametrize("function", [lambda v: [logsumexp(v)], softmax, log_softmax])
def test_plain_numbers_among_logits_cost_no_node_and_change_no_derivative(function: Function) -> None:
    alone, beside = Value(0.5), [Value(0.5), Value(1.5)]
    result = function([alone, 1.5])[0]
    assert len(topological_order(result)) == 2
    assert derivatives(result, [alone])[0] == derivatives(function(beside)[0], beside)[0]


@pytest.mark.parametrize("function", [lambda v: [logsumexp(v)], softmax, log_softmax])
def test_an_overflowing_logit_is_refused_with_the_operation(function: Function) -> None:
    with pytest.raises(OverflowError, match=r"\(x = 1\.0, 10{39}…\): .*too large for a float"):
        function([Value(1.0, "x"), 10**400])


# Kinks and edges


KINKS = [
    ("relu", (0.0,)),
    ("relu", (-0.0,)),
    ("relu", (math.nan,)),
    ("abs", (0.0,)),
    ("abs", (math.nan,)),
    ("leaky_relu", (0.0,)),
    ("leaky_relu", (math.nan,)),
    ("sqrt", (0.0,)),
    ("maximum", (2.0, 2.0)),
    ("minimum", (2.0, 2.0)),
    ("maximum", (0.0, -0.0)),
    ("maximum", (math.inf, math.inf)),
    ("pow", (0.0, 0.0)),
    ("pow", (0.0, 1.0)),
    ("pow", (0.0, 2.0)),
    ("pow", (0.0, 0.5)),
    ("pow", (-2.0, 2.0)),
    ("pow", (-2.0, 0.0)),
    ("pow", (math.inf, 0.0)),
    ("pow", (math.nan, 0.0)),
    ("sigmoid", (math.inf,)),
    ("sigmoid", (-math.inf,)),
    ("softplus", (math.inf,)),
    ("softplus", (-math.inf,)),
    ("tanh", (-math.inf,)),
    ("erf", (math.inf,)),
    ("gelu", (-math.inf,)),
    ("gelu", (math.inf,)),
    ("exp", (-math.inf,)),
    ("log", (math.inf,)),
]


def same(found: Sequence[float], judged: Sequence[float]) -> bool:
    return all(a == b or (a != a and b != b) for a, b in zip(found, judged, strict=True))


def outcome(function: Function, leaves: list[Any]) -> list[float]:
    result = function(*leaves)
    result.backward()
    return [x if isinstance(x, float | int) else x.item() for x in (result.data, *(leaf.grad for leaf in leaves))]


@pytest.mark.parametrize(("name", "point"), KINKS)
def test_conventions_at_kinks_and_edges_are_pytorchs(name: str, point: tuple[float, ...]) -> None:
    torch = pytest.importorskip("torch")
    builtin: dict[str, Function] = {"abs": abs, "pow": pow}
    ours = builtin.get(name) or getattr(micrograd_like, name)
    theirs = builtin.get(name) or getattr(torch, name, None) or getattr(torch.nn.functional, name)
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    assert same(outcome(ours, [Value(x) for x in point]), outcome(theirs, tensors))


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_a_logit_of_minus_infinity_is_treated_as_pytorch_does(name: str) -> None:
    torch = pytest.importorskip("torch")

    def last(result: Any) -> Any:
        return result if name == "logsumexp" else result[-1]

    point = (-math.inf, 1.0, 3.0)
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    judged = outcome(lambda *x: last(getattr(torch, name)(torch.stack(x), dim=0)), tensors)
    found = outcome(lambda *x: last(getattr(micrograd_like, name)(x)), [Value(x) for x in point])
    assert found == pytest.approx(judged, rel=1e-14)


def test_an_infinite_logit_makes_logsumexp_infinite() -> None:
    assert logsumexp([math.inf, 1.0]) == logsumexp([1.0, math.inf]) == logsumexp([math.inf, math.inf]) == math.inf


def test_logsumexp_of_nothing_but_minus_infinity_is_minus_infinity() -> None:
    assert logsumexp([-math.inf, -math.inf]) == -math.inf


@pytest.mark.parametrize(("name", "x", "slope"), [("gelu", 1e200, 1), ("gelu", -1e200, 0), ("erf", HUGE, 0)])
def test_derivatives_that_square_a_huge_number_do_not_overflow(name: str, x: float, slope: float) -> None:
    v = Value(x)
    getattr(v, name)().backward()
    assert v.grad == slope


@pytest.mark.parametrize(
    ("function", "point", "expected"),
    [
        (relu, (0.0,), [0]),
        (abs, (0.0,), [0]),
        (maximum, (2.0, 2.0), [0.5, 0.5]),
        (minimum, (2.0, 2.0), [0.5, 0.5]),
        (sqrt, (0.0,), [math.inf]),
        (sqrt, (-0.0,), [math.inf]),
        (lambda x: x**0, (0.0,), [0.0]),
        (lambda x: x**0.5, (0.0,), [math.inf]),
        (lambda x: 0**x, (2.0,), [0.0]),
        (pow, (0.0, 2.0), [0.0, 0.0]),
        (leaky_relu, (0.0,), [0.01]),
    ],
)
def test_derivatives_at_kinks_and_edges(function: Function, point: tuple[float, ...], expected: list[float]) -> None:
    leaves = [Value(x) for x in point]
    function(*leaves).backward()
    assert [leaf.grad for leaf in leaves] == expected


@pytest.mark.parametrize(
    "function",
    [relu, leaky_relu, abs, *(getattr(micrograd_like, name) for name in ONE_OPERAND)],
)
def test_nan_goes_through_functions_of_one_number(function: Function) -> None:
    assert math.isnan(function(Value(math.nan)).data)


@pytest.mark.parametrize("function", [maximum, minimum])
@pytest.mark.parametrize("point", [(math.nan, 1.0), (1.0, math.nan), (math.nan, math.nan)])
def test_nan_goes_through_maximum_and_minimum(function: Function, point: tuple[float, float]) -> None:
    assert math.isnan(function(*map(Value, point)).data)


@pytest.mark.parametrize("function", [logsumexp, lambda x: softmax(x)[0], lambda x: log_softmax(x)[0]])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_nan_goes_through_functions_of_a_sequence(function: Function, position: int) -> None:
    values = [Value(1.0), Value(2.0), Value(3.0)]
    values[position].data = math.nan
    assert math.isnan(function(values).data)


# Choices


@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (2.0, 1.0), (-3.0, -3.5)])
def test_maximum_and_minimum_choose_and_send_the_gradient_there(a: float, b: float) -> None:
    for function, chosen in [(maximum, max(a, b)), (minimum, min(a, b))]:
        x, y = Value(a), Value(b)
        result = function(x, y)
        result.backward()
        assert (result.data, x.grad, y.grad) == (chosen, a == chosen, b == chosen)


@pytest.mark.parametrize("function", [maximum, minimum])
def test_a_tie_with_a_plain_number_keeps_half(function: Function) -> None:
    x = Value(2.0)
    function(2, x).backward()
    assert x.grad == 0.5


@pytest.mark.parametrize(("condition", "expected"), [(True, (3.0, 1.0, 0)), (False, (4.0, 0, 1.0))])
def test_where_chooses_and_sends_the_gradient_there(condition: bool, expected: tuple[float, ...]) -> None:
    a, b = Value(3.0), Value(4.0)
    y = where(condition, a, b)
    y.backward()
    assert (y.data, a.grad, b.grad) == expected


def test_where_takes_what_a_comparison_returns() -> None:
    a, b = Value(3.0), Value(4.0)
    assert where(a < b, a, b).data == 3.0


@pytest.mark.parametrize("condition", [1, 0.0, None, "a", [True], Value(1.0)])
def test_where_refuses_what_no_comparison_returns(condition: Any) -> None:
    with pytest.raises(TypeError, match=f"what a comparison returns, not {type(condition).__name__}"):
        where(condition, Value(1.0), Value(2.0))


@pytest.mark.parametrize("at", [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0)])
def test_where_less_is_where_with_its_condition_among_the_operands(at: tuple[float, float]) -> None:
    a, b, p, q = leaves = [Value(x) for x in (*at, 3.0, 4.0)]
    y = where_less(a, b, p, q)
    same = where(a < b, p, q)
    assert (y.data, y.operation, y.operands) == (same.data, same.operation, tuple(leaves))
    assert y.local_derivatives == (None, None, *same.local_derivatives)
    assert where_less(*at, 3, 4) == same.data


def test_leaky_relu_takes_its_slope() -> None:
    x = Value(-2.0)
    y = leaky_relu(x, 0.25)
    y.backward()
    assert (y.data, x.grad) == (-0.5, 0.25)


def test_the_slope_of_leaky_relu_is_a_plain_number() -> None:
    with pytest.raises(TypeError, match="not a Value"):
        leaky_relu(Value(1.0), Value(0.25))  # type: ignore[arg-type]


# One function, two ways to write it, plain numbers


@pytest.mark.parametrize("name", ONE_OPERAND)
def test_each_function_is_a_method_too(name: str) -> None:
    x, y = Value(0.3), Value(0.3)
    by_function, by_method = getattr(micrograd_like, name)(x), getattr(y, name)()
    by_function.backward()
    by_method.backward()
    assert (by_function.data, x.grad, by_function.operation) == (by_method.data, y.grad, by_method.operation)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_each_function_of_two_is_a_method_too(name: str) -> None:
    assert getattr(Value(0.3), name)(0.5).data == getattr(micrograd_like, name)(0.3, 0.5)


def test_where_is_a_method_of_its_first_choice() -> None:
    v = Value(0.3)
    assert (v.where(v < 1, 2).data, v.where(v > 1, 2).data) == (0.3, 2.0)


def test_leaky_relu_takes_its_slope_as_a_method_too() -> None:
    assert Value(-2.0).leaky_relu(0.25).data == -0.5


@pytest.mark.parametrize("name", ONE_OPERAND)
def test_a_function_of_a_plain_number_returns_the_same_plain_number(name: str) -> None:
    function = getattr(micrograd_like, name)
    assert type(function(0.3)) is float and function(0.3) == function(Value(0.3)).data


@pytest.mark.parametrize(
    "result",
    [
        maximum(1, 2),
        minimum(1, 2),
        where(True, 1, 2),
        dot([1, 2], [3, 4], 5),
        total([1, 2]),
        logsumexp([1, 2]),
        softmax([1, 2])[0],
        log_softmax([1, 2])[0],
    ],
)
def test_a_function_of_plain_integers_returns_a_float(result: Any) -> None:
    assert type(result) is float


@pytest.mark.parametrize("name", ONE_OPERAND)
def test_a_function_keeps_its_name_and_has_its_formula(name: str) -> None:
    function = getattr(micrograd_like, name)
    assert function.__name__ == name and function.__doc__


@pytest.mark.parametrize("name", [*ONE_OPERAND, "maximum", "minimum", "where"])
def test_every_function_is_exported_and_is_tried_in_random_expressions(name: str) -> None:
    assert name in micrograd_like.__all__
    assert name in STEPS


def test_logsumexp_of_many_takes_no_time_for_each_pair() -> None:
    many = [Value(0.0) for _ in range(20_000)]
    y = logsumexp(many)
    y.backward()
    assert y.data == pytest.approx(math.log(20_000), rel=1e-14)
    assert many[-1].grad == pytest.approx(1 / 20_000, rel=1e-12)
