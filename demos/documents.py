"""The networks of the five "neural network from scratch" documents: built out of single numbers, drawn and trained.

    python demos/documents.py

prints what each document's network does and what came out, and writes the pictures to a folder it names.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterable
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

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
from micrograd_like.datasets import EXCLUSIVE_OR, MAJORITY, NEURON, PERCEPTRON, PERCEPTRON_PREDICTIONS, digits


def main() -> None:
    """Run all five."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder of the pictures (default: out)")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    document_000(folder)
    document_001(folder)
    document_002(folder)
    document_003(folder)
    document_004(folder)
    print(f"\nThe pictures are in {folder.resolve()}:")
    print("  " + "\n  ".join(sorted(path.name for path in folder.glob("00*"))))


def document_000(folder: Path) -> None:
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
    draw(loss, model).save(folder / "000-network.svg")
    history.plot().figure.savefig(folder / "000-loss.png")


def document_001(folder: Path) -> None:
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
    draw(loss).save(folder / "001-perceptron.svg")

    y = np.array([column])
    _, wrong, _, _ = train(y, 1000)
    table = (y * wrong).shape
    print(f"  The document's y has shape {y.shape}, its A1 {wrong.shape}: NumPy makes a table of {table} of both,")
    print("  every prediction against all four targets, two 0 and two 1, and training pulls each to their mean:")
    print(f"    {row(wrong.flat, 8)}. With y.T, a column as above, each has its own target.")


def document_002(folder: Path) -> None:
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
    draw(loss, small).save(folder / "002-before-backward.svg")


def document_003(folder: Path) -> None:
    """ReLU and sigmoid, Xavier, cross-entropy, images made into rows: handwritten digits."""
    print("\n003  Handwritten digits: ReLU inside, sigmoids at the end, Xavier, cross-entropy of each output")
    images, labels = digits()
    rng = random.Random(3)
    order = rng.sample(range(len(images)), len(images))
    rows = [[pixel for line in images[i] for pixel in line] for i in order]
    classes = [labels[i] for i in order]
    one_hot = [[float(k == c) for k in range(10)] for c in classes]
    held_out = len(rows) // 5
    model = MLP(64, [24, 10], activation="relu", output="linear", init="xavier", rng=rng)
    began = time.perf_counter()
    history = fit(
        model,
        binary_cross_entropy_with_logits,
        rows[held_out:],
        one_hot[held_out:],
        epochs=15,
        batch_size=32,
        optimizer=Adam(0.01),
        rng=rng,
    )
    seconds = time.perf_counter() - began
    outputs = [[logit.data for logit in model(x)] for x in rows[:held_out]]
    answers = [logits.index(max(logits)) for logits in outputs]
    right = sum(answer == c for answer, c in zip(answers, classes, strict=False))
    print(f"  {len(rows) - held_out} images of 8 × 8 pixels, each a row of 64: {history}")
    print(f"  {right / held_out:.1%} of {held_out} images held out are right, after {seconds:.0f} s in pure Python")
    history.plot().figure.savefig(folder / "003-loss.png")
    pictures = Figure(figsize=(9, 2.4), layout="constrained")
    for axes, i, c in zip(pictures.subplots(2, 8).flat, order, answers, strict=False):
        axes.imshow(images[i], cmap="gray_r")
        axes.set_title(f"{c}", fontsize=9, color="black" if c == labels[i] else "red")
        axes.set_axis_off()
    pictures.savefig(folder / "003-answers.png")
    neuron = model.layers[1].neurons[classes[0]]  # the whole network is too large to draw
    hidden = [Value(v.data, f"h{i}") for i, v in enumerate(model.layers[0](rows[0]))]
    probability = sigmoid(neuron(hidden))
    probability.label = f"{classes[0]}?"
    probability.backward()
    draw(probability, neuron).save(folder / "003-neuron.svg")


def document_004(folder: Path) -> None:
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
    draw(z, neuron).save(folder / "004-neuron.svg")
    draw(z, neuron, expand_dot=True).save(folder / "004-neuron-expanded.svg")

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
    draw(loss, model).save(folder / "004-network.svg")
    model.zero_grad()
    history = fit(model, categorical_cross_entropy_with_logits, [inputs], [target], epochs=20, optimizer=SGD(0.1))
    print(f"  trained on this one sample: {history}")


def difference(a: Iterable[Any], b: Iterable[Any]) -> float:
    """Return the largest difference between the numbers of two sequences, side by side."""
    return max(abs(float(x) - float(y)) for x, y in zip(a, b, strict=True))


def row(numbers: Iterable[Any], digits: int = 3) -> str:
    """Return numbers as a line of text."""
    return " ".join(f"{float(number):.{digits}f}" for number in numbers)


if __name__ == "__main__":
    main()
