"""Which nodes of a tape are the results of which functions: what `matrix_form` writes, and no target needs."""

from __future__ import annotations

from micrograd_like.compiler.expr import MULTIPLY, NEGATIVE, Call, Expr, Tape
from micrograd_like.engine import Value


def note_calls(tape: Tape, order: list[Value]) -> None:
    """Note which of the functions that were recorded made which nodes, and their local derivatives."""
    for node in order:
        name = str(node.operation)
        if not name.isidentifier() or name in ("dot", "total", "where", "copy") or type(node.data) is not Expr:
            continue
        numbers = [x.data for x in node.operands if isinstance(x, Value)]
        slopes = [x.index for x in node.local_derivatives if type(x) is Expr]
        operands = tuple([x.index for x in numbers if type(x) is Expr])
        if len(operands) < len(node.local_derivatives):
            continue  # a plain number among them, which the notation would drop
        place = 0
        if "softmax" in name and len(slopes) == len(operands):
            place = _own_slope(tape, slopes)
        tape.calls[node.data.index] = Call(name, operands, place)
        if len(operands) == 1 and slopes:
            tape.slopes[slopes[0]] = node.data.index
        if name == "log_softmax":  # its slopes are -softmax, but for its own, which is 1 - softmax
            for i, slope in enumerate(slopes):
                if i == place:
                    tape.calls[slope] = Call("1 - softmax", operands, i)
                else:
                    tape.calls[tape.first[slope]] = Call("softmax", operands, i)


def _own_slope(tape: Tape, slopes: list[int]) -> int:
    """Return the place of a softmax's result: the slopes by all other operands are negative."""
    for i, slope in enumerate(slopes):
        factor = tape.second[slope] if tape.operation[slope] == MULTIPLY else slope
        if tape.operation[factor] != NEGATIVE:
            return i
    return 0
