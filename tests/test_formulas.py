"""The formulas of the documents get the verdicts they deserve, and what corrects a wrong one holds."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

DEMO = Path(__file__).parent.parent / "demos" / "formulas.py"

EXPECTED = [
    ("000", "σ(x) = 1/(1 + e^-x)", "holds", ""),
    ("000", "[node₁, node₂]ᵀ = σ(w·x + b)", "holds", ""),
    ("000", "y = σ(β·[node₁, node₂]ᵀ + d)", "holds", ""),
    ("000", "Nodes = σ(XWᵀ + B)", "holds", ""),
    ("000", "Ŷ = σ(Nodes×Vᵀ + D)", "holds", ""),
    ("000", "-∂L/∂v is a way down: dL(v - η ∂L/∂v)/dη = -Σ (∂L/∂v)² at η = 0", "holds", ""),
    ("000", "derived: ∂L/∂V = δᵀ·Nodes, ∂L/∂d = Σₙ δₙ, δ = 1/N (Ŷ - Y)", "holds", "L the binary cross-entropy"),
    (
        "000", "derived: ∂L/∂W = γᵀ·X, ∂L/∂b = Σₙ γₙ, γ = δ·V ∘ Nodes ∘ (1 - Nodes)", "holds",
        "L is differentiable by all weights and biases",
    ),
    ("001", "S(X) = 1/(1 + e^-x)", "holds", ""),
    ("001", "w₀ = 2u - 1, u from 0 to 1, has mean 0", "holds", "u and 1 - u are as frequent"),
    ("001", "z₀ = X·w₀, A₁ = σ(z₀)", "holds", ""),
    ("001", "A₁ as printed, w₀ from NumPy's seed 1", "holds", "8 decimals are printed"),
    ("001", "a linear activation gives a weighted sum: ∂A/∂x = w", "holds", ""),
    ("001", "L(w) = -1/N Σₙ (yₙ log ŷₙ + (1 - yₙ) log(1 - ŷₙ))", "holds", ""),
    ("001", "y = 0: yₙ log ŷₙ adds nothing", "holds", ""),
    ("001", "y = 1: (1 - yₙ) log(1 - ŷₙ) adds nothing", "holds", ""),
    ("001", "y = 1: nearer to 1 is better: ∂L/∂ŷ = -1/ŷ < 0", "holds", ""),
    ("001", "y = 0: nearer to 0 is better: ∂L/∂ŷ = 1/(1 - ŷ) > 0", "holds", ""),
    ("001", "the terms of L(w), with y and A₁ as in the code", "does not hold", "shape (4, 4), not (4, 1)"),
    (
        "001", "equal weights stay equal: ∂L/∂wᵢ = ∂L/∂wⱼ where wᵢ = wⱼ", "does not hold",
        "not within a neuron, whose inputs differ",
    ),
    ("001", "derived: equal hidden neurons stay equal: ∂L/∂w₁ᵢ = ∂L/∂w₂ᵢ", "holds", ""),
    ("001", "derived: ∂L/∂w₀ = 1/N Xᵀ·(A₁ - y)", "holds", "y a column"),
    ("002", "in words: ŷ = σ(W₂·σ(W₁·x + b₁) + b₂)", "holds", ""),
    ("002", "in words: E = Σ (y - ŷ)²", "holds", ""),
    (
        "002", "squaring measures the absolute value: (y - ŷ)² = abs(y - ŷ)", "does not hold",
        "both drop the sign; the square weighs by size too",
    ),
    ("002", "W and b alone affect ŷ: ∂ŷ/∂x = 0", "does not hold", "x does too, though it is not trained"),
    (
        "002", "the derivative is the slope: ∂E/∂b₂ = (E(b₂ + h) - E(b₂ - h))/2h, h → 0", "holds",
        "h = 1e-4; E itself, no chain rule",
    ),
    ("002", "in words: ∂E/∂W = ∂E/∂ŷ·∂ŷ/∂z·∂z/∂W = 2(ŷ - y)·ŷ(1 - ŷ)·x of one layer", "holds", ""),
    ("002", "derived: ∂E/∂W₂ = εᵀ·H, ∂E/∂b₂ = Σₙ εₙ, ε = 2(Ŷ - Y) ∘ Ŷ ∘ (1 - Ŷ)", "holds", "H = σ(X·W₁ᵀ + b₁)"),
    ("002", "derived: ∂E/∂W₁ = γᵀ·X, ∂E/∂b₁ = Σₙ γₙ, γ = ε·W₂ ∘ H ∘ (1 - H)", "holds", ""),
    ("003", "Y = Wx + b", "holds", ""),
    ("003", "f(Wx + b), f the sigmoid", "holds", ""),
    ("003", "f(Wx + b), f ReLU", "holds", ""),
    ("003", "without f all is linear: ∂(W₂(W₁x + b₁) + b₂)/∂x = W₂·W₁", "holds", ""),
    ("003", "Cost = -y log ŷ - (1 - y) log(1 - ŷ)", "holds", ""),
    ("003", "(a) y = 1: Loss = -log ŷ", "holds", ""),
    ("003", "(a) y = 1: higher ŷ, lower Loss: ∂Loss/∂ŷ = -1/ŷ < 0", "holds", ""),
    ("003", "(b) y = 0: Loss = -log(1 - ŷ)", "holds", ""),
    ("003", "(b) y = 0: lower ŷ, lower Loss: ∂Loss/∂ŷ = 1/(1 - ŷ) > 0", "holds", ""),
    (
        "003", "derived: Xavier, w from -a to a: Var(w) = a²/3 = 2/(nin + nout)", "holds",
        "named only; Glorot's, keeps variances: (nin + nout)/2·Var(w) = 1",
    ),
    (
        "003", "derived: ∂C/∂W₂ = δᵀ·H, ∂C/∂b₂ = Σₙ δₙ, δ = 1/N (Ŷ - Y)", "holds",
        "C the mean cost; H = ReLU(X·W₁ᵀ + b₁)",
    ),
    ("003", "derived: ∂C/∂W₁ = γᵀ·X, ∂C/∂b₁ = Σₙ γₙ, γ = δ·W₂ ∘ [H > 0]", "holds", ""),
    ("003", "derived: gradient descent: w ← w - η ∂C/∂w", "holds", ""),
    (
        "004", "L = -Σₗ yₗ log(exp(… + b₂ⱼ … + b₃ⱼ)/Σₖ exp(… + b₂ₖ … + b₃ₖ))", "does not hold",
        "b₂ₖ is another neuron's bias; the j of b₃ⱼ read as l",
    ),
    ("004", "in words: first the activation, then the bias: σ(w·x) + b", "does not hold", "the bias belongs inside"),
    (
        "004", "Predictions = Activation Function(weights·inputs + Bias)", "holds",
        "a list, a prediction for each neuron",
    ),
    ("004", "Weighted Sum of Inputs w/ Bias = σ(Σᵢ wᵢxᵢ + b)", "does not hold", "that is the prediction"),
    ("004", "Weighted Sum w/ Bias = Σᵢ wᵢxᵢ + b", "holds", ""),
    ("004", "output = [inputs[0]*weights[0] + … + bias]", "holds", "[4.8] for the numbers in the code"),
    ("004", "predictions = ActivationFunction(output)", "holds", "[σ(4.8)], applied to each of the list"),
    ("004", "z = w·x + b, a = σ(z)", "holds", ""),
    ("004", "L = -1/N Σᵢ Σₖ yᵢₖ log aᵢₖ", "holds", ""),
    ("004", "J = 1/N Σᵢ L", "holds", "no i in L: J = L, with 1/N once"),
    ("004", "∇_A J = -1/N Y/A", "holds", ""),
    ("004", "∇_A J = -1/N Y/A, J of binary cross-entropy", "does not hold", "right only where Y is 1"),
    (
        "004", "∇_Z J = ∇_A J · σ(Z) · (1 - σ(Z)), · for ∘", "does not hold",
        "right where activation is sigmoid, wrong where it is softmax",
    ),
    ("004", "∂J/∂W = 1/N Xᵀ·∇_A J", "does not hold", "∇_A J for ∇_Z J, 1/N twice"),
    (
        "004", "∂J/∂W = 1/N Xᵀ·∇_Z J", "does not hold",
        "it is 1/N times the gradient, where N is the number of rows of X",
    ),
    ("004", "∂J/∂B = 1/N Σᵢ ∇_A J", "does not hold", "∇_A J for ∇_Z J, 1/N twice"),
    ("004", "∂J/∂X = ∇_A J·Wᵀ", "does not hold", "∇_A J for ∇_Z J"),
]


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


def test_there_is_no_other_row(run: Run) -> None:
    assert len(run.rows) == len(EXPECTED)


@pytest.mark.parametrize("i", range(len(EXPECTED)), ids=[f"{document} {text}" for document, text, _, _ in EXPECTED])
def test_verdict_and_diagnosis(run: Run, i: int) -> None:
    row = run.rows[i]
    assert (row.document, row.formula, row.verdict, row.diagnosis) == EXPECTED[i]


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


def test_formulas_can_be_imported_without_being_checked() -> None:
    formulas = runpy.run_path(str(DEMO))["FORMULAS"]
    assert [formula[:2] for formula in formulas] == [expected[:2] for expected in EXPECTED]
