"""Time and memory of this engine, of micrograd and of PyTorch's scalars, on the same work in turn.

    pip install -e ".[bench]"
    python benchmarks/eager.py

Prints a Markdown table: medians, the ratio with its range over the rounds, and the bar that its median is held against.

Every measurement has a process of its own, so that no engine's garbage collector walks another's objects, and the
engines take turns, so that a machine that slows down slows all. Times include the collection of what the work leaves
behind: micrograd's nodes are reference cycles, which only the collector frees.
"""

from __future__ import annotations

import gc
import json
import math
import platform
import random
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib import import_module, metadata, util
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

OURS, MICROGRAD, TORCH = "micrograd_like", "micrograd", "torch"
UNITS = {"step": ("ms", 1e3), "chain": ("µs", 1e6), "memory": ("bytes", 1.0)}

# What a child process measures


def mean_time(work: Callable[[], object], seconds: float = 1.0) -> float:
    """Return the mean time of work(), repeated for so many seconds, the collection of its garbage included."""
    gc.collect()
    runs, start = 0, perf_counter()
    while perf_counter() - start < seconds:
        work()
        runs += 1
    gc.collect()
    return (perf_counter() - start) / runs


def moons(n: int = 100, noise: float = 0.1) -> tuple[list[list[float]], list[int]]:
    """Return n points on two interleaved half circles, and the half circle of each as -1 or 1, without scikit-learn."""
    points, targets = [], []
    for i in range(n):
        angle, upper = math.pi * random.random(), i % 2
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([random.gauss(x, noise), random.gauss(y, noise)])
        targets.append(1 if upper else -1)
    return points, targets


def training(engine: str, neuron: str = "as it is") -> Callable[[], Any]:
    """Return the training step of micrograd's own demo, which returns the loss; without the demo's L2 term."""
    nn: Any = import_module(f"{engine}.nn")
    value = value_type(engine)
    if neuron == "written out":
        nn.dot = lambda w, x, b: sum((wi * xi for wi, xi in zip(w, x)), b)  # noqa: B905 - the line is micrograd's
    random.seed(1337)
    points, targets = moons()
    model = nn.MLP(2, [16, 16, 1])

    def step() -> Any:
        inputs = [list(map(value, point)) for point in points]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(targets, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        return loss.data

    return step


def measure_losses(engine: str, *neuron: str) -> list[float]:
    """Return the losses of three training steps."""
    step = training(engine, *neuron)
    return [step() for _ in range(3)]


def measure_step(engine: str, *neuron: str) -> float:
    """Return the seconds that one training step takes."""
    step = training(engine, *neuron)
    step()
    return mean_time(step)


def value_type(engine: str) -> Any:
    """Return what makes a leaf from a number."""
    if engine != TORCH:
        return import_module(f"{engine}.engine").Value
    torch = import_module("torch")
    torch.set_num_threads(1)
    return partial(torch.tensor, dtype=torch.float64, requires_grad=True)


def chain(engine: str) -> Callable[[int], Any]:
    """Return the function that builds x = x*b + a, repeated until there are so many operations."""
    value = value_type(engine)
    a, b, start = value(0.5), value(0.999), value(1.0)

    def build(operations: int) -> Any:
        x = start
        for _ in range(operations // 2):
            x = x * b + a
        return x

    return build


def measure_chain(engine: str, operations: int, collector: str = "on") -> float:
    """Return the seconds that one operation of a chain takes to be built, differentiated and dropped."""
    sys.setrecursionlimit(operations + 1000)  # micrograd sorts by recursion
    build = chain(engine)
    build(100).backward()
    if collector == "off":
        gc.disable()
    return mean_time(lambda: build(operations).backward()) / operations


def measure_memory(engine: str, operations: int) -> float:
    """Return the bytes that one operation of a chain takes before backward."""
    build = chain(engine)
    tracemalloc.start()
    x = build(operations)
    size, _ = tracemalloc.get_traced_memory()
    del x
    return size / operations


# What the parent process makes of it

Measurement = tuple[Any, ...]
"""`("memory", "micrograd", 1000)` stands for `measure_memory("micrograd", 1000)` in a process of its own."""


def measure(what: str, engine: str, *arguments: Any) -> Any:
    """Return what `measure_<what>(engine, *arguments)` returns in a new process; RuntimeError if it cannot."""
    if not util.find_spec(engine):
        raise RuntimeError(f'{engine} is missing: `pip install -e ".[bench]"`')
    command = [sys.executable, __file__, json.dumps([what, engine, *arguments])]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode:  # negative: a signal, where the stack or the memory ended
        raise RuntimeError((child.stderr.strip() or f"{engine} ended with {child.returncode}").splitlines()[-1])
    return json.loads(child.stdout)


def print_row(work: str, this: Measurement, beside: str, other: Measurement, bar: str, rounds: int) -> None:
    """Take two measurements in turn and print the line of the table.

    A bar of "≥ 40" wants the other to be at least 40 times this one; "≤ 0.25" wants this one to be at most a quarter.
    """
    try:
        pairs = [(measure(*this), measure(*other)) for _ in range(rounds)]
    except RuntimeError as error:
        print(f"| {work} | | {error} | | {bar} | **not measured** |", flush=True)
        return
    sign, bound = bar.split()
    ratios = [b / a if sign == "≥" else a / b for a, b in pairs]
    ratio = median(ratios)
    met = "ok" if (ratio >= float(bound) if sign == "≥" else ratio <= float(bound)) else "**MISSED**"
    unit, scale = UNITS[this[0]]
    ours, theirs = (f"{median(times) * scale:.4g} {unit}" for times in zip(*pairs, strict=True))
    spread = f"{ratio:.3g} ({min(ratios):.3g}–{max(ratios):.3g})"
    print(f"| {work} | {ours} | {beside}: {theirs} | {spread} | {bar} | {met} |", flush=True)


def same_losses() -> str:
    """Say whether the engines compute the same losses, without which their times mean nothing."""
    try:
        ours = measure("losses", OURS) + measure("losses", OURS, "written out")
        theirs = measure("losses", MICROGRAD) * 2
    except RuntimeError as error:
        return f"The losses were **not compared**: {error}."
    difference = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    met = "ok" if difference <= 1e-9 else "**MISSED**"
    return f"The losses of three moons steps differ by {difference:.2g} from micrograd's (≤ 1e-9: {met})."


def machine() -> str:
    """Return the versions, the processor and the date."""
    packages = [f"{name} {metadata.version(name)}" for name in (MICROGRAD, TORCH) if util.find_spec(name)]
    cpuinfo = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else [platform.processor()]
    return ", ".join([f"Python {platform.python_version()}", *packages, *models[:1], str(date.today())])


def main() -> None:
    """Print the table."""
    losses = same_losses()
    print("| work | this engine | beside | ratio (range) | bar | |\n|---|---|---|---|---|---|")
    theirs = ("step", MICROGRAD)
    print_row("moons training step", ("step", OURS), "micrograd", theirs, "≥ 40", 5)
    print_row("the same without `dot`", ("step", OURS, "written out"), "micrograd", theirs, "≥ 10", 5)
    work = "operation in a chain of"
    for n, power, rounds in ((10**3, "10³", 5), (10**4, "10⁴", 5), (10**5, "10⁵", 5), (10**6, "10⁶", 3)):
        print_row(f"{work} {power}", ("chain", OURS, n), "micrograd", ("chain", MICROGRAD, n), "≥ 3", rounds)
    print_row(f"{work} 10⁶", ("chain", OURS, 10**6), "PyTorch", ("chain", TORCH, 10**6), "≥ 5", 3)
    for collector, bar in (("off", "≤ 1.6"), ("on", "≤ 2.6")):
        long, short = (("chain", OURS, n, collector) for n in (10**6, 10**3))
        print_row(f"{work} 10⁶, collector {collector}", long, "in one of 10³", short, bar, 5)
    print_row("node before backward", ("memory", OURS, 10**5), "micrograd", ("memory", MICROGRAD, 10**5), "≤ 0.25", 1)
    print(f"\n{losses} {machine()}.")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        name, *arguments = json.loads(sys.argv[1])
        print(json.dumps(globals()[f"measure_{name}"](*arguments)))
    else:
        main()
