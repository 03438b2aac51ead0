"""Straight-line code: an irregular program statement by statement, in pieces that optimizers take in linear time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd_like.compiler.blocks import EACH_SAMPLE, Block, Loop, Operand, Segment, Space
from micrograd_like.compiler.places import COMPUTED, SPACES, Places
from micrograd_like.compiler.program import NONE, Program, Statement

PIECE = 500
"""The most terms and operands of a piece."""
LONGEST = 3 * 16
"""The operands of the longest sum; a longer one is a chain of sums, each of which goes on from the one before."""

Columns = tuple[Any, ...]
"""The terms of results, as `Program.outputs` has them."""


def pieces(program: Program) -> tuple[list[Loop], Columns, Places]:
    """Return the statements in loops of a single member, the terms of the results that are left, and the places.

    A result that is a sum of several terms is a statement here, and then has one: there are no grids to keep apart.
    """
    sums, columns = _sums_of_results(program)
    statements = _chained([*program.statements, *sums], len(program.tape.operation) + program.results)
    places = Places(program, more=program.results + len(statements) - len(program.statements) - len(sums))
    found: dict[bool, list[list[Block]]] = {True: [], False: []}
    room = {True: 0, False: 0}
    for statement in statements:
        uniform = not any(SPACES[places.kinds[node]] in EACH_SAMPLE for node in statement.nodes)
        places.put(statement.node, uniform, COMPUTED[uniform])
        size = len(statement.operands)
        if size > room[uniform]:
            found[uniform].append([])
            room[uniform] = max(PIECE, size)
        room[uniform] -= size
        found[uniform][-1].append(_block(places, statement))
    spaces: tuple[tuple[bool, Space], ...] = ((True, "uniform"), (False, "sample"))
    loops = [Loop(space, 1, tuple(piece)) for uniform, space in spaces for piece in found[uniform]]
    return loops, tuple(places.numpy.array(column, places.numpy.int64) for column in columns), places


def _chained(statements: Sequence[Statement], node: int) -> list[Statement]:
    """Return the statements with long sums as chains, whose links are new nodes from `node` on."""
    found = []
    for statement in statements:
        operands = statement.operands
        if statement.operation == "sum":
            while len(operands) > LONGEST:
                found.append(Statement(node, "sum", operands[:LONGEST]))
                operands = [1, node, NONE, *operands[LONGEST:]]
                node += 1
        found.append(Statement(statement.node, statement.operation, operands))
    return found


def _sums_of_results(program: Program) -> tuple[list[Statement], list[list[int]]]:
    """Return statements for the results of several terms, and the columns of one term for each result."""
    sums = []
    columns: list[list[int]] = [[], [], [], []]
    for destination, total in enumerate(program.output_sums()):
        if not total.operands:
            continue
        sign, a, b = total.operands[:3]
        if len(total.operands) > 3:
            sign, a, b = 1, len(program.tape.operation) + destination, NONE
            sums.append(Statement(a, "sum", total.operands))
        for column, x in zip(columns, (destination, sign, a, b), strict=True):
            column.append(x)
    return sums, columns


def _block(places: Places, statement: Statement) -> Block:
    """Return the block of a statement by itself. A node's kind is its space here."""
    np, rows, kinds = places.numpy, places.rows, places.kinds
    if statement.operation != "sum":
        operands = [Operand(SPACES[kinds[i]], np.array([[rows[i]]])) for i in statement.operands]
        return Block(statement.operation, rows[statement.node], (), tuple(operands))
    runs: list[tuple[tuple[int, int, int], list[int], list[int]]] = []
    for sign, a, b in statement.terms():
        key = sign, kinds[a], NONE if b == NONE else kinds[b]
        if not runs or runs[-1][0] != key:
            runs.append((key, [], []))
        runs[-1][1].append(rows[a])
        runs[-1][2].append(rows[b])
    return Block("sum", rows[statement.node], tuple([_segment(np, *run) for run in runs]), ())


def _segment(np: Any, key: tuple[int, int, int], a: Sequence[int], b: Sequence[int]) -> Segment:
    sign, space_a, space_b = key
    second = None if space_b == NONE else Operand(SPACES[space_b], np.array([b]))
    return Segment(sign, Operand(SPACES[space_a], np.array([a])), second)
