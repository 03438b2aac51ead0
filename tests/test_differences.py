"""The numerical gradient: bounds of error that hold, kinks and edges that are told, and functions that are refused."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import Value, numerical_gradient, relu
from micrograd_like.differences import Estimate
from micrograd_like.strategies import Expression, expressions

Function = Callable[..., Any]

everyday = settings(deadline=None, max_examples=200)

DISTANCES = st.floats(-12, 0).map(lambda exponent: 10.0**exponent)
SIDES = st.sampled_from([-1, 1])


def settled(estimate: Estimate) -> bool:
    """Tell whether a slope is found, with nothing to remark."""
    return math.isfinite(estimate.error) and not estimate.remark


def is_honest(estimate: Estimate, slope: float) -> bool:
    """Tell whether an estimate does not exclude the true slope; the last factor is for the rounding of this itself."""
    return estimate.off(slope) <= estimate.error + 4e-16 * abs(slope)


# The estimate and its error bound


@everyday
@given(expressions(max_nodes=30))
def test_the_error_bound_holds_on_random_expressions(e: Expression) -> None:
    with mpmath.workdps(50):
        leaves = [Value(mpmath.mpf(x)) for x in e.at]
        e(*leaves).backward()
    for estimate, leaf in zip(numerical_gradient(e, e.at), leaves, strict=True):
        assert abs(estimate.slope - float(leaf.grad)) <= estimate.error + 1e-13  # for rounding inside the expression


@everyday
@given(expressions(max_nodes=30))
def test_the_error_bound_is_small_on_random_expressions(e: Expression) -> None:
    for estimate in numerical_gradient(e, e.at):
        if abs(estimate.slope) > 1e-6:  # a smaller one may drown in the rounding of larger numbers inside
            assert settled(estimate)
            assert estimate.error < 1e-8


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (math.exp, 1.0, math.e),
        (math.exp, 709.7, math.exp(709.7)),
        (math.cos, 0.0, 0.0),
        (math.tan, 1.5, 1 / math.cos(1.5) ** 2),
        (math.log, 1e-300, 1e300),
        (math.sqrt, 1e-20, 5e9),
        (lambda x: x * x, 1e10, 2e10),
        (lambda x: x * x, 5e-324, 0.0),
        (lambda x: x * 1e300, 2.0, 1e300),
        (lambda x: x * 1e-300, 2.0, 1e-300),
        (lambda x: 1 / x, 1e-9, -1e18),
        (lambda x: math.tanh(1e9 * x), 0.0, 1e9),
        (lambda x: math.sin(1e5 * x), 0.3, 1e5 * math.cos(3e4)),
        (lambda x: math.exp(-1 / x / x) if x else 0.0, 0.0, 0.0),
        (lambda x: x * abs(x), 0.0, 0.0),
        (lambda x: math.log(1 - x), 1 - 2.0**-30, -(2.0**30)),
    ],
    ids=[
        "exp", "near overflow", "flat", "tan", "log at a tiny number", "sqrt at a tiny number", "large number",
        "tiny number", "huge slope", "tiny slope", "near a pole", "steep", "fast oscillation", "all derivatives 0",
        "second derivative with a kink", "near the edge of the domain",
    ],
)  # fmt: skip
def test_the_step_suits_the_function(f: Function, x: float, slope: float) -> None:
    estimate = numerical_gradient(f, x)
    assert settled(estimate)
    assert is_honest(estimate, slope)
    assert estimate.error <= 1e-4 * abs(slope) + 1e-7


@everyday
@given(
    base=st.sampled_from([1, 2, math.pi, 2 * math.pi]),
    doublings=st.integers(-3, 14),
    times=st.sampled_from([1, 3, 5, 7, 100]),
    x=st.floats(-3, 3) | st.integers(-200, 200),
)
def test_a_wave_is_not_taken_for_a_slower_one(base: float, doublings: int, times: int, x: float) -> None:
    frequency = base * 2**doublings * times
    estimate = numerical_gradient(lambda x: math.sin(frequency * x), x)
    rounding = 4e-16 * frequency * (1 + frequency * abs(x))  # of the wave itself
    assert estimate.off(frequency * math.cos(frequency * x)) <= estimate.error + rounding


@everyday
@given(st.floats(-2, 2), st.floats(-8, 5), st.floats(-200, 200))
def test_scales_of_the_number_and_of_the_result_do_not_matter(x: float, exponent: float, power: float) -> None:
    x, size = x * 10**exponent, 10**power
    estimate = numerical_gradient(lambda x: size * math.exp(math.sin(x)), x)
    assert is_honest(estimate, size * math.cos(x) * math.exp(math.sin(x)))


@pytest.mark.parametrize("seed", range(100))
def test_noise_above_rounding_gives_no_wrong_slope(seed: int) -> None:
    rng = random.Random(seed)
    x, factor = rng.uniform(0.5, 3), rng.uniform(0.5, 3)
    estimate = numerical_gradient(lambda x: float(np.float32(x) * np.float32(factor)), x)
    assert estimate.off(factor) <= estimate.error + 1e-6 * factor


@pytest.mark.parametrize("size", [1e4, 1e6, 1e8])
def test_rounding_inside_a_function_gives_no_wrong_slope(size: float) -> None:
    for x in (0.0, 0.3, 1.0, 7.0):
        estimate = numerical_gradient(lambda x: ((x + size) - size) * 3, x)
        assert is_honest(estimate, 3.0)


def test_rounding_inside_a_function_beside_its_edge_gives_no_wrong_slope() -> None:
    estimate = numerical_gradient(lambda x: (x + 1e6) - 1e6 if x >= 1 else math.nan, 1.0)
    assert is_honest(estimate, 1.0)


def test_a_coarse_result_at_every_step_is_undecided() -> None:
    assert numerical_gradient(lambda x: (x + 1e16) - 1e16, 1.0).error == math.inf


def test_estimates_have_the_shape_of_the_point() -> None:
    found = numerical_gradient(lambda w, b: w[0][0] * w[0][1] + b["c"], {"w": [[2.0, 3.0]], "b": {"c": 1.0}})
    assert [[round(e.slope, 9) for e in row] for row in found["w"]] == [[3.0, 2.0]]
    assert round(found["b"]["c"].slope, 9) == 1.0


def test_estimates_of_an_array_are_an_array() -> None:
    found = numerical_gradient(lambda w: float((w * w).sum()), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert found.shape == (2, 2)
    assert found[1, 0].slope == pytest.approx(6)


def test_a_number_that_the_function_ignores_has_the_slope_zero() -> None:
    assert numerical_gradient(lambda x, y: x * x, [1.0, 2.0])[1].slope == 0


def test_a_function_of_values_is_as_good() -> None:
    w = Value(3.0)
    assert numerical_gradient(lambda x: w * x, 2.0).slope == pytest.approx(3)


# Kinks


@pytest.mark.parametrize(
    ("f", "x", "below", "above"),
    [
        (abs, 0.0, -1, 1),
        (relu, 0.0, 0, 1),
        (lambda x: relu(x - 0.3), 0.3, 0, 1),
        (lambda x: relu(x - 0.3), 0.1 + 0.2, 0, 1),
        (lambda x: max(x, x * x), 1.0, 1, 2),
        (lambda x: 1000 * x + abs(x), 0.0, 999, 1001),
        (lambda x: abs(x - 5e6), 5e6, -1, 1),
        (lambda x: 1e-9 * abs(x), 0.0, -1e-9, 1e-9),
    ],
)
def test_a_kink_is_told_with_both_slopes(f: Function, x: float, below: float, above: float) -> None:
    estimate = numerical_gradient(f, x)
    assert estimate.at_kink
    assert estimate.remark.startswith("kink: the slope is ")
    assert (estimate.below, estimate.above) == pytest.approx((below, above), abs=1e-9 * abs(above))
    assert estimate.slope == pytest.approx((below + above) / 2)
    assert estimate.error == pytest.approx((above - below) / 2)


@everyday
@given(DISTANCES, SIDES, st.floats(-3, 3), st.floats(-2, 2).map(lambda exponent: 10**exponent))
def test_a_kink_beside_the_point_gives_no_wrong_slope(distance: float, side: int, x: float, steep: float) -> None:
    kink = x - side * distance
    estimate = numerical_gradient(lambda x: steep * max(0.0, x - kink) + math.sin(x), x)
    slope = math.cos(x) + steep * (x > kink)
    assert estimate.off(slope) <= estimate.error + 1e-6 * (1 + steep)


@given(st.floats(1e-5, 1), SIDES)
def test_a_kink_some_way_off_does_not_matter(distance: float, side: int) -> None:
    estimate = numerical_gradient(relu, side * distance)
    assert settled(estimate)
    assert estimate.slope == pytest.approx(float(side > 0), abs=1e-9)


def test_a_slope_between_those_at_a_kink_is_not_off() -> None:
    at_kink = Estimate(0.5, 0.5, 1.0, 0.0, "kink: the slope is 1 below and 0 above")
    assert [at_kink.off(slope) for slope in (-0.25, 0.0, 0.75, 1.0, 1.5)] == [0.25, 0.0, 0.0, 0.0, 0.5]


def test_no_slope_is_off_by_no_number_even_at_a_kink() -> None:
    assert math.isnan(Estimate(0.5, 0.5, 1.0, 0.0, "kink: the slope is 1 below and 0 above").off(math.nan))


def test_a_kink_too_slight_to_tell_is_in_the_error_bound() -> None:
    estimate = numerical_gradient(lambda x: x + 1e-7 * abs(x), 0.0)
    assert not estimate.remark
    assert estimate.error == pytest.approx(1e-7)


# Edges of the domain


@pytest.mark.parametrize(
    ("f", "x", "missing"),
    [
        (math.sqrt, 0.0, "below"),
        (lambda x: x**2 if x >= 0 else math.nan, 0.0, "below"),
        (lambda x: x**2 if x <= 2 else math.log(-1), 2.0, "above"),
        (math.asin, 1.0, "above"),
        (lambda x: 1 / (x >= 1), 1.0, "below"),
        (lambda x: x**0.5, 0.0, "below"),
    ],
    ids=["steep", "NaN", "ValueError", "asin", "ZeroDivisionError", "complex"],
)
def test_the_edge_of_a_domain_is_told(f: Function, x: float, missing: str) -> None:
    assert numerical_gradient(f, x).remark == f"edge of the domain: nothing is defined {missing}"


def test_probes_outside_the_domain_of_a_function_of_numpy_give_no_warning() -> None:
    assert settled(numerical_gradient(lambda x: np.sqrt(x), 0.01))
    assert all(map(settled, numerical_gradient(lambda w: np.log(w).sum(), {"w": np.array([0.01, 1.0])})["w"]))


def test_a_smooth_function_has_its_one_sided_slope_at_an_edge() -> None:
    estimate = numerical_gradient(lambda x: math.sin(x) if x >= 0 else math.nan, 0.0)
    assert is_honest(estimate, 1.0)
    assert estimate.error < 1e-6
    assert math.isnan(estimate.below)


def test_an_infinite_slope_at_an_edge_is_undecided() -> None:
    assert numerical_gradient(math.sqrt, 0.0).error == math.inf


@everyday
@given(DISTANCES, st.floats(-2, 2))
@pytest.mark.parametrize(("f", "derivative"), [(math.sqrt, lambda d: 0.5 / math.sqrt(d)), (math.log, lambda d: 1 / d)])
def test_an_edge_beside_the_point_gives_no_wrong_slope(
    f: Function, derivative: Function, distance: float, edge: float
) -> None:
    x = edge + distance
    assert is_honest(numerical_gradient(lambda x: f(x - edge), x), derivative(x - edge))


def test_a_domain_that_ends_within_rounding_gives_no_wrong_slope() -> None:
    assert numerical_gradient(lambda x: math.log(x - 1), 1 + 2.0**-50).error == math.inf


def test_a_function_defined_at_one_number_only_has_no_slope() -> None:
    estimate = numerical_gradient(lambda x: 1.0 if x == 2 else math.nan, 2.0)
    assert estimate.remark == "no slope: the function is defined at this number only"
    assert math.isnan(estimate.slope)


@pytest.mark.parametrize(
    "f", [lambda x: float(x >= 0), lambda x: abs(x) ** 0.5, lambda x: x * math.sin(1 / x) if x else 0.0]
)
def test_a_slope_that_does_not_settle_is_told(f: Function) -> None:
    estimate = numerical_gradient(f, 0.0)
    assert estimate.remark == "no slope: it does not settle as the step shrinks"
    assert estimate.error == math.inf


@everyday
@given(DISTANCES, SIDES, st.floats(-2, 2))
def test_a_jump_beside_the_point_gives_no_wrong_slope(distance: float, side: int, x: float) -> None:
    jump = x + side * distance
    assert is_honest(numerical_gradient(lambda x: math.sin(x) + (x > jump), x), math.cos(x))


# What is refused


@pytest.mark.parametrize(("x", "named"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_a_number_that_is_not_finite_is_refused_by_its_name(x: float, named: str) -> None:
    with pytest.raises(ValueError, match=rf"^w\[1\] is {named}: a finite number is wanted$"):
        numerical_gradient(lambda w: w[0], [1.0, x])


@pytest.mark.parametrize("y", [math.nan, math.inf])
def test_a_result_that_is_not_finite_is_refused(y: float) -> None:
    with pytest.raises(ValueError, match=f"^the function is {y} at the point$"):
        numerical_gradient(lambda x: y, 1.0)


def test_a_complex_result_is_refused_as_such() -> None:
    with pytest.raises(ValueError, match=r"^the function is complex, \(.*1j\), at the point$"):
        numerical_gradient(lambda x: x**0.5, -1.0)


@pytest.mark.parametrize("y", [None, "1", [1.0], {}])
def test_a_result_that_is_no_number_is_refused(y: Any) -> None:
    with pytest.raises(TypeError, match=r"^the function is to return one number; it returned "):
        numerical_gradient(lambda x: y, 1.0)


@pytest.mark.parametrize("wrap", [lambda y: y, Value])
def test_a_result_of_several_numbers_is_refused_with_its_shape(wrap: Function) -> None:
    message = r"^the result of the function is to be one number, not an array of shape \(2,\)$"
    with pytest.raises(TypeError, match=message):
        numerical_gradient(lambda x: wrap(np.array([x, x])), 1.0)


def test_a_value_of_several_numbers_is_no_point() -> None:
    with pytest.raises(TypeError, match=r"^x is to be one number, not an array of shape \(2,\)$"):
        numerical_gradient(lambda x: x, Value(np.array([1.0, 2.0])))


def test_a_function_that_gives_two_results_is_refused_with_both() -> None:
    rng = random.Random(1)
    message = r"^the function depends on more than its arguments: two calls gave 0\.\d+ and 0\.\d+$"
    with pytest.raises(ValueError, match=message):
        numerical_gradient(lambda x: x * rng.random(), 1.0)


@pytest.mark.parametrize("error", [KeyError("k"), ZeroDivisionError("z"), TypeError("t"), AssertionError("a")])
def test_an_error_at_the_point_is_told_as_the_functions(error: Exception) -> None:
    def fails(x: float) -> float:
        raise error

    with pytest.raises(ValueError, match=f"^the function raises {type(error).__name__} at the point: ") as caught:
        numerical_gradient(fails, 1.0)
    assert caught.value.__cause__ is error


def test_an_error_beside_the_point_that_no_domain_explains_is_told_with_its_place() -> None:
    def fails(x: float, y: float) -> float:
        if y > 2:
            raise RuntimeError("out of paper")
        return y

    place = r"y = 2\.\d+, beside the point"
    with pytest.raises(ValueError, match=rf"^the function raises RuntimeError at {place}: out of paper$"):
        numerical_gradient(fails, [1.0, 2.0])


def test_a_point_that_is_empty_is_refused() -> None:
    with pytest.raises(ValueError, match="the point is empty"):
        numerical_gradient(lambda *v: 0.0, [])
