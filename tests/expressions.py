"""Random expressions, written once and evaluated on any kind of number: Values, floats, mpmath's numbers, tensors.

A program is a list of steps. Each step applies some operators and functions of the package to earlier results (each may
be used any number of times) or to plain numbers, and the program's result is the total of all that its steps gave, so
that each of them matters to the gradient.

The steps are made so that no example has to be rejected. Each takes numbers between -1 and 1 to such numbers, inside
every domain and at least 1/2 away from every kink, and its derivatives are of the size of 1. The expressions are
therefore well conditioned, and a comparison with a tight tolerance means something. The numbers written in the steps
are exact in binary, and so the same for every kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from micrograd_like import Value, functions

ONE_OPERAND = [
    name
    for name, function in vars(functions).items()
    if vars(Value).get(name) is function and name not in ("maximum", "minimum")
]
"""The names of the package's functions of one operand, whichever there are."""

UNARY: dict[str, Callable[[Any, Any], Any]] = {
    "negative": lambda f, a: -a,
    "plain minus": lambda f, a: (1 - a) / 2,
    "plain over": lambda f, a: 1 / (2 + a),
    "square": lambda f, a: a**2 / 2,
    "cube": lambda f, a: a**3 / 2,
    "reciprocal": lambda f, a: (a + 2) ** -1,
    "root": lambda f, a: (a + 2) ** 0.5 / 2,
    "plain power": lambda f, a: 2**a / 2,
    "abs of a positive": lambda f, a: abs(a + 1.5) / 2.5,
    "abs of a negative": lambda f, a: abs(a - 1.5) / 2.5,
    "exp": lambda f, a: f.exp(a) / 4,
    "expm1": lambda f, a: f.expm1(a) / 2,
    "log": lambda f, a: f.log(2 + a),
    "log1p": lambda f, a: f.log1p(a / 2),
    "sqrt": lambda f, a: f.sqrt(2 + a) / 2,
    "sin": lambda f, a: f.sin(a),
    "cos": lambda f, a: f.cos(a),
    "tanh": lambda f, a: f.tanh(a),
    "erf": lambda f, a: f.erf(a),
    "erfc": lambda f, a: f.erfc(a) / 2,
    "sigmoid": lambda f, a: f.sigmoid(2 * a),
    "softplus": lambda f, a: f.softplus(a) / 2,
    "gelu": lambda f, a: f.gelu(a),
    "relu of a positive": lambda f, a: f.relu(a + 1.5) / 2.5,
    "relu of a negative": lambda f, a: f.relu(a - 1.5),
    "leaky_relu of a positive": lambda f, a: f.leaky_relu(a + 1.5) / 2.5,
    "leaky_relu of a negative": lambda f, a: f.leaky_relu(a - 1.5, 0.25),
}
BINARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    "sum": lambda f, a, b: (a + b) / 2,
    "difference": lambda f, a, b: (a - b) / 2,
    "product": lambda f, a, b: a * b,
    "quotient": lambda f, a, b: a / (2 + b),
    "power": lambda f, a, b: (2 + a) ** b / 4,
    "maximum, first": lambda f, a, b: f.maximum(a + 2.5, b) / 4,
    "maximum, second": lambda f, a, b: f.maximum(a - 2.5, b),
    "minimum, first": lambda f, a, b: f.minimum(a - 2.5, b) / 4,
    "minimum, second": lambda f, a, b: f.minimum(a + 2.5, b),
    "where, first": lambda f, a, b: f.where(a < b + 2.5, a, b),
    "where, second": lambda f, a, b: f.where(a >= b + 2.5, a, b),
}
SEQUENCE: dict[str, Callable[[Any, list[Any]], Any]] = {
    "dot": lambda f, v: f.dot(v, v[::-1]) / len(v),
    "dot with bias": lambda f, v: f.dot(v[1:], v[:-1], v[0]) / len(v),
    "dot of plain weights": lambda f, v: f.dot([0.5] * len(v), v, 0.25) / len(v),
    "total": lambda f, v: f.total(v) / len(v),
    "logsumexp": lambda f, v: f.logsumexp(v) / 4,
    "softmax": lambda f, v: f.softmax(v)[0],
    "log_softmax": lambda f, v: f.log_softmax(v)[-1] / 4,
}
LONGEST_SEQUENCE = 4


@dataclass(frozen=True)
class Program:
    """Steps to be taken from `point`, each with its operands: an earlier result by its index, or a plain float."""

    point: tuple[float, ...]
    steps: tuple[tuple[str, tuple[int | float, ...]], ...]

    def run(self, functions: Any, leaves: Sequence[Any], constant: Callable[[float], Any] = float) -> Any:
        """Return the total of what the steps gave, computed by `functions` on the kind of `leaves`."""
        results = list(leaves)
        for name, operands in self.steps:
            numbers = [results[x] if type(x) is int else constant(x) for x in operands]
            results.append(take_step(functions, name, numbers))
        return functions.total(results[len(leaves) :])


def take_step(functions: Any, name: str, numbers: list[Any]) -> Any:
    """Return the result of one step."""
    if name in SEQUENCE:
        return SEQUENCE[name](functions, numbers)
    return (UNARY | BINARY)[name](functions, *numbers)


def arities(name: str) -> Iterable[int]:
    """Return how many operands a step can take."""
    return (1,) if name in UNARY else (2,) if name in BINARY else range(2, LONGEST_SEQUENCE + 1)


def sizes_up_to_one() -> st.SearchStrategy[float]:
    """Return the strategy of the numbers that leaves and constants begin with."""
    return st.floats(-1, 1, allow_subnormal=False)


@st.composite
def programs(draw: st.DrawFn, max_leaves: int = 4, max_steps: int = 20) -> Program:
    """Return the strategy of programs, which make up to about fifty nodes."""
    point = tuple(draw(st.lists(sizes_up_to_one(), min_size=1, max_size=max_leaves)))
    steps: list[tuple[str, tuple[int | float, ...]]] = []
    for _ in range(draw(st.integers(1, max_steps))):
        name = draw(st.sampled_from([*UNARY, *BINARY, *SEQUENCE]))
        count = draw(st.sampled_from(list(arities(name))))
        earlier = st.integers(0, len(point) + len(steps) - 1)
        rest = st.lists(earlier | earlier | sizes_up_to_one(), min_size=count - 1, max_size=count - 1)
        steps.append((name, tuple(draw(st.permutations([draw(earlier), *draw(rest)])))))
    return Program(point, tuple(steps))


def torch_functions() -> SimpleNamespace:
    """Return PyTorch's functions under the package's names, for tensors of one float64 and plain numbers."""
    import torch

    def tensor(x: Any) -> torch.Tensor:
        return torch.as_tensor(x, dtype=None if isinstance(x, bool) else torch.float64)

    def of_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *operands: function(*map(tensor, operands))

    def of_sequence(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda v: function(torch.stack([tensor(x) for x in v]), dim=0)

    def dot(weights: list[Any], inputs: list[Any], bias: float = 0.0) -> Any:
        return sum((w * x for w, x in zip(weights, inputs, strict=True)), bias)

    functional = torch.nn.functional
    alike = (
        torch.exp, torch.expm1, torch.log, torch.log1p, torch.sqrt, torch.sin, torch.cos, torch.tanh, torch.erf,
        torch.erfc, torch.sigmoid, torch.relu, torch.maximum, torch.minimum,
    )
    return SimpleNamespace(
        **{function.__name__: of_tensors(function) for function in alike},
        softplus=of_tensors(functional.softplus),
        gelu=of_tensors(functional.gelu),
        leaky_relu=lambda x, slope=0.01: functional.leaky_relu(tensor(x), slope),
        where=lambda condition, a, b: torch.where(torch.as_tensor(condition), tensor(a), tensor(b)),
        dot=dot,
        total=of_sequence(torch.sum),
        logsumexp=of_sequence(torch.logsumexp),
        softmax=of_sequence(torch.softmax),
        log_softmax=of_sequence(torch.log_softmax),
    )
