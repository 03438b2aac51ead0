"""Scale, reference cycles, bytes a node, and what an import brings with it."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import micrograd_like
from micrograd_like import Value, dot, log_softmax, maximum, total, where

MILLION = 1_000_000
MICROGRADS_BYTES = 688
"""What micrograd 0.1.0 takes for each node of the chain below."""


@pytest.fixture
def without_the_collector() -> Iterator[None]:
    """Leave freeing to the counts of references."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def values_alive() -> int:
    """Return how many Values there are: all of them are known to the collector, because they hold references."""
    return sum(type(x) is Value for x in gc.get_objects())


def chain(x: Value, b: Value, a: Value, operations: int) -> Value:
    for _ in range(operations // 2):
        x = x * b + a
    return x


def test_a_million_operations_in_a_row_are_built_differentiated_and_freed() -> None:
    x, b, a = Value(3.0), Value(1.0), Value(0.5)
    y = chain(x, b, a, MILLION)
    y.backward()
    assert (y.data, x.grad) == (3.0 + MILLION / 4, 1.0)
    before = values_alive()
    del y
    assert before - values_alive() == MILLION


def test_a_million_operations_side_by_side_are_differentiated() -> None:
    x = Value(0.5)
    total([x * 2.0 for _ in range(MILLION)]).backward()
    assert x.grad == 2.0 * MILLION


def everything(x: Value, y: Value) -> Any:
    """Return the result of every kind of record: one, two and many operands, plain numbers, several results."""
    z = (x * y + 2.0) / (3.0 - x) ** 2 + x.tanh() * maximum(x, y) + abs(-x) + where(x < y, x, y) + 2.0**x
    return dot([x, z, 1.0], [z, y, x], z) + total([x, 1.0, z]) + dot([x, y], [1.0, 2.0]) + log_softmax([x, y, 1.0])[1]


@pytest.mark.usefixtures("without_the_collector")
@pytest.mark.parametrize(
    "used", [lambda y: None, Value.backward, repr, lambda y: y.operands], ids=["built", "backward", "repr", "operands"]
)
def test_dropping_the_result_frees_the_graph(used: Callable[[Value], Any]) -> None:
    x, y = Value(0.5), Value(0.75)
    before = values_alive()
    result = everything(x, y)
    used(result)
    assert values_alive() > before + 20
    del result
    assert values_alive() == before


@pytest.mark.usefixtures("without_the_collector")
def test_a_failed_operation_keeps_nothing_alive() -> None:
    x = Value(-0.5)
    before = values_alive()
    with pytest.raises(ValueError, match="log"):
        (x * 2).log()
    assert values_alive() == before


@pytest.mark.parametrize("differentiated", [False, True])
def test_a_node_takes_a_quarter_of_micrograds_memory(differentiated: bool) -> None:
    x, b, a, nodes = Value(3.0), Value(0.5), Value(1.5), 20_000
    tracemalloc.start()
    y = chain(x, b, a, nodes)
    if differentiated:
        y.backward()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken / nodes <= MICROGRADS_BYTES / 4


def modules_imported(code: str) -> set[str]:
    """Return the names of the modules that a fresh interpreter imports to run `code`."""
    command = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"]
    folder = Path(micrograd_like.__file__).parents[1]
    return set(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.split())


def test_the_import_brings_nothing_but_the_standard_library() -> None:
    imported = modules_imported("import micrograd_like") - modules_imported("")
    packages = {name.partition(".")[0] for name in imported}
    assert "micrograd_like" in packages
    assert packages - {"micrograd_like"} <= sys.stdlib_module_names
