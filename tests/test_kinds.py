"""The kinds of number that go through: exact, of many digits, columns, arrays of Values, symbols; and what does not."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import micrograd_like
from micrograd_like import (
    Value,
    dot,
    exp,
    leaky_relu,
    log_softmax,
    logsumexp,
    maximum,
    minimum,
    relu,
    softmax,
    tanh,
    total,
    where,
)
from micrograd_like.steps import ONE_OPERAND, STEPS, Step, arities

Function = Callable[..., Any]

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]


def gradients(function: Function, *point: Any) -> list[Any]:
    """Return the derivatives of `function` by each number of `point`."""
    leaves = [Value(x) for x in point]
    function(*leaves).backward()
    return [leaf.grad for leaf in leaves]


# Floats


@pytest.mark.parametrize(
    "x", [2, True, np.int64(2), np.uint8(2), np.float32(2), np.float64(2), np.longdouble(2), np.bool_(1), np.array(2)]
)
def test_integers_and_numpy_scalars_become_floats(x: Any) -> None:
    v = Value(x)
    assert type(v.data) is float and v.data == float(x)


@pytest.mark.parametrize("operate", OPERATORS)
@pytest.mark.parametrize("scalar", [np.float64(2), np.float32(2), np.int64(2), np.array(2.0)])
def test_a_numpy_scalar_and_a_value_make_a_value_of_a_float_from_both_sides(operate: Function, scalar: Any) -> None:
    v = Value(3.0)
    right, left = operate(v, scalar), operate(scalar, v)
    assert (type(right), type(left)) == (Value, Value)
    assert (type(right.data), type(left.data)) == (float, float)
    assert (right.data, left.data) == (operate(3.0, 2.0), operate(2.0, 3.0))


@pytest.mark.parametrize("operate", OPERATORS)
@pytest.mark.parametrize("scalar", [np.float64(2), np.int64(2)])
def test_gradients_beside_a_numpy_scalar_are_floats(operate: Function, scalar: Any) -> None:
    found = [*gradients(lambda v: operate(v, scalar), 3.0), *gradients(lambda v: operate(scalar, v), 3.0)]
    assert [type(g) for g in found] == [float, float]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_comparison_with_a_numpy_scalar_compares_the_numbers(compare: Function) -> None:
    assert compare(Value(2.0), np.float64(3)) == compare(2.0, 3.0)
    assert compare(np.float64(3), Value(2.0)) == compare(3.0, 2.0)


# Fractions


def rational(a: Any, b: Any) -> Any:
    """Return an expression of everything that stays exact, with integers on both sides."""
    return (
        (a + b * 2 - 3) / (a * a + 1) + (1 - b) ** 3 - 2 / (b**-2) + abs(a - 7) + dot([a, 2], [b, a], 5) / total([b, 4])
    )


def test_fractions_stay_exact() -> None:
    y = rational(Value(Fraction(1, 3)), Value(Fraction(-2, 7)))
    assert type(y.data) is Fraction and y.data == rational(Fraction(1, 3), Fraction(-2, 7))


def test_gradients_of_fractions_are_exact_fractions() -> None:
    point = Fraction(1, 3), Fraction(-2, 7)
    found = gradients(rational, *point)
    with mpmath.workdps(50):
        exact = gradients(rational, *(mpmath.mpf(x.numerator) / x.denominator for x in point))
        errors = [abs(mpmath.mpf(g.numerator) / g.denominator - judge) for g, judge in zip(found, exact, strict=True)]
        assert [type(g) for g in found] == [Fraction, Fraction] and max(errors) < mpmath.mpf(10) ** -45


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda v: v * v, Fraction(2, 3)),
        (lambda v: v / 3, Fraction(1, 3)),
        (lambda v: 3 / v, Fraction(-27)),
        (lambda v: v**3, Fraction(1, 3)),
        (lambda v: v**-1, Fraction(-9)),
        (lambda v: v**0, Fraction(0)),
        (lambda v: abs(-v), Fraction(1)),
        (relu, Fraction(1)),
        (lambda v: maximum(v, Fraction(1, 3)), Fraction(1, 2)),
        (lambda v: minimum(v, 1), Fraction(1)),
        (lambda v: where(v < 1, v * 5, 0), Fraction(5)),
        (lambda v: dot([v, 2], [3, 4]), Fraction(3)),
        (lambda v: total([v, v, 10**400]), Fraction(2)),
    ],
)
def test_the_gradient_of_a_fraction_is_a_fraction(function: Function, expected: Fraction) -> None:
    (found,) = gradients(function, Fraction(1, 3))
    assert type(found) is Fraction and found == expected


def test_an_integer_of_any_size_stays_exact_beside_a_fraction() -> None:
    assert (Value(Fraction(1, 3)) + 10**400).data == Fraction(1, 3) + 10**400


@pytest.mark.parametrize("function", [exp, lambda v: v.log(), lambda v: softmax([v, v])[0], lambda v: 2**v])
def test_what_does_not_stay_exact_is_refused_for_fractions(function: Function) -> None:
    with pytest.raises(TypeError, match=r"not defined for Fraction, which stays exact: start from Value\(float\(x\)\)"):
        function(Value(Fraction(1, 2)))


# Numbers of mpmath


@pytest.mark.parametrize("name", [name for name in ONE_OPERAND if "relu" not in name])
def test_functions_of_mpmath_numbers_have_all_their_digits(name: str) -> None:
    function = getattr(micrograd_like, name)
    with mpmath.workdps(50):
        (found,) = gradients(function, mpmath.mpf(3) / 7)
        value = function(mpmath.mpf(3) / 7)
    with mpmath.workdps(80):
        (judge,) = gradients(function, mpmath.mpf(3) / 7)
        error = max(abs(found - judge), abs(value - function(mpmath.mpf(3) / 7)))
        assert type(found) is mpmath.mpf and error < mpmath.mpf(10) ** -48


@pytest.mark.parametrize(
    ("function", "judge"),
    [
        (lambda v: v + 1, lambda x: x + 1),
        (lambda v: 1 / v, lambda x: 1 / x),
        (lambda v: v**3, lambda x: x**3),
        (lambda v: 2**v, lambda x: mpmath.mpf(2) ** x),
        (lambda v: v**v, lambda x: x**x),
        (lambda v: logsumexp([v, 2]), lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(2))),
        (lambda v: logsumexp([2, v]), lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(2))),
        (lambda v: logsumexp([v, 1, 2]), lambda x: mpmath.log(mpmath.fsum(map(mpmath.exp, [x, 1, 2])))),
        (lambda v: softmax([1, 2, v])[2], lambda x: mpmath.exp(x) / mpmath.fsum(map(mpmath.exp, [1, 2, x]))),
        (lambda v: log_softmax([1, v, 2])[1], lambda x: x - mpmath.log(mpmath.fsum(map(mpmath.exp, [1, x, 2])))),
    ],
)
def test_integers_beside_mpmath_numbers_cost_no_digits(function: Function, judge: Function) -> None:
    with mpmath.workdps(50):
        x = mpmath.mpf(3) / 7
        assert abs(function(Value(x)).data - judge(x)) < mpmath.mpf(10) ** -48


@pytest.mark.parametrize("operate", [operator.add, operator.sub, operator.mul, operator.truediv])
@pytest.mark.parametrize("number", [Fraction(2), mpmath.mpf(2), Decimal(2)], ids=lambda x: type(x).__name__)
def test_a_number_of_any_kind_and_a_value_of_it_make_a_value_from_both_sides(operate: Function, number: Any) -> None:
    right, left = operate(Value(number), number), operate(number, Value(number))
    assert type(right.data) is type(left.data) is type(number)
    assert right.data == left.data == operate(number, number)


def test_the_gradient_that_backward_begins_with_takes_the_kind_of_the_data() -> None:
    assert [type(g) for g in gradients(lambda v: v, Fraction(2)) + gradients(lambda v: v, mpmath.mpf(2))] == [
        Fraction,
        mpmath.mpf,
    ]


# Columns: arrays of samples


def test_a_column_goes_through_with_a_gradient_for_each_sample() -> None:
    column, w = Value(np.array([1.0, 2.0, 3.0])), Value(2.0)
    y = (w * column) ** 2
    y.backward()
    assert y.data.tolist() == [4.0, 16.0, 36.0]
    assert column.grad.tolist() == [8.0, 16.0, 24.0]
    assert w.grad.tolist() == [4.0, 16.0, 36.0]


def test_an_array_of_integers_becomes_floats() -> None:
    assert Value(np.array([1, 2])).data.dtype == float


def test_a_column_is_copied() -> None:
    mine = np.array([1.0, 2.0])
    v = Value(mine)
    mine[0] = 9.0
    assert v.data[0] == 1.0 and mine.flags.writeable


@pytest.mark.parametrize("name", [*ONE_OPERAND, "abs"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8])
def test_a_column_of_any_precision_has_gradients_of_floats(name: str, dtype: type) -> None:
    function = abs if name == "abs" else getattr(micrograd_like, name)
    (found,) = gradients(function, np.array([0.25, 0.5], dtype=dtype) + dtype(1))
    assert found.dtype == float


@pytest.mark.parametrize("function", [maximum, minimum, *OPERATORS])
def test_two_columns_of_single_precision_have_gradients_of_floats(function: Function) -> None:
    column = np.array([0.25, 0.5], dtype=np.float32)
    assert [g.dtype for g in gradients(function, column, column + 1)] == [float, float]


@pytest.mark.parametrize("name", ONE_OPERAND)
def test_functions_of_a_column_are_those_of_each_sample(name: str) -> None:
    function, samples = getattr(micrograd_like, name), [0.25, 0.5, 3.0]
    column = Value(np.array(samples))
    y = function(column)
    y.backward()
    leaves = [Value(x) for x in samples]
    alone = [function(leaf) for leaf in leaves]
    for result in alone:
        result.backward()
    assert y.data.tolist() == pytest.approx([result.data for result in alone], rel=1e-15)
    assert column.grad.tolist() == pytest.approx([leaf.grad for leaf in leaves], rel=1e-14)


def test_choices_in_a_column_are_made_for_each_sample() -> None:
    a, b = Value(np.array([1.0, 5.0, 2.0])), Value(np.array([4.0, 3.0, 2.0]))
    y = maximum(a, b) + where(a < b, a * 10, b)
    y.backward()
    assert y.data.tolist() == [14.0, 8.0, 4.0]
    assert a.grad.tolist() == [10.0, 1.0, 0.5]
    assert b.grad.tolist() == [1.0, 1.0, 1.5]


def test_kinks_in_a_column_are_those_of_floats() -> None:
    x = Value(np.array([-1.0, 0.0, 1.0, np.nan]))
    y = relu(x)
    y.backward()
    assert np.array_equal(y.data, [0.0, 0.0, 1.0, np.nan], equal_nan=True)
    assert x.grad.tolist() == [0.0, 0.0, 1.0, 1.0]


def test_powers_at_zero_in_a_column_are_those_of_floats() -> None:
    a, b = Value(np.array([0.0, 0.0, 2.0])), Value(np.array([0.0, 2.0, 3.0]))
    (a**b).backward()
    assert a.grad.tolist() == [0.0, 0.0, 12.0] and b.grad.tolist() == [0.0, 0.0, 8 * math.log(2)]


def test_a_mask_chooses_between_scalars_and_makes_a_column() -> None:
    a = Value(2.0)
    y = where(np.array([True, False]), a, 5)
    y.backward()
    assert y.data.tolist() == [2.0, 5.0] and a.grad.tolist() == [1.0, 0.0]


def test_a_mask_of_one_entry_is_a_condition() -> None:
    assert where(np.bool_(True), Value(1.0), 2).data == 1.0


def test_comparison_of_columns_gives_a_mask() -> None:
    column = Value(np.array([1.0, 2.0]))
    assert (column < Value(np.array([2.0, 2.0]))).tolist() == [True, False] and (column >= 2).tolist() == [False, True]


def test_columns_of_different_lengths_are_refused_with_the_operation() -> None:
    with pytest.raises(ValueError, match=r"\(long = \[1\. 1\. 1\.\]\) \* \(\[1\. 1\.\]\): .*shapes"):
        Value(np.ones(3), "long") * Value(np.ones(2))


def test_backward_of_a_column_begins_with_a_gradient_for_each_sample() -> None:
    v = Value(np.array([1.0, 2.0]))
    (v * 3).backward(np.array([1.0, 10.0]))
    assert v.grad.tolist() == [3.0, 30.0]


def test_a_function_of_a_plain_array_returns_a_plain_array() -> None:
    assert exp(np.array([0.0, 1.0])).tolist() == pytest.approx([1.0, math.e])


@pytest.mark.parametrize(
    ("x", "kind"),
    [
        (np.array([True, False]), "numpy.ndarray of bool"),
        (np.array([1j]), "numpy.ndarray of complex128"),
        (np.array(["a"]), "numpy.ndarray of <U1"),
        (np.array([Fraction(1)]), "numpy.ndarray of object"),
        (np.complex64(1j), "numpy.complex64 of complex64"),
        (np.str_("a"), "numpy.str_ of <U1"),
        (np.ma.array([1.0]), "MaskedArray of float64"),
        (mpmath.mpc(1, 2), "mpmath.*mpc"),
        (mpmath.iv.mpc(1, 2), "mpmath.*mpc"),
    ],
    ids=str,
)
def test_arrays_and_numbers_that_are_not_real_are_refused(x: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"not .*{kind}$"):
        Value(x)


def test_a_complex_tensor_is_refused() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"torch\.Tensor of torch\.complex64"):
        Value(torch.tensor(1 + 1j))


# Arrays of Values


@pytest.mark.parametrize("operate", OPERATORS)
@pytest.mark.parametrize("array", [np.array([2.0, 3.0]), np.array([2, 3])])
def test_an_array_beside_a_value_gives_an_array_of_values_from_both_sides(operate: Function, array: Any) -> None:
    v = Value(1.5)
    right, left = operate(v, array), operate(array, v)
    assert right.dtype == left.dtype == object and {type(y) for y in (*right, *left)} == {Value}
    assert [y.data for y in right] == [operate(1.5, 2.0), operate(1.5, 3.0)]
    assert [y.data for y in left] == [operate(2.0, 1.5), operate(3.0, 1.5)]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_comparison_with_an_array_compares_each_element_from_both_sides(compare: Function) -> None:
    v, array = Value(2.0), np.array([1.0, 2.0, 3.0])
    assert compare(v, array).tolist() == compare(2.0, array).tolist()
    assert compare(array, v).tolist() == compare(array, 2.0).tolist()


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh"])
def test_numpys_functions_run_on_arrays_of_values(name: str) -> None:
    values = np.array([Value(0.25), Value(0.5)])
    result = getattr(np, name)(values)
    assert [y.data for y in result] == [getattr(math, name)(0.25), getattr(math, name)(0.5)]
    assert all(y.operation == name for y in result)


@pytest.mark.parametrize("name", ONE_OPERAND)
def test_functions_of_an_array_of_values_are_those_of_each_element(name: str) -> None:
    function = getattr(micrograd_like, name)
    result = function(np.array([Value(0.25), Value(0.5)]))
    assert [y.data for y in result] == [function(0.25), function(0.5)]


@pytest.mark.parametrize("function", [maximum, minimum])
def test_maximum_and_minimum_take_arrays_element_by_element(function: Function) -> None:
    v = Value(2.0)
    assert [float(y) for y in function(np.array([1.0, 3.0]), v)] == [function(1.0, 2.0), function(3.0, 2.0)]


def test_where_takes_arrays_element_by_element() -> None:
    values = np.array([Value(1.0), Value(2.0)])
    assert [float(y) for y in where(np.array([True, False]), values, 5)] == [1.0, 5.0]


def test_dot_takes_arrays_of_values_and_of_floats() -> None:
    values = np.array([Value(1.0), Value(2.0)])
    y = dot(values, np.array([3.0, 4.0]))
    y.backward()
    assert (y.data, [v.grad for v in values]) == (11.0, [3.0, 4.0])


def test_the_matrix_product_of_arrays_of_values_has_its_gradients() -> None:
    rows, w = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([Value(0.5), Value(-1.0)])
    (rows @ w).sum().backward()
    assert [v.grad for v in w] == [4.0, 6.0]


def test_logistic_regression_as_written_for_numpy_runs_on_values() -> None:
    def cost(rows: Any, w: Any, targets: Any) -> Any:
        z = np.dot(rows, w)
        p = 1 / (1 + np.exp(-z))
        return -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).sum()

    rows, targets = np.array([[1.0, 2.0], [-3.0, 0.5], [0.25, -1.0]]), np.array([1.0, 0.0, 1.0])
    start = np.array([0.3, -0.2])
    w = np.array([Value(x) for x in start])
    loss = cost(rows, w, targets)
    loss.backward()
    by_hand = (1 / (1 + np.exp(-rows @ start)) - targets) @ rows
    assert loss.data == pytest.approx(cost(rows, start, targets), rel=1e-14)
    assert [v.grad for v in w] == pytest.approx(by_hand.tolist(), rel=1e-13)


def test_a_layer_as_written_for_numpy_runs_on_values() -> None:
    x = np.array([Value(0.5), Value(-0.25)])
    y = np.tanh(x).sum()
    y.backward()
    assert [v.grad for v in x] == [1 - math.tanh(0.5) ** 2, 1 - math.tanh(-0.25) ** 2]


def test_an_array_is_refused_among_the_terms_of_a_sum() -> None:
    with pytest.raises(TypeError, match=r"an array is no operand among Values: wrap it, Value\(array\)"):
        total([Value(1.0), np.array([1.0, 2.0])])


def test_an_error_in_an_array_tells_the_element() -> None:
    with pytest.raises(ValueError, match=r"^log\(second = -1\.0\): a number above 0 is wanted$"):
        micrograd_like.log(np.array([Value(1.0, "first"), Value(-1.0, "second")]))


# Symbols


def at(x: Any) -> Any:
    """Return the number that a symbol stands for."""
    return x.evaluate() if isinstance(x, Symbol) else x


def lifted(function: Function) -> Function:
    """Return the method of symbols that applies `function` when it is evaluated; a Value beside one takes over."""

    def method(*operands: Any) -> Any:
        if any(isinstance(x, Value) for x in operands):
            return NotImplemented
        return Symbol(lambda: function(*map(at, operands)))

    return method


def reflected(function: Function) -> Function:
    return lifted(lambda second, first: function(first, second))


class Opaque:
    """Something whose truth, equality, hash and float nobody may ask for."""

    def __bool__(self) -> bool:
        raise AssertionError("bool() of what is not known yet")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("== of what is not known yet")

    __hash__ = None  # type: ignore[assignment]

    def __float__(self) -> float:
        raise AssertionError("float() of what is not known yet")


class Condition(Opaque):
    """A comparison of symbols: it chooses when it is evaluated."""

    def __init__(self, holds: Callable[[], bool]) -> None:
        self.holds = holds

    def where(self, if_true: Any, if_false: Any) -> Symbol:
        return Symbol(lambda: at(if_true) if self.holds() else at(if_false))


def comparing(compare: Function) -> Function:
    """Return the method of symbols that compares them when it is evaluated."""

    def method(first: Any, second: Any) -> Any:
        return NotImplemented if isinstance(second, Value) else Condition(lambda: compare(at(first), at(second)))

    return method


class Symbol(Opaque):
    """A number that is not known yet: arithmetic builds expressions, which can be evaluated."""

    def __init__(self, evaluate: Callable[[], float]) -> None:
        self.evaluate = evaluate

    __add__, __radd__ = lifted(operator.add), reflected(operator.add)
    __sub__, __rsub__ = lifted(operator.sub), reflected(operator.sub)
    __mul__, __rmul__ = lifted(operator.mul), reflected(operator.mul)
    __truediv__, __rtruediv__ = lifted(operator.truediv), reflected(operator.truediv)
    __pow__, __rpow__ = lifted(operator.pow), reflected(operator.pow)
    __neg__, __abs__ = lifted(operator.neg), lifted(operator.abs)
    __lt__, __le__, __gt__, __ge__ = map(comparing, COMPARISONS)
    exp, expm1, log, log1p, sqrt = map(lifted, (math.exp, math.expm1, math.log, math.log1p, math.sqrt))
    sin, cos, tanh, erf, erfc = map(lifted, (math.sin, math.cos, math.tanh, math.erf, math.erfc))


def known(x: float) -> Symbol:
    return Symbol(lambda: x)


EVERY_STEP = [
    pytest.param(step, arity, plain, id=f"{name}-{i}-{arity}-{plain}")
    for name, steps in STEPS.items()
    for i, step in enumerate(steps)
    for arity in arities(step)
    for plain in (None, 0, 1)
    if plain is None or arity > 1
]
"""Every step, with every number of operands, all of them Values or one of them a plain number."""


@pytest.mark.parametrize(("step", "arity", "plain"), EVERY_STEP)
def test_symbols_go_through_everything_and_evaluate_to_the_floats(step: Step, arity: int, plain: int | None) -> None:
    point = [0.375, -0.5, 0.875, 0.125][:arity]
    outcomes = []
    for kind in (float, known):
        operands = [kind(x) if i == plain else Value(kind(x)) for i, x in enumerate(point)]
        y = step(micrograd_like, *operands)
        y.backward()
        outcomes.append([at(y.data), *(at(v.grad) for v in operands if isinstance(v, Value))])
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("x", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("function", [abs, relu, leaky_relu, lambda v: maximum(v, 0), lambda v: minimum(0, v)])
def test_symbols_have_the_kinks_of_floats(function: Function, x: float) -> None:
    by_symbol, by_float = (gradients(function, kind(x)) for kind in (known, float))
    assert list(map(at, by_symbol)) == by_float


@pytest.mark.parametrize("point", [(0.0, 0.0), (0.0, 2.0), (0.0, 1.0), (2.0, 0.0)])
def test_powers_of_symbols_have_the_edges_of_floats(point: tuple[float, float]) -> None:
    by_symbol, by_float = (gradients(pow, *map(kind, point)) for kind in (known, float))
    assert list(map(at, by_symbol)) == by_float


def test_the_condition_of_where_may_be_that_of_symbols() -> None:
    a, b = Value(known(1.0)), Value(known(2.0))
    y = where(a > b, a, b * 3)
    y.backward()
    assert [at(y.data), at(a.grad), at(b.grad)] == [6.0, 0.0, 3.0]


def test_backward_twice_and_a_gradient_to_begin_with_work_on_symbols() -> None:
    v = Value(known(0.5))
    y = v * v
    y.backward(known(10.0))
    y.backward()
    assert at(v.grad) == 11.0


# Other libraries


def test_decimals_go_through_arithmetic_and_their_own_functions() -> None:
    (found,) = gradients(lambda v: (v * 2).exp(), Decimal(0))
    assert found == 2


def test_a_number_without_the_function_says_so() -> None:
    with pytest.raises(TypeError, match="tanh is not defined for Decimal"):
        tanh(Decimal(1))


def test_a_complex_result_of_mpmath_is_refused_with_the_operation() -> None:
    with pytest.raises(ValueError, match=r"^sqrt\(area = -1\.0\): "):
        micrograd_like.sqrt(Value(mpmath.mpf(-1), "area"))


def test_a_division_by_zero_of_mpmath_says_why() -> None:
    with pytest.raises(ZeroDivisionError, match=r"^\(1\.0\) / \(none = 0\.0\): ."):
        Value(mpmath.mpf(1)) / Value(mpmath.mpf(0), "none")


def test_a_number_whose_is_complex_is_no_method_is_taken() -> None:
    class Exact(Fraction):
        is_complex = True  # as SymPy's real numbers say, whose field is the complex numbers

    assert (Value(Exact(2)) * 3).data == 6


def test_an_array_beside_a_value_that_holds_one_is_refused_from_both_sides() -> None:
    v, array = Value(np.array([1.0, 2.0])), np.array([3.0, 4.0])
    for attempt in (lambda: v * array, lambda: array * v, lambda: v < array, lambda: array < v):
        with pytest.raises(TypeError, match=r"wrap it, Value\(array\)"):
            attempt()


def test_a_constant_of_mpmath_is_a_number_from_the_start() -> None:
    with mpmath.workdps(50):
        v = Value(mpmath.pi)
    (v * 2 + 1).backward()
    assert mpmath.mp.dps == 15 and str(v.data) == str(+mpmath.pi) and v.grad == 2


def test_comparisons_with_an_array_are_taken_element_by_element() -> None:
    v, array = Value(2.0), np.array([1.0, 3.0])
    assert (v > array).tolist() == [True, False] and (array > v).tolist() == [False, True]
    assert (v > np.array([Value(1.0), Value(3.0)])).dtype == bool
