"""Training: `fit` moves a model's parameters until its loss on the samples is small.

    >>> import random
    >>> from micrograd_like import MLP, SGD, hinge
    >>> model = MLP(2, [4, 1], rng=random.Random(1))
    >>> history = fit(model, hinge, [[0, 1], [1, 0], [2, 3]], [1, -1, -1], epochs=50, optimizer=SGD(0.1))
    >>> history
    History of 50 epochs, loss from 0.761 to 0
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, Protocol

from micrograd_like.engine import Value, total
from micrograd_like.errors import require_count
from micrograd_like.history import DivergenceError, History, likely_cause, progress
from micrograd_like.kinds import plain
from micrograd_like.module import set_data
from micrograd_like.optim import Optimizer
from micrograd_like.points import replaced


class Model(Protocol):
    """What can be trained: a `Module` that is called with an input."""

    def __call__(self, x: Any, /) -> Any:
        """Return the outputs for the input x."""

    def parameters(self) -> list[Value]:
        """Return the leaves that training moves."""

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""


def fit(
    model: Model,
    loss: Callable[[Any, Any], Any],
    inputs: Sequence[Any],
    targets: Sequence[Any],
    *,
    epochs: int,
    optimizer: Optimizer,
    batch_size: int | None = None,
    rng: Any = random,
    compile: bool = False,  # noqa: A002 - as the function that does it
) -> History:
    """Train the model on the mean of loss(model(input), target), with a progress bar where there is tqdm.

    Ctrl-C ends the training with what was learned.

    Args:
        model: called with an input, it returns what `loss` takes.
        loss: of one sample, such as those of `micrograd_like.losses`.
        inputs: a row of numbers a sample.
        targets: a number, or a row of them, a sample.
        epochs: how many times each sample is used.
        optimizer: such as `SGD(0.1)`.
        batch_size: the number of samples a step, drawn without order; None for all of them.
        rng: shuffles the samples by its method `shuffle`.
        compile: whether to record the loss of one sample and run it compiled, for the target "auto": many times
            faster, if neither the model nor the loss decides by a number of the sample what to compute.

    Raises:
        DivergenceError: the loss, a gradient or a weight is not finite: the epoch, the batch and a likely cause.
        ValueError: there are no samples, not as many targets as inputs, or rows of different lengths; a number in them
            or a weight is not finite; a size is no positive integer; or the model has no parameters.
        TypeError: the model is no module, the optimizer no optimizer, or the loss does not return a Value.
    """
    if isinstance(model, type) or not hasattr(model, "parameters"):
        raise TypeError(f"the model is a Module, such as MLP(2, [4, 1]), not {model!r}")
    if not callable(loss):
        raise TypeError(f"the loss is a function of outputs and targets, such as hinge, not {loss!r}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"the optimizer is such as SGD(0.1), not {optimizer!r}")
    inputs, targets = _samples("inputs", inputs), _samples("targets", targets)
    if len(inputs) != len(targets):
        raise ValueError(f"training takes one target for each input, not {len(targets)} for {len(inputs)}")
    if not inputs:
        raise ValueError("there are no samples")
    size = len(inputs) if batch_size is None else batch_size
    require_count("epochs", epochs)
    require_count("batch_size", size)
    parameters, history, order = model.parameters(), History(), list(range(len(inputs)))
    if not parameters:
        raise ValueError("the model has no parameters: no leaf among its attributes, lists and modules")
    for p in parameters:
        if not math.isfinite(p.data):
            raise ValueError(f"a weight of the model is {p.data} before training: {p}")
    if not isinstance(compile, bool):
        raise TypeError(f"compile is True or False, not {compile!r}")
    if compile:
        return _fit_compiled(model, loss, inputs, targets, epochs, optimizer, size, rng)
    kept = _state(parameters, optimizer)
    try:
        with progress(epochs, "epoch") as show:
            for epoch in range(1, epochs + 1):
                if size < len(order):
                    rng.shuffle(order)
                losses = 0.0
                for batch, start in enumerate(range(0, len(order), size), 1):
                    samples = [(inputs[i], targets[i]) for i in order[start : start + size]]
                    try:
                        losses += _step(model, loss, samples, parameters, optimizer) * len(samples)
                    except (ArithmeticError, ValueError) as error:
                        if not isinstance(error, ArithmeticError) and not hasattr(error, "operation"):
                            raise  # a mistake in the loss, not the logarithm of 0
                        cause = likely_cause(error, kept[0], optimizer.rate())
                        raise DivergenceError(f"epoch {epoch}, batch {batch}: {error}. {cause}", history) from error
                    kept = _state(parameters, optimizer)
                history.losses.append(losses / len(order))
                show(history.losses[-1])
    except BaseException as error:
        set_data(parameters, kept[0])  # a step cut short is taken back
        vars(optimizer).update(kept[1])
        if not isinstance(error, KeyboardInterrupt):
            raise
        history.interrupted = True
    return history


def _fit_compiled(
    model: Model,
    loss: Callable[[Any, Any], Any],
    inputs: list[Any],
    targets: list[Any],
    epochs: int,
    optimizer: Optimizer,
    batch_size: int,
    rng: Any,
) -> History:
    compiler, training = (import_module(f"micrograd_like.compiler.{name}") for name in ("compiled", "training"))

    def of_sample(*numbers: Any) -> Any:
        items = iter(numbers)
        x, y = replaced(inputs[0], items), replaced(targets[0], items)
        return loss(model(x), y)

    rows = [[*_numbers(x), *_numbers(y)] for x, y in zip(inputs, targets, strict=True)]
    compiled = compiler.compile(of_sample, model.parameters(), inputs=len(rows[0]))
    history: History = training.fit(compiled, compiled.prepare(rows), optimizer, epochs, batch_size, rng)
    return history


def _state(parameters: Sequence[Value], optimizer: Optimizer) -> tuple[list[Any], dict[str, Any]]:
    """Return the weights, and what the optimizer remembers."""
    memory = {name: dict(value) if isinstance(value, dict) else value for name, value in vars(optimizer).items()}
    return [p.data for p in parameters], memory


def _step(
    model: Model,
    loss: Callable[[Any, Any], Any],
    samples: Sequence[tuple[Any, Any]],
    parameters: Sequence[Value],
    optimizer: Optimizer,
) -> float:
    """Move the parameters once and return the mean loss before. ArithmeticError for what is not finite."""
    losses = [loss(model(x), y) for x, y in samples]
    if not any(isinstance(each, Value) for each in losses):
        raise TypeError(f"the loss gave {losses[0]!r}: it has to give a Value, computed from the model's output")
    mean = total(losses) / len(samples)
    _require_finite("the loss", [mean.data])
    model.zero_grad()
    mean.backward()
    _require_finite("a gradient", [p.grad for p in parameters])
    optimizer.step(parameters)
    _require_finite("a weight", [p.data for p in parameters])
    return float(mean)


def _require_finite(what: str, numbers: Sequence[Any]) -> None:
    for number in numbers:
        if not math.isfinite(number):
            raise ArithmeticError(f"{what} is {number}")


def _samples(name: str, samples: Any) -> list[Any]:
    """Return the samples as plain numbers, Values or lists of them, all of one length and finite."""
    rows = [row.tolist() if hasattr(row, "tolist") else row for row in samples]
    lengths = {len(row) if isinstance(row, list | tuple) else 1 for row in rows}
    if len(lengths) > 1:
        raise ValueError(f"the {name} have rows of different lengths: {', '.join(map(str, sorted(lengths)))}")
    for i, row in enumerate(rows):
        try:
            bad = [x for x in _numbers(row) if not math.isfinite(x)]
        except TypeError as error:
            raise TypeError(f"{name}[{i}]: {error}") from None
        except OverflowError:
            raise OverflowError(f"{name}[{i}] has a number too large for a float") from None
        if bad:
            raise ValueError(f"{name}[{i}] has {bad[0]}: training takes finite numbers")
    return rows


def _numbers(row: Any) -> Iterator[Any]:
    """Yield the numbers of a row, an image of rows, or a number."""
    if isinstance(row, list | tuple):
        for part in row:
            yield from _numbers(part)
    else:
        yield row.data if isinstance(row, Value) else plain(row)
