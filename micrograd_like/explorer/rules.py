"""The rules of operations as JavaScript: the engine's own, recorded on symbols, and how they read in a book.

    >>> from micrograd_like import Value, tanh
    >>> rule = rule_of(tanh(Value(0.5)).operation, 1)
    >>> print(rule.code)
    const a = v[o[k]];
    const v1 = tanh(a);
    v[i] = v1;
    s[k] = 1.0 - v1*v1;
    >>> rule.formula, rule.slopes
    ('tanh(a)', ('1 - y**2',))

No derivative is written here for the page to compute with: it runs what the rule in `engine.py` or `functions.py` does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from micrograd_like.compiler.expr import PARAMETER, WHERE_LE, WHERE_LT, ZERO, Expr, Tape
from micrograd_like.compiler.javascript import written_in_javascript
from micrograd_like.compiler.program import Program
from micrograd_like.operations import Operation

FORMULAS: dict[tuple[str, int], tuple[str, ...]] = {
    ("+", 2): ("a + b", "1", "1"),
    ("-", 2): ("a - b", "1", "-1"),
    ("-", 1): ("-a", "-1"),
    ("*", 2): ("a*b", "b", "a"),
    ("/", 2): ("a/b", "1/b", "-y/b"),
    ("**", 2): ("a**b", "b*a**(b - 1)", "y*log(a)"),
    ("abs", 1): ("abs(a)", "where(a > 0, 1, where(a < 0, -1, 0))"),
    ("exp", 1): ("exp(a)", "y"),
    ("expm1", 1): ("exp(a) - 1", "y + 1"),
    ("log", 1): ("log(a)", "1/a"),
    ("log1p", 1): ("log(1 + a)", "1/(1 + a)"),
    ("sqrt", 1): ("sqrt(a)", "1/(2*y)"),
    ("sin", 1): ("sin(a)", "cos(a)"),
    ("cos", 1): ("cos(a)", "-sin(a)"),
    ("tanh", 1): ("tanh(a)", "1 - y**2"),
    ("erf", 1): ("erf(a)", "1.128379167*exp(-a**2)"),
    ("erfc", 1): ("erfc(a)", "-1.128379167*exp(-a**2)"),
    ("sigmoid", 1): ("1/(1 + exp(-a))", "y*(1 - y)"),
    ("softplus", 1): ("log(1 + exp(a))", "1/(1 + exp(-a))"),
    ("relu", 1): ("maximum(a, 0)", "where(a > 0, 1, 0)"),
    ("gelu", 1): ("a*erfc(-0.7071067812*a)/2", "y/a + a*exp(-a**2/2)*0.3989422804"),
    ("maximum", 2): ("maximum(a, b)", "where(a > b, 1, where(a < b, 0, 0.5))", "where(b > a, 1, where(b < a, 0, 0.5))"),
    ("where", 4): ("where(a < b, c, d)", "0", "0", "where(a < b, 1, 0)", "where(a < b, 0, 1)"),
    ("minimum", 2): ("minimum(a, b)", "where(a < b, 1, where(a > b, 0, 0.5))", "where(b < a, 1, where(b > a, 0, 0.5))"),
}
"""What the panel shows of an operation of so many operands: the result y of a, b, c and d, and its slope by each.

It is the language of `expressions.py`, and a test holds each against the rule. What is not named here, or has a setting
that no formula could know, is shown by its name and its numbers."""


class Rule(NamedTuple):
    """What the page needs to know of an operation: its code, and how it and its local derivatives read, "" unknown.

    `reached` tells for each operand whether a gradient can flow to it at all; `stops`, whether its slope is a choice
    with 0 in it, which stops a gradient, be it infinite.
    """

    name: str
    code: str
    formula: str
    slopes: tuple[str, ...]
    reached: tuple[bool, ...]
    stops: tuple[bool, ...]


def rule_of(operation: Operation, count: int) -> Rule:
    """Return the rule of an operation on so many operands. TypeError if it cannot be recorded.

    The code is the body of a function of the data `v`, the local derivatives `s`, the operands `o` of all nodes, the
    node `i`, and where its operands begin in `o`, and their local derivatives in `s`: `k`.
    """
    tape = Tape()
    names = list("abcd"[:count]) if count <= 4 else [f"x{j}" for j in range(count)]
    try:
        y, *slopes = operation.rule(*(tape.leaf(PARAMETER) for _ in names))
        results = [_node(tape, x) for x in (y, *(0.0 if slope is None else slope for slope in slopes))]
    except (TypeError, ValueError) as error:
        raise TypeError(f"the page cannot compute {str(operation)!r} by itself: {error}") from None
    statements, outputs = written_in_javascript(Program(tape, results, [], names, ["y"] * len(results)))
    places = ["[o[k]]" if j == 0 else f"[o[k + {j}]]" for j in range(count)]
    lines = [f"const {', '.join(f'{name} = v{place}' for name, place in zip(names, places, strict=True))};"]
    lines += [*statements, f"v[i] = {outputs[0]};"]
    lines += [f"s{place.replace('o[k', 'k')[:-1]} = {text};" for place, text in zip(places, outputs[1:], strict=True)]
    formula, *shown = FORMULAS.get((str(operation), count), ("",) * (count + 1))
    reached = tuple([slope is not None for slope in slopes])
    stops = tuple([_stops(tape, node) for node in results[1:]])
    return Rule(str(operation), "\n".join(lines), formula, tuple(shown), reached, stops)


def _node(tape: Tape, x: Any) -> int:
    return x.index if type(x) is Expr else tape.constant(x)


def _stops(tape: Tape, node: int) -> bool:
    """Tell whether a slope is a choice between numbers, or choices, one of which is 0."""
    if tape.operation[node] not in (WHERE_LE, WHERE_LT):
        return False
    return any(branch == ZERO or _stops(tape, branch) for branch in tape.operands[node][2:])
