"""Which library computes exp, log, ... for which kind of number, and how a rule chooses without looking at one.

The rules of `engine.py` and `functions.py` never ask what kind of number they hold; they call the functions of this
file. A float is served by `math`; any other number by a method of its own (`x.exp()`), else by the library it comes
from: mpmath for its `mpf`, NumPy for arrays.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from operator import mul
from typing import Any

from micrograd_like.kinds import Number, constant, data_of, is_array, is_symbol, is_value, library_of


def _by_kind(name: str) -> Callable[[Number], Number]:
    """Return the function `name` of one number of any kind."""
    on_float: Callable[[float], float] = getattr(math, name)

    def apply(x: Number) -> Number:
        return on_float(x) if type(x) is float else _of_other_kind(name, x)

    return apply


exp, expm1, log, log1p, sqrt = map(_by_kind, ("exp", "expm1", "log", "log1p", "sqrt"))
sin, cos, tanh, erf, erfc = map(_by_kind, ("sin", "cos", "tanh", "erf", "erfc"))


def _of_other_kind(name: str, x: Number) -> Number:
    if type(x) is int:  # a plain number that has met no kind to take
        return getattr(math, name)(x)
    method = getattr(x, name, None)
    if callable(method):  # mpf.exp is not: it is the exponent
        return method()
    if library_of(x) == "mpmath":
        return getattr(x.context, name)(x)
    if is_array(x):
        numpy = sys.modules["numpy"]
        if hasattr(numpy, name):
            return getattr(numpy, name)(x)
        return numpy.frompyfunc(getattr(math, name), 1, 1)(x).astype(x.dtype)  # NumPy has no erf
    if is_symbol(x):
        raise TypeError(f"{name} cannot be compiled: it is not among the FUNCTIONS of compiler/expr.py")
    raise TypeError(f"{name} is not defined for {type(x).__name__}, which stays exact: start from Value(float(x))")


def sum_of_products(w: Sequence[Number], x: Sequence[Number], start: Number) -> Number:
    """Return start + Σ wᵢ·xᵢ, added from left to right; numbers that have a way of their own to do it, by that."""
    if x and type(w[0]) is not float and is_symbol(w[0]) and (y := w[0].sum_of_products(w, x, start)) is not None:
        return y
    for product in map(mul, w, x):
        start = start + product
    return start


def pi(like: Number) -> Number:
    """Return π with the precision of the kind of `like`."""
    like = data_of(like)
    return +like.context.pi if library_of(like) == "mpmath" else math.pi


def select(condition: Any, if_true: Number, if_false: Number) -> Number:
    """Return `if_true` where `condition` holds, else `if_false`; None stands for "no derivative".

    On a plain bool the branch is chosen here, and None stays None. Any other condition (an array, a symbol) needs both
    branches, and None becomes 0; the choice is made by `numpy.where` or by the condition's own `where`, and between
    Values by theirs, which records it.
    """
    if condition is True:
        return if_true
    if condition is False:
        return if_false
    if_true, if_false = (0.0 if branch is None else branch for branch in (if_true, if_false))
    for branch in (if_true, if_false):
        if is_value(branch):
            return type(branch).where(if_true, condition, if_false)  # that of Value, which this floor cannot import
    if is_array(condition):
        return sys.modules["numpy"].where(condition, if_true, if_false)
    return condition.where(if_true, if_false)


def logistic(x: Number) -> tuple[Number, Number]:
    """Return σ(x), and e^(-|x|) without the kink of |x|: where a rule is differentiated again, it is e⁻ˣ at 0."""
    e = exp(select(x >= 0, -x, x))
    return select(x >= 0, 1, e) / (1 + e), e


def quotient(a: Number, b: Number) -> Number:
    """Return a / b for a slope: infinite where b is 0, and so are its derivatives."""
    try:
        return a / b
    except ZeroDivisionError:
        return math.inf / (1 + b)  # not math.inf alone, which would leave the graph of a Value b


def power_slope(a: Number, b: Number) -> Number:
    """Return b·a^(b-1), the slope of a ** b by a: 0 wherever b is 0, and infinite at a = 0 for 0 < b < 1.

    Where it is infinite its derivatives are, with the signs that they have beside 0. The rounding of b - 1, for a
    fractional b, puts it off by up to |(b - 1)·log a| + 4 units in the last place.
    """
    at_0 = select(a > 0, b - 1, select(a < 0, b - 1, 0))  # the exponent where b is 0: 0·0⁻¹ would be NaN
    exponent = select(b > 0, b - 1, select(b < 0, b - 1, at_0))  # told without ==, which symbols do not have
    try:
        return b * a**exponent
    except ZeroDivisionError:
        return math.inf / (a + b)  # not math.inf alone, which would leave the graph of Values
    except OverflowError:  # b may bring it back into range; a division never raises this
        return b * a**b / a


def exponent_slope(a: Number, y: Number) -> Number:
    """Return y·log(a), the slope of y = a ** b by b: 0 at a = 0, and NaN, because there is none, for a < 0.

    Differentiated again, it is the constant 0 at a = 0, which is right for b > 1.
    """
    if type(a) is float:
        a = constant(a, y)  # whose logarithm has the digits of y
    logarithm = log(select(a > 0, a, constant(1, a)))
    slope = y * select(a >= 0, logarithm, math.nan)
    return select(a > 0, slope, select(a >= 0, constant(0, a), slope))
