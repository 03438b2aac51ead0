"""What was recorded: the statements that compute a loss and its gradients from one sample, and how they read.

    >>> from micrograd_like import Value, tanh
    >>> w, b = Value(0.5, "w"), Value(0.1, "b")
    >>> from micrograd_like.compiler.recording import record
    >>> program = record(lambda x: tanh(w * x + b), [w, b])
    >>> print(program)
    def sample(x):  # parameters: w, b
        v1 = w*x + b
        v2 = tanh(v1)
        v3 = 1.0 - v2*v2
        loss = v2
        d_w = v3*x
        d_b = v3
    >>> program.counts
    {'+': 1, '*': 3, '-': 1, 'tanh': 1}

Sums are flat: an addition whose result is used once, as the first operand of another, is part of that, and a product
used once is a term. The order of the terms is that of the recording, so that running a program rounds as the engine
does. What does not depend on the sample is told apart, to be computed once.
"""

from __future__ import annotations

import keyword
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from unicodedata import normalize

from micrograd_like.compiler.expr import (
    ADD,
    CONSTANT,
    INPUT,
    MULTIPLY,
    NEGATIVE,
    OPERATIONS,
    PARAMETER,
    SUBTRACT,
    SUM,
    ZERO,
    Tape,
)

LEAVES = (CONSTANT, PARAMETER, INPUT)
UNIFORM, SAMPLE = 1, 2
"""How a node varies: not at all (0), with the parameters alone, with the sample."""

NONE = -1
"""The second factor of a term that has one factor only."""


@dataclass(frozen=True)
class Statement:
    """One line of a program: node `node` of the tape is the operation on others.

    `operands` are nodes; of a "sum" they are (sign, a, b) for each term ±a·b, one after the other; b may be `NONE`.
    """

    node: int
    operation: str
    operands: Sequence[int]

    @property
    def nodes(self) -> list[int]:
        """The nodes that it reads."""
        if self.operation != "sum":
            return list(self.operands)
        return [node for _, *factors in self.terms() for node in factors if node != NONE]

    def terms(self) -> Iterator[tuple[int, int, int]]:
        """Yield (sign, a, b) for each term of a sum."""
        each = iter(self.operands)
        return zip(each, each, each, strict=True)


class Program:
    """The statements that compute some nodes of a tape, and nothing else.

    Args:
        tape: where they were recorded.
        results: the nodes wanted: the loss, and its derivatives by each parameter.
        columns: what the user calls the inputs, in their order; they become names if they can.
        labels: those of the parameters, which become names if they can.
        outputs: the names of the results.

    Attributes:
        statements: in an order in which all is computed before it is used.
        outputs: the columns of the terms ±a·b of the results: destinations, signs, factors a and b.
    """

    def __init__(
        self,
        tape: Tape,
        results: Sequence[int],
        columns: Sequence[str],
        labels: Sequence[str],
        outputs: Sequence[str] = (),
    ) -> None:
        self.tape, self.columns, self._labels, self._outputs = tape, list(columns), labels, list(outputs)
        self.varies = _variability(tape)
        self._uses = _uses(tape, results)
        self.results, self._results = len(results), list(results)
        self.outputs = tuple(array("i") for _ in range(4))
        self._read_outputs(results)
        self.statements = self._needed_statements()

    @property
    def parameter_count(self) -> int:
        """How many parameters there are."""
        return len(self._labels)

    def label(self, parameter: int) -> str:
        """Return what the user calls a parameter, if that is its name in the program too; else ""."""
        return self.parameters[parameter] if self.parameters[parameter] == self._labels[parameter] else ""

    @cached_property
    def inputs(self) -> list[str]:
        """The names of the inputs."""
        return identifiers(self.columns, "x")

    @cached_property
    def parameters(self) -> list[str]:
        """The names of the parameters."""
        return identifiers(self._labels, "p", self.inputs)

    @cached_property
    def output_names(self) -> list[str]:
        """The names of the results."""
        return self._outputs or ["loss", *(f"d_{name}" for name in self.parameters)]

    def first(self, count: int) -> Program:
        """Return the program of the first results alone."""
        return Program(self.tape, self._results[:count], self.columns, self._labels, self.output_names[:count])

    def matrix_form(self) -> str:
        """Return the program in matrices, as far as it can be written so. ImportError where NumPy is missing."""
        matrix_form: Callable[[Program], str] = import_module("micrograd_like.compiler.notation").matrix_form
        return matrix_form(self)

    @property
    def depends_on_parameters(self) -> bool:
        """Whether the results change with the parameters."""
        leaves = {node for s in [*self.statements, *self.output_sums()] for node in s.nodes}
        return any(self.tape.operation[node] == PARAMETER for node in leaves)

    def uniform(self, statement: Statement) -> bool:
        """Tell whether a statement depends on the parameters alone."""
        return self.varies[statement.node] != SAMPLE

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many of each operation a sample takes, the reductions over samples not counted."""
        counts: Counter[str] = Counter()
        sums = [s for s in [*self.statements, *self.output_sums()] if s.operation == "sum"]
        for terms in ([*s.terms()] for s in sums):
            counts["+"] += sum(sign > 0 for sign, _, _ in terms[1:])
            counts["*"] += sum(b != NONE for _, _, b in terms)
            counts["-"] += sum(sign < 0 for sign, _, _ in terms)
        counts.update(s.operation for s in self.statements if s.operation != "sum")
        return {operation: n for operation, n in counts.items() if n}

    def __str__(self) -> str:
        names = self.names()
        parameters = f"  # parameters: {', '.join(self.parameters)}" if self._labels else ""
        lines = [f"{names[s.node]} = {written(s, names)}" for s in self.statements]
        lines += [f"{name} = {text}" for name, text in zip(self.output_names, self.output_texts(names), strict=True)]
        return "\n    ".join([f"def sample({', '.join(self.inputs)}):{parameters}", *lines])

    def __repr__(self) -> str:
        return (
            f"Program of {len(self.statements)} statements: {len(self.columns)} inputs, "
            f"{self.parameter_count} parameters, {self.results} outputs"
        )

    def names(self) -> dict[int, str]:
        """Return the name of each leaf and each statement's result; that of a constant is its number."""
        names = {}
        kinds = {INPUT: self.inputs, PARAMETER: self.parameters}
        operation, first = self.tape.operation, self.tape.first
        leaves = [i for i in range(len(operation)) if operation[i] in LEAVES]
        for i in leaves:
            kind = kinds.get(operation[i])
            names[i] = kind[first[i]] if kind else _literal(self.tape.numbers[first[i]])
        taken = {*self.inputs, *self.parameters, *self.output_names}
        count = 0
        for statement in self.statements:
            count += 1
            while f"v{count}" in taken:
                count += 1
            names[statement.node] = f"v{count}"
        return names

    def output_texts(self, names: dict[int, str]) -> list[str]:
        """Return how each output is computed from what has a name."""
        return [written(sum_, names) if sum_.operands else "0.0" for sum_ in self.output_sums()]

    def output_sums(self) -> list[Statement]:
        """Return each output as a sum, of no terms where it is 0."""
        terms: list[list[int]] = [[] for _ in range(self.results)]
        for destination, *term in zip(*self.outputs, strict=True):
            terms[destination] += term
        return [Statement(NONE, "sum", each) for each in terms]

    def _read_outputs(self, results: Sequence[int]) -> None:
        """Write the columns of the outputs."""
        operation, first, second, uses = self.tape.operation, self.tape.first, self.tape.second, self._uses
        write = [column.append for column in self.outputs]
        for destination, node in enumerate(results):
            if uses[node] > 1:
                terms: Sequence[int] = (1, node, NONE)
            elif operation[node] == MULTIPLY:  # of a network, the derivatives by the weights
                terms = self._product(1, first[node], second[node])
            else:
                terms = self._terms(node)
            for sign, a, b in Statement(node, "sum", terms).terms() if len(terms) > 3 else (terms,):
                for append, x in zip(write, (destination, sign, a, b), strict=True):
                    append(x)

    def _needed_statements(self) -> list[Statement]:
        wanted = bytearray(len(self.tape.operation))
        for column in self.outputs[2:]:
            for node in column:
                if node != NONE:
                    wanted[node] = True
        statements = []
        operation, tape = self.tape.operation, self.tape
        for node in range(len(operation) - 1, -1, -1):
            if not wanted[node] or operation[node] in LEAVES:
                continue
            if operation[node] in (ADD, SUBTRACT, SUM, MULTIPLY, NEGATIVE):
                statement = Statement(node, "sum", self._terms(node))
            else:
                statement = Statement(node, OPERATIONS[operation[node]], tape.arguments(node))
            for read in statement.nodes:
                wanted[read] = True
            statements.append(statement)
        return statements[::-1]

    def _terms(self, node: int) -> array[int]:
        """Return the terms of a node, from left to right, as (sign, a, b) one after the other."""
        operation, first, second = self.tape.operation, self.tape.first, self.tape.second
        uses, varies = self._uses, self.varies
        kind = varies[node]
        if operation[node] not in (ADD, SUBTRACT, SUM):
            return array("i", self._term(1, node, kind, True))
        parts = []  # from right to left
        while True:
            code = operation[node]
            if code == SUM:
                start, *factors = self.tape.operands[node]
                products = array("i")
                for a, b in zip(factors[::2], factors[1::2], strict=True):
                    products.extend(self._product(1, a, b))
                parts.append(products)
                node = start
            else:
                parts.append(array("i", self._term(1 if code == ADD else -1, second[node], kind)))
                node = first[node]
            if operation[node] not in (ADD, SUBTRACT, SUM) or uses[node] > 1 or varies[node] != kind:
                break
        if node != ZERO:
            parts.append(array("i", self._term(1, node, kind)))
        terms = array("i")
        for part in reversed(parts):
            terms.extend(part)
        return terms

    def _term(self, sign: int, node: int, kind: int, whole: bool = False) -> tuple[int, int, int]:
        """Return a node as a term of a sum that varies as `kind`: a product where it is used here alone, or `whole`."""
        operation, first, second = self.tape.operation, self.tape.first, self.tape.second
        alone = whole or self._uses[node] == 1
        while operation[node] == NEGATIVE:
            sign, node = -sign, first[node]
            alone = alone and self._uses[node] == 1
        if alone and operation[node] == MULTIPLY and self.varies[node] == kind:
            return self._product(sign, first[node], second[node])
        return sign, node, NONE

    def _product(self, sign: int, a: int, b: int) -> tuple[int, int, int]:
        """Return a product as a term: signs go to the front, and what does not depend on the sample."""
        operation, first = self.tape.operation, self.tape.first
        while operation[a] == NEGATIVE:
            sign, a = -sign, first[a]
        while operation[b] == NEGATIVE:
            sign, b = -sign, first[b]
        if b == 1:
            return sign, a, NONE
        if a == 1:
            return sign, b, NONE
        return (sign, b, a) if self.varies[a] > self.varies[b] else (sign, a, b)


def written(statement: Statement, names: dict[int, str]) -> str:
    """Return how a statement computes, in Python, from the names of nodes."""
    operands, operation = statement.operands, statement.operation
    if operation == "sum":
        parts = []
        for sign, a, b in statement.terms():
            product = names[a] if b == NONE else f"{names[a]}*{names[b]}"
            parts.append(f" {'-' if sign < 0 else '+'} {product}")
        text = "".join(parts)
        return text[3:] if text.startswith(" + ") else f"-{text[3:]}"
    each = [names[i] for i in operands]
    if operation in ("/", "**"):
        return f" {operation} ".join(each)
    if operation.startswith("where"):
        return f"{each[2]} if {each[0]} {operation[5:]} {each[1]} else {each[3]}"
    return f"{operation}({', '.join(each)})"


def identifiers(labels: Sequence[str], prefix: str, taken: Iterable[str] = ()) -> list[str]:
    """Return a name for each label: the labels themselves, if Python allows all of them and each only once.

    Otherwise they are numbered: p0, p1, ... Names that a program uses itself are not allowed, nor those that Python
    reads as another name (a ligature, say).
    """
    taken = {*taken}
    reserved = {*OPERATIONS, *taken, *keyword.kwlist, "inf", "nan", "loss", "pow"}
    if len(set(labels)) == len(labels) and all(
        x.isidentifier() and x not in reserved and not x.startswith(("_", "d_")) and normalize("NFKC", x) == x
        for x in labels
    ):
        return list(labels)
    while any(f"{prefix}{i}" in taken for i in range(len(labels))):
        prefix += "_"
    return [f"{prefix}{i}" for i in range(len(labels))]


def _literal(x: float) -> str:
    if x != x or x in (float("inf"), float("-inf")):
        return "nan" if x != x else "inf" if x > 0 else "(-inf)"
    return repr(x) if x >= 0 and not repr(x).startswith("-") else f"({x!r})"


def _variability(tape: Tape) -> bytearray:
    varies = bytearray(len(tape.operation))
    operation, first, second = tape.operation, tape.first, tape.second
    leaves = {CONSTANT: 0, PARAMETER: UNIFORM, INPUT: SAMPLE}
    for i, code in enumerate(operation):
        if code in leaves:
            varies[i] = leaves[code]
        elif i in tape.operands:
            varies[i] = max([varies[j] for j in tape.operands[i]])
        else:
            a, b = varies[first[i]], varies[second[i]]  # the second of one operand is a constant
            varies[i] = a if a > b else b
    return varies


def _uses(tape: Tape, results: Sequence[int]) -> array[int]:
    """Return how many times each node is used, by what the results need."""
    operation, first, second, many = tape.operation, tape.first, tape.second, tape.operands
    uses = array("i", bytes(4 * len(operation)))
    for node in results:
        uses[node] += 1
    for i in range(len(operation) - 1, -1, -1):
        if uses[i] and operation[i] not in LEAVES:
            if i in many:
                for j in many[i]:
                    uses[j] += 1
            else:
                uses[first[i]] += 1
                uses[second[i]] += 1
    return uses
