"""An optimizer's step as a program: how a parameter, its gradient and what is remembered of it become the next ones.

    >>> from micrograd_like import SGD
    >>> print(Update(SGD(0.1, momentum=0.9)).program)
    def sample(p, g, s0):  # parameters: rate
        v1 = g + 0.0*p
        v2 = 0.9*s0 + v1
        next_p = p - rate*v2
        next_s0 = v2

The optimizer's own `step` is called with symbols, as the loss is, so that its formula stands in `optim.py` alone. In
this program the parameters are the samples, and the learning rate is what all of them share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

from micrograd_like.compiler.expr import INPUT, PARAMETER, Expr, Tape
from micrograd_like.compiler.ieee import evaluate
from micrograd_like.compiler.program import Program
from micrograd_like.engine import Value
from micrograd_like.optim import Optimizer

PROBE = {"p": 0.75, "g": 0.375, "rate": 0.125}


class Update:
    """What a step of an optimizer does to one parameter.

    Attributes:
        program: its inputs are the parameter p, its gradient g and the numbers s0, s1, … remembered of it; its outputs
            are the next of all but g.

    Raises:
        TypeError: it is no optimizer, or one that decides by the numbers it is given.
        ValueError: what it remembers of a parameter does not begin at 0.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"the optimizer is such as SGD(0.1), not {optimizer!r}")
        if type(optimizer).step is not Optimizer.step:
            raise TypeError(f"{type(optimizer).__name__} has a step of its own, which cannot be compiled")
        self.optimizer = optimizer
        p = Value(PROBE["p"])
        p.grad = PROBE["g"]
        self._memories = self._step(p, PROBE["rate"], {})
        self._whole = [type(x) is int for x in _flat(self._memories.values())]
        self.program = self._recorded(optimizer.steps)
        if str(self.program) != str(self._recorded(optimizer.steps + 1)):
            what = "but for the learning rate, a step has to do the same whatever its number is"
            raise ValueError(f"{type(optimizer).__name__} cannot be compiled: {what}")
        found = evaluate(self.program, [PROBE["p"], PROBE["g"], *[0.0] * len(self._whole)], [PROBE["rate"]])
        if found != [p.data, *_flat(self._memories.values())]:
            raise ValueError(f"{type(optimizer).__name__} cannot be compiled: what it remembers does not begin at 0")

    def rates(self, steps: int, taken: int = 0) -> list[float]:
        """Return the learning rates of so many steps, after some that have been taken."""
        ahead = copy(self.optimizer)
        found = []
        for i in range(steps):
            ahead.steps = self.optimizer.steps + taken + i
            found.append(ahead.rate())
        return found

    def memory(self, parameters: Iterable[Value]) -> list[list[float]]:
        """Return what the optimizer remembers, a row of a number for each parameter."""
        rows: list[list[float]] = [[] for _ in self._whole]
        for p in parameters:
            remembered = [
                vars(self.optimizer)[name].get(p, _like(shape, iter([0.0] * len(self._whole))))
                for name, shape in self._memories.items()
            ]
            for row, x in zip(rows, _flat(remembered), strict=True):
                row.append(float(x))
        return rows

    def remember(self, parameters: Sequence[Value], rows: Sequence[Iterable[float]], steps: int) -> None:
        """Give the optimizer what it would remember after so many more steps."""
        columns = [[int(x) if whole else x for x in row] for row, whole in zip(rows, self._whole, strict=True)]
        remembered = zip(*columns, strict=True) if columns else ((),) * len(parameters)
        for p, numbers in zip(parameters, remembered, strict=True):
            each = iter(numbers)
            for name, shape in self._memories.items():
                vars(self.optimizer)[name][p] = _like(shape, each)
        self.optimizer.steps += steps

    def _recorded(self, steps: int) -> Program:
        tape = Tape()
        numbers = {name: tape.leaf(INPUT, name) for name in ("p", "g")}
        rate = tape.leaf(PARAMETER, "rate")
        names = [f"s{i}" for i in range(len(self._whole))]
        symbols = iter([tape.leaf(INPUT, name) for name in names])
        p = Value(0.0)
        p.data, p.grad = numbers["p"], numbers["g"]
        after = self._step(p, rate, {name: _like(shape, symbols) for name, shape in self._memories.items()}, steps)
        results = [x.index if type(x) is Expr else tape.constant(x) for x in [p.data, *_flat(after.values())]]
        outputs = ["next_p", *(f"next_{name}" for name in names)]
        return Program(tape, results, ["p", "g", *names], ["rate"], outputs)

    def _step(self, p: Value, rate: Any, memories: dict[str, Any], steps: int = 0) -> dict[str, Any]:
        """Let a copy of the optimizer move one parameter; return what it remembers of it, by attribute."""
        one: Any = copy(self.optimizer)
        for name, memory in vars(self.optimizer).items():
            if isinstance(memory, dict):
                setattr(one, name, {p: memories[name]} if name in memories else {})
        one.rate, one.steps = (lambda: rate), steps
        one.step([p])
        return {name: memory[p] for name, memory in vars(one).items() if isinstance(memory, dict) and p in memory}


def _flat(remembered: Iterable[Any]) -> list[Any]:
    return [x for part in remembered for x in (part if isinstance(part, tuple) else (part,))]


def _like(shape: Any, numbers: Any) -> Any:
    """Return the next numbers as a tuple of as many as `shape` has, or as one."""
    return tuple([next(numbers) for _ in shape]) if isinstance(shape, tuple) else next(numbers)
