"""What a loss demands of its data, such as a target of -1 or 1: seen when the data are known, before a program runs."""

from __future__ import annotations

from micrograd_like.compiler.expr import INPUT
from micrograd_like.compiler.program import Program
from micrograd_like.compiler.python import Kernel
from micrograd_like.compiler.samples import Samples


def require(program: Program, samples: Samples) -> None:
    """Refuse samples that the loss would refuse when it is called with their numbers.

    What depends on the parameters is not looked at: it changes with them.

    Raises:
        ValueError, TypeError: as the loss says, with the row.
    """
    tape = program.tape
    for node, check in tape.requirements:
        if tape.operation[node] == INPUT:
            place = tape.first[node]
            column, name = [row[place] for row in samples.rows], f", {program.columns[place]}"
        else:
            part = Program(tape, [node], program.columns, [""] * program.parameter_count, ["demanded"])
            if part.depends_on_parameters:
                continue
            column, name = [y for (y,) in Kernel(part).each(samples.rows, [0.0] * program.parameter_count)], ""
        seen = set()
        for i, x in enumerate(column):
            if x not in seen:
                seen.add(x)
                try:
                    check(x)
                except (ValueError, TypeError) as error:
                    raise type(error)(f"row {i}{name}: {error}") from None
