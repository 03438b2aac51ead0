"""How a failed operation is told: which it is, on which numbers, under which labels, and why; and where in a text."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral
from typing import Any
from unicodedata import combining, east_asian_width

from micrograd_like.kinds import data_of, written

FAILURES = (ZeroDivisionError, OverflowError, ArithmeticError, ValueError, TypeError)
"""The kinds of error that operations on numbers raise, the more special ones first."""
OPERANDS_SHOWN, DIGITS_SHOWN = 6, 40
BEFORE, AFTER = 60, 40  # the characters around a column that are shown


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


class ExpressionError(ValueError):
    """What is wrong with an expression, and where; the message shows the text with a mark below the column.

    Attributes:
        text: the expression.
        column: where in it, counted from 0.
        reason: what is wrong, and what to do.
    """

    def __init__(self, text: str, column: int, reason: str) -> None:
        super().__init__(text, column, reason)  # all, so that it can be pickled
        self.text, self.column, self.reason = text, column, reason

    def __str__(self) -> str:
        start, end = max(0, self.column - BEFORE), self.column + AFTER
        shown = "".join(c if c.isprintable() else "\ufffd" for c in self.text[start:end])
        cut = "…" if start else ""
        wide = (0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in shown[: self.column - start])
        rest = "…" if end < len(self.text) else ""
        return f"{self.reason}\n  {cut}{shown}{rest}\n  {' ' * (len(cut) + sum(wide))}^"


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return a question that names the known words nearest to one; if none is near, what is to be said otherwise.

    >>> did_you_mean("tahn", ["tanh", "exp"], "there are tanh, exp")
    'did you mean tanh?'
    """
    near = get_close_matches(word, list(known))
    return f"did you mean {' or '.join(near)}?" if near else otherwise


def _shown(operand: Any) -> str:
    """Return an operand, a Value or a plain number, with its label and as many digits as fit a line."""
    label = getattr(operand, "label", "")
    digits = written(data_of(operand))
    if len(digits) > DIGITS_SHOWN:
        digits = digits[:DIGITS_SHOWN] + "…"
    return f"{label} = {digits}" if label else digits
