"""The comparison with mpmath and PyTorch: a small run finds nothing wrong, and a rule made wrong is found."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

import micrograd_like
from micrograd_like import Value
from micrograd_like.engine import binary, unary
from micrograd_like.steps import ONE_OPERAND

pytest.importorskip("torch")
from oracles.accuracy import DERIVATIVE, GRADIENT, OPERATORS, VALUE, WHOLE, Report, chunks, measure

SPOILED = 1 + 1e-14  # some 45 units in the last place


@pytest.fixture(scope="module")
def report() -> Report:
    together = Report()
    for numbers in chunks(250):
        together.add(measure(0, numbers))
    return together


def test_no_error_exceeds_what_is_documented(report: Report) -> None:
    assert not report.broken


def test_every_operator_is_met(report: Report) -> None:
    assert set(report.seen) == set(OPERATORS) > set(ONE_OPERAND)


def test_the_command_prints_the_same_table_however_the_work_is_shared(report: Report) -> None:
    script = Path(__file__).parent / "oracles" / "accuracy.py"
    command = [sys.executable, str(script), "--expressions", "250"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    table, gradients, circumstances = done.stdout.strip().split("\n\n")
    assert (table, gradients) == (report.table(), report.gradients())
    assert re.match(r"250 expressions .* 750 bare operators .* Seed 0, Python .*, torch ", circumstances)


def test_a_wrong_value_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(micrograd_like, "sin", unary("sin", lambda x: (math.sin(x) * SPOILED, math.cos(x))))
    assert set(measure(0, range(50)).broken) == {("sin", VALUE)}


def test_a_wrong_derivative_of_a_function_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(micrograd_like, "sin", unary("sin", lambda x: (math.sin(x), math.cos(x) * SPOILED)))
    assert ("sin", DERIVATIVE) in measure(0, range(50)).broken


def test_a_wrong_derivative_of_an_operator_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Value, "__mul__", binary("*", lambda a, b: (a * b, b, b))[0])
    assert ("*", DERIVATIVE) in measure(0, range(50)).broken


def test_a_wrong_backward_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    backward = Value.backward
    monkeypatch.setattr(Value, "backward", lambda v: backward(v, SPOILED))
    assert set(measure(0, range(50)).broken) == {(WHOLE, GRADIENT)}
