"""The README says what is so: its examples run, its pictures are what they show, its map names the files there are."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from micrograd_like import Neuron, Value, draw, tanh
from micrograd_like.datasets import NEURON

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_examples_run_as_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted > 10
    assert not results.failed


def test_first_picture_is_of_the_example() -> None:
    w, x, b = Value(-3.0, "w"), Value(2.0, "x"), Value(6.5, "b")
    y = tanh(w * x + b)
    y.backward()
    assert draw(y)._repr_svg_() == (ROOT / "demos/pictures/neuron.svg").read_text()


def test_second_picture_is_of_document_004s_neuron() -> None:
    inputs, weights, bias = NEURON
    neuron = Neuron(4, activation="linear")
    for p, number in zip(neuron.parameters(), [*weights, bias], strict=True):
        p.data = number
    z = neuron([Value(v, f"x{i}") for i, v in enumerate(inputs)])
    z.label = "z"
    z.backward()
    assert draw(z, neuron, expand_dot=True)._repr_svg_() == (ROOT / "demos/pictures/network.svg").read_text()


def test_map_names_every_module() -> None:
    table = README[README.index("## A map") : README.index("## Speed")]
    named = set(re.findall(r"`(?:micrograd_like/)?(\w+\.py)`", table))
    assert {path.name for path in (ROOT / "micrograd_like").glob("[!_]*.py")} <= named


def test_every_file_it_points_to_is_there() -> None:
    for path in re.findall(r"\]\(([^):]+)\)", README) + re.findall(
        r"`((?:micrograd_like|demos|benchmarks)/[\w/.]*)`", README
    ):
        assert (ROOT / path).exists(), path
