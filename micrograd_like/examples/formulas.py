"""The formulas of the five "neural network from scratch" documents, and what they say of derivatives, checked.

    micrograd-like formulas

prints a table with a row for each. A value is compared with what the package computes, a derivative with the engine's,
at random points. Where a formula rests on another, as ∂J/∂W rests on ∇_A J, the other is right in its check, so that a
row tells of its own mistake only. "In words" stands before a formula that a document describes, or shows in a picture
it does not contain; "derived" before one that it leaves to its reader. ∘ multiplies element by element.
"""
# ruff: noqa: N802, N803, N806 - the documents' names

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from inspect import signature
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from micrograd_like import (
    MLP,
    SGD,
    Value,
    binary_cross_entropy,
    categorical_cross_entropy,
    categorical_cross_entropy_with_logits,
    check_formula,
    relu,
    sigmoid,
    softmax,
    sum_of_squares,
    total,
)
from micrograd_like.datasets import NEURON, PERCEPTRON, PERCEPTRON_PREDICTIONS
from micrograd_like.nn import INITS

Code: TypeAlias = Callable[..., Any]
Point: TypeAlias = dict[str, Any]
Draw: TypeAlias = Callable[[random.Random], Point]
Check: TypeAlias = Callable[[Code], Any]


class Formula(NamedTuple):
    """A row: the document, its formula as text and as code, how it is checked; a remark; what is right instead."""

    document: str
    text: str
    code: Code
    check: Check
    remark: str = ""
    right_text: str = ""
    right: Code | None = None


class Outcome(NamedTuple):
    """What a check found; the largest error is None where no numbers were compared."""

    holds: bool
    largest_error: float | None
    diagnosis: str = ""


def check_all(formulas: Iterable[Formula]) -> bool:
    """Check formulas, print the table, and tell whether all verdicts are as expected.

    A formula is expected to hold, unless there is a right one instead: then that is, and the formula not to.
    """
    began = time.perf_counter()
    checked = [(f, f.check(f.code), f.check(f.right) if f.right else None) for f in formulas]
    hold = sum(found.holds for _, found, _ in checked)
    print(table([cells(*each) for each in checked]))
    print(f"\n{len(checked)} rows: {hold} hold, {len(checked) - hold} do not; {time.perf_counter() - began:.1f} s")
    unexpected = [
        formula.text
        for formula, found, right in checked
        if found.holds == (right is not None) or (right is not None and not right.holds)
    ]
    for text in unexpected:
        print(f"not as expected: {text}")
    return not unexpected


def cells(formula: Formula, found: Any, right: Any) -> tuple[str, ...]:
    """Return the row of a formula, of which this was found, and this of the right one where there is another."""
    verdict = "holds" if found.holds else "does not hold"
    corrected = f"{formula.right_text} ({largest_error(right)})" if formula.right else ""
    return formula.document, formula.text, verdict, largest_error(found), formula.remark or found.diagnosis, corrected


def largest_error(found: Any) -> str:
    """Return the largest error as every machine has it: the power of ten it is below, or of a wrong one a digit."""
    error = found.largest_error
    if error is None or not np.isfinite(error):
        return "-"
    return f"< 1e{np.ceil(np.log10(max(error, 1e-12))):.0f}" if found.holds else f"{error:.1g}"


def table(rows: list[tuple[str, ...]]) -> str:
    """Return the rows as a table of Markdown, aligned for a terminal too."""
    head = ("document", "formula", "verdict", "largest error", "diagnosis", "corrected formula (its largest error)")
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)


# The checks: each is made for a loss or a value, and takes the code of a formula.


def derivative(loss: Code, wrt: str | list[str], draw: Draw, rtol: float = 1e-9) -> Check:
    """Return the check of a formula for ∂loss/∂wrt."""

    def check(code: Code) -> Any:
        names = {*parameters(code), *parameters(loss)}

        def draw_taken(rng: random.Random) -> Point:
            return {name: x for name, x in draw(rng).items() if name in names}

        return check_formula(code, loss, wrt, draw=draw_taken, trials=8, rtol=rtol)

    return check


def value(truth: Code, draw: Draw, tolerance: float = 1e-12) -> Check:
    """Return the check of a formula for what `truth` computes."""

    def check(code: Code) -> Outcome:
        rng, errors = random.Random(0), []
        for point in [draw(rng) for _ in range(20)]:
            a, b = (np.array(f(*map(point.get, parameters(f))), dtype=float) for f in (code, truth))
            if a.shape != b.shape:
                return Outcome(False, None, f"shape {a.shape}, not {b.shape}")
            errors.append(np.max(abs(a - b) / np.maximum(abs(b), 1)))
        return Outcome(max(errors) <= tolerance, max(errors))

    return check


def parameters(code: Code) -> list[str]:
    """Return the names of what a function takes of a point."""
    return list(signature(code).parameters)


# What the documents compute with: points drawn at random, networks, losses.


def matrix(rng: random.Random, rows: int, columns: int) -> Any:
    """Draw numbers from -1 to 1."""
    return np.array([[rng.uniform(-1, 1) for _ in range(columns)] for _ in range(rows)])


def number(rng: random.Random) -> Point:
    """Draw a number, one from 0 to 1, and numbers of inputs and outputs."""
    return {"x": rng.uniform(-5, 5), "u": rng.random(), "nin": rng.randint(1, 99), "nout": rng.randint(1, 99)}


def prediction(*targets: int) -> Draw:
    """Return what draws a prediction ŷ for one of the targets."""
    return lambda rng: {"ŷ": rng.uniform(0.01, 0.99), "y": rng.choice(targets)}


def layer(rng: random.Random) -> Point:
    """Draw a layer of three neurons, the first with the weights w and the bias b, and the inputs of a sample."""
    W, B, x = matrix(rng, 3, 4), matrix(rng, 1, 3)[0], matrix(rng, 1, 4)[0]
    return {"W": W, "B": B, "w": W[0], "b": B[0], "x": x}


def perceptron(equal: bool = False) -> Draw:
    """Return what draws weights, equal ones or not, for document 001's table; y_row is y as in its code."""

    def draw(rng: random.Random) -> Point:
        X, y = np.array(PERCEPTRON[0], dtype=float), np.array([PERCEPTRON[1]], dtype=float)
        w = np.full((3, 1), rng.uniform(-1, 1)) if equal else matrix(rng, 3, 1)
        return {"X": X, "y": y.T, "y_row": y, "w": w, "A": sigmoid(X @ w)}

    return draw


def network(hidden: Code = sigmoid, twins: bool = False) -> Draw:
    """Return what draws two hidden neurons, equal ones or not, a sigmoid after them, and four samples, the rows of X.

    δ is the derivative of binary cross-entropy, and ε that of the sum of squares, by what goes into that sigmoid.
    """

    def draw(rng: random.Random) -> Point:
        X, W1, b1, W2, b2 = (matrix(rng, *shape) for shape in ((4, 3), (2, 3), (1, 2), (1, 2), (1, 1)))
        if twins:
            W1[1], b1[:, 1], W2[:, 1] = W1[0], b1[:, 0], W2[:, 0]
        H, Y = hidden(X @ W1.T + b1), np.array([[float(rng.randrange(2))] for _ in X])
        Ŷ = sigmoid(H @ W2.T + b2)
        δ, ε = (Ŷ - Y) / len(X), 2 * (Ŷ - Y) * Ŷ * (1 - Ŷ)
        return {"X": X, "W1": W1, "b1": b1, "W2": W2, "b2": b2, "Y": Y, "H": H, "Ŷ": Ŷ, "δ": δ, "ε": ε, "η": 0.0}

    return draw


def layer_004(rng: random.Random) -> Point:
    """Draw document 004's layer with either activation, N samples of three classes, and the gradients of J."""
    N = rng.randint(2, 4)
    X, W, B, Y = matrix(rng, N, 2), matrix(rng, 2, 3), matrix(rng, 1, 3), np.eye(3)[rng.choices(range(3), k=N)]
    Z, activation = X @ W + B, rng.choice(["sigmoid", "softmax"])
    A = activated(Z, activation)
    dA, dZ = -Y / A / N, (-Y * (1 - A) if activation == "sigmoid" else A - Y) / N
    return {"X": X, "W": W, "B": B, "Y": Y, "activation": activation, "Z": Z, "A": A, "dA": dA, "dZ": dZ}


def neuron_004(rng: random.Random) -> Point:
    """Return the numbers in document 004's code."""
    x, w, b = NEURON
    return {"x": x, "w": w, "b": b}


def network_004(rng: random.Random) -> Point:
    """Draw the network of document 004's long formula, a sample and its class y; h is the first hidden layer."""
    x, W1, b1, W2, b2, W3, b3 = (matrix(rng, *s) for s in ((1, 4), (4, 3), (1, 3), (3, 3), (1, 3), (3, 3), (1, 3)))
    h, b2, b3 = relu(x @ W1 + b1)[0], b2[0], b3[0]
    return {"x": x, "W1": W1, "b1": b1, "W2": W2, "b2": b2, "W3": W3, "b3": b3, "h": h, "y": rng.randrange(3)}


def mlp(X: Any, *layers: tuple[Any, Any], hidden: str = "sigmoid", output: str = "sigmoid") -> Any:
    """Return the package's network's outputs for the rows of X: of each layer W, with a row to a neuron, and b."""
    model = MLP(len(X[0]), [len(W) for W, _ in layers], hidden, output)
    numbers = [n for W, b in layers for w, bias in zip(W, np.ravel(b), strict=True) for n in (*w, bias)]
    for p, n in zip(model.parameters(), numbers, strict=True):
        p.data = n
    return np.reshape([model(x) for x in X], (len(X), -1))


def of_layer(activation: str) -> Check:
    """Return the check of a formula for the output of a layer."""
    return value(lambda W, x, B: mlp([x], (W, B), output=activation)[0], layer)


def of_neuron(activation: str, draw: Draw = layer) -> Check:
    """Return the check of a formula for the output of a neuron, in a list."""
    return value(lambda w, x, b: mlp([x], ([w], b), output=activation)[0], draw)


def by_weights(δ: Any, inputs: Any) -> Any:
    """Return the derivatives by a layer's weights and biases, given δ, those by what goes into its activations."""
    return δ.T @ inputs, δ.sum(0, keepdims=True)


def one_layer(error: Code) -> Code:
    """Return the loss of what `perceptron` draws."""
    return lambda X, w, y: error(sigmoid(X @ w).flat, y.flat)


def two_layers(error: Code, hidden: Code = sigmoid) -> Code:
    """Return the loss of what `network` draws."""
    return lambda X, W1, b1, W2, b2, Y: error(sigmoid(hidden(X @ W1.T + b1) @ W2.T + b2).flat, Y.flat)


def cost(ŷ: Any, y: Any) -> Any:
    """Return the cross-entropy of a prediction, under the documents' names."""
    return binary_cross_entropy(ŷ, y)


def by_ŷ(y: int) -> Check:
    """Return the check of a formula for the cost's derivative where the target is y."""
    return derivative(cost, "ŷ", prediction(y))


def step(X: Any, w: Any, y: Any) -> Any:
    """Return the perceptron's weights after a step of gradient descent."""
    values = np.array([[Value(v)] for v in w.flat])
    L_001(X, values, y).backward()
    SGD(0.1).step(values.flat)
    return values


def activated(Z: Any, activation: str) -> Any:
    """Return the outputs of document 004's layer."""
    return sigmoid(Z) if activation == "sigmoid" else np.array([softmax(z) for z in Z])


def J_of_A(A: Any, Y: Any) -> Any:
    """Return the mean cross-entropy of outputs."""
    return np.mean([categorical_cross_entropy(a, y) for a, y in zip(A, Y, strict=True)])


def J_of_Z(Z: Any, Y: Any, activation: str) -> Any:
    """Return that of what goes into the activation."""
    return J_of_A(activated(Z, activation), Y)


def J(X: Any, W: Any, B: Any, Y: Any, activation: str) -> Any:
    """Return that of the layer."""
    return J_of_Z(X @ W + B, Y, activation)


def long_L(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, y: int) -> Any:
    """Return the loss of the network of document 004's long formula."""
    (logits,) = mlp(x, (W1.T, b1), (W2.T, b2), (W3.T, b3), hidden="relu", output="linear")
    return categorical_cross_entropy_with_logits(logits, y)


L_000, L_001, E_002 = two_layers(binary_cross_entropy), one_layer(binary_cross_entropy), two_layers(sum_of_squares)
C_003 = two_layers(binary_cross_entropy, relu)
of_nodes = value(lambda X, W1, b1: mlp(X, (W1, b1)), network())
of_network = value(lambda X, W1, b1, W2, b2: mlp(X, (W1, b1), (W2, b2)), network())

FORMULAS = [
    Formula("000", "σ(x) = 1/(1 + e^-x)", lambda x: 1 / (1 + np.exp(-x)), value(sigmoid, number)),
    Formula("000", "[node₁, node₂]ᵀ = σ(w·x + b)", lambda W1, X, b1: [sigmoid(W1 @ x + b1[0]) for x in X], of_nodes),
    Formula("000", "y = σ(β·[node₁, node₂]ᵀ + d)", lambda W2, H, b2: [sigmoid(W2 @ h + b2[0]) for h in H], of_network),
    Formula("000", "Nodes = σ(XWᵀ + B)", lambda X, W1, b1: sigmoid(X @ W1.T + b1), of_nodes),
    Formula("000", "Ŷ = σ(Nodes×Vᵀ + D)", lambda H, W2, b2: sigmoid(H @ W2.T + b2), of_network),
    Formula(
        "000", "-∂L/∂v is a way down: dL(v - η ∂L/∂v)/dη = -Σ (∂L/∂v)² at η = 0", lambda δ, H: -np.sum((δ.T @ H) ** 2),
        derivative(lambda X, W1, b1, W2, b2, Y, δ, H, η: L_000(X, W1, b1, W2 - η * (δ.T @ H), b2, Y), "η", network()),
    ),
    Formula(
        "000", "derived: ∂L/∂V = δᵀ·Nodes, ∂L/∂d = Σₙ δₙ, δ = 1/N (Ŷ - Y)",
        lambda δ, H: by_weights(δ, H),
        derivative(L_000, ["W2", "b2"], network()), "L the binary cross-entropy",
    ),
    Formula(
        "000", "derived: ∂L/∂W = γᵀ·X, ∂L/∂b = Σₙ γₙ, γ = δ·V ∘ Nodes ∘ (1 - Nodes)",
        lambda δ, W2, H, X: by_weights(δ @ W2 * H * (1 - H), X),
        derivative(L_000, ["W1", "b1"], network()), "L is differentiable by all weights and biases",
    ),
    Formula("001", "S(X) = 1/(1 + e^-x)", lambda x: 1 / (1 + np.exp(-x)), value(sigmoid, number)),
    Formula(
        "001", "w₀ = 2u - 1, u from 0 to 1, has mean 0", lambda u: ((2 * u - 1) + (2 * (1 - u) - 1)) / 2,
        value(lambda: 0, number), "u and 1 - u are as frequent",
    ),
    Formula(
        "001", "z₀ = X·w₀, A₁ = σ(z₀)", lambda X, w: 1 / (1 + np.exp(-(X @ w))),
        value(lambda X, w: mlp(X, (w.T, 0)), perceptron()),
    ),
    Formula(
        "001", "A₁ as printed, w₀ from NumPy's seed 1",
        lambda X: sigmoid(X @ (2 * np.random.RandomState(1).random_sample((3, 1)) - 1))[:, 0],
        value(lambda: PERCEPTRON_PREDICTIONS, perceptron(), 1e-8), "8 decimals are printed",
    ),
    Formula(
        "001", "a linear activation gives a weighted sum: ∂A/∂x = w", lambda w: w,
        derivative(lambda w, x: w @ x, "x", layer),
    ),
    Formula(
        "001", "L(w) = -1/N Σₙ (yₙ log ŷₙ + (1 - yₙ) log(1 - ŷₙ))",
        lambda y, A: -np.sum(y * np.log(A) + (1 - y) * np.log(1 - A)) / len(y), value(L_001, perceptron()),
    ),
    Formula("001", "y = 0: yₙ log ŷₙ adds nothing", lambda y, ŷ: y * np.log(ŷ), value(lambda: 0, prediction(0))),
    Formula(
        "001", "y = 1: (1 - yₙ) log(1 - ŷₙ) adds nothing", lambda y, ŷ: (1 - y) * np.log(1 - ŷ),
        value(lambda: 0, prediction(1)),
    ),
    Formula("001", "y = 1: nearer to 1 is better: ∂L/∂ŷ = -1/ŷ < 0", lambda ŷ: -1 / ŷ, by_ŷ(1)),
    Formula("001", "y = 0: nearer to 0 is better: ∂L/∂ŷ = 1/(1 - ŷ) > 0", lambda ŷ: 1 / (1 - ŷ), by_ŷ(0)),
    Formula(
        "001", "the terms of L(w), with y and A₁ as in the code",
        lambda y_row, A: -y_row * np.log(A) - (1 - y_row) * np.log(1 - A),
        value(lambda y, A: [[cost(*pair)] for pair in zip(A.flat, y.flat, strict=True)], perceptron()),
        "", "with yᵀ",
        lambda y_row, A: -y_row.T * np.log(A) - (1 - y_row.T) * np.log(1 - A),
    ),
    Formula(
        "001", "equal weights stay equal: ∂L/∂wᵢ = ∂L/∂wⱼ where wᵢ = wⱼ",
        lambda X, A, y: np.full((3, 1), np.mean(X.T @ (A - y) / len(y))),
        derivative(L_001, "w", perceptron(equal=True)), "not within a neuron, whose inputs differ",
        "∂L/∂wᵢ = 1/N Σₙ xₙᵢ (ŷₙ - yₙ)", lambda X, A, y: X.T @ (A - y) / len(y),
    ),
    Formula(
        "001", "derived: equal hidden neurons stay equal: ∂L/∂w₁ᵢ = ∂L/∂w₂ᵢ",
        lambda δ, W2, H, X: np.tile(((δ @ W2 * H * (1 - H)).T @ X).mean(0), (2, 1)),
        derivative(L_000, "W1", network(twins=True)),
    ),
    Formula(
        "001", "derived: ∂L/∂w₀ = 1/N Xᵀ·(A₁ - y)", lambda X, A, y: X.T @ (A - y) / len(y),
        derivative(L_001, "w", perceptron()), "y a column",
    ),
    Formula(
        "002", "in words: ŷ = σ(W₂·σ(W₁·x + b₁) + b₂)",
        lambda W1, b1, W2, b2, X: [sigmoid(W2 @ sigmoid(W1 @ x + b1[0]) + b2[0]) for x in X], of_network,
    ),
    Formula("002", "in words: E = Σ (y - ŷ)²", lambda Y, Ŷ: np.sum((Y - Ŷ) ** 2), value(E_002, network())),
    Formula(
        "002", "squaring measures the absolute value, literally: (y - ŷ)² = abs(y - ŷ)", lambda y, ŷ: abs(y - ŷ),
        value(lambda y, ŷ: (y - ŷ) ** 2, prediction(0, 1)), "both drop the sign; the square weighs by size too",
        "(y - ŷ)² = abs(y - ŷ)²", lambda y, ŷ: abs(y - ŷ) ** 2,
    ),
    Formula(
        "002", "W and b alone affect ŷ, literally: ∂ŷ/∂x = 0", lambda X: np.zeros_like(X),
        derivative(two_layers(lambda ŷ, y: total(ŷ)), "X", network()), "x does too, though it is not trained",
        "∂ŷ/∂x = (ŷ(1 - ŷ) W₂ ∘ h ∘ (1 - h))·W₁, h = σ(W₁·x + b₁)",
        lambda Ŷ, W2, H, W1: (Ŷ * (1 - Ŷ) * W2 * H * (1 - H)) @ W1,
    ),
    Formula(
        "002", "the derivative is the slope: ∂E/∂b₂ = (E(b₂ + h) - E(b₂ - h))/2h, h → 0",
        lambda X, W1, b1, W2, b2, Y: [[sum(s * E_002(X, W1, b1, W2, b2 + s * 1e-4, Y) for s in (1, -1)) / 2e-4]],
        derivative(E_002, "b2", network(), 1e-6), "h = 1e-4; E itself, no chain rule",
    ),
    Formula(
        "002", "in words: ∂E/∂W = ∂E/∂ŷ·∂ŷ/∂z·∂z/∂W = 2(ŷ - y)·ŷ(1 - ŷ)·x of one layer",
        lambda X, A, y: X.T @ (2 * (A - y) * A * (1 - A)), derivative(one_layer(sum_of_squares), "w", perceptron()),
    ),
    Formula(
        "002", "derived: ∂E/∂W₂ = εᵀ·H, ∂E/∂b₂ = Σₙ εₙ, ε = 2(Ŷ - Y) ∘ Ŷ ∘ (1 - Ŷ)",
        lambda ε, H: by_weights(ε, H),
        derivative(E_002, ["W2", "b2"], network()), "H = σ(X·W₁ᵀ + b₁)",
    ),
    Formula(
        "002", "derived: ∂E/∂W₁ = γᵀ·X, ∂E/∂b₁ = Σₙ γₙ, γ = ε·W₂ ∘ H ∘ (1 - H)",
        lambda ε, W2, H, X: by_weights(ε @ W2 * H * (1 - H), X),
        derivative(E_002, ["W1", "b1"], network()),
    ),
    Formula("003", "Y = Wx + b", lambda W, x, B: W @ x + B, of_layer("linear")),
    Formula("003", "f(Wx + b), f the sigmoid", lambda W, x, B: 1 / (1 + np.exp(-(W @ x + B))), of_layer("sigmoid")),
    Formula("003", "f(Wx + b), f ReLU", lambda W, x, B: np.maximum(0, W @ x + B), of_layer("relu")),
    Formula(
        "003", "without f all is linear: ∂(W₂(W₁x + b₁) + b₂)/∂x = W₂·W₁", lambda W1, W2: np.tile(W2 @ W1, (4, 1)),
        derivative(lambda X, W1, b1, W2, b2: np.sum((X @ W1.T + b1) @ W2.T + b2), "X", network()),
    ),
    Formula(
        "003", "Cost = -y log ŷ - (1 - y) log(1 - ŷ)", lambda ŷ, y: -y * np.log(ŷ) - (1 - y) * np.log(1 - ŷ),
        value(cost, prediction(0, 1)),
    ),
    Formula("003", "(a) y = 1: Loss = -log ŷ", lambda ŷ: -np.log(ŷ), value(cost, prediction(1))),
    Formula("003", "(a) y = 1: higher ŷ, lower Loss: ∂Loss/∂ŷ = -1/ŷ < 0", lambda ŷ: -1 / ŷ, by_ŷ(1)),
    Formula("003", "(b) y = 0: Loss = -log(1 - ŷ)", lambda ŷ: -np.log(1 - ŷ), value(cost, prediction(0))),
    Formula("003", "(b) y = 0: lower ŷ, lower Loss: ∂Loss/∂ŷ = 1/(1 - ŷ) > 0", lambda ŷ: 1 / (1 - ŷ), by_ŷ(0)),
    Formula(
        "003", "derived: Xavier, w from -a to a: Var(w) = a²/3 = 2/(nin + nout)", lambda nin, nout: 2 / (nin + nout),
        value(lambda nin, nout: INITS["xavier"](nin, nout) ** 2 / 3, number),
        "named only; Glorot's, keeps variances: (nin + nout)/2·Var(w) = 1",
    ),
    Formula(
        "003", "derived: ∂C/∂W₂ = δᵀ·H, ∂C/∂b₂ = Σₙ δₙ, δ = 1/N (Ŷ - Y)",
        lambda δ, H: by_weights(δ, H),
        derivative(C_003, ["W2", "b2"], network(relu)), "C the mean cost; H = ReLU(X·W₁ᵀ + b₁)",
    ),
    Formula(
        "003", "derived: ∂C/∂W₁ = γᵀ·X, ∂C/∂b₁ = Σₙ γₙ, γ = δ·W₂ ∘ [H > 0]",
        lambda δ, W2, H, X: by_weights(δ @ W2 * (H > 0), X),
        derivative(C_003, ["W1", "b1"], network(relu)),
    ),
    Formula(
        "003", "derived: gradient descent: w ← w - η ∂C/∂w", lambda X, w, A, y: w - 0.1 * (X.T @ (A - y) / len(y)),
        value(step, perceptron()),
    ),
    Formula(
        "004", "L = -Σₗ yₗ log(exp(… + b₂ⱼ … + b₃ⱼ)/Σₖ exp(… + b₂ₖ … + b₃ₖ))",
        lambda h, W2, b2, W3, b3, y: -np.log(
            np.exp(relu(h @ W2 + b2) @ W3[:, y] + b3[y])
            / sum(np.exp(relu(h @ W2 + b2[k]) @ W3[:, k] + b3[k]) for k in range(3))
        ),
        value(long_L, network_004), "b₂ₖ is another neuron's bias; the j of b₃ⱼ read as l",
        "L = -Σₗ yₗ log(exp(… + b₂ⱼ … + b₃ₗ)/Σₖ exp(… + b₂ⱼ … + b₃ₖ))",
        lambda h, W2, b2, W3, b3, y: -np.log(
            np.exp(relu(h @ W2 + b2) @ W3[:, y] + b3[y])
            / sum(np.exp(relu(h @ W2 + b2) @ W3[:, k] + b3[k]) for k in range(3))
        ),
    ),
    Formula(
        "004", "in words: first the activation, then the bias: σ(w·x) + b", lambda w, x, b: [sigmoid(w @ x) + b],
        of_neuron("sigmoid"), "the bias belongs inside", "σ(w·x + b)", lambda w, x, b: [sigmoid(w @ x + b)],
    ),
    Formula(
        "004", "Predictions = Activation Function(weights·inputs + Bias)", lambda W, x, B: sigmoid(W @ x + B),
        of_layer("sigmoid"), "a list, a prediction for each neuron",
    ),
    Formula(
        "004", "Weighted Sum of Inputs w/ Bias = σ(Σᵢ wᵢxᵢ + b)", lambda w, x, b: [sigmoid(np.sum(w * x) + b)],
        of_neuron("linear"), "that is the prediction", "Σᵢ wᵢxᵢ + b", lambda w, x, b: [np.sum(w * x) + b],
    ),
    Formula("004", "Weighted Sum w/ Bias = Σᵢ wᵢxᵢ + b", lambda w, x, b: [np.sum(w * x) + b], of_neuron("linear")),
    Formula(
        "004", "output = [inputs[0]*weights[0] + … + bias]",
        lambda w, x, b: [x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3] + b],
        of_neuron("linear", neuron_004), "[4.8] for the numbers in the code",
    ),
    Formula(
        "004", "predictions = ActivationFunction(output)", lambda w, x, b: [sigmoid(z) for z in [np.dot(w, x) + b]],
        of_neuron("sigmoid", neuron_004), "[σ(4.8)], applied to each of the list",
    ),
    Formula("004", "z = w·x + b, a = σ(z)", lambda w, x, b: [1 / (1 + np.exp(-(w @ x + b)))], of_neuron("sigmoid")),
    Formula(
        "004", "L = -1/N Σᵢ Σₖ yᵢₖ log aᵢₖ", lambda Y, A: -np.sum(Y * np.log(A)) / len(Y), value(J_of_A, layer_004),
    ),
    Formula(
        "004", "J = 1/N Σᵢ L", lambda Y, A: sum(-np.sum(Y * np.log(A)) / len(Y) for _ in Y) / len(Y),
        value(J_of_A, layer_004), "no i in L: J = L, with 1/N once",
    ),
    Formula("004", "∇_A J = -1/N Y/A", lambda Y, A: -Y / A / len(Y), derivative(J_of_A, "A", layer_004)),
    Formula(
        "004", "∇_A J = -1/N Y/A, if J is of binary cross-entropy", lambda Y, A: -Y / A / len(Y),
        derivative(lambda A, Y: Y.shape[1] * binary_cross_entropy(A.flat, Y.flat), "A", layer_004),
        "", "∇_A J = 1/N (A - Y)/(A ∘ (1 - A))", lambda Y, A: (A - Y) / (A * (1 - A)) / len(Y),
    ),
    Formula(
        "004", "∇_Z J = ∇_A J · σ(Z) · (1 - σ(Z)), · for ∘", lambda dA, A: dA * A * (1 - A),
        derivative(J_of_Z, "Z", layer_004), "", "sigmoid: ∇_Z J = ∇_A J ∘ A ∘ (1 - A), softmax: 1/N (A - Y)",
        lambda dA, Y, A, activation: dA * A * (1 - A) if activation == "sigmoid" else (A - Y) / len(Y),
    ),
    Formula(
        "004", "∂J/∂W = 1/N Xᵀ·∇_A J", lambda X, dA: X.T @ dA / len(X), derivative(J, "W", layer_004),
        "∇_A J instead of ∇_Z J, 1/N twice", "∂J/∂W = Xᵀ·∇_Z J", lambda X, dZ: X.T @ dZ,
    ),
    Formula(
        "004", "∂J/∂W = 1/N Xᵀ·∇_Z J", lambda X, dZ: X.T @ dZ / len(X), derivative(J, "W", layer_004),
        "", "∂J/∂W = Xᵀ·∇_Z J", lambda X, dZ: X.T @ dZ,
    ),
    Formula(
        "004", "∂J/∂B = 1/N Σᵢ ∇_A J", lambda dA: dA.sum(0, keepdims=True) / len(dA), derivative(J, "B", layer_004),
        "∇_A J instead of ∇_Z J, 1/N twice", "∂J/∂B = Σᵢ ∇_Z J", lambda dZ: dZ.sum(0, keepdims=True),
    ),
    Formula(
        "004", "∂J/∂X = ∇_A J·Wᵀ", lambda dA, W: dA @ W.T, derivative(J, "X", layer_004),
        "∇_A J instead of ∇_Z J", "∂J/∂X = ∇_Z J·Wᵀ", lambda dZ, W: dZ @ W.T,
    ),
]
