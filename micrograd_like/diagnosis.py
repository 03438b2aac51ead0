"""What kind of mistake a formula has: said only where it explains every number at every point that was tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from micrograd_like.kinds import data_of
from micrograd_like.points import entries, is_choice, shape_of

CLOSE = 1e-7  # of the largest derivative at the point
NOT_SIMPLE = "no simple diagnosis"
SIMPLE = 100  # the largest denominator of a factor that is written as a fraction
SIMPLE_NUMBERS = ({-1.0, 0.0, 1.0}, {-1.0, 1.0}, {-1.0, 0.0}, {0.0, 1.0}, {1.0}, {0.0}, {-1.0})  # larger ones first
FACTORS: dict[str, Callable[[int], float]] = {
    "1/N": lambda n: 1 / n, "N": lambda n: n, "-1/N": lambda n: -1 / n, "-N": lambda n: -n,
    "2/N": lambda n: 2 / n, "N/2": lambda n: n / 2, "-2/N": lambda n: -2 / n, "-N/2": lambda n: -n / 2,
    "1/N²": lambda n: 1 / n**2, "N²": lambda n: n**2, "-1/N²": lambda n: -1 / n**2, "-N²": lambda n: -(n**2),
}  # fmt: skip
"""The factors by which a sum and a mean over N samples are confused."""


Size: TypeAlias = tuple[str, str]
"""Which size, and of which argument."""


@dataclass(frozen=True)
class Derivative:
    """One derivative at a point: by which number of which variable, what is claimed, and what it is."""

    variable: str
    index: int
    claimed: float
    actual: float
    right: bool
    at_kink: bool

    def vanishes(self, scale: float) -> bool:
        """Tell whether the claim and the derivative are both 0, which tells nothing."""
        return max(abs(self.claimed), abs(self.actual)) <= CLOSE * scale


@dataclass(frozen=True)
class Trial:
    """A point that was tried and the derivatives there."""

    at: Mapping[str, Any]
    derivatives: list[Derivative]

    @property
    def right(self) -> bool:
        """Whether every derivative is right."""
        return all(d.right for d in self.derivatives)

    @property
    def scale(self) -> float:
        """The size of the largest derivative."""
        return max(abs(d.actual) for d in self.derivatives)

    def fits(self, claims: list[float], expected: list[float]) -> bool:
        """Tell whether numbers are the same but for rounding."""
        tolerance = CLOSE * max([self.scale, *map(abs, expected)])
        return all(abs(c - e) <= tolerance for c, e in zip(claims, expected, strict=True))


def diagnosed(trials: list[Trial]) -> str:
    """Return what kind of mistake explains all trials, of which at least one has a wrong derivative.

    Where no kind explains all variables, each is looked at by itself.
    """
    variables = list(dict.fromkeys(d.variable for d in trials[0].derivatives))
    if found := _kind(trials):
        return found
    if len(variables) > 1:
        kinds = [_kind([Trial(t.at, [d for d in t.derivatives if d.variable == v]) for t in trials]) for v in variables]
        if any(kinds):
            return "; ".join(f"{v}: {kind or NOT_SIMPLE}" for v, kind in zip(variables, kinds, strict=True))
    return NOT_SIMPLE


def _kind(trials: list[Trial]) -> str:
    """Return the kind of mistake that explains all trials, "right" if there is none, "" if no kind does."""
    if all(trial.right for trial in trials):
        return "right"
    return next(filter(None, (kind(trials) for kind in KINDS)), "")


def _not_finite(trials: list[Trial]) -> str:
    derivatives = [d for trial in trials for d in trial.derivatives]
    claims = [str(d.claimed) for d in derivatives if not (d.right or math.isfinite(d.claimed))]
    return f"it is {_listed(set(claims))} in {len(claims)} of {len(derivatives)} derivatives" if claims else ""


def _right_except_at_kinks(trials: list[Trial]) -> str:
    derivatives = [d for trial in trials for d in trial.derivatives]
    smooth = [d.right for d in derivatives if not d.at_kink]
    return "right except at kinks" if smooth and all(smooth) else ""


def _right_for_some_choice(trials: list[Trial]) -> str:
    trials = [trial for trial in trials if trial.scale or not trial.right]  # a gradient of 0 tells nothing
    for name in trials[0].at:
        if all(is_choice(trial.at.get(name)) for trial in trials):
            right = {_named(trial.at[name]) for trial in trials if trial.right}
            wrong = {_named(trial.at[name]) for trial in trials if not trial.right}
            if right and not right & wrong:
                return f"right where {name} is {_listed(right)}, wrong where it is {_listed(wrong)}"
    return ""


def _constant_factor(trials: list[Trial]) -> str:
    """Say by which k the claim is k times the gradient: a number, the same everywhere, or a size in the problem."""
    factors, sizes = [], []
    for trial in trials:
        smooth = [d for d in trial.derivatives if not d.at_kink]
        largest = max(smooth, key=lambda d: abs(d.actual), default=None)
        factor = largest.claimed / largest.actual if largest and largest.actual else 0.0
        if not trial.fits([d.claimed for d in smooth], [factor * d.actual for d in smooth]):
            return ""
        if largest and largest.actual:
            factors.append(factor)
            sizes.append(_sizes(trial.at))
    if not any(factors):
        return "it is 0 everywhere" if factors else ""
    if max(factors) - min(factors) > CLOSE * abs(factors[0]):
        formula, size = _factor_by_size(factors, sizes)
        return f"it is {formula} times the gradient, where N is {size}" if formula else ""
    fraction = Fraction(factors[0]).limit_denominator(SIMPLE)
    several = sum(d.actual != 0 for trial in trials for d in trial.derivatives) > 1
    if abs(fraction - factors[0]) <= CLOSE * abs(factors[0]):
        if fraction == 1:
            return ""  # right but for its last digits
        if fraction == -1:
            return "the sign is wrong"
        n = max(abs(fraction.numerator), fraction.denominator)
        alike = [size for size in sizes[0] if abs(fraction) in (n, Fraction(1, n)) and sizes[0][size] == n]
        also = f"; {n} is {_described(alike)}" if alike else ""
        return f"it is {fraction} times the gradient{also if several else ' at the only number tried'}"
    return f"it is {factors[0]:.8g} times the gradient" if several else ""


def _factor_by_size(factors: list[float], sizes: list[dict[Size, int]]) -> tuple[str, str]:
    """Return the formula of N and the sizes N that all factors fit, "" if there are none."""
    for formula, of_size in FACTORS.items():
        fitting = []
        for size in sizes[0]:
            pairs = zip(factors, [named.get(size, 0) for named in sizes], strict=True)
            if all(n and abs(k - of_size(n)) <= CLOSE * abs(k) for k, n in pairs):
                fitting.append(size)
        if fitting:
            return formula, _described(fitting)
    return "", ""


def _sizes(at: Mapping[str, Any]) -> dict[Size, int]:
    """Return the sizes of the arguments."""
    sizes: dict[Size, int] = {}
    for name, argument in at.items():
        shape = () if is_choice(argument) else shape_of(argument)
        if isinstance(shape, tuple) and len(shape) == 1:
            sizes["the length", name] = shape[0]
        elif isinstance(shape, tuple) and len(shape) > 1:
            sizes |= {("the number of rows", name): shape[0], ("the number of columns", name): shape[1]}
    return sizes


def _described(sizes: list[Size]) -> str:
    """Return sizes in words, those of one kind together: "the number of rows of X, Y"."""
    kinds = dict.fromkeys(kind for kind, _ in sizes)
    return " and ".join(f"{kind} of {', '.join(name for other, name in sizes if other == kind)}" for kind in kinds)


def _transposed(trials: list[Trial]) -> str:
    changed = False  # by transposing
    for trial in trials:
        expected = []
        for name in dict.fromkeys(d.variable for d in trial.derivatives):
            actual, shape = [d.actual for d in trial.derivatives if d.variable == name], shape_of(trial.at[name])
            if isinstance(shape, tuple) and len(shape) == 2 and shape[0] == shape[1]:
                actual = [x for column in range(shape[0]) for x in actual[column :: shape[0]]]
            expected += actual
        if not trial.fits([d.claimed for d in trial.derivatives], expected):
            return ""
        changed = changed or not trial.fits([d.actual for d in trial.derivatives], expected)
    return "it is transposed" if changed else ""


def _right_at_some_number(trials: list[Trial]) -> str:
    for name in trials[0].at:
        places = [(trial, d, _number_beside(d, trial, name)) for trial in trials for d in trial.derivatives]
        right = {x for _, d, x in places if d.right}
        for numbers in SIMPLE_NUMBERS:
            inside = [(trial, d) for trial, d, x in places if x in numbers]
            telling = [d for trial, d in inside if not d.vanishes(trial.scale)]
            outside = [d for trial, d, x in places if x not in numbers and not (d.right and d.vanishes(trial.scale))]
            if numbers <= right and telling and all(d.right for _, d in inside) and not any(d.right for d in outside):
                return f"right only where {name} is {_listed([f'{x:g}' for x in numbers])}"
    return ""


def _number_beside(d: Derivative, trial: Trial, name: str) -> float | None:
    """Return the number of a variable that belongs to a derivative: the same for all, or that in the same place."""
    argument = trial.at.get(name)
    if is_choice(argument) or shape_of(argument) not in ((), shape_of(trial.at[d.variable])):
        return None
    numbers = [x for _, x in entries(argument, name)]
    return float(data_of(numbers[0] if len(numbers) == 1 else numbers[d.index]))


def _named(choice: Any) -> str:
    return choice if isinstance(choice, str) else getattr(choice, "__name__", str(choice))


def _listed(names: Iterable[str]) -> str:
    return " or ".join(sorted(names))


KINDS = (
    _not_finite, _right_except_at_kinks, _right_for_some_choice, _constant_factor, _transposed, _right_at_some_number
)  # fmt: skip
"""The kinds of mistake. Each says what it is if it explains all trials, else ""; the first that does is told."""
