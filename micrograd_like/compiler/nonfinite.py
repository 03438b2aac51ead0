"""Where a number stopped being finite: compiled code does not raise, so the engine computes that sample again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from micrograd_like.compiler.samples import Samples
from micrograd_like.engine import Value, topological_order
from micrograd_like.errors import FAILURES, failure
from micrograd_like.kinds import data_of
from micrograd_like.module import set_data


def failure_of_samples(
    loss: Callable[..., Any],
    parameters: Sequence[Value],
    numbers: Sequence[float],
    means: Callable[[Samples], Sequence[float]],
    samples: Samples,
    places: Sequence[int],
) -> ArithmeticError | None:
    """Return the error of the first operation, of the first sample, whose result or gradient is not finite.

    None where the engine finds none, though the compiled program does.

    Args:
        loss: of one sample, as it was recorded.
        parameters: the leaves that it uses.
        numbers: what these hold for now.
        means: the compiled program, by whose results the sample is found.
        samples, places: among which of the samples.
    """
    place = first_not_finite(means, samples, places)
    with _holding(parameters, numbers):
        found = _failure(loss, samples.rows[place])
    if found is None:
        return None
    error = ArithmeticError(f"sample {place}: {found}")
    error.__cause__ = found
    return error


def first_not_finite(means: Callable[[Samples], Sequence[float]], samples: Samples, places: Sequence[int]) -> int:
    """Return the first of the places in samples by which their means are not finite, by halving."""
    while len(places) > 1:
        half = places[: len(places) // 2]
        finite = all(map(math.isfinite, means(samples.chosen(half))))
        places = places[len(half) :] if finite else half
    return places[0]


def _failure(loss: Callable[..., Any], row: Sequence[float]) -> Exception | None:
    try:
        result = loss(*row)
        order = topological_order(result)
        for node in order:
            if not math.isfinite(node.data):
                return _told(node, f"the result is {node.data}")
        result.backward()
        for node in reversed(order):
            if not math.isfinite(node.grad):
                return _told(node, f"its gradient is {node.grad}")
    except FAILURES as error:
        return error
    return None


def _told(node: Value, reason: str) -> Exception:
    operands = [data_of(x) if not getattr(x, "label", "") else x for x in node.operands] or [node]
    told: Exception = failure(ArithmeticError(reason), node.operation or "parameter", operands)
    return told


@contextmanager
def _holding(parameters: Sequence[Value], numbers: Sequence[float]) -> Iterator[None]:
    """Let the parameters hold these numbers, and gradients of 0, for now."""
    before = [(p.data, p.grad) for p in parameters]
    try:
        set_data(parameters, map(float, numbers))
        for p in parameters:
            p.grad = 0
        yield
    finally:
        set_data(parameters, [data for data, _ in before])
        for p, (_, grad) in zip(parameters, before, strict=True):
            p.grad = grad
