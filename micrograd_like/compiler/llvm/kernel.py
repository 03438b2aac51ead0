"""The target "llvm" on NumPy's arrays: what holds the memory that the machine code of `module.py` works in."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any

from micrograd_like.compiler.blocks import Rolled
from micrograd_like.compiler.cache import cached
from micrograd_like.compiler.llvm.module import Native, build
from micrograd_like.compiler.samples import address, aligned
from micrograd_like.packages import package

SPARE = 64
"""The numbers that arrays are longer than what is asked for: more than a vector has."""


class Kernel:
    """A rolled program as machine code. Two threads need two, which `again` gives.

    Attributes:
        timings: the seconds it took to write the program, and to compile it or find it in the cache.
    """

    _columns: Any  # the arrays of the last call, whose addresses are known
    _parameters: Any
    _count: Any
    _arguments: tuple[int, ...]

    def __init__(self, rolled: Rolled, strict: bool) -> None:
        self.rolled, self.strict = rolled, strict
        self._native = build(rolled, fast=not strict, each=False, cache=cached)
        self.timings = {"emit": self._native.emit_seconds, "compile": self._native.compile_seconds}
        self._take_memory()

    def again(self) -> Kernel:
        """Return a kernel of the same program that can run at the same time."""
        other = copy(self)
        other._take_memory()
        return other

    def sums(self, columns: Any, parameters: Any) -> Any:
        """Return the sum of each output over the samples, whose inputs are the columns of an array."""
        self._point_at(columns, parameters)
        self._native.sums(*self._arguments)
        return self._sums.copy()

    def means(self, columns: Any, parameters: Any) -> Any:
        """Return the mean of each output over the samples."""
        if columns is not self._columns or parameters is not self._parameters:  # what a call costs counts here
            self._point_at(columns, parameters)
        self._native.sums(*self._arguments)
        return self._sums / self._count

    def each(self, columns: Any, parameters: Any) -> Any:
        """Return the outputs of each sample, as columns."""
        native, samples = self._native_each, columns.shape[1]
        stride = samples + SPARE
        out, workspace = aligned(self.rolled.destinations * stride), aligned(native.workspace // 8)
        data = address(columns), columns.strides[0] // 8, samples
        native.each(*data, address(parameters), address(out), stride, address(workspace))
        return out.reshape(self.rolled.destinations, stride)[:, :samples]

    @cached_property
    def _native_each(self) -> Native:
        return build(self.rolled, fast=not self.strict, cache=cached)

    def _take_memory(self) -> None:
        self._columns = self._parameters = None
        found = aligned(self.rolled.destinations + SPARE)
        self._sums, self._workspace = found[: self.rolled.destinations], aligned(self._native.workspace // 8)

    def _point_at(self, columns: Any, parameters: Any) -> None:
        """Keep the addresses of the arrays of a call."""
        self._columns, self._parameters = columns, parameters
        self._count = package("numpy", "arrays").array(float(columns.shape[1]))  # NumPy divides by an array faster
        data = address(columns), columns.strides[0] // 8, columns.shape[1]
        self._arguments = *data, address(parameters), address(self._sums), address(self._workspace)


def code_of_steps(rolled: Rolled, update: Rolled, strict: bool) -> Native:
    """Return the machine code of a program with the update of an optimizer, whose samples are the parameters."""
    return build(rolled, fast=not strict, update=update, each=False, cache=cached)


class Steps:
    """A program and the update of an optimizer, which take many steps without Python.

    Args:
        native: what `code_of_steps` returned.
        rolled: the program of the loss and its derivatives.
        state: a row of the parameters, one for their gradients, and one for each number remembered of them.
    """

    def __init__(self, native: Native, rolled: Rolled, state: Any) -> None:
        self._native = native
        self._workspaces = aligned(self._native.workspace // 8), aligned(self._native.update_workspace // 8)
        self._found = aligned(rolled.destinations + SPARE)
        rows, count = state.shape
        self._shape, self._stride = state.shape, -(-count // SPARE) * SPARE
        self._states = [aligned(rows * self._stride).reshape(rows, -1) for _ in range(2)]
        for each in self._states:
            each[:] = 0.0
        self._states[0][:, :count] = state

    @property
    def state(self) -> Any:
        """The rows after the steps taken so far."""
        return self._states[0][:, : self._shape[1]]

    def take(self, columns: Any, rates: Sequence[Any], batches: Sequence[Sequence[int]] | None) -> list[float]:
        """Take a step for each rate; return the losses before each, fewer if a number is not finite.

        Args:
            columns: the inputs of all samples.
            rates: the parameters of the update, for each step.
            batches: the places of the samples of each step, as many each; None for all.
        """
        np = package("numpy", "training")
        order = None if batches is None else np.array(batches, np.int64)
        if order is not None and (order.min() < 0 or order.max() >= columns.shape[1]):
            raise IndexError(f"a batch has a sample that is none of 0 to {columns.shape[1] - 1}")
        count = columns.shape[1] if order is None else order.shape[1]
        stride = count + SPARE
        batch = aligned(0 if order is None else columns.shape[0] * stride)
        losses, numbers = np.empty(len(rates)), np.array(rates)
        steps = self._native.minimize(
            len(rates),
            *(address(columns), columns.strides[0] // 8, count),
            *(0 if order is None else address(order), address(batch), stride),
            *(address(self._states[0]), address(self._states[1]), self._stride),
            *map(address, (numbers, losses, self._found, *self._workspaces)),
        )
        if steps % 2:
            self._states.reverse()
        found: list[float] = losses[:steps].tolist()
        return found
