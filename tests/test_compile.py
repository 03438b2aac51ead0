"""Compiled losses: the engine's numbers from every target, training as by eager steps, errors in words."""

from __future__ import annotations

import math
import operator
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import (
    MLP,
    SGD,
    Adam,
    DivergenceError,
    Value,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy,
    categorical_cross_entropy_with_logits,
    compile,  # noqa: A004 - what it does has this name
    dot,
    exp,
    grad,
    hessian,
    hinge,
    log,
    log_softmax,
    logsumexp,
    maximum,
    mean_squared_error,
    minimum,
    relu,
    sigmoid,
    softmax,
    sqrt,
    sum_of_squares,
    tanh,
    total,
    where,
)
from micrograd_like.compiler import targets as targets_module
from micrograd_like.compiler.compiled import Compiled
from micrograd_like.compiler.nonfinite import first_not_finite
from micrograd_like.compiler.python import LARGEST
from micrograd_like.compiler.samples import VECTOR, Samples
from micrograd_like.nn import ACTIVATIONS
from micrograd_like.optim import Optimizer
from micrograd_like.steps import STEPS, Expression
from micrograd_like.strategies import Network, expressions, networks

Loss = Callable[..., Any]
OTHER = Value(1.0, "other")

NEEDED = {"python": True, "numpy": find_spec("numpy"), "llvm": find_spec("llvmlite"), "c": shutil.which("cc")}
TARGETS = [
    name
    for name, installed in NEEDED.items()
    if installed
    and hasattr(import_module(f"micrograd_like.compiler.{name}"), "Kernel")
]
"""The targets that this machine can compile for."""
each_target = pytest.mark.parametrize("target", TARGETS)
read_alike = pytest.mark.parametrize("target", ["python", "numpy"])  # the others see what has been read
each_rounding = pytest.mark.parametrize(
    ("target", "strict"),
    [(name, strict) for name in TARGETS for strict in (True, False) if strict or name not in ("python", "c")],
)

CHOOSING = {
    "abs", "**", "relu", "leaky_relu", "sigmoid", "softplus", "maximum", "minimum", "where", "logsumexp", "softmax",
    "log_softmax",
}  # fmt: skip
"""Operators whose rules choose by a number: differentiated again, the engine records one branch, a symbol both."""


@pytest.fixture(autouse=True, scope="module")
def folder_of_machine_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MICROGRAD_LIKE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def of_engine(loss: Loss, parameters: Sequence[Value], rows: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the loss and its derivatives of each sample, a row for each; gradients are put back."""
    before, found = [p.grad for p in parameters], []
    for row in rows:
        for p in parameters:
            p.grad = 0
        result = loss(*row)
        result.backward()
        found.append([float(result.data), *(float(p.grad) for p in parameters)])
    for p, gradient in zip(parameters, before, strict=True):
        p.grad = gradient
    return found


def of_compiled(compiled: Compiled, rows: Any) -> list[list[float]]:
    """Return the same from a compiled loss."""
    values, gradients = compiled.value_and_gradient(rows, each=True)
    return [[float(value), *map(float, row)] for value, row in zip(values, gradients, strict=True)]


def samples(inputs: int, count: int, seed: int = 1) -> list[list[float]]:
    rng = random.Random(seed)
    return [[rng.uniform(-1, 1) for _ in range(inputs)] for _ in range(count)]


def moons(count: int = 20) -> list[list[float]]:
    """Return samples of two numbers and a target of -1 or 1."""
    rng = random.Random(1)
    return [[rng.uniform(-1, 1), rng.uniform(-1, 1), rng.choice([-1.0, 1.0])] for _ in range(count)]


def classifier(seed: int = 1, **options: Any) -> tuple[Loss, list[Value]]:
    """Return the hinge loss of a small network, and its parameters."""
    model = MLP(2, [4, 3, 1], rng=random.Random(seed), **options)
    return lambda a, b, y: hinge(model([a, b]), y), model.parameters()


def line(target: str = "python", **options: Any) -> tuple[Compiled, Value, Value]:
    """Return the compiled loss (w·x + b - y)², w and b."""
    w, b = Value(0.5, "w"), Value(0.25, "b")
    return compile(lambda x, y: (w * x + b - y) ** 2, [w, b], target=target, **options), w, b


LINE = [[1.0, 2.0], [2.0, 3.0], [3.0, 5.0], [-1.0, 0.5], [0.5, 1.0]]


def data_of(parameters: Sequence[Value]) -> list[float]:
    return [p.data for p in parameters]


def is_close(found: Any, expected: Any, relative: float = 1e-12) -> bool:
    """Tell whether numbers are as near as a part of the largest of them."""
    found, expected = np.array(found, float), np.array(expected, float)
    return bool((np.abs(found - expected) <= relative * max(1e-300, np.abs(expected).max())).all())


# Agreement with the engine


def with_inputs(e: Expression, inputs: int, function: Loss) -> tuple[Loss, list[Value], list[float]]:
    """Return a loss whose first so many leaves are inputs, the others parameters; and a sample."""
    inputs = min(inputs, len(e.at) - 1)
    parameters = [Value(x) for x in e.at[inputs:]]
    if inputs:
        return lambda *x: function(*x, *parameters), parameters, list(e.at[:inputs])
    return lambda x: function(*parameters), parameters, [0.0]


def compiled_for(target: str, loss: Loss, parameters: list[Value], row: list[float], **options: Any) -> Compiled:
    return compile(loss, parameters, inputs=len(row), target=target, **options)


everyday = settings(deadline=None, max_examples=100)


def require_exact(loss: Loss, parameters: list[Value], row: list[float]) -> None:
    result = loss(*row)
    if isinstance(result, Value):
        expected = of_engine(loss, parameters, [row])
        if all(map(math.isfinite, expected[0])):
            compiled = compiled_for("python", loss, parameters, row)
            assert of_compiled(compiled, [row]) == expected
            assert [compiled.value([row]), *compiled.value_and_gradient([row])[1]] == expected[0]


@everyday
@given(expressions(), st.integers(0, 3))
def test_python_is_the_engine_bit_for_bit(e: Expression, inputs: int) -> None:
    require_exact(*with_inputs(e, inputs, e.function))


@everyday
@given(networks(smooth=False))
def test_python_is_the_engine_bit_for_bit_on_networks(network: Network) -> None:
    model = network.model
    loss = lambda *x: total(y) if isinstance(y := model(x), list) else y  # noqa: E731
    require_exact(loss, model.parameters(), list(network.inputs))


@settings(deadline=None, max_examples=60)
@given(expressions(operators=sorted(STEPS.keys() - CHOOSING)), st.integers(0, 3))
def test_python_is_the_engine_bit_for_bit_in_second_derivatives(e: Expression, inputs: int) -> None:
    require_exact(*with_inputs(e, inputs, slopes(e)))


@settings(deadline=None, max_examples=60)
@given(expressions(), st.integers(0, 3))
def test_second_derivatives_are_the_engines(e: Expression, inputs: int) -> None:
    loss, parameters, row = with_inputs(e, inputs, slopes(e))
    if isinstance(loss(*row), Value):
        expected = of_engine(loss, parameters, [row])
        found = of_compiled(compiled_for("python", loss, parameters, row), [row])
        assert is_close(found, [[*expected[0]]], 1e-11) or is_close(np.array(found) + 1, np.array(expected) + 1, 1e-12)


def slopes(e: Expression) -> Loss:
    """Return the sum of an expression's derivatives."""
    if len(e.at) == 1:
        return grad(e.function)
    return lambda *x: total(grad(e.function)(*x))


@pytest.mark.parametrize("target", [name for name in TARGETS if name not in ("python", "c")])
@pytest.mark.parametrize("strict", [True, False])
@settings(deadline=None, max_examples=50 if "llvm" not in TARGETS else 25)
@given(e=expressions(max_nodes=25), inputs=st.integers(0, 3))
def test_other_targets_are_the_engine_but_for_rounding(e: Expression, inputs: int, target: str, strict: bool) -> None:
    loss, parameters, row = with_inputs(e, inputs, e.function)
    if not isinstance(loss(*row), Value):
        return
    expected = of_engine(loss, parameters, [row])
    found = of_compiled(compiled_for(target, loss, parameters, row, strict=strict), [row, row, row])
    for each in found:
        assert np.abs(np.array(each) - expected[0]).max() <= 1e-12  # of numbers of the size of 1, see STEPS


@each_target
@pytest.mark.parametrize(("activation", "output"), [*product(["linear", "relu", "leaky_relu"], ["linear", "relu"])])
def test_networks_of_sums_products_and_choices_are_exact_in_strict_mode(
    activation: str, output: str, target: str
) -> None:
    model = MLP(3, [5, 4, 1], activation, output, rng=random.Random(3))
    loss = lambda a, b, c: model([a, b, c])  # noqa: E731
    compiled = compile(loss, model.parameters(), target=target, strict=True)
    for row in samples(3, 3):
        assert of_compiled(compiled, [row]) == of_engine(loss, model.parameters(), [row])
        value, gradient = compiled.value_and_gradient([row])
        assert [[value, *gradient]] == of_engine(loss, model.parameters(), [row])


@each_rounding
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_networks_of_every_activation_agree(activation: str, strict: bool, target: str) -> None:
    model = MLP(3, [5, 4, 1], activation, activation, rng=random.Random(3))
    loss = lambda a, b, c, y: (model([a, b, c]) - y) ** 2  # noqa: E731
    compiled, rows = compile(loss, model.parameters(), target=target, strict=strict), samples(4, 100)
    expected = np.array(of_engine(loss, model.parameters(), rows))
    if target == "python":
        assert of_compiled(compiled, rows) == expected.tolist()
    assert is_close(of_compiled(compiled, rows), expected)
    value, gradient = compiled.value_and_gradient(rows)
    assert is_close([value, *gradient], expected.mean(0)) and is_close(value, compiled.value(rows))


LOSSES: dict[str, tuple[Loss, str, list[list[float]]]] = {
    "sum_of_squares": (sum_of_squares, "linear", [[0.5, -1.0], [1.0, 2.0]]),
    "mean_squared_error": (mean_squared_error, "linear", [[0.5, -1.0], [1.0, 2.0]]),
    "hinge": (hinge, "linear", [[1.0, -1.0], [-1.0, -1.0]]),
    "binary_cross_entropy": (binary_cross_entropy, "sigmoid", [[1.0, 0.0], [0.0, 0.0], [0.25, 0.5]]),
    "binary_cross_entropy_with_logits": (binary_cross_entropy_with_logits, "linear", [[1.0, 0.0], [0.25, 1.0]]),
    "categorical_cross_entropy": (lambda z, y: categorical_cross_entropy(softmax(z), y), "linear", [[0.25, 0.75]]),
    "categorical_cross_entropy_with_logits": (categorical_cross_entropy_with_logits, "linear", [[0.25, 0.75]]),
}


@each_target
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_agrees(name: str, target: str) -> None:
    function, output, wanted = LOSSES[name]
    model = MLP(2, [3, 2], "tanh", output, rng=random.Random(5))
    loss = lambda a, b, *y: function(model([a, b]), y)  # noqa: E731
    rows = [[*x, *y] for x in samples(2, 3) for y in wanted]
    compiled = compile(loss, model.parameters(), inputs=4, target=target)
    expected = of_engine(loss, model.parameters(), rows)
    assert is_close(of_compiled(compiled, rows), expected)
    if target == "python":
        assert of_compiled(compiled, rows) == expected


@each_target
def test_a_class_that_is_known_when_recording_agrees(target: str) -> None:
    model = MLP(2, [3, 4], "relu", rng=random.Random(5))
    for k in (0, 3):
        loss = lambda a, b, k=k: categorical_cross_entropy_with_logits(model([a, b]), k)  # noqa: E731
        compiled = compile(loss, model.parameters(), target=target)
        assert is_close(of_compiled(compiled, samples(2, 3)), of_engine(loss, model.parameters(), samples(2, 3)))


@each_target
def test_a_class_that_differs_from_sample_to_sample_agrees(target: str) -> None:
    model = MLP(2, [3, 4], "relu", rng=random.Random(5))
    compiled = compile(
        lambda a, b, k: categorical_cross_entropy_with_logits(model([a, b]), k), model.parameters(), target=target
    )
    rows = [[*x, i % 4] for i, x in enumerate(samples(2, 9))]
    by_hand = lambda a, b, k: categorical_cross_entropy_with_logits(model([a, b]), int(k))  # noqa: E731
    assert is_close(of_compiled(compiled, rows), of_engine(by_hand, model.parameters(), rows))


P = [Value(0.5), Value(-0.75), Value(1.25)]
DERIVED: list[Loss] = [
    lambda x, y: (grad(lambda t: tanh(P[0] * t) * P[1])(x) - y) ** 2,
    lambda x, y: grad(grad(lambda t: sigmoid(P[0] * t + P[1])))(x) * y,
    lambda x, y: total([v for row in hessian(lambda a, b: exp(a * b * P[2]) + a**3, [x, y]) for v in row]),
    lambda x, y: grad(lambda w: tanh(w * x) ** 2)(P[0]) * P[1] + y,
    lambda x, y: total([g * g for g in grad(lambda *w: logsumexp([a * x for a in w]))(*P)]),
    lambda x, y: grad(lambda a, b: maximum(a * x, b * y) * a + minimum(a, b))(P[0], P[1])[0] * P[2],
]


@each_rounding
@pytest.mark.parametrize("loss", DERIVED)
def test_losses_of_derivatives_agree(loss: Loss, strict: bool, target: str) -> None:
    compiled, rows = compile(loss, P, target=target, strict=strict), samples(2, 5)
    assert is_close(of_compiled(compiled, rows), of_engine(loss, P, rows), 1e-13)


CHOOSERS: list[Loss] = [
    lambda x, y: where(x < y, P[0] * x, P[1] * y),
    lambda x, y: where(P[0] * x >= y, tanh(P[0]), where(y > 0, P[1] * x, P[2] * P[2])),
    lambda x, y: maximum(P[0] * x, P[1] * y) + minimum(P[0], x) * P[2],
    lambda x, y: maximum(P[0] * x, P[0] * x) + minimum(y * P[1], P[1] * y),  # ties
    lambda x, y: abs(P[0] * x - P[1] * y) + abs(P[2] * 0 + x - x),
    lambda x, y: softmax([P[0] * x, P[1] * y, P[2]])[0] + log_softmax([P[0], P[1], x])[1] + logsumexp([P[2], y, x]),
    lambda x, y: relu(relu(P[0] * x) * P[1] + y) ** 2,
]


@each_target
@pytest.mark.parametrize("loss", CHOOSERS)
def test_choices_agree(loss: Loss, target: str) -> None:
    compiled, rows = compile(loss, P, target=target), [*samples(2, 10), [0.0, 0.0], [1.0, 1.0]]
    assert is_close(of_compiled(compiled, rows), of_engine(loss, P, rows), 1e-13)


@each_target
def test_equal_numbers_go_where_the_engine_sends_them(target: str) -> None:
    for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
        loss = lambda x, y, c=compare: where(getattr(P[0] * x, c)(0.5 * y), P[1] * 1, P[2] * 1)  # noqa: E731
        compiled, rows = compile(loss, P, inputs=2, target=target), [[1.0, 1.0], [1.0, 2.0], [2.0, 1.0]]
        assert of_compiled(compiled, rows) == of_engine(loss, P, rows)


# Samples and threads


@cache
def a_thousand(target: str, threads: int) -> tuple[Loss, list[Value], Compiled]:
    loss, parameters = classifier(activation="tanh")
    return loss, parameters, compile(loss, parameters, target=target, threads=threads)


@each_target
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 63, 64, 65, 100, 129, 300])
def test_every_number_of_samples_is_right(count: int, threads: int, target: str) -> None:
    loss, parameters, compiled = a_thousand(target, threads)
    rows = moons(300)[:count]
    expected = np.array(of_engine(loss, parameters, rows[:3] + rows[-3:]))
    found = np.array(of_compiled(compiled, rows))
    assert found.shape == (count, 1 + len(parameters))
    assert is_close([*found[:3], *found[-3:]], expected)
    value, gradient = compiled.value_and_gradient(rows)
    assert is_close([value, *gradient], found.mean(0)) and is_close(compiled.value(rows), found[:, 0].mean())
    assert is_close(compiled.value(rows, each=True), found[:, 0])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("target", [name for name in TARGETS if name != "python"])
def test_a_million_and_three_samples(target: str, threads: int) -> None:
    w, v = Value(0.5), Value(-0.25)
    compiled = compile(lambda x: w * x + v * v + relu(x), [w, v], target=target, threads=threads)
    x = np.random.default_rng(1).uniform(-1, 1, 1_000_003)
    value, gradient = compiled.value_and_gradient(x)
    of_each = 0.5 * x + 0.0625 + np.maximum(x, 0)
    assert value == pytest.approx(of_each.mean(), rel=1e-12)
    assert gradient == pytest.approx([x.mean(), -0.5], rel=1e-9)
    assert np.abs(compiled.value(x, each=True) - of_each).max() < 1e-15


@each_target
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_same_number_of_threads_gives_the_same_bits(target: str, threads: int) -> None:
    loss, parameters = classifier(activation="tanh")
    rows = moons(500)
    first, second = (compile(loss, parameters, target=target, threads=threads) for _ in range(2))
    results = [list(c.value_and_gradient(rows)[1]) for c in (first, second, first)]
    assert results[0] == results[1] == results[2]


@each_target
def test_more_threads_than_samples(target: str) -> None:
    compiled, _w, _b = line(target, threads=7)
    assert compiled.value([[1.0, 2.0]]) == (0.75 - 2) ** 2


@each_target
def test_results_are_the_callers_own(target: str) -> None:
    compiled, _, _ = line(target)
    _, first = compiled.value_and_gradient(LINE)
    kept = list(first)
    each = list(compiled.value(LINE, each=True))
    kept_each = list(each)
    compiled.value_and_gradient([[9.0, -9.0]])
    compiled.value([[9.0, -9.0]] * 5, each=True)
    assert list(first) == kept and each == kept_each


# Parameters


@each_target
def test_compiling_and_computing_leave_the_parameters_alone(target: str) -> None:
    loss, parameters = classifier()
    for p in parameters:
        p.grad = 3.5
    before = data_of(parameters)
    compiled = compile(loss, parameters, target=target, check=True)
    compiled.value(moons())
    compiled.value_and_gradient(moons(), each=True)
    assert data_of(parameters) == before and {p.grad for p in parameters} == {3.5}


@each_target
def test_the_numbers_are_those_that_the_values_hold_now(target: str) -> None:
    compiled, w, b = line(target)
    w.data, b.data = 2.0, -1.0
    assert compiled.value([[3.0, 4.0]]) == 1.0


@each_target
@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda x: np.array(x)[::-1][::-1], lambda x: np.float32(x)])
def test_numbers_can_be_given_in_place_of_what_the_values_hold(kind: Any, target: str) -> None:
    compiled, w, b = line(target)
    assert compiled.value([[3.0, 4.0]], kind([2.0, -1.0])) == 1.0
    assert list(compiled.value_and_gradient([[3.0, 4.0]], kind([2.0, -1.0]))[1]) == [6.0, 2.0]
    assert (w.data, b.data) == (0.5, 0.25)


@each_target
@pytest.mark.parametrize(
    "parameters", [[], [1.0], [1.0, 2.0, 3.0], np.ones((2, 1)), np.ones((1, 2)), np.ones((2, 2)), [[1.0], [2.0]]]
)
def test_parameters_of_another_shape_are_refused_in_words(parameters: Any, target: str) -> None:
    compiled, _, _ = line(target)
    with pytest.raises((ValueError, TypeError), match="parameter"):
        compiled.value([[3.0, 4.0]], parameters)


@read_alike
@pytest.mark.parametrize("parameters", [3.0, "ab", ["1", "2"], [None, 1.0], [1j, 2.0]])
def test_parameters_that_are_no_numbers_are_refused(parameters: Any, target: str) -> None:
    compiled, _, _ = line(target)
    with pytest.raises((ValueError, TypeError)):
        compiled.value([[3.0, 4.0]], parameters)


@each_target
def test_a_parameter_that_is_nan_gives_nan(target: str) -> None:
    compiled, w, _b = line(target)
    assert math.isnan(compiled.value([[3.0, 4.0]], [math.nan, 1.0]))
    w.data = math.nan
    assert math.isnan(compiled.value([[3.0, 4.0]]))


def test_a_generator_of_parameters_is_read_once() -> None:
    w, b = Value(0.5), Value(0.25)
    compiled = compile(lambda x: w * x + b, (p for p in (w, b)), target="python")  # type: ignore[arg-type]
    assert compiled.value([[2.0]]) == 1.25


@each_target
def test_backward_fills_the_gradients_as_the_engine_does(target: str) -> None:
    loss, parameters = classifier()
    compiled, rows = compile(loss, parameters, target=target), moons()
    mean = total([loss(*row) for row in rows]) / len(rows)
    mean.backward()
    expected = [p.grad for p in parameters]
    for p in parameters:
        p.grad = 0
    assert compiled.backward(rows) == pytest.approx(mean.data, rel=1e-14)
    assert is_close([p.grad for p in parameters], expected, 1e-14)
    assert {type(p.grad) for p in parameters} == {float}


@each_target
def test_backward_twice_doubles_the_gradients(target: str) -> None:
    compiled, w, b = line(target)
    compiled.backward(LINE)
    once = [w.grad, b.grad]
    compiled.backward(LINE)
    assert [w.grad, b.grad] == [2 * once[0], 2 * once[1]]


@each_target
def test_an_unused_parameter_has_the_gradient_0(target: str) -> None:
    p = [Value(0.5 + i) for i in range(6)]
    compiled = compile(lambda x: p[1] * x + p[3] * p[3], p, target=target)
    for rows in (LINE[0][:1], [1.0, 2.0, 3.0]):
        assert list(compiled.value_and_gradient(rows)[1]) == [0.0, sum(rows) / len(rows), 0.0, 7.0, 0.0, 0.0]


# Data


@each_target
def test_rows_arrays_and_mappings_of_the_same_numbers_give_the_same(target: str) -> None:
    compiled, _, _ = line(target)
    x, y = ([row[i] for row in LINE] for i in range(2))
    forms: list[Any] = [
        LINE,
        tuple(map(tuple, LINE)),
        iter(LINE),
        np.array(LINE),
        np.array(LINE)[::-1][::-1],
        np.asfortranarray(LINE),
        [np.array(row) for row in LINE],
        {"x": x, "y": y},
        {"y": np.array(y), "x": np.array(x)},
        {"x": np.array(x), "y": y},
        {"x": iter(x), "y": iter(y)},
        compiled.prepare(LINE),
    ]
    results = [compiled.value_and_gradient(form) for form in forms]
    assert {(value, *gradient) for value, gradient in results} == {(results[0][0], *results[0][1])}


@read_alike
@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8, np.float32, bool])
def test_arrays_of_any_numbers_are_data(dtype: Any, target: str) -> None:
    compiled, _, _ = line(target)
    array = np.array([[1, 0], [0, 1]], dtype)
    assert compiled.value(array) == compiled.value([[1.0, 0.0], [0.0, 1.0]])
    assert compiled.value({"x": array[:, 0], "y": array[:, 1]}) == compiled.value(array)


@read_alike
@pytest.mark.parametrize(
    "data", [[1.0, 2.0], [[1.0], [2.0]], np.array([1.0, 2.0]), np.array([[1], [2]]), {"x": [1, 2]}]
)
def test_of_one_input_a_row_may_be_a_number(data: Any, target: str) -> None:
    w = Value(2.0)
    assert compile(lambda x: w * x, [w], target=target).value(data) == 3.0


@each_target
def test_prepared_data_serve_again(target: str) -> None:
    compiled, _w, _ = line(target)
    prepared = compiled.prepare(LINE)
    first = compiled.value(prepared)
    assert prepared.count == 5 and compiled.value(prepared) == first == compiled.value(LINE)
    compiled.minimize(prepared, SGD(0.01), 3)
    assert compiled.value(prepared) == compiled.value(LINE) < first


def test_prepared_data_do_not_change_with_what_they_were_made_of() -> None:
    compiled, _, _ = line("numpy")
    array = np.array(LINE)
    prepared = compiled.prepare(array)
    first = compiled.value(prepared)
    array[:] = 7
    assert compiled.value(prepared) == first


def test_data_prepared_for_another_loss_are_refused() -> None:
    compiled, _, _ = line()
    w = Value(1.0)
    other = compile(lambda a, b: w * a * b, [w], target="python")
    with pytest.raises(ValueError, match="the samples are of a, b, not of x, y"):
        compiled.value(other.prepare(LINE))


@pytest.mark.parametrize("count", [1, 63, 64, 65])
def test_columns_are_padded_with_the_last_sample(count: int) -> None:
    columns = Samples(["x", "y"], samples(2, count)).columns
    padded = np.lib.stride_tricks.as_strided(columns, (2, columns.strides[0] // 8))
    assert columns.shape == (2, count) and padded.shape[1] % VECTOR == 0 and padded.shape[1] - count < 2 * VECTOR
    assert (padded[:, count:] == columns[:, -1:]).all()


def test_rows_of_columns_are_an_odd_number_of_vectors_apart_and_begin_at_one() -> None:
    columns = Samples(["x", "y"], samples(2, 128)).columns
    assert columns.strides[0] // 8 // VECTOR % 2 == 1 and columns.ctypes.data % (8 * VECTOR) == 0


@pytest.mark.parametrize("kind", [list, np.array])
def test_chosen_samples_are_those_at_the_places(kind: Any) -> None:
    chosen = Samples(["x", "y"], kind(LINE)).chosen([3, 0, 3])
    assert chosen.count == 3 and chosen.rows == [tuple(LINE[i]) for i in (3, 0, 3)]
    assert chosen.columns[:, :3].T.tolist() == [LINE[i] for i in (3, 0, 3)]


BAD_DATA: list[tuple[Any, type[Exception], str]] = [
    ([], ValueError, "no samples"),
    (np.zeros((0, 2)), ValueError, "no samples"),
    ({"x": [], "y": []}, ValueError, "no samples"),
    (iter([]), ValueError, "no samples"),
    ([[1.0, 2.0, 3.0]], ValueError, "row 0 of the data has 3 numbers; a sample is x, y"),
    ([[1.0, 2.0], [1.0]], ValueError, "row 1 of the data has 1 numbers"),
    (np.zeros((3, 3)), ValueError, r"the shape \(3, 3\), not \(samples, 2\)"),
    (np.zeros(3), ValueError, r"the shape \(3,\), not \(samples, 2\)"),
    (np.zeros((2, 2, 2)), ValueError, "the shape"),
    (np.float64(3.0), ValueError, "the shape"),
    ([[1.0, 2.0], [1.0, math.nan]], ValueError, "row 1, y: a finite number is wanted, not nan"),
    ([[-math.inf, 2.0]], ValueError, "row 0, x: a finite number is wanted, not -inf"),
    (np.array([[1.0, 2.0], [np.nan, 1.0]]), ValueError, "row 1, x: a finite number is wanted, not nan"),
    ({"x": [1.0, 2.0], "y": [1.0, math.nan]}, ValueError, "row 1, y: a finite number is wanted"),
    ({"x": np.array([1.0, np.nan]), "y": np.ones(2)}, ValueError, "row 1, x: a finite number is wanted"),
    ([[1.0, 10**400]], OverflowError, "row 0, y"),
    ([[1.0, "a"]], TypeError, "row 0, y: a number is wanted, not 'a'"),
    ([["1", 1.0]], TypeError, "row 0, x: a number is wanted, not '1'"),
    ([[1.0, None]], TypeError, "row 0, y: a number is wanted, not None"),
    ([[1.0, 1j]], TypeError, "row 0, y: a number is wanted"),
    ([[Value(1.0), 1.0]], TypeError, "row 0, x: a number is wanted"),
    ([1.0, 2.0], TypeError, "row 0 of the data is no row of numbers: 1.0"),
    (["ab"], TypeError, "row 0 of the data is no row of numbers: 'ab'"),
    ("ab", TypeError, "a sequence of rows"),
    (5, TypeError, "a sequence of rows"),
    (None, TypeError, "a sequence of rows"),
    (np.array([["a", "b"]]), TypeError, "an array of numbers"),
    (np.zeros((2, 2), complex), TypeError, "an array of numbers"),
    (np.zeros((2, 2), object), TypeError, "an array of numbers"),
    ({"x": [1.0]}, ValueError, "lacks y; a sample is x, y"),
    ({"x": [1.0], "z": [2.0]}, ValueError, "lacks y and has unknown z"),
    ({"x": [1.0], "y": [2.0], "z": [2.0]}, ValueError, "has unknown z"),
    ({"x": [1.0, 2.0], "y": [2.0]}, ValueError, "different lengths: x: 2, y: 1"),
    ({"x": 1.0, "y": 2.0}, TypeError, r"column|data"),
]


@read_alike
@pytest.mark.parametrize(("data", "error", "message"), BAD_DATA)
def test_data_that_will_not_do_are_refused_in_words(
    data: Any, error: type[Exception], message: str, target: str
) -> None:
    compiled, w, b = line(target)
    w.grad = 3.5
    with pytest.raises(error, match=message):
        compiled.backward(data)
    if not hasattr(data, "__next__"):
        with pytest.raises(error, match=message):
            compiled.minimize(data, SGD(0.1), 3)
    assert (w.data, w.grad, b.data, b.grad) == (0.5, 3.5, 0.25, 0)


@pytest.mark.parametrize(
    "names", [["spot", "strike"], ["class", "lambda"], ["d_1", "loss"], ["x y", "é"], ["exp", "v1"]]
)
def test_columns_have_the_names_that_were_given(names: list[str]) -> None:
    w = Value(2.0)
    compiled = compile(lambda a, b: w * a + b, [w], inputs=names, target="python")
    assert compiled.value({names[0]: [1.0, 2.0], names[1]: [3.0, 4.0]}) == 6.5


def test_columns_have_the_names_of_the_arguments() -> None:
    w = Value(2.0)
    compiled = compile(lambda exp, loss: w * exp + loss, [w], target="python")
    assert compiled.value({"exp": [1.0, 2.0], "loss": [3.0, 4.0]}) == 6.5


# Training


OPTIMIZERS: list[Callable[[], Optimizer]] = [
    lambda: SGD(0.05),
    lambda: SGD(0.05, momentum=0.9),
    lambda: SGD(0.05, momentum=0.5, weight_decay=0.1),
    lambda: Adam(0.05),
    lambda: Adam(0.05, betas=(0.5, 0.75), epsilon=1e-3),
    lambda: SGD(lambda step: 0.1 / (1 + step)),
    lambda: Adam(lambda step: 0.1 * 0.9**step),
]


def eager_steps(loss: Loss, parameters: list[Value], rows: Any, optimizer: Optimizer, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        for p in parameters:
            p.grad = 0
        mean = total([loss(*row) for row in rows]) / len(rows)
        mean.backward()
        optimizer.step(parameters)
        losses.append(mean.data)
    return losses


@each_target
@pytest.mark.parametrize("make", OPTIMIZERS)
def test_steps_are_those_of_the_optimizer(make: Callable[[], Optimizer], target: str) -> None:
    (loss, eager), (same, compiled) = classifier(), classifier()
    optimizers, rows = (make(), make()), moons()
    losses = eager_steps(loss, eager, rows, optimizers[0], 10)
    history = compile(same, compiled, target=target).minimize(rows, optimizers[1], 10)
    assert is_close(history.losses, losses) and is_close(data_of(compiled), data_of(eager))
    assert optimizers[1].steps == 10 and history.unit == "step" and not history.interrupted


@each_target
@pytest.mark.parametrize("make", OPTIMIZERS)
@pytest.mark.parametrize("compiled_first", [True, False])
def test_compiled_and_eager_steps_go_on_from_each_other(
    make: Callable[[], Optimizer], compiled_first: bool, target: str
) -> None:
    (loss, eager), (same, mixed) = classifier(), classifier()
    optimizer, other, rows = make(), make(), moons()
    eager_steps(loss, eager, rows, optimizer, 10)
    compiled = compile(same, mixed, target=target)
    for is_compiled in (compiled_first, not compiled_first):
        if is_compiled:
            compiled.minimize(rows, other, 5)
        else:
            eager_steps(same, mixed, rows, other, 5)
    assert is_close(data_of(mixed), data_of(eager))


@each_target
def test_python_steps_are_the_engines_for_one_sample_bit_for_bit(target: str) -> None:
    if target != "python":
        pytest.skip("other targets round otherwise")
    (loss, eager), (same, compiled) = classifier(), classifier()
    eager_steps(loss, eager, moons()[:1], Adam(0.1), 7)
    compile(same, compiled, target=target).minimize(moons()[:1], Adam(0.1), 7)
    assert data_of(compiled) == data_of(eager)


@each_target
def test_gradients_of_the_values_are_left_alone_by_training(target: str) -> None:
    compiled, w, b = line(target)
    w.grad = 3.5
    compiled.minimize(LINE, SGD(0.01), 3)
    assert (w.grad, b.grad) == (3.5, 0)


@each_target
def test_training_makes_the_loss_small(target: str) -> None:
    compiled, w, b = line(target)
    history = compiled.minimize([[x, 3 * x - 1] for x in (-1.0, 0.0, 1.0, 2.0)], SGD(0.1), 300)
    assert (w.data, b.data) == pytest.approx((3, -1)) and history.losses[-1] < 1e-12


class Order:
    """Random numbers that remember how often they shuffled, and shuffle as one says."""

    def __init__(self, seed: int = 1) -> None:
        self.asked, self._rng = 0, random.Random(seed)

    def shuffle(self, order: list[int]) -> None:
        self.asked += 1
        self._rng.shuffle(order)


@each_target
@pytest.mark.parametrize(("count", "size"), [(6, 2), (7, 3), (5, 5), (5, 1), (9, 4)])
def test_batches_take_all_samples_before_they_take_one_again(count: int, size: int, target: str) -> None:
    w = Value(0.0)  # whatever w is, the loss of sample i is 10ⁱ, so that a mean tells which samples a step took
    compiled = compile(lambda x: x + 0 * w, [w], target=target)
    steps, rows = 3 * count, [10.0**i for i in range(count)]
    losses = compiled.minimize(rows, SGD(0.0), steps, batch_size=size, rng=random.Random(1)).losses
    codes = [round(loss * size) for loss in losses]
    for step in range(1, steps + 1):
        taken = [sum(code // 10**i % 10 for code in codes[:step]) for i in range(count)]
        assert sum(taken) == step * size and max(taken) - min(taken) <= 1


@each_target
def test_batches_are_the_same_for_the_same_random_numbers(target: str) -> None:
    results = []
    for _ in range(2):
        loss, parameters = classifier()
        compile(loss, parameters, target=target).minimize(moons(), Adam(0.05), 9, batch_size=6, rng=random.Random(5))
        results.append(data_of(parameters))
    assert results[0] == results[1]


def test_generators_of_numpy_shuffle() -> None:
    compiled, _, _ = line()
    assert len(compiled.minimize(LINE, SGD(0.01), 4, batch_size=2, rng=np.random.default_rng(1)).losses) == 4


@each_target
def test_a_batch_of_all_samples_is_the_mean_of_all(target: str) -> None:
    (one, w, b), (two, v, c) = line(target), line(target)
    one.minimize(LINE, SGD(0.01), 4)
    two.minimize(LINE, SGD(0.01), 4, batch_size=5)
    assert is_close([v.data, c.data], [w.data, b.data])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps is an integer from 1 on, not 0"),
        ({"steps": -1}, ValueError, "steps is an integer from 1 on"),
        ({"steps": 1.5}, ValueError, "steps is an integer from 1 on"),
        ({"batch_size": 0}, ValueError, "batch_size is an integer from 1 on, not 0"),
        ({"batch_size": 2.5}, ValueError, "batch_size is an integer from 1 on"),
        ({"batch_size": 6}, ValueError, "batch_size is at most the number of samples, 5, not 6"),
        ({"optimizer": 0.1}, TypeError, r"the optimizer is such as SGD\(0.1\), not 0.1"),
        ({"optimizer": SGD}, TypeError, r"the optimizer is such as SGD\(0.1\)"),
    ],
)
@read_alike
def test_wrong_arguments_of_training_are_refused_and_nothing_is_moved(
    options: dict[str, Any], error: type[Exception], message: str, target: str
) -> None:
    compiled, w, b = line(target)
    optimizer = SGD(0.1)
    with pytest.raises(error, match=message):
        compiled.minimize(LINE, **_arguments(optimizer) | options)
    assert (w.data, b.data, optimizer.steps) == (0.5, 0.25, 0)


def _arguments(optimizer: Optimizer) -> dict[str, Any]:
    return {"optimizer": optimizer, "steps": 3}


@each_target
@pytest.mark.parametrize("stop", [1, 2, 7, 20])
def test_ctrl_c_keeps_what_was_learned(stop: int, target: str) -> None:
    (compiled, w, b), (other, v, c) = line(target), line(target)

    def rate(step: int) -> float:
        if step == stop:
            raise KeyboardInterrupt
        return 0.01

    optimizer = SGD(rate)
    history = compiled.minimize(LINE, optimizer, 100)
    steps = len(history.losses)
    assert history.interrupted and steps <= stop and optimizer.steps == steps
    if steps:
        other.minimize(LINE, SGD(0.01), steps)
    assert is_close([w.data, b.data], [v.data, c.data])


@each_target
def test_ctrl_c_between_batches_keeps_what_was_learned(target: str) -> None:
    compiled, w, _b = line(target)

    class Stops(Order):
        def shuffle(self, order: list[int]) -> None:
            super().shuffle(order)
            if self.asked == 4:
                raise KeyboardInterrupt

    optimizer = Adam(0.01)
    history = compiled.minimize(LINE, optimizer, 100, batch_size=5, rng=Stops())
    assert history.interrupted and optimizer.steps == len(history.losses) <= 3
    assert (w.data != 0.5) == (optimizer.steps > 0)


@pytest.mark.parametrize("stop", [1, 2, 10, 50])
def test_ctrl_c_within_a_run_of_steps_leaves_losses_and_steps_that_agree(
    stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, w, _ = line()
    calls = iter(range(1, 1000))
    sums = compiled._kernels[0].sums

    def interrupted(rows: Any, parameters: Any) -> Any:
        if next(calls) == stop:
            raise KeyboardInterrupt
        return sums(rows, parameters)

    monkeypatch.setattr(compiled._kernels[0], "sums", interrupted)
    optimizer = SGD(0.01)
    history = compiled.minimize(LINE, optimizer, 100)
    assert history.interrupted and len(history.losses) == optimizer.steps == stop - 1
    assert (w.data == 0.5) == (stop == 1)


@each_target
def test_a_schedule_that_fails_raises_and_keeps_the_last_finite_parameters(target: str) -> None:
    compiled, w, b = line(target)
    with pytest.raises(ValueError, match="the learning rate of step 3 is a number from 0"):
        compiled.minimize(LINE, SGD(lambda step: 0.01 if step < 3 else -1.0), 10)
    assert math.isfinite(w.data) and math.isfinite(b.data)


@each_target
def test_training_that_diverges_says_so_and_keeps_the_last_finite_parameters(target: str) -> None:
    compiled, w, b = line(target)
    optimizer = SGD(1e3)
    with pytest.raises(DivergenceError, match=r"^step \d+: .*try a learning rate below 1000") as caught:
        compiled.minimize(LINE, optimizer, 1000)
    history = caught.value.history
    assert 1 < len(history.losses) < 1000 and all(map(math.isfinite, history.losses))
    assert math.isfinite(w.data) and math.isfinite(b.data)
    assert optimizer.steps == len(history.losses)
    v, c = Value(0.5), Value(0.25)
    compile(lambda x, y: (v * x + c - y) ** 2, [v, c], target=target).minimize(LINE, SGD(1e3), len(history.losses))
    assert (v.data, c.data) == (w.data, b.data)


@each_target
def test_the_sample_and_operation_that_stop_training_are_named(target: str) -> None:
    w = Value(1.0, "w")
    compiled = compile(lambda x: log(w * x), [w], target=target)
    with pytest.raises(DivergenceError, match=r"step 1: sample 2: log\(-3.0\): a number above 0 is wanted"):
        compiled.minimize([1.0, 2.0, -3.0, -4.0], SGD(0.1), 5)
    assert w.data == 1.0


@each_target
def test_the_sample_of_a_batch_is_named_by_its_place_in_the_data(target: str) -> None:
    w = Value(1.0, "w")
    compiled = compile(lambda x: log(w * x), [w], target=target)
    with pytest.raises(DivergenceError, match="sample 9: log"):
        compiled.minimize([1.0] * 9 + [-1.0], SGD(1e-6), 10, batch_size=2, rng=random.Random(1))


@each_target
def test_training_does_not_begin_with_a_parameter_that_is_not_finite(target: str) -> None:
    compiled, w, _ = line(target)
    w.data = math.inf
    with pytest.raises((DivergenceError, ValueError), match="inf"):
        compiled.minimize(LINE, SGD(0.1), 5)


class Forgets(Optimizer):
    """An optimizer whose step depends on the number of the step itself."""

    def _direction(self, p: Value) -> Any:
        return p.grad / self.steps


class Clipped(SGD):
    """Gradient descent with the gradients of all parameters together cut to the length 1."""

    def step(self, parameters: Any) -> None:
        parameters = list(parameters)
        length = total([p.grad * p.grad for p in parameters]) ** 0.5
        for p in parameters:
            p.grad = p.grad / length
        super().step(parameters)


@pytest.mark.parametrize("kind", [Forgets, Clipped])
def test_an_optimizer_of_ones_own_moves_as_eagerly_or_is_refused(kind: type[Optimizer]) -> None:
    (compiled, w, b), eager = line(), [Value(0.5), Value(0.25)]
    eager_steps(lambda x, y: (eager[0] * x + eager[1] - y) ** 2, eager, LINE, kind(0.01), 3)
    try:
        compiled.minimize(LINE, kind(0.01), 3)
    except (TypeError, ValueError):
        return
    assert is_close([w.data, b.data], data_of(eager))


def test_an_optimizer_that_branches_is_refused() -> None:
    class Signed(Optimizer):
        def _direction(self, p: Value) -> Any:
            return 1.0 if p.grad > 0 else -1.0

    compiled, w, _ = line()
    with pytest.raises(TypeError, match=r"where\("):
        compiled.minimize(LINE, Signed(0.1), 3)
    assert w.data == 0.5


def test_an_optimizer_whose_memory_does_not_begin_at_0_is_refused() -> None:
    class Remembers(Optimizer):
        def __init__(self, learning_rate: float) -> None:
            super().__init__(learning_rate)
            self.memory: dict[Value, Any] = {}

        def _direction(self, p: Value) -> Any:
            self.memory[p] = self.memory.get(p, 5.0) * 0.5 + p.grad
            return self.memory[p]

    compiled, w, _ = line()
    with pytest.raises(ValueError, match="what it remembers does not begin at 0"):
        compiled.minimize(LINE, Remembers(0.1), 3)
    assert w.data == 0.5


# Results that are not finite


@each_target
@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda w, x: log(w * x), r"^sample 1: log\(-2.0\): a number above 0 is wanted"),
        (lambda w, x: w / (x + 2), r"^sample 1: \(w = 1.0\) / \(0.0\): division by zero"),
        (lambda w, x: exp(w * x * -500), r"^sample 1: exp\(1000.0\): the result is too large"),
        (lambda w, x: w * x * -1e308, r"^sample 1: .*the result is inf"),
        (lambda w, x: sqrt(w * (x + 2)), r"^sample 1: .*gradient is inf"),
    ],
)
def test_check_names_the_sample_and_the_operation(loss: Callable[..., Any], message: str, target: str) -> None:
    w = Value(1.0, "w")
    compiled = compile(lambda x: loss(w, x), [w], target=target, check=True)
    for compute in (compiled.value_and_gradient, compiled.backward):
        with pytest.raises(ArithmeticError, match=message):
            compute([1.0, -2.0, -3.0])
    assert (w.data, w.grad) == (1.0, 0)
    assert math.isfinite(compiled.value([1.0])) and math.isfinite(compiled.value_and_gradient([1.0])[0])


@each_target
def test_check_looks_at_each_sample_and_at_the_parameters_given(target: str) -> None:
    w = Value(1.0, "w")
    compiled = compile(lambda x: log(w * x), [w], target=target, check=True)
    with pytest.raises(ArithmeticError, match="sample 0: log"):
        compiled.value([1.0, 2.0], [-1.0], each=True)
    with pytest.raises(ArithmeticError, match=r"sample 0: parameter.*nan"):
        compiled.value([1.0, 2.0], [math.nan])
    assert w.data == 1.0


@each_target
def test_without_check_what_is_not_finite_is_the_result(target: str) -> None:
    w = Value(1.0, "w")
    compiled = compile(lambda x: log(w * x), [w], target=target)
    assert np.array(compiled.value([1.0, 0.0, -1.0], each=True)) == pytest.approx([0, -math.inf, math.nan], nan_ok=True)
    assert math.isnan(compiled.value([1.0, -1.0])) and compiled.value([1.0, 0.0]) == -math.inf


@each_target
@pytest.mark.parametrize(
    "loss",
    [
        lambda w, x: where(w * x > 0, sqrt(maximum(w * x, 0)), 0.5 * w),
        lambda w, x: relu(-sqrt(w * x * x)),
    ],
)
def test_no_gradient_flows_through_what_was_not_chosen(loss: Callable[..., Any], target: str) -> None:
    w = Value(1.0, "w")
    compiled = compile(lambda x: loss(w, x), [w], target=target)
    assert of_compiled(compiled, [[0.0], [2.0]]) == of_engine(lambda x: loss(w, x), [w], [[0.0], [2.0]])


@each_target
def test_check_never_passes_what_is_not_finite(target: str) -> None:
    w = Value(1.0, "w")
    compiled = compile(lambda x: relu(-sqrt(w * x)), [w], target=target, check=True)
    try:
        _, gradient = compiled.value_and_gradient([0.0])
    except ArithmeticError:
        return
    assert math.isfinite(gradient[0])


# The way in


@pytest.mark.parametrize("target", ["cuda", "Python", "", None, 3])
def test_an_unknown_target_is_refused_with_those_that_there_are(target: Any) -> None:
    with pytest.raises(ValueError, match=r"unknown target .*: choose from auto, python, numpy, llvm, c"):
        line(target)


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, None])
def test_a_number_of_threads_that_is_none_is_refused(threads: Any) -> None:
    with pytest.raises(ValueError, match="threads is an integer from 1 on"):
        line(threads=threads)


@pytest.mark.parametrize(
    ("missing", "expected"), [((), "llvm"), (("llvmlite",), "numpy"), (("llvmlite", "numpy"), "python")]
)
def test_auto_is_the_fastest_whose_package_is_installed(
    missing: tuple[str, ...], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets_module, "find_spec", lambda name: None if name in missing else object())
    assert targets_module.chosen() == expected


def test_auto_compiles_and_the_choice_is_visible() -> None:
    compiled, _, _ = line("auto")
    assert compiled.target == targets_module.chosen() and f"Compiled for {compiled.target}" in repr(compiled)
    assert compiled.value([[3.0, 1.75]]) == 0.0


@pytest.mark.parametrize(
    ("target", "module", "extra"), [("numpy", "numpy", "compile"), ("llvm", "llvmlite", "compile")]
)
def test_a_target_whose_package_is_missing_says_which_extra_to_install(
    target: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if target not in TARGETS:
        pytest.skip("the target is not there")
    real = import_module

    def missing(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == module:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr("micrograd_like.packages.import_module", missing)
    with pytest.raises(ImportError, match=f"{module}: pip install {module}, which is in the extra .{extra}."):
        line(target)


def test_the_repr_says_what_was_compiled() -> None:
    compiled, _, _ = line(threads=2)
    assert repr(compiled) == "Compiled for python: 3 statements, 2 inputs, 2 parameters, 2 threads"
    assert "python, strict:" in repr(line(strict=True)[0])


@each_target
def test_the_stages_of_compiling_are_timed(target: str) -> None:
    compiled, _, _ = line(target)
    assert "trace" in compiled.timings and all(seconds >= 0 for seconds in compiled.timings.values())


def test_a_program_too_large_for_python_is_refused_and_the_parameters_are_left() -> None:
    w = [Value(0.5) for _ in range(LARGEST // 200)]
    with pytest.raises(ValueError, match='choose target="numpy"'):
        compile(lambda x: total([total([tanh(p * q * x) for p in w]) for q in w[:40]]), w, target="python")
    assert {p.data for p in w} == {0.5} and {p.grad for p in w} == {0}


@read_alike
@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        (lambda w, x: 3.0, TypeError, "is to return one Value"),
        (lambda w, x: [w * x], TypeError, "returned a list"),
        (lambda w, x: w if x > 0 else -w, TypeError, r"where\("),
        (lambda w, x: w if w * x > 0 else -w, TypeError, r"where\("),
        (lambda w, x: w * max(x, 0), TypeError, r"where\("),
        (lambda w, x: w * math.exp(x), TypeError, "use this package's functions"),
        (lambda w, x: x * math.exp(w), TypeError, "use this package's functions"),
        (lambda w, x: w * float(x), TypeError, "use this package's functions"),
        (lambda w, x: w * [1, 2][x], TypeError, "use this package's functions"),
        (lambda w, x: dot([w] * x, [w] * x), TypeError, "traced|use this package's functions|int"),
        (lambda w, x: w * x * OTHER, ValueError, r"the loss uses 1 leaves \(other\) that are not among"),
        (lambda w, x: w * x * random.random(), ValueError, "computes something else each time"),
    ],
)
def test_losses_that_cannot_be_compiled_are_refused_in_words(
    loss: Callable[..., Any], error: type[Exception], message: str, target: str
) -> None:
    w = Value(0.5, "w")
    w.grad = 3.5
    with pytest.raises(error, match=message):
        compile(lambda x: loss(w, x), [w], target=target)
    assert (w.data, w.grad) == (0.5, 3.5)


@read_alike
@pytest.mark.parametrize("label", ["__import__('os').abort()", "exit()", "class", "x", "loss", "pow", "ﬁ"])
def test_labels_and_names_never_run(label: str, target: str) -> None:
    w, b = Value(0.5, label), Value(0.25, label)
    for inputs in (None, [label, "y"]):
        compiled = compile(lambda x, y: (1 + w * x * w) ** 1.5 + b * y, [w, b], inputs=inputs, target=target)
        assert compiled.value([[2.0, 4.0]]) == pytest.approx(1.5**1.5 + 1, rel=1e-15)


# What a loss demands of its data


@pytest.mark.parametrize("target", ["python", "numpy"])
def test_targets_that_a_loss_refuses_are_refused_with_their_row(target: str) -> None:
    w = Value(1.0)
    compiled = compile(lambda x, y: hinge(w * x, y), [w], target=target)
    with pytest.raises(ValueError, match=r"row 1, y: a target of hinge is -1 or 1, not 0\.0"):
        compiled.value([[1, 1], [1, 0]])


def test_targets_that_are_computed_are_looked_at_too() -> None:
    w = Value(1.0)
    compiled = compile(lambda x, y: hinge(w * x, 2 * y - 1), [w], target="python")
    assert compiled.value([[1, 1], [1, 0]]) == 1.0
    with pytest.raises(ValueError, match=r"row 1: a target of hinge is -1 or 1, not 3\.0"):
        compiled.value([[1, 1], [1, 2]])


def test_targets_that_change_with_the_parameters_are_not_looked_at() -> None:
    w = Value(0.5)
    assert compile(lambda x: hinge(w * x, Value(1.0) * w), [w], target="python").value([[1]]) == 0.75


@pytest.mark.parametrize(("bad", "message"), [(3, "no class 3"), (0.5, "integer of a class"), (-1, "no class -1")])
def test_a_class_that_is_none_is_refused(bad: float, message: str) -> None:
    model = MLP(2, [3])
    compiled = compile(lambda a, b, y: categorical_cross_entropy_with_logits(model([a, b]), y), model.parameters())
    with pytest.raises((ValueError, TypeError), match=f"row 1, y: .*{message}"):
        compiled.value([[1, 2, 0], [1, 2, bad]])


# A file of C


def test_the_program_is_a_file_of_c_with_the_names_of_its_inputs() -> None:
    w = Value(1.0, "slope")
    text = compile(lambda x, y: (w * x - y) ** 2, [w], target="python").c_source("line")
    assert "line_sums(" in text and "Inputs: x, y. Parameters: slope." in text


# What somebody broke


@pytest.mark.parametrize("compare", [operator.eq, operator.ne, operator.xor, lambda a, b: a in (b,)])
def test_conditions_are_not_compared_in_silence(compare: Callable[..., Any]) -> None:
    w = Value(2.0)
    with pytest.raises(TypeError, match="conditions of traced numbers are not compared"):
        compile(lambda x, y: w * where(compare(x > 0, y > 0), 1.0, 0.0), [w])


@each_target
@pytest.mark.parametrize("number", [Fraction(1, 3), 1])
def test_parameters_of_another_kind_are_taken_as_floats(number: Any, target: str) -> None:
    w = Value(1.0)
    compiled = compile(lambda x: w * x, [w], target=target)
    assert compiled.value([[3.0]], [number]) == float(number) * 3
    w.data = number
    assert compiled.value([[3.0]]) == float(number) * 3


def test_an_error_in_one_thread_waits_for_the_others() -> None:
    w = Value(1.0)
    compiled = compile(lambda x: w * x, [w], target="numpy", threads=2)
    first, second = compiled._kernels
    done = []

    def fail(*arguments: Any) -> None:
        raise KeyboardInterrupt

    def slow(*arguments: Any) -> None:
        time.sleep(0.2)
        done.append(True)

    first.sums, second.sums = fail, slow
    with pytest.raises(KeyboardInterrupt):
        compiled.value_and_gradient([[1.0]] * 128)
    assert done == [True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_threads_start_anew_in_a_forked_process() -> None:
    w = Value(1.0)
    compiled = compile(lambda x: w * x, [w], target="numpy", threads=2)
    compiled.value([[1.0]] * 128)
    child = os.fork()
    if child == 0:
        os._exit(int(compiled.value([[1.0]] * 128) != 1.0))
    for _ in range(100):
        if (ended := os.waitpid(child, os.WNOHANG)) != (0, 0):
            break
        time.sleep(0.1)
    else:
        os.kill(child, 9)
    assert ended == (child, 0)


@each_target
def test_a_loss_that_calls_backward_itself_gets_its_own_gradient(target: str) -> None:
    w = Value(2.0)

    def loss(x: Any, y: Any) -> Any:
        z = w * w * x
        z.backward()
        return (z - y) ** 2

    _, gradient = compile(loss, [w], target=target).value_and_gradient([[1.0, 0.0]])
    assert list(gradient) == [32.0]


def test_samples_prepared_for_one_loss_are_looked_at_by_another() -> None:
    w = Value(1.0)
    one, other = (compile(lambda x, y, f=f: f(w * x, y), [w], inputs=["x", "y"]) for f in (sum_of_squares, hinge))
    prepared = one.prepare([[1.0, 0.0]])
    assert one.value(prepared) == 1.0
    with pytest.raises(ValueError, match="a target of hinge"):
        other.value(prepared)


@pytest.mark.parametrize(
    "direction",
    [
        lambda self, p: p.grad * (0.1 if self.steps < 5 else 1),
        lambda self, p: p.grad if self.steps % 10 else 0.0,
        lambda self, p: p.grad / (1 + self.steps),
    ],
)
def test_a_step_that_depends_on_its_number_cannot_be_compiled(direction: Callable[..., Any]) -> None:
    w = Value(1.0)
    optimizer = type("Own", (SGD,), {"_direction": direction})(0.1)
    with pytest.raises((TypeError, ValueError), match="Own cannot be compiled"):
        compile(lambda x: w * x, [w], target="python").minimize([[1.0]], optimizer, 3)


@each_target
def test_nothing_of_a_class_without_share_counts_be_its_probability_0(target: str) -> None:
    w = Value(50.0)
    loss = lambda x, y: binary_cross_entropy(sigmoid(w * x), y)  # noqa: E731
    rows = [[1.0, 1.0], [-1.0, 0.0], [2.0, 1.0]]
    value, gradient = compile(loss, [w], target=target).value_and_gradient(rows, each=True)
    assert value == pytest.approx([loss(*row).data for row in rows], abs=1e-30)
    assert all(math.isfinite(row[0]) for row in gradient)


def test_threads_that_compile_the_same_parameters_take_turns() -> None:
    model = MLP(3, [8, 1], rng=random.Random(1))
    before = [p.data for p in model.parameters()]
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                compile(lambda *x: model(x), model.parameters(), inputs=3, target="python")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and [p.data for p in model.parameters()] == before


def test_the_sample_that_is_not_finite_is_found_by_halving() -> None:
    calls = []

    def means(some: Samples) -> list[float]:
        calls.append(some.count)
        return [sum(row[0] for row in some.rows)]

    samples_of_one = Samples(["x"], [[1.0]] * 1000)
    samples_of_one.rows[777] = (math.inf,)
    assert first_not_finite(means, samples_of_one, range(1000)) == 777 and len(calls) <= 10


def test_a_gradient_is_not_carried_from_one_sample_to_the_next_where_a_failure_is_sought() -> None:
    w = Value(1.0)
    compiled = compile(lambda x: w * x, [w], check=True, target="python")
    with pytest.raises(ArithmeticError, match="a result is not finite, though"):
        compiled.value_and_gradient([[1e308]] * 3)


def test_a_masked_array_is_refused() -> None:
    w = Value(1.0)
    with pytest.raises(TypeError, match="masked"):
        compile(lambda x: w * x, [w]).value(np.ma.masked_invalid([[1.0], [math.nan]]))


def test_numbers_too_large_for_floats_are_refused_in_arrays_too() -> None:
    w = Value(1.0)
    with pytest.raises(ValueError, match="finite"), np.errstate(all="ignore"):
        compile(lambda x: w * x, [w]).value(np.array([[np.longdouble("1e400")]]))
