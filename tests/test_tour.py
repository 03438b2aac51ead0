"""The notebook of the tour runs, and what is kept in it is what it gives.

    python tests/test_tour.py

runs it and keeps what it gives now, without times and versions.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

# On Windows, zmq says that it starts a thread of its own.
pytestmark = pytest.mark.filterwarnings("ignore:Proactor event loop does not implement add_reader:RuntimeWarning")

TOUR = Path(__file__).parent.parent / "demos" / "tour.ipynb"


def executed(notebook: Any) -> Any:
    """Return the notebook with what its cells give now, in an empty folder. CellExecutionError if one fails."""
    notebook = copy.deepcopy(notebook)
    metadata = copy.deepcopy(notebook.metadata)
    with TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=300,
            resources={"metadata": {"path": folder}},
            coalesce_streams=True,  # of a progress bar, what it ends as
            record_timing=False,
        )
        client.execute()
        assert not list(Path(folder).iterdir()), "the notebook leaves files behind"
    notebook.metadata = metadata
    return notebook


@pytest.fixture(scope="module")
def kept() -> Any:
    return nbformat.read(TOUR, as_version=4)


@pytest.fixture(scope="module")
def given(kept: Any) -> Any:
    return executed(kept)


def outputs(notebook: Any) -> dict[str, list[dict[str, str]]]:
    """Return what each cell shows, by the cell's id and the kind of output."""
    return {cell.id: list(map(by_kind, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"}


def by_kind(output: Any) -> dict[str, str]:
    return {output.name: output.text} if output.output_type == "stream" else dict(output.data)


def comparable(shown: dict[str, str]) -> dict[str, str]:
    """Return the text of an output, its picture, the graph on a page, and of a curve what is written on it.

    What may change is left out: the speed, the rounding errors, and where matplotlib places things.
    """
    found = {}
    for kind, text in shown.items():
        if kind == "stdout":
            found[kind] = re.sub(r"█+.*(, loss .*])", r"\1", text)
        elif kind == "text/plain" or "<iframe" in text:
            text = text.partition("id=&quot;graph&quot;")[2].partition("&lt;/script")[0] or text  # of a page, its graph
            rounded = re.sub(r"\d+\.\d{9,}", lambda number: f"{float(number[0]):.8g}", text)
            found[kind] = re.sub(r"\d(\.\d+)?e[-+]\d+", "ε", rounded)
        elif kind == "image/svg+xml":
            found[kind] = "\n".join(re.findall(r">([^<>]+)</text>", text)) if "matplotlib" in text else text
    return found


def test_the_notebook_shows_what_is_kept_in_it(kept: Any, given: Any) -> None:
    now = outputs(given)
    for cell, shown in outputs(kept).items():
        assert list(map(comparable, shown)) == list(map(comparable, now[cell])), cell


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("multiply", "text/plain"),
        ("neuron-draw", "image/svg+xml"),
        ("network-draw", "image/svg+xml"),
        ("explore-page", "text/html"),
        ("wrong-formula", "text/html"),
        ("network-trained", "stdout"),
        ("network-trained", "image/svg+xml"),
        ("moons-compiled", "image/svg+xml"),
        ("moons-drawn", "image/png"),
        ("matrix-form-moons", "stdout"),
    ],
)
def test_pictures_tables_and_pages_are_kept(kept: Any, cell: str, kind: str) -> None:
    assert any(len(shown.get(kind, "")) > 20 for shown in outputs(kept)[cell])


def test_the_progress_bar_is_kept_as_it_ended(kept: Any) -> None:
    (bar, curve) = outputs(kept)["network-trained"]
    assert re.fullmatch(r"100%\|█+\| 200/200 \[.*, loss [\d.]+\]\n", bar["stdout"])
    assert "History of 200 epochs" in curve["text/plain"]


def test_every_cell_shows_something_and_no_errors(kept: Any) -> None:
    for cell, shown in outputs(kept).items():
        assert shown, cell
        assert all("stderr" not in output for output in shown), cell


def test_the_file_is_valid_small_and_says_nothing_of_the_machine(kept: Any) -> None:
    nbformat.validate(kept)
    text = TOUR.read_text(encoding="utf-8")
    assert len(text) < 600_000
    assert not re.search(r"iopub|/home/|/Users/|/tmp|\d\.\d+\.\d+\"", text)
    counts = [cell.execution_count for cell in kept.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


if __name__ == "__main__":
    nbformat.write(executed(nbformat.read(TOUR, as_version=4)), TOUR)
