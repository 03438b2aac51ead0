"""What a Value records, how backward treats it, and what is refused."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import micrograd_like
from micrograd_like import Value, dot, exp, log, log1p, maximum, minimum, relu, sin, sqrt, total, where
from micrograd_like.engine import topological_order

Function = Callable[..., Any]

BINARY_OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


def gradients(function: Function, *point: Any) -> list[Any]:
    """Return the derivatives of `function` by each number of `point`."""
    leaves = [Value(x) for x in point]
    function(*leaves).backward()
    return [leaf.grad for leaf in leaves]


class Fragile(Fraction):
    """A number whose product is, once it `breaks`, an interruption by the user."""

    breaks = False

    def __rmul__(self, other: Any) -> Any:
        if self.breaks:
            raise KeyboardInterrupt
        return super().__rmul__(other)


# A Value and its record


def test_a_value_holds_its_data() -> None:
    assert Value(2.5).data == 2.5


def test_a_value_has_the_gradient_zero_and_no_label_at_first() -> None:
    v = Value(2.5)
    assert (v.grad, v.label) == (0, "")


def test_a_value_holds_its_label() -> None:
    assert Value(1, label="x").label == "x"


def test_a_leaf_was_made_of_nothing() -> None:
    v = Value(1)
    assert (v.operation, v.operands, v.local_derivatives) == ("", (), ())


def test_a_result_knows_its_operation_operands_and_local_derivatives() -> None:
    a, b = Value(3.0), Value(4.0)
    y = a * b
    assert (y.operation, y.operands, y.local_derivatives) == ("*", (a, b), (4.0, 3.0))


def test_plain_numbers_are_among_the_operands_without_a_derivative() -> None:
    a = Value(3.0)
    y = 6 - a
    assert (y.operands, y.local_derivatives) == ((6.0, a), (None, -1))


@pytest.mark.parametrize(
    ("result", "operation"),
    [
        (lambda v: v + 1, "+"),
        (lambda v: 1 + v, "+"),
        (lambda v: v - 1, "-"),
        (lambda v: -v, "-"),
        (lambda v: v * 2, "*"),
        (lambda v: v / 2, "/"),
        (lambda v: v**2, "**"),
        (lambda v: 2**v, "**"),
        (abs, "abs"),
        (exp, "exp"),
        (lambda v: maximum(v, 1), "maximum"),
        (lambda v: where(v < 1, v, 1), "where"),
        (lambda v: dot([v], [1]), "dot"),
        (lambda v: total([v]), "total"),
    ],
)
def test_an_operation_has_the_sign_or_name_that_one_writes(result: Function, operation: str) -> None:
    assert result(Value(0.5)).operation == operation


def test_the_operands_of_dot_are_weights_bias_and_inputs() -> None:
    w, x, b = Value(2.0), Value(3.0), Value(5.0)
    y = dot([w], [x], b)
    assert (y.operands, y.local_derivatives) == ((w, b, x), (3.0, 1, 2.0))


def test_the_plain_inputs_of_dot_are_operands_without_a_derivative() -> None:
    w = Value(2.0)
    y = dot([w], [3.0])
    assert (y.operands, y.local_derivatives) == ((w, 3.0), (3.0, None))


def test_programs_for_micrograd_find_its_names_of_the_record() -> None:
    a = Value(2.0)
    y = a * 3
    assert (y._op, {v.data for v in y._prev}, a in y._prev) == ("*", {2.0, 3.0}, True)


def test_repr_shows_label_data_and_gradient() -> None:
    assert repr(Value(2, "x")) == "Value(data=2.0, grad=0, label='x')"


def test_repr_without_a_label_shows_data_and_gradient() -> None:
    assert repr(Value(2)) == "Value(data=2.0, grad=0)"


def test_float_of_a_value_is_its_number() -> None:
    assert type(float(Value(2))) is float and float(Value(2)) == 2.0


def test_format_with_a_specification_formats_the_number() -> None:
    assert f"{Value(2, 'x'):.3f}" == "2.000"


def test_format_without_a_specification_is_the_repr() -> None:
    assert f"{Value(2, 'x')}" == repr(Value(2, "x"))


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
@pytest.mark.parametrize("other", [1.0, 2.0, 3.0])
def test_comparison_compares_the_numbers_from_both_sides(compare: Function, other: float) -> None:
    expected = compare(2.0, other)
    assert compare(Value(2.0), Value(other)) is compare(Value(2.0), other) is compare(2.0, Value(other)) is expected


def test_an_integer_too_large_for_a_float_can_be_compared() -> None:
    assert Value(1.0) < 10**400


def test_equality_is_identity() -> None:
    v = Value(2.0)
    assert v == v and v != Value(2.0) and v != v.data


def test_a_value_is_a_key() -> None:
    a, b = Value(2.0), Value(2.0)
    assert {a: "a", b: "b"}[b] == "b"


# Operators


@pytest.mark.parametrize("operate", BINARY_OPERATORS)
def test_operators_take_a_value_or_a_plain_number_on_either_side(operate: Function) -> None:
    expected = operate(3.0, 2.0)
    results = operate(Value(3.0), Value(2.0)), operate(Value(3.0), 2), operate(3, Value(2.0))
    assert [y.data for y in results] == [expected] * 3


@pytest.mark.parametrize(
    ("operate", "expected"),
    [
        (operator.add, [1, 1]),
        (operator.sub, [1, -1]),
        (operator.mul, [2.0, 3.0]),
        (operator.truediv, [0.5, -0.75]),
        (operator.pow, [6.0, 9 * math.log(3)]),
    ],
)
def test_operators_have_their_derivatives(operate: Function, expected: list[float]) -> None:
    assert gradients(operate, 3.0, 2.0) == expected


@pytest.mark.parametrize("operate", BINARY_OPERATORS)
def test_a_plain_number_beside_a_value_changes_no_derivative(operate: Function) -> None:
    first, second = gradients(operate, 3.0, 2.0)
    assert [gradients(lambda a: operate(a, 2), 3.0), gradients(lambda b: operate(3, b), 2.0)] == [[first], [second]]


@pytest.mark.parametrize(
    ("x", "expected"), [(-3.0, (3.0, -1)), (-0.25, (0.25, -1)), (0.25, (0.25, 1)), (3.0, (3.0, 1))]
)
def test_abs_has_the_derivative_of_its_branch(x: float, expected: tuple[float, float]) -> None:
    v = Value(x)
    y = abs(v)
    y.backward()
    assert (y.data, v.grad) == expected


@pytest.mark.parametrize(
    "operate", [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow], ids=lambda f: f.__name__
)
def test_augmented_assignment_makes_a_new_node(operate: Function) -> None:
    v = Value(3.0)
    result = operate(v, 2.0)
    assert result is not v and v.data == 3.0 and result.operands == (v, 2.0)


def test_a_negative_base_takes_an_integer_power() -> None:
    v = Value(-2.0)
    y = v**3
    y.backward()
    assert (y.data, v.grad) == (-8.0, 12.0)


def test_division_goes_to_infinity_as_floats_do() -> None:
    assert (Value(1e300) / 1e-300).data == math.inf


@pytest.mark.parametrize("result", [lambda v: v + v, lambda v: v * 2, lambda v: v - -v, lambda v: dot([v, v], [1, 1])])
def test_sums_and_products_go_to_infinity_as_floats_do(result: Function) -> None:
    assert result(Value(1.5e308)).data == math.inf


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_infinities_and_nan_of_the_user_go_through(x: float) -> None:
    assert repr((Value(x) * 2.0).data) == repr(x * 2.0)


@pytest.mark.parametrize(("base", "exponent"), [(1e-281, -0.1), (5.48e-207, -0.4947), (4e-309, -1e-323)])
def test_the_slope_of_a_power_is_finite_where_a_float_can_hold_it(base: float, exponent: float) -> None:
    slope = exponent * base**exponent / base
    assert math.isfinite(slope)
    assert gradients(lambda a: a**exponent, base) == [pytest.approx(slope, rel=1e-12)]


@pytest.mark.parametrize(
    ("base", "exponent", "slope"), [(1e-200, -1, -math.inf), (-1e-200, -1, -math.inf), (-1e-110, -2, math.inf)]
)
def test_the_slope_of_a_power_overflows_to_infinity_with_its_sign(base: float, exponent: int, slope: float) -> None:
    assert gradients(lambda a: a**exponent, base) == [slope]


# dot and total


def nodes_of(result: Value) -> int:
    return len(topological_order(result))


@pytest.mark.parametrize("length", [1, 2, 300])
def test_dot_is_one_node_whatever_its_length(length: int) -> None:
    weights = [Value(1.0) for _ in range(length)]
    inputs = [Value(2.0) for _ in range(length)]
    assert nodes_of(dot(weights, inputs, Value(3.0))) == 2 * length + 1 + 1


@pytest.mark.parametrize("length", [1, 2, 100])
def test_total_is_one_node_whatever_its_length(length: int) -> None:
    assert nodes_of(total([Value(1.0) for _ in range(length)])) == length + 1


def test_plain_numbers_in_dot_and_total_make_no_nodes() -> None:
    w = Value(1.0)
    assert nodes_of(dot([w, 2.0, 3], [4.0, w, 6], 7)) == nodes_of(total([w, 2.0, 3])) == 2


def test_dot_is_the_sum_from_left_to_right_beginning_with_the_bias() -> None:
    assert dot([1e16, 1.0, 1.0], [1.0, 1.0, 1.0], -1e16) == 2.0


@pytest.mark.parametrize("bias", [None, 0.5, Value(0.5)])
@pytest.mark.parametrize("inputs", [[3.0, 4.0], [3, 4.0], [Value(3.0), Value(4.0)], [Value(3.0), 4]])
@pytest.mark.parametrize("weights", [[1.0, 2.0], [1, 2], [Value(1.0), Value(2.0)], [1.0, Value(2.0)]])
def test_dot_has_the_gradients_of_products_and_sums(weights: list[Any], inputs: list[Any], bias: Any) -> None:
    leaves = [v for v in (*weights, *inputs, bias) if isinstance(v, Value)]
    one_node = Value(1.0) * dot(weights, inputs, bias)
    many = Value(1.0) * sum((w * x for w, x in zip(weights, inputs, strict=True)), 0 if bias is None else bias)
    found = []
    for result in (one_node, many):
        for leaf in leaves:
            leaf.grad = 0
        result.backward()
        found.append((result.data, [leaf.grad for leaf in leaves]))
    assert found[0] == found[1]


def test_dot_of_a_sequence_with_itself_gives_both_contributions() -> None:
    assert gradients(lambda a: dot([a, a], [a, 2]), 3.0) == [8.0]


def test_dot_and_total_take_any_iterable_once() -> None:
    v = Value(2.0)
    assert (dot(iter([v]), iter([3])) + total(iter([v, v]))).data == 10.0


@pytest.mark.parametrize(("inputs", "bias"), [([1.0], None), ([1.0, 2.0, 3.0], None), ([1.0], 1.0)])
def test_dot_takes_as_many_inputs_as_weights(inputs: list[float], bias: float | None) -> None:
    with pytest.raises(ValueError, match=f"one input for each weight, not {len(inputs)} for 2 weights"):
        dot([Value(1.0), Value(2.0)], inputs, bias)


def test_nothing_to_sum_is_zero() -> None:
    assert (total([]), dot([], []), dot([], [], 3)) == (0.0, 0.0, 3.0)


def test_dot_without_factors_passes_the_gradient_to_its_bias() -> None:
    assert gradients(lambda b: dot([], [], b), 3.0) == [1.0]


# backward


def test_backward_gives_the_gradient_of_every_node_between() -> None:
    a = Value(3.0)
    b = a * a
    (b * b).backward()
    assert (a.grad, b.grad) == (108.0, 18.0)


def test_backward_twice_on_the_square_of_a_square_gives_216() -> None:
    a = Value(3.0)
    y = (a**2) ** 2
    y.backward()
    y.backward()
    assert a.grad == 216.0


def test_backward_sets_everything_between_anew() -> None:
    a = Value(3.0)
    b = a * a
    y = b * b
    y.backward()
    y.backward()
    assert (b.grad, y.grad) == (18.0, 1.0)


def test_backward_twice_doubles_gradients_that_round() -> None:
    a = Value(0.1)
    y = a * 0.3 + a / 7 + a.sin()
    y.backward()
    once = a.grad
    y.backward()
    assert a.grad == 2 * once


def test_backward_adds_to_the_gradient_that_a_leaf_holds() -> None:
    a = Value(2.0)
    a.grad = 10.0
    (a * 3).backward()
    assert a.grad == 13.0


def test_two_losses_that_share_a_part_give_the_sum_of_both() -> None:
    a = Value(2.0)
    shared = a * a
    (shared * 3).backward()
    shared.exp().backward()
    assert a.grad == 12.0 + 4.0 * math.exp(4.0)


@pytest.mark.parametrize("times", [1, 2, 3, 1000])
def test_a_node_reused_any_number_of_times_receives_every_contribution(times: int) -> None:
    def function(a: Value) -> Value:
        reused, result = a * 1.0, a * 0.0
        for _ in range(times):
            result = result + reused
        return result

    assert gradients(function, 2.0) == [float(times)]


def test_a_node_used_at_different_depths_comes_after_all_that_use_it() -> None:
    assert gradients(lambda a: ((b := a * a) * a + b) * b + a, 2.0) == [5 * 2.0**4 + 4 * 2.0**3 + 1]


@pytest.mark.parametrize("taken", [True, False])
def test_a_branch_not_taken_stops_no_other(taken: bool) -> None:
    a, b = Value(2.0), Value(3.0)
    where(taken, a * a, b * b).backward()
    assert (a.grad, b.grad) == ((4.0, 0) if taken else (0, 6.0))


def test_backward_of_a_leaf_gives_one() -> None:
    assert gradients(lambda a: a, 5.0) == [1.0]


def test_backward_begins_with_the_gradient_that_is_given() -> None:
    a = Value(3.0)
    (a * a).backward(0.5)
    assert a.grad == 3.0


def test_a_chain_cut_in_two_gives_the_gradient_of_the_whole() -> None:
    a = Value(0.5)
    middle = a.sin()
    cut = Value(middle.data)
    cut.exp().backward()
    middle.backward(cut.grad)
    assert [a.grad] == gradients(lambda a: a.sin().exp(), 0.5)


def test_gradients_of_floats_are_floats() -> None:
    assert [type(g) for g in gradients(lambda a, b, c: a + b * 2 - abs(c), 1, 2, 3)] == [float] * 3


@pytest.mark.parametrize("gradient", ["a", None, 1j, [1.0], Value(1.0)])
def test_backward_refuses_a_gradient_that_is_no_number(gradient: Any) -> None:
    v = Value(1.0)
    with pytest.raises(TypeError, match="wanted, not"):
        (v * v).backward(gradient)


def test_backward_refuses_a_gradient_of_another_shape() -> None:
    with pytest.raises(ValueError, match=r"shape \(2,\) does not fit data of shape \(3,\)"):
        Value(np.ones(3)).backward(np.ones(2))


def test_an_operand_is_in_topological_order_before_its_result_and_once() -> None:
    a, b = Value(1.0), Value(2.0)
    c = a * b
    d = dot([c, a], [b, 3.0], a)
    order = topological_order(d - c)
    assert len(order) == len(set(order)) == 5
    assert all(order.index(x) < order.index(v) for v in order for x in v.operands if isinstance(x, Value))


def test_an_exception_in_the_middle_of_backward_leaves_the_gradients_of_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = Value(Fraction(1)), Value(Fraction(2))
    a.grad, b.grad = Fraction(5), Fraction(7)
    y = (a * Fragile(3) + b) * b  # the gradient of b is complete when that of a is interrupted
    monkeypatch.setattr(Fragile, "breaks", True)
    with pytest.raises(KeyboardInterrupt):
        y.backward()
    assert (a.grad, b.grad) == (5, 7)


def test_an_exception_at_the_end_of_backward_leaves_the_gradients_of_leaves() -> None:
    w, x = Value(np.ones(3)), Value(np.ones(3))
    x.grad = np.ones(2)  # as left from a column of another length
    y = w * x
    with pytest.raises(ValueError, match="shape"):
        y.backward()
    assert isinstance(w.grad, int) and x.grad.shape == (2,)


def test_accumulation_makes_new_arrays() -> None:
    v = Value(np.array([1.0, 2.0]))
    v.backward()
    before, copied = v.grad, v.grad.copy()
    v.backward()
    assert np.array_equal(before, copied)


def test_accumulation_does_not_change_an_array_of_the_user() -> None:
    v, mine = Value(np.array([1.0, 2.0])), np.array([5.0, 6.0])
    v.grad = mine
    (v * 2).backward(mine)
    assert np.array_equal(mine, [5.0, 6.0])


def test_no_two_nodes_share_the_array_of_their_gradient() -> None:
    a, b = Value(np.array([1.0, 2.0])), Value(np.array([3.0, 4.0]))
    y = a + b
    y.backward()
    assert not any(np.shares_memory(g, h) for g, h in [(a.grad, b.grad), (a.grad, y.grad), (b.grad, y.grad)])


def test_an_array_changed_after_the_forward_pass_changes_no_gradient() -> None:
    mine = np.array([1.0, 2.0])
    v = Value(mine)
    y = v * v
    mine[:] = 100.0
    y.backward()
    assert v.grad.tolist() == [2.0, 4.0]


def test_the_array_of_a_value_cannot_be_changed_in_place() -> None:
    y = Value(np.array([1.0, 2.0])) * 2
    with pytest.raises(ValueError, match="read-only"):
        y.data[0] = 5.0


# Branches not taken


@pytest.mark.parametrize(
    "function",
    [
        lambda x: sqrt(relu(x)),
        lambda x: sqrt(maximum(x, 0)),
        lambda x: sqrt(-minimum(-x, 0)),
        lambda x: sqrt(where(x < 0, 0, x)),
    ],
)
def test_a_branch_not_taken_receives_no_gradient_even_beside_an_infinite_one(function: Function) -> None:
    assert gradients(function, -1.0) == [0]


@pytest.mark.parametrize(
    "y", [relu(Value(-1.0)), maximum(Value(1.0), 2), minimum(Value(1.0), 0), where(False, Value(1.0), 2)]
)
def test_a_branch_not_taken_has_no_local_derivative(y: Value) -> None:
    assert y.local_derivatives[0] is None


# Copies


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))], ids=["copy", "deepcopy", "pickle"]
)
@pytest.mark.parametrize("data", [2.0, Fraction(1, 3), np.array([1.0, 2.0])], ids=["float", "Fraction", "array"])
def test_a_copy_of_a_leaf_has_its_data_gradient_and_label(copied: Function, data: Any) -> None:
    v = Value(data, "w")
    v.grad = data * 2
    twin = copied(v)
    assert twin is not v and repr(twin) == repr(v)


def test_a_deep_copy_of_a_leaf_has_a_gradient_of_its_own() -> None:
    v = Value(2.0)
    twin = copy.deepcopy(v)
    (twin * 3).backward()
    assert (v.grad, twin.grad) == (0, 3.0)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_value_with_a_history_is_not_copied_and_says_what_to_copy(copied: Function) -> None:
    with pytest.raises(RuntimeError, match=r"only leaves .* result of '\*': copy Value\(v\.data\), or .*leaves"):
        copied(Value(2.0) * 3)


# Refusals

NO_NUMBERS = [
    ("3", "str"),
    ([1.0], "list"),
    ((1.0,), "tuple"),
    (None, "NoneType"),
    (1j, "complex"),
    ({}, "dict"),
    (b"3", "bytes"),
    (object(), "object"),
    (math.sin, "builtin_function_or_method"),
]
no_numbers = pytest.mark.parametrize(("x", "kind"), NO_NUMBERS, ids=[kind for _, kind in NO_NUMBERS])


@no_numbers
def test_what_is_no_number_is_refused_as_data(x: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"not {kind}$"):
        Value(x)


@no_numbers
def test_what_is_no_number_is_refused_when_assigned(x: Any, kind: str) -> None:
    v = Value(1.0)
    with pytest.raises(TypeError, match=f"not {kind}$"):
        v.data = x
    assert v.data == 1.0


@no_numbers
def test_what_is_no_number_is_refused_as_a_gradient(x: Any, kind: str) -> None:
    v = Value(1.0)
    with pytest.raises(TypeError, match=f"not {kind}$"):
        v.grad = x
    assert v.grad == 0


@no_numbers
@pytest.mark.parametrize("operate", BINARY_OPERATORS)
def test_operators_refuse_what_is_no_number_on_either_side(operate: Function, x: Any, kind: str) -> None:
    for operands in [(Value(2.0), x), (x, Value(2.0))]:
        with pytest.raises(TypeError, match=f"not {kind}$"):
            operate(*operands)


@no_numbers
@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_comparisons_refuse_what_is_no_number(compare: Function, x: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"not {kind}$"):
        compare(Value(2.0), x)


@no_numbers
@pytest.mark.parametrize(
    "function",
    [
        exp,
        lambda x: maximum(x, 1.0),
        lambda x: maximum(Value(1.0), x),
        lambda x: where(True, x, 1.0),
        lambda x: micrograd_like.leaky_relu(1.0, x),
        lambda x: dot([x], [1.0]),
        lambda x: dot([Value(1.0)], [x]),
        lambda x: total([Value(1.0), x]),
        lambda x: micrograd_like.logsumexp([x]),
    ],
)
def test_functions_refuse_what_is_no_number(function: Function, x: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"not {kind}$"):
        function(x)


def test_a_value_is_refused_as_data() -> None:
    with pytest.raises(TypeError, match="not a Value: give its data"):
        Value(Value(1.0))


@pytest.mark.parametrize("kind", [float, Fraction, np.float64, Value])
def test_a_type_of_numbers_is_refused_as_data(kind: type) -> None:
    with pytest.raises(TypeError, match="wanted, not"):
        Value(kind)


def test_a_label_that_is_no_string_is_refused() -> None:
    with pytest.raises(TypeError, match="a label is a string, not int"):
        Value(1.0, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("function", "data", "message"),
    [
        (log, 0.0, r"log\(rate = 0\.0\): a number above 0 is wanted"),
        (log, -1.0, r"log\(rate = -1\.0\): a number above 0 is wanted"),
        (log1p, -1.0, r"log1p\(rate = -1\.0\): a number above -1 is wanted"),
        (sqrt, -4.0, r"sqrt\(rate = -4\.0\): a number not below 0 is wanted"),
        (sin, math.inf, r"sin\(rate = inf\): a finite number is wanted"),
        (micrograd_like.cos, -math.inf, r"cos\(rate = -inf\): a finite number is wanted"),
        (
            lambda v: v ** (1 / 3),
            -8.0,
            r"\(rate = -8\.0\) \*\* \(0\.3333333333333333\): the result is complex: \(1\.0",
        ),
        (lambda v: v ** Value(0.5, "half"), -8.0, r"\(rate = -8\.0\) \*\* \(half = 0\.5\): the result is complex"),
    ],
)
def test_outside_the_domain_a_value_error_tells_the_operation_number_and_label(
    function: Function, data: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        function(Value(data, "rate"))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda zero: 1 / zero, r"\(1\.0\) / \(rate = 0\.0\): "),
        (lambda zero: zero / zero, r"\(rate = 0\.0\) / \(rate = 0\.0\): "),
        (lambda zero: Value(1.0) / 0, r"\(1\.0\) / \(0\.0\): "),
        (lambda zero: zero**-1, r"\(rate = 0\.0\) \*\* \(-1\.0\): "),
        (lambda zero: 0 ** (zero - 1), r"\(0\.0\) \*\* \(-1\.0\): "),
    ],
)
def test_division_by_zero_tells_the_operation_numbers_and_label(function: Function, message: str) -> None:
    with pytest.raises(ZeroDivisionError, match=message + "."):
        function(Value(0.0, "rate"))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (exp, r"exp\(rate = 1000\.0\): the result is too large for a float"),
        (micrograd_like.expm1, r"expm1\(rate = 1000\.0\): the result is too large for a float"),
        (lambda v: v**1000, r"\(rate = 1000\.0\) \*\* \(1000\.0\): the result is too large for a float"),
        (lambda v: v + 10**400, r"\(rate = 1000\.0\) \+ \(10{39}…\): the integer is too large"),
        (lambda v: 10**400 * v, r"\(10{39}…\) \* \(rate = 1000\.0\): the integer is too large"),
        (lambda v: dot([v], [10**400]), r"dot\(rate = 1000\.0, 10{39}…\): the integer is too large for a float"),
        (lambda v: total([v, 10**400]), r"total\(rate = 1000\.0, 10{39}…\): the integer is too large for a float"),
    ],
)
def test_overflow_tells_the_operation_number_and_label(function: Function, message: str) -> None:
    with pytest.raises(OverflowError, match=message):
        function(Value(1000.0, "rate"))


def test_an_integer_too_large_for_a_float_is_refused_as_data() -> None:
    with pytest.raises(OverflowError, match="integer is too large for a float"):
        Value(10**400)


def test_an_error_shows_the_first_operands_of_many() -> None:
    with pytest.raises(OverflowError, match=r"total\(1\.0, 1\.0, 1\.0, 1\.0, 1\.0, 1\.0, and 4 more\)"):
        total([Value(1.0) for _ in range(9)] + [10**400])


def test_an_error_shows_the_first_digits_of_many() -> None:
    third = Value(Fraction(10**60, 3))
    with pytest.raises(ZeroDivisionError, match=r"^\(1(0{39})…\) / \(0\): "):
        third / 0


def test_an_error_on_a_fraction_of_thousands_of_digits_is_still_the_error_of_the_operation() -> None:
    with pytest.raises(ZeroDivisionError):
        Value(Fraction(10**5000, 3)) / 0


def test_a_type_error_tells_the_operation_and_the_label_too() -> None:
    with pytest.raises(TypeError, match=r"\(x = 1\.0\) \+ \(a\): a real number is wanted, not str"):
        Value(1.0, "x") + "a"


def test_an_operation_is_copied_and_pickled_as_its_name() -> None:
    operation = (Value(2.0) * 3).operation
    assert (copy.deepcopy(operation), pickle.loads(pickle.dumps(operation))) == ("*", "*")
