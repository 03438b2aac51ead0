"""The README says what is so: its examples run, its pictures are what they show, its map names the files there are."""

from __future__ import annotations

import contextlib
import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the README's examples and return the folder they write to."""
    folder = tmp_path_factory.mktemp("readme")
    with contextlib.chdir(folder):
        results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted > 10
    assert not results.failed
    return folder


@pytest.mark.parametrize("picture", ["neuron.svg", "network.svg"])
def test_pictures_are_what_the_examples_draw(examples: Path, picture: str) -> None:
    assert (examples / picture).read_text() == (ROOT / "demos" / "pictures" / picture).read_text()


def test_map_names_every_module() -> None:
    table = README[README.index("## A map") : README.index("## Speed")]
    named = set(re.findall(r"`(?:micrograd_like/)?(\w+\.py)`", table))
    assert {path.name for path in (ROOT / "micrograd_like").glob("[!_]*.py")} <= named


def test_every_file_it_points_to_is_there() -> None:
    for path in re.findall(r"\]\(([^):#]+)\)", README) + re.findall(
        r"`((?:micrograd_like|demos|benchmarks)/[\w/.]*)`", README
    ):
        assert (ROOT / path).exists(), path
