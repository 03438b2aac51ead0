"""The tokens of an expression: what is no number, name, sign or bracket is refused, with its column.

    >>> require_tokens("tanh(w*x + 0.5)")
    >>> require_tokens("w*x²")
    Traceback (most recent call last):
    micrograd_like.errors.ExpressionError: ² has no place here: for a power write **2
      w*x²
         ^

So strings, attributes, assignments and Python's own words never get to Python's parser, which `parser.py` gives the
text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container
from keyword import iskeyword
from typing import NoReturn
from unicodedata import normalize

from micrograd_like.errors import ExpressionError

DEEPEST = 100
"""How deep brackets, and operations, may be nested: half as deep as Python's parser takes brackets."""
TOKEN = re.compile(
    r"(?P<number>([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)|(?P<name>[^\W\d](\w|[^\x00-\x7f])*)"
    r"|(?P<open>[(\[])|(?P<close>[)\]])|(?P<plus>[-+])|(?P<sign>\*\*|[<>]=?|[*/,])"
)
HINTS = {
    "^": "for a power write **", "²": "for a power write **2", "³": "for a power write **3", "√": "write sqrt(…)",
    "·": "for a product write *", "×": "for a product write *", "÷": "for a quotient write /", "−": "for minus write -",
    ".": "nothing has attributes here, and a dot belongs inside a number", "|": "for an absolute value write abs(x)",
    "=": "give numbers after the expression, and compare by < <= > >= in where(a < b, p, q)",
    "if": "choose by where(a < b, p, q)", "else": "choose by where(a < b, p, q)",
    "and": "nest where(a < b, where(c < d, p, q), q)", "or": "nest where(a < b, p, where(c < d, p, q))",
}  # fmt: skip


def require_tokens(text: str, functions: Container[str] = ()) -> None:
    """Refuse a text, in which space is the only blank, that has anything but tokens; `functions` want brackets.

    Raises:
        ExpressionError: it has; or a sign or an operand is missing, a number is too large, or brackets are nested too
            deep.
    """
    depth, place, before, last = 0, 0, "start", ""  # before: the kind of the last token
    while place < len(text):
        if text[place] == " ":
            place += 1
            continue
        match = TOKEN.match(text, place)
        if match is None:
            _refuse(text, place, text[place])
        _require_name(text, place, match["name"] or "")
        kind = str(match.lastgroup)
        depth += (kind == "open") - (kind == "close")
        if depth > DEEPEST:
            raise ExpressionError(text, place, f"brackets are nested at most {DEEPEST} deep")
        if kind == "number" and math.isinf(float(match[0])):
            raise ExpressionError(text, place, "the number is too large for a float")
        if kind == "number" and re.fullmatch("0+[1-9][0-9]*", match[0]):
            raise ExpressionError(text, place, f"an integer has no 0 in front: write {match[0].lstrip('0')}")
        if before in ("start", "open", "plus", "sign"):
            if kind == "sign" or (kind == "close" and before != "open"):
                raise ExpressionError(text, place, "a number or a variable is missing before this")
        elif kind in ("number", "name") or (match[0] == "(" and before != "name"):
            if last in functions:
                raise ExpressionError(text, place, f"a bracket is missing before this: write {last}(…)")
            raise ExpressionError(text, place, "a sign is missing before this: for a product write *")
        place, before, last = match.end(), kind, match[0]
    if before == "start":
        raise ExpressionError(text, 0, 'the expression is empty: write one such as "tanh(w*x + b)"')
    if before in ("plus", "sign"):
        raise ExpressionError(text, len(text), "a number or a variable is missing at the end")


def _require_name(text: str, place: int, name: str) -> None:
    """Refuse a name that Python reads as a word of its own, and letters that it takes in no name."""
    if iskeyword(normalize("NFKC", name)):
        _refuse(text, place, name)
    for i, c in enumerate(name):
        if c in HINTS or not f"_{c}".isidentifier():  # Python has x·y as a name
            _refuse(text, place + i, c)


def _refuse(text: str, column: int, part: str) -> NoReturn:
    hint = f": {HINTS[part]}" if part in HINTS else ""
    raise ExpressionError(text, column, f"{part if part.isprintable() else repr(part)} has no place here{hint}")
