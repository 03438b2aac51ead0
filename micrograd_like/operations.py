"""What an operation is, a name and a rule, and which of the numbers that it is applied to are Values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from micrograd_like.kinds import Number, is_symbol, is_value, plain

Rule: TypeAlias = Callable[..., tuple[Number, ...]]
"""Takes the operands' numbers; returns the result, then the local derivative by each operand (None: there is none)."""


class Operation(str):
    """The name of an operation, with its rule.

    The rule stays with each Value that it made, because it runs on any kind of number, and a `Value` is one: applied to
    the operands themselves it gives local derivatives that can be differentiated again (see `derivatives.py`).
    """

    __slots__ = ("rule",)
    rule: Rule

    def __new__(cls, name: str, rule: Rule) -> Operation:
        """Return the name, with the rule."""
        operation = super().__new__(cls, name)
        operation.rule = rule
        return operation

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)  # a copy is the name alone: rules cannot be pickled


def read(operands: Iterable[Any]) -> tuple[Any, tuple[Number, ...], bool | None]:
    """Return operands, their numbers, and whether all are Values (True), none (False), or some (None, and a list)."""
    operands = tuple(operands)
    if not operands or (type(operands[0]) is float and set(map(type, operands)) == {float}):
        return operands, operands, False  # plain inputs cost no more than this
    try:
        return operands, tuple([v._data for v in operands]), True
    except AttributeError:
        if is_symbol(operands[0]) and len(set(map(type, operands))) == 1:
            return operands, operands, False  # plain inputs that are not known yet
        each = [x if is_value(x) else plain(x) for x in operands]
        numbers = tuple([x._data if is_value(x) else x for x in each])
        return (each, numbers, None) if any(is_value(x) for x in each) else (numbers, numbers, False)


def masked(operands: Iterable[Any], slopes: tuple[Number, ...]) -> tuple[Any, ...]:
    """Return the slopes, with None for the operands that are plain numbers."""
    return tuple([d if is_value(v) else None for v, d in zip(operands, slopes)])
