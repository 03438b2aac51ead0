"""The tables of the five documents, and the data sets their networks are trained on.

The documents, all called "neural network from scratch" in one way or another, go by the numbers of their files:
000 a 3-2-1 network and its matrix form, 001 a perceptron after Trask's in 11 lines, 002 hidden layers of sigmoids and
the sum of squares, 003 the parts of a network in words, 004 a neuron, a layer and the long formula for the loss.

A data set is a pair: a list of rows of inputs (of images, in `digits`), and a list of targets.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from micrograd_like.packages import package

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
    data = package("sklearn.datasets", "this data set").load_digits()
    return (data.images / 16).tolist(), data.target.tolist()


def moons() -> Samples:
    """Return micrograd's 100 points of two interleaved half circles with noise 0.1, and the targets -1 and 1.

    ImportError where scikit-learn is not installed.
    """
    sklearn = package("sklearn.datasets", "this data set")
    inputs, targets = sklearn.make_moons(n_samples=100, noise=0.1, random_state=1337)
    return inputs.tolist(), (2 * targets - 1).tolist()
