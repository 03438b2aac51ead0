"""An optimizer's step as a program: how a parameter, its gradient and what is remembered of it become the next ones.

    >>> from micrograd_like import SGD
    >>> print(Update(SGD(0.1, momentum=0.9), []).program)
    def sample(p, g, s0):  # parameters: steps, rate
        v1 = g + 0.0*p
        v2 = 0.9*s0 + v1
        next_p = p - rate*v2
        next_s0 = v2

The optimizer's own `step` is called with symbols, as the loss is, so that its formula stands in `optim.py` alone. In
this program the parameters are the samples, and the learning rate is what all of them share; so is a count of the steps
that an optimizer keeps for each parameter, as Adam does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

from micrograd_like.compiler.expr import INPUT, PARAMETER, Tape
from micrograd_like.compiler.ieee import evaluate
from micrograd_like.compiler.program import Program
from micrograd_like.engine import Value
from micrograd_like.optim import Optimizer

STEPS = 2
"""The node of the number of the step, the first leaf of the tape, which no step may depend on."""
PROBE = {"p": 0.75, "g": 0.375, "rate": 0.125}


class Update:
    """What a step of an optimizer does to one parameter.

    Attributes:
        program: its inputs are the parameter p, its gradient g and the numbers s0, s1, … remembered of it; its outputs
            are the next of all but g; its parameters are the learning rate and counts of the steps.

    Raises:
        TypeError: it is no optimizer, one with a step of its own, or one that decides by the numbers it is given.
        ValueError: what it remembers of a parameter does not begin at 0, or a step depends on the number of the step.
    """

    def __init__(self, optimizer: Optimizer, parameters: Sequence[Value]) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"the optimizer is such as SGD(0.1), not {optimizer!r}")
        if type(optimizer).step is not Optimizer.step:
            raise TypeError(f"{type(optimizer).__name__} has a step of its own, which cannot be compiled")
        self.optimizer, self.parameters = optimizer, parameters
        p = Value(PROBE["p"])
        p.grad = PROBE["g"]
        self._memories = self._step(p, PROBE["rate"], {})
        after = _flat(self._memories.values())
        self._whole = [type(x) is int for x in after]
        now = self._remembered()
        self._counts = [
            i for i, x in enumerate(after) if self._whole[i] and x == 1 and len({row[i] for row in now}) <= 1
        ]
        self._begin = [now[0][i] if now else 0 for i in self._counts]
        self._kept = [i for i in range(len(after)) if i not in self._counts]
        try:
            self.program = self._recorded()
        except TypeError as error:
            raise TypeError(f"{type(optimizer).__name__} cannot be compiled: {error}") from None
        self._require_alike(p.data, after)

    def rates(self, steps: int, taken: int = 0) -> list[list[float]]:
        """Return the parameters of the program for so many steps, after some that have been taken.

        The first stands for the number of the step, which no program uses.
        """
        ahead = copy(self.optimizer)
        found = []
        for step in range(taken, taken + steps):
            ahead.steps = self.optimizer.steps + step
            found.append([0.0, ahead.rate(), *(float(begin + step) for begin in self._begin)])
        return found

    def memory(self) -> list[list[float]]:
        """Return what the optimizer remembers, a row of a number for each parameter."""
        now = self._remembered()
        return [[float(each[i]) for each in now] for i in self._kept]

    def remember(self, rows: Sequence[Iterable[float]], steps: int) -> None:
        """Give the optimizer what it would remember after so many more steps."""
        columns: dict[int, Iterable[float]] = dict(zip(self._kept, rows, strict=True))
        for i, begin in zip(self._counts, self._begin, strict=True):
            columns[i] = [begin + steps] * len(self.parameters)
        numbers = [[int(x) if whole else x for x in columns[i]] for i, whole in enumerate(self._whole)]
        for place, p in enumerate(self.parameters):
            each = iter([column[place] for column in numbers])
            for name, shape in self._memories.items():
                vars(self.optimizer)[name][p] = _like(shape, each)
        self.optimizer.steps += steps

    def _remembered(self) -> list[list[Any]]:
        """Return what is remembered of each parameter."""
        zeros = [0] * len(self._whole)
        memories = [(vars(self.optimizer)[name], shape) for name, shape in self._memories.items()]
        return [
            _flat(memory.get(p, _like(shape, iter(zeros))) for memory, shape in memories) for p in self.parameters
        ]

    def _recorded(self) -> Program:
        tape = Tape()
        steps = tape.leaf(PARAMETER, "steps")
        names = {i: f"s{k}" for k, i in enumerate(self._kept)} | {i: f"count{k}" for k, i in enumerate(self._counts)}
        given = [(name, tape.leaf(INPUT, name)) for name in ("p", "g")]
        rate = tape.leaf(PARAMETER, "rate")
        symbols = {i: tape.leaf(INPUT, names[i]) for i in self._kept}
        symbols |= {i: tape.leaf(PARAMETER, names[i]) for i in self._counts}
        p = Value(0.0)
        p.data, p.grad = (x for _, x in given)
        each = iter([symbols[i] for i in range(len(symbols))])
        after = self._step(p, rate, {name: _like(shape, each) for name, shape in self._memories.items()}, steps)
        found = _flat(after.values())
        results = [tape.index_of(x) for x in (p.data, *(found[i] for i in self._kept))]
        kept = [names[i] for i in self._kept]
        shared = ["steps", "rate", *(names[i] for i in self._counts)]
        return Program(tape, results, ["p", "g", *kept], shared, ["next_p", *(f"next_{name}" for name in kept)])

    def _step(self, p: Value, rate: Any, memories: dict[str, Any], steps: Any = 0) -> dict[str, Any]:
        """Let a copy of the optimizer move one parameter; return what it remembers of it, by attribute."""
        one: Any = copy(self.optimizer)
        for name, memory in vars(self.optimizer).items():
            if isinstance(memory, dict):
                setattr(one, name, {p: memories[name]} if name in memories else {})
        one.rate, one.steps = (lambda: rate), steps
        one.step([p])
        return {name: memory[p] for name, memory in vars(one).items() if isinstance(memory, dict) and p in memory}

    def _require_alike(self, p: float, after: list[Any]) -> None:
        """Refuse an optimizer whose program does not do what its first step does, and every other."""
        name, kept = type(self.optimizer).__name__, [after[i] for i in self._kept]
        given = [PROBE["p"], PROBE["g"], *[0.0] * len(kept)], [0.0, PROBE["rate"], *[0.0] * len(self._counts)]
        if evaluate(self.program, *given) != [p, *kept]:
            raise ValueError(f"{name} cannot be compiled: what it remembers does not begin at 0")
        if any(STEPS in statement.nodes for statement in [*self.program.statements, *self.program.output_sums()]):
            what = "but for the learning rate, a step has to do the same whatever its number is"
            raise ValueError(f"{name} cannot be compiled: {what}")


def _flat(remembered: Iterable[Any]) -> list[Any]:
    return [x for part in remembered for x in (part if isinstance(part, tuple) else (part,))]


def _like(shape: Any, numbers: Any) -> Any:
    """Return the next numbers as a tuple of as many as `shape` has, or as one."""
    return tuple([next(numbers) for _ in shape]) if isinstance(shape, tuple) else next(numbers)
