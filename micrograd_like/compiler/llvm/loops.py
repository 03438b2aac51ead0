"""The machine code of one phase: loops over members, and innermost over the samples in vectors.

A long sum is computed for a tile of members and vectors at once, whose totals stay in registers: a number read once
serves all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from micrograd_like.compiler.llvm.function import Function, Reader, Values, over, over_vectors
from micrograd_like.compiler.llvm.places import Phase, Piece, Place, Step
from micrograd_like.compiler.llvm.plan import STRAIGHT, UNROLLED
from micrograd_like.compiler.llvm.text import Code, literal


def write_phase(function: Function, phase: Phase) -> None:
    """Write the loops of a phase; of straight-line code one turn, for the vector where inputs and rows begin."""
    code, machine = function.code, function.machine
    if phase.straight:
        Tile(function, phase, 1, 1, 0).write()
    elif phase.space == "uniform":
        whole = phase.members // machine.lanes * machine.lanes if phase.across else 0
        for start, end, lanes in ((0, whole, machine.lanes), (whole, phase.members, 1)):
            code.work_on(lanes)
            function.across = lanes > 1
            over(code, start, end, lanes, lambda member: Tile(function, phase, 1, 1, member).write())
    else:
        tall, wide = machine.tile if phase.tiled else (1, 1)
        _write_tiles(function, phase, min(tall, phase.members), wide)


def _write_tiles(function: Function, phase: Phase, tall: int, wide: int) -> None:
    code = function.code

    def of_members(index: str | int) -> None:
        # The last tile may repeat a part of the one before.
        member = code.minimum(index, phase.members - tall) if phase.members % tall else index

        def of_vectors(v: str, size: int) -> None:
            function.at_vector(v)
            Tile(function, phase, tall, size, member).write()

        over_vectors(code, wide, of_vectors)

    over(code, 0, phase.members, tall, of_members)


class Tile:
    """The steps of a phase for some members and vectors.

    Args:
        function: the function.
        phase: its steps.
        tall, wide: how many members and vectors.
        member: the first member.
    """

    def __init__(self, function: Function, phase: Phase, tall: int, wide: int, member: str | int) -> None:
        self.function, self.phase, self.member = function, phase, member
        self.code = function.code
        self.tall, self.wide = tall, wide
        self.cells = [(i, v) for i in range(tall) for v in range(wide)]
        self.values: list[Values] = []
        self._readers: dict[tuple[Place, int], Reader] = {}
        self._inverses: dict[tuple[Place, int, int], str] = {}
        self._divisors = Counter(self._root(x.operands[1])[0] for x in phase.steps if x.operation == "/")

    def write(self) -> None:
        """Write all steps; store the rows that something reads later."""
        for step in self.phase.steps:
            values = self._sum(step.pieces) if step.pieces else self._each(step)
            self.values.append(values)
            if step.row is not None:
                self._store(values, Place(self.phase.space, step.row, 1))

    def _store(self, values: Values, row: Place) -> None:
        code, pitch = self.code, self.function.pitches[row.space]
        start = self.function.pointer(row, self.member)
        for i, v in self.cells:
            offset = code.add(code.multiply(pitch, i), v * code.width)
            code.store(values[i][v], code.address(start, offset))

    def _read(self, x: Place, term: int = 0) -> Reader:
        """Return what gives an operand's vectors outside of loops, where each is read once."""
        if (x, term) not in self._readers:
            self._readers[x, term] = self.function.reader(x, self.member, term, self.values)
        return self._readers[x, term]

    def _grid(self, value: Reader) -> Values:
        return [[value(i, v) for v in range(self.wide)] for i in range(self.tall)]

    # Sums

    def _sum(self, pieces: Sequence[Piece]) -> Values:
        totals: Values | None = None
        for piece in pieces:
            if piece.terms <= (UNROLLED if self.phase.tiled else STRAIGHT):
                for k in range(piece.terms):
                    totals = self._added(totals, piece.sign, [self._read(x, k) for x in piece.factors])
            else:
                totals = self._summed(totals, piece)
        assert totals is not None
        return totals

    def _added(self, totals: Values | None, sign: int, factors: Sequence[Reader]) -> Values:
        def total(i: int, v: int) -> str:
            return self.code.plus(None if totals is None else totals[i][v], sign, *[read(i, v) for read in factors])

        return self._grid(total)

    def _summed(self, totals: Values | None, piece: Piece) -> Values:
        """Write a loop over the terms."""
        code, function, start = self.code, self.function, 0
        if function.machine.fast and self.phase.space == "uniform" and code.lanes == 1 and piece.in_line:
            start = piece.terms // (4 * function.machine.lanes) * 4 * function.machine.lanes
            totals = self._summed_in_vectors(totals, piece, start) if start else totals
        zero = code.constant(-0.0)  # the one number that changes no other
        cells = [(code.type, zero if totals is None else totals[i][v]) for i, v in self.cells]
        steady = [x for x in piece.factors if x.table is None and x.number is None]
        starts = [("ptr", function.pointer(x, self.member, start)) for x in steady]

        def turn(k: str, now: list[str]) -> list[str]:
            pointers = dict(zip(steady, now[len(cells) :], strict=True))
            factors = [function.reader(x, self.member, k, self.values, pointers.get(x)) for x in piece.factors]
            added = self._added(self._in_rows(now), piece.sign, factors)
            steps = [code.multiply(x.t, function.pitches[x.space]) for x in steady]
            moved = [code.address(pointers[x], step) for x, step in zip(steady, steps, strict=True)]
            return [added[i][v] for i, v in self.cells] + moved

        return self._in_rows(code.loop(start, piece.terms, 1, cells + starts, turn, certain=start < piece.terms))

    def _in_rows(self, values: Sequence[str]) -> Values:
        return [list(values[i * self.wide : (i + 1) * self.wide]) for i in range(self.tall)]

    def _summed_in_vectors(self, totals: Values | None, piece: Piece, end: int) -> Values:
        """Write a loop over vectors of terms that are single numbers, up to one."""
        code, function = self.code, self.function
        code.work_on(function.machine.lanes)

        def read(x: Place, k: str | int) -> str:
            if x.number is not None:
                return code.everywhere(x.number)
            pointer = function.pointer(x, self.member, k)
            return code.load(pointer) if x.t else code.load_spread(pointer)

        def turn(k: str, now: list[str]) -> list[str]:
            terms = [[read(x, code.add(k, i * code.lanes)) for x in piece.factors] for i in range(4)]
            return [code.plus(x, piece.sign, *factors) for x, factors in zip(now, terms, strict=True)]

        four = code.loop(0, end, 4 * code.lanes, [(code.type, code.constant(-0.0))] * 4, turn)
        pairs = [code.binary("fadd", four[0], four[1]), code.binary("fadd", four[2], four[3])]
        one, size = code.lane_sums([code.binary("fadd", *pairs)])
        found = code.lane(one, size, 0)
        code.work_on(1)
        return [[found if totals is None else code.binary("fadd", totals[0][0], found)]]

    # Other operations

    def _each(self, step: Step) -> Values:
        readers = [self._read(x) for x in step.operands]
        if step.operation == "/":
            return self._grid(lambda i, v: self._quotient(step.operands[1], i, v, readers))
        if step.operation == "**" and step.operands[1].number in POWERS:
            power = POWERS[step.operands[1].number]
            return self._grid(lambda i, v: power(self.code, readers[0](i, v)))
        return self._grid(lambda i, v: self._applied(step.operation, [read(i, v) for read in readers]))

    def _applied(self, operation: str, x: Sequence[str]) -> str:
        code = self.code
        if operation in COMPARISONS:
            return code.choose(COMPARISONS[operation], *x)
        if operation in INTRINSICS:
            return code.call(f"llvm.{INTRINSICS[operation]}.{code.suffix}", *x)
        return code.call(self.function.machine.elementary(operation, code.lanes), *x)

    def _root(self, x: Place) -> tuple[Place, int]:
        """Return what the operand is a power of, and which: the square of a result of the phase, or itself."""
        if self.function.machine.fast and x.register is not None:
            pieces = self.phase.steps[x.register].pieces
            if len(pieces) == 1 and pieces[0].terms == pieces[0].sign == 1 and pieces[0].a == pieces[0].b:
                return pieces[0].a, 2
        return x, 1

    def _quotient(self, divisor: Place, i: int, v: int, readers: Sequence[Reader]) -> str:
        """Write a division; in fast mode, one reciprocal for all quotients by a number and by its square."""
        code, numerator = self.code, readers[0](i, v)
        root, power = self._root(divisor)
        if not self.function.machine.fast or self._divisors[root] < 2:
            return code.binary("fdiv", numerator, readers[1](i, v))
        key = root, i, v
        if key not in self._inverses:
            self._inverses[key] = code.binary("fdiv", code.constant(1.0), self._read(root)(i, v))
        inverse = self._inverses[key]
        if power == 2:
            inverse = code.binary("fmul", inverse, inverse)
        return code.binary("fmul", numerator, inverse)


COMPARISONS = {"where<=": "ole", "where<": "olt"}
"""The operations that choose, and their comparison, which is false with NaN."""

INTRINSICS = {"abs": "fabs", "sqrt": "sqrt"}
"""The operations that are LLVM's own."""


def _root_of(code: Code, x: str) -> str:
    """Write x ** 0.5, which is 0.0 for -0.0 and infinite for -∞, unlike the square root."""
    positive = code.new(f"fadd {code.type} {x}, {code.constant(0.0)}")
    root = code.call(f"llvm.sqrt.{code.suffix}", positive)
    return code.choose("oeq", x, code.constant(float("-inf")), code.constant(float("inf")), root)


POWERS: dict[str | None, Callable[[Code, str], str]] = {
    literal(0.5): _root_of,
    literal(1.0): lambda code, x: x,
    literal(2.0): lambda code, x: code.binary("fmul", x, x),
    literal(3.0): lambda code, x: code.binary("fmul", code.binary("fmul", x, x), x),
    literal(-1.0): lambda code, x: code.binary("fdiv", code.constant(1.0), x),
}
"""The powers that take no logarithm, by their exponents."""
