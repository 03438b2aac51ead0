"""Handwritten digits: a hidden layer of 16 neurons and a softmax, trained as a compiled program in a second or two.

    micrograd-like train digits

prints how many of the images held out are read right, and draws the loss curve and some of its answers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from micrograd_like import MLP, Adam, categorical_cross_entropy_with_logits, fit
from micrograd_like.datasets import digits

HELD_OUT = 359
"""How many of the 1,797 images, the first ones after shuffling, are not trained on: a fifth."""


class Digits(NamedTuple):
    """Images, their pixels in a row each, which digit each shows, and the same as ten numbers, one of them 1."""

    images: list[list[list[float]]]
    rows: list[list[float]]
    digits: list[int]
    one_hot: list[list[float]]


def train(folder: Path) -> list[Path]:
    """Train, print and draw; return the pictures that were written."""
    rng = random.Random(0)
    data = shuffled(rng)
    model = MLP(64, [16, 10], init="he", rng=rng)
    trained_on = len(data.rows) - HELD_OUT
    print(f"MLP(64, [16, 10]) has {len(model.parameters())} parameters; {trained_on} images of 8 × 8 pixels")
    began = time.perf_counter()
    history = fit(
        model,
        categorical_cross_entropy_with_logits,
        data.rows[HELD_OUT:],
        data.one_hot[HELD_OUT:],
        epochs=30,
        batch_size=32,
        optimizer=Adam(0.01),
        rng=rng,
        compile=True,
    )
    print(f"{history}, compiled and trained in {time.perf_counter() - began:.1f} s")
    answers = answered(model, data.rows[:HELD_OUT])
    print(told(answers, data))
    pictures = [folder / "digits-loss.png", folder / "digits-answers.png"]
    history.plot().figure.savefig(pictures[0])
    draw_answers(data, answers).savefig(pictures[1])
    return pictures


def shuffled(rng: random.Random) -> Digits:
    """Return the images without order."""
    images, labels = digits()
    order = rng.sample(range(len(images)), len(images))
    return Digits(
        [images[i] for i in order],
        [[pixel for line in images[i] for pixel in line] for i in order],
        [labels[i] for i in order],
        [[float(k == labels[i]) for k in range(10)] for i in order],
    )


def answered(model: MLP, rows: Sequence[Sequence[float]]) -> list[int]:
    """Return which digit the model takes each row for."""
    outputs = [[logit.data for logit in model(row)] for row in rows]
    return [logits.index(max(logits)) for logits in outputs]


def told(answers: Sequence[int], data: Digits) -> str:
    """Say how many of the answers for the images held out are right."""
    right = sum(answer == digit for answer, digit in zip(answers, data.digits, strict=False))
    return f"{right / len(answers):.1%} of {len(answers)} images held out are right"


def draw_answers(data: Digits, answers: Sequence[int]) -> Any:
    """Return a figure of the first sixteen images, each below the answer for it, which is red where it is wrong."""
    figure = Figure(figsize=(9, 2.4), layout="constrained")
    each = zip(figure.subplots(2, 8).flat, data.images, data.digits, answers, strict=False)
    for axes, image, digit, answer in each:
        axes.imshow(image, cmap="gray_r")
        axes.set_title(f"{answer}", fontsize=9, color="black" if answer == digit else "red")
        axes.set_axis_off()
    return figure
