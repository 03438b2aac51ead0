"""The target "numpy": blocks become operations on whole arrays, sums of products become matrix products.

A program is written as calls of NumPy that store their results in one array of rows × samples, of which every operand
is a view; the code is made once and run for pieces of the samples. In strict mode sums are added term by term.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from micrograd_like.compiler.blocks import EACH_SAMPLE, Block, Loop, Operand, Output, Rolled, Segment, affine
from micrograd_like.packages import package

PIECE = 2**20
"""The numbers that the array of rows × samples holds at most, unless a single piece of samples has more."""
SMALLEST_PIECE = 128
"""Samples."""
NAMES = {"/": "divide", "**": "power", "where<=": "less_equal", "where<": "less"}


class Kernel:
    """A rolled program that runs on columns of samples.

    Args:
        rolled: the program.
        strict: whether sums are added from left to right; otherwise BLAS chooses the order.
    """

    def __init__(self, rolled: Rolled, strict: bool) -> None:
        self.numpy = package("numpy", 'the target "numpy"')
        self.rolled, self.strict = rolled, strict
        self.piece = max(SMALLEST_PIECE, PIECE // max(1, rolled.sample_rows + rolled.inputs))
        self._runs: dict[tuple[int, bool], _Run] = {}

    def again(self) -> Kernel:
        """Return a kernel of the same program that can run at the same time."""
        return Kernel(self.rolled, self.strict)

    def sums(self, columns: Any, parameters: Any) -> Any:
        """Return the sum of each output over the samples, whose inputs are the columns of an array."""
        starts = range(0, columns.shape[1], self.piece)
        total = self._run(columns[:, : self.piece], parameters, False).copy()
        for start in starts[1:]:
            total += self._run(columns[:, start : start + self.piece], parameters, False)
        return total

    def means(self, columns: Any, parameters: Any) -> Any:
        """Return the mean of each output over the samples."""
        sums = self.sums(columns, parameters)
        sums /= columns.shape[1]
        return sums

    def each(self, columns: Any, parameters: Any) -> Any:
        """Return the outputs of each sample, as columns."""
        starts = range(0, columns.shape[1], self.piece)
        parts = [self._run(columns[:, i : i + self.piece], parameters, True).copy() for i in starts]
        return self.numpy.concatenate(parts, axis=1)

    def _run(self, columns: Any, parameters: Any, each: bool) -> Any:
        key = columns.shape[1], each
        if key not in self._runs:
            if len(self._runs) == 4:  # a piece, the rest, each for sums and for samples
                self._runs.clear()
            self._runs[key] = _Run(self.numpy, self.rolled, *key, self.strict)
        with self.numpy.errstate(all="ignore"):
            return self._runs[key](columns, parameters)


class _Run:
    """The arrays for one number of samples, and the code that fills them."""

    def __init__(self, np: Any, rolled: Rolled, samples: int, each: bool, strict: bool) -> None:
        self.np, self.samples, self.each, self.strict = np, samples, each, strict
        self.arrays = {
            "constant": np.array(rolled.constants),
            "parameter": np.empty(rolled.parameters),
            "input": np.empty((rolled.inputs, samples)),
            "uniform": np.empty(rolled.uniform_rows),
            "sample": np.empty((rolled.sample_rows, samples)),
        }
        self.result = np.zeros((rolled.destinations, samples) if each else rolled.destinations)
        self.names: dict[str, Any] = {name: getattr(np, name) for name in ("add", "subtract", "multiply", "copyto")}
        self.names |= {"matmul": np.matmul, "einsum": np.einsum, "negative": np.negative, "ordered": _ordered}
        self.lines: list[str] = []
        self.names["result"] = self.result
        self.unwritten = np.ones(rolled.destinations, bool)
        self.zero = np.zeros(rolled.destinations, bool)  # what is added to before anything is written there
        for loop in rolled.loops:
            for block in loop.blocks:
                self._write(loop, block)
        for output in rolled.outputs:
            for part in _by_term(output) if strict else [output]:
                self._write_output(part)
        zero = self._name(np.flatnonzero(self.zero | self.unwritten))
        self.lines.insert(0, f"result[{zero}] = 0.0")
        exec("\n    ".join(["def run():", *self.lines]), self.names)

    def __call__(self, columns: Any, parameters: Any) -> Any:
        """Return the outputs for these inputs."""
        self.arrays["input"][:] = columns
        self.arrays["parameter"][:] = parameters
        self.names["run"]()
        return self.result

    def _name(self, x: Any) -> str:
        """Return a name that stands for an object in the code."""
        name = f"_{len(self.names)}"
        self.names[name] = x
        return name

    def _view(self, space: str, rows: Any) -> tuple[Any, str]:
        """Return some rows of a space, of the shape of `rows` (and the samples), and the code that gives them."""
        np, array = self.np, self.arrays[space]
        if even := affine(rows):
            base, *steps = even
            strides = [step * array.strides[0] for step in steps] + list(array.strides[1:])
            view = np.lib.stride_tricks.as_strided(array[base:], (*rows.shape, *array.shape[1:]), strides)
            return view, self._name(view)
        return array[rows], f"{self._name(array)}[{self._name(rows)}]"

    def _factor(self, operand: Operand) -> str:
        """Return the code of an operand with one term: an array of members × samples, or members × 1."""
        view, code = self._view(operand.space, operand.rows[:, :1])
        if operand.space == "constant" and (view == view[0]).all():
            return self._name(float(view[0, 0]))
        if operand.space in EACH_SAMPLE:
            return self._name(view[:, 0]) if operand.affine else f"{code}[:, 0]"
        return code

    def _write(self, loop: Loop, block: Block) -> None:
        rows = self.arrays[loop.space][block.row : block.row + loop.members]
        out = self._name(rows if loop.space == "sample" else rows[:, None])
        if block.operation == "sum":
            self._write_sum(block, out, rows.shape if loop.space == "sample" else (loop.members, 1))
            return
        operands = [self._factor(x) for x in block.operands]
        name = NAMES.get(block.operation, block.operation)
        function = getattr(self.np, name, None) or self.np.frompyfunc(getattr(math, name), 1, 1)
        call = self._name(function)
        if block.operation.startswith("where"):
            self.lines.append(f"copyto({out}, {operands[3]})")
            self.lines.append(f"copyto({out}, {operands[2]}, where={call}({operands[0]}, {operands[1]}))")
        elif isinstance(function, self.np.ufunc) and function.types == ["O->O"]:
            self.lines.append(f"copyto({out}, {call}({operands[0]}), casting='unsafe')")  # erf, which NumPy lacks
        else:
            self.lines.append(f"{call}({', '.join(operands)}, out={out})")

    def _write_sum(self, block: Block, out: str, shape: tuple[int, ...]) -> None:
        temporary = self._name(self.np.empty(shape))
        segments = list(block.segments)
        if not self.strict:  # the products first, which can be stored where the result is
            segments.sort(key=lambda s: -s.terms)
        for i, segment in enumerate(segments):
            target = temporary if i else out
            if segment.terms == 1:
                self._write_term(segment, target)
            elif self.strict:
                self._write_ordered(segment, out, temporary, fresh=not i)
                continue
            else:
                self._write_product(segment, target)
            if i:
                self.lines.append(f"{'add' if segment.sign > 0 else 'subtract'}({out}, {target}, out={out})")
            elif segment.sign < 0:
                self.lines.append(f"negative({out}, out={out})")

    def _write_term(self, segment: Segment, target: str) -> None:
        a = self._factor(segment.a)
        if segment.b is None:
            self.lines.append(f"copyto({target}, {a})")
        else:
            self.lines.append(f"multiply({a}, {self._factor(segment.b)}, out={target})")

    def _write_product(self, segment: Segment, target: str) -> None:
        """Write Σₖ aₖ·bₖ, as a matrix product if all members read the same rows of b."""
        a, b = segment.a, segment.b
        if b is None:
            alike = "" if a.space in EACH_SAMPLE else "[:, None]"
            self.lines.append(f"copyto({target}, {self._view(a.space, a.rows)[1]}.sum(1){alike})")
        elif a.space not in EACH_SAMPLE and b.space in EACH_SAMPLE and (b.rows == b.rows[0]).all():
            self.lines.append(f"matmul({self._view(a.space, a.rows)[1]}, {self._rows(b)}, out={target})")
        else:
            letters = ["mkn" if x.space in EACH_SAMPLE else "mk" for x in (a, b)]
            result = "mn" if "n" in "".join(letters) else "m"
            views = ", ".join(self._view(x.space, x.rows)[1] for x in (a, b))
            alike = "" if "n" in result else "[:, None]"
            self.lines.append(f"copyto({target}, einsum('{','.join(letters)}->{result}', {views}){alike})")

    def _write_ordered(self, segment: Segment, out: str, temporary: str, fresh: bool) -> None:
        if fresh:
            self.lines.append(f"copyto({out}, -0.0)")  # -0.0 + x is x, were it -0.0
        views = [self._view(x.space, x.rows)[1] if x else "None" for x in (segment.a, segment.b)]
        each = [bool(x and x.space in EACH_SAMPLE) for x in (segment.a, segment.b)]
        self.lines.append(f"ordered(multiply, {out}, {temporary}, {segment.sign}, {views[0]}, {views[1]}, {each})")

    def _rows(self, b: Operand) -> str:
        """Return the code of the rows that all members read, terms × samples."""
        view, code = self._view(b.space, b.rows[:1])
        return self._name(view[0]) if b.affine else f"{code}[0]"

    def _write_output(self, output: Output) -> None:
        a, b = output.a, output.b
        if first := bool(self.unwritten[output.destinations].all()):
            sign = "= " if output.sign > 0 else "= -"
        else:
            sign = "+= " if output.sign > 0 else "-= "
            self.zero[output.destinations] |= self.unwritten[output.destinations]
        self.unwritten[output.destinations] = False
        letters = ["ik" + "n" * (a.space in EACH_SAMPLE)]
        views = [self._view(a.space, a.rows)[1]]
        if b is not None:
            letters.append(("i" if output.paired else "j") + "k" + "n" * (b.space in EACH_SAMPLE))
            views.append(self._view(b.space, b.rows)[1])
        places = "i" if output.paired or b is None else "ij"
        each = any("n" in x for x in letters)
        flat = output.destinations[:, 0] if len(places) == 1 else output.destinations
        if self.each:
            product = f"einsum('{','.join(letters)}->{places}{'n' * each}', {', '.join(views)})"
            value = product if each else f"{product}[..., None]"
            self.lines.append(f"result[{self._name(flat)}] {sign}{value}")
            return
        view = self._destinations(flat)
        if places == "ij" and each and all("n" in x for x in letters):
            rows = [
                self._name(self._view(x.space, x.rows)[0][:, 0])
                if x.rows.shape[1] == 1 and x.affine
                else f"{view}.reshape({len(x.rows)}, -1)"
                for x, view in zip((a, b), views, strict=True)
                if x is not None
            ]
            value = f"({rows[0]} @ {rows[1]}.T)"
            if first and output.sign > 0 and view.endswith("[...]"):
                self.lines.append(f"matmul({rows[0]}, {rows[1]}.T, out={view.removesuffix('[...]')})")
                return
        else:
            count = "" if each else f" * {self.samples}"
            value = f"einsum('{','.join(letters)}->{places}', {', '.join(views)}){count}"
        self.lines.append(f"{view} {sign}{value}")

    def _destinations(self, places: Any) -> str:
        even = affine(places.reshape(len(places), -1))
        if not even:
            return f"result[{self._name(places)}]"
        base, *steps = even
        strides = [step * self.result.strides[0] for step in steps[: places.ndim]]
        view = self.np.lib.stride_tricks.as_strided(self.result[base:], places.shape, strides)
        return f"{self._name(view)}[...]"


def _ordered(multiply: Any, out: Any, temporary: Any, sign: int, a: Any, b: Any, each: list[bool]) -> None:
    """Add ±aₖ·bₖ to `out` for one k after the other."""
    for k in range(a.shape[1]):
        term = a[:, k] if each[0] else a[:, k, None]
        if b is not None:
            term = multiply(term, b[:, k] if each[1] else b[:, k, None], out=temporary)
        if sign > 0:
            out += term
        else:
            out -= term


def _by_term(output: Output) -> list[Output]:
    """Return a reduction of several terms as one for each, which keeps their order."""

    def part(x: Operand, k: int) -> Operand:
        return Operand(x.space, x.rows[:, k : k + 1])

    terms = range(output.a.rows.shape[1])
    return [replace(output, a=part(output.a, k), b=output.b and part(output.b, k)) for k in terms]
