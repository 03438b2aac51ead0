"""How an operation and its local derivatives read: the rule itself, as it was recorded, written like a formula.

    >>> from micrograd_like import Value
    >>> from micrograd_like.compiler.recording import record
    >>> w = Value(2.0, "w")
    >>> program = record(lambda x: (1 + x) / w, [w])
    >>> formulas_of(program, program.statements[1].node)
    ['(1 + x)/w', '-y/w']

The language is that of the command line's expressions.
"""

from __future__ import annotations

from micrograd_like.compiler.expr import CONSTANT
from micrograd_like.compiler.program import NONE, Program, Statement

BOOK: dict[tuple[str, int], tuple[str, ...]] = {
    ("**", 2): ("a**b", "b*a**(b - 1)", "y*log(a)"),
    ("sigmoid", 1): ("1/(1 + exp(-a))", "y*(1 - y)"),
    ("softplus", 1): ("log(1 + exp(a))", "1/(1 + exp(-a))"),
    ("maximum", 2): ("maximum(a, b)", "where(a > b, 1, where(a < b, 0, 0.5))", "where(b > a, 1, where(b < a, 0, 0.5))"),
    ("minimum", 2): ("minimum(a, b)", "where(a < b, 1, where(a > b, 0, 0.5))", "where(b < a, 1, where(b > a, 0, 0.5))"),
}
"""How operations of so many operands read in a book, where the rule itself, which keeps its digits, would not be known
again: the result y of a and b, and its slope by each. A test holds each against the rule."""
LONGEST = 160
"""The longest formula that is shown; a longer one is told by the operation's name and its numbers."""
TERMS = 6
"""How many terms of a sum are written, before dots."""

ATOM, POWER, PRODUCT, SUM = 3, 2, 1, 0
"""How tightly a text is bound."""
Text = tuple[str, int]
"""A formula and how tightly it is bound; ("", ATOM) if it is too long."""


def formulas_of(program: Program, y: int) -> list[str]:
    """Return how the results of a program read; the first of them, the node `y`, is y in the others.

    A result that cannot be read is "": what is too long, or has a choice inside.
    """
    tape = program.tape
    texts: dict[int, Text] = {i: (name, ATOM) for i, name in program.names().items()}
    for i in texts:
        if tape.operation[i] == CONSTANT:
            x = tape.numbers[tape.first[i]]
            texts[i] = f"{x:.10g}", ATOM if x >= 0 else PRODUCT
    formula = ""
    for statement in program.statements:
        texts[statement.node] = _written(statement, texts)
        if statement.node == y:
            formula, texts[y] = texts[y][0], ("y", ATOM)
    first, *slopes = [_written(each, texts)[0] for each in program.output_sums()]
    return [formula if texts.get(y) == ("y", ATOM) else first, *slopes]


def _written(statement: Statement, texts: dict[int, Text]) -> Text:
    operation, operands = statement.operation, list(statement.operands)
    if operation == "sum" and operands[:1] + operands[2:] == [1, NONE]:
        return texts[operands[1]]
    inside = [texts[node][0] for node in statement.nodes]
    if not all(inside) or (not operation.startswith("where") and any("where" in text for text in inside)):
        return "", ATOM
    if operation == "sum":
        text, bound = _sum(statement, texts)
    elif operation in ("/", "**"):
        left, right, bound = (PRODUCT, POWER, PRODUCT) if operation == "/" else (ATOM, ATOM, POWER)
        text = f"{_within(texts[operands[0]], left)}{operation}{_within(texts[operands[1]], right)}"
    else:
        each = [texts[i][0] for i in operands]
        bound = ATOM
        if operation.startswith("where"):
            text = f"where({each[0]} {operation[5:]} {each[1]}, {each[2]}, {each[3]})"
        else:
            text = f"{operation}({', '.join(each)})"
    return (text, bound) if len(text) <= LONGEST else ("", ATOM)


def _sum(statement: Statement, texts: dict[int, Text]) -> Text:
    terms = list(statement.terms())
    text, bound = "", SUM
    for sign, a, b in terms[:TERMS]:
        if b == NONE:
            term, bound = _within(texts[a], PRODUCT), texts[a][1]
        elif a == b:
            term, bound = f"{_within(texts[a], ATOM)}**2", POWER
        else:
            term, bound = f"{_within(texts[a], PRODUCT)}*{_within(texts[b], POWER)}", PRODUCT
        text += f" {'-' if sign < 0 else '+'} {term}"
    if len(terms) > TERMS:
        text += " + …"
    if not terms:
        return "0", ATOM
    if text.startswith(" + "):
        return text[3:], bound if len(terms) == 1 else SUM
    return f"-{text[3:]}", PRODUCT if len(terms) == 1 else SUM


def _within(text: Text, bound: int) -> str:
    return text[0] if text[1] >= bound else f"({text[0]})"
