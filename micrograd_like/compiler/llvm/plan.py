"""How the machine code's functions are planned: loops are cut into phases, and operands get their places.

A sum that is long, or whose factors serve several members, begins a phase, and simple blocks that take its results
follow it while they are in registers. Whatever else follows, such as a function, is a phase of its own.
"""

from __future__ import annotations

from itertools import pairwise

from micrograd_like.compiler.blocks import EACH_SAMPLE, Block, Loop, Operand, Output, Segment
from micrograd_like.compiler.llvm.places import (
    FOLLOWERS,
    Arguments,
    Data,
    Phase,
    Piece,
    Place,
    Reduction,
    Step,
    place,
    row_place,
)

UNROLLED = 4
"""Sums of so many terms are written out for several members."""

STRAIGHT = 16
"""Sums of so many terms are written out in straight-line code, in loops of one member."""


def phases(loop: Loop, data: Data) -> list[tuple[Phase, list[int]]]:
    """Return the phases of a loop, each with its arguments."""
    owner = {block.row: i for i, block in enumerate(loop.blocks)}
    groups = _groups(loop, owner)
    phase_of = {i: number for number, (_, group) in enumerate(groups) for i in group}
    stored = {i for i, block in enumerate(loop.blocks) if block.kept}
    for i, block in enumerate(loop.blocks):
        for x in block.factors:
            if x.space == loop.space:
                made = [owner.get(row, i) for row in x.rows[0].tolist()]
                stored.update(j for j in made if phase_of[j] != phase_of[i])
    result = []
    for tiled, group in groups:
        arguments = Arguments()
        local = {loop.blocks[i].row: position for position, i in enumerate(group)}
        steps = []
        for i in group:
            block = loop.blocks[i]
            straight = loop.members == 1 and not (tiled and i == group[0])
            pieces = tuple(p for x in block.segments for p in _pieces(x, loop, local, arguments, data, straight))
            operands = tuple(_place(x, slice(0, 1), loop, local, arguments, data) for x in block.operands)
            row = arguments.place(loop.space, block.row) if i in stored else None
            steps.append(Step(block.operation, pieces, operands, row))
        result.append((Phase(loop.space, loop.members, tiled, tuple(steps)), arguments.numbers()))
    return result


def _groups(loop: Loop, owner: dict[int, int]) -> list[tuple[bool, list[int]]]:
    """Return the numbers of the blocks of each phase, and whether it begins with a long sum."""
    groups: list[tuple[bool, list[int]]] = []
    left = 0.0
    for i, block in enumerate(loop.blocks):
        cost = _cost(block)
        if _long(block, loop, owner):
            groups.append((True, [i]))
            left = FOLLOWERS
        elif groups and (not groups[-1][0] or cost <= left):
            groups[-1][1].append(i)
            left -= cost
        else:
            groups.append((False, [i]))
    return groups


def _cost(block: Block) -> float:
    if block.operation == "sum":
        return sum(x.terms for x in block.segments)
    return 1 if block.operation in ("where<=", "where<", "abs") else FOLLOWERS + 1


def _long(block: Block, loop: Loop, owner: dict[int, int]) -> bool:
    """Whether a sum is better computed for several members and vectors at once."""
    terms = sum(x.terms for x in block.segments)
    if loop.members == 1:
        return terms > STRAIGHT
    if terms > UNROLLED:
        return True
    if terms < 2:
        return False
    return any(
        x.space in EACH_SAMPLE and (x.rows == x.rows[:1]).all()
        for segment in block.segments
        if segment.b is not None
        for x in (segment.a, segment.b)
    )


def _pieces(
    segment: Segment, loop: Loop, local: dict[int, int], arguments: Arguments, data: Data, straight: bool
) -> list[Piece]:
    """Return a segment, cut where a term takes a result of the same phase; in straight-line code all terms apart."""
    sign, a, b = segment.sign, segment.a, segment.b
    terms = a.rows.shape[1]
    if straight:
        first, second = (
            [_single(x.space, r, loop, local, arguments, data) for r in x.rows[0].tolist()] if x else [None] * terms
            for x in (a, b)
        )
        return [Piece(sign, x, y, 1) for x, y in zip(first, second, strict=True) if x is not None]
    own = [False] * terms
    for x in (a, b):
        if x is not None and x.space == loop.space:
            own = [o or r in local for o, r in zip(own, x.rows[0].tolist(), strict=True)]
    cuts = [k for k in range(terms) if k == 0 or own[k] or own[k - 1]] + [terms]
    pieces = []
    for start, end in pairwise(cuts):
        columns = slice(start, end)
        factor = None if b is None else _place(b, columns, loop, local, arguments, data)
        pieces.append(Piece(sign, _place(a, columns, loop, local, arguments, data), factor, end - start))
    return pieces


def _place(x: Operand, columns: slice, loop: Loop, local: dict[int, int], arguments: Arguments, data: Data) -> Place:
    """Return where some columns of an operand lie; a result of the same phase is in a register."""
    row = int(x.rows[0, columns.start])
    if (x.space == loop.space and row in local) or loop.members == columns.stop - columns.start == 1:
        return _single(x.space, row, loop, local, arguments, data)
    return place(x.space, x.rows[:, columns], arguments, data)


def _single(space: str, row: int, loop: Loop, local: dict[int, int], arguments: Arguments, data: Data) -> Place:
    if space == loop.space and row in local:
        return Place(space, register=local[row])
    return row_place(space, row, arguments, data)


def reduction(output: Output, fresh: bool, data: Data) -> tuple[Reduction, list[int]]:
    """Return an output and its arguments."""
    arguments = Arguments()
    a = place(output.a.space, output.a.rows, arguments, data)
    b = None if output.b is None else place(output.b.space, output.b.rows, arguments, data)
    destination = place("destination", output.destinations, arguments, data)
    terms = int(output.a.rows.shape[1])
    members, others = output.destinations.shape
    planned = Reduction(output.sign, a, b, (members, others), terms, output.paired, destination, fresh)
    if destination.apart and others == 1 and planned.varies:
        planned = planned._replace(shape=(0, 1), listed=arguments.place("members", members))
    return planned, arguments.numbers()
