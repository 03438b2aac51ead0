"""What the machine code's functions are made of: loops in phases, reductions, and where their operands lie.

Two phases that differ only in the numbers of their rows are equal here: those numbers are arguments, kept apart, so
that a function is written once and called as often as the program repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from micrograd_like.compiler.blocks import EACH_SAMPLE, Rows, affine
from micrograd_like.compiler.llvm.text import literal

FOLLOWERS = 8
"""The cost of the blocks that may follow a sum while its results are still in registers, and the length from which code
is long."""


class Place(NamedTuple):
    """Where an operand lies: in the row of its space that is base + s·m + t·k for member m and term k.

    Attributes:
        base: which of the function's arguments is the base, or tells where its table of bases begins.
        table: (i, j), if the base is the table's number at i·m + j·k.
        number: of a constant that is the same for all, as LLVM writes it.
        register: of a result from the same phase, which of its steps made it.
    """

    space: str
    base: int = -1
    s: int = 0
    t: int = 0
    table: tuple[int, int] | None = None
    number: str | None = None
    register: int | None = None

    @property
    def in_line(self) -> bool:
        """Whether the members' numbers follow each other in memory, or are all the same."""
        return self.table is None and self.s in (0, 1)

    @property
    def apart(self) -> bool:
        """Whether each member has its own base."""
        return self.table is not None and self.table[0] != 0

    @property
    def shared(self) -> bool:
        """Whether it is the same for all members."""
        return self.register is None and self.s == 0 and not self.apart


class Piece(NamedTuple):
    """A run of terms of a sum: Σₖ ±aₖ·bₖ, or Σₖ ±aₖ."""

    sign: int
    a: Place
    b: Place | None
    terms: int

    @property
    def factors(self) -> list[Place]:
        """The one or two factors of the terms."""
        return [self.a] if self.b is None else [self.a, self.b]

    @property
    def in_line(self) -> bool:
        """Whether the terms' numbers follow each other in memory, or are all the same."""
        return all(x.table is None and x.t in (0, 1) for x in self.factors)


class Step(NamedTuple):
    """A block in its phase: `pieces` of a sum, else `operands`; `row` is the argument that says where to store it."""

    operation: str
    pieces: tuple[Piece, ...]
    operands: tuple[Place, ...]
    row: int | None


class Phase(NamedTuple):
    """Steps that run member by member; `tiled` if the first is a long sum, for several members and vectors at once."""

    space: str
    members: int
    tiled: bool
    steps: tuple[Step, ...]

    @property
    def long(self) -> bool:
        """Whether it is long straight-line code, which hardly runs faster for being optimized."""
        return self.members == 1 and not self.tiled and len(self.steps) > FOLLOWERS

    @property
    def straight(self) -> bool:
        """Whether it is such code for samples, best compiled without a loop around it."""
        return self.long and self.space == "sample"

    @property
    def across(self) -> bool:
        """Whether vectors of members can be computed: single numbers that follow each other in memory."""
        places = [x for step in self.steps for piece in step.pieces for x in piece.factors]
        places += [x for step in self.steps for x in step.operands]
        return self.space == "uniform" and self.members > FOLLOWERS and all(x.in_line for x in places)


class Reduction(NamedTuple):
    """An output.

    Attributes:
        shape: how many members and others there are.
        listed: which argument says how many members there are, where all are looked up in tables.
        fresh: whether none before it added to its destinations.
    """

    sign: int
    a: Place
    b: Place | None
    shape: tuple[int, int]
    terms: int
    paired: bool
    destination: Place
    fresh: bool
    listed: int | None = None

    @property
    def factors(self) -> list[Place]:
        """The one or two factors of the terms."""
        return [self.a] if self.b is None else [self.a, self.b]

    @property
    def varies(self) -> bool:
        """Whether the terms are not the same for all samples."""
        return any(x.space in EACH_SAMPLE for x in self.factors)

    @property
    def across(self) -> bool:
        """Whether vectors of members can be computed: their numbers and destinations follow each other in memory."""
        to = self.destination
        return self.shape[1] == 1 and to.table is None and to.s == 1 and all(x.in_line for x in self.factors)

    def at_once(self, fast: bool) -> bool:
        """Return whether all terms are added up before they are added to the destinations."""
        return self.terms == 1 or (fast and all(x.space in EACH_SAMPLE for x in self.factors))


@dataclass
class Data:
    """The numbers that the machine code reads: constants, and in `integers` tables of rows and functions' arguments.

    Attributes:
        first_constant: where the constants of the program begin that is being written.
    """

    constants: list[float] = field(default_factory=list)
    integers: list[int] = field(default_factory=list)
    first_constant: int = 0
    _known: dict[bytes, int] = field(default_factory=dict)

    def begin(self, constants: Sequence[float]) -> None:
        """Begin with a program that has these constants."""
        self.first_constant = len(self.constants)
        self.constants.extend(constants)

    def table(self, rows: Rows) -> int:
        """Return where the table begins."""
        key = rows.astype("int64").tobytes()
        if key not in self._known:
            self._known[key] = self.append(rows.ravel().tolist())
        return self._known[key]

    def append(self, values: Sequence[int]) -> int:
        """Return where the values begin."""
        self.integers.extend(values)
        return len(self.integers) - len(values)


class Arguments:
    """The numbers that a function is given, each once."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], int] = {}

    def place(self, space: str, number: int) -> int:
        """Return the place of a number: a row of a space, or where its table begins."""
        return self._places.setdefault((space, number), len(self._places))

    def numbers(self) -> list[int]:
        """Return the numbers."""
        return [number for _, number in self._places]


def row_place(space: str, row: int, arguments: Arguments, data: Data) -> Place:
    """Return where a single row lies."""
    if space == "constant":
        return Place(space, number=literal(data.constants[data.first_constant + row]))
    return Place(space, arguments.place(space, row))


def place(space: str, rows: Rows, arguments: Arguments, data: Data) -> Place:
    """Return where the rows of a space, of shape (members, terms), lie."""
    if even := affine(rows):
        base, s, t = even
        if s == t == 0:
            return row_place(space, base, arguments, data)
        return Place(space, arguments.place(space, base), s, t)
    first, column = rows[:1], rows[:, :1]
    table: tuple[int, int] = (rows.shape[1], 1)
    s = t = 0
    if (rows - first == column - rows[0, 0]).all():
        steady = affine(column)
        along = affine(first)
        if steady is not None:
            rows, table, s = first, (0, 1), steady[1]
        elif along is not None:
            rows, table, t = column, (1, 0), along[2]
    return Place(space, arguments.place("table", data.table(rows)), s, t, table)
