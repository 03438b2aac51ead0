"""How many units in the last place every operator is off, on random expressions, beside mpmath and PyTorch.

    pip install -e ".[test,bench]"
    python tests/oracles/accuracy.py [--expressions 100000] [--seed 0]

Prints the README's table of errors in Markdown, and exits with 1 where an error exceeds what is documented.

The random expressions are made of the mild steps of `steps.py`, so that their gradients can be judged as a whole.
With each go a few bare operators at operands from wide ranges. Every operator, mild or wide, is judged at the floats
that it really had: its value by mpmath's own function of them, its local derivatives by differences of that function,
which share nothing with the rules of the package. PyTorch is judged at the same floats.
"""

from __future__ import annotations

import argparse
import math
import operator
import platform
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from importlib import metadata, util
from multiprocessing import Pool
from pathlib import Path
from random import Random
from time import monotonic
from types import SimpleNamespace
from typing import Any, NamedTuple

import mpmath
from mpmath import mpf
from tqdm import tqdm

import micrograd_like
from micrograd_like import Value
from micrograd_like.engine import topological_order
from micrograd_like.errors import FAILURES
from micrograd_like.steps import STEPS, Program, Step, arities

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_random_expressions import sizes_of_paths
from torch_functions import torch_functions

EVERYDAY_ERROR = 4.0
"""How many units in the last place a value or a derivative may be off where a docstring states no larger bound."""

MILD_STEPS = [step for steps in STEPS.values() for step in steps]
MOST_LEAVES, MOST_STEPS = 4, 20  # of an expression
WIDE_OPERATORS = 3  # that go with each expression
WIDE_DECADES = (1, 3, 30, 300)
"""A wide operand is ±10ᵘ, u even between -d and d, for one of these d; all operands of an operator have the same d."""

DIGITS, FIFTY_DIGITS, DISTANCE = 80, mpf(10) ** 50, mpf(10) ** -25
"""mpmath works with eighty digits: differences at this distance lose 25 of them, and fifty are wanted."""

CHUNK = 100  # expressions judged at a time, so that PyTorch's operators are called on columns
INFINITE = mpf(2) ** 1024 - mpf(2) ** 970  # from here on the nearest float is
SMALLEST_NORMAL, SMALLEST = sys.float_info.min, math.ulp(0.0)
OURS, PYTORCH, APART = "ours", "PyTorch's", "apart"
VALUE, DERIVATIVE, GRADIENT, WHOLE = "value", "derivative", "gradient", "whole expression"


class Case(NamedTuple):
    """An operator at the floats that it had.

    `parameter` is what a node does not hold: the slope of leaky_relu, the condition of where, which result of softmax.
    """

    name: str
    parameter: Any
    operands: tuple[float, ...]


def everyday(case: Case, j: int = 0) -> float:
    """Return the bound of most operators."""
    return EVERYDAY_ERROR


@dataclass(frozen=True)
class Operator:
    """An operator, what it takes, and the errors that are documented.

    `apply` takes a namespace of functions, the parameter and the operands, of any kind. The bounds are in units in the
    last place of the scales; a scale of None is the exact number itself. Those of derivatives take the operand's index.
    """

    apply: Callable[..., Any]
    counts: Sequence[int] = (1,)
    parameters: Callable[[int], Sequence[Any]] = lambda count: (None,)
    value_bound: Callable[[Case], float] = everyday
    derivative_bound: Callable[[Case, int], float] = everyday
    value_scale: Callable[[Case, Any], Any] | None = None
    derivative_scale: Callable[[Case], Any] | None = None
    why: str = ""


# The operators


def named(name: str, **rest: Any) -> Operator:
    """Return the operator that the function `name` is."""
    return Operator(lambda f, _, *x: getattr(f, name)(*x), **rest)


def signed(function: Callable[[Any, Any], Any], **rest: Any) -> Operator:
    """Return the operator that the sign between two numbers is."""
    return Operator(lambda f, _, a, b: function(a, b), (2,), **rest)


def over_sequence(name: str, **rest: Any) -> Operator:
    """Return the operator that one result of a function of a sequence is."""
    return Operator(lambda f, i, *x: getattr(f, name)(x)[i], SEQUENCES, range, **rest)


def power_bound(case: Case, j: int) -> float:
    """Return the bound of b·a^(b-1), in which b - 1 is rounded; that of the slope by b is the everyday one."""
    a, b = case.operands
    return EVERYDAY_ERROR + (abs((b - 1) * math.log(abs(a))) if a and j == 0 else 0)


def apply_dot(f: Any, _: Any, *operands: Any) -> Any:
    """Return the dot of operands that stand as a node of dot holds them: the weights, perhaps the bias, the inputs."""
    n, biased = divmod(len(operands), 2)
    return f.dot(list(operands[:n]), list(operands[n + biased :]), *operands[n : n + biased])


def dot_terms(case: Case) -> Any:
    """Return Σ |wᵢ·xᵢ| + |bias|."""
    return abs(apply_dot(MPMATH, None, *[abs(mpf(x)) for x in case.operands]))


def half_a_unit_each(case: Case) -> float:
    """Return the bound of a sum: each product and each addition is rounded once."""
    return len(case.operands) / 2


def logsumexp_terms(case: Case, exact: Any) -> Any:
    """Return the largest of m = max x, log Σ e^(xᵢ - m) and their sum."""
    largest = mpf(max(case.operands))
    return max(abs(largest), abs(exact - largest), abs(exact))


def gap(case: Case, j: int) -> float:
    """Return how far an operand is below the largest."""
    return max(case.operands) - case.operands[j]


def widest_gap(case: Case) -> float:
    """Return how far the smallest operand is below the largest."""
    return max(case.operands) - min(case.operands)


def gelu_terms(case: Case) -> Any:
    """Return Φ(x) + |x|·φ(x), the size of the two terms of gelu'(x)."""
    x = mpf(case.operands[0])
    return MPMATH.erfc(-x / mpmath.sqrt(2)) / 2 + abs(x) * mpmath.npdf(x)


def squared(case: Case) -> float:
    """Return x²."""
    return case.operands[0] ** 2 if abs(case.operands[0]) < 1e150 else math.inf


SEQUENCES = range(2, 5)
OPERATORS = {
    "+": signed(operator.add),
    "-": signed(operator.sub),
    "negative": Operator(lambda f, _, a: -a),
    "*": signed(operator.mul),
    "/": signed(operator.truediv),
    "**": signed(operator.pow, derivative_bound=power_bound, why="b - 1 is rounded"),
    "abs": Operator(lambda f, _, a: abs(a)),
    "exp": named("exp"),
    "expm1": named("expm1", why="PyTorch: y + 1 cancels"),
    **{name: named(name) for name in ("log", "log1p", "sqrt", "sin", "cos")},
    "tanh": named(
        "tanh",
        derivative_bound=lambda case, j: 2,
        derivative_scale=lambda case: mpf(1),
        why="derivative in the unit of 1",
    ),
    "erf": named("erf", derivative_bound=lambda case, j: squared(case) + 3, why="x² is rounded"),
    "erfc": named("erfc", derivative_bound=lambda case, j: squared(case) + 3, why="x² is rounded"),
    "sigmoid": named("sigmoid", why="PyTorch: 1 - y cancels"),
    "softplus": named("softplus", why="PyTorch: x itself above 20"),
    "relu": named("relu"),
    "leaky_relu": Operator(lambda f, slope, a: f.leaky_relu(a, slope), parameters=lambda count: (0.01, 0.25)),
    "gelu": named(
        "gelu",
        value_bound=lambda case: 2 * squared(case) + 4,
        derivative_bound=lambda case, j: squared(case) + 4,
        derivative_scale=gelu_terms,
        why="x/√2 and x² are rounded; derivative in the unit of Φ(x) + abs(x)·φ(x); PyTorch: 1 + erf cancels",
    ),
    "maximum": named("maximum", counts=(2,)),
    "minimum": named("minimum", counts=(2,)),
    "where": Operator(lambda f, condition, a, b: f.where(condition, a, b), (2,), lambda count: (True, False)),
    "dot": Operator(
        apply_dot,
        range(2, 10),
        value_bound=half_a_unit_each,
        value_scale=lambda case, exact: dot_terms(case),
        why="value in the unit of Σ abs(wᵢ·xᵢ) + abs(bias)",
    ),
    "total": Operator(
        lambda f, _, *x: f.total(x),
        SEQUENCES,
        value_bound=half_a_unit_each,
        value_scale=lambda case, exact: mpmath.fsum(case.operands, absolute=True),
        why="value in the unit of Σ abs(xᵢ)",
    ),
    "logsumexp": Operator(
        lambda f, _, *x: f.logsumexp(x),
        SEQUENCES,
        derivative_bound=lambda case, j: gap(case, j) + 4,
        value_scale=logsumexp_terms,
        why="value in the unit of m = max x or of log Σ e^(xᵢ - m), if larger; xᵢ - m is rounded; PyTorch: log(1 + r)",
    ),
    "softmax": over_sequence(
        "softmax",
        value_bound=lambda case: gap(case, case.parameter) + 4,
        derivative_bound=lambda case, j: 2 * (widest_gap(case) + 4),
        why="xᵢ - max x is rounded; PyTorch: 1 - pᵢ cancels",
    ),
    "log_softmax": over_sequence(
        "log_softmax",
        value_bound=lambda case: widest_gap(case) + 4,
        derivative_bound=lambda case, j: widest_gap(case) + 4,
        why="xᵢ - max x is rounded; PyTorch: xᵢ - log Σ and 1 - pᵢ cancel",
    ),
}


def noting(parameters: dict[Value, Any]) -> SimpleNamespace:
    """Return the package's functions, which note the parameter of each node that has one."""
    package = micrograd_like

    def noted(node: Value, parameter: Any) -> Value:
        parameters[node] = parameter
        return node

    def leaky_relu(x: Value, negative_slope: float = 0.01) -> Value:
        return noted(package.leaky_relu(x, negative_slope), negative_slope)

    return SimpleNamespace(
        **vars(package) | {
            "leaky_relu": leaky_relu,
            "where": lambda condition, a, b: noted(package.where(condition, a, b), condition),
            "softmax": lambda v: list(map(noted, package.softmax(v), range(len(v)))),
            "log_softmax": lambda v: list(map(noted, package.log_softmax(v), range(len(v)))),
        }
    )


def mpmath_functions() -> SimpleNamespace:
    """Return mpmath's functions under the package's names; where it has none, the textbook's formula of its own."""

    def erfc(x: Any) -> Any:
        return mpmath.erfc(x) if x < 1000 else mpf(0)  # mpmath's fails far out, where no float is so small

    def parts(v: Sequence[Any]) -> tuple[Any, Any]:
        """Return m = max v and log Σ e^(vᵢ - m); an e⁻¹⁰⁰⁰⁰ changes no float, and takes mpmath long far out."""
        *others, m = sorted(v)
        return m, mpmath.log1p(sum(mpmath.exp(x - m) for x in others if x - m > -10_000))

    def log_softmax(v: Sequence[Any]) -> list[Any]:
        m, rest = parts(v)
        return [(x - m) - rest for x in v]

    alike = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "erf")
    return SimpleNamespace(
        **{name: getattr(mpmath, name) for name in alike},
        erfc=erfc,
        sigmoid=lambda x: 1 / (1 + mpmath.exp(-x)),
        softplus=lambda x: mpmath.log1p(mpmath.exp(x)),
        relu=lambda x: max(x, mpf(0)),
        leaky_relu=lambda x, slope=0.01: x if x > 0 else slope * x,
        gelu=lambda x: x * erfc(-x / mpmath.sqrt(2)) / 2,
        maximum=max,
        minimum=min,
        where=lambda condition, a, b: a if condition else b,
        dot=lambda w, x, bias=0: sum(map(operator.mul, w, x), bias),
        total=sum,
        logsumexp=lambda v: sum(parts(v)),
        softmax=lambda v: list(map(mpmath.exp, log_softmax(v))),
        log_softmax=log_softmax,
    )


MPMATH = mpmath_functions()


# The judge


def difference_quotient(f: Callable[..., Any], x: list[Any], j: int) -> Any:
    """Return ∂f/∂xⱼ to fifty digits, by the difference of f at a distance of 10⁻²⁵ to both sides.

    The digits are doubled until that many are left, or until what is lost is too small for a float. Where f is 0 the
    operands may have cancelled, and their size tells what is lost.
    """
    h, digits = DISTANCE * min(1, abs(x[j]) or SMALLEST), DIGITS
    above, below = ([*x[:j], mpmath.fadd(x[j], step, exact=True), *x[j + 1 :]] for step in (h, -h))
    while True:
        with mpmath.workdps(digits):
            f_above = f(*above)
            rise = f_above - f(*below)
            rounding = mpmath.ldexp(abs(f_above) or max(map(abs, x)), -mpmath.mp.prec)
            if abs(rise) >= rounding * FIFTY_DIGITS or 1000 * rounding / h < SMALLEST:
                return rise / (2 * h)
        digits *= 2


def off(found: float, exact: Any, unit: float) -> float:
    """Return the distance of a float from the exact number in units; it is infinite where one of both alone is."""
    if math.isfinite(found) and abs(exact) < INFINITE:
        return float(abs(found - exact)) / unit
    return 0.0 if found == float(exact) else math.inf


def last_place(exact: Any) -> float:
    """Return the unit in the last place of a number."""
    return math.ulp(min(float(abs(exact)), sys.float_info.max))


# What was measured


@dataclass
class Report:
    """The largest errors so far, and the worst break of each documented bound.

    The keys of `largest` are the operator (or WHOLE), what was judged, and whose it is.
    """

    expressions: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    largest: dict[tuple[str, str, str], float] = field(default_factory=lambda: defaultdict(float))
    broken: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    def add(self, other: Report) -> None:
        """Take in what was measured elsewhere."""
        self.expressions += other.expressions
        self.seen += other.seen
        for key, error in other.largest.items():
            self.largest[key] = max(self.largest[key], error)
        for what, (excess, told) in other.broken.items():
            self._tell(what, excess, told)

    def measure(self, case: Any, name: str, quantity: str, errors: dict[str, float], bound: float) -> None:
        """Note the errors of one number, and whether ours is within the bound."""
        for whose, error in errors.items():
            self.largest[name, quantity, whose] = max(self.largest[name, quantity, whose], error)
        if not errors[OURS] <= bound:
            self._tell((name, quantity), errors[OURS] / bound, f"{errors[OURS]:.3g}, not {bound:.3g}: {case}")

    def _tell(self, what: tuple[str, str], excess: float, told: str) -> None:
        if excess > self.broken.get(what, (0.0, ""))[0]:
            self.broken[what] = excess, told

    def table(self) -> str:
        """Return the table in Markdown."""
        lines = [
            "| operator | seen | value: ours | PyTorch's | derivative: ours | PyTorch's | above 4; another unit |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, rules in OPERATORS.items():
            errors = [
                written(self.largest[name, quantity, whose])
                for quantity in (VALUE, DERIVATIVE)
                for whose in (OURS, PYTORCH)
            ]
            lines.append(f"| `{name}` | {self.seen[name]:,} | {' | '.join(errors)} | {rules.why} |")
        return "\n".join(lines)

    def gradients(self) -> str:
        """Return the sentence about the gradients of whole expressions."""
        ours, theirs, apart = (written(self.largest[WHOLE, GRADIENT, whose]) for whose in (OURS, PYTORCH, APART))
        return (
            f"The gradients of whole expressions are off by at most {ours} units, PyTorch's by {theirs}, and the two "
            f"are at most {apart} apart; the unit is 2⁻⁵² of the sum over all paths, or of 1 where that is smaller."
        )


def written(error: float) -> str:
    """Return an error for the table."""
    return f"{error:.1f}" if error < 1000 else f"{error:.0e}".replace("e+", "e")


# The work


def drawn(generator: Random) -> tuple[Program, list[float]]:
    """Return a random mild expression and its point; it is the total of its steps, so that each matters."""

    def number() -> float:
        return generator.uniform(-1, 1)

    leaves = generator.randint(1, MOST_LEAVES)
    steps: list[tuple[Step, list[int | float]]] = []
    for _ in range(generator.randint(1, MOST_STEPS)):
        step = generator.choice(MILD_STEPS)
        results = range(leaves + len(steps))
        rest = generator.choice(arities(step)) - 1
        operands = [generator.choice(results) if generator.random() < 2 / 3 else number() for _ in range(rest)]
        operands.insert(generator.randint(0, rest), generator.choice(results))
        steps.append((step, operands))
    together = (lambda f, *v: f.total(v), range(leaves, leaves + len(steps)))
    return Program(leaves, [*steps, together]), [number() for _ in range(leaves)]


def wide_node(generator: Random, parameters: dict[Value, Any]) -> Value:
    """Return a bare operator at wide operands, drawn until its result is 0 or a normal float and has derivatives."""
    functions = noting(parameters)
    name = generator.choice(list(OPERATORS))
    rules = OPERATORS[name]
    while True:
        count, decades = generator.choice(rules.counts), generator.choice(WIDE_DECADES)
        operands = [generator.choice((-1, 1)) * 10 ** generator.uniform(-decades, decades) for _ in range(count)]
        try:
            node: Value = rules.apply(functions, generator.choice(rules.parameters(count)), *map(Value, operands))
        except FAILURES:
            continue
        normal = node.data == 0 or SMALLEST_NORMAL <= abs(node.data) < math.inf
        if normal and not any(math.isnan(slope or 0) for slope in node.local_derivatives):
            return node


def case_of(node: Value, parameters: dict[Value, Any]) -> Case:
    """Return the operator of a node and the floats that it had."""
    operands = tuple([x.data if isinstance(x, Value) else x for x in node.operands])
    name = "negative" if node.operation == "-" and len(operands) == 1 else str(node.operation)
    return Case(name, parameters.get(node), operands)


def judge_nodes(report: Report, nodes: Iterable[Value], parameters: dict[Value, Any]) -> None:
    """Compare nodes, and PyTorch at the same floats, with the exact values and derivatives."""
    groups = defaultdict(list)
    for node in nodes:
        case = case_of(node, parameters)
        groups[case.name, case.parameter, len(case.operands)].append((case, node))
    for group in groups.values():
        values, slopes = pytorch([case for case, _ in group])
        for (case, node), value, slope in zip(group, values, slopes, strict=True):
            judge(report, case, node, value, slope)


def judge(report: Report, case: Case, node: Value, torch_value: float, torch_slopes: Sequence[float]) -> None:
    """Compare a node, and PyTorch at the same floats, with the exact value and derivatives."""
    rules = OPERATORS[case.name]
    exactly, x = partial(rules.apply, MPMATH, case.parameter), list(map(mpf, case.operands))
    report.seen[case.name] += 1
    exact = exactly(*x)
    unit = last_place(rules.value_scale(case, exact) if rules.value_scale else exact)
    errors = {OURS: off(node.data, exact, unit), PYTORCH: off(torch_value, exact, unit)}
    report.measure(case, case.name, VALUE, errors, rules.value_bound(case))
    for j, (operand, slope) in enumerate(zip(node.operands, node.local_derivatives, strict=True)):
        if isinstance(operand, Value):
            exact = difference_quotient(exactly, x, j)
            unit = last_place(rules.derivative_scale(case) if rules.derivative_scale else exact)
            errors = {OURS: off(float(slope or 0), exact, unit), PYTORCH: off(torch_slopes[j], exact, unit)}
            report.measure((case, j), case.name, DERIVATIVE, errors, rules.derivative_bound(case, j))


def pytorch(cases: Sequence[Case]) -> tuple[list[float], list[tuple[float, ...]]]:
    """Return PyTorch's values, and its derivatives by each operand, of one operator at many operands."""
    import torch

    columns = [
        torch.tensor(column, dtype=torch.float64, requires_grad=True)
        for column in zip(*[case.operands for case in cases], strict=True)
    ]
    y = OPERATORS[cases[0].name].apply(torch_functions(), cases[0].parameter, *columns)
    slopes = torch.autograd.grad(y.sum(), columns, materialize_grads=True, allow_unused=True)
    return y.tolist(), list(zip(*[slope.tolist() for slope in slopes], strict=True))


def judge_gradient(report: Report, program: Program, result: Value, leaves: list[Value]) -> None:
    """Compare the gradient of a whole expression with that of fifty digits and with PyTorch's.

    The unit is 2⁻⁵² of the sum over paths, or of 1 where that is smaller: a local derivative that nearly cancels is as
    far off as its terms are, and these are of the size of 1. A path of k nodes may be off by some k of these units.
    """
    import torch

    result.backward()
    tensors = [torch.tensor(leaf.data, dtype=torch.float64, requires_grad=True) for leaf in leaves]
    program(*tensors, functions=torch_functions()).backward()
    sizes, x = sizes_of_paths(result), [mpf(leaf.data) for leaf in leaves]
    for i, (leaf, tensor) in enumerate(zip(leaves, tensors, strict=True)):
        if leaf in sizes:
            exact = difference_quotient(partial(program, functions=MPMATH), x, i)
            unit = sys.float_info.epsilon * max(1.0, sizes[leaf])
            theirs = 0.0 if tensor.grad is None else tensor.grad.item()
            found = {OURS: off(leaf.grad, exact, unit), PYTORCH: off(theirs, exact, unit)}
            errors = found | {APART: off(leaf.grad, mpf(theirs), unit)}
            report.measure((program, leaves, i), WHOLE, GRADIENT, errors, 2 * len(sizes))


def measure(seed: int, numbers: range) -> Report:
    """Return what the expressions of these numbers show; each is drawn by its number and the seed alone."""
    report = Report(len(numbers))
    nodes: list[Value] = []
    parameters: dict[Value, Any] = {}
    with mpmath.workdps(DIGITS):
        for i in numbers:
            generator = Random(f"{seed} {i}")
            program, point = drawn(generator)
            leaves = list(map(Value, point))
            result = program(*leaves, functions=noting(parameters))
            nodes += [node for node in topological_order(result) if node.operation]
            nodes += [wide_node(generator, parameters) for _ in range(WIDE_OPERATORS)]
            judge_gradient(report, program, result, leaves)
        judge_nodes(report, nodes, parameters)
    return report


def prepare() -> None:
    """Make this process a worker: PyTorch takes one thread, and Ctrl-C is left to the process that prints."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import torch

    torch.set_num_threads(1)


def chunks(expressions: int) -> list[range]:
    """Return the numbers of the expressions, some at a time."""
    return [range(i, min(i + CHUNK, expressions)) for i in range(0, expressions, CHUNK)]


def circumstances(report: Report, seed: int, seconds: float) -> str:
    """Return what was measured, with what, when, and how long it took."""
    bare = report.expressions * WIDE_OPERATORS
    versions = [
        f"Python {platform.python_version()}",
        " ".join(platform.libc_ver()),
        *(f"{name} {metadata.version(name)}" for name in ("mpmath", "torch")),
    ]
    return (
        f"{report.expressions:,} expressions of numbers between -1 and 1, {report.seen.total() - bare:,} operators in "
        f"all, and {bare:,} bare operators at operands of both signs from 10⁻³⁰⁰ to 10³⁰⁰. Seed {seed}, "
        f"{', '.join(filter(None, versions))}, {date.today()}, in {timedelta(seconds=round(seconds))}."
    )


def count(text: str) -> int:
    """Return the number of expressions that was asked for."""
    n = int(text)
    if n < 1:
        raise argparse.ArgumentTypeError("a number from 1 on is wanted")
    return n


def main() -> int:
    """Measure and print; return 1 if a documented bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--expressions", type=count, default=100_000, help="how many (default: 100000)")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default: 0)")
    arguments = parser.parse_args()
    if not util.find_spec("torch"):
        parser.error('PyTorch is missing: pip install -e ".[test,bench]"')
    report, start = Report(), monotonic()
    try:
        with Pool(initializer=prepare) as pool, tqdm(total=arguments.expressions, disable=None) as bar:
            for part in pool.imap(partial(measure, arguments.seed), chunks(arguments.expressions)):
                report.add(part)
                bar.update(part.expressions)
    except KeyboardInterrupt:
        print("Interrupted: this is what was measured so far.", file=sys.stderr)
    print(report.table(), report.gradients(), circumstances(report, arguments.seed, monotonic() - start), sep="\n\n")
    for (name, quantity), (_, told) in report.broken.items():
        print(f"{name}: the {quantity} is off by {told}", file=sys.stderr)
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
