"""The formulas of the documents get the verdicts they deserve, and what corrects a wrong one holds."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from micrograd_like.examples.formulas import FORMULAS, Formula, check_all, derivative, number

SQUARE = derivative(lambda x: x * x, "x", number)
HOLDS = Formula("000", "∂x²/∂x = 2x", lambda x: 2 * x, SQUARE)
CORRECTED = Formula("000", "∂x²/∂x = x", lambda x: x, SQUARE, "", "2x", lambda x: 2 * x)
DEMO = Path(__file__).parent.parent / "demos" / "formulas.py"


class Row(NamedTuple):
    document: str
    formula: str
    verdict: str
    largest_error: str
    diagnosis: str
    corrected: str


class Run(NamedTuple):
    seconds: float
    lines: list[str]
    rows: list[Row]
    last: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    command, began = [sys.executable, "-W", "error", str(DEMO)], time.perf_counter()
    folder = tmp_path_factory.mktemp("formulas")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    *lines, empty, last = done.stdout.splitlines()
    assert not empty
    rows = [Row(*map(str.strip, line.strip("|").split(" | "))) for line in lines[2:]]
    return Run(time.perf_counter() - began, lines, rows, last)


def test_every_wrong_formula_is_corrected_and_no_other(run: Run) -> None:
    for row in run.rows:
        assert bool(row.corrected) == (row.verdict == "does not hold")


def test_every_corrected_formula_holds(run: Run) -> None:
    corrected = [row.corrected for row in run.rows if row.corrected]
    assert corrected
    assert all(re.search(r" \(< 1e-12\)$", text) for text in corrected)


def test_errors_of_what_holds_are_bounds_that_any_machine_keeps(run: Run) -> None:
    coarse = {row.largest_error: row.formula for row in run.rows if row.verdict == "holds"}
    assert coarse.keys() == {"< 1e-12", "< 1e-8", "< 1e-9"}  # computed; printed with 8 decimals; a slope for h = 1e-4


def test_table_is_aligned_for_a_terminal(run: Run) -> None:
    assert len({len(line) for line in run.lines}) == 1


def test_the_readme_shows_the_table(run: Run) -> None:
    readme = (DEMO.parent.parent / "README.md").read_text(encoding="utf-8")
    assert "\n".join(run.lines) in readme


def test_it_takes_less_than_20_seconds(run: Run) -> None:
    assert run.seconds < 20


def test_last_line_counts_the_rows(run: Run) -> None:
    hold = sum(row.verdict == "holds" for row in run.rows)
    assert run.last.startswith(f"{len(run.rows)} rows: {hold} hold, {len(run.rows) - hold} do not; ")


def test_formulas_can_be_imported_without_being_checked(run: Run) -> None:
    assert len(FORMULAS) == len(run.rows)


def test_a_wrong_formula_with_a_right_one_beside_it_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_all([HOLDS, CORRECTED])
    assert "2 rows: 1 hold, 1 do not;" in capsys.readouterr().out


@pytest.mark.parametrize(
    "formula",
    [
        HOLDS._replace(code=lambda x: 3 * x),
        CORRECTED._replace(code=lambda x: 2 * x),
        CORRECTED._replace(right=lambda x: 3 * x),
    ],
    ids=["wrong without a right one", "right with another", "wrong with a wrong one"],
)
def test_any_other_verdict_is_told(formula: Formula, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check_all([HOLDS, formula])
    assert capsys.readouterr().out.endswith(f"not as expected: {formula.text}\n")
