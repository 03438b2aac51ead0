"""What a program can be compiled for, and the interface that they share: a kernel.

A kernel has three methods: `sums(data, parameters)` returns the sum of each output over the samples,
`means(data, parameters)` the mean, and `each(data, parameters)` the outputs of each sample. The data are rows for the
target "python", and columns, an array of inputs × samples, for the others.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from micrograd_like.compiler import python
from micrograd_like.compiler.program import Program
from micrograd_like.compiler.samples import LANES, Samples
from micrograd_like.packages import package

TARGETS = ("python", "numpy", "llvm", "c")
"""The names of the targets, each a file of this folder."""
PACKAGES = {"numpy": ["numpy"], "llvm": ["numpy", "llvmlite"], "c": ["numpy"]}
"""The packages that targets need."""


def chosen() -> str:
    """Return the target that "auto" stands for: the fastest whose package is installed.

    A training step of 337 parameters and 100 samples takes "llvm" 6 µs, "numpy" 60 µs and "python" 1,500 µs; the same
    order holds for all sizes measured (benchmarks/compiled.py). "c" is never chosen: it needs a compiler on the machine
    and gives nothing over "llvm".
    """
    return next((target for target in ("llvm", "numpy") if all(map(find_spec, PACKAGES[target]))), "python")


def kernels(target: str, program: Program, strict: bool, count: int, timings: dict[str, float]) -> list[Any]:
    """Return so many kernels of a program, to run at the same time; add the seconds each stage took to `timings`."""
    if target == "python":
        return [python.Kernel(program)] * count
    for name in PACKAGES[target]:
        package(name, f'the target "{target}"')
    rolling, module = (import_module(f"micrograd_like.compiler.{name}") for name in ("rolling", target))
    start = perf_counter()
    rolled = rolling.roll(program, ordered=strict)
    timings["roll"] = perf_counter() - start
    first = module.Kernel(rolled, strict)
    for stage, seconds in getattr(first, "timings", {"compile": perf_counter() - start - timings["roll"]}).items():
        timings[stage] = seconds
    return [first, *(first.again() for _ in range(count - 1))]


def parts(target: str, samples: Samples, count: int) -> list[Any]:
    """Return the data for so many kernels: equal shares, in their order, of whole vectors but for the last.

    There are fewer parts where there are few samples.
    """
    rows = target == "python"
    size = -(-samples.count // (count * LANES)) * LANES
    starts = range(0, samples.count, size)
    return [samples.rows[i : i + size] if rows else samples.columns[:, i : i + size] for i in starts]
