"""Rolling: whatever a program is made of, its blocks compute what the engine does; what repeats becomes one loop."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import pytest

from micrograd_like import (
    MLP,
    Value,
    categorical_cross_entropy_with_logits,
    dot,
    hinge,
    leaky_relu,
    maximum,
    minimum,
    relu,
    sigmoid,
    sin,
    softmax,
    softplus,
    tanh,
    total,
    where,
)
from micrograd_like.compiler.blocks import Operand, Rolled
from micrograd_like.compiler.program import Program
from micrograd_like.compiler.recording import record
from micrograd_like.compiler.rolling import PIECE, roll

NEEDED = {"numpy": find_spec("numpy"), "llvm": find_spec("llvmlite"), "c": shutil.which("cc")}
ROLLED_TARGETS = [
    name
    for name, installed in NEEDED.items()
    if installed and hasattr(import_module(f"micrograd_like.compiler.{name}"), "Kernel")
]
"""The targets that run blocks, as far as this machine can."""

WAYS = [("numpy", straight, strict) for straight in (True, False) for strict in (True, False)]
WAYS += [("llvm", straight, straight) for straight in (True, False) if "llvm" in ROLLED_TARGETS]
WAYS += [("c", False, True)] * ("c" in ROLLED_TARGETS)
"""Targets, whether as straight-line code, whether sums keep their order. Compilers take time: a choice of these."""

each_way = pytest.mark.parametrize(
    ("target", "straight", "strict"),
    WAYS,
    ids=[f"{t}-{'straight' * s or 'rolled'}-{'strict' * o or 'fast'}" for t, s, o in WAYS],
)
each_target = pytest.mark.parametrize("target", ROLLED_TARGETS)
each_form = pytest.mark.parametrize("straight", [True, False], ids=["straight", "rolled"])


@pytest.fixture(autouse=True, scope="module")
def folder_of_machine_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MICROGRAD_LIKE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


class Case(NamedTuple):
    """A loss of one sample, its parameters and how many numbers a sample has."""

    loss: Callable[..., Any]
    parameters: list[Value]
    inputs: int


def values(count: int, seed: int = 1) -> list[Value]:
    rng = random.Random(seed)
    return [Value(rng.uniform(-1, 1)) for _ in range(count)]


def samples(case: Case, count: int) -> list[list[float]]:
    rng = random.Random(count)
    return [[rng.uniform(-1, 1) for _ in range(case.inputs)] for _ in range(count)]


def of_engine(case: Case, rows: Sequence[Sequence[float]]) -> Any:
    """Return the loss and its derivatives of each sample, a row for each, as the engine computes them."""
    found = []
    for row in rows:
        for p in case.parameters:
            p.grad = 0
        result = case.loss(*row)
        result.backward()
        found.append([result.data, *(float(p.grad) for p in case.parameters)])
    return np.array(found)


def kernel(target: str, rolled: Rolled, strict: bool) -> Any:
    return import_module(f"micrograd_like.compiler.{target}").Kernel(rolled, strict)


def columns(rows: Sequence[Sequence[float]]) -> Any:
    """Return the samples as `Samples` gives them: columns, of which some are padding."""
    padded = [*rows, *[rows[-1]] * (-len(rows) % 64)]
    return np.array(padded).T.copy()[:, : len(rows)]


def numbers(case: Case) -> Any:
    return np.array([p.data for p in case.parameters])


def recorded(case: Case) -> Program:
    return record(case.loss, case.parameters, case.inputs)


def rolled_mlp(sizes: Sequence[int], activation: str = "tanh", **options: Any) -> Rolled:
    model = MLP(sizes[0], sizes[1:], activation, rng=random.Random(1), **options)
    loss = lambda *x: hinge(model(x[:-1]), x[-1])  # noqa: E731
    return roll(record(loss, model.parameters(), sizes[0] + 1), straight=False)


# Structures that break rolling


def shared_weights() -> Case:
    w = values(4)
    return Case(lambda a, b, c: total([tanh(dot(w[:2], x, w[2])) * w[3] for x in ([a, b], [b, c], [c, a])]), w, 3)


def recurrent(steps: int = 80) -> Case:
    cell = [values(5, seed) for seed in range(4)]  # each of the four neurons reads the input and all four

    def loss(*x: Any) -> Any:
        state: list[Any] = [0.0] * 4
        for number in x:
            state = [tanh(dot(w, [number, *state])) for w in cell]
        return total(state)

    return Case(loss, [w for weights in cell for w in weights], steps)


def convolution() -> Case:
    """Two channels of 5 × 5 pixels, three shared kernels of 3 × 3, relu, the mean, and a linear layer."""
    kernels = [values(18, seed) for seed in range(3)]
    bias, head = values(3, 7), values(3, 8)

    def loss(*x: Any) -> Any:
        means = []
        for w, b in zip(kernels, bias, strict=True):
            patches = [
                [x[25 * channel + 5 * (i + k) + j + n] for channel in range(2) for k in range(3) for n in range(3)]
                for i in range(3)
                for j in range(3)
            ]
            means.append(total([relu(dot(w, patch, b)) for patch in patches]) / 9)
        return tanh(dot(head, means))

    return Case(loss, [*[w for weights in kernels for w in weights], *bias, *head], 50)


def skip_connections() -> Case:
    layers = [[values(4, 10 * layer + neuron) for neuron in range(4)] for layer in range(3)]

    def loss(*x: Any) -> Any:
        for layer in layers:
            x = tuple(a + tanh(dot(w, x)) for a, w in zip(x, layer, strict=True))
        return total(x)

    return Case(loss, [w for layer in layers for neuron in layer for w in neuron], 4)


def weight_decay() -> Case:
    model = MLP(3, [4, 1], "tanh", rng=random.Random(1))
    w = model.parameters()
    return Case(lambda *x: relu(1 - x[3] * model(x[:3])) + 0.01 * total([p * p for p in w]), w, 4)


def two_towers() -> Case:
    left, right = (MLP(3, [4, 2], "tanh", rng=random.Random(seed)) for seed in (1, 2))
    return Case(lambda *x: dot(left(x[:3]), right(x[3:])), [*left.parameters(), *right.parameters()], 6)


def softmax_head() -> Case:
    model = MLP(3, [4, 5], "relu", rng=random.Random(1))
    return Case(lambda *x: categorical_cross_entropy_with_logits(model(x), 3), model.parameters(), 3)


def chosen_of_softmax() -> Case:
    model = MLP(2, [3, 4], "sigmoid", rng=random.Random(1))
    return Case(lambda a, b, y: where(y <= 0, *softmax(model([a, b]))[1:3]), model.parameters(), 3)


def reversed_reading() -> Case:
    w = values(6)
    return Case(lambda *x: total([tanh(a * b) * c for a, b, c in zip(w, x[::-1], x, strict=True)]), w, 6)


def mirrored_layers() -> Case:
    w = values(5)

    def loss(*x: Any) -> Any:
        first = [tanh(a * b) for a, b in zip(w, x, strict=True)]
        return total([tanh(a * b) for a, b in zip(first, first[::-1], strict=True)])

    return Case(loss, w, 5)


def one_neuron_layers() -> Case:
    model = MLP(1, [1, 1, 1, 1, 1], "tanh", rng=random.Random(1))
    return Case(lambda x: model([x]), model.parameters(), 1)


def sum_of_parameters_in_a_samples_sum() -> Case:
    w = values(3)
    return Case(lambda x, y: tanh(x * y + w[0] + w[1]) * w[2], w, 2)


def product_of_parameters_in_a_samples_sum() -> Case:
    w = values(4)
    return Case(lambda x, y: tanh(dot(w[:2], w[2:], x * y)), w, 2)


def many_terms_of_each_kind() -> Case:
    w = values(6)
    return Case(lambda x, y: tanh(dot([*w[:3], w[0], w[1]], [x, y, x, *w[3:5]], w[5] + w[4] - x - y)), w, 2)


def unused_parameters() -> Case:
    w = values(4)
    return Case(lambda x, y: x * y * w[0], w, 2)


def unused_first_parameter_and_others_of_each_kind() -> Case:
    w = values(4)
    return Case(lambda x, y: w[1] * w[1] + tanh(w[2] * x) + 3 * w[3], w, 2)


def no_inputs() -> Case:
    w = values(4)
    return Case(lambda x: total([tanh(p * w[0]) for p in w]), w, 1)


def a_parameter() -> Case:
    w = values(2)
    return Case(lambda x: w[0], w, 1)


def inputs_and_constants_as_gradients() -> Case:
    w = values(4)
    return Case(lambda x, y: x * w[0] + y * w[1] - w[2] + 2.5 * w[3] + x, w, 2)


def one_gradient_for_all() -> Case:
    w = values(5)
    return Case(lambda x: tanh(total(w) * x), w, 1)


def the_loss_among_the_gradients() -> Case:
    w = values(2)
    return Case(lambda x: (w[0] + w[1]).exp() * 1, w, 1)


def repeated_terms() -> Case:
    w = values(3)
    return Case(lambda x, y: total([w[0] * x, w[0] * x, x, x, w[1], w[1], w[2] * w[2], y * y, y, x * y]), w, 2)


def products_of_the_same() -> Case:
    w = values(4)
    return Case(lambda x, y: total([(a * x + y) * (a * x + y) for a in w]), w, 2)


def parameters_alone_between_samples() -> Case:
    w = values(6)
    return Case(lambda x, y: dot([p * q for p, q in pairwise(w)], [x, y, x, y, x]), w, 2)


def gradients_of_unlike_sums() -> Case:
    """The terms of two gradients are alike at the first and third place, and not at the second."""
    w = values(6)

    def loss(x: Any, y: Any) -> Any:
        a, b, c, d = (tanh(w[2] * x), tanh(w[3] * x), tanh(w[4] * y), tanh(w[5] * y))
        return w[0] * a * x + w[0] * y * 3 + w[0] * b * y + w[1] * c * x + w[1] * 7 + w[1] * d * y

    return Case(loss, w, 2)


def grids_of_the_same_places_in_other_shapes() -> Case:
    """Each gradient is g·xᵢ + hᵢ·y: one factor for all, then one of each kind for each."""
    w = values(4)
    return Case(lambda *x: tanh(dot(w, x[:4])) + total([tanh(p * x[4]) for p in w]), w, 5)


def a_sum_longer_than_a_piece() -> Case:
    w = values(PIECE + 200)
    return Case(lambda *x: tanh(total([p * p * x[i % 3] for i, p in enumerate(w)]) / 10), w, 3)


def a_chain_longer_than_a_piece() -> Case:
    w = values(3)

    def loss(x: Any) -> Any:
        y = w[0] * x
        for i in range(PIECE):
            y = tanh(y * w[1] + w[2]) if i % 2 else y - w[2] * x
        return y

    return Case(loss, w, 1)


STRUCTURES = [
    shared_weights, recurrent, convolution, skip_connections, weight_decay, two_towers, softmax_head, chosen_of_softmax,
    reversed_reading, mirrored_layers, one_neuron_layers, sum_of_parameters_in_a_samples_sum,
    product_of_parameters_in_a_samples_sum, many_terms_of_each_kind, unused_parameters,
    unused_first_parameter_and_others_of_each_kind, no_inputs, a_parameter, inputs_and_constants_as_gradients,
    one_gradient_for_all, the_loss_among_the_gradients, repeated_terms, products_of_the_same,
    parameters_alone_between_samples, gradients_of_unlike_sums, grids_of_the_same_places_in_other_shapes,
    a_sum_longer_than_a_piece, a_chain_longer_than_a_piece,
]  # fmt: skip


@cache
def judged(structure: Callable[[], Case]) -> tuple[Case, Program, list[list[float]], Any]:
    """Return a case, its program, a hundred samples, and what the engine says of each."""
    case = structure()
    rows = samples(case, 100)
    return case, recorded(case), rows, of_engine(case, rows)


@each_way
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda structure: structure.__name__)
def test_blocks_give_the_engines_numbers(
    structure: Callable[[], Case], target: str, straight: bool, strict: bool
) -> None:
    case, program, rows, expected = judged(structure)
    compiled = kernel(target, roll(program, straight, ordered=strict), strict)
    allowed = 1e-12 * max(1.0, np.abs(expected).max())
    each = compiled.each(columns(rows), numbers(case))
    found = each[:, : len(rows)].T
    assert found == pytest.approx(expected, rel=0, abs=allowed)
    for count in (1, 3, 100):
        sums = compiled.sums(columns(rows[:count]), numbers(case))
        assert sums == pytest.approx(expected[:count].sum(0), rel=0, abs=count * allowed)


# Random structures


class Structure:
    """A random loss of layers, where members read what they like: shared, repeated, reversed, of any kind."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.exact = seed % 2 == 0  # + − × ÷ and comparisons alone
        self.case = Case(self, values(rng.randint(1, 9), seed), rng.randint(1, 5))
        self._seed = rng.random()

    def __call__(self, *x: Any) -> Any:
        """Return the loss of a sample."""
        rng, w = random.Random(self._seed), self.case.parameters
        layers: list[list[Any]] = [[*w, *x, *([0.5, -1.0] * (rng.random() < 0.3))]]
        for _ in range(rng.randint(1, 6)):
            source = rng.choice(layers[-2:]) if rng.random() < 0.7 else rng.choice(layers)
            layers.append(getattr(self, rng.choice(LAYERS))(rng, source))
        last = layers[-1]
        result = rng.choice([total(last), last[0] * last[-1], last[0], dot(last, last[::-1])])
        if rng.random() < 0.3:
            result = result + 0.01 * total([p * p for p in w])
        return result if isinstance(result, Value) else result + w[0]

    def neurons(self, rng: random.Random, source: list[Any]) -> list[Any]:
        inputs = [rng.choice(source) for _ in range(rng.randint(1, 6))]
        bias = rng.choice(source) if rng.random() < 0.6 else None
        weights = self.case.parameters if rng.random() < 0.8 else [*self.case.parameters, *source]
        return [dot([rng.choice(weights) for _ in inputs], inputs, bias) for _ in range(rng.randint(1, 8))]

    def pairs(self, rng: random.Random, source: list[Any]) -> list[Any]:
        operate = rng.choice([lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, maximum, minimum])
        return [operate(rng.choice(source), rng.choice(source)) for _ in range(rng.randint(1, 8))]

    def activations(self, rng: random.Random, source: list[Any]) -> list[Any]:
        smooth = [] if self.exact else [tanh, sigmoid, softplus]
        return list(map(rng.choice([relu, leaky_relu, abs, lambda a: -a, lambda a: a * 0.5, *smooth]), source[:8]))

    def neighbours(self, rng: random.Random, source: list[Any]) -> list[Any]:
        shift = rng.randrange(len(source))
        return [a * b for a, b in zip(source, source[shift:] + source[:shift], strict=True)][:10]

    def mirrored(self, rng: random.Random, source: list[Any]) -> list[Any]:
        return [a - b for a, b in zip(source[:8], source[:8][::-1], strict=True)]

    def scaled(self, rng: random.Random, source: list[Any]) -> list[Any]:
        return [a * p for a, p in zip(source[::-1], self.case.parameters, strict=False)]

    def repeated(self, rng: random.Random, source: list[Any]) -> list[Any]:
        a, b = rng.choice(source), rng.choice(source)
        return [a + a + a, a * a - a, total([a, b, a, b]), a, a]

    def squares(self, rng: random.Random, source: list[Any]) -> list[Any]:
        squared = [p * p for p in self.case.parameters]
        return rng.choice([squared, [total(squared)]])

    def quotients(self, rng: random.Random, source: list[Any]) -> list[Any]:
        return [a / (2 + b * b) for a, b in zip(source[:6], source[1:7] or source, strict=False)]


LAYERS = [name for name in vars(Structure) if not name.startswith("_")]
SEEDS = range(80)


@cache
def judged_structure(seed: int) -> tuple[Structure, Program, list[list[float]], Any]:
    structure = Structure(seed)
    rows = samples(structure.case, 3)
    return structure, recorded(structure.case), rows, of_engine(structure.case, rows)


@each_way
def test_blocks_of_random_structures_give_the_engines_numbers(target: str, straight: bool, strict: bool) -> None:
    for seed in SEEDS if target == "numpy" else SEEDS[:10]:
        structure, program, rows, expected = judged_structure(seed)
        compiled = kernel(target, roll(program, straight, ordered=strict), strict)
        found = compiled.sums(columns(rows), numbers(structure.case))
        allowed = 1e-11 * max(1.0, np.abs(expected).max())
        assert found == pytest.approx(expected.sum(0), rel=0, abs=allowed), f"Structure({seed})"


@each_target
@each_form
def test_sums_of_products_of_one_sample_are_exact_in_strict_mode(target: str, straight: bool) -> None:
    for seed in SEEDS if target == "numpy" else SEEDS[:10]:
        structure, program, rows, expected = judged_structure(seed)
        if structure.exact:
            compiled = kernel(target, roll(program, straight), True)
            for row, wanted in zip(rows, expected, strict=True):
                found = compiled.sums(columns([row]), numbers(structure.case))
                assert found.tolist() == wanted.tolist(), f"Structure({seed})"


@each_target
@each_form
def test_each_sample_by_itself_is_exact_in_strict_mode(target: str, straight: bool) -> None:
    for seed in SEEDS if target == "numpy" else SEEDS[:10]:
        structure, program, rows, expected = judged_structure(seed)
        if structure.exact:
            found = kernel(target, roll(program, straight), True).each(columns(rows), numbers(structure.case))
            assert found[:, : len(rows)].T.tolist() == expected.tolist(), f"Structure({seed})"


# What is found


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
def test_the_numbers_of_loops_and_outputs_do_not_grow_with_the_width(activation: str) -> None:
    counts = {
        (len(rolled.loops), sum(len(loop.blocks) for loop in rolled.loops), len(rolled.outputs))
        for rolled in (rolled_mlp([7, width, width + 1, 1], activation) for width in (5, 9, 40))
    }
    assert len(counts) == 1


def test_the_gradients_of_a_layers_weights_are_one_output() -> None:
    rolled = rolled_mlp([3, 6, 5, 1])
    grids = [output.destinations.shape for output in rolled.outputs if min(output.destinations.shape) > 1]
    assert sorted(map(sorted, grids)) == [[3, 6], [5, 6]]


def test_every_destination_is_reached() -> None:
    rolled = rolled_mlp([3, 6, 5, 1])
    reached = {int(place) for output in rolled.outputs for place in output.destinations.ravel()}
    assert reached == set(range(rolled.destinations))


def test_a_layer_is_one_sum_of_all_neurons() -> None:
    rolled = rolled_mlp([3, 6, 5, 1])
    sums = {
        (loop.members, block.segments[-1].terms)
        for loop in rolled.loops
        for block in loop.blocks
        if block.operation == "sum" and block.segments[-1].terms > 2
    }
    assert {(6, 3), (5, 6)} <= sums


def test_an_activation_runs_in_the_loop_of_its_sums() -> None:
    model = MLP(2, [6, 1], "tanh", rng=random.Random(1))
    rolled = roll(record(lambda x, y: model([x, y]), model.parameters()), straight=False)
    (loop,) = [loop for loop in rolled.loops if any(block.operation == "tanh" for block in loop.blocks)]
    assert loop.members == 6 and loop.blocks[0].operation == "sum"


def test_what_depends_on_parameters_alone_is_computed_once() -> None:
    case = weight_decay()
    plain = MLP(3, [4, 1], "tanh", rng=random.Random(1))
    without = roll(record(lambda *x: relu(1 - x[3] * plain(x[:3])), plain.parameters(), 4), straight=False)
    with_decay = roll(recorded(case), straight=False)
    assert without.uniform_rows == 0 < with_decay.uniform_rows
    assert with_decay.sample_rows <= without.sample_rows + 1  # the loss with the decay added


def test_uniform_loops_come_before_those_of_samples() -> None:
    spaces = [loop.space for loop in roll(recorded(weight_decay())).loops]
    assert spaces == sorted(spaces, key=["uniform", "sample"].index)


@each_form
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda structure: structure.__name__)
def test_everything_is_computed_before_it_is_read(structure: Callable[[], Case], straight: bool) -> None:
    rolled = roll(judged(structure)[1], straight)
    known = {"input": rolled.inputs, "parameter": rolled.parameters, "constant": len(rolled.constants)}
    computed = {space: set(range(count)) for space, count in known.items()} | {"uniform": set(), "sample": set()}
    for loop in rolled.loops:
        own: set[int] = set()
        for block in loop.blocks:
            for operand in block.factors:
                for member, rows in enumerate(operand.rows.tolist()):
                    for row in rows:
                        places = {(b.row + member) for b in loop.blocks} & own if operand.space == loop.space else set()
                        assert row in computed[operand.space] or row in places
            own |= set(range(block.row, block.row + loop.members))
        computed[loop.space] |= own
    for output in rolled.outputs:
        for factor in (output.a, output.b):
            assert factor is None or computed[factor.space].issuperset(factor.rows.ravel().tolist())


@each_form
@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda structure: structure.__name__)
def test_rows_that_others_read_are_kept(structure: Callable[[], Case], straight: bool) -> None:
    rolled = roll(judged(structure)[1], straight)
    for loop in rolled.loops:
        others = [x for other in rolled.loops if other is not loop for block in other.blocks for x in block.factors]
        outputs = [x for output in rolled.outputs for x in (output.a, output.b) if x]
        read = {int(row) for x in [*others, *outputs] if x.space == loop.space for row in x.rows.ravel()}
        for block in loop.blocks:
            assert block.kept == (not read.isdisjoint(range(block.row, block.row + loop.members)))


@pytest.mark.parametrize(
    ("rows", "affine"),
    [
        ([[3]], (3, 0, 0)),
        ([[3, 5], [4, 6], [5, 7]], (3, 1, 2)),
        ([[9, 7], [6, 4]], (9, -3, -2)),
        ([[2, 2], [2, 2]], (2, 0, 0)),
        ([[0, 1], [1, 3]], None),
        ([[0], [1], [3]], None),
        ([[0, 1, 3]], None),
    ],
)
def test_rows_are_affine_where_steps_are_even(rows: list[list[int]], affine: tuple[int, int, int] | None) -> None:
    assert Operand("sample", np.array(rows)).affine == affine


# Irregular programs


def irregular(nodes: int) -> Case:
    w = values(20)

    steps = [lambda a, b: a * b / 2, lambda a, b: (a + b) / 2, lambda a, b: tanh(a - b), lambda a, b: sin(a)]

    def loss(*x: Any) -> Any:
        rng = random.Random(nodes)
        known: list[Any] = [*w, *x]
        for _ in range(nodes):
            known.append(rng.choice(steps)(rng.choice(known[-200:]), rng.choice(known)))
        return total(known[20 + len(x) :: 7])

    return Case(loss, w, 5)


@each_target
def test_a_random_graph_of_ten_thousand_nodes_is_straight_line_code_and_agrees(target: str) -> None:
    case = irregular(10_000 if target != "c" else 500)  # GCC takes a minute for as many
    rows = samples(case, 2)
    expected = of_engine(case, rows).sum(0)
    rolled = roll(recorded(case))
    assert {loop.members for loop in rolled.loops} == {1}
    found = kernel(target, rolled, True).sums(columns(rows), numbers(case))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * np.abs(expected).max())


def test_rolling_irregular_programs_takes_time_linear_in_the_statements() -> None:
    def seconds(program: Program) -> float:
        start = perf_counter()
        roll(program)
        return perf_counter() - start

    small, large = (recorded(irregular(nodes)) for nodes in (1_000, 8_000))
    assert min(seconds(large) for _ in range(2)) < 8 * 4 * min(seconds(small) for _ in range(3))


def test_straight_line_code_comes_in_pieces() -> None:
    rolled = roll(recorded(irregular(3_000)))
    sizes = [sum(operand.rows.size for block in loop.blocks for operand in block.factors) for loop in rolled.loops]
    assert max(sizes) <= PIECE + 8 and len(sizes) > 3


def test_a_regular_program_is_rolled_and_an_irregular_one_is_not() -> None:
    def longest(case: Case) -> int:
        return max(loop.members for loop in roll(recorded(case)).loops)

    assert longest(two_towers()) > 1 == longest(irregular(300))
