"""A function of the machine code while it is written: where its operands lie, and loops over members and samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from micrograd_like.compiler.blocks import EACH_SAMPLE
from micrograd_like.compiler.llvm.places import Place
from micrograd_like.compiler.llvm.text import Code

GIVEN = (
    "ptr %inputs, i64 %pitch, ptr %parameters, ptr %uniform, ptr %rows, ptr %constants, ptr %tables, i64 %arguments,"
    " i64 %vectors, i64 %samples, i1 %first, ptr %out, i64 %outpitch"
)
"""What every function gets: where the spaces lie, the bytes from one row of input to the next and of output, where in
the tables its arguments begin, how many vectors and samples there are, and whether they are the first of the call."""

PARAMETERS = GIVEN.replace("ptr ", "ptr noalias ")

Values = list[list[str]]
"""A vector for each member and vector of a tile."""

Reader = Callable[[int, int], str]
"""Returns an operand for member i and vector v of a tile."""


@dataclass(frozen=True)
class Machine:
    """What the code is written for.

    Attributes:
        lanes: the numbers in a vector.
        registers: how many vectors there is room for.
        block: the most vectors of samples that go through the program together; rows lie so far apart.
        fast: whether sums may be contracted.
        elementary: returns the name of the code of an elementary function, for a number of lanes.
    """

    lanes: int
    registers: int
    block: int
    fast: bool
    elementary: Callable[[str, int], str]

    @property
    def row(self) -> int:
        """The bytes of a row of the space "sample"."""
        return 8 * self.lanes * self.block

    @property
    def tile(self) -> tuple[int, int]:
        """The members and vectors of a tile of sums, which may have a vector more."""
        return 4, 4 if self.registers >= 32 else 2


class Function:
    """A function while it is written.

    Args:
        code: takes the text.
        machine: what it is written for.
        arguments: the numbers, if the function is called only once; else how many to read from the tables.

    Attributes:
        across: whether the numbers of a vector are those of members that follow each other, not of samples.
        pitches: the bytes from one row to the next.
    """

    def __init__(self, code: Code, machine: Machine, arguments: Sequence[int] | int) -> None:
        self.code, self.machine = code, machine
        self.across = False
        self.pitches: dict[str, str | int] = {"parameter": 8, "constant": 8, "uniform": 8, "sample": machine.row}
        self.pitches |= {"input": "%pitch", "destination": "%outpitch"}
        self._bases = {"parameter": "%parameters", "constant": "%constants", "uniform": "%uniform"}
        self._bases |= {"input": "%inputs", "sample": "%rows", "destination": "%out"}
        self._arguments: Sequence[str | int]
        if isinstance(arguments, int):
            self._arguments = [code.integer(self._entry(code.add("%arguments", i))) for i in range(arguments)]
        else:
            self._arguments = arguments

    def argument(self, i: int) -> str | int:
        """Return an argument."""
        return self._arguments[i]

    def _entry(self, place: str | int) -> str:
        return self.code.new(f"getelementptr i64, ptr %tables, i64 {place}")

    def at_vector(self, v: str | int) -> None:
        """Let the samples begin with a vector."""
        offset = self.code.multiply(v, self.code.width)
        for space, name in (("input", "%inputs"), ("sample", "%rows")):
            self._bases[space] = self.code.address(name, offset)

    def pointer(self, x: Place, member: str | int, term: str | int = 0) -> str:
        """Return the address of an operand."""
        code = self.code
        base = self._arguments[x.base]
        if x.table is not None:
            place = code.add(code.multiply(member, x.table[0]), code.multiply(term, x.table[1]))
            base = code.integer(self._entry(code.add(base, place)))
        row = code.add(code.add(base, code.multiply(member, x.s)), code.multiply(term, x.t))
        return code.address(self._bases[x.space], code.multiply(row, self.pitches[x.space]))

    def reader(
        self,
        x: Place,
        member: str | int,
        term: str | int = 0,
        values: Sequence[Values] = (),
        start: str | None = None,
    ) -> Reader:
        """Return what gives the vectors of an operand, in the tile that begins at a member; each is read once.

        Args:
            x: where it lies.
            member, term: the first member, and which term.
            values: the results of the phase's steps so far.
            start: the address for the first member, if it is known.
        """
        code = self.code
        pointers: dict[int, str] = {} if start is None else {0: start}
        known: dict[tuple[int, int], str] = {}
        vectors = x.s == 1 if self.across else x.space in EACH_SAMPLE

        def pointer(i: int) -> str:
            if i not in pointers:
                if i == 0 or x.apart:
                    pointers[i] = self.pointer(x, code.add(member, i), term)
                else:
                    step = code.multiply(x.s, self.pitches[x.space])
                    pointers[i] = code.address(pointer(0), code.multiply(step, i))
            return pointers[i]

        def read(i: int, v: int) -> str:
            if x.register is not None:
                return values[x.register][i][v]
            if x.number is not None:
                return code.everywhere(x.number)
            key = (0 if x.shared else i), (v if vectors else 0)
            if key not in known:
                place = pointer(key[0])
                known[key] = code.load(code.address(place, v * code.width)) if vectors else code.load_spread(place)
            return known[key]

        return read


def over(code: Code, start: str | int, end: str | int, step: int, body: Callable[[str | int], None]) -> None:
    """Write a loop, or only its body where it is known to have one turn."""

    def turn(i: str, _: list[str]) -> list[str]:
        body(i)
        return []

    if isinstance(start, str) or isinstance(end, str):
        code.loop(start, end, step, [], turn, certain=False)
    elif end - start == step:
        body(start)
    elif end > start:
        code.loop(start, end, step, [], turn)


def over_vectors(code: Code, wide: int, body: Callable[[str, int], None]) -> None:
    """Write loops over all vectors: by `wide` + 1 until the rest is a multiple of `wide`, then by that.

    Where there are too few vectors for that, the rest goes one by one.
    """

    def loop(start: str | int, end: str | int, step: int, certain: bool) -> None:
        def turn(v: str, _: list[str]) -> list[str]:
            body(v, step)
            return []

        code.loop(start, end, step, [], turn, certain)

    if wide == 1:
        loop(0, "%vectors", 1, certain=True)
        return
    rest = code.new(f"and i64 %vectors, {wide - 1}")
    wanted = code.multiply(rest, wide + 1)
    enough = code.new(f"icmp sle i64 {wanted}, %vectors")
    first = code.new(f"select i1 {enough}, i64 {wanted}, i64 0")
    left = code.new(f"sub nsw i64 %vectors, {first}")
    second = code.add(first, code.new(f"and i64 {left}, {-wide}"))
    loop(0, first, wide + 1, certain=False)
    loop(first, second, wide, certain=False)
    loop(second, "%vectors", 1, certain=False)
