"""A program computed with floats that go on where Python raises, as the arithmetic of IEEE 754 does.

    >>> from micrograd_like import Value, log
    >>> from micrograd_like.compiler.recording import record
    >>> evaluate(record(lambda x: log(w * x), [w := Value(2.0)]), [0.0], [2.0])
    [-inf, nan]
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence

from micrograd_like.compiler.expr import CONSTANT, FUNCTIONS, INPUT, PARAMETER
from micrograd_like.compiler.program import NONE, Program, Statement

Numbers = dict[int, float]
"""The number of each node that has been computed."""


def evaluate(program: Program, row: Sequence[float], parameters: Sequence[float]) -> list[float]:
    """Return the outputs for one sample."""
    tape = program.tape
    given: dict[int, Sequence[float]] = {CONSTANT: tape.numbers, PARAMETER: parameters, INPUT: row}
    numbers = {i: given[code][tape.first[i]] for i, code in enumerate(tape.operation) if code in given}
    for statement in program.statements:
        numbers[statement.node] = _result(statement, numbers)
    outputs: dict[int, float] = {}
    for destination, *term in zip(*program.outputs, strict=True):
        y = _term(term[0], term[1], term[2], numbers)
        outputs[destination] = outputs[destination] + y if destination in outputs else y
    return [outputs.get(destination, 0.0) for destination in range(program.results)]


def _result(statement: Statement, numbers: Numbers) -> float:
    if statement.operation == "sum":
        terms = statement.terms()
        total = _term(*next(terms), numbers)
        for term in terms:
            total += _term(*term, numbers)
        return total
    x = [numbers[i] for i in statement.operands]
    if statement.operation == "where<=":
        return x[2] if x[0] <= x[1] else x[3]
    if statement.operation == "where<":
        return x[2] if x[0] < x[1] else x[3]
    try:
        return PYTHON[statement.operation](*x)
    except (ArithmeticError, ValueError):
        return WHERE_PYTHON_RAISES[statement.operation](*x)


def _term(sign: int, a: int, b: int, numbers: Numbers) -> float:
    return sign * numbers[a] if b == NONE else sign * (numbers[a] * numbers[b])


def _quotient(a: float, b: float) -> float:
    """Return a / 0."""
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _power(a: float, b: float) -> float:
    """Return a ** b where Python raises: 0 to a negative power, a negative number to a fraction, or an overflow."""
    if a < 0 and b % 1 != 0:
        return math.nan
    return math.copysign(math.inf, a) if b % 2 == 1 else math.inf


PYTHON: dict[str, Callable[..., float]] = {
    **{name: getattr(math, name) for name in FUNCTIONS},
    "/": operator.truediv,
    "**": math.pow,
    "abs": abs,
}
WHERE_PYTHON_RAISES: dict[str, Callable[..., float]] = {
    "/": _quotient,
    "**": _power,
    "exp": lambda x: math.inf,
    "expm1": lambda x: math.inf,
    "log": lambda x: -math.inf if x == 0 else math.nan,
    "log1p": lambda x: -math.inf if x == -1 else math.nan,
    "sqrt": lambda x: math.nan,
    "sin": lambda x: math.nan,
    "cos": lambda x: math.nan,
}
