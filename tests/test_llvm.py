"""Machine code against NumPy and Python, for rolled programs written by hand."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd_like.compiler.blocks import Block, Loop, Operand, Output, Rolled, Rows, Segment, Space
from micrograd_like.compiler.llvm.module import Native, build

COUNTS = (1, 3, 7, 8, 9, 100, 129, 1000)
FUNCTIONS = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "erf", "erfc", "abs")


# What judges: the program step by step, over arrays


def judged(rolled: Rolled, columns: Rows, parameters: Rows) -> Rows:
    """Return every output (row) of every sample (column)."""
    count = columns.shape[1]
    spaces = {
        "input": columns,
        "parameter": np.repeat(parameters[:, None], count, 1),
        "constant": np.repeat(np.array(rolled.constants or (0.0,))[:, None], count, 1),
        "uniform": np.zeros((rolled.uniform_rows, count)),
        "sample": np.zeros((rolled.sample_rows, count)),
    }

    def read(x: Operand, term: int = 0) -> Rows:
        return spaces[x.space][x.rows[:, term]]

    def signed(sign: int, x: Rows) -> Rows:
        return x if sign > 0 else -x

    with np.errstate(all="ignore"):
        for loop in rolled.loops:
            for block in loop.blocks:
                result = None
                for segment in block.segments:
                    for k in range(segment.terms):
                        term = read(segment.a, k) if segment.b is None else read(segment.a, k) * read(segment.b, k)
                        result = signed(segment.sign, term) if result is None else result + signed(segment.sign, term)
                if result is None:
                    result = OPERATIONS[block.operation](*map(read, block.operands))
                spaces[loop.space][block.row : block.row + loop.members] = result
        results = np.zeros((rolled.destinations, count))
        for output in rolled.outputs:
            for i, j in np.ndindex(output.destinations.shape):
                for k in range(output.a.rows.shape[1]):
                    term = read(output.a, k)[i]
                    if output.b is not None:
                        term = term * read(output.b, k)[i if output.paired else j]
                    results[output.destinations[i, j]] += signed(output.sign, term)
    return results


def by_element(function: Callable[[float], float]) -> Callable[[Rows], Rows]:
    return np.vectorize(function, otypes=[float])


OPERATIONS: dict[str, Callable[..., Rows]] = {
    "/": np.divide,
    "**": np.power,
    "where<=": lambda a, b, x, y: np.where(a <= b, x, y),
    "where<": lambda a, b, x, y: np.where(a < b, x, y),
    "erf": by_element(math.erf),
    "erfc": by_element(math.erfc),
    **{name: getattr(np, name) for name in FUNCTIONS if not name.startswith("erf")},
}


# How machine code is called


def aligned(*shape: int) -> Rows:
    """Return an array of zeros that begins at a multiple of 64 bytes."""
    size = math.prod(shape) * 8
    memory = np.zeros(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(np.float64).reshape(shape)


def padded(columns: Rows, lanes: int) -> Rows:
    """Return the columns, the last sample repeated up to whole vectors."""
    count = columns.shape[1]
    result = aligned(len(columns), -(-count // lanes) * lanes)
    result[:, :count], result[:, count:] = columns, columns[:, -1:]
    return result


class Called:
    """Machine code as a function of arrays."""

    def __init__(self, rolled: Rolled, **options: Any) -> None:
        self.rolled, self.native = rolled, build(rolled, **options)
        self.workspace = aligned(self.native.workspace // 8 + 1)

    def sums(self, columns: Rows, parameters: Rows) -> Rows:
        data, sums = padded(columns, self.native.lanes), aligned(self.rolled.destinations) + 99.0
        stride, count = data.shape[1], columns.shape[1]
        pointers = [x.ctypes.data for x in (data, parameters, sums, self.workspace)]
        self.native.sums(pointers[0], stride, count, *pointers[1:])
        return sums

    def each(self, columns: Rows, parameters: Rows) -> Rows:
        data = padded(columns, self.native.lanes)
        stride, count = data.shape[1], columns.shape[1]
        results = aligned(self.rolled.destinations, stride) + 99.0
        given, theta, out, memory = (x.ctypes.data for x in (data, parameters, results, self.workspace))
        self.native.each(given, stride, count, theta, out, stride, memory)
        return results[:, :count]


def require_agreement(rolled: Rolled, fast: bool, counts: Sequence[int] = COUNTS, tolerance: float = 1e-13) -> None:
    """Compare machine code with NumPy: strict code sample for sample and bit for bit, where the tolerance is 0."""
    called, draw = Called(rolled, fast=fast), np.random.default_rng(1)
    for count in counts:
        columns, parameters = draw.uniform(0.2, 2, (rolled.inputs, count)), draw.uniform(0.2, 2, rolled.parameters)
        expected = judged(rolled, columns, parameters)
        found = called.each(columns, parameters)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
        sums = called.sums(columns, parameters)
        if count == 1:
            np.testing.assert_allclose(sums, expected[:, 0], rtol=tolerance, atol=tolerance)
        scale = np.abs(expected).sum(1) + 1
        assert (np.abs(sums - expected.sum(1)) <= max(tolerance, 1e-14) * scale).all()


# How programs are written


def at(space: Space, *rows: int) -> Operand:
    """Return an operand of one term: the row of each member."""
    return Operand(space, np.array(rows)[:, None])


def many(space: Space, rows: Any) -> Operand:
    return Operand(space, np.array(rows))


def total(row: int, *segments: tuple[int, Operand, Operand | None]) -> Block:
    return Block("sum", row, tuple(Segment(*segment) for segment in segments), ())


def apply(operation: str, row: int, *operands: Operand) -> Block:
    return Block(operation, row, (), operands)


def program(loops: Sequence[Loop], outputs: Sequence[Output], destinations: int, **given: Any) -> Rolled:
    rows = {"uniform": 0, "sample": 0}
    for loop in loops:
        rows[loop.space] += len(loop.blocks) * loop.members
    return Rolled(
        **{"inputs": 1, "parameters": 1, "constants": (), **given},
        uniform_rows=rows["uniform"],
        sample_rows=rows["sample"],
        loops=tuple(loops),
        outputs=tuple(outputs),
        destinations=destinations,
    )


def outputs_of(rows: int, space: Space = "sample") -> list[Output]:
    return [Output(1, at(space, *range(rows)), None, np.arange(rows)[:, None])]


def one_loop(blocks: Sequence[Block], members: int, space: Space = "sample", **given: Any) -> Rolled:
    """Return a program of one loop whose results are all outputs."""
    rows = len(blocks) * members
    return program([Loop(space, members, tuple(blocks))], outputs_of(rows, space), rows, **given)


def network(sizes: Sequence[int]) -> Rolled:
    """Return a network of relu layers with the square of its outputs' sum as its loss, and the gradient."""
    starts = np.cumsum([0] + [(a + 1) * b for a, b in pairwise(sizes)])
    loops, outputs, row = [], [], 0
    x: tuple[Space, int] = ("input", 0)
    layers = []
    for start, nin, nout in zip(starts, sizes, sizes[1:], strict=False):
        members, terms = np.arange(nout)[:, None], np.arange(nin)[None]
        weights = many("parameter", start + members * (nin + 1) + terms)
        inputs = many(x[0], np.broadcast_to(x[1] + terms, (nout, nin)))
        z, zero = many("sample", row + members), many("constant", 0 * members)
        bias = many("parameter", start + members * (nin + 1) + nin)
        blocks = [total(row, (1, bias, None), (1, weights, inputs)), apply("where<=", row + nout, z, zero, zero, z)]
        loops.append(Loop("sample", nout, tuple(blocks)))
        layers.append((start, nin, nout, x, row + nout))
        x, row = ("sample", row + nout), row + 2 * nout
    last = many("sample", x[1] + np.arange(sizes[-1])[None])
    score = at("sample", row)
    loops.append(Loop("sample", 1, (total(row, (1, last, None)), total(row + 1, (1, score, score)))))
    outputs.append(Output(1, at("sample", row + 1), None, np.array([[0]])))
    slopes, row = np.full(sizes[-1], row), row + 2
    for start, nin, nout, x, result in reversed(layers):
        members = np.arange(nout)[:, None]
        h, zero = many("sample", result + members), many("constant", 0 * members)
        slope = apply("where<=", row, h, zero, zero, many("sample", slopes[:, None]))
        two = total(row + nout, (1, many("constant", 1 + 0 * members), many("sample", row + members)))
        loops.append(Loop("sample", nout, (slope, two) if result == layers[-1][4] else (slope,)))
        row += nout * len(loops[-1].blocks)
        d = row - nout + members
        destinations = 1 + start + members * (nin + 1)
        inputs = many(x[0], x[1] + np.arange(nin)[:, None])
        outputs.append(Output(1, many("sample", d), inputs, destinations + np.arange(nin)))
        outputs.append(Output(1, many("sample", d), None, destinations + nin))
        weights = many("parameter", start + np.arange(nin)[:, None] + np.arange(nout) * (nin + 1))
        all_slopes = many("sample", np.broadcast_to(d.T, (nin, nout)))
        loops.append(Loop("sample", nin, (total(row, (1, weights, all_slopes)),)))
        slopes, row = row + np.arange(nin), row + nin
    return program(
        loops, outputs, int(starts[-1]) + 1, inputs=sizes[0], parameters=int(starts[-1]), constants=(0.0, 2.0)
    )


# The tests


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("sizes", [(2, 16, 16, 1), (3, 5, 7, 10), (1, 1), (70, 6, 2)])
def test_networks_agree_with_numpy(sizes: tuple[int, ...], fast: bool) -> None:
    require_agreement(network(sizes), fast, tolerance=1e-12 if fast else 0.0)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("space", ["sample", "uniform"])
def test_functions_agree_with_numpy(space: Space, fast: bool) -> None:
    leaf: Space = "input" if space == "sample" else "parameter"
    blocks = [apply(name, 3 * i, at(leaf, 0, 1, 2)) for i, name in enumerate(FUNCTIONS)]
    require_agreement(one_loop(blocks, 3, space, inputs=3, parameters=3), fast, (1, 9, 129))


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("exponent", [2.0, 3.0, -1.0, 0.5, 1.0, 2.5, 0.0])
def test_powers_agree_with_numpy(exponent: float, fast: bool) -> None:
    rolled = one_loop([apply("**", 0, at("input", 0), at("constant", 0))], 1, constants=(exponent,))
    require_agreement(rolled, fast, (9,))
    called = Called(rolled, fast=fast)
    special = np.array([[0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -2.0, 5e-324]])
    expected = judged(rolled, special, np.ones(1))
    np.testing.assert_allclose(called.each(special, np.ones(1)), expected, rtol=1e-15)


def test_power_of_two_operands() -> None:
    rolled = one_loop([apply("**", 0, at("input", 0, 1), at("parameter", 0, 1))], 2, inputs=2, parameters=2)
    require_agreement(rolled, False, (1, 9))


@pytest.mark.parametrize("fast", [False, True])
def test_comparison_with_nan_is_false(fast: bool) -> None:
    operands = [at("input", 0), at("constant", 0), at("constant", 1), at("constant", 2)]
    rolled = one_loop([apply("where<=", 0, *operands), apply("where<", 1, *operands)], 1, constants=(0.0, 1.0, 2.0))
    columns = np.array([[-1.0, 0.0, 1.0, np.nan, np.inf, -np.inf]])
    found = Called(rolled, fast=fast).each(columns, np.ones(1))
    assert found.tolist() == [[1, 1, 2, 2, 2, 1], [1, 2, 2, 2, 2, 1]]


@pytest.mark.parametrize("fast", [False, True])
def test_nan_and_infinity_keep_their_meaning(fast: bool) -> None:
    x, y = at("input", 0), at("input", 1)
    blocks = [total(0, (1, x, None), (-1, x, None)), apply("/", 1, x, y), total(2, (1, x, y))]
    rolled = one_loop(blocks, 1, inputs=2)
    columns = np.array([[np.inf, 1.0, 0.0, np.nan, -np.inf], [2.0, 0.0, 0.0, 1.0, 0.0]])
    found = Called(rolled, fast=fast).each(columns, np.ones(1))
    np.testing.assert_array_equal(found, judged(rolled, columns, np.ones(1)))


def test_quotients_by_a_number_and_its_square() -> None:
    e = at("sample", 0, 1)
    blocks = [
        apply("exp", 0, at("input", 0, 1)),
        total(2, (1, at("constant", 0, 0), None), (1, e, None)),
        total(4, (1, at("sample", 2, 3), at("sample", 2, 3))),
        apply("/", 6, e, at("sample", 2, 3)),
        apply("/", 8, e, at("sample", 4, 5)),
    ]
    rolled = one_loop(blocks, 2, inputs=2, constants=(1.0,))
    require_agreement(rolled, True, (9,), 1e-15)
    require_agreement(rolled, False, (9,), 1e-15)


FACTORS: tuple[tuple[Space, Space | None], ...] = (
    ("sample", "sample"),
    ("input", "sample"),
    ("input", "input"),
    ("sample", "parameter"),
    ("uniform", "input"),
    ("parameter", "constant"),
    ("parameter", "uniform"),
    ("sample", None),
    ("input", None),
    ("uniform", None),
)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("terms", [1, 3])
def test_reductions_of_all_kinds(terms: int, fast: bool) -> None:
    draw = random.Random(terms)
    counts = {"sample": 6, "input": 4, "parameter": 3, "constant": 2, "uniform": 2}
    outputs: list[Output] = []
    start = 0

    def rows(space: Space, members: int) -> Operand:
        return many(space, [[draw.randrange(counts[space]) for _ in range(terms)] for _ in range(members)])

    for members, others in ((1, 1), (5, 3), (8, 4), (21, 1)):
        for a, b in FACTORS:
            shape = members, 1 if b is None else others
            paired = b is not None and others == 1
            factor = None if b is None else rows(b, members if paired else others)
            places = list(range(start, start + math.prod(shape)))
            if draw.random() < 0.5:
                draw.shuffle(places)
            outputs.append(
                Output(draw.choice([1, -1]), rows(a, members), factor, np.array(places).reshape(shape), paired)
            )
            start += len(places) + draw.randrange(2)
    outputs += outputs[3:5]  # to the same destinations once more
    products = (1, at("input", 0, 1, 3), at("parameter", 2, 0, 1))
    loops = [
        Loop("uniform", 2, (total(0, (1, at("parameter", 0, 2), at("constant", 0, 1))),)),
        Loop("sample", 3, (total(0, products), total(3, (-1, at("input", 2, 2, 2), None)))),
    ]
    rolled = program(loops, outputs, start, inputs=4, parameters=3, constants=(0.5, 3.0))
    require_agreement(rolled, fast, (1, 8, 9, 129), 1e-13 if fast else 0.0)


@pytest.mark.parametrize("fast", [False, True])
def test_single_numbers_are_computed_in_vectors(fast: bool) -> None:
    squares = many("parameter", np.arange(100)[None])
    weights, decay = many("parameter", np.arange(100)[:, None]), at("constant", *[0] * 100)
    loops = [
        Loop("uniform", 1, (total(0, (1, squares, squares)),)),
        Loop(
            "uniform",
            100,
            (total(1, (1, decay, weights)), apply("tanh", 101, many("uniform", 1 + np.arange(100)[:, None]))),
        ),
    ]
    outputs = outputs_of(201, "uniform")
    outputs.append(Output(-1, weights, decay, 201 + np.arange(100)[:, None], paired=True))
    rolled = program(loops, outputs, 301, parameters=100, constants=(0.25,))
    require_agreement(rolled, fast, (1, 9, 129))


def test_infinite_numbers_do_not_meet_the_lanes_that_are_left() -> None:
    outputs = [Output(1, at("sample", 0), at("parameter", 0), np.array([[0]]))]
    rolled = program([Loop("sample", 1, (total(0, (1, at("input", 0), None)),))], outputs, 1)
    assert Called(rolled, fast=True).sums(np.ones((1, 3)), np.array([np.inf])).tolist() == [np.inf]


@pytest.mark.parametrize("banned", ["avx512", "avx"])
@pytest.mark.parametrize("fast", [False, True])
def test_narrower_machines(monkeypatch: pytest.MonkeyPatch, banned: str, fast: bool) -> None:
    binding = pytest.importorskip("llvmlite.binding")

    features = binding.get_host_cpu_features()
    for name in features:
        if name.startswith((banned, "avx10", "amx")) or (
            banned == "avx" and name in ("fma", "f16c", "vaes", "vpclmulqdq")
        ):
            features[name] = False
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: features)
    rolled = network((3, 5, 7, 10))
    assert Called(rolled, fast=fast).native.lanes <= (4 if banned == "avx512" else 2)
    require_agreement(rolled, fast, tolerance=1e-12 if fast else 0.0)


@pytest.mark.parametrize("seed", range(6))
def test_random_programs(seed: int) -> None:
    rolled = RandomProgram(seed).rolled()
    require_agreement(rolled, False, (1, 9, 129), 0.0)
    require_agreement(rolled, True, (9,), 1e-9)


class RandomProgram:
    """Programs of sums and comparisons with rows of every pattern, regular or not."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.counts: dict[str, int] = {"input": 5, "parameter": 7, "constant": 3, "uniform": 0, "sample": 0}

    def rolled(self) -> Rolled:
        loops = [self.loop() for _ in range(6)]
        rows = self.counts["sample"]
        constants = (1.0, -0.5, 0.25)
        return program(loops, outputs_of(rows) if rows else [], rows + 2, inputs=5, parameters=7, constants=constants)

    def loop(self) -> Loop:
        draw = self.draw
        space: Space = draw.choice(["uniform", "sample", "sample"])
        members = draw.choice([1, 1, 2, 3, 4, 5, 7, 8, 12, 20])
        start, blocks = self.counts[space], []
        for i in range(draw.randint(1, 12)):
            row = start + i * members
            own = [start + j * members for j in range(i)]
            if draw.random() < 0.3:
                operands = [self.operand(space, members, 1, own) for _ in range(4)]
                blocks.append(apply(draw.choice(["where<=", "where<"]), row, *operands))
            else:
                segments = []
                for _ in range(draw.randint(1, 2)):
                    terms = draw.choice([1, 1, 2, 5, 20])
                    a, b = (self.operand(space, members, terms, own) for _ in range(2))
                    segments.append((draw.choice([1, -1]), a, b if draw.random() < 0.6 else None))
                blocks.append(total(row, *segments))
        self.counts[space] += len(blocks) * members
        return Loop(space, members, tuple(blocks))

    def operand(self, loop: Space, members: int, terms: int, own: Sequence[int]) -> Operand:
        """Return an operand for a loop in a space whose results so far begin at the rows `own`."""
        draw = self.draw
        m, k = np.arange(members)[:, None], np.arange(terms)[None]
        if own and draw.random() < 0.5:
            return many(loop, m + np.array([draw.choice(own) for _ in range(terms)])[None])
        spaces: list[Space] = ["parameter", "constant", "uniform"]
        if loop == "sample":
            spaces += ["input", "sample", "sample"]
        space = draw.choice([s for s in spaces if self.counts[s]])
        scattered_m = np.array([draw.randrange(9) for _ in range(members)])[:, None]
        scattered_k = np.array([draw.randrange(9) for _ in range(terms)])[None]
        affine = m * draw.randint(0, 2) + k * draw.randint(0, 2)
        patterns = [affine, scattered_m + k, m + scattered_k, scattered_m * scattered_k, 0 * m + 0 * k]
        return many(space, (draw.choice(patterns) + draw.randrange(self.counts[space])) % self.counts[space])


def test_a_loop_that_repeats_is_written_once() -> None:
    def loop(row: int) -> Loop:
        weights = many("parameter", np.arange(64).reshape(8, 8))
        before: Space = "sample" if row else "input"
        x = many(before, np.broadcast_to(np.arange(max(row - 8, 0), max(row - 8, 0) + 8), (8, 8)))
        return Loop("sample", 8, (total(row, (1, weights, x)),))

    rolled = program([loop(8 * i) for i in range(20)], outputs_of(160), 160, inputs=8, parameters=64)
    require_agreement(rolled, False, (1, 9), 0.0)
    text = build(rolled, fast=False, each=False).ir[2]
    assert text.count("call void @loops1(") == 19
    assert "@loops2(" not in text


def test_long_straight_code() -> None:
    draw = random.Random(3)
    blocks = [total(0, (1, at("input", 0), None))]
    for row in range(1, 400):
        a, b = (at("sample", draw.randrange(max(0, row - 9), row)) for _ in range(2))
        blocks.append(total(row, (1, a, None), (draw.choice([1, -1]), b, at("parameter", draw.randrange(3)))))
    require_agreement(one_loop(blocks, 1, parameters=3), False, (1, 9), 0.0)


# Training

RATE = at("parameter", 0)


def momentum() -> Rolled:
    """Return the update s' = 0.9·s + g, p' = p - rate·s'."""
    blocks = (
        total(0, (1, at("constant", 0), at("input", 2)), (1, at("input", 1), None)),
        total(1, (1, at("input", 0), None), (-1, RATE, at("sample", 0))),
    )
    outputs = [Output(1, at("sample", 1), None, np.array([[0]])), Output(1, at("sample", 0), None, np.array([[1]]))]
    return program([Loop("sample", 1, blocks)], outputs, 2, inputs=3, constants=(0.9,))


class Trained:
    """A training run: the numbers before and after."""

    def __init__(self, rolled: Rolled, columns: Rows, parameters: Rows, rates: Rows, order: Rows | None = None) -> None:
        native = build(rolled, fast=False, update=momentum())
        self.native: Native = native
        size = len(parameters)
        stride = -(-size // native.lanes) * native.lanes
        self.states = [aligned(3, stride), aligned(3, stride)]
        self.states[0][0, :size] = parameters
        self.losses = np.full(len(rates), np.nan)
        data = padded(columns, native.lanes)
        count = columns.shape[1] if order is None else order.shape[1]
        batch = aligned(len(columns), -(-count // native.lanes) * native.lanes)
        spaces = [aligned(native.workspace // 8 + 1), aligned(native.update_workspace // 8 + 1)]
        sums = aligned(rolled.destinations + native.lanes)
        self.steps = native.minimize(
            len(rates),
            data.ctypes.data,
            data.shape[1],
            count,
            0 if order is None else order.ctypes.data,
            batch.ctypes.data,
            batch.shape[1],
            self.states[0].ctypes.data,
            self.states[1].ctypes.data,
            stride,
            rates.ctypes.data,
            self.losses.ctypes.data,
            sums.ctypes.data,
            *(x.ctypes.data for x in spaces),
        )
        self.parameters, self.memory = self.states[self.steps % 2][[0, 2], :size]


@pytest.mark.parametrize("batch", [None, 1, 7, 8])
def test_minimize_takes_the_steps_that_numpy_takes(batch: int | None) -> None:
    rolled, draw = network((3, 5, 2)), np.random.default_rng(0)
    columns, parameters = draw.normal(size=(3, 20)), draw.normal(size=rolled.parameters) / 2
    rates = np.array([0.01, 0.02, 0.005, 0.01, 0.01])
    order = None if batch is None else np.array([draw.permutation(20)[:batch] for _ in rates])
    trained = Trained(rolled, columns, parameters, rates, order)
    memory, losses = np.zeros_like(parameters), []
    for step, rate in enumerate(rates):
        chosen = columns if order is None else columns[:, order[step]]
        mean = judged(rolled, chosen, parameters).mean(1)
        losses.append(mean[0])
        memory = 0.9 * memory + mean[1:]
        parameters = parameters - rate * memory
    assert trained.steps == 5
    np.testing.assert_allclose(trained.losses, losses, rtol=1e-13)
    np.testing.assert_allclose(trained.parameters, parameters, rtol=1e-12)
    np.testing.assert_allclose(trained.memory, memory, rtol=1e-11)


def test_minimize_keeps_the_last_finite_state() -> None:
    rolled = network((1, 1))
    columns, rates = np.ones((1, 3)), np.array([0.01, 0.01, 1e308, 0.01])
    trained = Trained(rolled, columns, np.array([0.5, 0.5]), rates)
    kept = Trained(rolled, columns, np.array([0.5, 0.5]), rates[:2])
    assert trained.steps == 2
    np.testing.assert_array_equal(trained.parameters, kept.parameters)
    assert Trained(rolled, np.array([[1e200]]), np.array([1e200, 0.5]), rates).steps == 0


# The cache


def test_cached_code_runs_in_another_process(tmp_path: Path) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_llvm import *
from micrograd_like.compiler.cache import cached
made = []
def cache(key, make):
    return cached(key, lambda: made.append(1) or make())
names = ("**", "sin", "erf", "exp")
blocks = [apply(name, i, *[at("input", 0)] * (2 if name == "**" else 1)) for i, name in enumerate(names)]
blocks += [total(i, (1, at("sample", i - 1), at("input", 0))) for i in range(4, 20)]
called = Called(one_loop(blocks, 1), fast=False, cache=cache)
x = np.array([[2.0, 1e30]])
np.testing.assert_allclose(called.each(x, np.ones(1)), judged(called.rolled, x, np.ones(1)), rtol=1e-14)
print(len(made))
"""
    command, environment = [sys.executable, "-c", script], {"MICROGRAD_LIKE_CACHE": str(tmp_path / "cache")}
    runs = [subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(2)]
    assert [run.stdout for run in runs] == ["2\n", "0\n"]
