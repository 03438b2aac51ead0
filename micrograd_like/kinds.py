"""Which numbers a `Value` can hold, and how a plain number takes the kind of the number beside it.

A kind is a type of number with arithmetic of its own: float, `fractions.Fraction`, `mpmath.mpf`, a NumPy array of
floats (one entry a sample), a symbol. No package is imported here: whoever made a number has imported its library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from numbers import Complex, Rational, Real
from typing import Any, TypeAlias

Number: TypeAlias = Any
"""A number of any kind."""

NUMBERS_HAVE = ("__add__", "__sub__", "__mul__", "__truediv__", "__pow__", "__neg__")


def library_of(x: object) -> str:
    """Return the name of the package that defines the type of `x`."""
    return type(x).__module__.partition(".")[0]


def is_array(x: object) -> bool:
    """Tell whether `x` is a NumPy array of at least one dimension."""
    return getattr(x, "ndim", 0) > 0 and library_of(x) == "numpy"


def is_value(x: object) -> bool:
    """Tell whether `x` is a `Value`, which this floor cannot import."""
    return hasattr(type(x), "local_derivatives")


def is_symbol(x: object) -> bool:
    """Tell whether `x` is a number that is not known yet, which no rule of a plain number can look at."""
    return hasattr(type(x), "sum_of_products")


def data_of(x: Any) -> Number:
    """Return the data of a Value, or a plain number itself."""
    return x.data if is_value(x) else x


def number(x: Number) -> Number:
    """Return `x` as a number that a `Value` can hold.

    Integers, bools and NumPy scalars become floats, and arrays of integers or floats become arrays of float64. An array
    is copied, and the copy is read-only, because gradients rely on the numbers of the forward pass. Others are kept.

    Raises:
        TypeError: `x` is not a real number or an array of them.
        OverflowError: `x` is an integer too large for a float.
    """
    if type(x) is float:
        return x
    if isinstance(x, int | float):
        return _as_float(x)
    if library_of(x) == "numpy":
        return _numpy_number(x)
    if is_value(x):
        raise TypeError("a plain number is wanted, not a Value: give its data")
    if library_of(x) == "mpmath" and type(x) is getattr(getattr(x, "context", None), "constant", None):
        return +x  # mpmath.pi, whose digits would change with the precision
    if _is_complex(x) or not all(hasattr(type(x), method) for method in NUMBERS_HAVE):
        raise TypeError(f"a real number is wanted, not {_named(x)}")
    return x


def result(y: Number) -> Number:
    """Return the result of an operation on numbers as a number.

    Raises:
        ValueError: `y` is complex, as (-8) ** (1 / 3) is.
    """
    if _is_complex(y):
        raise ValueError(f"the result is complex: {y}")
    return y if is_array(y) else number(y)


def frozen(y: Number) -> Number:
    """Return the result of an operation for a Value to hold: an array that can no longer be changed."""
    y = result(y)
    if is_array(y):
        y.flags.writeable = False
    return y


def plain(x: Number, like: Number = None) -> Number:
    """Return an operand that is no Value as a number; a float or integer takes the kind of `like`, the data beside it.

    Without `like` an integer stays one, which suits whatever kind it meets.

    Raises:
        TypeError: `x` is not a number, or an array of them.
    """
    if type(x) is float:
        return x if like is None or type(like) is float else constant(x, like)
    if isinstance(x, int):
        return int(x) if like is None else constant(int(x), like)
    if is_array(x):
        raise TypeError("an array is no operand among Values: wrap it, Value(array), or give its elements")
    return number(x)


def constant(n: float, like: Number) -> Number:
    """Return the plain number `n` in the kind of `like`; a float beside an exact kind stays a float."""
    if type(like) is float or is_array(like):
        return _as_float(n)
    if isinstance(like, Real) and (type(n) is int or not isinstance(like, Rational)):
        return type(like)(n)  # type: ignore[call-arg]
    return constant(n, like.data) if is_value(like) else n


def filled(n: Number, like: Number) -> Number:
    """Return `n` in the kind and the shape of `like`.

    Raises:
        ValueError: `n` is an array of another shape.
    """
    shape, wanted = getattr(n, "shape", ()), getattr(like, "shape", ())
    if shape not in ((), wanted):
        raise ValueError(f"an array of shape {shape} does not fit data of shape {wanted}")
    return frozen(sys.modules["numpy"].full_like(like, n)) if is_array(like) else constant(n, like)


def written(x: object) -> str:
    """Return `x` as text; a number with an integer of over 4,300 digits, which Python does not print, by its type."""
    try:
        return str(x)
    except ValueError:
        return f"a very long {type(x).__name__}"


def elementwise(function: Callable[..., Any], *operands: Any) -> Any:
    """Return the object array of `function` applied to each element of the arrays among `operands`.

    Raises:
        TypeError: an array meets a Value that holds one itself.
    """
    if any(is_value(x) and is_array(x.data) for x in operands):
        raise TypeError("an array beside a Value that holds one is ambiguous: wrap it, Value(array)")
    return sys.modules["numpy"].frompyfunc(function, len(operands), 1)(*operands)


def _as_float(x: float) -> float:
    try:
        return float(x)
    except OverflowError:
        raise OverflowError("the integer is too large for a float") from None


def _numpy_number(x: Number) -> Number:
    if getattr(x, "ndim", None) == 0 and x.dtype.kind in "biuf":
        return float(x)
    if type(x) is not sys.modules["numpy"].ndarray or x.dtype.kind not in "iuf":
        raise TypeError(f"a real number or a plain array of them is wanted, not {_named(x)}")
    copy = x.astype(float)
    copy.flags.writeable = False
    return copy


def _is_complex(x: Number) -> bool:
    if isinstance(x, Complex):
        return not isinstance(x, Real)
    return getattr(getattr(x, "dtype", None), "is_complex", False) is True  # PyTorch's


def _named(x: object) -> str:
    kind, dtype = type(x), getattr(x, "dtype", None)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return name if dtype is None else f"{name} of {dtype}"
