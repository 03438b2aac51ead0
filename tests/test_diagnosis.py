"""The diagnosis of a wrong formula: the kind of mistake that was made, and none where no simple one explains it all."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from micrograd_like import (
    Value,
    check_formula,
    dot,
    log_softmax,
    relu,
    sigmoid,
    sin,
    softmax,
    softplus,
    sqrt,
    tanh,
    total,
)
from micrograd_like.reports import Report

Function = Callable[..., Any]
Draw = Callable[[random.Random], dict[str, Any]]

NONE = "no simple diagnosis"

seldom = settings(deadline=None, max_examples=40)


def loss(w: Any, x: Any) -> Any:
    return (w * x) ** 2 + sin(w)


def gradient(w: float, x: float) -> float:
    return 2 * w * x * x + math.cos(w)


def pair(rng: random.Random) -> dict[str, Any]:
    return {"w": rng.gauss(0, 1), "x": rng.gauss(0, 1)}


def diagnosis(claimed: Function, loss: Function, wrt: Any, draw: Draw, trials: int = 20) -> str:
    """Return the diagnosis of a formula that does not hold."""
    report: Report = check_formula(claimed, loss, wrt, draw=draw, trials=trials)
    assert not report.holds
    return report.diagnosis


def of_gradient(change: Function, draw: Draw = pair, trials: int = 20) -> str:
    """Return the diagnosis of the gradient with a change."""
    return diagnosis(lambda w, x: change(gradient(w, x), w, x), loss, "w", draw, trials)


# By a constant factor


def test_a_wrong_sign_is_told() -> None:
    assert of_gradient(lambda g, w, x: -g) == "the sign is wrong"


@pytest.mark.parametrize(
    ("factor", "told"),
    [(2, "2"), (0.5, "1/2"), (-2, "-2"), (-0.5, "-1/2"), (2 / 3, "2/3"), (1e6, "1000000"), (1e-6, "1e-06")],
)
def test_a_simple_factor_is_told_as_a_fraction(factor: float, told: str) -> None:
    assert of_gradient(lambda g, w, x: factor * g) == f"it is {told} times the gradient"


def test_another_factor_is_told_with_its_digits() -> None:
    assert of_gradient(lambda g, w, x: math.pi * g) == "it is 3.1415927 times the gradient"


@seldom
@given(st.fractions(-20, 20, max_denominator=30).filter(lambda k: k not in (1, -1, 0)))
def test_the_gradient_times_k_is_told_as_k(k: Fraction) -> None:
    assert of_gradient(lambda g, w, x: float(k) * g, trials=3) == f"it is {k} times the gradient"


@seldom
@given(st.floats(-1e6, 1e6).filter(lambda k: abs(k) > 1e-3 and abs(k - 1) > 1e-4 and abs(k + 1) > 1e-4))
def test_the_gradient_times_any_number_is_told_as_this_number(k: float) -> None:
    told = of_gradient(lambda g, w, x: k * g, trials=3)
    number = told.removeprefix("it is ").removesuffix(" times the gradient")
    assert float(Fraction(number)) == pytest.approx(k, rel=2e-7)


def test_zero_is_told() -> None:
    assert of_gradient(lambda g, w, x: 0 * g) == "it is 0 everywhere"


def test_a_gradient_that_is_right_but_for_its_last_digits_is_not_told_as_a_factor_of_one() -> None:
    assert of_gradient(lambda g, w, x: g * (1 + 1e-8)) == NONE
    assert of_gradient(lambda g, w, x: g * (1 + 1e-6)) == "it is 1.000001 times the gradient"


def test_one_number_alone_tells_a_simple_factor_only() -> None:
    assert of_gradient(lambda g, w, x: 2 * g, trials=1) == "it is 2 times the gradient at the only number tried"
    assert of_gradient(lambda g, w, x: math.pi * g, trials=1) == NONE
    assert of_gradient(lambda g, w, x: -g, trials=1) == "the sign is wrong"
    assert of_gradient(lambda g, w, x: 0 * g, trials=1) == "it is 0 everywhere"


def test_numbers_without_a_gradient_do_not_count_beside_the_only_one() -> None:
    at = {"w": [1.5, 2.5]}
    found = check_formula(lambda w: [4 * w[0], 0.0], lambda w: w[0] ** 2 + 0 * w[1], "w", at).diagnosis
    assert found == "it is 2 times the gradient at the only number tried"
    found = check_formula(lambda w: [4 * w[0], 4 * w[1]], lambda w: w[0] ** 2 + w[1] ** 2, "w", at).diagnosis
    assert found == "it is 2 times the gradient; 2 is the length of w"


@pytest.mark.parametrize(
    ("factor", "told"),
    [
        (-1.004, "it is -1.004 times the gradient"),
        (-1.01, "it is -101/100 times the gradient"),
        (-1.000001, "it is -1.000001 times the gradient"),
        (1.004, "it is 1.004 times the gradient"),
        (-1, "the sign is wrong"),
    ],
)
def test_only_minus_one_is_a_wrong_sign(factor: float, told: str) -> None:
    assert of_gradient(lambda g, w, x: factor * g) == told


def test_a_factor_is_not_told_if_one_point_does_not_fit() -> None:
    assert of_gradient(lambda g, w, x: 2 * g * (1.001 if 0.9 < w < 1.0 else 1)) == NONE


def test_points_without_a_gradient_do_not_hide_a_factor() -> None:
    def halves(rng: random.Random) -> dict[str, Any]:
        return {"w": rng.gauss(0, 1), "x": rng.choice([0.0, 1.0])}

    assert diagnosis(lambda w, x: -2 * w * x, lambda w, x: w * w * x, "w", halves) == "the sign is wrong"


def test_a_claim_where_the_gradient_is_zero_everywhere_has_no_diagnosis() -> None:
    assert diagnosis(lambda w, x: 1.0, lambda w, x: x + 0 * w, "w", pair) == NONE


# By a size


def samples(low: int, high: int) -> Draw:
    """Return a function that draws between `low` and `high` samples."""

    def draw(rng: random.Random) -> dict[str, Any]:
        n = rng.randint(low, high)
        return {
            "w": rng.gauss(0, 1),
            "x": [rng.gauss(0, 1) for _ in range(n)],
            "y": [rng.gauss(0, 1) for _ in range(n)],
        }

    return draw


def mean(w: Any, x: Any, y: Any) -> Any:
    return total([(w * a - b) ** 2 for a, b in zip(x, y, strict=True)]) / len(x)


def of_mean(w: float, x: list[float], y: list[float]) -> float:
    return sum(2 * (w * a - b) * a for a, b in zip(x, y, strict=True)) / len(x)


@pytest.mark.parametrize("low", [1, 2])
@pytest.mark.parametrize(
    ("told", "factor"),
    [
        ("N", lambda n: n),
        ("1/N", lambda n: 1 / n),
        ("-N", lambda n: -n),
        ("-1/N", lambda n: -1 / n),
        ("N/2", lambda n: n / 2),
        ("2/N", lambda n: 2 / n),
        ("-N/2", lambda n: -n / 2),
        ("-2/N", lambda n: -2 / n),
        ("N²", lambda n: n**2),
        ("1/N²", lambda n: 1 / n**2),
        ("-N²", lambda n: -(n**2)),
        ("-1/N²", lambda n: -1 / n**2),
    ],
)
def test_a_factor_by_the_number_of_samples_is_told(told: str, factor: Function, low: int) -> None:
    expected = f"it is {told} times the gradient, where N is the length of x, y"
    assert diagnosis(lambda w, x, y: factor(len(x)) * of_mean(w, x, y), mean, "w", samples(low, 6)) == expected


@pytest.mark.parametrize(
    ("n", "factor", "told"),
    [
        (5, 5, "5 times the gradient; 5 is the length of x, y"),
        (5, -5, "-5 times the gradient; 5 is the length of x, y"),
        (5, 1 / 5, "1/5 times the gradient; 5 is the length of x, y"),
        (5, -1 / 5, "-1/5 times the gradient; 5 is the length of x, y"),
        (5, 2, "2 times the gradient"),
        (1, 2, "2 times the gradient"),
        (2, 2, "2 times the gradient; 2 is the length of x, y"),
        (5, 2 / 5, "2/5 times the gradient"),
        (5, 5 / 2, "5/2 times the gradient"),
        (5, 5 / 4, "5/4 times the gradient"),
        (5, 25, "25 times the gradient"),
    ],
)
def test_a_factor_that_is_a_size_too_is_told_with_it(n: int, factor: float, told: str) -> None:
    found = diagnosis(lambda w, x, y: factor * of_mean(w, x, y), mean, "w", samples(n, n))
    assert found == f"it is {told}"


def test_a_factor_that_is_a_size_at_one_point_only_is_not_told_by_n() -> None:
    found = diagnosis(lambda w, x, y: 5 * of_mean(w, x, y), mean, "w", samples(2, 6))
    assert found.startswith("it is 5 times the gradient")
    assert "N" not in found


def test_a_size_to_another_power_is_not_told() -> None:
    assert diagnosis(lambda w, x, y: len(x) ** 3 * of_mean(w, x, y), mean, "w", samples(2, 6)) == NONE


@pytest.mark.parametrize(("axis", "told"), [(0, "the number of rows of x"), (1, "the number of columns of x")])
def test_a_factor_by_rows_or_columns_is_told(axis: int, told: str) -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        rows, columns = rng.randint(2, 4), rng.randint(5, 8)
        return {"w": rng.gauss(0, 1), "x": np.array([[rng.gauss(0, 1) for _ in range(columns)] for _ in range(rows)])}

    found = diagnosis(lambda w, x: x.shape[axis] * 2 * w * x.sum(), lambda w, x: w * w * x.sum(), "w", draw)
    assert found == f"it is N times the gradient, where N is {told}"


def table(rows: int, columns: int, rng: random.Random) -> Any:
    return np.array([[rng.gauss(0, 1) for _ in range(columns)] for _ in range(rows)])


def of_tables(w: Any, X: Any, Y: Any) -> Any:  # noqa: N803
    return w * w * (X.sum() + Y.sum())


def test_all_arguments_of_a_size_are_told_together() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        n = rng.randint(2, 6)
        return {"w": rng.gauss(0, 1), "X": table(n, 3, rng), "Y": table(n, 1, rng)}

    found = diagnosis(lambda w, X, Y: 2 * w * (X.sum() + Y.sum()) / len(X), of_tables, "w", draw)  # noqa: N803
    assert found == "it is 1/N times the gradient, where N is the number of rows of X, Y"


def test_rows_and_columns_of_the_same_size_are_both_told() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        return {"w": rng.gauss(0, 1), "X": table(4, 3, rng), "Y": table(2, 4, rng)}

    found = diagnosis(lambda w, X, Y: 2 * w * (X.sum() + Y.sum()) / 4, of_tables, "w", draw)  # noqa: N803
    assert found == "it is 1/4 times the gradient; 4 is the number of rows of X and the number of columns of Y"


# Transposed


def matrices(rng: random.Random, n: int = 2) -> dict[str, Any]:
    a, w = (np.array([[rng.gauss(0, 1) for _ in range(n)] for _ in range(n)]) for _ in range(2))
    return {"w": w, "a": a}


def of_matrix(w: Any, a: Any) -> Any:
    return (w * w * a).sum()


def test_a_transposed_gradient_is_told() -> None:
    assert diagnosis(lambda w, a: (2 * w * a).T, of_matrix, "w", matrices) == "it is transposed"
    assert diagnosis(lambda w, a: (2 * w * a).T.tolist(), of_matrix, "w", matrices) == "it is transposed"


def test_a_transposed_gradient_with_another_fault_is_not_told() -> None:
    assert diagnosis(lambda w, a: -(2 * w * a).T, of_matrix, "w", matrices) == NONE
    assert diagnosis(lambda w, a: (2 * w * a).T + (w[0, 0] > 1), of_matrix, "w", matrices) == NONE


def test_a_number_is_not_told_as_transposed() -> None:
    assert of_gradient(lambda g, w, x: g + 1) == NONE
    one = diagnosis(lambda w, a: 2 * w * a + 1, of_matrix, "w", lambda rng: matrices(rng, 1))
    assert one == NONE


def test_symmetric_gradients_have_other_diagnoses() -> None:
    def symmetric(rng: random.Random) -> dict[str, Any]:
        at = matrices(rng)
        return {name: x + x.T for name, x in at.items()}

    assert diagnosis(lambda w, a: -(2 * w * a).T, of_matrix, "w", symmetric) == "the sign is wrong"


def test_names_of_a_mapping_and_rows_of_different_lengths_are_no_matrix() -> None:
    def named(rng: random.Random) -> dict[str, Any]:
        return {"p": {"a": rng.gauss(0, 1), "b": rng.gauss(0, 1)}}

    def of_named(p: Any) -> Any:
        return p["a"] ** 2 * p["b"]

    assert diagnosis(lambda p: {"a": p["a"] ** 2, "b": 2 * p["a"] * p["b"]}, of_named, "p", named) == NONE
    ragged = {"w": [[1.0], [2.0, 3.0]]}
    report = check_formula(lambda w: [[3.0], [1.0, 1.0]], lambda w: w[0][0] * w[1][0] * w[1][1], "w", ragged)
    assert report.diagnosis == NONE


# Right for a choice only


def with_choice(rng: random.Random) -> dict[str, Any]:
    return {"w": rng.gauss(0, 1), "activation": rng.choice([tanh, sigmoid])}


def test_a_formula_that_is_right_for_one_activation_is_told_with_both() -> None:
    def as_for_tanh(w: float, activation: Function) -> Any:
        return 1 - activation(w) ** 2

    found = diagnosis(as_for_tanh, lambda w, activation: activation(w), "w", with_choice)
    assert found == "right where activation is tanh, wrong where it is sigmoid"


def test_a_choice_may_be_a_word() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        return {"w": rng.gauss(0, 1), "power": rng.choice(["two", "three", "four"])}

    def of_power(w: Any, power: str) -> Any:
        return w ** {"two": 2, "three": 3, "four": 4}[power]

    found = diagnosis(lambda w, power: 3 * w**2 if power == "three" else 2 * w, of_power, "w", draw)
    assert found == "right where power is three or two, wrong where it is four"


def test_a_choice_for_which_the_gradient_is_zero_is_not_told_as_right() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        activation = rng.choice([relu, tanh])
        return {"w": -rng.random() if activation is relu else rng.gauss(0, 1), "activation": activation}

    def negated(w: float, activation: Function) -> float:
        return -float(w > 0) if activation is relu else activation(w) ** 2 - 1

    assert diagnosis(negated, lambda w, activation: activation(w), "w", draw) == "the sign is wrong"


def test_a_choice_that_explains_some_points_only_is_not_told() -> None:
    def claimed(w: float, activation: Function) -> float:
        return float(1 - activation(w) ** 2) + (activation is tanh and w > 1)

    assert diagnosis(claimed, lambda w, activation: activation(w), "w", with_choice, 60) == NONE


def test_a_choice_that_is_always_the_same_explains_nothing() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        return {"w": rng.gauss(0, 1), "mode": "sum"}

    assert diagnosis(lambda w, mode: 3 * w, lambda w, mode: w * w, "w", draw) == "it is 3/2 times the gradient"


def test_choices_without_a_name_are_told_as_they_print() -> None:
    class Power:
        def __init__(self, n: int) -> None:
            self.n = n

        def __call__(self, w: Any) -> Any:
            return w**self.n

        def __str__(self) -> str:
            return f"power {self.n}"

    powers = [Power(2), Power(3)]
    found = diagnosis(
        lambda w, f: 2 * w, lambda w, f: f(w), "w", lambda rng: {"w": rng.gauss(0, 1), "f": rng.choice(powers)}
    )
    assert found == "right where f is power 2, wrong where it is power 3"


# Kinks


def at_kinks(rng: random.Random) -> dict[str, Any]:
    return {"w": rng.choice([-1.0, 0.0, 2.0])}


def test_a_formula_that_is_wrong_only_at_kinks_is_told() -> None:
    found = diagnosis(lambda w: math.copysign(1, w) if w else 5.0, lambda w: abs(w), "w", at_kinks)
    assert found == "right except at kinks"


def test_a_formula_that_is_wrong_elsewhere_too_is_not_told_as_right_except_at_kinks() -> None:
    assert diagnosis(lambda w: 5.0, lambda w: abs(w), "w", at_kinks) == NONE
    assert diagnosis(lambda w: 5.0, lambda w: abs(w), "w", lambda rng: {"w": 0.0}) == NONE


def test_a_factor_is_told_whichever_slope_is_claimed_at_a_kink() -> None:
    for at_kink in (0.0, -1.0, -2.0):
        found = diagnosis(lambda w, c=at_kink: -2.0 * (w > 0) if w else c, lambda w: relu(w), "w", at_kinks)
        assert found == "it is -2 times the gradient"


# Right only where a variable is 0 or 1


def logistic(z: Any, y: Any) -> Any:
    return softplus(z) - z * y


def labels(*choices: float) -> Draw:
    return lambda rng: {"z": rng.gauss(0, 1), "y": rng.choice(choices)}


@pytest.mark.parametrize(
    ("claimed", "told"),
    [
        (lambda z, y: sigmoid(z), "0"),
        (lambda z, y: sigmoid(z) - 1, "1"),
        (lambda z, y: sigmoid(z) - y * y, "0 or 1"),
    ],
)
def test_a_formula_that_is_right_only_for_some_labels_is_told(claimed: Function, told: str) -> None:
    assert diagnosis(claimed, logistic, "z", labels(0, 0.25, 1)) == f"right only where y is {told}"
    assert diagnosis(claimed, logistic, "z", labels(False, True, 0.5)) == f"right only where y is {told}"


def test_a_formula_that_is_right_only_where_its_own_variable_is_one_is_told() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        return {"w": rng.choice([1, 2.5, 3]), "x": rng.gauss(0, 1)}

    found = diagnosis(lambda w, x: 2 * x, lambda w, x: w * w * x, "w", draw)
    assert found == "right only where w is 1"


def test_the_label_of_each_place_counts_in_a_vector() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        true = rng.randrange(3)
        return {"z": [rng.gauss(0, 1) for _ in range(3)], "y": [float(i == true) for i in range(3)]}

    found = diagnosis(lambda z, y: [p - 1 for p in softmax(z)], lambda z, y: -dot(y, log_softmax(z)), "z", draw)
    assert found == "right only where y is 1"


def test_a_label_at_which_some_claims_are_wrong_is_not_told() -> None:
    assert diagnosis(lambda z, y: sigmoid(z) - 1 + (z > 1), logistic, "z", labels(0, 1), 60) == NONE


def linear(w: Any, x: Any) -> Any:
    return w * x


def drawn_from(*choices: float) -> Draw:
    return lambda rng: {"w": rng.gauss(0, 1), "x": rng.choice(choices)}


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ((0, 1, 2, 3), "right only where x is 0 or 1"),
        ((1, 2, 3), "right only where x is 1"),
        ((0, 2, 3), NONE),
    ],
)
def test_the_numbers_at_which_a_formula_is_right_are_all_told(choices: tuple[float, ...], told: str) -> None:
    assert diagnosis(lambda w, x: x, lambda w, x: w * x * x, "w", drawn_from(*choices)) == told


@pytest.mark.parametrize(
    ("claimed", "choices", "told"),
    [
        (lambda w, x: -x * x, (-1, 2, 3), "-1"),
        (lambda w, x: -x * x, (-1, 0, 2, 3), "-1 or 0"),
        (lambda w, x: 1 / x, (-1, 1, 2), "-1 or 1"),
        (lambda w, x: x**3, (-1, 0, 1, 2), "-1 or 0 or 1"),
        (lambda w, x: x**3, (-1, 2), "-1"),
    ],
)
def test_minus_one_counts_as_well(claimed: Function, choices: tuple[float, ...], told: str) -> None:
    assert diagnosis(claimed, linear, "w", drawn_from(*choices)) == f"right only where x is {told}"


def test_a_formula_that_is_right_at_another_number_too_is_not_told_as_right_only_there() -> None:
    assert diagnosis(lambda w, x: x if x in (1, 2) else x + 1, linear, "w", drawn_from(1, 2, 3)) == NONE


def test_a_variable_at_which_the_gradient_is_zero_anyway_is_not_told() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        return {"w": rng.gauss(0, 1), "x": rng.choice([0, 2])}

    assert diagnosis(lambda w, x: (w + 1) * x, lambda w, x: w**3 * x, "w", draw) == NONE


# Several variables


def parabola(w: Any, b: Any) -> Any:
    return w * w + b * b * b


def two(rng: random.Random) -> dict[str, Any]:
    return {"w": rng.gauss(0, 1), "b": rng.gauss(0, 1)}


@pytest.mark.parametrize(
    ("claimed", "told"),
    [
        (lambda w, b: (-2 * w, 3 * b * b), "w: the sign is wrong; b: right"),
        (lambda w, b: (2 * w, 6 * b * b), "w: right; b: it is 2 times the gradient"),
        (lambda w, b: (-2 * w, 6 * b * b), "w: the sign is wrong; b: it is 2 times the gradient"),
        (lambda w, b: (-2 * w, 3 * b), f"w: the sign is wrong; b: {NONE}"),
        (lambda w, b: (w + 1, 3 * b), NONE),
        (lambda w, b: (-2 * w, -3 * b * b), "the sign is wrong"),
    ],
)
def test_each_variable_has_its_diagnosis_where_none_explains_all(claimed: Function, told: str) -> None:
    assert diagnosis(claimed, parabola, ["w", "b"], two) == told


# No number at all


def test_claims_that_are_not_finite_are_counted() -> None:
    def of_two(w: Any) -> Any:
        return w[0] ** 2 + w[1] ** 2

    at = {"w": [1.0, 2.0]}
    for claim in (math.nan, math.inf, -math.inf):
        report = check_formula(lambda w, claim=claim: [claim, 2 * w[1]], of_two, "w", at)
        assert report.diagnosis == f"it is {claim} in 1 of 2 derivatives"
    both = check_formula(lambda w: [math.nan, math.inf], of_two, "w", at)
    assert both.diagnosis == "it is inf or nan in 2 of 2 derivatives"
    assert of_gradient(lambda g, w, x: math.nan) == "it is nan in 20 of 20 derivatives"


def test_an_infinite_gradient_that_is_right_is_no_mistake() -> None:
    def loss(x: Any, y: Any) -> Any:
        return sqrt(x) + y * y

    report = check_formula(lambda x, y: (math.inf, -2 * y), loss, ["x", "y"], {"x": 0.0, "y": 1.5})
    assert report.diagnosis == "x: right; y: the sign is wrong"


# No simple diagnosis


@seldom
@given(
    st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0]),
    st.floats(0.01, 10),
    st.sampled_from([
        lambda w, x: w, lambda w, x: x, lambda w, x: 1.0, lambda w, x: w * x, lambda w, x: math.sin(w),
        lambda w, x: x * x * w, lambda w, x: math.tanh(x) * w, lambda w, x: w**3,
    ]),
    st.integers(0, 99),
)  # fmt: skip
def test_a_mistake_of_another_kind_has_no_diagnosis(factor: float, size: float, term: Function, seed: int) -> None:
    def claimed(w: float, x: float) -> float:
        return factor * gradient(w, x) + size * term(w, x)

    report = check_formula(claimed, loss, "w", draw=pair, trials=5, seed=seed)
    assert not report.holds
    assert report.diagnosis == NONE


@seldom
@given(st.integers(0, 99), st.integers(0, 19))
def test_one_wrong_point_among_right_ones_has_no_diagnosis(seed: int, wrong: int) -> None:
    points = [pair(random.Random(seed + i)) for i in range(20)]
    drawn = iter(points)

    def claimed(w: float, x: float) -> float:
        return gradient(w, x) * (2 if w == points[wrong]["w"] else 1)

    assume(abs(gradient(**points[wrong])) > 1e-6)
    report = check_formula(claimed, loss, "w", draw=lambda rng: next(drawn))
    assert not report.holds
    assert report.diagnosis == NONE
    assert report.entries[0].point == wrong + 1


def test_two_variables_swapped_have_no_diagnosis() -> None:
    found = diagnosis(lambda w, x: (2 * w * w * x, 2 * w * x * x), lambda w, x: (w * x) ** 2, ["w", "x"], pair)
    assert found == NONE


def test_a_value_as_an_argument_is_read_as_its_number() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        return {"z": rng.gauss(0, 1), "y": Value(rng.choice([0, 1]))}

    assert diagnosis(lambda z, y: sigmoid(z) - 1, logistic, "z", draw) == "right only where y is 1"
