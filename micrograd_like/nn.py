"""Neurons, layers and multilayer perceptrons, with micrograd's names and order of random numbers.

    >>> import random
    >>> model = MLP(3, [2, 1], activation="sigmoid", output="sigmoid", init="xavier", rng=random.Random(0))
    >>> model
    MLP of [Layer of [SigmoidNeuron(3), SigmoidNeuron(3)], Layer of [SigmoidNeuron(2)]]
    >>> round(model([1.0, 0.0, 1.0]).data, 4)
    0.5829
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from micrograd_like import functions
from micrograd_like.engine import Operand, Value, dot
from micrograd_like.errors import require_count
from micrograd_like.kinds import is_symbol
from micrograd_like.module import Module
from micrograd_like.operations import read

# Module is here because micrograd has it here.
__all__ = ["ACTIVATIONS", "INITS", "MLP", "Layer", "Module", "Neuron", "linear"]

T = TypeVar("T")


def linear(x: Any) -> Any:
    """Return x: no activation."""
    return x


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": linear,
    "relu": functions.relu,
    "leaky_relu": functions.leaky_relu,
    "gelu": functions.gelu,
    "softplus": functions.softplus,
    "sigmoid": functions.sigmoid,
    "tanh": functions.tanh,
    "sin": functions.sin,
}
"""The activations by name; any function of one `Value` serves as well."""

INITS: dict[str, Callable[[int, int], float]] = {
    "uniform": lambda nin, nout: 1.0,
    "xavier": lambda nin, nout: math.sqrt(6 / (nin + nout)),
    "he": lambda nin, nout: math.sqrt(6 / nin),
}
"""The bound a of weights drawn uniformly from [-a, a), for a layer of `nout` neurons with `nin` inputs each.

uniform: micrograd's and document 001's. xavier: Glorot and Bengio, Understanding the difficulty of training deep
feedforward neural networks, 2010, equation 16. he: He et al., Delving deep into rectifiers, 2015, for relu.
"""


class Neuron(Module):
    """activation(Σ wᵢ·xᵢ + b), with the bias b = 0 at first.

    Args:
        nin: the number of inputs.
        nonlin: False is micrograd's way to say activation="linear".
        activation: a name in `ACTIVATIONS`, or a function of a Value.
        init: a name in `INITS`.
        rng: draws the weights by its method `uniform(low, high)`: a `random.Random`, or a generator of NumPy's.
        nout: the number of neurons in the layer, which "xavier" asks for.

    Raises:
        ValueError: there are no inputs, or the activation or the init is unknown.
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: str | Callable[[Any], Any] = "relu",
        init: str = "uniform",
        rng: Any = random,
        nout: int = 1,
    ) -> None:
        require_count("the number of inputs", nin)
        bound = _chosen("init", init, INITS)(nin, nout)
        self.w = [Value(rng.uniform(-bound, bound), f"w{i}") for i in range(nin)]
        self.b = Value(0.0, "b")
        self.activation = _activation(activation) if nonlin else linear

    def __call__(self, x: Iterable[Operand]) -> Any:
        """Return the neuron's output for the inputs x."""
        return self.activation(dot(self.w, x, self.b))

    def __repr__(self) -> str:
        name = getattr(self.activation, "__name__", type(self.activation).__name__)
        return f"{'ReLU' if name == 'relu' else name.capitalize()}Neuron({len(self.w)})"


class Layer(Module):
    """`nout` neurons with the same `nin` inputs; `options` are those of `Neuron`."""

    def __init__(self, nin: int, nout: int, **options: Any) -> None:
        require_count("the number of neurons of a layer", nout)
        self.neurons = [Neuron(nin, nout=nout, **options) for _ in range(nout)]

    def __call__(self, x: Iterable[Operand]) -> Any:
        """Return the list of the neurons' outputs for the inputs x; of one neuron, its output.

        Raises:
            ValueError: there are more or fewer inputs than the neurons have weights.
        """
        if not isinstance(x, Iterable):
            what = "a single number" if is_symbol(x) else type(x).__name__
            raise TypeError(f"the inputs of a layer are a sequence, such as [x], not {what}")
        inputs, _, _ = read(x)
        nin = len(self.neurons[0].w)
        if len(inputs) != nin:
            raise ValueError(f"a layer with {nin} inputs got {len(inputs)}")
        outputs = [neuron(inputs) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """A multilayer perceptron: layers of `nouts` neurons, each fed by the one before, the first by `nin` inputs.

    Args:
        nin: the number of inputs.
        nouts: the number of neurons of each layer, the last being the number of outputs.
        activation: of every layer but the last, as of `Neuron`.
        output: of the last layer, likewise.
        init, rng: as of `Neuron`.

    Raises:
        ValueError: there are no layers, a layer is empty, or a name is unknown.
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str | Callable[[Any], Any] = "relu",
        output: str | Callable[[Any], Any] = "linear",
        init: str = "uniform",
        rng: Any = random,
    ) -> None:
        if not isinstance(nouts, Sequence) or not nouts:
            raise ValueError(f"nouts lists the number of neurons of each layer, such as [16, 16, 1], not {nouts!r}")
        sizes = [nin, *nouts]
        activations = [_activation(activation)] * (len(nouts) - 1) + [_activation(output)]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], activation=activations[i], init=init, rng=rng) for i in range(len(nouts))
        ]

    def __call__(self, x: Iterable[Operand]) -> Any:
        """Return the list of outputs for the inputs x; the output, where there is one."""
        for layer in self.layers:
            outputs = layer(x)
            x = outputs if isinstance(outputs, list) else [outputs]
        return outputs

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"


def _activation(activation: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
    return activation if callable(activation) else _chosen("activation", activation, ACTIVATIONS)


def _chosen(what: str, name: str, table: Mapping[str, T]) -> T:
    if not isinstance(name, str) or name not in table:
        raise ValueError(f"unknown {what} {name!r}: choose from {', '.join(table)}")
    return table[name]
