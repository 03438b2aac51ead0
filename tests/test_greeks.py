"""The demonstration of Greeks: derivatives of prices, from programs compiled for every target."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

from micrograd_like import Value
from micrograd_like.compiler.recording import record

DEMO = Path(__file__).parent.parent / "demos" / "greeks.py"
demo = runpy.run_path(str(DEMO))
DEEP = [(strike, maturity) for strike in (50.0, 75.0, 99.0, 130.0, 180.0) for maturity in (0.25, 1.0, 5.0)]
targets = pytest.mark.parametrize(
    "target",
    [
        "python",
        "numpy",
        pytest.param("llvm", marks=pytest.mark.skipif(not find_spec("llvmlite"), reason="no llvmlite")),
    ],
)


def exact(spot: float, volatility: float, rate: float, strike: float, time: float) -> list[Any]:
    """The price in 50 digits, and its derivatives by spot, volatility, rate and the time passed, taken numerically."""

    def price(s: Any, v: Any, r: Any, t: Any) -> Any:
        d1 = (mpmath.log(s / strike) + (r + v * v / 2) * t) / (v * mpmath.sqrt(t))
        return s * mpmath.ncdf(d1) - strike * mpmath.exp(-r * t) * mpmath.ncdf(d1 - v * mpmath.sqrt(t))

    with mpmath.workdps(50):
        at = [mpmath.mpf(x) for x in (spot, volatility, rate, time)]
        slopes = [mpmath.diff(price, at, tuple(int(i == k) for k in range(4))) for i in range(4)]
        return [price(*at), *slopes[:3], -slopes[3]]


@targets
def test_greeks_of_european_calls_agree_with_50_digits(target: str) -> None:
    step = demo["compiled_european"](target)
    now = [p.data for p in step.parameters[:3]]
    prices, greeks = step.value_and_gradient(DEEP, each=True)
    for contract, price, row in zip(DEEP, prices, greeks, strict=True):
        expected = exact(*now, *contract)
        assert float(price) == pytest.approx(float(expected[0]), rel=1e-12)
        assert [*map(float, row)] == pytest.approx([*map(float, expected[1:])], rel=1e-12), contract


def test_formulas_of_the_book_agree_with_50_digits() -> None:
    for contract in DEEP:
        expected = [*map(float, exact(100.0, 0.2, 0.05, *contract)[1:])]
        assert demo["textbook"](100.0, 0.2, 0.05, *contract) == pytest.approx(expected, rel=1e-12)


@targets
def test_monte_carlo_greeks_lie_within_their_interval_of_bump_and_revalue(target: str) -> None:
    step = demo["compiled_asian"](target, days=60)
    means, widths, bumped = demo["monte_carlo"](step, 7_000)  # more than one batch
    assert (np.abs(means[1:] - bumped) < widths[1:]).all()
    assert (widths < 0.05 * means).all()


@targets
def test_price_and_greeks_are_means_over_paths(target: str) -> None:
    step = demo["compiled_asian"](target, days=60)
    (normals,) = demo["batches"](1_001, days=60)
    payoffs, slopes = step.value_and_gradient(normals, each=True)
    price, greeks = step.value_and_gradient(normals)
    assert price == pytest.approx(np.mean(payoffs), rel=1e-12)
    assert step.value(normals) == pytest.approx(price, rel=1e-12)
    assert list(greeks) == pytest.approx(list(np.mean(slopes, axis=0)), rel=1e-12)


def test_all_targets_give_the_same_greeks() -> None:
    (normals,) = demo["batches"](101, days=60)
    reference, *others = (demo["compiled_asian"](t, days=60).value_and_gradient(normals) for t in ("python", "numpy"))
    for price, greeks in others:
        assert price == pytest.approx(reference[0], rel=1e-12)
        assert list(greeks) == pytest.approx(reference[1], rel=1e-12)


@pytest.mark.parametrize("numbers", [(1e-3, 3.0, -0.1), (1e6, 0.01, 0.0)])
def test_program_is_the_same_in_every_market(numbers: tuple[float, ...]) -> None:
    def programs(parameters: list[Value]) -> list[str]:
        european = record(lambda k, t: demo["european_call"](*parameters, k, t), parameters)
        asian = record(lambda *z: demo["asian_call"](*parameters, z), parameters, 20)
        return [str(european), str(asian)]

    now = demo["market"]()
    assert programs([Value(x, p.label) for x, p in zip(numbers, now, strict=True)]) == programs(now)


def test_program_grows_by_as_much_each_day() -> None:
    lengths = [len(demo["compiled_asian"]("python", days).program.statements) for days in (20, 40, 60)]
    assert lengths[2] - lengths[1] == lengths[1] - lengths[0] <= 20 * 6


def test_demonstration_runs_as_a_script() -> None:
    command = [sys.executable, "-W", "error", str(DEMO), "--paths", "300", "--target", "numpy"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert float(re.findall(r"book's formulas to (\S+) of", done.stdout)[0]) <= 1e-12
    assert len(re.findall(r"^(?:delta|vega|rho) .* inside$", done.stdout, re.MULTILINE)) == 3
    assert re.search(r"take \d\.\d\d times as long as the price alone", done.stdout)


def test_one_path_has_no_standard_error() -> None:
    done = subprocess.run([sys.executable, str(DEMO), "--paths", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "at least 2 paths" in done.stderr
