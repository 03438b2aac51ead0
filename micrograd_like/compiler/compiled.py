"""A loss recorded once and compiled: the way in, and what comes back.

    >>> from micrograd_like import MLP, SGD, relu
    >>> import random
    >>> model = MLP(2, [4, 1], rng=random.Random(1))
    >>> step = compile(lambda x1, x2, y: relu(1 - y * model([x1, x2])), model.parameters(), target="python")
    >>> rows = [[0, 1, 1], [1, 0, -1], [2, 3, -1]]
    >>> round(step.value(rows), 3)
    0.761
    >>> step.minimize(rows, SGD(0.1), steps=50)
    History of 50 steps, loss from 0.761 to 0
    >>> step
    Compiled for python: 21 statements, 3 inputs, 17 parameters, 1 thread
"""

from __future__ import annotations

import gc
import math
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from threading import Lock
from time import perf_counter
from typing import Any

from micrograd_like.compiler.nonfinite import failure_of_samples
from micrograd_like.compiler.program import Program
from micrograd_like.compiler.recording import Inputs, record
from micrograd_like.compiler.requirements import require
from micrograd_like.compiler.samples import Samples
from micrograd_like.compiler.targets import TARGETS, chosen, kernels, parts
from micrograd_like.compiler.training import minimize
from micrograd_like.engine import Value
from micrograd_like.errors import require_count
from micrograd_like.history import History
from micrograd_like.kinds import is_array, number
from micrograd_like.optim import Optimizer
from micrograd_like.packages import package


def compile(  # noqa: A001 - what it does has this name
    loss: Callable[..., Any],
    parameters: Sequence[Value],
    *,
    inputs: Inputs = None,
    target: str = "auto",
    strict: bool = False,
    threads: int = 1,
    check: bool = False,
) -> Compiled:
    """Record the loss of one sample with its derivatives by the parameters, and compile the program.

    Args:
        loss: a function of a sample's numbers, written with this package's functions; it returns a `Value`.
        parameters: all the leaves that it uses, such as `model.parameters()`.
        inputs: how many numbers a sample has, or their names; None for the arguments of `loss`.
        target: "python", "numpy", "llvm" (machine code), "c" (by the system's compiler), or "auto": "llvm" where
            llvmlite is installed, else "numpy" where that is, else "python".
        strict: add in the order of the program, and never round a product and a sum at once. The target "python" does
            always; others are faster without. In any case the samples' sums are in an order of the target's own, and a
            factor that all samples share may be taken out of them; without `strict` quotients by the same number share
            its reciprocal, which is infinite for a number below 5.6e-309.
        threads: among how many the samples are divided. The result is the same for the same number.
        check: raise where a result is not finite, with the first sample and operation, as the engine would.

    Raises:
        TypeError: the loss does not return a Value, or decides what to compute by a number that it was given.
        ValueError: the loss uses leaves that are no parameters, or computes something else when called again; an
            argument is none of those named; or the program is too large for the target.
        ImportError: the target needs a package that is missing.
    """
    if target != "auto" and target not in TARGETS:
        raise ValueError(f"unknown target {target!r}: choose from auto, {', '.join(TARGETS)}")
    require_count("threads", threads)
    for name, option in (("strict", strict), ("check", check)):
        if not isinstance(option, bool):
            raise TypeError(f"{name} is True or False, not {option!r}")
    leaves: Any = list(parameters) if hasattr(parameters, "__iter__") else parameters
    with _without_collector():
        start = perf_counter()
        program = record(loss, leaves, inputs)
        timings = {"trace": perf_counter() - start}
        return Compiled(program, loss, leaves, target, strict, threads, check, timings)


class Compiled:
    """A compiled loss; made by `compile`.

    Attributes:
        program: what was recorded: `print(step.program)` shows it, `step.program.matrix_form()` in matrices.
        parameters: the Values, in the order of gradients.
        target: "python", "numpy", "llvm" or "c".
        loss, strict, threads, check: as given to `compile`.
        timings: the seconds that each stage of compiling took.
    """

    def __init__(
        self,
        program: Program,
        loss: Callable[..., Any],
        parameters: list[Value],
        target: str,
        strict: bool,
        threads: int,
        check: bool,
        timings: dict[str, float],
    ) -> None:
        self.program, self.loss, self.parameters = program, loss, parameters
        self.target = chosen() if target == "auto" else target
        self.strict, self.threads, self.check, self.timings = strict, threads, check, timings
        self._codes: dict[str, Any] = {}  # of training, by the update of the optimizer
        self._pool: tuple[int, Any] | None = None
        self._one_call = Lock()  # kernels have memory of their own, which two calls at once would share
        self._known_numbers: Any = None  # the array given last, which has been looked at
        self._kernels = kernels(self.target, program, strict, threads, timings)

    def __repr__(self) -> str:
        p = self.program
        return (
            f"Compiled for {self.target}{', strict' * self.strict}: {len(p.statements)} statements, "
            f"{len(p.inputs)} inputs, {p.parameter_count} parameters, {self.threads} thread{'s' * (self.threads > 1)}"
        )

    def prepare(self, data: Any) -> Samples:
        """Return data read once, to be given again in its place; for its forms and the errors see `Samples`."""
        columns = self.program.columns
        samples = data if isinstance(data, Samples) else Samples(columns, data)
        if samples.accepted_by is not self.program:
            if samples.names != columns:
                raise ValueError(f"the samples are of {', '.join(samples.names)}, not of {', '.join(columns)}")
            require(self.program, samples)
            samples.accepted_by = self.program
        return samples

    def value(self, data: Any, parameters: Any = None, *, each: bool = False) -> Any:
        """Return the mean loss over the samples, or with `each` the loss of each.

        Args:
            data: a sequence of rows, an array of them, a mapping of names to columns, or what `prepare` returned.
            parameters: a number for each, in place of what the Values hold.
            each: whether every sample is wanted by itself.

        Raises:
            ValueError, TypeError: the data will not do, as `Samples` says, or for the loss, or the parameters will not.
            ArithmeticError: with `check`, a result is not finite.
        """
        outputs = self._outputs(self._value_kernels, self.prepare(data), parameters, each)
        return outputs[0] if each else float(outputs[0])

    def value_and_gradient(self, data: Any, parameters: Any = None, *, each: bool = False) -> tuple[Any, Any]:
        """Return the mean loss, and its derivative by each parameter; or with `each` those of each sample.

        The gradient is in the order of `parameters`: a list for the target "python", else an array; with `each` it has
        a row for each sample. The arguments and the errors are those of `value`.
        """
        outputs = self._outputs(self._kernels, self.prepare(data), parameters, each)
        if each:
            return outputs[0], (list(zip(*outputs[1:], strict=True)) if self.target == "python" else outputs[1:].T)
        return (outputs[0] if self.target == "python" else outputs.item(0)), outputs[1:]

    def backward(self, data: Any) -> Any:
        """Add the derivatives of the mean loss to the gradients of the parameters, and return that loss.

        The errors are those of `value`.
        """
        value, gradient = self.value_and_gradient(data)
        for p, g in zip(self.parameters, gradient, strict=True):
            p.grad = p.grad + float(g)
        return value

    def minimize(
        self, data: Any, optimizer: Optimizer, steps: int, *, batch_size: int | None = None, rng: Any = random
    ) -> History:
        """Let the optimizer move the parameters so many steps down the mean loss.

        A terminal and a notebook show a progress bar where there is tqdm. Ctrl-C ends it with what was learned.

        Args:
            data: as of `value`.
            optimizer: such as `SGD(0.1)`; it goes on from what it remembers. One of your own has to treat all
                parameters alike; learning rates are asked for some steps ahead.
            steps: how many.
            batch_size: how many samples a step takes, drawn without order until all have been drawn, and again; None
                for all of them.
            rng: shuffles the samples by its method `shuffle`.

        Raises:
            DivergenceError: a loss or a parameter is not finite: the step, the sample, the operation. The parameters
                are those before that step.
            ValueError, TypeError: the data, `steps` or `batch_size` will not do; or the optimizer has a step that
                cannot be compiled.
        """
        return minimize(self, self.prepare(data), optimizer, steps, batch_size, rng)

    def means(self, samples: Samples, parameters: Any) -> Any:
        """Return the mean loss over the samples and its derivatives, one after the other."""
        return self._means(self._kernels, samples, parameters)

    def c_source(self, name: str = "loss") -> str:
        """Return the program as a file of C99, which needs nothing else: its first lines say how it is used.

        ImportError where NumPy is missing; ValueError if the name of its functions is no identifier of C.
        """
        rolling, c = (import_module(f"micrograd_like.compiler.{part}") for part in ("rolling", "c"))
        inputs, parameters = (", ".join(names) for names in (self.program.inputs, self.program.parameters))
        text: str = c.source(rolling.roll(self.program), name, f"Inputs: {inputs}. Parameters: {parameters}.")
        return text

    def native_steps(self, update: Program, state: Any) -> Any:
        """Return what takes many steps of an update at once, if the target has it."""
        if self.target != "llvm" or self.threads > 1:
            return None
        rolling, llvm = (import_module(f"micrograd_like.compiler.{name}") for name in ("rolling", "llvm"))
        rolled, key = self._kernels[0].rolled, str(update)
        if key not in self._codes:
            self._codes[key] = llvm.code_of_steps(rolled, rolling.roll(update, ordered=self.strict), self.strict)
        return llvm.Steps(self._codes[key], rolled, state.array)

    @cached_property
    def _value_kernels(self) -> list[Any]:
        """Kernels of the loss alone."""
        return kernels(self.target, self.program.first(1), self.strict, self.threads, {})

    def _outputs(self, some: list[Any], samples: Samples, parameters: Any, each: bool) -> Any:
        numbers = self._numbers(parameters)
        outputs = self._each(some, samples, numbers) if each else self._means(some, samples, numbers)
        if self.check and not self._all_finite(outputs):
            places = range(samples.count)
            error = failure_of_samples(
                self.loss, self.parameters, numbers, lambda some: self.means(some, numbers), samples, places
            )
            raise error or ArithmeticError("a result is not finite, though the engine's are: compile with strict=True")
        return outputs

    def _means(self, some: list[Any], samples: Samples, numbers: Any) -> Any:
        with self._one_call:
            if len(some) == 1:
                return some[0].means(samples.rows if self.target == "python" else samples.columns, numbers)
            found = self._in_threads("sums", some, samples, numbers)
        if self.target == "python":
            return [sum(x) / samples.count for x in zip(*found, strict=True)]
        return sum(found[1:], start=found[0]) / samples.count

    def _each(self, some: list[Any], samples: Samples, numbers: Any) -> Any:
        """Return the outputs of all samples: a row for each output."""
        with self._one_call:
            found = self._in_threads("each", some, samples, numbers)
        if self.target == "python":
            return [list(x) for x in zip(*(row for part in found for row in part), strict=True)]
        return found[0] if len(found) == 1 else package("numpy", "arrays").concatenate(found, axis=1)

    def _in_threads(self, what: str, some: list[Any], samples: Samples, numbers: Any) -> list[Any]:
        """Return what each kernel's method of this name gives for its share of the samples."""
        futures: Any = import_module("concurrent.futures")
        if self._pool is None or self._pool[0] != os.getpid():  # threads do not live on in a forked process
            self._pool = os.getpid(), futures.ThreadPoolExecutor(self.threads, "micrograd_like")
        data = parts(self.target, samples, len(some))
        started = [
            self._pool[1].submit(getattr(kernel, what), part, numbers) for kernel, part in zip(some, data, strict=False)
        ]
        try:
            return [future.result() for future in started]
        finally:  # after Ctrl-C too: nothing may go on in memory that the next call uses
            futures.wait(started)

    def _numbers(self, parameters: Any) -> Any:
        """Return the parameters' numbers, those given or those that the Values hold, as the target wants them."""
        if parameters is not None and parameters is self._known_numbers and len(parameters) == len(self.parameters):
            return parameters
        numbers: Any = [p.data for p in self.parameters] if parameters is None else parameters
        given = numbers.shape if is_array(numbers) else (len(numbers),) if hasattr(numbers, "__len__") else ()
        if given != (len(self.parameters),):
            raise ValueError(f"the program has {len(self.parameters)} parameters; numbers of shape {given} were given")
        if is_array(numbers) and numbers.dtype == float and numbers.flags.c_contiguous and self.target != "python":
            self._known_numbers = numbers
            return numbers
        numbers = [_number(x, i) for i, x in enumerate(numbers)]
        return numbers if self.target == "python" else package("numpy", "arrays").array(numbers)

    def _all_finite(self, outputs: Any) -> bool:
        if self.target == "python":
            return all(math.isfinite(x) for row in outputs for x in (row if isinstance(row, list) else [row]))
        return bool(package("numpy", "arrays").isfinite(outputs).all())


@contextmanager
def _without_collector() -> Iterator[None]:
    """Hold back the garbage collector, which would walk a growing recording again and again; there are no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _number(x: Any, i: int) -> Any:
    try:
        return x if type(x) is float else float(number(x))
    except (TypeError, OverflowError) as error:
        raise type(error)(f"parameter {i}: {error}") from None
