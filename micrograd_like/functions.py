"""The elementary functions: each rule is written once, for every kind of number, and is a function and a method.

    >>> x = Value(0.5, "x")
    >>> y = tanh(x)  # the same as x.tanh()
    >>> y.backward()
    >>> round(x.grad, 6)
    0.786448

A rule takes a number and returns the result and the local derivative. The number is of any kind, and a Value where the
rule is differentiated again, so that a rule is made of operators, of the functions in `elementary.py`, and of `select`
in place of `if`. Conventions at kinks are PyTorch's. Errors are those of floats: other kinds of number follow their
library, and NumPy warns and gives NaN or ∞ in an array.

To add a function, write its rule here, under `@function` with the numbers that it takes in words if it does not take
all; name it in `__init__.py` and the README; give it a line in `steps.py`, by which the tests try it on every kind of
number, and the functions to judge it by in `tests/test_functions.py`, `test_derivatives.py` and `torch_functions.py`.
Made of the functions of `elementary.py` it works everywhere by this one rule, compiled and on the explorer's page too,
which shows the rule as it is written, unless `BOOK` of `explorer/formulas.py` has it as books do. A new one of those
functions is also named in `FUNCTIONS` of `compiler/expr.py`, in `compiler/ieee.py` if Python raises for it, and written
in `compiler/llvm/vector_math.py`, and in `MATHEMATICS` of `compiler/javascript.py` if JavaScript's Math lacks it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from micrograd_like import elementary
from micrograd_like.elementary import logistic, pi, quotient, select
from micrograd_like.engine import Operand, Value, binary, record, unary
from micrograd_like.kinds import Number, constant, elementwise, is_array, library_of, number, result
from micrograd_like.operations import Operation, Rule, masked, read

F = TypeVar("F", bound=Callable[..., Any])


def method(apply: F) -> F:
    """Make a function a method of `Value` too."""
    setattr(Value, apply.__name__, apply)
    return apply


def function(domain: str = "") -> Callable[[Rule], Callable[[Any], Any]]:
    """Return the decorator that makes a rule of one operand a function and a method."""
    return lambda rule: method(_named_after(rule, unary(rule.__name__, rule, domain)))


def function_of_two(rule: Rule) -> Callable[[Any, Any], Any]:
    """Make a rule of two operands a function and a method."""
    return method(_named_after(rule, binary(rule.__name__, rule)[0]))


def _named_after(rule: Rule, apply: F) -> F:
    """Return `apply` with the name and the docstring of its rule, but not with its signature."""
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(apply, attribute, getattr(rule, attribute))
    return apply


@function()
def exp(x: Number) -> tuple[Number, ...]:
    """eˣ, with the derivative eˣ. OverflowError above x = 709.78."""
    y = elementary.exp(x)
    return y, y


@function()
def expm1(x: Number) -> tuple[Number, ...]:
    """eˣ - 1, accurate near x = 0, with the derivative eˣ. OverflowError above x = 709.78."""
    return elementary.expm1(x), elementary.exp(x)


@function("a number above 0")
def log(x: Number) -> tuple[Number, ...]:
    """The natural logarithm of x > 0, else ValueError, with the derivative 1/x."""
    return elementary.log(x), 1 / x


@function("a number above -1")
def log1p(x: Number) -> tuple[Number, ...]:
    """log(1 + x) for x > -1, else ValueError, accurate near x = 0, with the derivative 1/(1 + x)."""
    return elementary.log1p(x), 1 / (1 + x)


@function("a number not below 0")
def sqrt(x: Number) -> tuple[Number, ...]:
    """√x for x ≥ 0, else ValueError, with the derivative 1/(2√x), infinite at 0."""
    y = elementary.sqrt(x)
    return y, quotient(constant(1, x), 2 * y)


@function("a finite number")
def sin(x: Number) -> tuple[Number, ...]:
    """The sine of x in radians, with the derivative cos x. ValueError at ±∞."""
    return elementary.sin(x), elementary.cos(x)


@function("a finite number")
def cos(x: Number) -> tuple[Number, ...]:
    """The cosine of x in radians, with the derivative -sin x. ValueError at ±∞."""
    return elementary.cos(x), -elementary.sin(x)


@function()
def tanh(x: Number) -> tuple[Number, ...]:
    """The hyperbolic tangent, with the derivative 1 - tanh²x.

    The derivative inherits the rounding of t = tanh x, which puts it off by up to 2⁻⁵¹: more than 4 units in the last
    place from |x| = 0.9 on; it is 0 from |x| = 19.1 on, where it should be below 1.1e-16.
    """
    t = elementary.tanh(x)
    return t, 1 - t * t


@function()
def erf(x: Number) -> tuple[Number, ...]:
    """The error function 2/√π ∫₀ˣ exp(-u²) du, with the derivative 2/√π · exp(-x²).

    The rounding of x² puts the derivative off by up to x² + 3 units in the last place.
    """
    return elementary.erf(x), 2 / elementary.sqrt(pi(x)) * elementary.exp(-x * x)


@function()
def erfc(x: Number) -> tuple[Number, ...]:
    """1 - erf(x), which keeps its digits for large x, with the derivative -2/√π · exp(-x²), as accurate as erf's."""
    return elementary.erfc(x), -2 / elementary.sqrt(pi(x)) * elementary.exp(-x * x)


@function()
def sigmoid(x: Number) -> tuple[Number, ...]:
    """The logistic function σ(x) = 1/(1 + e⁻ˣ), with the derivative σ(x)·σ(-x).

    Both are computed from e^(-|x|), which never overflows: σ'(±700) = e⁻⁷⁰⁰ to the last digits.
    """
    y, e = logistic(x)
    return y, e / ((1 + e) * (1 + e))


@function()
def softplus(x: Number) -> tuple[Number, ...]:
    """log(1 + eˣ) = max(x, 0) + log(1 + e^(-|x|)), with the derivative σ(x)."""
    y, e = logistic(x)
    return select(x > 0, x, constant(0, x)) + elementary.log1p(e), y


@function()
def relu(x: Number) -> tuple[Number, ...]:
    """max(x, 0), with the derivative 1 for x > 0 and 0 for x ≤ 0; NaN stays NaN."""
    return select(x <= 0, constant(0, x), x), select(x <= 0, None, 1)


@method
def leaky_relu(x: Operand, negative_slope: float = 0.01) -> Any:
    """x for x > 0, else negative_slope·x, with the derivative 1 or negative_slope (also at 0)."""
    a = number(negative_slope)
    return unary("leaky_relu", lambda x: (select(x > 0, x, a * x), select(x > 0, 1, a)))(x)


@function()
def gelu(x: Number) -> tuple[Number, ...]:
    """x·Φ(x), with the derivative Φ(x) + x·φ(x), where Φ and φ are the normal distribution and its density.

    Φ(x) = erfc(-x/√2)/2 keeps its digits for negative x. The rounding of x/√2 and x² puts the result off by up to
    2x² + 4 units in the last place, and the derivative by up to x² + 4 units of Φ(x) + |x|·φ(x): its two terms cancel
    for x < 0, wholly at its zero x = -0.7518.
    (Hendrycks and Gimpel, Gaussian Error Linear Units, 2016)
    """
    cumulative = elementary.erfc(-x / elementary.sqrt(constant(2, x))) / 2
    density = elementary.exp(-x * x / 2) / elementary.sqrt(2 * pi(x))
    return x * cumulative, cumulative + x * density


def _larger(a: Number, b: Number) -> tuple[Number, ...]:
    even = select(a <= b, constant(1, a) / 2, 1)  # a NaN is no tie
    d_a = select(a > b, 1, select(a < b, None, even))
    d_b = select(a > b, None, select(a < b, 1, even))
    return select(a >= b, a, select(a < b, b, a + b)), d_a, d_b  # a + b is NaN


@function_of_two
def maximum(a: Number, b: Number) -> tuple[Number, ...]:
    """The larger of two, which gets the gradient; a tie gives half to each. NaN if either is NaN."""
    return _larger(a, b)


@function_of_two
def minimum(a: Number, b: Number) -> tuple[Number, ...]:
    """The smaller of two, which gets the gradient; a tie gives half to each. NaN if either is NaN."""
    y, d_a, d_b = _larger(-a, -b)
    return -y, d_a, d_b


def where(condition: Any, if_true: Operand, if_false: Operand) -> Any:
    """Return `if_true` where `condition` holds, which is what a comparison returns (else TypeError), or `if_false`."""
    if library_of(condition) == "numpy" and condition.dtype == bool:
        if is_array(if_true) or is_array(if_false):
            return elementwise(where, condition, if_true, if_false)
        condition = condition if is_array(condition) else bool(condition)
    elif type(condition) is not bool and (isinstance(condition, Value) or not hasattr(condition, "where")):
        raise TypeError(f"the condition of where is what a comparison returns, not {type(condition).__name__}")
    return binary("where", lambda a, b: _chosen(condition, a, b))[0](if_true, if_false)


# As a method, the Value is the first choice: v.where(condition, other).
setattr(Value, where.__name__, lambda v, condition, other: where(condition, v, other))


def where_less(a: Operand, b: Operand, if_true: Operand, if_false: Operand) -> Any:
    """where(a < b, if_true, if_false) as a node of all four, so that it can be computed again for other numbers.

    No gradient flows to a and b. A Value that `where` made has the two choices alone as its operands, and keeps to one.
    """
    operands, numbers, values = read((a, b, if_true, if_false))
    y, *slopes = _where_less(*numbers)
    return result(y) if values is False else record(WHERE_LESS, y, operands, masked(operands, tuple(slopes)))


def _where_less(a: Number, b: Number, if_true: Number, if_false: Number) -> tuple[Number, ...]:
    y, *slopes = _chosen(a < b, if_true, if_false)
    return y, None, None, *slopes


def _chosen(condition: Any, if_true: Number, if_false: Number) -> tuple[Number, ...]:
    return select(condition, if_true, if_false), select(condition, 1, None), select(condition, None, 1)


WHERE_LESS = Operation("where", _where_less)
