"""The matrix form: what the documents derive by hand is found again in a program written neuron by neuron."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("numpy")

from micrograd_like import (
    MLP,
    Layer,
    Neuron,
    Value,
    categorical_cross_entropy_with_logits,
    exp,
    gelu,
    hinge,
    leaky_relu,
    sum_of_squares,
    tanh,
    total,
)
from micrograd_like.compiler.recording import record


def lines(loss: Callable[..., Any], parameters: list[Value], inputs: int | None = None) -> list[str]:
    """Return the lines of the matrix form, without shapes."""
    text = record(loss, parameters, inputs).matrix_form()
    return [line.partition("   ")[0] for line in text.splitlines()]


def test_a_layer_of_sigmoids_is_that_of_document_000() -> None:
    layer = Layer(3, 2, activation="sigmoid")
    found = lines(lambda a, b, c: total([y * y for y in layer([a, b, c])]), layer.parameters())
    assert found[:2] == ["X = [a b c]", "H = σ(X·Wᵀ + B)"]


def test_the_gradients_of_two_layers_are_those_of_the_documents() -> None:
    model = MLP(3, [2, 2], "sigmoid", "sigmoid")
    found = lines(lambda *row: sum_of_squares(model(row[:3]), row[3:]), model.parameters(), 5)
    assert found == [
        "X = [x1 x2 x3]",
        "Y = [x4 x5]",
        "H₁ = σ(X·W₁ᵀ + B₁)",
        "H₂ = σ(H₁·W₂ᵀ + B₂)",
        "T₁ = H₂ - Y",
        "L = 1/N Σ (Σₖ T₁²)",
        "Δ₂ = 2·T₁ ∘ H₂ ∘ (1 - H₂)",
        "Δ₁ = Δ₂·W₂ ∘ H₁ ∘ (1 - H₁)",
        "∂L/∂W₁ = 1/N Δ₁ᵀ·X",
        "∂L/∂B₁ = 1/N Σ Δ₁",
        "∂L/∂W₂ = 1/N Δ₂ᵀ·H₁",
        "∂L/∂B₂ = 1/N Σ Δ₂",
    ]


def test_softmax_and_cross_entropy_are_called_by_their_names() -> None:
    model = MLP(4, [5, 3], "tanh")
    found = lines(
        lambda *row: categorical_cross_entropy_with_logits(model(row[:4]), row[4:]), model.parameters(), inputs=7
    )
    assert "L = 1/N Σ (-(Σₖ Y ∘ log_softmax(Z₁)))" in found
    assert "Δ₂ = (Σⱼ≠ₖ Yⱼ) ∘ softmax(Z₁) - Y ∘ (1 - softmax(Z₁))" in found
    assert "Δ₁ = Δ₂·W₂ ∘ (1 - H₁²)" in found
    assert sum(line.startswith("∂L/∂W") for line in found) == 2


@pytest.mark.parametrize(
    ("activation", "slope"),
    [("relu", "[H₁ > 0]"), ("tanh", "(1 - H₁²)"), ("sigmoid", "H₁ ∘ (1 - H₁)"), ("softplus", "softplus′(X·W₁ᵀ + B₁)")],
)
def test_the_derivative_of_an_activation_is_written_by_its_result_or_by_its_name(activation: str, slope: str) -> None:
    model = MLP(2, [3, 2], activation)
    found = lines(lambda a, b, y, z: sum_of_squares(model([a, b]), [y, z]), model.parameters())
    (delta,) = [line for line in found if line.startswith("Δ₁")]
    assert delta in (f"Δ₁ = Δ₂·W₂ ∘ {slope}", "Δ₁ = Δ₂·W₂ ∘ softplus′(Z₁)")


def test_weight_decay_is_a_term_of_its_own() -> None:
    model = MLP(2, [4, 1])
    found = lines(
        lambda a, b, y: hinge(model([a, b]), y) + 0.5 * total([p * p for p in model.parameters()]), model.parameters()
    )
    assert any("θ²" in line for line in found) and found[-1].startswith("∂L/∂θ +=")


def test_one_neuron_needs_no_numbers() -> None:
    neuron = Neuron(2, activation="tanh")
    found = lines(lambda a, b, y: (neuron([a, b]) - y) ** 2, neuron.parameters())
    assert found[1] == "H = tanh(X·Wᵀ + b)" and found[-1] == "∂L/∂b = 1/N Σ Δ"


def test_a_column_of_shapes_stands_beside_the_formulas() -> None:
    layer = Layer(3, 2, activation="sigmoid")
    text = record(lambda a, b, c: total([y * y for y in layer([a, b, c])]), layer.parameters()).matrix_form()
    assert [line.split("   ")[-1].strip() for line in text.splitlines()][:2] == ["N × 3", "N × 2"]


@pytest.mark.parametrize(
    "loss",
    [
        lambda v, x: v * x,
        lambda v, x: v + 0 * x,
        lambda v, x: exp(v * x) / (x + v) ** 3 + abs(v),
        lambda v, x: gelu(v * x) * leaky_relu(v - x),
        lambda v, x: tanh(tanh(v * x) + v),
    ],
)
def test_every_program_has_a_text(loss: Callable[..., Any]) -> None:
    v = Value(0.5, "v")
    found = lines(lambda x: loss(v, x), [v])
    assert any(line.startswith("L = ") for line in found) and any(line.startswith("∂L/∂v") for line in found)


def test_a_random_network_without_layers_has_a_text() -> None:
    rng = random.Random(1)
    weights = [Value(rng.gauss(0, 1)) for _ in range(20)]

    def loss(a: Any, b: Any) -> Any:
        choose = random.Random(2)
        nodes: list[Any] = [a, b]
        for w in weights:
            x, y = choose.sample(nodes, 2)
            nodes.append(tanh(w * x + y))
        return nodes[-1]

    assert "L = " in record(loss, weights).matrix_form()
