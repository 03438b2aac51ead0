"""A point: which argument gets which number, what each is called, and what is refused."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like import Value, hessian
from micrograd_like.points import Point, copied, point_at, require_number, shape_of

Function = Callable[..., Any]

SHAPES = st.recursive(
    st.floats(-9, 9),
    lambda inner: st.lists(inner, min_size=1, max_size=3)
    | st.tuples(inner, inner)
    | st.dictionaries(st.sampled_from("abc"), inner, min_size=1),
    max_leaves=8,
)
"""Numbers in lists, tuples and mappings in each other."""


class Line:
    """A function with a parameter of its own, as a method and as a callable object."""

    def at(self, x: Any, y: Any) -> Any:
        return x - y

    def __call__(self, x: Any) -> Any:
        return 2 * x


def names(f: Function, at: Any) -> list[str]:
    return point_at(f, at).names


def result(f: Function, at: Any) -> Any:
    """Return what the function gives at the point."""
    point = point_at(f, at)
    return point.call(f, point.numbers)


# Which argument gets what


def test_a_number_is_the_argument() -> None:
    assert result(lambda x: x + 1, 2.0) == 3.0


def test_a_sequence_holds_the_arguments_in_order() -> None:
    assert result(lambda x, y: x - y, [3.0, 2.0]) == 1.0
    assert result(lambda x, y: x - y, (3.0, 2.0)) == 1.0


def test_a_mapping_holds_the_arguments_by_name() -> None:
    assert result(lambda x, y: x - y, {"y": 2.0, "x": 3.0}) == 1.0


def test_one_argument_takes_several_numbers_whole() -> None:
    assert result(lambda w: w[0] - w[1], [3.0, 2.0]) == 1.0


def test_one_argument_takes_a_matrix_whole() -> None:
    assert result(lambda w: w[0][1] - w[1][0], [[1.0, 5.0], [3.0, 4.0]]) == 2.0
    assert result(lambda w: w[0][1] - w[0][0], [[1.0, 5.0]]) == 4.0


def test_one_argument_takes_an_array_whole_as_an_array() -> None:
    assert result(lambda w: w.T[1, 0] - w.sum(), np.array([[1.0, 5.0], [3.0, 4.0]])) == -8.0


def test_a_sequence_of_one_number_is_the_argument() -> None:
    assert result(lambda x: x + 1, [2.0]) == 3.0


def test_one_array_or_one_mapping_in_a_list_is_one_argument() -> None:
    assert result(lambda w: w.sum(), [np.array([1.0, 5.0])]) == 6.0
    assert result(lambda w: w.T[1, 0], (np.array([[1.0, 5.0]]),)) == 5.0
    assert result(lambda p: p["a"] + 1, [{"a": 2.0}]) == 3.0


def test_one_list_in_a_list_is_a_row_unless_others_have_defaults() -> None:
    assert result(lambda w: w[0][1], [[1.0, 5.0]]) == 5.0
    assert result(lambda w: w[0][1], [(1.0, 5.0)]) == 5.0
    assert result(lambda w: w[0, 1], np.array([[1.0, 5.0]])) == 5.0
    assert result(lambda w, scale=10: w[1] * scale, [[1.0, 5.0]]) == 50.0


def test_several_arrays_in_a_list_are_several_arguments() -> None:
    assert result(lambda w, x: (w @ x).sum(), [np.array([1.0, 5.0]), np.array([2.0, 3.0])]) == 17.0


def test_arguments_may_be_sequences_and_mappings_themselves() -> None:
    assert result(lambda p, q: p["w"][1] - q[0], {"p": {"w": [1.0, 5.0]}, "q": (2.0,)}) == 3.0


def test_arguments_with_defaults_may_be_left_out_or_given() -> None:
    assert result(lambda x, scale=10: x * scale, [2.0]) == 20.0
    assert result(lambda x, scale=10: x * scale, [2.0, 3.0]) == 6.0


def test_arguments_that_are_taken_by_name_only_are_given_by_name() -> None:
    assert result(lambda *, x, y: x - y, {"x": 3.0, "y": 2.0}) == 1.0
    assert result(lambda **named: named["x"] - named["y"], {"x": 3.0, "y": 2.0}) == 1.0


@pytest.mark.parametrize(
    ("f", "at", "y"),
    [
        (lambda *v: sum(v), [1.0, 2.0, 3.0], 6.0),
        (Line().at, [3.0, 2.0], 1.0),
        (Line(), 3.0, 6.0),
        (functools.partial(lambda k, x: k * x, 2), 3.0, 6.0),
        (math.hypot, [3.0, 4.0], 5.0),
        (max, [3.0, 4.0], 4.0),
        (float, 3.0, 3.0),
    ],
    ids=["any number", "method", "object", "partial", "builtin", "builtin that does not say", "class"],
)
def test_any_callable_is_a_function(f: Function, at: Any, y: float) -> None:
    assert result(f, at) == y


@given(SHAPES)
def test_what_is_shaped_has_the_shape_and_the_types_of_the_point(at: Any) -> None:
    point = Point(lambda x: 0.0, at, spread=False)
    assert repr(point.shaped(point.numbers)) == repr(at)


def test_an_array_of_other_things_than_floats_is_shaped_as_one_of_objects() -> None:
    shaped = point_at(lambda w: 0.0, np.array([[1.0, 2.0]])).shaped([Value(1.0), (1, 2)])
    assert shaped.shape == (1, 2)
    assert shaped[0, 1] == (1, 2)


def test_arrays_in_an_array_are_shaped_as_one_array() -> None:
    point = point_at(lambda w: 0.0, np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    shaped = point.shaped([np.full((4, 5), float(i)) for i in range(6)])
    assert shaped.shape == (2, 3, 4, 5)
    assert shaped.dtype == float
    assert shaped[1, 0].tolist() == [[3.0] * 5] * 4


def test_the_hessian_by_an_array_is_an_array() -> None:
    found = hessian(lambda w: w[0] * w[1] ** 2, np.array([1.0, 2.0]))
    assert found.shape == (2, 2)
    assert found.tolist() == [[0.0, 4.0], [4.0, 2.0]]
    assert hessian(lambda w: (w * w).sum(), np.ones((2, 3))).shape == (2, 3, 2, 3)


def test_a_copy_is_the_same_in_other_lists_and_arrays() -> None:
    v = Value(2.0)
    at = {"a": [1.0, (2.0, [v])], "b": np.array([1.0, 2.0]), "c": "mean", "d": len}
    made = copied(at)
    made["a"][0] = 9.0
    made["a"][1][1].append(3.0)
    made["b"][0] = 9.0
    assert at["a"] == [1.0, (2.0, [v])]
    assert at["b"].tolist() == [1.0, 2.0]
    assert made["a"][1][1][0] is v
    assert (made["c"], made["d"]) == ("mean", len)
    assert type(made["a"][1]) is tuple


def test_a_function_that_changes_its_argument_leaves_the_point_as_it_was() -> None:
    at = [1.0, 2.0]
    assert result(lambda w: w.pop(), at) == 2.0
    assert at == [1.0, 2.0]


# What numbers are called, and which


def test_numbers_are_called_by_the_arguments() -> None:
    assert names(lambda w, x: 0, [1.0, 2.0]) == ["w", "x"]
    assert names(lambda w: 0, 1.0) == ["w"]


def test_numbers_inside_an_argument_are_called_by_their_place() -> None:
    at = {"w": [[1.0], [2.0, 3.0]], "p": {"b": 4.0}, "X": np.array([[5.0, 6.0]])}
    assert names(lambda **named: 0, at) == ["w[0][0]", "w[1][0]", "w[1][1]", "p.b", "X[0, 0]", "X[0, 1]"]


def test_arguments_without_names_are_called_by_their_order() -> None:
    assert names(lambda *v: 0, [1.0, [2.0]]) == ["[0]", "[1][0]"]
    assert names(max, [1.0, 2.0]) == ["[0]", "[1]"]


@pytest.mark.parametrize("x", [3, True, Fraction(3, 2), np.float32(1.5), np.int64(2), np.array(2.0)])
def test_any_real_number_will_do(x: Any) -> None:
    assert float(point_at(lambda x: x, x).numbers[0]) == float(x)


def test_a_value_stays_a_value() -> None:
    v = Value(2.0)
    assert point_at(lambda x: x, [v]).numbers == [v]


# What is refused


@pytest.mark.parametrize("at", [[], {}, (), np.array([]), [[], []], {"x": []}])
def test_an_empty_point_is_refused(at: Any) -> None:
    with pytest.raises(ValueError, match=r"^the point is empty: there is no number to differentiate by$"):
        point_at(lambda x=1.0: x, at)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("abc", "x: a real number is wanted, not str"),
        (None, "x: a real number is wanted, not NoneType"),
        (1j, "x: a real number is wanted, not complex"),
        ([[1.0, "2"]], r"x\[0\]\[1\]: a real number is wanted, not str"),
        ({"x": {"b": {1.0}}}, r"x\.b: a real number is wanted, not set"),
    ],
)
def test_what_is_no_number_is_refused_by_its_name(at: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}$"):
        point_at(lambda x: 0.0, at)


def test_an_integer_that_no_float_holds_is_refused_by_its_name() -> None:
    with pytest.raises(OverflowError, match=r"^x: the integer is too large for a float$"):
        point_at(lambda x: x, 10**400)


@pytest.mark.parametrize(
    ("f", "at", "reason"),
    [
        (lambda x: x, {"z": 1.0}, r"takes \(x\), which the point does not fit: missing a required argument: 'x'"),
        (lambda x, y: x, [1.0], r"takes \(x, y\), .*: missing a required argument: 'y'"),
        (lambda x, y: x, [1.0, 2.0, 3.0], r"takes \(x, y\), .*: too many positional arguments"),
        (lambda x, y=0: x, {"x": 1.0, "z": 2.0}, r"takes \(x, y=0\), .*: got an unexpected keyword argument 'z'"),
        (lambda *, x: x, [1.0], r"takes \(\*, x\), .*: too many positional arguments"),
        (lambda x: x, {1: 1.0}, r"takes \(x\), .*: keywords must be strings"),
    ],
)
def test_a_point_that_does_not_fit_the_arguments_is_refused_with_both(f: Function, at: Any, reason: str) -> None:
    with pytest.raises(TypeError, match=f"^the function {reason}$"):
        point_at(f, at)


@pytest.mark.parametrize(
    ("y", "described"),
    [
        (None, "None"),
        ("1", "'1'"),
        ([1.0], r"\[1\.0\]"),
        (np.array([object()]), r"an array of shape \(1,\)"),
        ("z" * 99, f"'{'z' * 59}"),
    ],
)
def test_a_result_that_is_no_number_is_described(y: Any, described: str) -> None:
    with pytest.raises(TypeError, match=f"^the function is to return one number; it returned {described}$"):
        require_number(y)


def test_a_result_that_no_float_holds_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the function returned an integer too large for a float$"):
        require_number(10**400)


# Shapes


@pytest.mark.parametrize(
    ("x", "shape"),
    [
        (2.0, ()),
        ([1.0, 2.0], (2,)),
        ([], (0,)),
        (([1.0, 2.0, 3.0], (4.0, 5.0, 6.0)), (2, 3)),
        (np.zeros((2, 3, 4)), (2, 3, 4)),
        ([np.zeros(3), np.zeros(3)], (2, 3)),
        ([[1.0], [2.0, 3.0]], [(1,), (2,)]),
        ({"a": 1.0, "b": [1.0]}, {"a": (), "b": (1,)}),
        ([{"a": 1.0}], [{"a": ()}]),
    ],
)
def test_a_shape_is_that_of_arrays_or_one_of_shapes(x: Any, shape: Any) -> None:
    assert shape_of(x) == shape
