"""What the targets run: a rolled program, in blocks of one operation for many members, as loops and reductions.

A network's program is the same few statements thousands of times over. A block is one of them, with the members that it
stands for: the 16 weighted sums of a layer, its 16 activations. A member's result is a *row*: one number for each
sample, or a single number where it depends on the parameters alone. Blocks name rows, never numbers, so that whatever
runs them (matrix products, machine code) chooses how to keep them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

Space: TypeAlias = Literal["input", "parameter", "constant", "uniform", "sample"]
"""Where a row lies. "input" and "sample": a number for each sample, given or computed; "parameter", "constant" and
"uniform": a single number, given, written in the program, or computed from the two once before any sample."""

EACH_SAMPLE = ("input", "sample")

Rows: TypeAlias = Any
"""A NumPy array of integers: the rows of one space."""


def affine(rows: Rows) -> tuple[int, int, int] | None:
    """Return (base, s, t), if the row of member m in term k is base + s·m + t·k throughout; else None."""
    base = int(rows[0, 0])
    s = int(rows[1, 0]) - base if rows.shape[0] > 1 else 0
    t = int(rows[0, 1]) - base if rows.shape[1] > 1 else 0
    first = rows[0]
    if (rows[1:] - rows[:-1] != s).any() or (first[1:] - first[:-1] != t).any():
        return None
    return base, s, t


@dataclass(frozen=True, eq=False)
class Operand:
    """The rows that the members of a block take as one operand, or as a factor of their terms.

    Attributes:
        space: where the rows lie.
        rows: of shape (members, terms); the row that a member takes in a term. One term except in a sum.
    """

    space: Space
    rows: Rows

    @cached_property
    def affine(self) -> tuple[int, int, int] | None:
        """What `affine` says of the rows."""
        return affine(self.rows)


@dataclass(frozen=True, eq=False)
class Segment:
    """A run of terms of a sum: Σₖ ±aₖ·bₖ, or Σₖ ±aₖ where there is no b, added from left to right."""

    sign: int
    a: Operand
    b: Operand | None

    @property
    def terms(self) -> int:
        """How many terms there are."""
        return int(self.a.rows.shape[1])


@dataclass(frozen=True, eq=False)
class Block:
    """One operation for all members; the result of member m is the row `row` + m of its loop's space.

    Attributes:
        operation: "sum", "/", "**", "abs", the name of a function of one operand, or "where<=" and "where<" of four:
            the third where the first is (at most, below) the second, else the fourth.
        row: the row of the first member's result.
        segments: of a sum, one or more, added from left to right; empty for other operations.
        operands: of any other operation.
        kept: whether anything outside the loop reads the results.
    """

    operation: str
    row: int
    segments: tuple[Segment, ...]
    operands: tuple[Operand, ...]
    kept: bool = True

    @property
    def factors(self) -> tuple[Operand, ...]:
        """All operands, those of a sum's segments among them."""
        return self.operands or tuple(x for s in self.segments for x in (s.a, s.b) if x is not None)


@dataclass(frozen=True, eq=False)
class Loop:
    """Blocks that run together, member by member: an operand from an earlier block of the loop is the same member's.

    Attributes:
        space: where all results lie: "sample" or "uniform".
        members: how many there are. A loop of one member is straight-line code.
    """

    space: Space
    members: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, eq=False)
class Output:
    """A reduction over the samples: Σₙ Σₖ ±aᵢₖ·bⱼₖ is added to the output destinations[i, j] (±aᵢₖ without b; j is 0).

    With `paired`, a and b have the same members and i = j: destinations has the shape (members, 1). Rows with a single
    number count once for each sample. Terms are added in the order of the outputs, and of k within one.
    """

    sign: int
    a: Operand
    b: Operand | None
    destinations: Rows
    paired: bool = False


@dataclass(frozen=True, eq=False)
class Rolled:
    """A whole program: the loops of the space "uniform" run once, then for each sample the others; then the outputs.

    Attributes:
        inputs, parameters: how many rows are given in these spaces.
        constants: the numbers of the space "constant".
        uniform_rows, sample_rows: how many rows are computed in these spaces.
        loops: in an order in which all are computed before they are read.
        outputs: what is added to which destination.
        destinations: how many outputs there are; 0 is the loss, 1 + i the derivative by parameter i.
    """

    inputs: int
    parameters: int
    constants: tuple[float, ...]
    uniform_rows: int
    sample_rows: int
    loops: tuple[Loop, ...] = field(repr=False)
    outputs: tuple[Output, ...] = field(repr=False)
    destinations: int
