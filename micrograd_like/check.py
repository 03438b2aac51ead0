"""Is this gradient right? The engine against the numbers of a function, and a formula derived by hand against both.

    >>> from micrograd_like import sigmoid, softplus
    >>> loss = lambda w, x, y: softplus(w * x) - y * (w * x)
    >>> print(check_gradients(loss, [0.5, 2.0, 1.0]))
    The engine agrees with the numerical gradient in 3 derivatives.
    >>> by_hand = lambda w, x, y: (y - sigmoid(w * x)) * x
    >>> print(check_formula(by_hand, loss, wrt="w", at={"w": 0.5, "x": 2.0, "y": 1.0}).diagnosis)
    the sign is wrong
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from micrograd_like.agreement import PERHAPS, judge, measure, measure_second
from micrograd_like.diagnosis import Derivative, Trial, diagnosed
from micrograd_like.differences import finite_numbers
from micrograd_like.errors import require_count
from micrograd_like.kinds import data_of, is_array
from micrograd_like.points import Point, copied, entries, is_choice, point_at, shape_of
from micrograd_like.reports import Entry, Report

RTOL, ATOL = 1e-6, 1e-9  # of the engine against the numerical gradient
DISAGREE = "engine and numerical differ"
SEVERITY = (DISAGREE, "wrong", "undecided", "kink", "ok")


def check_gradients(f: Callable[..., Any], at: Any, rtol: float = RTOL, atol: float = ATOL, order: int = 1) -> Report:
    """Compare the engine's gradient of `f` with the numerical one; for `order` 2, the second derivatives as well.

    A derivative is right if |engine - numerical| ≤ atol + rtol·|numerical|, and wrong if it is off by more than the
    error of the numerical one explains. At a kink, every slope between those below and above is right.

    Args:
        f: a function of Values that returns one.
        at: its arguments, as for `numerical_gradient`, whose errors are raised.
        rtol, atol: the tolerance.
        order: 1 or 2, else ValueError.
    """
    if order not in (1, 2):
        raise ValueError(f"the order is 1 or 2, not {order!r}")
    point = point_at(f, at)
    measured = measure(f, point)
    if order == 2:
        measured += measure_second(f, point)
    compared = sorted([judge(m, rtol, atol) for m in measured], key=_severity)
    wrong = sum(entry.verdict == "wrong" for entry in compared)
    undecided = sum(entry.verdict == "undecided" for entry in compared)
    if wrong:
        verdict = f"The engine differs from the numerical gradient in {wrong} of {_count(len(compared), 'derivative')}"
        return Report(verdict, False, compared, PERHAPS)
    if all(entry.verdict == "undecided" for entry in compared):
        return Report("The numerical gradient is too uncertain to decide anything", False, compared)
    agreed = _count(len(compared) - undecided, "derivative")
    rest = f"; {undecided} could not be decided" if undecided else ""
    return Report(f"The engine agrees with the numerical gradient in {agreed}{rest}", True, compared)


def check_formula(
    claimed: Callable[..., Any],
    loss: Callable[..., Any],
    wrt: str | Sequence[str],
    at: Mapping[str, Any] | None = None,
    *,
    draw: Callable[[random.Random], Mapping[str, Any]] | None = None,
    trials: int = 20,
    seed: int = 0,
    rtol: float = 1e-9,
    atol: float = 1e-12,
) -> Report:
    """Tell whether a gradient derived by hand is that of the loss, and if not, what is wrong with it.

    A derivative is right if |claimed - engine| ≤ atol + rtol·g, where g is the largest derivative at the point; the
    engine itself is judged by the numerical gradient. A diagnosis, one of `diagnosis.KINDS`, has to explain all points.

    Args:
        claimed: the formula, a function of numbers that returns the gradient in the shape of `wrt`.
        loss: the function of Values that it is the gradient of. Both get those of the point's names that they take.
        wrt: the name of the variable the gradient is by, or several names; then a sequence of gradients is claimed.
        at: the point, a mapping of names to numbers, or to lists, tuples and NumPy arrays of numbers; a string or a
            function, such as an activation, is passed on as a choice.
        draw: instead of `at`, a function that makes such a point with a `random.Random`; called for every trial.
        trials, seed: how many points are drawn, and from which random numbers.

    Raises:
        TypeError, ValueError: as `numerical_gradient`; also for names that are not there, or that nothing takes, and
            for a formula that raises an error or gives two results.
    """
    variables = _variables(wrt)
    compared: list[Entry] = []
    tried: list[Trial] = []
    for named in _points(at, draw, trials, seed):
        _require_names(named, variables, claimed, loss)
        claims = _claims(claimed, named, variables)
        if mismatch := _mismatch(claims, named):
            return Report("The formula does not hold", False, diagnosis=mismatch)
        derivatives, judged = _compared(claims, loss, named, len(tried) + 1, rtol, atol)
        tried.append(Trial(named, derivatives))
        compared += judged
    compared.sort(key=_severity)
    everywhere = f"{_count(len(compared), 'derivative')} at {_count(len(tried), 'point')}"
    if DISAGREE in {entry.verdict for entry in compared}:
        verdict = "The formula cannot be judged, because engine and numbers differ about the loss"
        return Report(verdict, False, compared, PERHAPS)
    if wrong := [entry for entry in compared if entry.verdict == "wrong"]:
        worst = tried[wrong[0].point - 1].at
        where = ", ".join(f"{name} = {_shortened(x)}" for name, x in worst.items())
        verdict = f"The formula does not hold for {len(wrong)} of {everywhere}"
        return Report(verdict, False, compared, diagnosed(tried), [f"The worst is {wrong[0].name} at {where}."])
    largest = max(entry.error for entry in compared)
    undecided = sum(entry.verdict == "undecided" for entry in compared)
    rest = f"; the numerical gradient could not confirm the engine in {undecided}" if undecided else ""
    return Report(f"The formula holds for {everywhere}, with errors up to {largest:.1e}{rest}", True, compared)


def _compared(
    claims: Mapping[str, Any], loss: Callable[..., Any], named: Mapping[str, Any], number: int, rtol: float, atol: float
) -> tuple[list[Derivative], list[Entry]]:
    """Return what is claimed and what is so at one point, for the diagnosis and for the report."""

    def loss_at(**leaves: Any) -> Any:
        return loss(**_taken("the loss", loss, {**copied(named), **leaves}))

    point = Point(loss_at, {variable: named[variable] for variable in claims}, spread=True)
    measured = measure(loss_at, point)
    ordered = {v: _ordered(claims[v], named[v]) for v in claims}
    places = [(v, i, float(data_of(x))) for v in claims for i, (_, x) in enumerate(entries(ordered[v], f"∂/∂{v}"))]
    tolerance = atol + rtol * max([0.0, *(abs(m.engine) for m in measured if math.isfinite(m.engine))])
    derivatives, compared = [], []
    for (variable, i, claim), m in zip(places, measured, strict=True):
        by_numbers = judge(m, RTOL, ATOL)
        error = 0.0 if claim == m.engine else abs(claim - m.engine)
        allowed = m.estimate.at_kink and m.estimate.off(claim) <= tolerance
        verdict = "ok" if error <= tolerance else "kink" if allowed else "wrong"
        error = m.estimate.off(claim) if m.estimate.at_kink and verdict != "ok" else error
        derivatives.append(Derivative(variable, i, claim, m.engine, verdict != "wrong", m.estimate.at_kink))
        if by_numbers.verdict == "wrong":
            verdict = DISAGREE
        elif by_numbers.verdict == "undecided" and verdict == "ok":
            verdict = "undecided"
        compared.append(Entry(m.name, claim, m.engine, m.estimate.slope, error, verdict, number, by_numbers.remark))
    return derivatives, compared


def _variables(wrt: Any) -> list[str]:
    variables = [wrt] if isinstance(wrt, str) else list(wrt) if isinstance(wrt, Sequence) else []
    if not variables or not all(isinstance(name, str) for name in variables):
        raise TypeError(f"wrt is the name of a variable, or a list of names, not {wrt!r}")
    if sorted(set(variables)) != sorted(variables):
        raise ValueError(f"wrt names a variable twice: {', '.join(variables)}")
    return variables


def _points(at: Any, draw: Any, trials: int, seed: int) -> Iterator[Mapping[str, Any]]:
    """Yield the points to try."""
    if (at is None) == (draw is None) or not (draw is None or callable(draw)):
        raise TypeError("give one of: the point `at`, or a function `draw` that makes points with a random.Random")
    require_count("the number of trials", trials)
    rng = random.Random(seed)
    for named in [at] if draw is None else (draw(rng) for _ in range(trials)):
        if not isinstance(named, Mapping):
            raise TypeError(f"a point is a mapping of names to numbers, such as {{'w': 0.5}}, not {_shortened(named)}")
        yield copied(named)


def _require_names(named: Mapping[str, Any], variables: list[str], claimed: Any, loss: Any) -> None:
    """Refuse points that hold names which nothing takes, or lack some, or hold numbers that are not finite."""
    has = f"the point has {', '.join(named) or 'none'}"
    if missing := [variable for variable in variables if variable not in named]:
        raise ValueError(f"there is no {', '.join(missing)} to differentiate by: {has}")
    taken = {*_taken("the formula", claimed, named), *_taken("the loss", loss, named)}
    if unused := [name for name in named if name not in taken]:
        raise ValueError(f"neither the formula nor the loss takes {', '.join(unused)}")
    for name, argument in named.items():
        if name in variables or not is_choice(argument):
            finite_numbers(entries(argument, name))


def _taken(what: str, f: Callable[..., Any], named: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return those of the named arguments that `f` takes; ValueError if it takes others."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except ValueError:
        raise ValueError(f"{what} does not say what it takes: wrap it in a function that names its arguments") from None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return named
    if missing := [p.name for p in parameters if p.default is p.empty and p.name not in named]:
        raise ValueError(f"{what} takes {', '.join(missing)}, but the point has {', '.join(named) or 'none'} only")
    return {p.name: named[p.name] for p in parameters if p.name in named}


def _claims(claimed: Callable[..., Any], named: Mapping[str, Any], variables: list[str]) -> dict[str, Any]:
    """Return the gradient that the formula gives for each variable."""
    arguments = _taken("the formula", claimed, named)
    try:
        claims, again = claimed(**copied(arguments)), claimed(**copied(arguments))
    except Exception as error:
        raise ValueError(f"the formula raises {type(error).__name__} at a point: {error}") from error
    if claims is None:
        raise TypeError("the formula returned None: did it forget to return its gradient?")
    if str([*entries(claims, "the gradient")]) != str([*entries(again, "the gradient")]):  # NaN is not NaN
        raise ValueError("the formula depends on more than its arguments: two calls gave different numbers")
    variable, *others = variables
    if not others:
        return {variable: claims}
    if isinstance(claims, Mapping) and claims.keys() == set(variables):
        return {variable: claims[variable] for variable in variables}
    try:
        return dict(zip(variables, claims, strict=True))
    except (TypeError, ValueError):
        what = f"the formula is to return a gradient for each of {', '.join(variables)}, in this order"
        raise TypeError(what) from None


def _mismatch(claims: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """Say which shapes do not match, if some do not."""
    for variable, claim in claims.items():
        shape, wanted = shape_of(claim), shape_of(named[variable])
        if shape != wanted:
            transposed = isinstance(shape, tuple) and shape[::-1] == wanted
            rest = ": its transpose would fit" if transposed else ""
            return f"the gradient by {variable} {_shape(shape)}, {variable} {_shape(wanted)}{rest}"
    return ""


def _ordered(claim: Any, like: Any) -> Any:
    """Return a claim with its names in the order of those of the variable."""
    return {name: _ordered(claim[name], like[name]) for name in like} if isinstance(like, Mapping) else claim


def _shape(shape: Any) -> str:
    return "is a single number" if shape == () else f"has the shape {shape}"


def _shortened(x: Any) -> str:
    text = " ".join(str(getattr(x, "__name__", x.tolist() if is_array(x) else x)).split())
    return text if len(text) <= 60 else f"{text[:60]}…"


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n > 1)}"


def _severity(entry: Entry) -> tuple[int, float]:
    """Return the key by which the worst entries come first."""
    return SEVERITY.index(entry.verdict), -math.inf if math.isnan(entry.error) else -entry.error
