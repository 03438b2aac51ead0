"""Rolling: the statements of a program become blocks of one operation for many members, and blocks become loops.

1. A statement's *level* is the longest path to it from the leaves; statements of one level do not depend on each other.
2. Those of one level with the same operation, on operands of the same classes, are a *group*: the classes are the kinds
   of leaf and the groups below. Its members are sorted by the rows that they read, and their results are its rows.
3. Groups with as many members follow each other in one loop, where each member reads what the same one has computed.
4. The derivatives by the weights of a layer are products over a full grid of two groups: one reduction.

An irregular program has few members a group: it becomes straight-line code, in pieces, as loops of a single member.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from micrograd_like.compiler.blocks import Block, Loop, Operand, Output, Rolled, Segment, Space
from micrograd_like.compiler.expr import CONSTANT, INPUT, PARAMETER
from micrograd_like.compiler.program import NONE, Program, Statement
from micrograd_like.packages import package

SPACES: tuple[Space, ...] = ("constant", "parameter", "input", "uniform", "sample")
LEAF_SPACES = {CONSTANT: 0, PARAMETER: 1, INPUT: 2}
COMPUTED = {True: 3, False: 4}
REGULAR = 4
"""The members that groups have on average in a program that is worth rolling."""
FEW = 24
"""The length of the longest list of operands that is read one by one, which is quicker than an array for few."""
FOLLOWER = 8
"""The terms of the longest sum that follows other blocks in a loop of several members."""
PIECE = 500
"""The terms and operands of the longest straight-line piece, beyond which optimizers take more than linear time."""


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
    roller = Roller(program, ordered)
    groups = roller.groups()
    if straight if straight is not None else len(program.statements) < REGULAR * len(groups):
        roller = Roller(program, ordered)
        groups = roller.alone()
    blocks = [(group, roller.block(group)) for group in groups]
    loops = _kept(_loops(blocks), outputs := roller.outputs())
    return Rolled(
        inputs=len(program.inputs),
        parameters=program.parameter_count,
        constants=tuple(program.tape.numbers),
        uniform_rows=roller.computed[True],
        sample_rows=roller.computed[False],
        loops=tuple(loops),
        outputs=tuple(outputs),
        destinations=program.results,
    )


@dataclass
class Group:
    """Statements of the same operation on operands of the same classes."""

    statements: list[Statement]
    varies: bool

    @property
    def space(self) -> Space:
        """Where the results lie."""
        return "sample" if self.varies else "uniform"


class Roller:
    """Where each node's number lies: a space, a row, and a kind, which operands that are alike have in common."""

    def __init__(self, program: Program, ordered: bool) -> None:
        self.ordered = ordered
        self.numpy = np = package("numpy", "rolling a program into loops")
        self.program = program
        operation = np.frombuffer(program.tape.operation, np.uint8)
        self.space = np.full(len(operation), -1, np.int8)
        for code, space in LEAF_SPACES.items():
            self.space[operation == code] = space
        # Rows and kinds are lists of integers, quick one by one, and arrays of the same memory, quick all at once.
        self._rows = array("q", np.frombuffer(program.tape.first, np.int32).astype(np.int64).tobytes())
        self._kinds = array("q", self.space.astype(np.int64).tobytes())
        self.row, self.kind = np.frombuffer(self._rows, np.int64), np.frombuffer(self._kinds, np.int64)
        self._operands: dict[int, Any] = {}  # of statements, in the order of the rolled program
        self.computed = {True: 0, False: 0}  # rows so far, uniform and not

    def groups(self) -> list[Group]:
        """Return the groups, level by level, and give their nodes their rows."""
        groups: list[Group] = []
        for statements in self._levels():
            alike: dict[Any, Group] = {}
            for statement in statements:
                varies = not self.program.uniform(statement)
                key = varies, statement.operation, self._key(statement)
                group = alike.get(key)
                if group is None:
                    group = alike[key] = Group([], varies)
                group.statements.append(statement)
            for group in alike.values():
                groups.append(self._sorted(group))
                self._place(groups[-1], len(SPACES) + len(groups))
        return groups

    def alone(self) -> list[Group]:
        """Return every statement as a group, in the order of the program."""
        groups = []
        for statement in self.program.statements:
            self._key(statement)
            groups.append(Group([statement], not self.program.uniform(statement)))
            self._place(groups[-1], COMPUTED[not groups[-1].varies])
        return groups

    def _levels(self) -> list[list[Statement]]:
        """Return the statements by the longest path to them."""
        level = array("q", bytes(8 * len(self._rows)))
        all_levels = self.numpy.frombuffer(level, self.numpy.int64)
        levels: list[list[Statement]] = []
        for statement in self.program.statements:
            operands = statement.operands
            if statement.operation != "sum":
                height = max([level[i] for i in operands])
            elif len(operands) <= FEW:  # the signs are left out; where there is no second factor, so is that
                height = max(
                    [level[i] for i in operands[1::3]] + [level[i] for i in operands[2::3] if i != NONE]
                )
            else:
                nodes = self.numpy.array(operands)
                nodes[::3] = nodes[1]
                height = int(all_levels[nodes[nodes != NONE]].max())
            level[statement.node] = height + 1
            if height == len(levels):
                levels.append([])
            levels[height].append(statement)
        return levels

    def _key(self, statement: Statement) -> Any:
        """Return what statements of one group have in common, and keep the operands in the order that they take."""
        operands, kinds, rows = statement.operands, self._kinds, self._rows
        if statement.operation != "sum":
            self._operands[statement.node] = operands
            return tuple([kinds[i] for i in operands])
        if len(operands) > FEW:
            return self._key_of_many(statement)
        terms = []
        for sign, a, b in statement.terms():
            kind_b, row_b = (NONE, NONE) if b == NONE else (kinds[b], rows[b])
            terms.append((-sign, kinds[a], kind_b, rows[a], row_b, a, b))
        if not self.ordered:
            terms.sort()
        self._operands[statement.node] = [x for term in terms for x in (-term[0], term[5], term[6])]
        return tuple([term[:3] for term in terms])

    def _key_of_many(self, statement: Statement) -> Any:
        np = self.numpy
        terms = np.array(statement.operands, np.int64).reshape(-1, 3)
        signs, a, b = terms.T
        kinds = np.stack([-signs, self.kind[a], self._kind_or_none(b)])
        if not self.ordered:
            order = np.lexsort((self.row[b], self.row[a], *kinds[::-1]))
            terms, kinds = terms[order], kinds[:, order]
        self._operands[statement.node] = terms.ravel()
        return kinds.tobytes()

    def _table(self, statements: Sequence[Statement]) -> Any:
        """Return the operands of like statements: of sums (members, terms, 3), else (members, 1, operands)."""
        table = self.numpy.array([self._operands[s.node] for s in statements], self.numpy.int64)
        return table.reshape(len(statements), -1, 3) if statements[0].operation == "sum" else table[:, None, :]

    def block(self, group: Group) -> Block:
        """Return the block of a group."""
        np, statements = self.numpy, group.statements
        row, operation = self._rows[statements[0].node], statements[0].operation
        tables = self._table(statements)
        if operation != "sum":
            return Block(operation, row, (), tuple(self._operand(tables[:, :, i]) for i in range(tables.shape[2])))
        signs, first, second = tables[0, :, 0], tables[:, :, 1], tables[:, :, 2]
        kinds = np.stack([signs, self.space[first[0]], np.where(second[0] == NONE, NONE, self.space[second[0]])])
        ends = [*np.flatnonzero((kinds[:, 1:] != kinds[:, :-1]).any(0)) + 1, len(signs)]
        segments, start = [], 0
        for end in ends:
            b = None if second[0, start] == NONE else self._operand(second[:, start:end])
            segments.append(Segment(int(signs[start]), self._operand(first[:, start:end]), b))
            start = end
        return Block(operation, row, tuple(segments), ())

    def outputs(self) -> list[Output]:
        """Return the reductions over the samples."""
        np = self.numpy
        destinations, signs, a, b = (np.frombuffer(column, np.int32) for column in self.program.outputs)
        first = np.r_[True, destinations[1:] != destinations[:-1]] if len(destinations) else np.zeros(0, bool)
        starts = np.flatnonzero(first)
        position = np.arange(len(destinations)) - starts[np.cumsum(first) - 1]
        kinds = np.stack([position, signs, self.kind[a], self._kind_or_none(b)])
        _, group_of = np.unique(kinds, axis=1, return_inverse=True)
        order = np.argsort(group_of, kind="stable")
        bounds = np.flatnonzero(np.diff(group_of[order], prepend=-1))
        outputs: list[Output] = []
        last = np.full(self.program.results, NONE)
        for members in np.split(order, bounds[1:]):
            one = members[0]
            rows_b = None if b[one] == NONE else (SPACES[self.space[b[one]]], self.row[b[members]])
            space_a = SPACES[self.space[a[one]]]
            output = _reduction(np, int(signs[one]), space_a, self.row[a[members]], rows_b, destinations[members])
            # Joined to the output that added to all these destinations last, terms keep their order.
            at = int(last[destinations[one]])
            alike = at != NONE and (last[output.destinations] == at).all()
            if alike and (longer := _joined(np, outputs[at], output)):
                outputs[at] = longer
            else:
                last[output.destinations] = len(outputs)
                outputs.append(output)
        return outputs

    def space_of(self, node: int) -> Space:
        """Return where the number of a node lies."""
        return SPACES[int(self.space[node])]

    def is_placed(self, node: int) -> bool:
        """Tell whether a node has a row: it is a leaf or the result of a statement."""
        return bool(self.space[node] >= 0)

    def _kind_or_none(self, nodes: Any) -> Any:
        return self.numpy.where(nodes == NONE, NONE, self.kind[nodes])

    def _operand(self, nodes: Any) -> Operand:
        return Operand(SPACES[self.space[nodes[0, 0]]], self.row[nodes])

    def _sorted(self, group: Group) -> Group:
        """Return the group with its members in the order of the first rows they read that differ for all."""
        if len(group.statements) == 1:
            return group
        np = self.numpy
        tables = self._table(group.statements)
        if group.statements[0].operation == "sum":
            tables = tables[:, :, 1:]
        for nodes in tables.reshape(len(tables), -1).T[:6]:
            if nodes[0] != NONE:
                rows = self.row[nodes]
                if len(np.unique(rows)) == len(rows):
                    return replace(group, statements=[group.statements[i] for i in np.argsort(rows)])
        return group

    def _place(self, group: Group, kind: int) -> None:
        """Give the results of a group their rows."""
        uniform = not group.varies
        for row, statement in enumerate(group.statements, self.computed[uniform]):
            self.space[statement.node] = COMPUTED[uniform]
            self._rows[statement.node] = row
            self._kinds[statement.node] = kind
        self.computed[uniform] += len(group.statements)


def _reduction(
    np: Any, sign: int, space: Space, rows_a: Any, b: tuple[Space, Any] | None, destinations: Any
) -> Output:
    """Return the reduction of terms, one for each destination: over a full grid if they make one."""
    if b is None:
        return Output(sign, Operand(space, rows_a[:, None]), None, destinations[:, None])
    space_b, rows_b = b
    order = np.lexsort((rows_b, rows_a))
    members = len(np.unique(rows_a))
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
    if output.destinations.tobytes() != other.destinations.tobytes():
        return None
    a = Operand(output.a.space, np.hstack([output.a.rows, other.a.rows]))
    b = output.b and other.b and Operand(output.b.space, np.hstack([output.b.rows, other.b.rows]))
    return replace(output, a=a, b=b)


def _loops(blocks: Iterable[tuple[Group, Block]]) -> list[Loop]:
    """Return the blocks in loops: a block joins the last loop that it reads, if its members read only themselves."""
    loops: list[tuple[Space, int, list[Block]]] = []
    sizes: list[int] = []
    loop_of: dict[Space, list[int]] = {"uniform": [], "sample": []}  # of each row
    last = {"uniform": NONE, "sample": NONE}  # the last loop of a single member
    for group, block in blocks:
        space = group.space
        members, size = len(group.statements), sum(int(x.rows.shape[1]) for x in block.factors)
        read = [int(loop_of[x.space][row]) for x in block.factors if x.space == space for row in x.rows.flat]
        at = max(read, default=NONE)
        if members == 1 and last[space] >= at:
            at = last[space]
        if at == NONE or not _joins(loops[at], sizes[at] + size, block, members, size, loop_of[space], at):
            at = len(loops)
            loops.append((space, members, []))
            sizes.append(0)
            if members == 1:
                last[space] = at
        loops[at][2].append(block)
        sizes[at] += size
        loop_of[space] += [at] * members
    made = [Loop(space, members, tuple(found)) for space, members, found in loops]
    return sorted(made, key=lambda loop: loop.space != "uniform")


def _joins(
    loop: tuple[Space, int, list[Block]],
    size: int,
    block: Block,
    members: int,
    own: int,
    loop_of: Sequence[int],
    at: int,
) -> bool:
    space, count, _ = loop
    if count != members or (members == 1 and size > PIECE) or (members > 1 and own > 2 * FOLLOWER):
        return False
    return all(_same_members(x, loop_of, at) for x in block.factors if x.space == space)


def _same_members(operand: Operand, loop_of: Sequence[int], at: int) -> bool:
    """Tell whether each member reads, of what the loop computes, only what it has computed itself."""
    rows = operand.rows
    if len(rows) == 1:
        return True
    inside = [[loop_of[row] == at for row in each] for each in rows.tolist()]
    if not any(map(any, inside)):
        return True
    return rows.shape[1] == 1 and bool((rows[1:] - rows[:-1] == 1).all())


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
        made.append(replace(loop, blocks=tuple(replace(b, kept=k) for b, k in zip(loop.blocks, kept, strict=True))))
        for operand in (x for block in loop.blocks for x in block.factors):
            rows = set(operand.rows.ravel().tolist())
            wanted[operand.space] |= rows - own if operand.space == loop.space else rows
    return made[::-1]
