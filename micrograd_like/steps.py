"""Expressions as data: steps that can be taken on numbers of any kind, and written down as Python code.

    >>> product = STEPS["*"][0]
    >>> function = Program(2, [(product, [0, 1]), (STEPS["tanh"][0], [2])])
    >>> function
    lambda a, b: [c := a * b, tanh(c)][-1]
    >>> Expression(function, at=(0.5, -0.25))(0.5, -0.25)
    -0.1243530017715962
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from string import ascii_lowercase
from typing import Any, TypeAlias

import micrograd_like
from micrograd_like import functions
from micrograd_like.engine import Value, topological_order
from micrograd_like.kinds import data_of

Step: TypeAlias = Callable[..., Any]
"""Takes a namespace of functions, such as `micrograd_like`, and numbers; `*v` stands for two numbers or more."""

STEPS: dict[str, list[Step]] = {
    "-": [lambda f, a: -a, lambda f, a, b: (a - b) / 2, lambda f, a: (1 - a) / 2],
    "+": [lambda f, a, b: (a + b) / 2],
    "*": [lambda f, a, b: a * b],
    "/": [lambda f, a, b: a / (2 + b), lambda f, a: 1 / (2 + a)],
    "**": [
        lambda f, a: a**2 / 2,
        lambda f, a: a**3 / 2,
        lambda f, a: (a + 2) ** -1,
        lambda f, a: (a + 2) ** 0.5 / 2,
        lambda f, a: 2**a / 2,
        lambda f, a, b: (2 + a) ** b / 4,
    ],
    "abs": [lambda f, a: abs(a + 1.5) / 2.5, lambda f, a: abs(a - 1.5) / 2.5],
    "exp": [lambda f, a: f.exp(a) / 4],
    "expm1": [lambda f, a: f.expm1(a) / 2],
    "log": [lambda f, a: f.log(2 + a) / 2],
    "log1p": [lambda f, a: f.log1p(a / 2)],
    "sqrt": [lambda f, a: f.sqrt(2 + a) / 2],
    "sin": [lambda f, a: f.sin(a)],
    "cos": [lambda f, a: f.cos(a)],
    "tanh": [lambda f, a: f.tanh(a)],
    "erf": [lambda f, a: f.erf(a)],
    "erfc": [lambda f, a: f.erfc(a) / 2],
    "sigmoid": [lambda f, a: f.sigmoid(2 * a)],
    "softplus": [lambda f, a: f.softplus(a) / 2],
    "relu": [lambda f, a: f.relu(a + 1.5) / 2.5, lambda f, a: f.relu(a - 1.5)],
    "leaky_relu": [lambda f, a: f.leaky_relu(a + 1.5) / 2.5, lambda f, a: f.leaky_relu(a - 1.5, 0.25)],
    "gelu": [lambda f, a: f.gelu(a)],
    "maximum": [lambda f, a, b: f.maximum(a + 2.5, b) / 4, lambda f, a, b: f.maximum(a - 2.5, b)],
    "minimum": [lambda f, a, b: f.minimum(a - 2.5, b) / 4, lambda f, a, b: f.minimum(a + 2.5, b)],
    "where": [lambda f, a, b: f.where(a < b + 2.5, a, b), lambda f, a, b: f.where(a >= b + 2.5, a, b)],
    "dot": [
        lambda f, *v: f.dot(v, v[::-1]) / len(v),
        lambda f, *v: f.dot(v[1:], v[:-1], v[0]) / len(v),
        lambda f, *v: f.dot([0.5] * len(v), v, 0.25) / len(v),
    ],
    "total": [lambda f, *v: f.total(v) / len(v)],
    "logsumexp": [lambda f, *v: f.logsumexp(v) / 4],
    "softmax": [lambda f, *v: f.softmax(v)[0]],
    "log_softmax": [lambda f, *v: f.log_softmax(v)[-1] / 4],
}
"""The steps that apply each operator, by its name: a function that is added to the package needs a line here.

Each takes numbers between -1 and 1 to such numbers, inside every domain and at least 1/2 away from every kink, and its
first and second derivatives are of the size of 1, so that rounding errors stay small beside 1: a tight absolute
tolerance means something. Examples shrink towards the first step.
"""

ONE_OPERAND = [
    name
    for name, function in vars(functions).items()
    if vars(Value).get(name) is function and name not in ("maximum", "minimum")
]
"""The names of the package's functions of one operand, whichever there are."""


def _function_of_one(name: str) -> Step:
    return lambda f, a: getattr(f, name)(a)


BARE_STEPS: dict[str, list[Step]] = {
    "-": [lambda f, a: -a, lambda f, a, b: a - b],
    "+": [lambda f, a, b: a + b],
    "*": [lambda f, a, b: a * b],
    "/": [lambda f, a, b: a / b],
    "**": [lambda f, a, b: a**b],
    "abs": [lambda f, a: abs(a)],
    **{name: [_function_of_one(name)] for name in ONE_OPERAND},
    "maximum": [lambda f, a, b: f.maximum(a, b)],
    "minimum": [lambda f, a, b: f.minimum(a, b)],
    "where": [lambda f, a, b: f.where(a < b, a, b)],
    "dot": [lambda f, *v: f.dot(v, v[::-1])],
    "total": [lambda f, *v: f.total(v)],
    "logsumexp": [lambda f, *v: f.logsumexp(v)],
    "softmax": [lambda f, *v: f.softmax(v)[0]],
    "log_softmax": [lambda f, *v: f.log_softmax(v)[-1]],
}
"""The steps that are nothing but the operator."""
LONGEST_SEQUENCE = 4


def arities(step: Step) -> range:
    """Return the numbers of operands that a step can take."""
    count = step.__code__.co_argcount - 1
    return range(2, LONGEST_SEQUENCE + 1) if step.__code__.co_flags & inspect.CO_VARARGS else range(count, count + 1)


@cache
def cost(step: Step) -> int:
    """Return the number of nodes that a step makes."""
    operands = [Value(0.5) for _ in range(arities(step)[-1])]
    return len(topological_order(step(micrograd_like, *operands))) - len(operands)


@dataclass(frozen=True)
class Expression:
    """A function of numbers of any kind, and the point to take it at."""

    function: Callable[..., Any]
    at: tuple[float, ...]

    def __call__(self, *numbers: Any) -> Any:
        """Return the function of Values or plain numbers."""
        return self.function(*numbers)


class Program:
    """A function of `leaves` numbers that takes steps, each with its operands; the last result is that of the function.

    An operand is a leaf or the result of an earlier step, by its index among both, or a plain float. The repr is the
    source of a function that does the same; every result has a name there, so that nothing is nested.
    """

    def __init__(self, leaves: int, steps: Iterable[tuple[Step, Iterable[int | float]]]) -> None:
        self.leaves = leaves
        self.steps = [(step, tuple(operands)) for step, operands in steps]

    def __call__(self, *numbers: Any, functions: Any = micrograd_like) -> Any:
        """Return the last result, computed by `functions`; plain floats take the kind of the numbers."""
        like = data_of(numbers[0])
        kind: Any = type(like) if isinstance(like, Real) and not isinstance(like, Integral) else float
        results = list(numbers)
        for step, operands in self.steps:
            results.append(step(functions, *[results[x] if type(x) is int else kind(x) for x in operands]))
        return results[-1]

    def __repr__(self) -> str:
        names = [ascii_lowercase[i % 26] + str(i // 26 or "") for i in range(self.leaves + len(self.steps))]
        formulas = [
            str(step(_Calls(), *[_Source(names[x] if type(x) is int else repr(x)) for x in operands]))
            for step, operands in self.steps
        ]
        named = [f"{name} := {formula}" for name, formula in zip(names[self.leaves :], formulas[:-1], strict=False)]
        result = (names + formulas)[-1]
        body = f"[{', '.join(named)}, {result}][-1]" if named else result
        return f"lambda {', '.join(names[: self.leaves])}: {body}"


def _infix(sign: str) -> tuple[Callable[[Any, Any], _Source], Callable[[Any, Any], _Source]]:
    """Return the method that writes an operator between two operands; and the same, reflected."""

    def write(first: Any, second: Any) -> _Source:
        return _Source(f"{_operand(first)} {sign} {_operand(second)}", compound=True)

    return write, lambda second, first: write(first, second)


class _Source:
    """A number that writes how it is computed, as Python code."""

    def __init__(self, text: str, compound: bool = False) -> None:
        self.text = text
        self.compound = compound

    __add__, __radd__ = _infix("+")
    __sub__, __rsub__ = _infix("-")
    __mul__, __rmul__ = _infix("*")
    __truediv__, __rtruediv__ = _infix("/")
    __pow__, __rpow__ = _infix("**")
    __lt__, __gt__ = _infix("<")
    __ge__, __le__ = _infix(">=")

    def __neg__(self) -> _Source:
        return _Source(f"-{_operand(self)}")

    def __abs__(self) -> _Source:
        return _Source(f"abs({self})")

    def __getitem__(self, index: int) -> _Source:
        return _Source(f"{_operand(self)}[{index}]")

    def __str__(self) -> str:
        return self.text


class _Calls:
    """The namespace of functions that write their calls."""

    def __getattr__(self, name: str) -> Callable[..., _Source]:
        return lambda *operands: _Source(f"{name}({', '.join(map(_argument, operands))})")


def _argument(x: Any) -> str:
    return f"[{', '.join(map(_argument, x))}]" if isinstance(x, list | tuple) else str(x)


def _operand(x: Any) -> str:
    return f"({x})" if getattr(x, "compound", False) or str(x).startswith("-") else str(x)
