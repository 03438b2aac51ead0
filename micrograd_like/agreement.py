"""Does the engine agree with the numbers? Each derivative measured by both, and a verdict on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, partial
from typing import Any, NamedTuple

from micrograd_like.derivatives import second_derivatives
from micrograd_like.differences import Estimate, estimates, finite_numbers, number_at
from micrograd_like.engine import Value, topological_order
from micrograd_like.kinds import data_of
from micrograd_like.points import Point
from micrograd_like.reports import Entry

PERHAPS = "does it leave the graph, as math.exp(v) and float(v) do, or hide a kink?"
"""Why the engine and the numbers may differ, if the engine is right."""
SAME = 1e-9  # the relative difference of sums that are added up in another order


class Measured(NamedTuple):
    """A derivative, as the engine and as the numbers have it; and whether the graph reaches what it is by."""

    name: str
    engine: float
    estimate: Estimate
    reached: bool


def measure(f: Callable[..., Any], point: Point) -> list[Measured]:
    """Return the derivatives of `f` by the numbers of the point."""
    numbers = finite_numbers(point.places)
    found = estimates(_of_numbers(f, point, numbers), point)
    slopes, reached = _engine_gradient(f, point, numbers)
    return list(map(Measured, point.names, slopes, found, reached))


def measure_second(f: Callable[..., Any], point: Point) -> list[Measured]:
    """Return the second derivatives; the numerical ones are those of the engine's gradient."""
    gradient = cache(lambda numbers: _engine_gradient(f, point, numbers)[0])

    def slope(i: int, numbers: list[float]) -> float:
        return gradient(tuple(numbers))[i]

    numbers = finite_numbers(point.places)
    rows = second_derivatives(f, Point(f, point.shaped(numbers), point.spread))
    found: list[Measured] = []
    for i, (name, row) in enumerate(zip(point.names, rows, strict=True)):
        names = [f"∂²/∂{name}∂{other}" for other in point.names]
        if math.isfinite(first := slope(i, numbers)):
            numerical = estimates(partial(slope, i), point)
        else:
            remark = f"no slope: the first derivative is {first}"
            numerical = [Estimate(math.nan, math.inf, math.nan, math.nan, remark)] * len(row)
        found += map(Measured, names, [float(data_of(x)) for x in row], numerical, [True] * len(row))
    return found


def judge(measured: Measured, rtol: float, atol: float) -> Entry:
    """Return the verdict on the engine's derivative."""
    name, engine, estimate, reached = measured
    error = estimate.off(engine)
    tolerance = atol + rtol * abs(estimate.slope)
    if error <= tolerance:
        verdict = "kink" if estimate.at_kink else "ok"
    elif not estimate.at_kink and (math.isinf(estimate.error) or error <= tolerance + estimate.error):
        verdict = "undecided"
    else:
        verdict = "wrong"
    remark = estimate.remark
    if verdict == "undecided" and not remark:
        remark = f"the numerical gradient is uncertain by {estimate.error:.1g}"
    if not reached:
        remark = remark or ("the graph does not reach it" if verdict == "wrong" else "the function ignores it")
    return Entry(name, None, engine, estimate.slope, error, verdict, remark=remark)


def _of_numbers(f: Callable[..., Any], point: Point, numbers: list[float]) -> Callable[[list[float]], Any]:
    """Return `f` as a function of plain numbers: of these themselves where it takes them, which is faster by far."""

    def of_values(numbers: list[float]) -> Any:
        return point.call(f, _leaves(point, numbers))

    def of_either(numbers: list[float]) -> Any:
        try:
            return point.call(f, numbers)
        except (AttributeError, TypeError):  # it calls methods of Values, here or in another branch
            return of_values(numbers)

    y = number_at(of_values, numbers)
    with suppress(TypeError, ValueError):  # it does something else for floats
        if math.isclose(y, number_at(of_either, numbers), rel_tol=SAME):
            return of_either
    return of_values


def _leaves(point: Point, numbers: Iterable[float]) -> list[Value]:
    return list(map(Value, numbers, point.names))


def _engine_gradient(f: Callable[..., Any], point: Point, numbers: Iterable[float]) -> tuple[list[float], list[bool]]:
    """Return the gradient that `backward()` gives, and which leaves it reaches; gradients of other leaves stay."""
    leaves = _leaves(point, numbers)
    y = point.call(f, leaves)
    order = topological_order(y) if isinstance(y, Value) else []
    before = [v.grad for v in order]  # those of what `f` captures, a model or what was computed from it, too
    restoring = map(vars(Value)["_grad"].__set__, order, before)
    for leaf in leaves:
        leaf.grad = 0  # of a backward() in `f` itself
    try:
        if order:
            y.backward()
        reached = set(order)
        return [float(leaf.grad) for leaf in leaves], [leaf in reached for leaf in leaves]
    finally:
        list(restoring)  # in one step, which Ctrl-C cannot cut in two
