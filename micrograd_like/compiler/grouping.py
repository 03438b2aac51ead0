"""Grouping: statements of one level that do the same with operands of the same kinds are the members of one block."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from micrograd_like.compiler.blocks import Block, Segment, Space
from micrograd_like.compiler.places import SPACES, Places
from micrograd_like.compiler.program import NONE, Program, Statement

FEW = 24
"""The length of the longest list of operands that is read one by one, which is quicker than an array for few."""


@dataclass
class Group:
    """Statements of the same operation on operands of the same classes."""

    statements: list[Statement]
    varies: bool

    @property
    def space(self) -> Space:
        """Where the results lie."""
        return "sample" if self.varies else "uniform"


class Grouping:
    """The groups of a program, level by level, and the places of their results.

    Args:
        program: what was recorded.
        ordered: whether sums keep the order of their terms.
        most: where there are more groups than this, they are not all found: the program is irregular.

    Attributes:
        groups: in an order in which all is computed before it is read.
    """

    def __init__(self, program: Program, ordered: bool, most: float = math.inf) -> None:
        self.program, self.ordered, self.most = program, ordered, most
        self.places = Places(program)
        self.numpy = self.places.numpy
        self._operands: dict[int, Any] = {}  # of statements, in the order that their terms take
        self.groups = self._found()

    def _found(self) -> list[Group]:
        """Return the groups, level by level, and give their nodes their rows."""
        groups: list[Group] = []
        for statements in self._levels():
            if len(groups) > self.most:
                break
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
                for statement in groups[-1].statements:
                    self.places.put(statement.node, not group.varies, len(SPACES) + len(groups))
        return groups

    def _levels(self) -> list[list[Statement]]:
        """Return the statements by the longest path to them."""
        level = array("q", bytes(8 * len(self.places.rows)))
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
        operands, kinds, rows = statement.operands, self.places.kinds, self.places.rows
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
        kinds = np.stack([-signs, self.places.kind[a], self.places.kind_or_none(b)])
        if not self.ordered:
            order = np.lexsort((self.places.row[b], self.places.row[a], *kinds[::-1]))
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
        row, operation = self.places.rows[statements[0].node], statements[0].operation
        tables, operand, space = self._table(statements), self.places.operand, self.places.space
        if operation != "sum":
            return Block(operation, row, (), tuple(operand(tables[:, :, i]) for i in range(tables.shape[2])))
        signs, first, second = tables[0, :, 0], tables[:, :, 1], tables[:, :, 2]
        kinds = np.stack([signs, space[first[0]], np.where(second[0] == NONE, NONE, space[second[0]])])
        ends = [*np.flatnonzero((kinds[:, 1:] != kinds[:, :-1]).any(0)) + 1, len(signs)]
        segments, start = [], 0
        for end in ends:
            b = None if second[0, start] == NONE else operand(second[:, start:end])
            segments.append(Segment(int(signs[start]), operand(first[:, start:end]), b))
            start = end
        return Block(operation, row, tuple(segments), ())

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
                rows = self.places.row[nodes]
                order = np.argsort(rows)
                if (np.diff(rows[order]) > 0).all():
                    return replace(group, statements=[group.statements[i] for i in order])
        return group
