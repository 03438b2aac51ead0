"""The text of an expression, cut into tokens: what is no number, name, sign or bracket is refused, with its column.

    >>> [match[0] for match in tokens("tanh(w*x + 0.5)")]
    ['tanh', '(', 'w', '*', 'x', '+', '0.5', ')']
    >>> list(tokens("w*x²"))
    Traceback (most recent call last):
    micrograd_like.tokens.ExpressionError: ² has no place here: for a power write **2
      w*x²
         ^

So strings, attributes, assignments and Python's own words never get to Python's parser, which `expressions.py` asks for
a tree of the rest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from keyword import iskeyword
from typing import NoReturn
from unicodedata import combining, east_asian_width, normalize

DEEPEST = 100
"""How deep brackets, and operations, may be nested."""
TOKEN = re.compile(
    r"(?P<number>([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)|(?P<name>[^\W\d](\w|[^\x00-\x7f])*)"
    r"|(?P<open>[(\[])|(?P<close>[)\]])|(?P<plus>[-+])|(?P<sign>\*\*|[<>]=?|[*/,])"
)
HINTS = {
    "^": "for a power write **", "²": "for a power write **2", "³": "for a power write **3", "√": "write sqrt(…)",
    "·": "for a product write *", "×": "for a product write *", "÷": "for a quotient write /", "−": "for minus write -",
    ".": "nothing has attributes here, and a dot belongs inside a number",
    "=": "give numbers after the expression, and compare by < <= > >= in where(a < b, p, q)",
    "if": "choose by where(a < b, p, q)", "else": "choose by where(a < b, p, q)",
    "and": "nest where(a < b, where(c < d, p, q), q)", "or": "nest where(a < b, p, where(c < d, p, q))",
}  # fmt: skip
BEFORE, AFTER = 60, 40  # the characters around a column that are shown


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


def tokens(text: str) -> Iterator[re.Match[str]]:
    """Yield the tokens of a text, in which space is the only blank.

    Raises:
        ExpressionError: there is something else; or a sign or an operand is missing, a number is too large, or brackets
            are nested too deep.
    """
    depth, place, before = 0, 0, "start"  # before: the kind of the last token
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
        if before in ("start", "open", "plus", "sign"):
            if kind == "sign" or (kind == "close" and before != "open"):
                raise ExpressionError(text, place, "a number or a variable is missing before this")
        elif kind in ("number", "name") or (match[0] == "(" and before != "name"):
            raise ExpressionError(text, place, "a sign is missing before this: for a product write *")
        yield match
        place, before = match.end(), kind
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
