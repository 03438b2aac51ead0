"""Rolling: the statements of a program become blocks of one operation for many members, and blocks become loops.

1. A statement's *level* is the longest path to it from the leaves; statements of one level do not depend on each other.
2. Those of one level with the same operation, on operands of the same classes, are a *group*: the classes are the kinds
   of leaf and the groups below. Its members are sorted by the rows that they read, and their results are its rows.
3. Groups with as many members follow each other in one loop, where each member reads what the same one has computed.
4. The derivatives by the weights of a layer are products over a full grid of two groups: one reduction.

An irregular program has few members a group: it becomes straight-line code, in pieces, as loops of a single member.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd_like.compiler.blocks import Block, Loop, Output, Rolled, Space
from micrograd_like.compiler.grouping import Grouping
from micrograd_like.compiler.places import SPACES
from micrograd_like.compiler.program import NONE, Program
from micrograd_like.compiler.reductions import reductions
from micrograd_like.compiler.straight import PIECE, pieces

REGULAR = 4
"""The members that groups have on average in a program that is worth rolling."""
FOLLOWER = 8
"""The terms of the longest sum that follows other blocks in a loop of several members."""


def roll(program: Program, straight: bool | None = None, *, ordered: bool = True) -> Rolled:
    """Return the program in blocks.

    Args:
        program: what was recorded.
        straight: whether as straight-line code; None for where it is irregular.
        ordered: whether sums keep the order of their terms. Otherwise like terms come together, so that more
            statements are alike: the derivatives by the outputs of a softmax, whose own has its place in each.

    Raises:
        ImportError: NumPy is missing.
    """
    most = math.inf if straight is False else len(program.statements) / REGULAR
    grouping = None if straight else Grouping(program, ordered, most)
    if grouping and len(grouping.groups) <= most:
        places, columns, loops = grouping.places, program.outputs, _loops(grouping)
    else:
        loops, columns, places = pieces(program)
    outputs = reductions(places, columns, program.results)
    return Rolled(
        inputs=len(program.columns),
        parameters=program.parameter_count,
        constants=tuple(program.tape.numbers),
        uniform_rows=places.computed[True],
        sample_rows=places.computed[False],
        loops=tuple(_kept(loops, outputs)),
        outputs=tuple(outputs),
        destinations=program.results,
    )


def _loops(grouping: Grouping) -> list[Loop]:
    """Return the blocks in loops: a block joins the last loop that it reads, if its members read only themselves."""
    np, rows = grouping.numpy, grouping.places.computed
    loops: list[tuple[Space, int, list[Block]]] = []
    loop_of = {"uniform": np.full(rows[True], NONE), "sample": np.full(rows[False], NONE)}
    sizes: list[int] = []
    last = {"uniform": NONE, "sample": NONE}  # the last loop of a single member
    for group in grouping.groups:
        space, members, block = group.space, len(group.statements), grouping.block(group)
        size = sum(int(x.rows.shape[1]) for x in block.factors)
        inside = [loop_of[space][x.rows] for x in block.factors if x.space == space]
        at = max([int(loop.max()) for loop in inside], default=NONE)
        if members == 1 and last[space] >= at:
            at = last[space]
        fits = at != NONE and loops[at][1] == members
        if members == 1:
            fits = fits and sizes[at] + size <= PIECE
        else:
            fits = fits and size <= 2 * FOLLOWER and _same_members(block, space, [loop == at for loop in inside])
        if not fits:
            at = len(loops)
            loops.append((space, members, []))
            sizes.append(0)
            if members == 1:
                last[space] = at
        loops[at][2].append(block)
        sizes[at] += size
        loop_of[space][block.row : block.row + members] = at
    made = [Loop(space, members, tuple(found)) for space, members, found in loops]
    return sorted(made, key=lambda loop: loop.space != "uniform")


def _same_members(block: Block, space: Space, inside: Sequence[Any]) -> bool:
    """Tell whether each member reads, of what the loop computes, only what it has computed itself."""
    tables = [x.rows for x in block.factors if x.space == space]
    for rows, is_inside in zip(tables, inside, strict=True):
        if is_inside.any() and (rows.shape[1] > 1 or (rows[1:] - rows[:-1] != 1).any()):
            return False
    return True


def _kept(loops: Sequence[Loop], outputs: Sequence[Output]) -> list[Loop]:
    """Return the loops with the blocks marked that others read, or the outputs."""
    wanted: dict[Space, set[int]] = {space: set() for space in SPACES}
    for output in outputs:
        for operand in (output.a, output.b):
            if operand:
                wanted[operand.space].update(operand.rows.ravel().tolist())
    made = []
    for loop in reversed(loops):
        own = {block.row + m for block in loop.blocks for m in range(loop.members)}
        kept = [not wanted[loop.space].isdisjoint(range(b.row, b.row + loop.members)) for b in loop.blocks]
        marked = [Block(b.operation, b.row, b.segments, b.operands, k) for b, k in zip(loop.blocks, kept, strict=True)]
        made.append(Loop(loop.space, loop.members, tuple(marked)))
        for operand in (x for block in loop.blocks for x in block.factors):
            rows = operand.rows.ravel().tolist()
            if operand.space == loop.space:
                wanted[operand.space].update([row for row in rows if row not in own])
            else:
                wanted[operand.space].update(rows)
    return made[::-1]
