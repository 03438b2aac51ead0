"""Reductions: like terms of a program's results, over a full grid of factors where they make one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from micrograd_like.compiler.blocks import Operand, Output, Space
from micrograd_like.compiler.places import SPACES, Places
from micrograd_like.compiler.program import NONE


def reductions(places: Places, columns: Sequence[Any], results: int) -> list[Output]:
    """Return the terms of the results as reductions over the samples.

    Args:
        places: where the numbers of the factors lie.
        columns: as of `Program.outputs`, those of a result one after the other.
        results: how many there are.
    """
    np = places.numpy
    destinations, signs, a, b = map(np.asarray, columns)
    first = np.r_[True, destinations[1:] != destinations[:-1]] if len(destinations) else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    position = np.arange(len(destinations)) - starts[np.cumsum(first) - 1]
    kinds = np.stack([position, signs, places.kind[a], places.kind_or_none(b)])
    order = np.lexsort(kinds[::-1])
    alike = np.diff(kinds[:, order], axis=1, prepend=NONE - 1) == 0
    bounds = np.flatnonzero(~alike.all(0))
    outputs: list[Output] = []
    last = np.full(results, NONE)
    for members in np.split(order, bounds[1:]):
        one = members[0]
        rows_b = None if b[one] == NONE else (SPACES[places.space[b[one]]], places.row[b[members]])
        space_a = SPACES[places.space[a[one]]]
        output = _reduction(np, int(signs[one]), space_a, places.row[a[members]], rows_b, destinations[members])
        # Joined to the output that added to all these destinations last, terms keep their order.
        at = int(last[destinations[one]])
        follows = at != NONE and (last[output.destinations] == at).all()
        if follows and (longer := _joined(np, outputs[at], output)):
            outputs[at] = longer
        else:
            last[output.destinations] = len(outputs)
            outputs.append(output)
    return outputs


def _reduction(
    np: Any, sign: int, space: Space, rows_a: Any, b: tuple[Space, Any] | None, destinations: Any
) -> Output:
    """Return the reduction of terms, one for each destination: over a full grid if they make one."""
    if b is None:
        return Output(sign, Operand(space, rows_a[:, None]), None, destinations[:, None])
    space_b, rows_b = b
    order = np.lexsort((rows_b, rows_a))
    members = 1 + int(np.count_nonzero(np.diff(rows_a[order])))
    grid_a, grid_b, where = (x[order] for x in (rows_a, rows_b, destinations))
    if len(order) % members == 0:
        grid_a, grid_b, where = (x.reshape(members, -1) for x in (grid_a, grid_b, where))
        if (grid_a == grid_a[:, :1]).all() and (grid_b == grid_b[:1]).all():
            return Output(sign, Operand(space, grid_a[:, :1]), Operand(space_b, grid_b[0][:, None]), where)
    columns = rows_a[:, None], rows_b[:, None]
    return Output(sign, Operand(space, columns[0]), Operand(space_b, columns[1]), destinations[:, None], paired=True)


def _joined(np: Any, output: Output, other: Output) -> Output | None:
    """Return the reduction that adds the terms of the other too, to the same destinations, if one can."""
    spaces, others = ([x and x.space for x in (o.a, o.b)] for o in (output, other))
    if spaces != others or output.sign != other.sign or output.paired != other.paired:
        return None
    if not np.array_equal(output.destinations, other.destinations):
        return None
    a = Operand(output.a.space, np.hstack([output.a.rows, other.a.rows]))
    b = output.b and other.b and Operand(output.b.space, np.hstack([output.b.rows, other.b.rows]))
    return replace(output, a=a, b=b)
