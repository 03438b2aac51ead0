"""The loop of training, for a compiled loss: gradients by the kernel of the loss, steps by that of the optimizer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import mul
from time import perf_counter
from typing import TYPE_CHECKING, Any

from micrograd_like.compiler.nonfinite import failure_of_samples
from micrograd_like.compiler.samples import Samples
from micrograd_like.compiler.targets import kernels
from micrograd_like.compiler.updates import Update
from micrograd_like.errors import require_count
from micrograd_like.history import DivergenceError, History, likely_cause, progress
from micrograd_like.module import set_data
from micrograd_like.optim import Optimizer
from micrograd_like.packages import package

if TYPE_CHECKING:
    from micrograd_like.compiler.compiled import Compiled

SECONDS = 0.05
"""How long a run of steps may take before Ctrl-C is seen and the progress bar moves."""

Batch = Sequence[int] | None
"""The samples of a step, by their places; None for all."""


class Training:
    """An optimizer that moves the parameters of a compiled loss on samples.

    The Values are given their numbers, and the optimizer its memory, by `close`.

    Attributes:
        steps: how many steps have been taken.
        losses: the mean losses before each.

    Raises:
        TypeError, ValueError: the optimizer cannot be compiled.
    """

    def __init__(self, loss: Compiled, samples: Samples, optimizer: Optimizer) -> None:
        self.loss, self.samples, self.optimizer = loss, samples, optimizer
        self.update = Update(optimizer, loss.parameters)
        for p in loss.parameters:
            if not math.isfinite(p.data):
                raise ValueError(f"a weight of the model is {p.data} before training: {p}")
        numbers = [float(p.data) for p in loss.parameters]
        rows = [numbers, [0.0] * len(numbers), *self.update.memory()]
        self._state: _State = _Rows(rows) if loss.target == "python" else _Columns(rows)
        self._native = loss.native_steps(self.update.program, self._state)
        if self._native is None:
            (self._kernel,) = kernels(loss.target, self.update.program, loss.strict, 1, {})
        self.steps = 0
        self.losses: list[float] = []

    def take(self, batches: Sequence[Batch]) -> list[float]:
        """Take a step for each batch, and return the mean losses before each; fewer if a number is not finite."""
        start, rates = len(self.losses), self.update.rates(len(batches), self.steps)
        if self._native is not None:
            self._take_natively(batches, rates)
            return self.losses[start:]
        for batch, rate in zip(batches, rates, strict=True):
            samples = self.samples if batch is None else self.samples.chosen(batch)
            mean = self.loss.means(samples, self._state.parameters())
            after = self._state.stepped(self._kernel, mean, rate)
            if not (math.isfinite(mean[0]) and after.is_finite()):
                break
            self._state, self.steps = after, self.steps + 1
            self.losses.append(float(mean[0]))
        return self.losses[start:]

    def _take_natively(self, batches: Sequence[Batch], rates: Sequence[Sequence[float]]) -> None:
        """Take steps in runs of batches that have the same size."""
        taken = 0
        for size, run in groupby(batches, lambda batch: None if batch is None else len(batch)):
            some: Any = list(run)
            now = rates[taken : taken + len(some)]
            found = self._native.take(self.samples.columns, now, None if size is None else some)
            self._state, self.steps = _Columns(self._native.state), self.steps + len(found)
            self.losses += found
            taken += len(found)
            if len(found) < len(some):
                break

    def failure(self, batch: Batch) -> str:
        """Return what is not finite in the step of a batch that `take` did not take, and the likely cause."""
        numbers = [float(x) for x in self._state.parameters()]
        places = range(self.samples.count) if batch is None else batch
        given = self._state.parameters()
        error = None
        if not all(map(math.isfinite, self.loss.means(self.samples.chosen(places), given))):
            loss, samples = self.loss, self.samples
            error = failure_of_samples(
                loss.loss, loss.parameters, numbers, lambda some: loss.means(some, given), samples, places
            )
        error = error or ArithmeticError("a weight is not finite after the step")
        return f"{error}. {likely_cause(error, numbers, self.update.rates(1, self.steps)[0][1])}"

    def close(self) -> None:
        """Give the Values their numbers, and the optimizer what it remembers."""
        set_data(self.loss.parameters, map(float, self._state.parameters()))
        self.update.remember(self._state.memory(), self.steps)
        self.steps = 0


class _Rows:
    """The parameters with their gradients and memories, a tuple for each: for the target "python"."""

    def __init__(self, numbers: Sequence[Sequence[float]]) -> None:
        self._columns = numbers

    def parameters(self) -> Sequence[float]:
        return self._columns[0]

    def memory(self) -> Sequence[Sequence[float]]:
        return self._columns[2:]

    def stepped(self, kernel: Any, mean: Sequence[float], rate: Sequence[float]) -> _Rows:
        found = kernel.each(list(zip(self._columns[0], mean[1:], *self._columns[2:], strict=True)), rate)
        parameters, *memory = zip(*found, strict=True)
        return _Rows([parameters, (), *memory])

    def is_finite(self) -> bool:
        return all(map(math.isfinite, self._columns[0]))


class _Columns:
    """The same as an array, a column for each parameter: for the other targets."""

    def __init__(self, numbers: Any) -> None:
        np = package("numpy", "training")
        self.array = np.array(numbers)
        self._isfinite = np.isfinite

    def parameters(self) -> Any:
        return self.array[0]

    def memory(self) -> Any:
        return self.array[2:].tolist()

    def stepped(self, kernel: Any, mean: Any, rate: Sequence[float]) -> _Columns:
        self.array[1] = mean[1:]
        found = kernel.each(self.array, package("numpy", "training").array(rate))
        after = _Columns(self.array)
        after.array[0], after.array[2:] = found[0], found[1:]
        return after

    def is_finite(self) -> bool:
        return bool(self._isfinite(self.array[0]).all())


_State = _Rows | _Columns


def minimize(
    loss: Compiled, samples: Samples, optimizer: Optimizer, steps: int, batch_size: int | None, rng: Any
) -> History:
    """Take so many steps; for the arguments and the errors see `Compiled.minimize`."""
    require_count("steps", steps)
    batches = _batches(samples.count, batch_size, rng)
    training, history = Training(loss, samples, optimizer), History("step")
    run = 1
    try:
        with progress(steps, "step") as show:
            while training.steps < steps:
                start = perf_counter()
                chosen = [next(batches) for _ in range(min(run, steps - training.steps))]
                losses = training.take(chosen)
                if len(losses) < len(chosen):
                    what = training.failure(chosen[len(losses)])
                    raise DivergenceError(f"step {training.steps + 1}: {what}", history)
                show(losses[-1], len(losses))
                run = max(1, int(run * min(2.0, SECONDS / (perf_counter() - start))))
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        history.losses += training.losses
        training.close()
    return history


def fit(
    loss: Compiled, samples: Samples, optimizer: Optimizer, epochs: int, batch_size: int, rng: Any
) -> History:
    """Use each sample so many times; for the arguments and the errors see `micrograd_like.fit`."""
    training, history, order = Training(loss, samples, optimizer), History(), list(range(samples.count))
    try:
        with progress(epochs, "epoch") as show:
            for epoch in range(1, epochs + 1):
                batches: list[Batch] = [None]
                if batch_size < len(order):
                    rng.shuffle(order)
                    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
                losses = training.take(batches)
                if len(losses) < len(batches):
                    batch = len(losses)
                    what = f"epoch {epoch}, batch {batch + 1}: {training.failure(batches[batch])}"
                    raise DivergenceError(what, history)
                sizes = [len(order if batch is None else batch) for batch in batches]
                history.losses.append(sum(map(mul, losses, sizes)) / len(order))
                show(history.losses[-1])
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        training.close()
    return history


def _batches(count: int, size: int | None, rng: Any) -> Iterator[Batch]:
    """Yield the batches of all steps: so many of all samples in an order, and so on in another order."""
    if size is None:
        while True:
            yield None
    require_count("batch_size", size)
    if size > count:
        raise ValueError(f"batch_size is at most the number of samples, {count}, not {size}")
    order: list[int] = []
    start = 0
    while True:
        if start + size > len(order):
            more = list(range(count))
            rng.shuffle(more)
            order, start = order[start:] + more, 0
        yield order[start : start + size]
        start += size
