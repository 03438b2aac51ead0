"""A program in mathematical notation: what was written neuron by neuron, in the matrices that it comes to.

    >>> import random
    >>> from micrograd_like import MLP, sum_of_squares
    >>> from micrograd_like.compiler.recording import record
    >>> model = MLP(3, [2, 1], "sigmoid", "sigmoid", rng=random.Random(0))
    >>> print(record(lambda a, b, c, y: sum_of_squares(model([a, b, c]), y), model.parameters()).matrix_form())
    X = [a b c]                  N × 3
    H₁ = σ(X·W₁ᵀ + B₁)           N × 2
    H₂ = σ(H₁·W₂ᵀ + b₂)          N × 1
    T₁ = H₂ - y                  N × 1
    L = 1/N Σ T₁²
    Δ₂ = 2·T₁ ∘ H₂ ∘ (1 - H₂)    N × 1
    Δ₁ = Δ₂·W₂ ∘ H₁ ∘ (1 - H₁)   N × 2
    ∂L/∂W₁ = 1/N Δ₁ᵀ·X           2 × 3
    ∂L/∂B₁ = 1/N Σ Δ₁            1 × 2
    ∂L/∂W₂ = 1/N Δ₂ᵀ·H₁          1 × 2
    ∂L/∂b₂ = 1/N Σ Δ₂            1 × 1

A row of each matrix is a sample, and N is how many there are; ∘ multiplies element by element. It is the form that the
backpropagation of a layer has in textbooks: Δ is the derivative by the sums before the activation.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from micrograd_like.compiler.blocks import EACH_SAMPLE, Output, Segment, Space
from micrograd_like.compiler.grouping import Grouping
from micrograd_like.compiler.program import NONE, Program
from micrograd_like.compiler.reductions import reductions
from micrograd_like.packages import package

SYMBOLS = {"sigmoid": "σ"}
SLOPES = {"sigmoid": "{0} ∘ (1 - {0})", "tanh": "(1 - {0}²)", "relu": "[{0} > 0]"}
"""The local derivatives that are written by the result of the function itself."""
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
ATOM, PRODUCT, SUM = 2, 1, 0
"""How tightly a text is bound: what needs no parentheses, what needs them as a factor's factor, and as a factor."""
WIDTH = 60

Text = tuple[str, int]
"""A formula and how tightly it is bound."""


def matrix_form(program: Program) -> str:
    """Return the program in matrices, a definition a line."""
    package("numpy", "the matrix form")
    return _Notation(program).text()


class _Notation:
    """The names given so far, and the lines that define them."""

    def __init__(self, program: Program) -> None:
        grouping = Grouping(program, ordered=False)
        self.program, self.places, self.groups, self.np = program, grouping.places, grouping.groups, grouping.numpy
        self.blocks = [grouping.block(group) for group in self.groups]
        self.at: dict[tuple[Space, int], tuple[int, int]] = {}  # of a row, the group and the member
        for g, (group, block) in enumerate(zip(self.groups, self.blocks, strict=True)):
            for m in range(len(group.statements)):
                self.at[group.space, block.row + m] = g, m
        self.names: dict[int, str] = {}
        self.reserved: dict[int, str] = {}
        self.lines: list[tuple[str, str]] = []
        self.inputs: dict[tuple[int, ...], str] = {}
        self.parameters: list[tuple[str, Any]] = []
        self.layers = 0
        self.counts: Counter[str] = Counter()
        self.uses: Counter[int] = Counter()
        self.counting = True

    def text(self) -> str:
        """Return all lines."""
        outputs = reductions(self.places, self.program.outputs, self.program.results)
        losses = [o for o in outputs if o.destinations.flat[0] == 0]
        slopes = sorted((o for o in outputs if o.destinations.flat[0] > 0), key=_place)
        self._count_uses([*losses, *slopes])
        self.counting = False
        loss = _added([(o.sign, self._reduced(o)) for o in losses])
        self.lines.append((f"L = 1/N Σ {_within(loss, PRODUCT)}", ""))
        for output in slopes:
            self._name_deltas(output)
        sums: dict[tuple[str, str, bool], list[tuple[int, Text]]] = {}
        for output in slopes:
            alike = not any(x and x.space in EACH_SAMPLE for x in (output.a, output.b))
            gradient = self._reduced(output) if alike else self._gradient(output)
            sums.setdefault((*self._destination(output), alike), []).append((output.sign, gradient))
        taken: set[int] = set()
        for (place, shape, alike), each in sums.items():
            rows = {int(x) for x in dict(self.parameters)[place].flat}
            mean = _added(each)[0] if alike else f"1/N {_within(_added(each), PRODUCT)}"
            self.lines.append((f"∂L/∂{place} {'=' if taken.isdisjoint(rows) else '+='} {mean}", shape))
            taken |= rows
        given = [(f"{name} = [{_listed([self.program.inputs[i] for i in rows])}]", f"N × {len(rows)}")
                 for rows, name in self.inputs.items() if len(rows) > 1]  # fmt: skip
        lines = [*given, *self.lines]
        if self.layers == 1:
            lines = [(text.replace("₁", ""), shape) for text, shape in lines]
        width = min(WIDTH, max(len(text) for text, _ in lines))
        return "\n".join(f"{text:{width}}   {shape}".rstrip() for text, shape in lines)

    # Which groups are used more than once

    def _count_uses(self, outputs: list[Output]) -> None:
        for output in outputs:
            for operand in (output.a, output.b):
                if operand is not None:
                    self._matrix(operand.space, operand.rows.T.ravel())
        seen: set[int] = set()
        while waiting := [g for g in self.uses if g not in seen]:
            for g in waiting:
                seen.add(g)
                self._formula(g)

    # Matrices

    def _matrix(self, space: Space, rows: Any, letter: str = "Y") -> Text:
        """Return the matrix whose columns are these rows; `letter` names one of inputs that has no name yet."""
        rows = [int(x) for x in rows]
        if space == "constant":
            numbers = sorted({self.program.tape.numbers[x] for x in rows})
            return (f"{numbers[0]:.6g}", ATOM if numbers[0] >= 0 else SUM) if len(numbers) == 1 else ("C", ATOM)
        if space == "input":
            return self._input(rows, letter), ATOM
        if space == "parameter":
            return self._parameter(self.np.array(rows)[:, None])
        g, first = self.at[space, rows[0]]
        count = len(self.groups[g].statements)
        if self.counting:
            self.uses[g] += 1
            return "", ATOM
        start = self.blocks[g].row
        if rows == list(range(start, start + count)):
            return self._group(g)
        inside = all(self.at[space, row][0] == g for row in rows)
        place = str(first + 1) if len(set(rows)) == 1 else "…"
        return f"{_within(self._group(g, named=True), ATOM)}[{place if inside else '…'}]", ATOM

    def _input(self, rows: list[int], letter: str) -> str:
        if len(set(rows)) == 1:
            return self.program.inputs[rows[0]]
        if tuple(rows) not in self.inputs and not self.counting:
            index = 1 + sum(name.startswith(letter) for name in self.inputs.values())
            self.inputs[tuple(rows)] = letter if index == 1 else self._new(letter, index)
        return self.inputs.get(tuple(rows), "")

    def _parameter(self, rows: Any, weights: bool = False) -> Text:
        """Return the matrix of parameters with these rows, or the transpose of one that has a name."""
        if self.counting:
            return "", ATOM
        for name, known in self.parameters:
            if known.shape == rows.shape and (known == rows).all():
                return name, ATOM
            if known.T.shape == rows.shape and (rows == known.T).all():
                return f"{name}ᵀ", ATOM
        label = self.program.label(int(rows[0, 0]))
        if rows.size == 1 and label and not self.layers:
            self.parameters.append((label, rows))
            return label, ATOM
        if weights:
            self.layers += 1
        if rows.ravel().tolist() == list(range(self.program.parameter_count)) and not weights:
            name = "θ"
        else:
            name = self._new("W" if weights else "B" if len(rows) > 1 else "b", max(self.layers, 1), not weights)
        self.parameters.append((name, rows))
        return name, ATOM

    def _new(self, letter: str, index: int, unique: bool = False) -> str:
        name = f"{letter}{str(index).translate(SUBSCRIPTS)}"
        taken = {known for known, _ in self.parameters} | set(self.names.values())
        while unique and name in taken:
            name += "′"
        return name

    def _group(self, g: int, named: bool = False) -> Text:
        """Return the matrix that a group computes, by its name if it has one or is used again."""
        if g in self.names:
            return self.names[g], ATOM
        formula = self._formula(g)
        if g in self.reserved:
            return self._define(g, self.reserved[g], formula), ATOM
        if not named and self.uses[g] <= 1:
            return formula
        block = self.blocks[g]
        if block.operation == "sum" and len(block.segments) == 1 and block.segments[0].b is None:
            return formula  # a copy, or the negative
        weighted = any(s.a.space == "parameter" and s.terms > 1 for s in block.segments)
        letter = "H" if self._call(g) else "Z" if weighted else "T"
        self.counts[letter] += 1
        return self._define(g, self._new(letter, self.counts[letter], True), formula), ATOM

    def _define(self, g: int, name: str, formula: Text) -> str:
        group = self.groups[g]
        self.names[g] = name
        rows = "N" if group.varies else "1"
        self.lines.append((f"{name} = {formula[0]}", f"{rows} × {len(group.statements)}"))
        return name

    # Formulas

    def _formula(self, g: int) -> Text:
        """Return how a group is computed."""
        for special in (self._call(g), self._slope(g), self._masked(g)):
            if special:
                return special
        block = self.blocks[g]
        if block.operation == "sum":
            first = sorted(block.segments, key=lambda s: -s.terms)  # weights are named before their bias
            texts = {id(s): self._segment(s) for s in first}
            return _added([(s.sign, texts[id(s)]) for s in block.segments])
        each = [self._matrix(x.space, x.rows[:, 0]) for x in block.operands]
        if block.operation == "/":
            return f"{_within(each[0], PRODUCT)} / {_within(each[1], ATOM)}", PRODUCT
        if block.operation == "**":
            power = "²" if each[1][0] == "2" else f"^{_within(each[1], ATOM)}"
            return f"{_within(each[0], ATOM)}{power}", PRODUCT
        operands = [text for text, _ in each]
        if block.operation.startswith("where"):
            sign = "≤" if block.operation == "where<=" else "<"
            return f"where({operands[0]} {sign} {operands[1]}, {operands[2]}, {operands[3]})", ATOM
        return f"{block.operation}({operands[0]})", ATOM

    def _same(self, g: int, found: dict[int, Any]) -> list[Any] | None:
        """Return what is known of each node of a group; None unless it is of all."""
        nodes = [s.node for s in self.groups[g].statements]
        return [found[node] for node in nodes] if all(node in found for node in nodes) else None

    def _nodes(self, nodes: list[int]) -> Text:
        space = self.places.space_of(nodes[0])
        return self._matrix(space, self.places.row[nodes])

    def _call(self, g: int) -> Text | None:
        calls = self._same(g, self.program.tape.calls)
        if not calls or len({(call.name, len(call.operands)) for call in calls}) > 1:
            return None
        name, operands, _ = calls[0]
        if len(operands) == 1:
            operands = tuple([call.operands[0] for call in calls])
        elif [call[1:] for call in calls] != [(operands, i) for i in range(len(calls))]:
            return None
        if not all(map(self.places.is_put, operands)):
            return None
        return f"{SYMBOLS.get(name, name)}({self._nodes(list(operands))[0]})", ATOM if name.isidentifier() else SUM

    def _slope(self, g: int) -> Text | None:
        results = self._same(g, self.program.tape.slopes)
        return self._slope_of(results) if results else None

    def _slope_of(self, results: list[int]) -> Text | None:
        names = {self.program.tape.calls[y].name for y in results}
        if len(names) > 1 or not all(self.places.is_put(y) for y in results):
            return None
        name = names.pop()
        if name in SLOPES:
            return SLOPES[name].format(_within(self._nodes(results), ATOM)), PRODUCT
        argument = self._nodes([self.program.tape.calls[y].operands[0] for y in results])[0]
        return f"{SYMBOLS.get(name, name)}′({argument})", ATOM

    def _masked(self, g: int) -> Text | None:
        factors = self._same(g, self.program.tape.masked)
        slopes = self.program.tape.slopes
        if not factors or not all(mask in slopes and self.places.is_put(x) for x, mask in factors):
            return None
        slope = self._slope_of([slopes[mask] for _, mask in factors])
        if slope is None:
            return None
        return f"{_within(self._nodes([x for x, _ in factors]), PRODUCT)} ∘ {_within(slope, PRODUCT)}", PRODUCT

    def _segment(self, segment: Segment) -> Text:
        a, b = segment.a, segment.b
        members, terms = a.rows.shape
        if b is None:
            if terms == 1:
                return self._matrix(a.space, a.rows[:, 0])
            if members == 1:
                return f"Σₖ {_within(self._matrix(a.space, a.rows[0]), PRODUCT)}", SUM
        elif a.space == "parameter" and b.space in EACH_SAMPLE and a.rows.size > 1 and (b.rows == b.rows[:1]).all():
            order = self.np.argsort(b.rows[0])
            matrix, (weights, _) = self._matrix(b.space, b.rows[0][order], "X"), self._parameter(a.rows[:, order], True)
            return f"{_within(matrix, PRODUCT)}·{_transposed(weights)}", PRODUCT
        elif terms == 1 or members == 1:
            first, second = (self._matrix(x.space, x.rows.T.ravel()) for x in (a, b))
            product = _product(first, second, a.space == "constant")
            return product if terms == 1 else (f"Σₖ {_within(product, PRODUCT)}", SUM)
        for x, y in ((a, b), (b, a)):
            if x is not None and y is not None and _is_all_others(x.rows) and (y.rows == y.rows[:, :1]).all():
                others, own = self._matrix(x.space, sorted({*x.rows.flat})), self._matrix(y.space, y.rows[:, 0])
                return f"(Σⱼ≠ₖ {_within(others, ATOM)}ⱼ) ∘ {_within(own, PRODUCT)}", PRODUCT
        each = [self._matrix(x.space, sorted({*x.rows.flat})) for x in (a, b) if x is not None]
        return f"Σₖ {'·'.join(f'{_within(text, ATOM)}[…]' for text in each)}", SUM

    # Reductions

    def _reduced(self, output: Output) -> Text:
        return self._segment(Segment(output.sign, output.a, output.b))

    def _name_deltas(self, output: Output) -> None:
        """Give the derivatives by a layer's sums the layer's number."""
        g, _ = self.at.get((output.a.space, int(output.a.rows[0, 0])), (NONE, 0))
        name = self._destination(output)[0]
        if g != NONE and g not in self.names and name[0] in "WB" and output.a.rows.shape[1] == 1:
            index = name[1:].rstrip("′")
            taken = self.reserved.values()
            if len(output.a.rows) == len(self.groups[g].statements) and f"Δ{index}" not in taken:
                self.reserved[g] = f"Δ{index}"

    def _destination(self, output: Output) -> tuple[str, str]:
        """Return the name and the shape of the parameters whose derivatives an output is."""
        rows = output.destinations - 1
        name = self._parameter(rows)[0]
        if name.endswith("ᵀ"):
            rows, name = rows.T, name[:-1]
        shape = rows.T.shape if name[0] in "Bbθ" else rows.shape
        return name, f"{shape[0]} × {shape[1]}"

    def _gradient(self, output: Output) -> Text:
        a, b = output.a, output.b
        if b is None or output.paired or a.rows.shape[1] > 1:
            return f"Σ {_within(self._reduced(output), PRODUCT)}", PRODUCT
        first, second = (self._matrix(x.space, x.rows[:, 0]) for x in (a, b))
        if self._parameter(output.destinations - 1)[0].endswith("ᵀ"):
            first, second = second, first
        return f"{_within(first, ATOM)}ᵀ·{_within(second, ATOM)}", PRODUCT


def _place(output: Output) -> tuple[bool, int]:
    """Return where the line of a derivative stands: in the order of the parameters, those of a sample first."""
    alike = not any(x and x.space in EACH_SAMPLE for x in (output.a, output.b))
    return alike, int(output.destinations.min())


def _is_all_others(rows: Any) -> bool:
    """Tell whether each member takes the rows of all members but its own."""
    all_rows = sorted({*rows.flat})
    others = [all_rows[:m] + all_rows[m + 1 :] for m in range(len(rows))]
    return len(all_rows) == len(rows) and [sorted(each) for each in rows] == others


def _added(terms: list[tuple[int, Text]]) -> Text:
    if len(terms) == 1 and terms[0][0] > 0:
        return terms[0][1]
    # What is added first, of that the bias last.
    terms = sorted(terms, key=lambda term: (-term[0], term[0] > 0 and term[1][0].startswith(("B", "b"))))
    text = "".join(f" {'+' if sign > 0 else '-'} {_within(text, PRODUCT if sign < 0 else SUM)}" for sign, text in terms)
    return (text[3:] if text.startswith(" + ") else f"-{text[3:]}"), SUM


def _product(first: Text, second: Text, number: bool) -> Text:
    if first == second:
        return f"{_within(first, ATOM)}²", PRODUCT
    return f"{_within(first, PRODUCT)}{'·' if number else ' ∘ '}{_within(second, PRODUCT)}", PRODUCT


def _transposed(name: str) -> str:
    return name[:-1] if name.endswith("ᵀ") else f"{name}ᵀ"


def _within(text: Text, binding: int) -> str:
    """Return a formula as part of one that is bound so tightly."""
    return text[0] if text[1] >= binding else f"({text[0]})"


def _listed(names: list[str]) -> str:
    return " ".join(names if len(names) <= 6 else [*names[:3], "…", names[-1]])
