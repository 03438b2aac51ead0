"""The functions of a sequence: logsumexp, softmax and log_softmax, for every kind of number.

    >>> from micrograd_like import Value
    >>> logits = [Value(2.0), Value(1.0), Value(-1.0)]
    >>> loss = -log_softmax(logits)[0]
    >>> loss.backward()
    >>> [round(v.grad, 4) for v in logits]
    [-0.2946, 0.2595, 0.0351]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from micrograd_like import elementary
from micrograd_like.elementary import select
from micrograd_like.engine import Operand, record
from micrograd_like.errors import FAILURES, failure
from micrograd_like.kinds import Number, constant, result
from micrograd_like.operations import Operation, Rule, masked, read

Rows: TypeAlias = list[tuple[Number, tuple[Number, ...]]]
"""Results, each with its derivatives by the elements of a sequence."""


def logsumexp(values: Iterable[Operand]) -> Any:
    """log Σ e^xᵢ, with the derivatives softmax(x)ⱼ, as accurate as those; nothing overflows.

    With m = max x it is m + log Σ e^(xᵢ - m), off by up to 4 units in the last place of the larger of the two.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599

    Raises:
        ValueError: there are no values.
    """

    def rule(x: tuple[Number, ...]) -> Rows:
        largest, rest, _, p = _softmax_parts(x)
        return [(largest + elementary.log1p(rest), p)]

    return _over_sequence("logsumexp", rule, values)[0]


def softmax(values: Iterable[Operand]) -> list[Any]:
    """The list of pᵢ = e^xᵢ / Σ e^xⱼ, with the derivatives ∂pᵢ/∂xⱼ = pᵢ(1 - pᵢ) for j = i, else -pᵢpⱼ.

    The rounding of xᵢ - max x puts pᵢ off by up to max x - xᵢ + 4 units in the last place, and the derivatives by up to
    2(max x - min x + 4).

    Raises:
        ValueError: there are no values.
    """

    def rule(x: tuple[Number, ...]) -> Rows:
        _, rest, powers, p = _softmax_parts(x)
        rows = zip(p, _slopes_of_log(rest, powers, p), strict=True)
        return [(p_i, tuple([p_i * d for d in row])) for p_i, row in rows]

    return _over_sequence("softmax", rule, values)


def log_softmax(values: Iterable[Operand]) -> list[Any]:
    """The list of log pᵢ = xᵢ - log Σ e^xⱼ, with the derivatives 1 - pᵢ for j = i, else -pⱼ, where p is `softmax`'s.

    The rounding of xᵢ - max x puts both off by up to max x - min x + 4 units in the last place.

    >>> log_softmax([40, 0])[0]
    -4.248354255291589e-18

    Raises:
        ValueError: there are no values.
    """

    def rule(x: tuple[Number, ...]) -> Rows:
        largest, rest, powers, p = _softmax_parts(x)
        log_rest = elementary.log1p(rest)
        rows = zip(x, _slopes_of_log(rest, powers, p), strict=True)
        return [((x_i - largest) - log_rest, row) for x_i, row in rows]

    return _over_sequence("log_softmax", rule, values)


def _softmax_parts(x: tuple[Number, ...]) -> tuple[Number, Number, tuple[Number, ...], tuple[Number, ...]]:
    """Return m = max x, r = Σ e^(xᵢ - m) - 1, the powers e^(xᵢ - m), and the pᵢ = e^(xᵢ - m)/(1 + r).

    r is built up without the largest term, whichever that is, so that log Σ e^xᵢ = m + log1p(r) keeps its digits.
    """
    largest, rest = x[0], constant(0, x[0])
    for v in x[1:]:
        gap = v - largest  # NaN for two infinities of one sign, where a tie of other numbers gives 0
        gap = select(gap <= 0, gap, select(gap > 0, -gap, select(v >= largest, constant(0, v), gap)))
        e = elementary.exp(gap)
        rest = select(v > largest, (1 + rest) * e, rest + e)
        largest = select(v > largest, v, largest)
    powers = tuple([elementary.exp(v - largest) for v in x])
    return largest, rest, powers, tuple([power / (1 + rest) for power in powers])


def _slopes_of_log(rest: Number, powers: tuple[Number, ...], p: tuple[Number, ...]) -> list[tuple[Number, ...]]:
    """Return the derivatives of each log pᵢ; 1 - pᵢ is (r + (1 - e^(xᵢ - m)))/(1 + r), which keeps its digits."""
    minus_p = tuple([-p_i for p_i in p])
    others = [(rest + (1 - power)) / (1 + rest) for power in powers]
    return [(*minus_p[:i], other, *minus_p[i + 1 :]) for i, other in enumerate(others)]


def _over_sequence(name: str, rule: Callable[[tuple[Number, ...]], Rows], values: Iterable[Operand]) -> list[Any]:
    """Apply a rule that returns several results of a sequence, each with its derivatives, and record what it did."""
    operands, x, all_values = read(values)
    if not operands:
        raise ValueError(f"{name} takes at least one number")
    try:
        rows = [(result(y), slopes) for y, slopes in rule(_of_one_kind(x))]
    except FAILURES as error:
        raise failure(error, name, operands) from None
    if all_values is False:
        return [y for y, _ in rows]
    return [
        record(Operation(name, _of_one(rule, i)), y, operands, slopes if all_values else masked(operands, slopes))
        for i, (y, slopes) in enumerate(rows)
    ]


def _of_one_kind(x: tuple[Number, ...]) -> tuple[Number, ...]:
    """Return numbers in the kind of the first that has one: beside mpmath's, a float's exp has too few digits."""
    like = next((v for v in x if type(v) not in (float, int)), 1.0)
    return tuple([constant(v, like) if type(v) in (float, int) else v for v in x])


def _of_one(rule: Callable[[tuple[Number, ...]], Rows], i: int) -> Rule:
    """Return the rule of the result `i` alone."""

    def rule_of_one(*x: Number) -> tuple[Number, ...]:
        y, slopes = rule(_of_one_kind(x))[i]
        return y, *slopes

    return rule_of_one
