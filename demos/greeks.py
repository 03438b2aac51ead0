"""Options and their sensitivities (Greeks): a call in closed form, an Asian call by Monte Carlo, each compiled.

    python demos/greeks.py

prices a grid of European calls and compares their Greeks with the formulas of the book; then prices a call on the
average of 252 days, over 100,000 random paths, compares its Greeks with pricing again in a market moved a little, and
measures what the Greeks cost beside the price. Rates and volatilities are per year, times in years. It needs the extra
"compile".
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from itertools import accumulate
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from micrograd_like import Value, compile, erfc, exp, log, relu, sqrt, total  # noqa: A004 - what it does has this name
from micrograd_like.compiler.compiled import Compiled
from micrograd_like.compiler.targets import TARGETS

DAYS, STRIKE, MATURITY = 252, 100.0, 1.0
CONTRACTS = [(strike, maturity) for strike in range(60, 181, 10) for maturity in (0.25, 0.5, 1, 2, 5)]
BATCH = 5_000  # the paths in memory at a time: 10 MB
BUMP = 1e-4  # of the parameter's own size
WITHIN = 1.96  # standard errors: a confidence of 95 %


def normal(x: Any) -> Any:
    """The standard normal distribution Φ(x)."""
    return erfc(-x / math.sqrt(2)) / 2


def european_call(spot: Any, volatility: Any, rate: Any, strike: Any, time: Any) -> Any:
    """The value of the right to buy at the strike: S·Φ(d₁) - K·e⁻ʳᵗ·Φ(d₂) (Black and Scholes, 1973)."""
    spread = volatility * sqrt(time)
    d1 = (log(spot / strike) + (rate + volatility * volatility / 2) * time) / spread
    return spot * normal(d1) - strike * exp(-rate * time) * normal(d1 - spread)


def asian_call(spot: Any, volatility: Any, rate: Any, normals: Sequence[Any]) -> Any:
    """The discounted pay-off e⁻ʳᵀ·max(mean Sₜ - K, 0) of the path Sₜ = S·exp((r - σ²/2)·t + σ·Wₜ).

    Wₜ adds up the normals, one a day. It holds no parameter, so no derivative flows through it, and the way back from
    the average reaches each day by itself.
    """
    day = MATURITY / len(normals)
    drift, noise = (rate - volatility * volatility / 2) * day, volatility * math.sqrt(day)
    growth = [exp(drift * t + noise * walk) for t, walk in enumerate(accumulate(normals), 1)]
    return exp(-rate * MATURITY) * relu(spot * total(growth) / len(growth) - STRIKE)


def market() -> list[Value]:
    """Return the parameters: spot, volatility, rate."""
    return [Value(100.0, "spot"), Value(0.2, "volatility"), Value(0.05, "rate")]


def compiled_european(target: str = "auto") -> Compiled:
    """Return the program of the price and Greeks of a contract: delta, vega, rho and, by the time passed, theta."""
    parameters = [*market(), Value(0.0, "passed")]
    *now, passed = parameters
    return compile(lambda strike, maturity: european_call(*now, strike, maturity - passed), parameters, target=target)


def compiled_asian(target: str = "auto", days: int = DAYS) -> Compiled:
    """Return the program of the discounted pay-off of a path, and of its derivatives: delta, vega, rho."""
    now = market()
    return compile(lambda *normals: asian_call(*now, normals), now, inputs=days, target=target)


def textbook(spot: float, volatility: float, rate: float, strike: float, time: float) -> list[float]:
    """Return delta, vega, rho and theta by their formulas (Hull, Options, Futures, and Other Derivatives)."""
    spread = volatility * math.sqrt(time)
    d1 = (math.log(spot / strike) + (rate + volatility * volatility / 2) * time) / spread
    density, bond = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi), strike * math.exp(-rate * time)
    delta, exercised = (math.erfc(-d / math.sqrt(2)) / 2 for d in (d1, d1 - spread))
    theta = -spot * density * volatility / (2 * math.sqrt(time)) - rate * bond * exercised
    return [delta, spot * density * math.sqrt(time), bond * time * exercised, theta]


def batches(paths: int, days: int = DAYS, seed: int = 1) -> Iterator[Any]:
    """Yield the normals of so many paths, in arrays of at most `BATCH` rows."""
    rng = np.random.default_rng(seed)
    for start in range(0, paths, BATCH):
        yield rng.standard_normal((min(BATCH, paths - start), days))


def monte_carlo(step: Compiled, paths: int) -> tuple[Any, Any, list[float]]:
    """Return price and Greeks, the half widths of their confidence intervals, and the Greeks by bump and revalue.

    The last is (f(p + h) - f(p - h)) / 2h for each parameter p, over the same paths.
    """
    now = [p.data for p in step.parameters]
    each, bumped = [], [0.0] * len(now)
    for normals in batches(paths, len(step.program.inputs)):
        samples = step.prepare(normals)
        payoffs, slopes = step.value_and_gradient(samples, each=True)
        each.append(np.column_stack([payoffs, slopes]))
        for i, p in enumerate(now):
            up, down = (step.value(samples, [*now[:i], p + h, *now[i + 1 :]]) for h in (BUMP * p, -BUMP * p))
            bumped[i] += (up - down) / (2 * BUMP * p) * samples.count / paths
    found = np.concatenate(each)
    return found.mean(0), WITHIN * found.std(0, ddof=1) / math.sqrt(paths), bumped


def turns(step: Compiled, paths: int, count: int = 15) -> list[tuple[float, float]]:
    """Return the seconds that the price takes, and price and Greeks, measured in turn."""
    samples = step.prepare(next(batches(paths, len(step.program.inputs))))
    times = []
    for _ in range(count + 1):
        start = perf_counter()
        step.value(samples)
        between = perf_counter()
        step.value_and_gradient(samples)
        times.append((between - start, perf_counter() - between))
    return times[1:]  # the first compiles what the price needs alone


def main() -> None:
    """Price, compare and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", type=int, default=100_000, help="how many random paths (default: 100,000)")
    targets = ("auto", *TARGETS)
    parser.add_argument("--target", default="auto", choices=targets, help="what to compile for (default: auto)")
    options = parser.parse_args()
    if options.paths < 2:
        parser.error("a standard error takes at least 2 paths")

    european = compiled_european(options.target)
    print(f"European calls, {len(CONTRACTS)} contracts. {european}")
    prices, greeks = european.value_and_gradient(CONTRACTS, each=True)
    print(f"{'strike':>6} {'years':>5} {'price':>10} {'delta':>9} {'vega':>9} {'rho':>9} {'theta':>9}")
    for (strike, maturity), price, row in list(zip(CONTRACTS, prices, greeks, strict=True))[2::15]:
        print(f"{strike:6} {maturity:5} {price:10.5f} {' '.join(f'{greek:9.5f}' for greek in row)}")
    now = [p.data for p in european.parameters[:3]]
    expected = np.array([textbook(*now, *contract) for contract in CONTRACTS])
    worst = np.abs(np.array(greeks) / expected - 1).max()
    print(f"All {expected.size} Greeks agree with the book's formulas to {worst:.0e} of themselves.\n")

    asian = compiled_asian(options.target)
    print(f"An Asian call, {DAYS} days, {options.paths:,} paths. {asian}")
    means, widths, bumped = monte_carlo(asian, options.paths)
    print(f"{'':5} {'Monte Carlo':>11} {'±':>8} {'bumped':>9}")
    print(f"price {means[0]:11.5f} {widths[0]:8.5f}")
    for name, mean, width, other in zip(("delta", "vega", "rho"), means[1:], widths[1:], bumped, strict=True):
        verdict = "inside" if abs(mean - other) <= width else "OUTSIDE"
        print(f"{name:5} {mean:11.5f} {width:8.5f} {other:9.5f}  {verdict}")

    times = turns(asian, options.paths)
    ratios = [both / price for price, both in times]
    price, both = (median(x) / min(options.paths, BATCH) * 1e9 for x in zip(*times, strict=True))
    print(
        f"\nPrice and Greeks take {median(ratios):.2f} times as long as the price alone ({min(ratios):.2f} to "
        f"{max(ratios):.2f} in {len(ratios)} turns): {both:,.0f} and {price:,.0f} ns a path."
    )


if __name__ == "__main__":
    main()
