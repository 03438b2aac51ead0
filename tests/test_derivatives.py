"""`grad` and `hessian`: closed forms, fifty digits, differences, PyTorch; levels, kinds, shapes, kinks and errors."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from torch_functions import torch_functions

import micrograd_like
from micrograd_like import (
    MLP,
    SGD,
    Value,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy,
    categorical_cross_entropy_with_logits,
    dot,
    elementary,
    erf,
    exp,
    gelu,
    grad,
    hessian,
    hinge,
    leaky_relu,
    log,
    logsumexp,
    losses,
    maximum,
    mean_squared_error,
    minimum,
    numerical_gradient,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    sum_of_squares,
    tanh,
    total,
    where,
)
from micrograd_like.engine import topological_order, unary
from micrograd_like.steps import BARE_STEPS, ONE_OPERAND, STEPS, Step, arities
from micrograd_like.strategies import Expression, expressions

Function = Callable[..., Any]

NAN, INF = math.nan, math.inf
DIGITS = 50

everyday = settings(deadline=None, max_examples=60)


def close(x: Any, rel: float = 1e-12, abs: float = 1e-13) -> Any:  # noqa: A002
    return pytest.approx(x, rel=rel, abs=abs, nan_ok=True)


def nth(f: Function, order: int) -> Function:
    """Return the derivative of a function of one number."""
    for _ in range(order):
        f = grad(f)
    return f


def derivatives(f: Function, x: Any, orders: int) -> list[Any]:
    """Return the derivatives at x from the first on."""
    return [nth(f, order)(x) for order in range(1, orders + 1)]


def partial(f: Function, point: Sequence[Any], places: Iterable[int]) -> Any:
    """Return the derivative of f by the numbers at these places, one after the other."""

    def by(f: Function, place: int) -> Function:
        def slope(*numbers: Any) -> Any:
            return grad(lambda x: f(*numbers[:place], x, *numbers[place + 1 :]))(numbers[place])

        return slope

    for place in places:
        f = by(f, place)
    return f(*point)


def tensors(numbers: Iterable[float]) -> list[Any]:
    """Return leaves of PyTorch."""
    torch = pytest.importorskip("torch")
    return [torch.tensor(float(x), dtype=torch.float64, requires_grad=True) for x in numbers]


def torch_grad(y: Any, leaves: list[Any], again: bool) -> list[Any]:
    torch = pytest.importorskip("torch")
    if not (isinstance(y, torch.Tensor) and y.requires_grad):
        return [0.0] * len(leaves)
    found = torch.autograd.grad(y, leaves, create_graph=again, retain_graph=True, allow_unused=True)
    return [0.0 if g is None else g if again else g.item() for g in found]


def torch_hessian(f: Function, point: Iterable[float]) -> list[list[float]]:
    leaves = tensors(point)
    return [torch_grad(slope, leaves, again=False) for slope in torch_grad(f(*leaves), leaves, again=True)]


# Closed forms


@pytest.mark.parametrize("x", [Fraction(2, 3), Fraction(-5, 7), Fraction(0)])
def test_a_polynomial_has_the_derivatives_of_its_formula_exactly(x: Fraction) -> None:
    found = derivatives(lambda x: x**5 / 60 - 2 * x**2 + x - 7, x, 7)
    assert found == [x**4 / 12 - 4 * x + 1, x**3 / 3 - 4, x**2, 2 * x, 2, 0, 0]
    assert {type(d) for d in found} == {Fraction}


@pytest.mark.parametrize("reciprocal", [lambda x: 1 / x, lambda x: x**-1, lambda x: x / x**2])
@pytest.mark.parametrize("x", [Fraction(2, 3), Fraction(-5, 7)])
def test_a_reciprocal_has_the_derivatives_of_its_formula_exactly(reciprocal: Function, x: Fraction) -> None:
    assert derivatives(reciprocal, x, 6) == [(-1) ** n * math.factorial(n) / x ** (n + 1) for n in range(1, 7)]


@pytest.mark.parametrize("x", [-1.5, 0.0, 0.7])
def test_exp_is_all_of_its_derivatives(x: float) -> None:
    assert derivatives(exp, x, 8) == [math.exp(x)] * 8


@pytest.mark.parametrize("x", [-1.5, 0.0, 0.7])
def test_the_derivatives_of_sin_go_round(x: float) -> None:
    circle = [math.cos(x), -math.sin(x), -math.cos(x), math.sin(x)]
    assert derivatives(sin, x, 8) == circle * 2


@pytest.mark.parametrize("x", [-1.5, 0.0, 0.7])
def test_the_derivatives_of_tanh_are_polynomials_of_it(x: float) -> None:
    t = math.tanh(x)
    s = 1 - t * t
    assert derivatives(tanh, x, 4) == close([s, -2 * t * s, s * (6 * t**2 - 2), s * t * (16 - 24 * t**2)])


def test_the_derivatives_of_sigmoid_at_0_are_exact() -> None:
    assert derivatives(sigmoid, 0.0, 5) == [1 / 4, 0, -1 / 8, 0, 1 / 4]


def test_the_derivatives_of_softplus_at_0_are_exact() -> None:
    assert derivatives(softplus, 0.0, 6) == [1 / 2, 1 / 4, 0, -1 / 8, 0, 1 / 4]


@pytest.mark.parametrize("x", [0.0, -0.0, 0.7, -3.0])
def test_the_derivatives_of_gelu_are_their_formulas(x: float) -> None:
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    cumulative = math.erfc(-x / math.sqrt(2)) / 2
    assert derivatives(gelu, x, 4) == close(
        [cumulative + x * density, (2 - x**2) * density, (x**3 - 4 * x) * density, (7 * x**2 - 4 - x**4) * density]
    )


@pytest.mark.parametrize("function", [sigmoid, softplus, tanh, gelu, erf])
@pytest.mark.parametrize("x", [-800.0, 800.0])
def test_the_second_derivative_far_out_is_0(function: Function, x: float) -> None:
    assert grad(grad(function))(x) == 0


@pytest.mark.parametrize("x", [-40.0, -700.0])
def test_the_second_derivatives_of_sigmoid_and_softplus_keep_their_digits_where_they_are_tiny(x: float) -> None:
    assert [grad(grad(sigmoid))(x), grad(grad(softplus))(x)] == close([math.exp(x)] * 2, abs=0)


# Every operator and function, against fifty digits, differences and PyTorch


def mpmath_functions() -> SimpleNamespace:
    """Return the package's functions as mpmath's own, whose derivatives `mpmath.diff` takes by differences."""
    m = mpmath.mp
    alike = {name: getattr(m, name) for name in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh")}

    def logsumexp(v: Sequence[Any]) -> Any:
        return m.log(m.fsum([m.exp(x) for x in v]))

    return SimpleNamespace(
        **alike,
        erf=m.erf,
        erfc=m.erfc,
        sigmoid=lambda x: 1 / (1 + m.exp(-x)),
        softplus=lambda x: m.log(1 + m.exp(x)),
        relu=lambda x: max(x, m.zero),
        leaky_relu=lambda x, slope=0.01: x if x > 0 else slope * x,
        gelu=lambda x: x * m.ncdf(x),
        maximum=max,
        minimum=min,
        where=lambda condition, a, b: a if condition else b,
        dot=lambda w, x, bias=0: sum((a * b for a, b in zip(w, x, strict=True)), bias),
        total=lambda v: m.fsum(v),
        logsumexp=logsumexp,
        softmax=lambda v: [m.exp(x - logsumexp(v)) for x in v],
        log_softmax=lambda v: [x - logsumexp(v) for x in v],
    )


POINT = [0.375, -0.5, 0.875, 0.125]
EVERY_STEP = [
    pytest.param(step, arity, id=f"{name}-{i}-{arity}")
    for name, steps in STEPS.items()
    for i, step in enumerate(steps)
    for arity in list(arities(step))[:2]
]
WITH_A_PLAIN_NUMBER = [
    pytest.param(step, plain, id=f"{name}-{i}-{plain}")
    for name, steps in STEPS.items()
    for i, step in enumerate(steps)
    for plain in (0, 1)
    if arities(step)[-1] > 1
]


def test_every_operator_and_function_of_the_package_is_judged_below() -> None:
    modules = {f"micrograd_like.{name}" for name in ("engine", "functions", "sequences")}
    public = {name: getattr(micrograd_like, name) for name in micrograd_like.__all__}
    functions = {name for name, f in public.items() if f.__module__ in modules and not isinstance(f, type)}
    assert {"exp", "where", "dot", "softmax"} < functions
    assert functions <= set(STEPS)
    assert set(STEPS) - functions == {"+", "-", "*", "/", "**", "abs"}


def require_all(f: Function, judge: Function, point: Sequence[float], orders: Iterable[int]) -> None:
    """Compare the partial derivatives of these orders in fifty digits with mpmath's of the judge."""
    with mpmath.workdps(DIGITS):
        numbers = [mpmath.mpf(x) for x in point]
        for order in orders:
            for places in itertools.combinations_with_replacement(range(len(point)), order):
                counts = tuple(places.count(place) for place in range(len(point)))
                exact = mpmath.diff(judge, tuple(numbers), counts)
                found = partial(f, numbers, places)
                assert abs(found - exact) <= mpmath.mpf(10) ** -40 * max(1, abs(exact)), places


@pytest.mark.parametrize(("step", "arity"), EVERY_STEP)
def test_second_and_third_derivatives_are_those_of_mpmath_in_fifty_digits(step: Step, arity: int) -> None:
    judge = mpmath_functions()
    require_all(lambda *v: step(micrograd_like, *v), lambda *v: step(judge, *v), POINT[:arity], (2, 3))


@pytest.mark.parametrize(("step", "plain"), WITH_A_PLAIN_NUMBER)
def test_a_plain_number_on_either_side_leaves_fifty_digits_to_the_second_derivative(step: Step, plain: int) -> None:
    def beside(functions: Any) -> Function:
        return lambda x: step(functions, *((0.625, x) if plain == 0 else (x, 0.625)))

    require_all(beside(micrograd_like), beside(mpmath_functions()), [0.375], (2, 3))


SPECIAL = [0.0, 0.75, -0.75, 3.0, -3.0]
SMOOTH: dict[str, Function] = {
    "relu": lambda x: x != 0,
    "leaky_relu": lambda x: x != 0,
    "log": lambda x: x > 0,
    "sqrt": lambda x: x > 0,
    "log1p": lambda x: x > -1,
}
"""Where the functions that are not smooth everywhere are."""


@pytest.mark.parametrize(
    ("name", "x"), [(name, x) for name in ONE_OPERAND for x in SPECIAL if name not in SMOOTH or SMOOTH[name](x)]
)
def test_a_function_has_the_derivatives_of_mpmath_at_0_and_on_both_sides(name: str, x: float) -> None:
    require_all(getattr(micrograd_like, name), getattr(mpmath_functions(), name), [x], (2, 3))


@pytest.mark.parametrize(("step", "arity"), EVERY_STEP)
def test_the_hessian_is_the_numerical_gradient_of_the_gradient(step: Step, arity: int) -> None:
    def f(*v: Any) -> Any:
        return step(micrograd_like, *v)

    rows = hessian(f, POINT[:arity])
    for i, row in enumerate(rows):
        estimates = numerical_gradient(lambda *v, i=i: partial(f, v, [i]), POINT[:arity])
        for found, estimate in zip(row, estimates, strict=True):
            assert estimate.off(found) <= max(estimate.error, 1e-9) < 1e-6


@pytest.mark.parametrize(("step", "arity"), EVERY_STEP)
def test_the_hessian_is_pytorchs(step: Step, arity: int) -> None:
    judge = torch_hessian(lambda *v: step(torch_functions(), *v), POINT[:arity])
    rows = hessian(lambda *v: step(micrograd_like, *v), POINT[:arity])
    assert [x for row in rows for x in row] == close([x for row in judge for x in row])


@pytest.mark.parametrize(("step", "arity"), EVERY_STEP)
def test_the_gradient_is_that_of_backward_to_the_last_bit(step: Step, arity: int) -> None:
    leaves = [Value(x) for x in POINT[:arity]]
    step(micrograd_like, *leaves).backward()
    found = grad(lambda *v: step(micrograd_like, *v))(*POINT[:arity])
    assert (found if arity > 1 else (found,)) == tuple(leaf.grad for leaf in leaves)


# Sequences

LOGITS = [
    [1.0, 1.0, 1.0], [0.5, 0.5, -1.0], [-1.0, 0.5, 0.5], [0.5, -1.0, 0.5], [0.25, -0.5, 2.0], [2.0, 0.25, -0.5], [3.0],
    [0.0, 0.0],
]  # fmt: skip
OF_A_SEQUENCE = {
    "logsumexp": lambda f, v: f.logsumexp(v),
    "softmax": lambda f, v: f.softmax(v)[0],
    "softmax, last": lambda f, v: f.softmax(v)[-1],
    "log_softmax": lambda f, v: f.log_softmax(v)[0],
    "log_softmax, last": lambda f, v: f.log_softmax(v)[-1],
}


@pytest.mark.parametrize("name", OF_A_SEQUENCE)
@pytest.mark.parametrize("logits", LOGITS)
def test_a_function_of_a_sequence_has_the_derivatives_of_mpmath_at_ties_too(name: str, logits: list[float]) -> None:
    function, judge = OF_A_SEQUENCE[name], mpmath_functions()
    require_all(lambda *v: function(micrograd_like, v), lambda *v: function(judge, v), logits, (2, 3))


@pytest.mark.parametrize("name", OF_A_SEQUENCE)
@pytest.mark.parametrize("logits", [*LOGITS, [1000.0, 1000.0, 0.0], [-1000.0, 0.0, 1000.0], [-INF, 1.0, 0.5]])
def test_the_hessian_of_a_function_of_a_sequence_is_pytorchs(name: str, logits: list[float]) -> None:
    function = OF_A_SEQUENCE[name]
    judge = torch_hessian(lambda *v: function(torch_functions(), v), logits)
    judge = [[0.0 if math.isnan(x) else x for x in row] for row in judge]  # PyTorch's for infinite logits
    rows = hessian(lambda *v: function(micrograd_like, v), logits)
    assert [x for row in rows for x in row] == close([x for row in judge for x in row])


@pytest.mark.parametrize("logits", [[40.0, 0.0], [0.0, 40.0], [700.0, 0.0, 0.0]])
def test_the_hessian_of_logsumexp_keeps_its_digits_where_it_is_tiny(logits: list[float]) -> None:
    with mpmath.workdps(400):
        e = [mpmath.exp(x) for x in logits]
        p = [x / sum(e) for x in e]
        exact = [[float(p[i] * ((i == j) - p[j])) for j in range(len(p))] for i in range(len(p))]
    assert hessian(logsumexp, logits) == [close(row, abs=0) for row in exact]


@pytest.mark.parametrize("plain", [0, 1, 2])
def test_plain_logits_beside_numbers_of_fifty_digits_cost_the_second_derivative_none(plain: int) -> None:
    def beside(functions: Any) -> Function:
        def f(a: Any, b: Any) -> Any:
            logits = [a, b]
            logits.insert(plain, 1.25)
            return functions.logsumexp([*logits, -2]) * functions.softmax([*logits, -2])[0]

        return f

    require_all(beside(micrograd_like), beside(mpmath_functions()), [0.375, -0.5], (2,))


def test_a_value_that_is_used_many_times_in_a_sequence_counts_as_often() -> None:
    assert hessian(lambda x, y: dot([x, x, y], [x, y, y], x), [3.0, 5.0]) == [[2, 1], [1, 2]]
    assert grad(grad(lambda x: logsumexp([x, x, x])))(0.5) == close(0)
    assert grad(grad(lambda x: total([x * x, x * x, x])))(0.5) == 4


# Powers


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 0.0, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("a", [0.0, -0.0, -1.5, 2.0])
def test_a_power_by_a_plain_exponent_has_the_derivatives_of_its_formula_at_0_and_below(
    exponent: float, a: float
) -> None:
    def formula(order: int) -> float:
        factor = math.prod(exponent - k for k in range(order))
        return factor * a ** (exponent - order) if factor else 0.0

    assert derivatives(lambda x: x**exponent, a, 5) == [formula(order) for order in range(1, 6)]


@pytest.mark.parametrize("exponent", [-1, -2, -3.0])
@pytest.mark.parametrize("a", [-1.5, 2.0])
def test_a_negative_power_has_the_derivatives_of_its_formula_below_0_too(exponent: float, a: float) -> None:
    factors = [math.prod(exponent - k for k in range(order)) for order in range(1, 5)]
    expected = [factor * a ** (exponent - order) for order, factor in enumerate(factors, start=1)]
    assert derivatives(lambda x: x**exponent, a, 4) == close(expected)


@pytest.mark.parametrize("base", [2, 0.5, 1, 1.0])
@pytest.mark.parametrize("x", [0.0, 1.5, -2.0])
def test_a_power_of_a_plain_base_gains_a_logarithm_with_each_derivative(base: float, x: float) -> None:
    expected = [base**x * math.log(base) ** order for order in range(1, 5)]
    assert derivatives(lambda x: base**x, x, 4) == close(expected)


@pytest.mark.parametrize("b", [0.0, 1.0, 2.0, 3.0, -1.0, 0.5])
@pytest.mark.parametrize("a", [0.5, 2.0])
def test_a_power_of_values_has_the_derivatives_of_mpmath_at_whole_exponents_too(a: float, b: float) -> None:
    require_all(lambda a, b: a**b, lambda a, b: a**b, [a, b], (2, 3))


@pytest.mark.parametrize(("a", "b"), [(-2.0, 3.0), (-0.5, 2.0), (-2.0, -1.0), (-2.0, 0.0)])
def test_a_power_of_a_negative_value_has_a_second_derivative_by_its_base_alone(a: float, b: float) -> None:
    [by_a, mixed], by_b = hessian(lambda a, b: a**b, [a, b])
    assert by_a == close(b * (b - 1) * a ** (b - 2) if b else 0.0)
    assert all(map(math.isnan, [mixed, *by_b]))


@pytest.mark.parametrize("b", [1.5, 2.0, 3.0])
def test_a_power_of_0_is_flat_beside_exponents_above_1(b: float) -> None:
    [by_a, *rest], by_b = hessian(lambda a, b: a**b, [0.0, b])
    assert by_a == (INF if b < 2 else 2.0 if b == 2 else 0.0)
    assert [*rest, *by_b] == [0.0, 0.0, 0.0]


# Kinks and places without a finite slope


@pytest.mark.parametrize("function", [sqrt, lambda x: x**0.5, lambda x: x ** Value(0.5).data])
def test_the_derivatives_of_a_root_at_0_are_infinite_with_the_signs_that_they_have_beside_it(
    function: Function,
) -> None:
    assert derivatives(function, 0.0, 4) == [INF, -INF, INF, -INF]


def test_the_derivatives_of_a_higher_root_at_0_are_infinite_from_the_first_that_is_so() -> None:
    assert derivatives(lambda x: x**1.5, 0.0, 4) == [0, INF, -INF, INF]


def test_a_root_at_0_in_fifty_digits_is_infinite_too() -> None:
    with mpmath.workdps(DIGITS):
        assert derivatives(sqrt, mpmath.mpf(0), 3) == [INF, -INF, INF]


def test_the_slope_of_a_root_at_0_falls_with_the_exponent() -> None:
    assert grad(lambda b: grad(lambda a: a**b)(0.0))(0.5) == -INF


@pytest.mark.parametrize(
    ("function", "x", "first"),
    [
        (relu, 0.0, 0), (relu, 2.0, 1), (relu, -2.0, 0), (abs, 0.0, 0), (abs, -0.0, 0), (abs, -2.0, -1),
        (leaky_relu, 0.0, 0.01), (leaky_relu, -1.0, 0.01), (lambda x: leaky_relu(x, 0.25), 0.0, 0.25),
        (lambda x: maximum(x, 3 * x), 0.0, 2), (lambda x: minimum(x, 3 * x), 0.0, 2), (lambda x: maximum(x, x), 1.0, 1),
        (lambda x: maximum(x, 0.0), 0.0, 0.5), (lambda x: minimum(0, x), 0.0, 0.5),
    ],
)  # fmt: skip
def test_pieces_that_are_straight_have_the_convention_as_slope_and_nothing_after(
    function: Function, x: float, first: float
) -> None:
    assert derivatives(function, x, 3) == [first, 0, 0]


@pytest.mark.parametrize("choose", [maximum, minimum])
def test_a_tie_gives_half_of_the_second_derivative_to_each(choose: Function) -> None:
    assert derivatives(lambda x: choose(x**2, x**3), 1.0, 4) == [2.5, 4, 3, 0]
    assert hessian(lambda x, y: choose(x**2, y**4), [1.0, 1.0]) == [[1, 0], [0, 6]]


@pytest.mark.parametrize("x", [-2.0, 0.0, 3.0])
def test_where_has_the_derivatives_of_the_branch_taken(x: float) -> None:
    expected = [3 * x * x, 6 * x, 6] if x > 0 else [2 * x, 2, 0]
    assert derivatives(lambda x: where(x > 0, x**3, x**2), x, 3) == expected


def test_a_branch_not_taken_may_be_without_a_derivative() -> None:
    assert derivatives(lambda x: where(x > 0, x**0.5, x * x), 0.0, 2) == [0, 2]


def test_a_kink_inside_passes_the_second_derivative_of_what_is_outside() -> None:
    assert derivatives(lambda x: relu(x) ** 2 + exp(abs(x)) + leaky_relu(x, 0.5) ** 2, 2.0, 2) == close(
        [4 + math.exp(2) + 4, 2 + math.exp(2) + 2]
    )


def test_nan_stays_nan() -> None:
    assert all(math.isnan(grad(grad(f))(NAN)) for f in (exp, tanh, sigmoid, softplus, gelu, lambda x: x**3))


def test_an_infinite_slope_times_0_is_nan_as_for_pytorch() -> None:
    assert math.isnan(grad(lambda x: sqrt(x * x))(0.0))


# Random expressions


def size(rows: list[Any]) -> float:
    return max(1.0, *(abs(float(x)) for row in rows for x in row))


def flat(rows: Any) -> list[float]:
    return [float(x) for row in rows for x in row]


@everyday
@given(expressions())
def test_the_hessian_of_any_expression_is_that_of_fifty_digits(e: Expression) -> None:
    with mpmath.workdps(DIGITS):
        exact = hessian(lambda *v: e(*v), [mpmath.mpf(x) for x in e.at])
    assert flat(hessian(lambda *v: e(*v), list(e.at))) == close(flat(exact), rel=0, abs=1e-10 * size(exact))


@everyday
@given(expressions())
def test_the_hessian_of_any_expression_is_symmetric(e: Expression) -> None:
    with mpmath.workdps(DIGITS):
        rows = hessian(lambda *v: e(*v), [mpmath.mpf(x) for x in e.at])
        for i, j in itertools.combinations(range(len(rows)), 2):
            assert abs(rows[i][j] - rows[j][i]) <= mpmath.mpf(10) ** -40 * size(rows)


@everyday
@given(expressions([name for name in STEPS if name != "**"]))  # its slope of a ** b is no function of b at b = 0
def test_the_hessian_of_any_expression_is_pytorchs(e: Expression) -> None:
    judge = torch_hessian(lambda *v: e.function(*v, functions=torch_functions()), e.at)
    found = hessian(lambda *v: e(*v), list(e.at))
    assert flat(found) == close(flat(judge), rel=0, abs=1e-10 * size(judge))


@everyday
@given(expressions(max_nodes=20, leaves=2))
def test_the_hessian_of_any_expression_is_the_difference_quotient_of_its_gradient(e: Expression) -> None:
    with mpmath.workdps(DIGITS):
        point, h = [mpmath.mpf(x) for x in e.at], mpmath.mpf(10) ** -10
        rows = hessian(lambda *v: e(*v), point)
        for i, row in enumerate(rows):
            for j, found in enumerate(row):
                below, above = (partial(e, [x + s * (k == j) for k, x in enumerate(point)], [i]) for s in (-h, h))
                assert abs(found - (above - below) / (2 * h)) <= 1e-12 * size(rows)


@everyday
@given(expressions(max_nodes=20, leaves=2))
def test_the_gradient_of_any_expression_is_that_of_backward(e: Expression) -> None:
    leaves = [Value(x) for x in e.at]
    e(*leaves).backward()
    assert list(grad(lambda v: e(*v))(list(e.at))) == close([float(leaf.grad) for leaf in leaves])


# Other kinds of number


def test_fractions_stay_exact_through_the_hessian() -> None:
    x, y = Fraction(1, 3), Fraction(-2, 7)
    rows = hessian(lambda x, y: x**3 * y + x / y - maximum(x, y) * abs(y), [x, y])
    assert rows == [[6 * x * y, 3 * x * x - 1 / y**2 + 1], [3 * x * x - 1 / y**2 + 1, 2 * x / y**3]]
    assert {type(d) for row in rows for d in row} == {Fraction}


def test_a_number_of_fifty_digits_keeps_them_beside_a_plain_base() -> None:
    with mpmath.workdps(DIGITS):
        x = mpmath.mpf("0.3")
        exact = 2**x * mpmath.log(2) ** 2
        assert abs(grad(grad(lambda x: 2.0**x))(x) - exact) < mpmath.mpf(10) ** -48


@pytest.mark.parametrize("name", [*BARE_STEPS])
def test_a_column_has_the_second_derivatives_of_its_samples(name: str) -> None:
    samples = [[0.25, 0.75, 1.5], [0.5, 0.5, 2.0]]  # with a tie
    for step in BARE_STEPS[name]:
        rows = samples[: arities(step)[0]]
        columns = [Value(np.array(row)) for row in rows]
        found = hessian(lambda *v, step=step: step(micrograd_like, *v), columns)
        singly = [hessian(lambda *v, step=step: step(micrograd_like, *v), list(x)) for x in zip(*rows, strict=True)]
        for i, j in itertools.product(range(len(rows)), repeat=2):
            column = found[i][j].data if isinstance(found[i][j], Value) else found[i][j]
            assert np.broadcast_to(column, 3).tolist() == close([float(sample[i][j]) for sample in singly])


@pytest.mark.parametrize("function", [relu, abs, sigmoid, softplus, leaky_relu, gelu])
def test_a_column_with_a_kink_in_it_has_the_second_derivatives_of_its_samples(function: Function) -> None:
    samples = [-2.0, 0.0, 3.0]
    found = grad(grad(lambda x: function(x) * x))(Value(np.array(samples)))
    assert found.data.tolist() == close([grad(grad(lambda x: function(x) * x))(x) for x in samples])


# Levels


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: x * grad(lambda y: x + y)(1.0), 2.0, 1.0),
        (lambda x: x * grad(lambda y: x * y)(1.0), 2.0, 4.0),
        (lambda x: x * grad(lambda y: x * y * y)(3.0), 2.0, 24.0),
        (lambda x: grad(lambda y: x * y * y)(x), 3.0, 12.0),
        (lambda x: grad(lambda y: x)(x), 3.0, 0.0),
        (lambda x: grad(lambda y: y)(x) * x, 3.0, 1.0),
        (lambda x: grad(lambda y: y * y)(x), 3.0, 2.0),
        (lambda x: grad(lambda x: x**3)(x) + x, 3.0, 19.0),
        (lambda x: grad(lambda y: grad(lambda z: x * y * z * z)(y))(x), 3.0, 24.0),
        (lambda x: grad(lambda y: grad(lambda z: x * y * z)(2.0) * y)(x), 3.0, 12.0),
        (lambda x: grad(lambda y: y * grad(lambda z: y * z * z)(x))(x), 3.0, 24.0),
        (lambda x: x * grad(lambda y: (x * y).data * y)(1.0), 3.0, 3.0),
        (lambda x: grad(lambda y: grad(lambda z: z * z)(y) * x)(5.0), 3.0, 2.0),
    ],
)
def test_levels_are_not_confused(f: Function, x: float, expected: float) -> None:
    found = grad(f)(x)
    assert found == expected and type(found) is float


def test_the_same_in_three_levels_of_one_function() -> None:
    def derivative_at(f: Function, at: Any) -> Any:
        return grad(f)(at)

    f = derivative_at(lambda x: x * derivative_at(lambda y: y * derivative_at(lambda z: x * y * z, x * y), x + 1), 2.0)
    # the innermost is x·y; y·x·y has the slope 2·x·y, at y = x + 1; the outermost is x·2·x·(x + 1)
    assert f == 6 * 2.0**2 + 4 * 2.0


def test_an_inner_function_may_use_what_the_outer_one_has_computed() -> None:
    def f(x: Any) -> Any:
        square = x * x
        return grad(lambda y: square * exp(y) + y * square)(x) * square

    def by_hand(x: float) -> float:
        return 4 * x**3 * (math.exp(x) + 1) + x**4 * math.exp(x)

    assert grad(f)(0.5) == close(by_hand(0.5))


def test_two_inner_gradients_do_not_meet() -> None:
    def f(x: Any) -> Any:
        return grad(lambda y: x * y**2)(x) * grad(lambda y: x**2 * y)(x)

    assert derivatives(f, 2.0, 2) == [8 * 2.0**3, 24 * 2.0**2]


def test_the_hessian_inside_a_gradient_and_the_gradient_inside_a_hessian() -> None:
    assert grad(lambda x: hessian(lambda y: x**2 * y**3, x))(2.0) == 6 * 3 * 2.0**2
    assert hessian(lambda x, z: grad(lambda y: x**2 * y * z)(x), [3.0, 5.0]) == [[2 * 5, 2 * 3], [2 * 3, 0]]


def test_a_hessian_vector_product_is_the_gradient_of_a_product() -> None:
    def f(v: list[Any]) -> Any:
        return v[0] ** 2 * v[1] + sin(v[1])

    point, direction = [3.0, 2.0], [1.0, -2.0]
    product = grad(lambda v: dot(grad(f)(v), direction))(point)
    assert product == close([sum(h * d for h, d in zip(row, direction, strict=True)) for row in hessian(f, point)])


def test_newtons_method_of_a_fixed_point_differentiates_through_its_steps() -> None:
    def root(a: Any) -> Any:
        x = a
        for _ in range(8):
            x = x - (x * x - a) / grad(lambda y: y * y)(x)
        return x

    assert [root(2.0), *derivatives(root, 2.0, 2)] == close([2**0.5, 0.5 * 2**-0.5, -0.25 * 2**-1.5], rel=1e-9)


def test_plain_numbers_go_in_and_come_out_whatever_grad_is_called_inside() -> None:
    assert grad(lambda x: x * grad(lambda y: x * y * y)(1.0))(2.0) == 8.0
    assert type(grad(lambda x: x * grad(lambda y: x * y * y)(1.0))(2.0)) is float
    assert type(hessian(lambda x: x * hessian(lambda y: x * y**3, 2.0), 1.0)) is float


def test_a_gradient_by_a_value_depends_on_it() -> None:
    x = Value(3.0)
    slope = grad(lambda y: y**3)(x)
    slope.backward()
    assert (slope.data, x.grad) == (27.0, 18.0)


def test_a_gradient_depends_on_the_values_that_the_function_has_from_elsewhere() -> None:
    w = Value(3.0)
    slope = grad(lambda x: w**2 * x)(5.0)
    slope.backward()
    assert (slope.data, w.grad) == (9.0, 6.0)


def test_a_hessian_depends_on_the_values_that_the_function_has_from_elsewhere() -> None:
    w = Value(3.0)
    curvature = hessian(lambda x: w**2 * x**3, 5.0)
    curvature.backward()
    assert (curvature.data, w.grad) == (270.0, 180.0)


def test_one_value_given_twice_is_two_arguments() -> None:
    x = Value(3.0)
    by_first, by_second = grad(lambda a, b: a**2 * b)(x, x)
    assert (by_first.data, by_second.data) == (18.0, 9.0)
    by_first.backward()
    assert x.grad == 12.0  # of 2·x·x


def test_an_argument_computed_from_another_is_independent_of_it() -> None:
    x = Value(3.0)
    by_first, by_second = grad(lambda a, b: a * b)(x, x * x)
    assert (by_first.data, by_second.data) == (9.0, 3.0)


@pytest.mark.parametrize("f", [lambda x: x**3, lambda x: grad(lambda y: x * y**2)(x), tanh])
def test_grad_leaves_no_gradient_behind(f: Function) -> None:
    x, w = Value(2.0), Value(5.0)
    made = grad(lambda y: f(y) * w)(x)
    hessian(lambda y: f(y) * w, x)
    assert all(node.grad == 0 for node in topological_order(made))


# In a loss that is trained


def network(seed: int = 3) -> MLP:
    return MLP(2, [3, 1], activation="tanh", init="xavier", rng=random.Random(seed))


def torch_network(parameters: list[Any], x: Sequence[Any]) -> Any:
    """Return the same network's output for inputs, given its parameters in order."""
    torch = pytest.importorskip("torch")
    rows = [parameters[i : i + 3] for i in (0, 3, 6)]
    hidden = [torch.tanh(w0 * x[0] + w1 * x[1] + b) for w0, w1, b in rows]
    return sum((w * h for w, h in zip(parameters[9:12], hidden, strict=True)), parameters[12])


def test_a_gradient_penalty_gives_the_parameters_the_gradients_of_pytorch() -> None:
    model, x = network(), [0.5, -1.25]
    slopes = grad(model)(x)
    loss = mean_squared_error(model(x), 0.75) + total([g * g for g in slopes])
    loss.backward()
    parameters, inputs = tensors(p.data for p in model.parameters()), tensors(x)
    y = torch_network(parameters, inputs)
    penalty = sum(g * g for g in torch_grad(y, inputs, again=True))
    judge = torch_grad((y - 0.75) ** 2 + penalty, parameters, again=False)
    assert [p.grad for p in model.parameters()] == close(judge)


def test_a_gradient_penalty_is_trained_away() -> None:
    model, x, optimizer = network(), [0.5, -1.25], SGD(0.1)
    history = []
    for _ in range(30):
        loss = total([g * g for g in grad(model)(x)])
        model.zero_grad()
        loss.backward()
        optimizer.step(model.parameters())
        history.append(loss.data)
    assert history[-1] < 0.01 * history[0]


def with_parameters(model: MLP, parameters: Sequence[Any]) -> MLP:
    """Put numbers in the place of a network's parameters, in their order."""
    numbers = iter(parameters)
    for layer in model.layers:
        for neuron in layer.neurons:
            neuron.w = [next(numbers) for _ in neuron.w]
            neuron.b = next(numbers)
    return model


def test_the_hessian_of_a_networks_loss_by_its_parameters_is_pytorchs_and_symmetric() -> None:
    numbers = [p.data for p in network().parameters()]
    x, target = [0.5, -1.25], 1

    def loss(parameters: list[Any]) -> Any:
        return binary_cross_entropy_with_logits(with_parameters(network(), parameters)(x), target)

    torch = pytest.importorskip("torch")
    rows = hessian(loss, numbers)
    judge = torch_hessian(lambda *p: torch.nn.functional.softplus(-torch_network(list(p), x)), numbers)
    assert flat(rows) == close(flat(judge))
    assert flat(rows) == close(flat(zip(*rows, strict=True)))


OUTPUTS = [0.25, 0.625, 0.125]
LOSSES: dict[str, tuple[Function, Any]] = {
    "sum_of_squares": (sum_of_squares, [0.5, -1.0, 2.0]),
    "mean_squared_error": (mean_squared_error, [0.5, -1.0, 2.0]),
    "binary_cross_entropy": (binary_cross_entropy, [1, 0.25, 0]),
    "binary_cross_entropy_with_logits": (binary_cross_entropy_with_logits, [1, 0.25, 0]),
    "categorical_cross_entropy": (categorical_cross_entropy, 1),
    "categorical_cross_entropy_with_logits": (categorical_cross_entropy_with_logits, [0.25, 0.5, 0.25]),
    "hinge": (hinge, [1, -1, -1]),
}


def test_every_loss_is_differentiated_twice_below() -> None:
    assert set(LOSSES) == {name for name in micrograd_like.__all__ if hasattr(losses, name)} - {
        name for name in STEPS if hasattr(losses, name)
    } - {"Value", "total"}


@pytest.mark.parametrize("name", LOSSES)
def test_the_hessian_of_a_loss_is_symmetric_and_the_numerical_gradient_of_its_gradient(name: str) -> None:
    loss, target = LOSSES[name]
    rows = hessian(lambda v: loss(v, target), OUTPUTS)
    assert flat(rows) == close(flat(zip(*rows, strict=True)))
    for i, row in enumerate(rows):
        estimates = numerical_gradient(lambda v: grad(lambda v: loss(v, target))(v)[i], OUTPUTS)  # noqa: B023
        for found, estimate in zip(row, estimates, strict=True):
            assert estimate.off(found) <= max(estimate.error, 1e-9) < 1e-6


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
def test_a_loss_has_mixed_derivatives_by_output_and_target(target: float) -> None:
    [by_z, mixed], by_target = hessian(binary_cross_entropy_with_logits, [0.5, target])
    p = 1 / (1 + math.exp(-0.5))
    assert [by_z, mixed, *by_target] == close([p * (1 - p), -1, -1, 0])


# Shapes and types


@pytest.mark.parametrize(
    ("f", "arguments", "expected"),
    [
        (lambda x: x**2, (3.0,), 6.0),
        (lambda x: x**2, (3,), 6.0),
        (lambda x: x**2, (True,), 2.0),
        (lambda x: x**2, (np.float64(3.0),), 6.0),
        (lambda x, y: x * y, (3, 5), (5.0, 3.0)),
        (lambda v: v[0] * v[1], ([3, 5],), [5.0, 3.0]),
        (lambda v: v[0] * v[1], ((3, 5),), (5.0, 3.0)),
        (lambda m: m[0][0] * m[1][1], ([[3, 5], [7, 9]],), [[9.0, 0.0], [0.0, 3.0]]),
        (lambda d: d["a"] * d["b"][0], ({"a": 3, "b": [5, 7]},), {"a": 5.0, "b": [3.0, 0.0]}),
        (lambda v, x: v[0] * x, ([3, 5], 7), ([7.0, 0.0], 3.0)),
        (lambda v: v[0] ** 2, ([3.0],), [6.0]),
        (lambda x, y=2.0: x * y, (3.0,), 2.0),
        (lambda *v: total(v), (3.0, 5.0), (1.0, 1.0)),
    ],
)
def test_a_gradient_has_the_shape_of_its_arguments_and_holds_floats(
    f: Function, arguments: tuple[Any, ...], expected: Any
) -> None:
    assert repr(grad(f)(*arguments)) == repr(expected)


def test_a_gradient_by_name_is_a_dictionary() -> None:
    assert grad(lambda x, y: x * y)(y=3, x=5.0) == {"y": 5.0, "x": 3.0}
    assert grad(lambda v, x: v[0] * x)(v=[3, 4], x=5) == {"v": [5.0, 0.0], "x": 3.0}


def test_a_gradient_by_an_array_is_an_array_of_floats() -> None:
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = grad(lambda m: (m @ m).sum())(matrix)
    assert found.dtype == float
    assert found.tolist() == (matrix.sum(axis=0)[:, None] + matrix.sum(axis=1)[None, :]).tolist()


def test_a_hessian_has_for_each_number_a_row_in_the_shape_of_the_point() -> None:
    assert hessian(lambda x: x**3, 2.0) == 12.0
    assert hessian(lambda v: v[0] ** 2 * v[1], (3.0, 2.0)) == ((4.0, 6.0), (6.0, 0.0))
    assert hessian(lambda w, x: w[0] * w[1] * x, {"w": [2, 3], "x": 5}) == {
        "w": [{"w": [0.0, 5.0], "x": 3.0}, {"w": [5.0, 0.0], "x": 2.0}],
        "x": {"w": [3.0, 2.0], "x": 0.0},
    }


def test_a_hessian_by_an_array_is_symmetric() -> None:
    point = np.array([0.5, -1.0, 2.0])
    rows = hessian(lambda v: np.exp(v).sum() * v[0], point)
    dense = np.array([list(row) for row in rows], dtype=float)
    e = np.exp(point)
    expected = np.diag(e) * point[0]
    expected[0] += e
    expected[:, 0] += e
    assert dense.ravel().tolist() == close(expected.ravel().tolist())


def test_a_second_derivative_of_a_function_of_several_numbers_is_the_gradient_of_a_part() -> None:
    slope = grad(lambda x, y: grad(lambda x, y: x**3 * y)(x, y)[0])
    assert slope(2.0, 5.0) == (60.0, 12.0)


@pytest.mark.parametrize(
    ("f", "first"),
    [
        (lambda x: 7, 0.0),
        (lambda x: Value(7.0).data, 0.0),
        (lambda x: x, 1.0),
        (lambda x: 0 * x, 0.0),
        (lambda x: x.data, 0.0),
    ],
)
def test_functions_that_do_not_bend_have_plain_derivatives(f: Function, first: float) -> None:
    found = [grad(f)(3.0), grad(grad(f))(3.0), hessian(f, 3.0)]
    assert repr(found) == repr([first, 0.0, 0.0])


def test_an_argument_that_is_ignored_has_the_slope_0_of_its_kind() -> None:
    found = grad(lambda x, y, z: x)(1.0, Fraction(1, 2), 3)
    assert repr(found) == "(1.0, Fraction(0, 1), 0.0)"
    assert hessian(lambda x, y: x**2, [1.0, 2.0]) == [[2.0, 0.0], [0.0, 0.0]]


def test_a_function_that_ignores_the_value_it_is_given_has_the_slope_0() -> None:
    x, w = Value(3.0), Value(2.0)
    assert [grad(lambda y: w * w)(x), grad(lambda y: x * w)(x), grad(lambda y: 5.0)(x)] == [0.0, 0.0, 0.0]


# Rules of one's own


def test_a_rule_of_ones_own_is_differentiated_again() -> None:
    def rule(x: Any) -> tuple[Any, Any]:
        e, f = elementary.exp(x), elementary.exp(-x)
        return (e + f) / 2, (e - f) / 2

    cosh = unary("cosh", rule)
    assert derivatives(cosh, 0.75, 4) == close([math.sinh(0.75), math.cosh(0.75)] * 2)


def test_a_rule_that_states_a_slope_of_its_own_keeps_it_at_every_order() -> None:
    straight_through = unary("round", lambda x: (x - x + 3.0, x * x))
    assert derivatives(lambda x: 2 * straight_through(x), 1.5, 3) == [4.5, 6.0, 4.0]


# Depth


def test_the_second_derivative_of_a_graph_of_100_000_operations() -> None:
    n, x = 100_000, 1 - 1e-6

    def power(x: Any) -> Any:
        y = 1.0
        for _ in range(n):
            y = y * x
        return y

    assert hessian(power, x) == close(n * (n - 1) * x ** (n - 2), rel=1e-9)


# Errors


@pytest.mark.parametrize(
    ("result", "named"),
    [(None, "None"), ("text", "'text'"), ([1.0], "[1.0]"), (1j, "1j"), (np.array([[1j]]), "an array of shape (1, 1)")],
)
@pytest.mark.parametrize("take", [lambda f: grad(f)(1.0), lambda f: hessian(f, 1.0), lambda f: grad(grad(f))(1.0)])
def test_a_function_that_returns_no_number_is_told_so(result: Any, named: str, take: Function) -> None:
    with pytest.raises(TypeError) as caught:
        take(lambda x: result)
    assert str(caught.value) == f"the function is to return one number; it returned {named}"


def test_a_gradient_of_several_numbers_is_no_number_to_differentiate() -> None:
    with pytest.raises(TypeError, match=r"^the function is to return one number; it returned \(Value"):
        grad(grad(lambda x, y: x * x * y))(1.0, 2.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grad(lambda x: x)("1.0"), "x: a real number is wanted, not str"),
        (lambda: grad(lambda x: x)(None), "x: a real number is wanted, not NoneType"),
        (lambda: grad(lambda v: v[0])([1.0, 2j]), "v[1]: a real number is wanted, not complex"),
        (lambda: hessian(lambda v: v["a"], {"v": {"a": "b"}}), "v.a: a real number is wanted, not str"),
        (
            lambda: grad(lambda x, y: x)(1.0, y=2.0),
            "a gradient takes its arguments all in order or all by name",
        ),
        (
            lambda: grad(lambda x, y: x)(1.0),
            "the function takes (x, y), which the point does not fit: missing a required argument: 'y'",
        ),
        (
            lambda: grad(lambda x: x)(1.0, 2.0),
            "the function takes (x), which the point does not fit: too many positional arguments",
        ),
        (
            lambda: grad(lambda x: x)(y=1.0),
            "the function takes (x), which the point does not fit: missing a required argument: 'x'",
        ),
    ],
)
def test_wrong_arguments_are_told(call: Function, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "call", [lambda: grad(lambda v: 1.0)([]), lambda: hessian(lambda v: 1.0, []), lambda: grad(lambda: 1.0)()]
)
def test_a_point_without_numbers_is_refused(call: Function) -> None:
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == "the point is empty: there is no number to differentiate by"


def test_an_operation_that_fails_names_itself_and_its_operand() -> None:
    with pytest.raises(ValueError, match=r"^log\(-1.0\): a number above 0 is wanted$"):
        grad(log)(-1.0)


def test_a_value_that_an_earlier_gradient_made_can_be_differentiated_at() -> None:
    kept: list[Any] = []

    def cube(x: Any) -> Any:
        kept.append(x)
        return x**3

    grad(cube)(2.0)
    assert float(grad(grad(lambda x: x**3))(kept[-1])) == 12.0
