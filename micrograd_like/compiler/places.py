"""Where the number of each node of a program lies: its space, its row, and a kind that like operands share."""

from __future__ import annotations

from array import array
from typing import Any

from micrograd_like.compiler.blocks import Operand, Space
from micrograd_like.compiler.expr import CONSTANT, INPUT, PARAMETER
from micrograd_like.compiler.program import NONE, Program
from micrograd_like.packages import package

SPACES: tuple[Space, ...] = ("constant", "parameter", "input", "uniform", "sample")
LEAF_SPACES = {CONSTANT: 0, PARAMETER: 1, INPUT: 2}
COMPUTED = {True: 3, False: 4}
"""The spaces of results, by whether they are uniform."""


class Places:
    """The places of a program's nodes: those of leaves from the first, those of results when `put` gives them.

    Args:
        program: what was recorded.
        more: how many nodes there are beside those of its tape.

    Attributes:
        space, row, kind: arrays with an entry for each node; a space is an index of `SPACES`, or -1.
        rows, kinds: the memory of two of them as lists of integers, quick one by one.
        computed: how many rows have been given to results, uniform (True) and not.
    """

    def __init__(self, program: Program, more: int = 0) -> None:
        self.numpy = np = package("numpy", "rolling a program into loops")
        operation = np.frombuffer(program.tape.operation, np.uint8)
        self.space = np.full(len(operation) + more, -1, np.int8)
        for code, space in LEAF_SPACES.items():
            self.space[: len(operation)][operation == code] = space
        first = np.frombuffer(program.tape.first, np.int32).astype(np.int64)  # of leaves, their place among their kind
        self.rows = array("q", first.tobytes() + bytes(8 * more))
        self.kinds = array("q", self.space.astype(np.int64).tobytes())
        self.row, self.kind = np.frombuffer(self.rows, np.int64), np.frombuffer(self.kinds, np.int64)
        self.computed = {True: 0, False: 0}

    def put(self, node: int, uniform: bool, kind: int) -> None:
        """Give the result of a statement the next row."""
        self.space[node] = COMPUTED[uniform]
        self.rows[node] = self.computed[uniform]
        self.kinds[node] = kind
        self.computed[uniform] += 1

    def space_of(self, node: int) -> Space:
        """Return the space of a node."""
        return SPACES[int(self.space[node])]

    def is_put(self, node: int) -> bool:
        """Tell whether a node has a row: it is a leaf or the result of a statement."""
        return bool(self.space[node] >= 0)

    def kind_or_none(self, nodes: Any) -> Any:
        """Return the kinds of an array of nodes, some of which may be `NONE`."""
        return self.numpy.where(nodes == NONE, NONE, self.kind[nodes])

    def operand(self, nodes: Any) -> Operand:
        """Return an array of nodes of one space as an operand."""
        return Operand(self.space_of(nodes[0, 0]), self.row[nodes])
