"""A program's loops and outputs as statements of C.

In them x are the inputs, p the parameters, u and v what is computed, from parameters alone and for each sample; m is a
member, k a term, n a sample.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from micrograd_like.compiler.blocks import EACH_SAMPLE, Block, Loop, Operand, Output, Rows, Segment, Space, affine
from micrograd_like.compiler.c.text import indented, linear, literal, nested, table, wrapped

LONGEST = 8
"""The terms of the longest sum that is a single expression."""
TOGETHER = 4
"""The terms that the loop of a longer one adds at a time."""
SHOWN = 8
"""The most operations of a loop that its comment names."""
FUNCTIONS = {"abs": "fabs", "**": "pow"}
LETTERS: dict[Space, str] = {"input": "x", "parameter": "p", "constant": "c", "uniform": "u", "sample": "v"}
WIDTHS: dict[Space, str] = {"input": "stride", "sample": "BLOCK"}
"""How far rows are apart that have a number for each sample."""


class Data:
    """The constants of a program and the tables of its rows, as far as they are used."""

    def __init__(self, constants: Sequence[float]) -> None:
        self.constants = constants
        self._tables: dict[bytes, tuple[str, Rows]] = {}
        self._all_constants = False

    def text(self) -> str:
        """Return their definitions."""
        texts = [table("int", name, [str(row) for row in rows.flat]) for name, rows in self._tables.values()]
        if self._all_constants:
            texts.append(table("double", "c", [literal(x) for x in self.constants]))
        return "".join(texts)

    def row(self, rows: Rows, first: str = "m", second: str = "k", shift: int = 0) -> str:
        """Return the row of member `first` and term `second` + shift, as an expression."""
        place = affine(rows)
        if place:
            base, s, t = place
            return linear(base + t * shift, {first: s, second: t})
        column, line = rows[:, :1], rows[:1]
        if (rows - line == column - rows[0, 0]).all():  # a part for the member and one for the term
            if steps := affine(line):
                return linear(steps[2] * shift, {f"{self._table(column)}[{first}]": 1, second: steps[2]})
            if steps := affine(column):
                return linear(0, {f"{self._table(line)}[{linear(shift, {second: 1})}]": 1, first: steps[1]})
        return f"{self._table(rows)}[{linear(shift, {first: rows.shape[1], second: int(rows.shape[1] > 1)})}]"

    def number(self, operand: Operand, first: str = "m", second: str = "k", shift: int = 0) -> str:
        """Return the number of an operand, of sample n if there is one for each, as an expression."""
        space, rows = operand.space, operand.rows
        if space == "constant" and (rows == rows[0, 0]).all():
            return literal(self.constants[rows[0, 0]])
        self._all_constants |= space == "constant"
        place = self.row(rows, first, second, shift)
        if space in EACH_SAMPLE:
            place = f"{start(place, WIDTHS[space])} + n"
        return f"{LETTERS[space]}[{place}]"

    def _table(self, rows: Rows) -> str:
        rows = rows.astype("int64")
        key = rows.tobytes()
        return self._tables.setdefault(key, (f"rows{len(self._tables)}", rows))[0]


def start(row: str, width: str) -> str:
    """Return where a row begins, if rows are `width` apart."""
    return f"{row}*{width}" if re.fullmatch(r"\w+(\[\w+\])?", row) else f"({row})*{width}"


def step(loop: Loop, data: Data) -> list[str]:
    """Return the statements that compute a loop."""
    phases = _phases(loop)
    stored = _stored(loop, phases)
    known: dict[int, str] = {}
    lines: list[str] = []
    for phase in phases:
        if _terms(phase[0]) > LONGEST:
            lines += _long_sum(loop, phase[0], data, known, stored)
            continue
        body: list[str] = []
        names = known if loop.space == "uniform" else known.copy()  # of what is computed for one sample, there alone
        for block in phase:
            expression = _expression(loop, block, data, names)
            names[block.row] = name = f"{LETTERS[loop.space]}{block.row}"
            body += wrapped(f"const double {name} = {expression};")
            if block.row in stored:
                body.append(f"{_result(loop, block)} = {name};")
        lines += ["EACH_SAMPLE {", *indented(body), "}"] if loop.space == "sample" else body
    return nested([("m", loop.members)], lines)


def about(loop: Loop) -> str:
    """Return in words what a loop computes."""
    kinds = [f"sum of {_terms(b)}" if b.operation == "sum" else b.operation for b in loop.blocks]
    what = ", ".join(kinds) if len(kinds) <= SHOWN else f"{len(kinds)} statements"
    return f"{what}, {loop.members} times over." if loop.members > 1 else f"{what}."


def _terms(block: Block) -> int:
    return sum(segment.terms for segment in block.segments)


def _phases(loop: Loop) -> list[list[Block]]:
    """Return the blocks in runs that are computed together; a long sum is a run of its own."""
    phases: list[list[Block]] = []
    for block in loop.blocks:
        if not phases or max(_terms(block), _terms(phases[-1][0])) > LONGEST:
            phases.append([])
        phases[-1].append(block)
    return phases


def _stored(loop: Loop, phases: list[list[Block]]) -> set[int]:
    """Return the first rows of the blocks whose results are read outside of their phase."""
    phase_of = {block.row: i for i, phase in enumerate(phases) for block in phase}
    stored = {block.row for block in loop.blocks if block.kept}
    for i, phase in enumerate(phases):
        for operand in (x for block in phase for x in block.factors if x.space == loop.space):
            stored.update(row for row in operand.rows[0].tolist() if phase_of.get(row, i) != i)
    return stored


def _result(loop: Loop, block: Block) -> str:
    """Return where the result of a block is stored."""
    row = linear(block.row, {"m": int(loop.members > 1)})
    return f"u[{row}]" if loop.space == "uniform" else f"v[{start(row, 'BLOCK')} + n]"


def _factor(loop: Loop, operand: Operand, term: int, data: Data, names: dict[int, str]) -> str:
    """Return the number that an operand has in a term."""
    rows = operand.rows[:, term : term + 1]
    if operand.space == loop.space and (name := names.get(int(rows[0, 0]))):
        return name
    return data.number(Operand(operand.space, rows))


def _expression(loop: Loop, block: Block, data: Data, names: dict[int, str]) -> str:
    """Return a block's result as an expression."""
    if block.operation == "sum":
        return _sum([_term(loop, s, k, data, names) for s in block.segments for k in range(s.terms)])
    x = [_factor(loop, operand, 0, data, names) for operand in block.operands]
    if block.operation.startswith("where"):
        return f"{x[0]} {block.operation[5:]} {x[1]} ? {x[2]} : {x[3]}"
    if block.operation == "/":
        return f"{x[0]}/{x[1]}"
    return f"{FUNCTIONS.get(block.operation, block.operation)}({', '.join(x)})"


def _term(loop: Loop, segment: Segment, term: int, data: Data, names: dict[int, str]) -> str:
    """Return a term of a segment, with its sign."""
    return _signed(segment, [_factor(loop, x, term, data, names) for x in (segment.a, segment.b) if x])


def _signed(segment: Segment, factors: list[str]) -> str:
    return f"{'+' if segment.sign > 0 else '-'} {'*'.join(factors)}"


def _sum(terms: list[str]) -> str:
    """Return a sum of terms with signs as an expression."""
    text = " ".join(terms)
    return text[2:] if text.startswith("+") else f"-{text[2:]}"


def _long_sum(loop: Loop, block: Block, data: Data, names: dict[int, str], stored: set[int]) -> list[str]:
    """Return the statements that add up a long sum, in its row or, if it is uniform, in a variable."""
    name = f"{LETTERS[loop.space]}{block.row}"
    lines, terms = [], list[str]()
    each, y = ("EACH_SAMPLE ", f"{name}[n]") if loop.space == "sample" else ("", name)
    if each:
        row = linear(block.row, {"m": int(loop.members > 1)})
        lines.append(f"double *const {name} = v + {start(row, 'BLOCK')};")
    begun = False

    def add_written_out() -> None:
        nonlocal begun
        if terms:
            declaration = "" if begun or each else "double "
            text = " ".join([y, *terms]) if begun else _sum(terms)
            lines.extend(wrapped(f"{each}{declaration}{y} = {text};"))
            begun = True
            terms.clear()

    for segment in block.segments:
        looped = segment.terms - segment.terms % TOGETHER if segment.terms > LONGEST else 0
        if looped == segment.terms and not (begun or terms):
            looped -= TOGETHER
        written = segment.terms - looped
        for k in range(written):
            terms.append(_term(loop, segment, k, data, names))
            if len(terms) == LONGEST:
                add_written_out()
        if looped:
            add_written_out()
            rest = [Operand(x.space, x.rows[:, written:]) for x in (segment.a, segment.b) if x]
            added = [_signed(segment, [data.number(x, shift=i) for x in rest]) for i in range(TOGETHER)]
            lines.append(f"for (ptrdiff_t k = 0; k < {looped}; k += {TOGETHER})")
            lines += indented(wrapped(f"{each}{y} = {' '.join([y, *added])};"))
    add_written_out()
    names[block.row] = y
    if not each and block.row in stored:
        lines.append(f"{_result(loop, block)} = {name};")
    return lines


def added(output: Output, name: str, data: Data, tools: set[str]) -> list[str]:
    """Return the statements that add an output of a block to the sums, and note the tools that they need."""
    sign, total = "" if output.sign > 0 else "-", f"sums[{data.row(output.destinations, 'i', 'j')}]"
    factors = _output_factors(output)
    numbers = [data.number(x, letter) for x, letter in factors if x.space not in EACH_SAMPLE]
    rows = [
        f"{LETTERS[x.space]} + {start(data.row(x.rows, letter), WIDTHS[x.space])}"
        for x, letter in factors
        if x.space in EACH_SAMPLE
    ]
    if rows:
        which = "plus_numbers" if len(factors) == 1 else "plus_multiples" if numbers else "plus_products"
        tools.add(which)
        line = f"{total} = {sign}{name}_{which}({', '.join([sign + total, *numbers, *rows, 'size'])});"
    else:
        line = f"{total} {sign or '+'}= {'*'.join(numbers)}*size;"
    return _over_destinations(output, line)


def written(output: Output, data: Data) -> list[str]:
    """Return the statements that add an output to what is written for each sample."""
    place = start(data.row(output.destinations, "i", "j"), "out_stride")
    product = "*".join(data.number(x, letter) for x, letter in _output_factors(output))
    return _over_destinations(output, f"EACH_SAMPLE out[{place} + n] {'+' if output.sign > 0 else '-'}= {product};")


def _output_factors(output: Output) -> list[tuple[Operand, str]]:
    """Return the factors of an output's terms, and the variable of their members."""
    return [(x, letter) for x, letter in ((output.a, "i"), (output.b, "i" if output.paired else "j")) if x]


def _over_destinations(output: Output, line: str) -> list[str]:
    members, others = output.destinations.shape
    return nested([("i", members), ("j", others), ("k", output.a.rows.shape[1])], wrapped(line))
