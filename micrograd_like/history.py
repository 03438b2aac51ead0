"""What came of a training, and how it is shown while it goes on."""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from micrograd_like.packages import package

LARGEST_DRAWN = 1e300  # matplotlib's axes overflow beyond


class History:
    """What came of a training. In a notebook it shows its curve, where matplotlib is installed.

    Args:
        unit: what a loss is taken of: "epoch", each sample once, or "step".

    Attributes:
        losses: the mean loss over the samples, one an epoch or a step, each batch's taken before its step.
        interrupted: whether Ctrl-C ended the training before its time.
    """

    def __init__(self, unit: str = "epoch") -> None:
        self.unit = unit
        self.losses: list[float] = []
        self.interrupted = False

    def __repr__(self) -> str:
        ends = f", loss from {self.losses[0]:.3g} to {self.losses[-1]:.3g}" if self.losses else ""
        return f"History of {len(self.losses)} {self.unit}s{ends}{', interrupted' if self.interrupted else ''}"

    def plot(self) -> Any:
        """Draw the loss curve and return its matplotlib axes. ImportError where matplotlib is not installed."""
        figure = package("matplotlib.figure", "a loss curve").Figure(figsize=(6, 3), layout="constrained")
        axes = figure.add_subplot(xlabel=self.unit, ylabel="loss", title=str(self))
        marker = "." if len(self.losses) < 50 else None  # more dots than that run together
        axes.plot(range(1, len(self.losses) + 1), self.losses, marker=marker)
        axes.xaxis.get_major_locator().set_params(integer=True)
        return axes

    def _repr_svg_(self) -> str | None:
        """Return the curve, the same text on every run; None where there is none, or nothing to draw it with."""
        finite = [abs(loss) for loss in self.losses if math.isfinite(loss)]
        if not finite or max(finite) > LARGEST_DRAWN:
            return None
        try:
            figure = self.plot().figure
        except ImportError:
            return None
        text = io.StringIO()
        with package("matplotlib", "a loss curve").rc_context({"svg.hashsalt": "loss", "svg.fonttype": "none"}):
            figure.savefig(text, format="svg", metadata={"Creator": None, "Date": None})
        return text.getvalue()


class DivergenceError(ArithmeticError):
    """The loss, a gradient or a weight was no finite number; the model has its last finite weights.

    Attributes:
        history: the epochs or steps before.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message, history)  # both, so that it can be pickled
        self.history = history

    def __str__(self) -> str:
        return str(self.args[0])


def likely_cause(error: Exception, weights: Sequence[Any], rate: float) -> str:
    """Return why training may have failed with an error, at weights and a learning rate, and what to do."""
    largest = max((abs(float(weight)) for weight in weights), default=0.0)
    if largest > 100 or str(error).startswith("a weight is"):
        return f"The weights have grown to {largest:.3g}: try a learning rate below {rate}"
    return "The weights are of ordinary size: look at the loss, such as the logarithm of a probability that is 0"


@contextmanager
def progress(count: int, unit: str) -> Iterator[Callable[..., None]]:
    """Yield what shows the loss after one more, or so many: with tqdm, a bar; without it nothing.

    The bar appears on a terminal, and in a notebook as text, which needs no widgets and is kept when the notebook is
    saved; not where the output goes to a file.
    """
    if find_spec("tqdm") is None:
        yield lambda loss, more=1: None
        return
    # A notebook is no terminal, and shows standard error as it shows errors.
    where = {"file": sys.stdout, "disable": False, "ncols": 80} if _in_notebook() else {"disable": None}
    with import_module("tqdm").tqdm(total=count, unit=unit, **where) as bar:

        def show(loss: float, more: int = 1) -> None:
            bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
            bar.update(more)

        yield show


def _in_notebook() -> bool:
    """Return whether a notebook, or another front end of IPython's kernel, shows the output."""
    ipython: Any = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
