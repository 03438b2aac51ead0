"""Optimizers: they move parameters against their gradients.

    >>> from micrograd_like import Value
    >>> x, optimizer = Value(3.0, "x"), SGD(0.1, momentum=0.9)
    >>> for _ in range(200):
    ...     x.grad = 0
    ...     ((x - 1) ** 2).backward()
    ...     optimizer.step([x])
    >>> round(x.data, 3)
    1.0
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import TypeAlias

from micrograd_like import elementary
from micrograd_like.engine import Value
from micrograd_like.kinds import Number, is_array

Rate: TypeAlias = float | Callable[[int], float]
"""A learning rate: a number, or a function of the step, the first step being 0."""


class Optimizer:
    """What optimizers share: the learning rate, the count of steps, and the loop over the parameters."""

    def __init__(self, learning_rate: Rate) -> None:
        self.learning_rate = (
            learning_rate if callable(learning_rate) else _require("the learning rate", learning_rate, 0, math.inf)
        )
        self.steps = 0

    def rate(self) -> float:
        """Return the learning rate of the next step. ValueError if it is negative or not finite."""
        rate = self.learning_rate(self.steps) if callable(self.learning_rate) else self.learning_rate
        return _require(f"the learning rate of step {self.steps}", rate, 0, math.inf)

    def step(self, parameters: Iterable[Value]) -> None:
        """Move each parameter once, by its gradient. ValueError if the learning rate is negative or not finite."""
        rate = self.rate()
        self.steps += 1
        for p in parameters:
            data = p.data - rate * self._direction(p)
            if is_array(data) and not is_array(p.data):
                raise ValueError(f"{data.size} gradients, one a sample, cannot move one number: take a mean loss")
            p.data = data

    def _direction(self, p: Value) -> Number:
        """Return what the learning rate is multiplied by to move the parameter."""
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent: u ← momentum·u + (g + weight_decay·p), p ← p - learning_rate·u, as in PyTorch.

    Raises:
        ValueError: a number is negative or not finite, or momentum is not below 1.
    """

    def __init__(self, learning_rate: Rate, momentum: float = 0.0, weight_decay: float = 0.0) -> None:
        super().__init__(learning_rate)
        self.momentum = _require("momentum", momentum, 0, 1)
        self.weight_decay = _require("weight_decay", weight_decay, 0, math.inf)
        self._velocity: dict[Value, Number] = {}

    def _direction(self, p: Value) -> Number:
        g = p.grad + self.weight_decay * p.data
        if self.momentum:
            g = self._velocity[p] = self.momentum * self._velocity.get(p, 0) + g
        return g


class Adam(Optimizer):
    """Adam: p ← p - learning_rate·m̂/(√v̂ + epsilon), with m and v running means of g and g².

    m ← β₁m + (1 - β₁)g, v ← β₂v + (1 - β₂)g², and after t steps m̂ = m/(1 - β₁ᵗ), v̂ = v/(1 - β₂ᵗ).
    (Kingma and Ba, Adam: a method for stochastic optimization, 2015, algorithm 1)

    Raises:
        ValueError: a number is negative or not finite, or a beta is not below 1.
    """

    def __init__(
        self, learning_rate: Rate = 0.001, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8
    ) -> None:
        super().__init__(learning_rate)
        if not isinstance(betas, Sequence) or len(betas) != 2:
            raise ValueError(f"betas are two numbers, not {betas!r}")
        self.betas = (_require("the first beta", betas[0], 0, 1), _require("the second beta", betas[1], 0, 1))
        self.epsilon = _require("epsilon", epsilon, math.ulp(0.0), math.inf)
        self._moments: dict[Value, tuple[int, Number, Number]] = {}

    def _direction(self, p: Value) -> Number:
        (beta1, beta2), g = self.betas, p.grad
        t, m, v = self._moments.get(p, (0, 0, 0))
        t, m, v = t + 1, beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        self._moments[p] = t, m, v
        return m / (1 - beta1**t) / (elementary.sqrt(v / (1 - beta2**t)) + self.epsilon)


def _require(what: str, number: float, least: float, bound: float) -> float:
    """Return the number if least ≤ number < bound."""
    if not isinstance(number, Real) or not least <= number < bound:
        raise ValueError(f"{what} is a number from {least} to below {bound}, not {number!r}")
    return float(number)
