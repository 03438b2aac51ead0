"""micrograd's demonstration: two moons told apart by MLP(2, [16, 16, 1]) with the hinge loss.

    micrograd-like train moons

prints the loss and the accuracy as training goes, and draws the decision boundary and the loss curve.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from micrograd_like import MLP, SGD, Value, hinge, total
from micrograd_like.datasets import moons

STEPS, DECAY = 100, 1e-4


def train(folder: Path) -> list[Path]:
    """Train, print and draw; return the picture that was written."""
    inputs, targets = moons()
    model = MLP(2, [16, 16, 1], rng=random.Random(1337))
    print(f"MLP(2, [16, 16, 1]) has {len(model.parameters())} parameters; {len(inputs)} points")
    optimizer = SGD(lambda step: 1 - 0.9 * step / STEPS)
    losses = []
    for step in range(STEPS):
        scores = [model(x) for x in inputs]
        loss = hinge(scores, targets) + DECAY * total([p * p for p in model.parameters()])
        losses.append(loss.data)
        if step % 10 == 9 or step == 0:
            right = sum((score > 0) == (target > 0) for score, target in zip(scores, targets, strict=True))
            print(f"step {step + 1:3}  loss {loss:.4f}  accuracy {right / len(inputs):.0%}")
        model.zero_grad()
        loss.backward()
        optimizer.step(model.parameters())

    picture = Figure(figsize=(9, 4), layout="constrained")
    boundary, curve = picture.subplots(1, 2)
    boundary.set(title="decision boundary", xlabel="x1", ylabel="x2")
    curve.set(title="training", xlabel="step", ylabel="loss")
    x1, x2 = np.meshgrid(np.linspace(-1.8, 2.8, 120), np.linspace(-1.4, 1.9, 120))
    score = model([Value(x1), Value(x2)]).data  # the whole grid at once: a Value holds any kind of number
    boundary.contourf(x1, x2, score, levels=[-np.inf, 0, np.inf], colors=["#f4a582", "#92c5de"])
    for target, color, marker in ((-1, "#b2182b", "o"), (1, "#2166ac", "^")):
        points = [x for x, t in zip(inputs, targets, strict=True) if t == target]
        boundary.scatter(*zip(*points, strict=True), c=color, marker=marker, edgecolors="white", s=36)
    curve.plot(range(1, STEPS + 1), losses)
    path = folder / "moons.png"
    picture.savefig(path, dpi=120)
    return [path]
