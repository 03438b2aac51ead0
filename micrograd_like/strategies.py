"""Hypothesis strategies for those who test code of their own: random expressions, networks, floats away from kinks.

    >>> from hypothesis import given
    >>> from micrograd_like import Value
    >>> @given(expressions(operators=["*", "tanh"]))
    ... def test_values_hold_what_floats_give(e):
    ...     assert e(*map(Value, e.at)).data == e(*e.at)
    >>> test_values_hold_what_floats_give()

A falsifying example is printed as Python code, which makes it again after `from micrograd_like import *` and the import
of its class from here. No example is rejected while it is drawn, and the larger ones shrink to small ones.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from micrograd_like.errors import require_count
from micrograd_like.nn import ACTIVATIONS, INITS, MLP
from micrograd_like.packages import package
from micrograd_like.steps import BARE_STEPS, STEPS, Expression, Program, Step, arities, cost

if TYPE_CHECKING:
    from hypothesis import strategies as st
else:
    st = package("hypothesis.strategies", "drawing random examples")


@dataclass(frozen=True)
class Network:
    """A network, by the arguments that make it, and its inputs."""

    inputs: tuple[float, ...]
    nouts: tuple[int, ...]
    activation: str
    output: str
    init: str
    seed: int

    @cached_property
    def model(self) -> MLP:
        """The network itself."""
        rng = random.Random(self.seed)
        return MLP(len(self.inputs), self.nouts, self.activation, self.output, self.init, rng)


_UP_TO_ONE = st.floats(-1, 1, allow_subnormal=False)


def expressions(
    operators: Iterable[str] = tuple(STEPS), max_nodes: int = 50, leaves: int = 4, safe: bool = True
) -> st.SearchStrategy[Expression]:
    """Return the strategy of differentiable expressions with shared nodes.

    Args:
        operators: the names in `STEPS` to draw from.
        max_nodes: how many nodes the graph of the result has at most, leaves included.
        leaves: how many numbers the expression takes at most.
        safe: if False, operators are drawn bare and leaves are any finite floats, so that `log(a)` may be out of its
            domain and `relu(a)` at its kink. Otherwise leaves lie between -1 and 1.

    Raises:
        ValueError: an operator is unknown, or a number is no positive integer.
    """
    require_count("max_nodes", max_nodes)
    require_count("leaves", leaves)
    steps: list[Step] = []
    for name in operators:
        if name not in STEPS:
            raise ValueError(f"unknown operator {name!r}: choose from {', '.join(STEPS)}")
        steps += (STEPS if safe else BARE_STEPS)[name]
    numbers = _UP_TO_ONE if safe else floats_away_from([])
    return _expressions(steps, max_nodes, min(leaves, max_nodes), numbers)


@st.composite
def _expressions(
    draw: st.DrawFn, steps: list[Step], max_nodes: int, leaves: int, numbers: st.SearchStrategy[float]
) -> Expression:
    """Draw steps from the result down: each is an operand of one or two before it, so that the result needs them all.

    A step takes the same number of choices wherever it stands, so that Hypothesis can leave it out.
    """
    at = tuple(draw(st.lists(numbers, min_size=1, max_size=leaves)))
    room = max_nodes - len(at)
    drawn: list[tuple[Step, list[Any]]] = []
    filled: list[tuple[list[Any], int, int]] = []
    places: list[tuple[list[Any], int]] = [([None], 0)]  # that of the result
    while draw(st.integers(0, max_nodes)) and (fitting := [step for step in steps if cost(step) <= room]):
        step = draw(st.sampled_from(fitting))
        count = draw(st.sampled_from(arities(step)))
        filled.append((*places.pop(draw(st.integers(0, len(places) - 1))), len(drawn)))
        if 0 < (shared := draw(st.integers(0, 3 * len(places)))) <= len(places):
            filled.append((*places.pop(shared - 1), len(drawn)))
        operands: list[Any] = [None] * count
        places[:0] = [(operands, i) for i in range(count)]
        drawn.append((step, operands))
        room -= cost(step)
    for operands, i, step_index in filled:
        operands[i] = len(at) + len(drawn) - 1 - step_index  # the program takes the steps in the reverse order
    leaf = st.integers(0, len(at) - 1)
    leaf_or_number = leaf | leaf | numbers  # leaves twice as often as plain numbers
    for operands, i in places:
        operands[i] = draw(leaf if operands.count(None) == len(operands) else leaf_or_number)
    return Expression(Program(len(at), reversed(drawn)), at)


def networks(smooth: bool = True) -> st.SearchStrategy[Network]:
    """Return the strategy of small networks with inputs; unless `smooth`, with the activations that have a kink too."""
    activations = st.sampled_from([name for name in ACTIVATIONS if not (smooth and name in ("relu", "leaky_relu"))])
    return st.builds(
        Network,
        inputs=st.lists(_UP_TO_ONE, min_size=1, max_size=3).map(tuple),
        nouts=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
        activation=activations,
        output=activations,
        init=st.sampled_from([*INITS]),
        seed=st.integers(0, 2**32 - 1),
    )


def floats_away_from(kinks: Iterable[float], distance: float = 0.5) -> st.SearchStrategy[float]:
    """Return the strategy of finite floats at least `distance` away from each of `kinks`.

    Raises:
        ValueError: a kink is not finite, the distance is not above 0, or there are no such floats.
    """
    kinks = sorted(kinks)
    if not all(map(math.isfinite, kinks)) or not distance > 0:
        raise ValueError(f"kinks are finite numbers and the distance is above 0, not {kinks} and {distance}")
    lows = [-sys.float_info.max, *(_moved(kink, distance) for kink in kinks)]
    highs = [*(_moved(kink, -distance) for kink in kinks), sys.float_info.max]
    gaps = [(low, high) for low, high in zip(lows, highs, strict=True) if low <= high]
    if not gaps:
        raise ValueError(f"no float is {distance} away from {kinks}")
    return st.one_of([st.floats(low, high) for low, high in gaps])


def _moved(kink: float, distance: float) -> float:
    """Return the float nearest to `kink` that is at least a distance above it or, if that is negative, below."""
    x = kink + distance
    near = math.isfinite(x) and abs(Fraction(x) - Fraction(kink)) < abs(Fraction(distance))
    return math.nextafter(x, math.copysign(math.inf, distance)) if near else x
