"""The tables of the five documents, and the data sets their networks are trained on.

Each is a pair: a list of rows of inputs, and a list of targets.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Samples: TypeAlias = tuple[list[list[float]], list[Any]]

MAJORITY: Samples = (
    [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]],
    [0, 0, 0, 1, 0, 1, 1, 1],
)
"""Three bits and which of 0 and 1 is more frequent: three features and one probability, as in document 000's network,
which has no data of its own."""

PERCEPTRON: Samples = ([[0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]], [0, 1, 1, 0])
"""The table of document 001: the target is the first feature."""

PERCEPTRON_PREDICTIONS = [0.60841366, 0.45860596, 0.3262757, 0.36375058]
"""What document 001 prints for the rows of its table before training."""

EXCLUSIVE_OR: Samples = ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
"""Exclusive or: what document 002's network, which has no data of its own, learns and a single layer cannot."""

NEURON = ([1.0, 2.0, 3.0, 2.5], [0.2, 0.8, -0.5, 1.0], 2.0)
"""The inputs, weights and bias of document 004's neuron, whose weighted sum is 4.8."""


def digits() -> tuple[list[list[list[float]]], list[int]]:
    """Return 1,797 handwritten digits: images of 8 rows of 8 pixels from 0 to 1, and which digit each shows.

    Source: E. Alpaydin and C. Kaynak, Optical recognition of handwritten digits, UCI repository, 1998, as scikit-learn
    ships it. ImportError where scikit-learn is not installed.
    """
    data = _scikit_learn().load_digits()
    return (data.images / 16).tolist(), data.target.tolist()


def moons() -> Samples:
    """Return micrograd's 100 points of two interleaved half circles with noise 0.1, and the targets -1 and 1.

    ImportError where scikit-learn is not installed.
    """
    inputs, targets = _scikit_learn().make_moons(n_samples=100, noise=0.1, random_state=1337)
    return inputs.tolist(), (2 * targets - 1).tolist()


def _scikit_learn() -> Any:
    try:
        from sklearn import datasets
    except ImportError:
        raise ImportError('this data set needs scikit-learn: pip install "micrograd_like[demos]"') from None
    return datasets
