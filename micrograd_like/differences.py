"""The numerical gradient: what the derivatives of a function are, judged by its numbers alone.

    >>> numerical_gradient(lambda x, y: x * x * y, [3.0, 2.0])[0].slope
    12.0
    >>> numerical_gradient(abs, 0.0).remark
    'kink: the slope is -1 below and 1 above'
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from statistics import median
from typing import Any, NamedTuple

from micrograd_like.kinds import data_of, is_array
from micrograd_like.points import Point, point_at, require_number

ROUNDING = sys.float_info.epsilon
LARGEST_STEP = 0.1092648131  # times |x|, or 1 if that is more; no simple fraction, or steps might be whole periods of f
QUARTERS = 25  # steps, each a quarter of the one before, that are tried to get into the domain
FEWEST, MOST = 7, 44  # halvings of the step from there on
BEYOND = 4  # halvings after rounding outweighs the error: they show noise that is larger than rounding
CLOSE = 2**17  # the first step over this, and over its square, are steps at which noise in f is looked for
ALIKE = 0.1  # the part by which a slope may differ from that between two close points
CLOSEST = 2**6  # units in the last place of x, below which a step shows the rounding of x instead
COLUMNS = 8  # of the table of extrapolated slopes
SETTLED = 1e-3  # the error of a slope that counts as found, as a part of it
FLAT = 1e-6  # the same for a slope near 0, as a part of |f| / max(1, |x|)
SLIGHT = 1e-6  # slopes below and above that differ by a smaller part of themselves are no kink
KINK = "kink"


class Estimate(NamedTuple):
    """A slope found from numbers: itself, a bound of its error, the slopes below and above, and a remark.

    The remark is "" unless the number is at a kink or the edge of the domain, or no slope can be told; the error is
    infinite in the last case. The slope at a kink is the mean of both sides', and the error half the distance of them.
    """

    slope: float
    error: float
    below: float
    above: float
    remark: str = ""

    @property
    def at_kink(self) -> bool:
        """Whether the slopes below and above differ."""
        return self.remark.startswith(KINK)

    def off(self, slope: float) -> float:
        """Return how far another slope is from this one; at a kink, from those between the slopes below and above."""
        if self.at_kink and not math.isnan(slope):
            low, high = sorted((self.below, self.above))
            return max(0.0, low - slope, slope - high)
        return abs(slope - self.slope)


def numerical_gradient(f: Callable[..., Any], at: Any) -> Any:
    """Return an `Estimate` of ∂f/∂xᵢ for each number xᵢ of `at`, in the shape of `at`.

    The slope is that of central differences (f(x+h) - f(x-h)) / 2h with ever smaller steps h, extrapolated to h = 0
    (Richardson, The deferred approach to the limit, 1927; the step is chosen as by Ridders, Accurate computation of
    F'(x) and F'(x)F''(x), 1982). At a kink, where the slopes below and above differ, it is their mean. The error is
    judged by the numbers of `f` alone: one that loses nine digits inside, as (x + 10⁹) - 10⁹ does, can deceive it.

    Args:
        f: a function that takes plain numbers and returns one.
        at: its arguments, by name in a mapping or in order in a sequence; a function of one argument takes several
            numbers, or a matrix, whole. An argument is a number, or lists, tuples, NumPy arrays, mappings of numbers. A
            function that has others with defaults takes a list as [[1.0, 2.0]] or by its name.

    Raises:
        TypeError: `f` takes other arguments, or returns something else than a number, or `at` holds something else.
        ValueError: `at` is empty, or holds a number that is not finite; `f` raises an error there or is not finite, or
            gives two results for the same numbers.
    """
    point = point_at(f, at)
    return point.shaped(estimates(lambda numbers: point.call(f, numbers), point))


def estimates(f: Callable[[list[float]], Any], point: Point) -> list[Estimate]:
    """Return an estimate for each number of the point, given `f` as a function of their list."""
    numbers = finite_numbers(point.places)
    y = number_at(f, numbers)
    if (again := number_at(f, numbers)) != y:
        raise ValueError(f"the function depends on more than its arguments: two calls gave {y} and {again}")
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # NumPy's, of probes outside the domain
        return [_estimate(partial(_probe, f, point.names, numbers, i), x, y) for i, x in enumerate(numbers)]


def finite_numbers(places: Iterable[tuple[str, Any]]) -> list[float]:
    """Return the numbers of named places as floats; ValueError if one is infinite or NaN."""
    numbers = []
    for name, x in places:
        numbers.append(float_of(name, x))
        if not math.isfinite(numbers[-1]):
            raise ValueError(f"{name} is {numbers[-1]}: a finite number is wanted")
    return numbers


def float_of(name: str, x: Any) -> float:
    """Return a number, or that of a Value, as a float; TypeError if it is an array."""
    if is_array(data_of(x)):
        raise TypeError(f"{name} is to be one number, not an array of shape {data_of(x).shape}")
    return float(data_of(x))


def number_at(f: Callable[[list[float]], Any], numbers: list[float], where: str = "the point") -> float:
    """Return the number that `f` gives; TypeError if it is none, ValueError for an error in `f` or an infinite one."""
    try:
        y = f(numbers)
    except Exception as error:
        raise ValueError(f"the function raises {type(error).__name__} at {where}: {error}") from error
    if isinstance(y, complex):
        raise ValueError(f"the function is complex, {y}, at {where}")
    y = float_of("the result of the function", require_number(y))
    if not math.isfinite(y):
        raise ValueError(f"the function is {y} at {where}")
    return y


def _probe(f: Callable[[list[float]], Any], names: list[str], numbers: list[float], i: int, x: float) -> float | None:
    """Return the number that `f` gives for `x` in place of number i, or None where it is not defined."""
    try:
        return number_at(f, [*numbers[:i], x, *numbers[i + 1 :]], f"{names[i]} = {x}, beside the point")
    except ValueError as error:
        if isinstance(error.__cause__, ArithmeticError | ValueError | None):
            return None
        raise


def _estimate(f: Callable[[float], float | None], x: float, y: float) -> Estimate:
    """Return the estimate for a function of one number, whose value at x is y."""
    below, center, above, largest = _extrapolated(f, x, y)
    sides = below.slope, above.slope
    known = [side for side in (below, above) if not math.isnan(side.slope)]
    if not known:
        return Estimate(math.nan, math.inf, *sides, "no slope: the function is defined at this number only")
    doubt = sum(side.error for side in known)
    steepest = max(abs(side.slope) for side in known)
    settled = doubt <= SETTLED * steepest or doubt <= FLAT * largest / max(1, abs(x))
    if len(known) == 1:
        remark = f"edge of the domain: nothing is defined {'below' if math.isnan(below.slope) else 'above'}"
        return Estimate(known[0].slope, doubt if settled else math.inf, *sides, remark)
    if not settled or math.isinf(center.error):
        return Estimate(center.slope, math.inf, *sides, "no slope: it does not settle as the step shrinks")
    gap = abs(above.slope - below.slope)
    if gap <= 4 * doubt:
        return Estimate(center.slope, center.error, *sides)
    if gap <= SLIGHT * steepest:
        return Estimate(center.slope, max(center.error, gap / 2), *sides)
    remark = f"{KINK}: the slope is {below.slope:.4g} below and {above.slope:.4g} above"
    return Estimate((below.slope + above.slope) / 2, gap / 2, *sides, remark)


def _extrapolated(
    f: Callable[[float], float | None], x: float, y: float
) -> tuple[_Extrapolation, _Extrapolation, _Extrapolation, float]:
    """Return the slopes below x, around it and above it, and the largest |f| that was met."""
    below, center, above = _Extrapolation(2), _Extrapolation(4), _Extrapolation(2)
    largest, noise, near, doubt = abs(y), 0.0, 0.0, math.inf
    for k, (h, low, high) in enumerate(_probes(f, x)):
        if not k:
            noise, near, doubt = _close_by(f, x, h / CLOSE**2)
            noise = noise or _close_by(f, x, h / CLOSE)[0]  # f may be flat that close
        found = [z for z in (y, low, high) if z is not None]
        largest = max(largest, *map(abs, found))
        change = max(abs(z - y) for z in found)
        unit = 4 * ROUNDING / h
        rounding = unit * largest + unit * abs(x) * (change / h) + noise / h  # of results, of x, and inside f
        if low is not None:
            below.add((y - low) / (x - (x - h)), 4 * rounding)
        if high is not None:
            above.add((high - y) / ((x + h) - x), 4 * rounding)
        if low is not None and high is not None:
            center.add((high - low) / ((x + h) - (x - h)), rounding)
        judge = center if len(found) == 3 else below if low is not None else above
        if k > FEWEST and rounding > judge.error * 2**BEYOND:
            break  # smaller steps are worse
    if abs(center.slope - near) > 4 * (center.error + doubt) + ALIKE * abs(near):
        center.error = math.inf  # a wave, say, of which all steps were whole periods
    return below, center, above, largest


def _close_by(f: Callable[[float], float | None], x: float, h: float) -> tuple[float, float, float]:
    """Return the noise in f, and a slope with its error, from 13 points at so small a step that f is straight there.

    The noise, which rounding inside f makes, as in (x + 10⁸) - 10⁸, is the median fourth difference; a kink is in less
    than half of these. (After Moré and Wild, Estimating computational noise, 2011.)
    """
    if h < CLOSEST * math.ulp(x):
        return 0.0, 0.0, math.inf
    values = [y for k in range(-6, 7) if (y := f(x + k * h)) is not None]
    windows = zip(*(values[i:] for i in range(5)), strict=False)
    fourths = [abs((a + e) - 4 * (b + d) + 6 * c) for a, b, c, d, e in windows]
    noise = median(filter(math.isfinite, fourths)) if any(map(math.isfinite, fourths)) else 0.0
    if len(values) < 13:  # the domain ends here
        return noise, 0.0, math.inf
    slope = (values[-1] - values[0]) / (12 * h)
    return noise, slope, (4 * ROUNDING * (max(map(abs, values)) + abs(x * slope)) + noise) / h


def _probes(f: Callable[[float], float | None], x: float) -> Iterator[tuple[float, float | None, float | None]]:
    """Yield steps h, each half the one before, with f(x - h) and f(x + h).

    The first is the first that is tried at which both are defined; if there is none, the first at which one is.
    """
    scales = sorted({max(1.0, abs(x)), abs(x)} - {0.0}, reverse=True)  # |x| where a domain ends as near as 0 is
    steps = [LARGEST_STEP * scale / 4**k for scale in scales for k in range(QUARTERS)]
    for defined in (all, any):
        for first in steps:
            if defined(y is not None for y in (f(x - first), f(x + first))):
                for k in range(MOST):
                    h = first / 2**k
                    if x - h < x < x + h:
                        yield h, f(x - h), f(x + h)
                return


class _Extrapolation:
    """Slopes for steps that halve each time, extrapolated to a step of 0 (Richardson's table).

    The errors of a slope are multiples of h², h⁴, … of the step h for `ratio` 4, which central differences have, and of
    h, h², … for `ratio` 2, which differences to one side have; column j of the table is without the first j of them.
    The best slope is that which differs least from the two in the column before that it is made of; its error is four
    times the larger difference. A smaller step should give a slope that is nearer to it than those of larger steps, at
    least as h (`ratio` 4) or √h (2) falls. If not, they agreed by chance: the error grows to the new distance, and from
    then on only columns from the fifth on count.
    """

    def __init__(self, ratio: int) -> None:
        self.ratio = ratio
        self.slope, self.error = math.nan, math.inf
        self._slopes: list[float] = []
        self._row: list[float] = []
        self._agreeing = 1

    def add(self, slope: float, rounding: float) -> None:
        off, n = abs(slope - self.slope), len(self._slopes)
        falling = [abs(x - self.slope) / self.ratio ** ((n - i) / 2) for i, x in enumerate(self._slopes)]
        if off > self.error + rounding + max(falling, default=0.0):
            self.error = off
            self._agreeing = 4
        self._slopes.append(slope)
        row = [slope]
        for j, before in enumerate(self._row[:COLUMNS]):
            row.append(row[j] + (row[j] - before) / (self.ratio ** (j + 1) - 1))
            doubt = 4 * max(abs(row[j + 1] - row[j]), abs(row[j + 1] - before)) + rounding
            if j >= self._agreeing and doubt < self.error:  # two slopes alone may agree by chance
                self.slope, self.error = row[j + 1], doubt
        self._row = row
