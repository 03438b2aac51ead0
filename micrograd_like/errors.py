"""How a failed operation is told: which operation, on which numbers, under which labels, and why."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from micrograd_like.kinds import data_of, written

FAILURES = (ZeroDivisionError, OverflowError, ArithmeticError, ValueError, TypeError)
"""The kinds of error that operations on numbers raise, the more special ones first."""
OPERANDS_SHOWN, DIGITS_SHOWN = 6, 40


def failure(error: Exception, name: str, operands: Iterable[Any], domain: str = "") -> Any:
    """Return an error of the kind of `error` that names the operation and its operands.

    >>> failure(ValueError("math domain error"), "log", [-1.0], "a number above 0")
    ValueError('log(-1.0): a number above 0 is wanted')
    >>> failure(ZeroDivisionError("float division by zero"), "/", [1.0, 0.0])
    ZeroDivisionError('(1.0) / (0.0): division by zero')
    """
    if hasattr(error, "operation"):  # an element of an array failed, and has been told
        return error
    kind = next(kind for kind in FAILURES if isinstance(error, kind))
    reason = str(error)
    if domain and kind is ValueError:
        reason = f"{domain} is wanted"
    elif kind is ZeroDivisionError:  # mpmath says nothing
        reason = "division by zero"
    elif kind is OverflowError:  # C says "math range error", or (34, ...)
        reason = f"{'the integer' if 'int' in reason else 'the result'} is too large for a float"
    operands = list(operands)
    shown = [_shown(x) for x in operands[:OPERANDS_SHOWN]]
    if len(operands) > OPERANDS_SHOWN:
        shown.append(f"and {len(operands) - OPERANDS_SHOWN} more")
    if name.isidentifier() or len(operands) == 1:
        call = f"{name}({', '.join(shown)})"
    else:
        call = f" {name} ".join(f"({operand})" for operand in shown)
    told: Any = kind(f"{call}: {reason}")
    told.operation = name
    return told


def require_count(what: str, n: Any) -> None:
    """Refuse what is no positive integer with a ValueError."""
    if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
        raise ValueError(f"{what} is an integer from 1 on, not {n!r}")


def _shown(operand: Any) -> str:
    """Return an operand, a Value or a plain number, with its label and as many digits as fit a line."""
    label = getattr(operand, "label", "")
    digits = written(data_of(operand))
    if len(digits) > DIGITS_SHOWN:
        digits = digits[:DIGITS_SHOWN] + "…"
    return f"{label} = {digits}" if label else digits
