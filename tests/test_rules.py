"""What the rules promise at kinks and edges, told without a second engine, and that a record keeps its rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import micrograd_like
from micrograd_like import Value, dot, exp, maximum, minimum, softplus, tanh, total, where
from micrograd_like.elementary import power_slope, quotient
from micrograd_like.functions import where_less
from micrograd_like.kinds import data_of

Function = Callable[..., Any]


def slopes(function: Function, *point: Any) -> list[Any]:
    """Return the derivatives of `function` by each number of `point`."""
    leaves = [Value(x) for x in point]
    function(*leaves).backward()
    return [leaf.grad for leaf in leaves]


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: tanh(x),
        lambda x, y: x - y,
        lambda x, y: 2 - y,
        lambda x, y: x**3,
        lambda x, y: x**y,
        lambda x, y: maximum(x, y),
        lambda x, y: where_less(x, y, x, 2.0),
        lambda x, y: x.leaky_relu(0.25),
        lambda x, y: dot([x, y], [y, 2.0]),
        lambda x, y: dot([x, y, 4.0], [3.0, 2.0, x], y),
        lambda x, y: total([x, 1.0, y]),
    ],
)
def test_the_rule_that_a_value_keeps_gives_its_data_and_its_local_derivatives_again(function: Function) -> None:
    node = function(Value(0.5), Value(0.75))
    data, *derivatives = node.operation.rule(*map(data_of, node.operands))
    known = [d if known is not None else None for d, known in zip(derivatives, node.local_derivatives, strict=True)]
    assert (data, tuple(known)) == (node.data, node.local_derivatives)


@pytest.mark.parametrize(
    "name",
    [
        "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "erf", "erfc", "sigmoid", "softplus", "relu",
        "leaky_relu", "gelu",
    ],
)
def test_every_rule_of_one_number_is_a_function_and_a_method(name: str) -> None:
    x = Value(0.5)
    assert getattr(micrograd_like, name)(x).operation == getattr(x, name)().operation == name


@pytest.mark.parametrize("function", [tanh, softplus, exp])
def test_a_function_of_a_plain_array_returns_an_array_of_floats(function: Function) -> None:
    assert function(np.array([0.5, 1.0])).dtype == float


# Kinks


@pytest.mark.parametrize("function", [maximum, minimum])
@pytest.mark.parametrize("point", [(math.nan, 1.0), (1.0, math.nan), (math.nan, math.nan)])
def test_a_nan_is_no_tie_and_both_get_the_whole_gradient(function: Function, point: tuple[float, float]) -> None:
    assert slopes(function, *point) == [1, 1]


@pytest.mark.parametrize("function", [maximum, minimum])
def test_a_choice_records_its_operands_as_they_were_given(function: Function) -> None:
    a, b = Value(1.0), Value(2.0)
    assert (function(a, b).operands, function(b, a).operands) == ((a, b), (b, a))


@pytest.mark.parametrize("condition", [np.array([1, 0]), np.array([1.0, 0.0]), np.int64(1), np.float64(0)])
def test_where_refuses_numbers_of_numpy(condition: Any) -> None:
    with pytest.raises(TypeError, match="what a comparison returns"):
        where(condition, Value(1.0), Value(2.0))


def test_the_slope_of_softplus_has_the_slope_of_sigmoid_at_0() -> None:
    assert slopes(lambda x: softplus(x).operation.rule(x)[1], 0.0) == [0.25]


# Powers


@pytest.mark.parametrize("base", [0.0, 0.5, 2.0, -0.5, -2.0, math.inf, -math.inf, math.nan])
def test_the_power_zero_has_the_slope_zero(base: float) -> None:
    assert slopes(lambda a: a**0, base) == [0]


@pytest.mark.parametrize("base", [-0.5, -2.0])
def test_a_power_of_a_negative_base_has_no_slope_by_its_exponent(base: float) -> None:
    by_base, by_exponent = slopes(pow, base, 2.0)
    assert by_base == 2 * base and math.isnan(by_exponent)


@pytest.mark.parametrize("base", [0.5, 2.0])
def test_the_slope_of_a_power_has_the_slope_of_its_formula_where_the_exponent_is_zero(base: float) -> None:
    assert slopes(power_slope, base, 0.0) == [0, 1 / base]


@pytest.mark.parametrize("base", [-0.5, -2.0])
def test_the_slope_of_a_power_of_a_negative_base_has_no_slope_by_its_exponent(base: float) -> None:
    assert math.isnan(slopes(power_slope, base, 0.0)[1])


def test_a_negative_power_of_zero_in_a_column_has_an_infinite_slope_and_0_by_its_exponent() -> None:
    with np.errstate(all="ignore"):
        by_base, by_exponent = slopes(pow, np.array([0.0, 4.0]), np.array([-0.5, -0.5]))
    assert by_base.tolist() == [-math.inf, -0.5 * 4**-1.5] and by_exponent[0] == 0


def test_an_infinite_slope_has_infinite_slopes() -> None:
    assert slopes(quotient, 1.0, 0.0)[1] == -math.inf
    assert slopes(power_slope, 0.0, 0.5) == [-math.inf, -math.inf]
