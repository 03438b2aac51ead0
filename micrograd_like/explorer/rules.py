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

No derivative is written here: the page runs what the rule in `engine.py`, `functions.py` or `sequences.py` does.
"""

from __future__ import annotations

from typing import NamedTuple

from micrograd_like.compiler.expr import PARAMETER, Tape
from micrograd_like.compiler.javascript import written_in_javascript
from micrograd_like.compiler.program import Program
from micrograd_like.drawing import ORDERED
from micrograd_like.explorer.formulas import BOOK, formulas_of
from micrograd_like.operations import Operation


class Rule(NamedTuple):
    """What the page needs to know of an operation: its code, and how it and its local derivatives read, "" unknown.

    `ordered` tells whether its second operand is marked; `reached`, for each operand, whether a gradient can flow to it
    at all; `stops`, whether there are sides that are not chosen, where a slope of 0 stops a gradient, be it infinite.
    """

    name: str
    code: str
    formula: str
    slopes: tuple[str, ...]
    ordered: bool
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
        results = [tape.index_of(x) for x in (y, *(0.0 if slope is None else slope for slope in slopes))]
    except Exception as error:  # a rule of one's own may raise anything when it meets a symbol
        raise TypeError(f"the page cannot compute {str(operation)!r} by itself: {error}") from None
    program = Program(tape, results, [], names, ["y"] * len(results))
    statements, outputs = written_in_javascript(program)
    at = ["k", *(f"k + {j}" for j in range(1, count))]
    lines = [f"const {', '.join(f'{name} = v[o[{place}]]' for name, place in zip(names, at, strict=True))};"]
    lines += [*statements, f"v[i] = {outputs[0]};"]
    lines += [f"s[{place}] = {text};" for place, text in zip(at, outputs[1:], strict=True)]
    ours = str(operation.rule.__module__).startswith("micrograd_like.")  # not somebody's own of the same name
    formula, *shown = (BOOK.get((str(operation), count)) if ours else None) or formulas_of(program, results[0])
    reached = tuple([slope is not None for slope in slopes])
    ordered = count == 2 and operation in ORDERED
    stops = tuple(_stopping(operation, count))
    return Rule(str(operation), "\n".join(lines), formula, tuple(shown), ordered, reached, stops)


def _stopping(operation: Operation, count: int) -> list[bool]:
    """Tell for each operand whether the rule, tried on some floats, says that no gradient flows there."""
    stops = [False] * count
    up = [float(j + 1) for j in range(count)]
    for operands in ([-1.0] * count, [1.0] * count, up, up[::-1]):
        try:
            _, *slopes = operation.rule(*operands)
        except Exception:  # outside of its domain
            continue
        stops = [stop or slope is None for stop, slope in zip(stops, slopes, strict=True)]
    return stops
