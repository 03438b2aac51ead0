"""The networks of the five "neural network from scratch" documents: built out of single numbers, drawn and trained.

    micrograd-like train documents

runs all five. Each prints what the document's network does and what came out, and returns the pictures that it wrote.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np

from micrograd_like import (
    MLP,
    SGD,
    Adam,
    Layer,
    Neuron,
    Value,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy_with_logits,
    draw,
    fit,
    sigmoid,
    sum_of_squares,
    total,
)
from micrograd_like.datasets import EXCLUSIVE_OR, MAJORITY, NEURON, PERCEPTRON, PERCEPTRON_PREDICTIONS
from micrograd_like.examples.digits import HELD_OUT, answered, draw_answers, shuffled, told


def all_five(folder: Path) -> list[Path]:
    """Run all five."""
    return [
        *document_000(folder), *document_001(folder), *document_002(folder), *document_003(folder),
        *document_004(folder),
    ]  # fmt: skip


def document_000(folder: Path) -> list[Path]:
    """Three features, a hidden layer of two sigmoids, one probability: the formulas, the matrix form, training."""
    print("\n000  A 3-2-1 network of sigmoids")
    inputs, targets = MAJORITY
    model = MLP(3, [2, 1], activation="sigmoid", output="sigmoid", init="xavier", rng=random.Random(1))
    hidden, last = model.layers
    (w1, w2), (beta,) = [n.w for n in hidden.neurons], [n.w for n in last.neurons]
    (b1, b2), (d,) = [n.b for n in hidden.neurons], [n.b for n in last.neurons]

    outputs = [model(x) for x in inputs]
    by_sample = []
    for x1, x2, x3 in inputs:
        node1 = sigmoid(w1[0] * x1 + w1[1] * x2 + w1[2] * x3 + b1)
        node2 = sigmoid(w2[0] * x1 + w2[1] * x2 + w2[2] * x3 + b2)
        by_sample.append(sigmoid(beta[0] * node1 + beta[1] * node2 + d))
    numbers = np.vectorize(float)
    nodes = sigmoid(np.array(inputs) @ numbers([w1, w2]).T + numbers([b1, b2]))
    by_matrix = sigmoid(nodes @ numbers(beta) + float(d))
    print(f"  the formulas of one sample differ from the network by at most {difference(by_sample, outputs):.1e}")
    print(f"  σ(XWᵀ+B), then σ(Nodes·Vᵀ+D), differ from it by at most {difference(by_matrix, outputs):.1e}")

    history = fit(model, binary_cross_entropy, inputs, targets, epochs=200, optimizer=Adam(0.1))
    print(f"  trained with binary cross-entropy to tell the majority of three bits: {history}")
    print(f"    predictions {row(model(x) for x in inputs)}")
    print(f"    targets     {row(targets)}")
    x = [Value(v, f"x{i}") for i, v in enumerate(inputs[3], 1)]
    loss = binary_cross_entropy(model(x), targets[3])
    loss.label = "loss"
    model.zero_grad()
    loss.backward()
    pictures = [folder / "000-network.svg", folder / "000-loss.png"]
    draw(loss, model).save(pictures[0])
    history.plot().figure.savefig(pictures[1])
    return pictures


def document_001(folder: Path) -> list[Path]:
    """The perceptron in the document's own NumPy code, on arrays of Values."""
    print("\n001  The perceptron on the document's table, from its own weights")
    rows, column = PERCEPTRON
    X = np.array(rows)  # noqa: N806 - the document's name
    np.random.seed(1)
    start = 2 * np.random.random((3, 1)) - 1

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    def train(y: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray, int, Value]:
        """Return the first and the last predictions, the number of steps taken, and the last loss."""
        w0 = np.array([[Value(w, f"w{i}")] for i, (w,) in enumerate(start, 1)])
        for step in range(steps):
            A1 = sigmoid(np.dot(X, w0))  # noqa: N806 - the document's name
            if step == 0:
                first = A1
            loss = (-(y * np.log(A1) + (1 - y) * np.log(1 - A1))).mean()
            if np.abs(A1.astype(float).ravel() - column).max() < 0.05:
                break
            for w in w0.flat:
                w.grad = 0
            loss.backward()
            for w in w0.flat:
                w.data -= w.grad
        return first, A1, step, loss

    first, last, step, loss = train(np.array([column]).T, 1000)
    print(f"  the first forward pass:          {row(first.flat, 8)}")
    print(f"  printed in the document:         {row(PERCEPTRON_PREDICTIONS, 8)}")
    print(f"  after {step} steps of L(w), within 0.05: {row(last.flat, 8)}   targets {row(column, 0)}")
    picture = folder / "001-perceptron.svg"
    draw(loss).save(picture)

    y = np.array([column])
    _, wrong, _, _ = train(y, 1000)
    table = (y * wrong).shape
    print(f"  The document's y has shape {y.shape}, its A1 {wrong.shape}: NumPy makes a table of {table} of both,")
    print("  every prediction against all four targets, two 0 and two 1, and training pulls each to their mean:")
    print(f"    {row(wrong.flat, 8)}. With y.T, a column as above, each has its own target.")
    return [picture]


def document_002(folder: Path) -> list[Path]:
    """Any number of hidden sigmoid layers and the sum of squares: feedforward and backpropagation in a loop."""
    print("\n002  Hidden layers of sigmoids, sum of squares, on exclusive or")
    inputs, targets = EXCLUSIVE_OR
    for hidden in ([4], [4, 4]):
        model = MLP(2, [*hidden, 1], activation="sigmoid", output="sigmoid", init="xavier", rng=random.Random(2))
        optimizer, losses = SGD(1.0, momentum=0.9), []
        for step in range(401):
            loss = total([sum_of_squares(model(x), y) for x, y in zip(inputs, targets, strict=True)])  # feedforward
            if step % 100 == 0:
                losses.append(loss)
            model.zero_grad()
            loss.backward()  # backpropagation
            optimizer.step(model.parameters())
        shape = " and ".join(map(str, hidden))
        print(f"  hidden layers of {shape} neurons, the loss every 100 steps: {row(losses, 5)}")
        print(f"    predictions {row(model(x) for x in inputs)}   targets {row(targets, 0)}")
    small = MLP(2, [2, 1], activation="sigmoid", output="sigmoid", init="xavier", rng=random.Random(2))
    loss = sum_of_squares(small([Value(0, "x1"), Value(1, "x2")]), 1)
    loss.label = "loss"
    picture = folder / "002-before-backward.svg"
    draw(loss, small).save(picture)
    return [picture]


def document_003(folder: Path) -> list[Path]:
    """ReLU and sigmoid, Xavier, cross-entropy, images made into rows: handwritten digits."""
    print("\n003  Handwritten digits: ReLU inside, sigmoids at the end, Xavier, cross-entropy of each output")
    rng = random.Random(3)
    data = shuffled(rng)
    model = MLP(64, [24, 10], activation="relu", output="linear", init="xavier", rng=rng)
    began = time.perf_counter()
    history = fit(
        model,
        binary_cross_entropy_with_logits,
        data.rows[HELD_OUT:],
        data.one_hot[HELD_OUT:],
        epochs=15,
        batch_size=32,
        optimizer=Adam(0.01),
        rng=rng,
    )
    seconds = time.perf_counter() - began
    answers = answered(model, data.rows[:HELD_OUT])
    print(f"  {len(data.rows) - HELD_OUT} images of 8 × 8 pixels, each a row of 64: {history}")
    print(f"  {told(answers, data)}, after {seconds:.0f} s in pure Python")
    pictures = [folder / name for name in ("003-loss.png", "003-answers.png", "003-neuron.svg")]
    history.plot().figure.savefig(pictures[0])
    draw_answers(data, answers).savefig(pictures[1])
    digit = data.digits[0]
    neuron = model.layers[1].neurons[digit]  # the whole network is too large to draw
    hidden = [Value(v.data, f"h{i}") for i, v in enumerate(model.layers[0](data.rows[0]))]
    probability = sigmoid(neuron(hidden))
    probability.label = f"{digit}?"
    probability.backward()
    draw(probability, neuron).save(pictures[2])
    return pictures


def document_004(folder: Path) -> list[Path]:
    """A neuron, a layer, and the long formula for L: two ReLU layers, softmax, cross-entropy, written out by hand."""
    print("\n004  A neuron, a layer, and the long formula for L")
    inputs, weights, bias = NEURON
    neuron = Neuron(4, activation="linear")
    for p, number in zip(neuron.parameters(), [*weights, bias], strict=True):
        p.data = number
    z = neuron([Value(v, f"x{i}") for i, v in enumerate(inputs)])
    z.label = "z"
    z.backward()
    print(f"  the neuron's weighted sum of {inputs} is {z.data:.4g}, with the sigmoid {sigmoid(z).data:.6f}")
    pictures = [folder / f"004-{name}.svg" for name in ("neuron", "neuron-expanded", "network")]
    draw(z, neuron).save(pictures[0])
    draw(z, neuron, expand_dot=True).save(pictures[1])

    rng = random.Random(4)
    layer = Layer(4, 3, activation="sigmoid", rng=rng)
    print(f"  a layer of three such neurons predicts the list {row(layer(inputs), 4)}")

    model = MLP(4, [3, 3, 3], activation="relu", init="he", rng=rng)
    target = [0, 1, 0]
    loss = categorical_cross_entropy_with_logits(model(inputs), target)
    (w1, b1), (w2, b2), (w3, b3) = [
        ([[w.data for w in n.w] for n in layer.neurons], [n.b.data for n in layer.neurons]) for layer in model.layers
    ]
    n0, n1, n2, n3 = 4, 3, 3, 3
    hidden1 = [max(0, sum(inputs[i] * w1[j][i] for i in range(n0)) + b1[j]) for j in range(n1)]
    hidden2 = [max(0, sum(hidden1[i] * w2[j][i] for i in range(n1)) + b2[j]) for j in range(n2)]
    exponentials = [exp(sum(hidden2[i] * w3[j][i] for i in range(n2)) + b3[j]) for j in range(n3)]
    by_hand = -sum(y * log(e / sum(exponentials)) for y, e in zip(target, exponentials, strict=True))
    print(f"  L written out by hand is {by_hand:.15f}, and of MLP and losses")
    print(f"                           {loss.data:.15f}: they differ by {difference([by_hand], [loss]):.1e}")
    loss.label = "L"
    loss.backward()
    draw(loss, model).save(pictures[2])
    model.zero_grad()
    history = fit(model, categorical_cross_entropy_with_logits, [inputs], [target], epochs=20, optimizer=SGD(0.1))
    print(f"  trained on this one sample: {history}")
    return pictures


def difference(a: Iterable[Any], b: Iterable[Any]) -> float:
    """Return the largest difference between the numbers of two sequences, side by side."""
    return max(abs(float(x) - float(y)) for x, y in zip(a, b, strict=True))


def row(numbers: Iterable[Any], digits: int = 3) -> str:
    """Return numbers as a line of text."""
    return " ".join(f"{float(number):.{digits}f}" for number in numbers)

