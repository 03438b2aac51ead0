"""The machine code of the outputs: sums over the samples, or one number for each sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from micrograd_like.compiler.blocks import EACH_SAMPLE
from micrograd_like.compiler.llvm.function import Function, over
from micrograd_like.compiler.llvm.places import Place, Reduction
from micrograd_like.compiler.llvm.text import literal

TALL, FLAT = 4, 8
"""A tile of an outer product has so many rows and columns; of a list of sums, so many rows."""


def write_sum(function: Function, output: Reduction) -> None:
    """Write the sum over a block of samples, added to the destinations, which the first block assigns to if `fresh`.

    Each lane adds up its own samples; then the lanes are added pairwise. A factor that is the same for all samples is
    taken out of the sum.
    """
    members, others = output.shape
    function.pitches["destination"] = 8
    if output.listed is not None:
        count = function.argument(output.listed)
        whole = function.code.whole(count, FLAT)
        _write_tiles(function, output, (0, whole, FLAT), (0, 1, 1))
        _write_tiles(function, output, (whole, count, 1), (0, 1, 1))
    elif output.varies:
        tall, wide = (TALL, TALL) if others > 1 else (FLAT, 1)
        for start, end, height in _tiles(members, tall):
            for left, right, width in _tiles(others, wide):
                _write_tiles(function, output, (start, end, height), (left, right, width))
    else:
        whole = members // function.machine.lanes * function.machine.lanes if output.across else 0
        for start, end, lanes in ((0, whole, function.machine.lanes), (whole, members, 1)):
            function.code.work_on(lanes)
            function.across = lanes > 1
            _write_same(function, output, (start, end, lanes))


def _tiles(count: int, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, size) of the tiles that cover `count`, the last smaller ones too."""
    whole = count // size * size
    if whole:
        yield 0, whole, size
    if count > whole:
        yield whole, count, count - whole


def _write_tiles(
    function: Function, output: Reduction, rows: tuple[str | int, str | int, int], columns: tuple[int, int, int]
) -> None:
    """Write the loops over tiles of the rows and columns, each given as (start, end, step)."""

    def tile(i: str | int, j: str | int) -> None:
        written = _Sums(function, output, (i, rows[2]), (j, columns[2]))
        if output.at_once(function.machine.fast):
            written.write(0, output.terms)
        else:
            over(function.code, 0, output.terms, 1, lambda k: written.write(k, 1))

    over(function.code, *rows, lambda i: over(function.code, *columns, lambda j: tile(i, j)))


def _sides(output: Reduction) -> list[tuple[Place, int]]:
    """Return the factors, each with the number of the destinations' axis that its members belong to."""
    return list(zip(output.factors, (0, 0 if output.paired else 1), strict=False))


class _Sums:
    """The sums of a tile of members, given as (first, count) of both factors."""

    def __init__(
        self, function: Function, output: Reduction, rows: tuple[str | int, int], columns: tuple[str | int, int]
    ) -> None:
        self.function, self.output, self.code = function, output, function.code
        self.starts, self.wide = (rows[0], columns[0]), columns[1]
        self.cells = [(i, j) for i in range(rows[1]) for j in range(columns[1])]
        sides = _sides(output)
        self.each = [(x, side) for x, side in sides if x.space in EACH_SAMPLE]
        self.same = [(x, side) for x, side in sides if x.space not in EACH_SAMPLE]

    def write(self, term: str | int, terms: int) -> None:
        """Write the sums over all samples of so many terms."""
        code = self.code
        totals = [code.constant(-0.0)] * len(self.cells)
        if terms == 1:
            totals = self._over_samples(term, totals)
        else:
            totals = code.loop(0, terms, 1, [(code.type, x) for x in totals], self._over_samples)
        cells = self.cells
        while cells:
            count = min(code.lanes, 1 << (len(cells).bit_length() - 1))
            sums, size = code.lane_sums(totals[:count])
            self._add(cells[:count], sums, size, term)
            cells, totals = cells[count:], totals[count:]

    def _over_samples(self, k: str | int, totals: Sequence[str]) -> list[str]:
        code, function = self.code, self.function

        def turn(v: str, now: list[str]) -> list[str]:
            function.at_vector(v)
            readers = [(function.reader(x, self.starts[side], k), side) for x, side in self.each]
            terms = [[read(cell[side], 0) for read, side in readers] for cell in self.cells]
            return [code.plus(x, self.output.sign, *factors) for x, factors in zip(now, terms, strict=True)]

        return code.loop(0, "%vectors", 1, [(code.type, x) for x in totals], turn)

    def _add(self, cells: Sequence[tuple[int, int]], sums: str, size: int, term: str | int) -> None:
        """Write the addition of a vector of sums to their destinations."""
        code, to = self.code, self.output.destination
        in_line = to.table is None and to.t == 1 and not self.same and len(cells) % self.wide == 0
        step = self.wide if in_line else 1
        for at in range(0, len(cells), step):
            i, j = (code.add(start, place) for start, place in zip(self.starts, cells[at], strict=True))
            if step > 1:
                part = code.slice(sums, size, at, step)
                _accumulate(self.function, self.output, i, j, part, f"<{step} x double>")
            else:
                number = self._scaled(code.lane(sums, size, at), (i, j), term)
                _accumulate(self.function, self.output, i, j, number, "double")

    def _scaled(self, value: str, cell: tuple[str | int, str | int], term: str | int) -> str:
        """Return a sum times the factor that is the same for all samples."""
        code = self.code
        for x, side in self.same:
            code.work_on(1)
            value = code.binary("fmul", value, self.function.reader(x, cell[side], term)(0, 0))
            code.work_on(self.function.machine.lanes)
        return value


def _write_same(function: Function, output: Reduction, rows: tuple[int, int, int]) -> None:
    """Write the terms that are the same for all samples, times their number, for the members (start, end, step)."""
    code = function.code

    def term(i: str | int, j: str | int, k: str | int) -> None:
        value, *others = [function.reader(x, (i, j)[side], k)(0, 0) for x, side in _sides(output)]
        for other in others:
            value = code.binary("fmul", value, other)
        value = code.binary("fmul", value, code.spread(code.new("sitofp i64 %samples to double")))
        _accumulate(function, output, i, j, value if output.sign > 0 else code.negative(value), code.type)

    def of_member(i: str | int) -> None:
        over(code, 0, output.shape[1], 1, lambda j: over(code, 0, output.terms, 1, lambda k: term(i, j, k)))

    over(code, *rows, of_member)


def _accumulate(function: Function, output: Reduction, i: str | int, j: str | int, value: str, kind: str) -> None:
    """Write the addition of a sum to its destination."""
    code = function.code
    pointer = function.pointer(output.destination, i, j)
    if output.fresh:
        more, then = code.labels("more", "then")
        before = code.label
        code.do(f"br i1 %first, label %{then}, label %{more}")
        code.block(more)
        old = code.new(f"load {kind}, ptr {pointer}, align 8")
        code.do(f"br label %{then}")
        code.block(then)
        nothing = literal(-0.0) if kind == "double" else f"splat (double {literal(-0.0)})"
        old = code.new(f"phi {kind} [ {nothing}, %{before} ], [ {old}, %{more} ]")
    else:
        old = code.new(f"load {kind}, ptr {pointer}, align 8")
    total = code.new(f"fadd {code.flags}{kind} {old}, {value}")
    code.do(f"store {kind} {total}, ptr {pointer}, align 8")


def write_each(function: Function, output: Reduction) -> None:
    """Write an output for each sample, added to its destination, which is assigned if `fresh`."""
    code = function.code

    def factors(i: str | int, j: str | int, k: str | int) -> list[str]:
        return [function.reader(x, (i, j)[side], k)(0, 0) for x, side in _sides(output)]

    def cell(i: str | int, j: str | int) -> None:
        start = function.pointer(output.destination, i, j)

        def turn(v: str, _: list[str]) -> list[str]:
            function.at_vector(v)
            target = code.address(start, code.multiply(v, code.width))
            total = code.plus(None if output.fresh else code.load(target), output.sign, *factors(i, j, 0))
            if output.terms > 1:
                (total,) = code.loop(
                    1,
                    output.terms,
                    1,
                    [(code.type, total)],
                    lambda k, now: [code.plus(now[0], output.sign, *factors(i, j, k))],
                )
            code.store(total, target)
            return []

        code.loop(0, "%vectors", 1, [], turn)

    members, others = output.shape
    count = members if output.listed is None else function.argument(output.listed)
    over(code, 0, count, 1, lambda i: over(code, 0, others, 1, lambda j: cell(i, j)))
