"""A rolled program as LLVM functions: what is computed once, the loops and the outputs, and what calls them in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from micrograd_like.compiler.blocks import Block, Loop, Operand, Output, Rolled, Rows, Segment
from micrograd_like.compiler.llvm.driver import call_all, clear_each, clear_sums, driver, padding
from micrograd_like.compiler.llvm.function import GIVEN, PARAMETERS, Function, Machine
from micrograd_like.compiler.llvm.loops import write_phase
from micrograd_like.compiler.llvm.outputs import write_each, write_sum
from micrograd_like.compiler.llvm.places import Data, Phase, Reduction
from micrograd_like.compiler.llvm.plan import phases, reduction
from micrograd_like.compiler.llvm.text import Code
from micrograd_like.packages import package

BLOCKS = {False: 5, True: 15}
"""The most vectors of samples in a block of a large program, without and with tiles of sums, which read less in large
blocks. Odd, so that rows fall on different sets of the processor's cache."""

LARGEST_BLOCK, CACHE = 63, 2**15
"""The most vectors in any block, and the bytes of rows up to which a block of a small program may be larger."""


class Program:
    """The functions of a rolled program.

    Args:
        rolled: the program.
        machine: what it is written for.
        data: takes the numbers that the functions read.
        prefix: of the functions' names.

    Attributes:
        workspace: the bytes of memory that a call needs.
        texts: the functions.
        quick: straight-line functions that they call, which take too long to compile for what optimization gives.
    """

    def __init__(self, rolled: Rolled, machine: Machine, data: Data, prefix: str = "") -> None:
        self._numpy = package("numpy", "compiling to machine code")
        self.texts: list[str] = []
        self.quick: list[str] = []
        self._data, self._prefix = data, prefix
        data.begin(rolled.constants)
        self._outputs, copies = _countable(rolled, self._numpy)
        self._fresh, self._clear = self._first_of_destinations(rolled.destinations)
        loops = (*rolled.loops, *copies)
        once = [task for x in loops if x.space == "uniform" for task in phases(x, data)]
        often = [task for x in loops if x.space == "sample" for task in phases(x, data)]
        self._destinations = rolled.destinations
        self._rows = rows = rolled.sample_rows + sum(x.members for x in copies)
        least = BLOCKS[any(phase.tiled and phase.members > 1 for phase, _ in often)]
        block = CACHE // (8 * machine.lanes * (rows + rolled.inputs + 1)) // 2 * 2 + 1
        self._machine = replace(machine, block=min(max(block, least), LARGEST_BLOCK))
        self._uniform = -(-rolled.uniform_rows // 8) * 64
        self.workspace = self._uniform + rows * self._machine.row
        self._functions("once", once, write_phase, 1)
        self._functions("loops", often, write_phase, machine.lanes)

    def write_sums(self) -> None:
        """Write `sums`."""
        runs, tasks = list(self._clear), []
        for output, fresh in zip(self._outputs, self._fresh, strict=True):
            task, arguments = reduction(output, fresh, self._data)
            if fresh and not task.at_once(self._machine.fast):
                task = task._replace(fresh=False)
                runs += _runs(self._numpy, [output.destinations], self._destinations)
            tasks.append((task, arguments))
        self._functions("outputs", tasks, write_sum, self._machine.lanes)
        rows = [x.rows for o in self._outputs for x in (o.a, o.b) if x is not None and x.space == "sample"]
        padded = _runs(self._numpy, rows, self._rows)
        self._define("pad", padding(self._machine, len(padded), self._data.append([x for run in padded for x in run])))
        self._define("clear", clear_sums(runs))
        self._drive("sums", "outputs", each=False)

    def write_each(self, skip: int | None = None) -> None:
        """Write `each`; with `skip`, that row of the output stays as it is, and the ones from there on follow it."""
        outputs, runs = self._outputs, self._clear
        if skip is not None:
            outputs = [replace(x, destinations=x.destinations + (x.destinations >= skip)) for x in outputs]
            runs = []
        tasks = [reduction(x, fresh, self._data) for x, fresh in zip(outputs, self._fresh, strict=True)]
        self._functions("each_output", tasks, write_each, self._machine.lanes)
        self._define("each_clear", clear_each(self._machine.lanes, runs))
        self._drive("each", "each_output", each=True)

    def _drive(self, name: str, outputs: str, each: bool) -> None:
        where = self._uniform, self._data.first_constant
        self.texts.append(driver(self._prefix, name, outputs, self._machine, where, each))

    def _first_of_destinations(self, destinations: int) -> tuple[list[bool], list[tuple[int, int]]]:
        """Return of each output whether it adds first to its destinations, and once; the runs where none does."""
        np = self._numpy
        seen, taken, fresh = np.zeros(destinations, bool), np.zeros(destinations, bool), []
        for output in self._outputs:
            rows = output.destinations
            new = not seen[rows].any()
            if new and rows.size > 1:
                low = int(rows.min())
                mark = np.zeros(int(rows.max()) - low + 1, bool)
                mark[rows - low] = True
                new = int(np.count_nonzero(mark)) == rows.size
            seen[rows] = True
            if new:
                taken[rows] = True
            fresh.append(new)
        return fresh, _runs(np, [np.flatnonzero(~taken)], len(taken))

    def _functions(
        self,
        name: str,
        tasks: Sequence[tuple[Phase | Reduction, list[int]]],
        write: Callable[[Function, Any], None],
        lanes: int,
    ) -> None:
        """Write a function for each different task, and one that calls all in order with their arguments."""
        places: dict[Phase | Reduction, list[int]] = {}
        for i, (task, _) in enumerate(tasks):
            places.setdefault(task, []).append(i)
        calls = [""] * len(tasks)
        for number, (task, found) in enumerate(places.items()):
            alone, arguments = len(found) == 1, tasks[found[0]][1]
            code = Code(lanes, self._machine.fast)
            write(Function(code, self._machine, arguments if alone else len(arguments)), task)
            self._define(f"{name}{number}", code, quick=isinstance(task, Phase) and task.long)
            for i in found:
                at = 0 if alone else self._data.append(tasks[i][1])
                calls[i] = f"call void @{self._prefix}{name}{number}({GIVEN.replace('%arguments', str(at))})"
        body = Code(lanes, self._machine.fast)
        for straight, group in groupby(range(len(tasks)), key=lambda i: _is_straight(tasks[i][0])):
            call_all(body, [calls[i] for i in group], by_vector=straight)
        self._define(name, body)

    def _define(self, name: str, body: Code, quick: bool = False) -> None:
        text = "\n".join(body.lines)
        head = f"@{self._prefix}{name}({PARAMETERS}) nounwind"
        where, linkage = (self.quick, "") if quick else (self.texts, "internal ")
        where.append(f"define {linkage}void {head} {{\nentry:\n{text}\n  ret void\n}}\n")
        if quick:
            self.texts.append(f"declare void {head}\n")


def _is_straight(task: Phase | Reduction) -> bool:
    return isinstance(task, Phase) and task.straight


def _runs(np: Any, rows: Sequence[Rows], count: int) -> list[tuple[int, int]]:
    """Return (start, count) of the runs of consecutive rows among so many."""
    marked = np.zeros(count + 1, np.int8)
    for some in rows:
        marked[some] = 1
    edges = np.diff(marked, prepend=0)
    starts, ends = np.flatnonzero(edges > 0).tolist(), np.flatnonzero(edges < 0).tolist()
    return [(start, end - start) for start, end in zip(starts, ends, strict=True)]


def _countable(rolled: Rolled, np: Any) -> tuple[list[Output], list[Loop]]:
    """Return outputs that read a computed row wherever they read an input, and the loops that copy inputs for them.

    Only computed rows can be set to zero where the last vector has more lanes than there are samples left.
    """
    outputs: list[Output] = []
    copies: list[Loop] = []
    row = rolled.sample_rows
    for output in rolled.outputs:
        spaces = [x.space for x in (output.a, output.b) if x is not None]
        if "input" in spaces and "sample" not in spaces:
            first = output.a.space == "input" or output.b is None
            x = output.a if first else output.b
            assert x is not None
            rows, places = np.unique(x.rows, return_inverse=True)
            segment = Segment(1, Operand("input", rows[:, None]), None)
            copies.append(Loop("sample", len(rows), (Block("sum", row, (segment,), ()),)))
            copy = Operand("sample", row + places.reshape(x.rows.shape))
            output = replace(output, a=copy) if first else replace(output, b=copy)
            row += len(rows)
        outputs.append(output)
    return outputs, copies
