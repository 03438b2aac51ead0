"""Time of compiled graphs, of C written by hand, NumPy, JAX, PyTorch, CasADi and micrograd, on the same work in turn.

    pip install -e ".[bench]"
    python benchmarks/compiled.py
    python benchmarks/compiled.py moons digits

Prints a Markdown table for each of moons, start, growth, digits, activations and irregular, or for those that are
named: medians over the rounds, the ratio or the figure with its range, and the bar that its median is held against.

As in eager.py, every measurement has a process of its own, and the engines take turns. All have one thread. An engine
whose gradient differs from this engine's own, eager, is not timed.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module, metadata, util
from itertools import count, pairwise, repeat
from operator import add, mul, sub
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, time
from types import MappingProxyType
from typing import Any

from eager import machine, mean_time, moons
from peers import FOLDER, PEERS, RATE, SIZES, THREADS, Peer, Rows, network_in_c, network_in_numpy

CACHE, STARTED = "MICROGRAD_LIKE_CACHE", "MICROGRAD_LIKE_BENCHMARK_STARTED"  # variables of a child process
UNITS = {"s": 1.0, "µs": 1e6, "MB": 1e-6}
EAGER, MICROGRAD, C, NUMPY = "this engine, eager", "micrograd", "C by hand", "NumPy by hand"
JAX, TORCH, CASADI, VECTORS = "JAX jit", "PyTorch eager", "CasADi SX", "C with vector types"
PYTHON_TARGET, NUMPY_TARGET, LLVM, PENALIZED = "target python", "target numpy", "target llvm", "target llvm with L2"
NETWORKS = [(2, 16, 16, 1), (64, 16, 10), (64, 128, 128, 1), (784, 128, 10), (784, 1024, 192, 10)]
GROWTH_BARS = {24_961: ("≤ 1.25", "≤"), 101_770: ("≤", "≤ 1.3"), 1_002_570: ("≤", "≤ 1.3")}
"""Bars beside C and NumPy, by the number of parameters."""
ALPHA = 1e-4  # of micrograd's L2 term
HEADER = "\n| {} | time | beside | ratio or figure (range) | bar | |\n|---|---|---|---|---|---|"

# What a child process measures


def seconds_per_call(work: Callable[[], object], seconds: float = 0.4) -> float:
    """Return the mean time of a call, the collection of its garbage included, but not of what was there before."""
    work()
    start = perf_counter()
    work()
    calls = max(1, int(1e-3 / (perf_counter() - start)))
    gc.collect()
    gc.freeze()

    def many() -> None:
        for _ in repeat(None, calls):
            work()

    return mean_time(many, seconds) / calls


def compiled(target: str, points: Rows, targets: Sequence[float], theta: Sequence[float], activation: str) -> Peer:
    """Return the moons step of a target; of "llvm with L2", with the L2 term of micrograd's demo in each loss."""
    library: Any = import_module("micrograd_like")
    target, _, with_penalty = target.partition(" with ")
    model = library.MLP(2, SIZES[1:], activation)
    parameters = model.parameters()
    for p, number in zip(parameters, theta, strict=True):
        p.data = number

    def loss(x1: Any, x2: Any, y: Any) -> Any:
        return library.relu(1 - y * model([x1, x2]))

    def loss_with_penalty(x1: Any, x2: Any, y: Any) -> Any:
        return loss(x1, x2, y) + ALPHA * sum(p * p for p in parameters)

    step = library.compile(loss_with_penalty if with_penalty else loss, parameters, target=target)
    samples = step.prepare([[*point, y] for point, y in zip(points, targets, strict=True)])
    run = partial(step.minimize, samples, library.SGD(RATE))
    if target == "python":

        def move() -> None:
            for p, slope in zip(parameters, step.value_and_gradient(samples)[1], strict=True):
                p.data -= RATE * slope

        return Peer(lambda: step.value_and_gradient(samples)[1], move, lambda steps: run(steps=steps))
    numbers = import_module("numpy").array(theta)

    def move_numbers() -> None:
        nonlocal numbers
        _, slopes = step.value_and_gradient(samples, numbers)
        numbers -= RATE * slopes

    def gradient() -> Any:
        return step.value_and_gradient(samples, numbers)[1]

    code = None
    if target == "llvm":
        gradient()
        (kernel,) = step._kernels
        code = partial(kernel._native.sums, *kernel._arguments)  # no user calls it so
    return Peer(gradient, move_numbers, lambda steps: run(steps=steps), code, step)


ENGINES = PEERS | {
    name: partial(compiled, name.removeprefix("target "))
    for name in (PYTHON_TARGET, NUMPY_TARGET, LLVM, PENALIZED)
}


def weights(sizes: Sequence[int], bound: Callable[[int, int], float]) -> list[float]:
    """Return what MLP draws from `random`."""
    layers = [(nin, bound(nin, nout)) for nin, nout in pairwise(sizes) for _ in range(nout)]
    return [number for nin, a in layers for number in [*(random.uniform(-a, a) for _ in range(nin)), 0.0]]


def moons_problem() -> tuple[list[list[float]], list[int], list[float]]:
    """Return the points, their targets and the weights that every engine starts from."""
    random.seed(1337)
    points, targets = moons()
    return points, targets, weights(SIZES, lambda nin, nout: 1.0)


def moons_step(engine: str, activation: str = "relu") -> Peer:
    """Return the moons step of an engine."""
    return ENGINES[engine](*moons_problem(), activation)


def measure_gradients(engine: str, activation: str, steps: int) -> list[float]:
    """Return the gradient at the start, and again after so many steps."""
    peer = moons_step(engine, activation)
    gradients = list(peer.gradient())
    for _ in range(steps):
        peer.step()
    return gradients + list(peer.gradient())


def measure_gradient(engine: str, activation: str = "relu") -> float:
    """Return the seconds of a gradient, called from Python."""
    peer = moons_step(engine, activation)
    return seconds_per_call(peer.gradient)


def measure_code(engine: str, activation: str = "relu") -> float:
    """Return the seconds of the machine code of a gradient."""
    peer = moons_step(engine, activation)
    if peer.code is None:
        raise RuntimeError(f"{engine} is no machine code")
    return seconds_per_call(peer.code)


def measure_step(engine: str) -> float:
    """Return the seconds of a training step: forward, backward and update, called from Python."""
    peer = moons_step(engine)
    return seconds_per_call(peer.step)


def measure_run(engine: str) -> float:
    """Return the seconds of one step of a long run that stays out of Python."""
    peer, short, long = moons_step(engine), 1_000, 20_000
    run = peer.run
    if run is None:
        raise RuntimeError(f"{engine} has no training run of its own")

    def seconds(steps: int) -> float:
        start = perf_counter()
        run(steps)
        return perf_counter() - start

    seconds(short)
    return median((seconds(long) - seconds(short)) / (long - short) for _ in range(5))


START = """
from time import perf_counter
start = perf_counter()
import random, sys
from micrograd_like import MLP, SGD, compile, relu
model = MLP(2, [16, 16, 1])
def loss(x1, x2, y):
    return relu(1 - y * model([x1, x2]))
rows = [[random.gauss(0, 1), random.gauss(0, 1), random.choice([-1, 1])] for _ in range(100)]
step = compile(loss, model.parameters(), target=sys.argv[1])
step.minimize(step.prepare(rows), SGD(0.1), steps=100)
print(perf_counter() - start)
"""
"""A user's program, which tells the seconds from its first import to its hundredth step."""


def random_samples(sizes: Sequence[int]) -> tuple[Any, Any]:
    """Return 100 rows of inputs and of targets."""
    generator = import_module("numpy").random.default_rng(0)
    return generator.normal(size=(100, sizes[0])), generator.normal(size=(100, sizes[-1]))


def xavier(nin: int, nout: int) -> float:
    """Return the bound of the weights that MLP draws with init="xavier"."""
    return math.sqrt(6 / (nin + nout))


def fingerprint(gradient: Any) -> list[float]:
    """Return three sums of a gradient, of which no two gradients have the same."""
    np = import_module("numpy")
    sums = abs(gradient).sum(), gradient.sum(), gradient @ np.cos(np.arange(len(gradient)))
    return list(map(float, sums))


def measure_growth(engine: str, sizes: list[int], activation: str) -> dict[str, Any]:
    """Return what there is to know of a network's gradient in an engine."""
    inputs, targets = random_samples(sizes)
    random.seed(1337)
    if engine == LLVM:
        return growth_of_ours(sizes, activation, inputs, targets)
    theta = weights(sizes, xavier)
    if engine == C:
        gradient = network_in_c(sizes, inputs, targets, theta, activation)
    else:
        gradient = network_in_numpy(sizes, "squares", inputs, targets, theta, activation).gradient
    return {"fingerprint": fingerprint(gradient()), "gradient": seconds_per_call(gradient)}


def growth_of_ours(sizes: list[int], activation: str, inputs: Any, targets: Any) -> dict[str, Any]:
    """Return the same of the target llvm; and the time from the start of the process, the memory and the phases."""
    library, np, nin = import_module("micrograd_like"), import_module("numpy"), sizes[0]
    model = library.MLP(nin, sizes[1:], activation, init="xavier")
    parameters = model.parameters()

    def loss(*row: Any) -> Any:
        return library.sum_of_squares(model(row[:nin]), row[nin:])

    step = library.compile(loss, parameters, inputs=nin + sizes[-1], target="llvm")
    samples = step.prepare(np.hstack([inputs, targets]))
    _, first = step.value_and_gradient(samples)
    end_to_end = time() - float(os.environ[STARTED])
    resource = import_module("resource")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    theta, phases = np.array([p.data for p in parameters]), step.timings
    return {
        "fingerprint": fingerprint(first),
        "trace and roll": (phases["trace"] + phases["roll"]) / len(parameters),
        "LLVM": phases["emit"] + phases["compile"],
        "gradient": seconds_per_call(lambda: step.value_and_gradient(samples, theta)),
        "end to end": end_to_end,
        "memory": memory,
    }


def measure_digits(seed: int) -> float:
    """Return the seconds of `minimize` until 97 % of the held-out fifth are right; infinity if not in 500 steps."""
    library, np = import_module("micrograd_like"), import_module("numpy")
    images, labels = import_module("micrograd_like.datasets").digits()
    generator = random.Random(seed)
    shuffled = list(zip(images, labels, strict=True))
    generator.shuffle(shuffled)
    x = np.array([image for image, _ in shuffled]).reshape(-1, 64)
    y = np.array([label for _, label in shuffled])
    training = len(y) - len(y) // 5
    model = library.MLP(64, [16, 10], init="xavier", rng=generator)

    def loss(*row: Any) -> Any:
        return library.categorical_cross_entropy_with_logits(model(row[:64]), row[64:])

    step = library.compile(loss, model.parameters(), inputs=74, target="llvm")
    samples, optimizer = step.prepare(np.hstack([x, np.eye(10)[y]])[:training]), library.Adam(0.02)
    step.value_and_gradient(samples)
    seconds = 0.0
    for _ in range(50):
        start = perf_counter()
        step.minimize(samples, optimizer, steps=10)
        seconds += perf_counter() - start
        theta = np.array([p.data for p in model.parameters()])
        first, second = theta[: 65 * 16].reshape(16, 65), theta[65 * 16 :].reshape(10, 17)
        h = np.maximum(x[training:] @ first[:, :-1].T + first[:, -1], 0)
        logits = h @ second[:, :-1].T + second[:, -1]
        if (logits.argmax(1) == y[training:]).mean() >= 0.97:
            return seconds
    return math.inf


def random_graph(operations: int, leaves: Sequence[Any], generator: random.Random) -> Any:
    """Return the sum of all that nothing else uses in a graph of so many operations on random operands."""
    library, values = import_module("micrograd_like"), list(leaves)
    binary = [add, sub, mul, library.maximum]
    used: set[int] = set()
    for _ in range(operations):
        operator = generator.choice([*binary, library.sin, library.tanh, library.relu])
        operands = generator.choices(range(len(values)), k=2 if operator in binary else 1)
        used.update(operands)
        values.append(operator(*(values[i] for i in operands)))
    return library.total([value for i, value in enumerate(values) if i not in used])


def measure_irregular(operations: int) -> float:
    """Return the seconds a statement that a random graph takes from its function to its first gradient."""
    library, generator = import_module("micrograd_like"), random.Random(operations)
    parameters = [library.Value(generator.uniform(-1, 1)) for _ in range(20)]

    def loss(*inputs: Any) -> Any:
        return random_graph(operations, [*inputs, *parameters], random.Random(operations))

    start = perf_counter()
    step = library.compile(loss, parameters, inputs=4, target="llvm")
    step.value_and_gradient(step.prepare([[generator.uniform(-1, 1) for _ in range(4)]]))
    return (perf_counter() - start) / len(step.program.statements)


# What the parent process makes of it

Measurement = tuple[Any, ...]
"""`("step", "JAX jit")` stands for `measure_step("JAX jit")` in a process of its own."""
Results = list[Any] | str
"""What a measurement gave in each round; or in words why there is nothing."""

numbers_of_caches = count()


def measure(folder: Path, *measurement: Any, cache: str = "cache") -> Any:
    """Return what a measurement gives in a new process, with such a cache in the folder; RuntimeError if nothing."""
    what, *arguments = measurement
    child = ["-c", START, *arguments] if what == "start" else [__file__, json.dumps(measurement)]
    variables = THREADS | {FOLDER: str(folder), CACHE: str(folder / cache), STARTED: str(time())}
    done = subprocess.run(
        [sys.executable, *child], capture_output=True, text=True, check=False, env=os.environ | variables
    )
    if done.returncode:  # negative: a signal, where the memory ended
        error = (done.stderr.strip() or f"{what} ended with {done.returncode}").splitlines()[-1]
        raise RuntimeError(error.removeprefix("RuntimeError: "))
    return json.loads(done.stdout)


def in_turn(
    folder: Path,
    measurements: Sequence[Measurement],
    rounds: int,
    new_caches: bool = False,
    wrong: Mapping[str, str] = MappingProxyType({}),
) -> dict[Measurement, Results]:
    """Take measurements in turn, so many rounds: not of engines that are wrong, and none after one that fails."""
    results: dict[Measurement, Results] = {measurement: wrong.get(measurement[1], []) for measurement in measurements}
    for _ in range(rounds):
        for measurement, found in results.items():
            if isinstance(found, str):
                continue
            cache = f"cache {next(numbers_of_caches)}" if new_caches else "cache"
            try:
                found.append(measure(folder, *measurement, cache=cache))
            except RuntimeError as error:
                results[measurement] = str(error)
    return results


def print_row(work: str, unit: str, ours: Results, bar: str, beside: str = "", theirs: Results | None = None) -> None:
    """Print a line of a table.

    Beside another, a bar of "≥ 40" wants the other to be at least 40 times this one, and "≤ 1.25" wants this one to be
    at most 1.25 times the other. Alone, "≤ 0.5" wants this one to be at most 0.5 in its unit. A bar without a number
    says only which ratio to show.
    """
    sign, _, bound = bar.partition(" ")
    bar = bar if bound else ""
    if isinstance(ours, str) or isinstance(theirs, str):
        reason = ours if isinstance(ours, str) else theirs
        print(f"| {work} | | {beside} | {reason} | {bar} | **not measured** |", flush=True)
        return
    scaled = [x * UNITS[unit] for x in ours]
    if theirs is None:
        figures, bar = scaled, f"{bar} {unit}"
    else:
        figures = [b / a if sign == "≥" else a / b for a, b in zip(ours, theirs, strict=True)]
        beside = f"{beside}: {shown(median(theirs) * UNITS[unit])} {unit}"
    figure, met = median(figures), ""
    if bound:
        met = "ok" if (figure >= float(bound) if sign == "≥" else figure <= float(bound)) else "**MISSED**"
    spread = f"{shown(figure)} ({shown(min(figures))}–{shown(max(figures))})"
    print(f"| {work} | {shown(median(scaled))} {unit} | {beside} | {spread} | {bar} | {met} |", flush=True)


def shown(x: float) -> str:
    """Return a number with three digits, or more where they stand before the point."""
    return f"{x:,.0f}" if 1000 <= x < math.inf else f"{x:.3g}"


def wrong_gradients(folder: Path, engines: Sequence[str], activation: str, steps: int) -> dict[str, str]:
    """Say how far gradients, at the start and after so many steps, are from this engine's own, eager; return by how
    much those are that are wrong.
    """
    found = in_turn(folder, [("gradients", engine, activation, steps) for engine in (EAGER, *engines)], 1)
    expected, *others = found.values()
    if isinstance(expected, str):
        print(f"\nThe gradients were **not compared**: {expected}.")
        return {}
    differences, wrong = [], {}
    for engine, result in zip(engines, others, strict=True):
        if isinstance(result, str):
            wrong[engine] = result
            continue
        difference = max(abs(a - b) for a, b in zip(result[0], expected[0], strict=True))
        differences.append(f"{engine} {difference:.2g}")
        if not difference <= 1e-9:
            wrong[engine] = f"its gradient is off by {difference:.2g}"
    print(f"\nGradients ({activation}) differ from this engine's, eager, by (≤ 1e-9): {', '.join(differences)}.")
    return wrong


def print_moons(folder: Path) -> None:
    """Print the table of one training step in every engine."""
    engines = [PYTHON_TARGET, NUMPY_TARGET, LLVM, NUMPY, TORCH, JAX, CASADI, C, VECTORS]
    wrong = wrong_gradients(folder, [*engines, MICROGRAD], "relu", 3) | wrong_penalty(folder)
    step, gradient, code, run = (
        {engine: (what, engine) for engine in timed}
        for what, timed in (
            ("step", [EAGER, *engines, PENALIZED, MICROGRAD]),
            ("gradient", [LLVM, C]),
            ("code", [LLVM, C, VECTORS]),
            ("run", [LLVM, C]),
        )
    )
    found = in_turn(folder, [*step.values(), *gradient.values(), *code.values(), *run.values()], 5, wrong=wrong)
    print(HEADER.format("moons, MLP(2, [16, 16, 1])"))
    bars = {PYTHON_TARGET: "≥ 150", NUMPY_TARGET: "≥ 4000", LLVM: "≥ 50000"}
    for engine in (EAGER, *engines):
        bar = bars.get(engine, "≥")
        print_row(f"step: {engine}", "µs", found[step[engine]], bar, MICROGRAD, found[step[MICROGRAD]])
    for other, bar in ((JAX, "≥ 4"), (TORCH, "≥ 40"), (CASADI, "≥ 40"), (C, "≤ 2")):
        print_row(f"step: {LLVM}", "µs", found[step[LLVM]], bar, other, found[step[other]])
    print_row("step with the L2 term", "µs", found[step[PENALIZED]], "≤ 1.2", "without", found[step[LLVM]])
    for other, bar in ((C, "≤ 1.25"), (VECTORS, "≤")):
        print_row("gradient alone, its code", "µs", found[code[LLVM]], bar, other, found[code[other]])
    print_row("gradient alone, called from Python", "µs", found[gradient[LLVM]], "≤", C, found[gradient[C]])
    print_row("step inside `minimize`", "µs", found[run[LLVM]], "≤ 1.3", C, found[run[C]])


def wrong_penalty(folder: Path) -> dict[str, str]:
    """Return by how much the gradient with the L2 term is off, where it is: from the one without and 2·alpha·p."""
    measurements = [("gradients", EAGER, "relu", 0), ("gradients", PENALIZED, "relu", 0)]
    plain, penalized = in_turn(folder, measurements, 1).values()
    if isinstance(plain, str) or isinstance(penalized, str):
        return {PENALIZED: str(penalized)}
    _, _, theta = moons_problem()
    slopes = [2 * ALPHA * p for p in theta] * 2
    difference = max(abs(a - b - c) for a, b, c in zip(penalized[0], plain[0], slopes, strict=True))
    return {} if difference <= 1e-9 else {PENALIZED: f"its gradient is off by {difference:.2g}"}


def print_start(folder: Path) -> None:
    """Print the table of new processes."""
    in_numpy, in_llvm = ("start", "numpy"), ("start", "llvm")
    new = in_turn(folder, [in_numpy, in_llvm], 5, new_caches=True)
    in_turn(folder, [in_llvm], 1)  # fills the cache that the next runs find
    again = in_turn(folder, [in_llvm], 5)
    print(HEADER.format("start: from the import to the 100th step"))
    print_row(NUMPY_TARGET, "s", new[in_numpy], "≤ 0.5")
    print_row(f"{LLVM}, first run", "s", new[in_llvm], "≤ 0.9")
    print_row(f"{LLVM}, second run", "s", again[in_llvm], "≤ 0.4")


def print_growth(folder: Path) -> None:
    """Print the table of larger and larger networks."""
    print(HEADER.format("growth, 100 samples"))
    for sizes in NETWORKS:
        for activation in ("relu", "tanh"):
            ours, *others = (("growth", engine, sizes, activation) for engine in (LLVM, C, NUMPY))
            found = in_turn(folder, [ours, *others], 3, new_caches=True)
            parameters = sum((nin + 1) * nout for nin, nout in pairwise(sizes))
            work = f"{'-'.join(map(str, sizes))} {activation}"
            print_row(f"{work}: trace and roll, a parameter", "µs", part(found[ours], "trace and roll"), "≤ 12")
            print_row(f"{work}: LLVM", "s", part(found[ours], "LLVM"), "≤ 0.5")
            for other, bar in zip(others, GROWTH_BARS.get(parameters, ("≤", "≤")), strict=True):
                theirs = part(same_fingerprint(found[other], found[ours]), "gradient")
                print_row(f"{work}: gradient", "µs", part(found[ours], "gradient"), bar, other[1], theirs)
            if sizes == NETWORKS[-1]:
                print_row(f"{work}: start of the process to gradient", "s", part(found[ours], "end to end"), "≤ 15")
                print_row(f"{work}: memory by then", "MB", part(found[ours], "memory"), "≤ 1000")


def part(results: Results, name: str) -> Results:
    """Return one of the numbers of each round."""
    return results if isinstance(results, str) else [result[name] for result in results]


def same_fingerprint(results: Results, others: Results) -> Results:
    """Return the results if they are of the same gradient as others; else say that they are not."""
    if isinstance(results, str) or isinstance(others, str):
        return results
    (size, *_), pairs = others[0]["fingerprint"], zip(results[0]["fingerprint"], others[0]["fingerprint"], strict=True)
    difference = max(abs(a - b) for a, b in pairs) / size
    return results if difference <= 1e-9 else f"the gradients differ by {difference:.2g}"


def print_digits(folder: Path) -> None:
    """Print the table of the handwritten digits."""
    found = in_turn(folder, [("digits", seed) for seed in range(10)], 1)
    failures = [result for result in found.values() if isinstance(result, str)]
    seconds = [x for result in found.values() if not isinstance(result, str) for x in result]
    print(HEADER.format("digits, 64-16-10, 1,437 training images a step"))
    reached = sum(map(math.isfinite, seconds))
    work = f"97 % of the other 360 ({reached} of 10 shuffles get there)"
    print_row(work, "s", failures[0] if failures else seconds, "≤ 1")


def print_activations(folder: Path) -> None:
    """Print the table of networks with functions that the system has in vectors."""
    wrong = {activation: wrong_gradients(folder, [LLVM, C], activation, 0) for activation in ("sigmoid", "tanh")}
    print(HEADER.format("activations, MLP(2, [16, 16, 1])"))
    for activation, engines in wrong.items():
        for what, words, bar in (("code", "its code", "≤ 1.25"), ("gradient", "called from Python", "≤")):
            ours, theirs = ((what, engine, activation) for engine in (LLVM, C))
            found = in_turn(folder, [ours, theirs], 5, wrong=engines)
            print_row(f"gradient, {activation}, {words}", "µs", found[ours], bar, C, found[theirs])


def print_irregular(folder: Path) -> None:
    """Print the table of random graphs."""
    found = in_turn(folder, [("irregular", 1_000), ("irregular", 10_000)], 3, new_caches=True)
    print(HEADER.format("irregular, 20 parameters, 4 inputs"))
    for (_, operations), seconds in found.items():
        print_row(f"{operations:,} operations: a statement", "µs", seconds, "≤ 100")


TABLES = {
    "moons": print_moons,
    "start": print_start,
    "growth": print_growth,
    "digits": print_digits,
    "activations": print_activations,
    "irregular": print_irregular,
}


def versions() -> str:
    """Return what eager.py says of the machine, and the other packages and the C compiler."""
    names = [name for name in ("numpy", "llvmlite", "jax", "casadi") if util.find_spec(name)]
    gcc = shutil.which("gcc")
    compilers = [subprocess.check_output([gcc, "--version"], text=True).splitlines()[0]] if gcc else []
    return ", ".join([machine(), *(f"{name} {metadata.version(name)}" for name in names), *compilers])


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description="Time compiled graphs beside other engines.")
    parser.add_argument("tables", nargs="*", help=f"what to measure of {', '.join(TABLES)}; all of it by default")
    chosen = parser.parse_args().tables or list(TABLES)
    if unknown := [table for table in chosen if table not in TABLES]:
        parser.error(f"there is no table {unknown[0]}: choose from {', '.join(TABLES)}")
    if not shutil.which("gcc"):
        print("C compiler missing: there is no gcc on the PATH, and C by hand is not measured.")
    with TemporaryDirectory() as folder:
        for table in chosen:
            TABLES[table](Path(folder))
    print(f"\n{versions()}.")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].startswith("["):
        name, *arguments = json.loads(sys.argv[1])
        print(json.dumps(globals()[f"measure_{name}"](*arguments)))
    else:
        main()
