"""Machine code as LLVM's text, line by line: values, vectors and loops of one function.

The text is written in the form that code generation wants (values in registers, loops tested at their end), so that no
optimisation pass has to find it again: that is where the time of compiling goes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

Carried = list[tuple[str, str]]
"""The values that go from one turn of a loop to the next: (type, first value)."""


def literal(x: float) -> str:
    """Return the number as LLVM writes it: the bits of a double in hexadecimal."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"


class Code:
    """The body of a function while it is written.

    Args:
        lanes: the numbers in a vector; 1 for single numbers.
        fast: whether sums may be reordered and contracted; NaN and infinity keep their meaning.
    """

    def __init__(self, lanes: int, fast: bool) -> None:
        self.lines: list[str] = []
        self.label = "entry"
        self.fast = fast
        self.flags = "reassoc nsz arcp contract " if fast else ""
        self._count = 0
        self.work_on(lanes)

    def work_on(self, lanes: int) -> None:
        """Let what follows be about vectors of so many numbers."""
        self.lanes = lanes
        self.type = f"<{lanes} x double>" if lanes > 1 else "double"
        self.suffix = f"v{lanes}f64" if lanes > 1 else "f64"
        self.width = 8 * lanes

    def new(self, text: str) -> str:
        """Write an instruction and return the name of its result."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Write an instruction without a result."""
        self.lines.append(f"  {text}")

    # Integers and addresses

    def add(self, a: str | int, b: str | int) -> str | int:
        """Return a + b."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if a == 0 or b == 0:
            return b if a == 0 else a
        return self.new(f"add nsw i64 {a}, {b}")

    def multiply(self, a: str | int, b: str | int) -> str | int:
        """Return a · b."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if a == 0 or b == 0:
            return 0
        if a == 1 or b == 1:
            return b if a == 1 else a
        return self.new(f"mul nsw i64 {a}, {b}")

    def whole(self, a: str | int, size: int) -> str | int:
        """Return the largest multiple of `size`, a power of two, up to a."""
        return a // size * size if isinstance(a, int) else self.new(f"and i64 {a}, {-size}")

    def minimum(self, a: str | int, b: str | int) -> str:
        """Return the smaller of two integers."""
        below = self.new(f"icmp slt i64 {a}, {b}")
        return self.new(f"select i1 {below}, i64 {a}, i64 {b}")

    def address(self, pointer: str, offset: str | int) -> str:
        """Return the address so many bytes further on."""
        return pointer if offset == 0 else self.new(f"getelementptr i8, ptr {pointer}, i64 {offset}")

    def integer(self, pointer: str) -> str:
        """Return the integer at an address."""
        return self.new(f"load i64, ptr {pointer}, align 8")

    # Numbers

    def constant(self, x: float) -> str:
        """Return a number in all lanes."""
        return self.everywhere(literal(x))

    def everywhere(self, number: str) -> str:
        """Return a number that is written in the program in all lanes."""
        return number if self.lanes == 1 else f"splat (double {number})"

    def load(self, pointer: str) -> str:
        """Return the vector at an address."""
        return self.new(f"load {self.type}, ptr {pointer}, align 8")

    def store(self, value: str, pointer: str) -> None:
        """Write a vector to an address."""
        self.do(f"store {self.type} {value}, ptr {pointer}, align 8")

    def spread(self, number: str) -> str:
        """Return a single number in all lanes."""
        if self.lanes == 1:
            return number
        first = self.new(f"insertelement {self.type} poison, double {number}, i32 0")
        return self.new(f"shufflevector {self.type} {first}, {self.type} poison, <{self.lanes} x i32> zeroinitializer")

    def load_spread(self, pointer: str) -> str:
        """Return the single number at an address in all lanes."""
        return self.spread(self.new(f"load double, ptr {pointer}, align 8"))

    def binary(self, operation: str, a: str, b: str) -> str:
        """Return fadd, fsub, fmul or fdiv of two vectors."""
        return self.new(f"{operation} {self.flags}{self.type} {a}, {b}")

    def negative(self, a: str) -> str:
        """Return -a."""
        return self.new(f"fneg {self.flags}{self.type} {a}")

    def choose(self, comparison: str, a: str, b: str, x: str, y: str) -> str:
        """Return x where the comparison of a and b holds, else y."""
        holds = self.new(f"fcmp {comparison} {self.type} {a}, {b}")
        bits = f"<{self.lanes} x i1>" if self.lanes > 1 else "i1"
        return self.new(f"select {bits} {holds}, {self.type} {x}, {self.type} {y}")

    def call(self, function: str, *operands: str) -> str:
        """Return a function of vectors."""
        return self.new(f"call {self.type} @{function}({', '.join(f'{self.type} {x}' for x in operands)})")

    def plus(self, total: str | None, sign: int, a: str, b: str | None = None) -> str:
        """Return total ± a·b, or total ± a: in fast mode rounded once."""
        if b is not None and self.fast and total is not None:
            a = a if sign > 0 else self.negative(a)
            call = f"call {self.flags}{self.type} @llvm.fmuladd.{self.suffix}"
            return self.new(f"{call}({self.type} {a}, {self.type} {b}, {self.type} {total})")
        term = a if b is None else self.binary("fmul", a, b)
        if total is None:
            return term if sign > 0 else self.negative(term)
        return self.binary("fadd" if sign > 0 else "fsub", total, term)

    def lane_sums(self, vectors: Sequence[str]) -> tuple[str, int]:
        """Return one vector of the sum of the lanes of each of 1, 2, 4 … vectors, at most as many as lanes; its length.

        The lanes are added pairwise: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
        """
        values, size, width = list(vectors), self.lanes, 1
        while width < size:
            groups = range(0, size, 2 * width)
            if len(values) > 1:
                kind = f"<{size} x double>"
                first = [g + side + i for g in groups for side in (0, size) for i in range(width)]
                pairs = zip(values[::2], values[1::2], strict=True)
                values = [self._add_shuffled(kind, x, y, first, width) for x, y in pairs]
                width *= 2
            else:
                first = [g + i for g in groups for i in range(width)]
                values = [self._add_shuffled(f"<{size} x double>", values[0], "poison", first, width)]
                size //= 2
        return values[0], size

    def _add_shuffled(self, kind: str, x: str, y: str, places: list[int], distance: int) -> str:
        """Return the sum of the lanes of x and y at the places and so far behind them."""
        size, halves = len(places), []
        for shift in (0, distance):
            mask = ", ".join(f"i32 {place + shift}" for place in places)
            halves.append(self.new(f"shufflevector {kind} {x}, {kind} {y}, <{size} x i32> <{mask}>"))
        return self.new(f"fadd {self.flags}<{size} x double> {halves[0]}, {halves[1]}")

    def lane(self, vector: str, size: int, i: int) -> str:
        """Return one number of a vector."""
        return self.new(f"extractelement <{size} x double> {vector}, i32 {i}")

    def slice(self, vector: str, size: int, start: int, count: int) -> str:
        """Return so many lanes of a vector."""
        if count == size:
            return vector
        mask = ", ".join(f"i32 {start + i}" for i in range(count))
        kind = f"<{size} x double>"
        return self.new(f"shufflevector {kind} {vector}, {kind} poison, <{count} x i32> <{mask}>")

    # Flow

    def block(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.label = label

    def labels(self, *names: str) -> list[str]:
        """Return labels that are not in use."""
        self._count += 1
        return [f"{name}{self._count}" for name in names]

    def loop(
        self,
        start: str | int,
        end: str | int,
        step: int,
        carried: Carried,
        body: Callable[[str, list[str]], list[str]],
        certain: bool = True,
    ) -> list[str]:
        """Write a loop over range(start, end, step); return what the last turn carried on.

        Args:
            carried: the values that turns hand on.
            body: writes a turn for an index and the carried values; returns the values for the next.
            certain: whether the first turn is always made.
        """
        head, leave = self.labels("loop", "end")
        before = self.label
        if certain:
            self.do(f"br label %{head}")
        else:
            any_turn = self.new(f"icmp slt i64 {start}, {end}")
            self.do(f"br i1 {any_turn}, label %{head}, label %{leave}")
        self.block(head)
        index, now = self.new(""), [self.new("") for _ in carried]
        place = len(self.lines) - 1 - len(carried)
        after = body(index, now)
        onward = self.new(f"add nuw nsw i64 {index}, {step}")
        more = self.new(f"icmp slt i64 {onward}, {end}")
        latch = self.label
        self.do(f"br i1 {more}, label %{head}, label %{leave}")
        phis = [("i64", index, str(start), onward)]
        phis += [(kind, name, first, last) for (kind, first), name, last in zip(carried, now, after, strict=True)]
        for i, (kind, name, first, last) in enumerate(phis):
            self.lines[place + i] = f"  {name} = phi {kind} [ {first}, %{before} ], [ {last}, %{latch} ]"
        self.block(leave)
        if certain:
            return after
        return [
            self.new(f"phi {kind} [ {first}, %{before} ], [ {last}, %{latch} ]")
            for (kind, first), last in zip(carried, after, strict=True)
        ]
