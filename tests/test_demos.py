"""The demonstrations run from anywhere and show what the documents say."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from micrograd_like.__main__ import EXAMPLES, main

DEMOS = Path(__file__).parent.parent / "demos"


def run(demo: str, folder: Path) -> str:
    command = [sys.executable, "-W", "error", str(DEMOS / demo), "--out", str(folder / "pictures")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("documents")
    return run("documents.py", folder), folder / "pictures"


def test_formulas_of_document_000_agree_with_the_network(documents: tuple[str, Path]) -> None:
    differences = re.findall(r"differ from (?:the network|it) by at most (\S+)", documents[0])
    assert len(differences) == 2
    assert all(float(difference) <= 1e-12 for difference in differences)


def test_document_001_predicts_what_the_document_prints(documents: tuple[str, Path]) -> None:
    assert re.search(r"first forward pass: +0\.60841366 0\.45860596 0\.32627570 0\.36375058", documents[0])


def test_document_001_is_trained_to_within_a_twentieth(documents: tuple[str, Path]) -> None:
    (line,) = re.findall(r"within 0\.05: ([\d. ]+?) +targets", documents[0])
    predictions = [float(p) for p in line.split()]
    assert all(abs(p - y) < 0.05 for p, y in zip(predictions, [0, 1, 1, 0], strict=True))


def test_loss_of_document_002_falls(documents: tuple[str, Path]) -> None:
    lines = re.findall(r"the loss every 100 steps: ([\d. ]+)", documents[0])
    assert len(lines) == 2
    for line in lines:
        losses = [float(loss) for loss in line.split()]
        assert losses == sorted(losses, reverse=True)
        assert losses[-1] < 0.01 < losses[0]


def test_digits_of_document_003_are_read_in_half_a_minute(documents: tuple[str, Path]) -> None:
    share, seconds = re.findall(r"([\d.]+)% of 359 images held out are right, after (\d+) s", documents[0])[0]
    assert float(share) >= 95
    assert int(seconds) <= 30


def test_neuron_of_document_004_gives_4_8(documents: tuple[str, Path]) -> None:
    assert "is 4.8," in documents[0]


def test_long_formula_of_document_004_agrees(documents: tuple[str, Path]) -> None:
    (difference,) = re.findall(r"they differ by (\S+)\n", documents[0])
    assert float(difference) <= 1e-12


def test_pictures_named_are_in_the_folder_named(documents: tuple[str, Path]) -> None:
    printed, folder = documents
    assert str(folder.resolve()) in printed
    names = re.findall(r"^  (00\S+\.(?:svg|png))$", printed, re.MULTILINE)
    assert len(names) >= 8
    assert sorted(names) == sorted(path.name for path in folder.iterdir())


def test_moons_are_told_apart(tmp_path: Path) -> None:
    printed = run("moons.py", tmp_path)
    assert re.search(r"step 100 .* accuracy (9[5-9]|100)%", printed)
    assert (tmp_path / "pictures" / "moons.png").stat().st_size > 10_000


def test_digits_are_read_after_a_compiled_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "digits", "--out", str(tmp_path)]) == 0
    (share,) = re.findall(r"\n([\d.]+)% of 359 images held out are right", capsys.readouterr().out)
    assert float(share) >= 95
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits-answers.png", "digits-loss.png"]


@pytest.mark.parametrize("document", ["000", "001", "002", "004"])
def test_a_document_is_trained_alone(document: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", document, "--out", str(tmp_path / "new" / "folder")]) == 0
    assert capsys.readouterr().out.startswith(f"\n{document}  ")
    pictures = [path.name for path in (tmp_path / "new" / "folder").iterdir()]
    assert pictures
    assert all(name.startswith(document) for name in pictures)


def test_every_example_is_there() -> None:
    for name in EXAMPLES.values():
        module, function = name.split(".")
        assert callable(getattr(import_module(f"micrograd_like.examples.{module}"), function))
