"""The target "python": the program as straight-line Python, for machines that have nothing else.

It computes what the engine does, operation by operation, so that for one sample the results are the engine's, bit for
bit. Where an operation of Python raises, as log(0) does, the sample is computed again by `ieee.py`, which goes on with
infinities and NaN as the other targets do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from micrograd_like.compiler.expr import FUNCTIONS
from micrograd_like.compiler.ieee import evaluate
from micrograd_like.compiler.program import Program, Statement, written

LARGEST = 100_000
"""The terms and operands of the largest program: Python's own compiler takes a few seconds for it."""
LONGEST = 3 * 200
"""The operands of the longest sum on a line."""


class Kernel:
    """A program that runs on rows of samples.

    Raises:
        ValueError: the program is too large.
    """

    def __init__(self, program: Program) -> None:
        size = sum(len(s.operands) for s in program.statements) + 2 * len(program.outputs[0])
        if size > LARGEST:
            raise ValueError(
                f'the target "python" is for programs of up to {LARGEST:,} operands, and this has {size:,}: '
                'choose target="numpy" or target="llvm"'
            )
        self.program = program
        self._functions: dict[bool, Callable[..., Any]] = {}

    def sums(self, rows: Sequence[Sequence[float]], parameters: Sequence[float]) -> list[float]:
        """Return the sum of each output over the samples, added from the first sample on."""
        try:
            return list(self._function(False)(rows, parameters))
        except (ArithmeticError, ValueError):
            each = self.each(rows, parameters)
            return [_total(outputs) for outputs in zip(*each, strict=True)]

    def means(self, rows: Sequence[Sequence[float]], parameters: Sequence[float]) -> list[float]:
        """Return the mean of each output over the samples: their sum divided by how many there are."""
        return [x / len(rows) for x in self.sums(rows, parameters)]

    def each(self, rows: Sequence[Sequence[float]], parameters: Sequence[float]) -> list[tuple[float, ...]]:
        """Return the outputs of each sample."""
        function, found = self._function(True), []
        for row in rows:
            try:
                found += function([row], parameters)
            except (ArithmeticError, ValueError):
                found.append(tuple(evaluate(self.program, row, parameters)))
        return found

    def _function(self, each: bool) -> Callable[..., Any]:
        if each not in self._functions:
            names = {name: getattr(math, name) for name in (*FUNCTIONS, "pow")} | {"inf": math.inf, "nan": math.nan}
            exec(source(self.program, each), names)
            self._functions[each] = names["run"]
        return self._functions[each]


def source(program: Program, each: bool) -> str:
    """Return the text of the function run(rows, parameters): sums over the rows or, with `each`, a tuple for each."""
    names = program.names()
    uniform = [line for s in program.statements if program.uniform(s) for line in _lines(s, names)]
    statements = [line for s in program.statements if not program.uniform(s) for line in _lines(s, names)]
    outputs, texts = program.output_names, program.output_texts(names)
    for i, total in enumerate(program.output_sums()):
        if len(total.operands) > LONGEST:
            texts[i] = f"_sum{i}"
            statements += _lines(total, names, texts[i])
    lines = ["def run(_rows, _parameters):", f"    [{', '.join(program.parameters)}] = _parameters"]
    lines += [f"    {line}" for line in uniform]
    lines += ["    _found = []"] if each else [f"    {name} = 0.0" for name in outputs]
    lines += [f"    for [{', '.join(program.inputs)}] in _rows:"]
    lines += [f"        {line}" for line in statements]
    if each:
        lines += [f"        _found.append(({', '.join(texts)},))", "    return _found"]
    else:
        lines += [f"        {name} += {text}" for name, text in zip(outputs, texts, strict=True)]
        lines += [f"    return [{', '.join(outputs)}]"]
    return "\n".join(lines)


def _lines(statement: Statement, names: dict[int, str], name: str = "") -> Iterator[str]:
    """Yield the lines that compute a statement: one, but for sums so long that Python's parser would give up."""
    name, operands = name or names[statement.node], statement.operands
    if statement.operation == "**":  # the operator gives complex numbers where there is no real one
        yield f"{name} = pow({', '.join(names[i] for i in operands)})"
        return
    yield f"{name} = {written(replace(statement, operands=operands[:LONGEST]), names)}"
    for start in range(LONGEST, len(operands), LONGEST):
        more = written(replace(statement, operands=operands[start : start + LONGEST]), names)
        yield f"{name} = {name} {more if more.startswith('-') else f'+ {more}'}"


def _total(numbers: Sequence[float]) -> float:
    """Return the sum from the first on, as the straight-line program adds; sum() rounds otherwise from 3.12 on."""
    total = 0.0
    for x in numbers:
        total += x
    return total
