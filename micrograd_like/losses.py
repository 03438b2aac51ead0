"""Losses: how far one sample's outputs are from its targets, as a number that training makes small.

Outputs and targets are a number each, or sequences of as many. A target is a plain number, or a `Value` of any kind.

    >>> from micrograd_like import Value
    >>> logit = Value(2.0)
    >>> loss = binary_cross_entropy_with_logits(logit, 1)
    >>> loss.backward()
    >>> round(loss.data, 4), round(logit.grad, 4)  # log(1 + e⁻²) and σ(2) - 1
    (0.1269, -0.1192)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Real
from operator import index
from typing import Any, TypeAlias

from micrograd_like.engine import Operand, Value, total
from micrograd_like.functions import log, log1p, relu, softplus, where
from micrograd_like.kinds import data_of, is_symbol, plain
from micrograd_like.sequences import log_softmax

Operands: TypeAlias = "Operand | Iterable[Operand]"


def sum_of_squares(outputs: Operands, targets: Operands) -> Any:
    """Σ (ŷᵢ - yᵢ)², the loss of document 002. ValueError if the numbers of outputs and targets differ."""
    return _sum([(output - y) ** 2 for output, y in _pairs(outputs, targets)])


def mean_squared_error(outputs: Operands, targets: Operands) -> Any:
    """1/n Σ (ŷᵢ - yᵢ)². ValueError if the numbers of outputs and targets differ."""
    return _mean([(output - y) ** 2 for output, y in _pairs(outputs, targets)])


def binary_cross_entropy(probabilities: Operands, targets: Operands) -> Any:
    """-1/n Σ (yᵢ log pᵢ + (1 - yᵢ) log(1 - pᵢ)), the loss of documents 001 and 003; 0·log 0 is 0.

    A probability that a sigmoid has rounded to 0 or 1 has no logarithm: `binary_cross_entropy_with_logits` takes
    what went into the sigmoid and works for all.

    Raises:
        ValueError: a target is outside 0 … 1, a probability is outside it or the opposite of a certain target, or
            the numbers of both differ.
    """
    pairs = _pairs(_probabilities(probabilities), targets, _require_share)
    return -_mean([_sum([*_weighted(y, log, p), *_weighted(1 - y, _log_of_opposite, p)]) for p, y in pairs])


def binary_cross_entropy_with_logits(logits: Operands, targets: Operands) -> Any:
    """Binary cross-entropy of the probabilities σ(zᵢ): 1/n Σ (yᵢ softplus(-zᵢ) + (1 - yᵢ) softplus(zᵢ)).

    Raises:
        ValueError: a target is outside 0 … 1, or the numbers of logits and targets differ.
    """
    pairs = _pairs(logits, targets, _require_share)
    return _mean([_sum([*_weighted(y, lambda z: softplus(-z), z), *_weighted(1 - y, softplus, z)]) for z, y in pairs])


def categorical_cross_entropy(probabilities: Iterable[Operand], target: int | Iterable[Operand]) -> Any:
    """-Σ yₖ log pₖ, the loss of document 004; 0·log 0 is 0.

    Args:
        probabilities: one a class, as from `softmax`.
        target: the position of the right class, or the probability of each.

    Raises:
        ValueError: there is no such class, the numbers of probabilities and targets differ, or targets do not add to 1.
    """
    return -_expected(_probabilities(_each_class(probabilities)), target, log)


def categorical_cross_entropy_with_logits(logits: Iterable[Operand], target: int | Iterable[Operand]) -> Any:
    """-Σ yₖ log softmax(z)ₖ: the same of the probabilities softmax(z), accurate for all logits."""
    return -_expected(log_softmax(_each_class(logits)), target, lambda log_p: log_p)


def hinge(scores: Operands, targets: Operands) -> Any:
    """1/n Σ max(0, 1 - yᵢ·sᵢ) for targets of -1 and 1. ValueError for other targets or other numbers of them."""
    return _mean([relu(1 - y * score) for score, y in _pairs(scores, targets, _require_sign)])


def _pairs(
    outputs: Operands, targets: Operands, require: Callable[[Operand], None] = lambda target: None
) -> list[tuple[Operand, Operand]]:
    """Return outputs and targets side by side, after `require` has seen the number of each target."""
    outputs, targets = _listed(outputs), [y if isinstance(y, Value) else plain(y) for y in _listed(targets)]
    if len(outputs) != len(targets) or not outputs:
        raise ValueError(f"a loss takes one target for each output, not {len(targets)} for {len(outputs)}")
    for target in targets:
        _hold(target, require)
    return list(zip(outputs, targets, strict=True))


def _hold(target: Operand, require: Callable[[Any], object]) -> None:
    """Let `require` see the number of a target; if that is not known yet, when it is."""
    data = data_of(target)
    if is_symbol(data):
        data.require(require)
    elif isinstance(data, Real):
        require(data)


def _listed(operands: Operands) -> list[Operand]:
    """Return operands as a list, of one where it is no sequence."""
    return list(operands) if isinstance(operands, Iterable) else [operands]


def _each_class(outputs: Any) -> Iterable[Operand]:
    if not isinstance(outputs, Iterable):
        raise TypeError("categorical cross-entropy takes a sequence, an output for each class, not a single output")
    return outputs


def _probabilities(outputs: Operands) -> list[Operand]:
    """Return the outputs as a list, after seeing that they are probabilities."""
    outputs = _listed(outputs)
    for data in map(data_of, outputs):
        if isinstance(data, Real) and (float(data) < 0 or float(data) > 1):
            raise ValueError(f"{data} is no probability: the loss ..._with_logits takes any number")
    return outputs


def _expected(outputs: list[Operand], target: int | Iterable[Operand], f: Callable[[Any], Any]) -> Any:
    """Return Σ yₖ·f(xₖ) for the classes k, where y is 1 for the class `target` or the sequence itself."""
    if isinstance(target, Iterable):
        pairs = _pairs(outputs, target, _require_share)
        _hold(sum(data_of(y) for _, y in pairs), _require_whole)
        return _sum([term for x, y in pairs for term in _weighted(y, f, x)])
    if not outputs:
        raise ValueError("a loss takes at least one output")
    if is_symbol(target):
        _hold(target, lambda x: _class(int(x) if x.is_integer() else x, len(outputs)))
        chosen = f(outputs[-1])
        for k in reversed(range(len(outputs) - 1)):
            chosen = where(target <= k, f(outputs[k]), chosen)
        return chosen
    return f(outputs[_class(target, len(outputs))])


def _class(target: Any, count: int) -> int:
    """Return the position of a class among so many."""
    try:
        position = index(target)
    except TypeError:
        raise TypeError(f"a target is the integer of a class, or a probability for each, not {target!r}") from None
    if not 0 <= position < count:
        raise ValueError(f"there is no class {position}: with {count} outputs they are 0 to {count - 1}")
    return position


def _weighted(weight: Operand, f: Callable[[Any], Any], x: Operand) -> list[Any]:
    """Return the terms of weight·f(x): none for a plain weight of 0, where f(x) may not exist, and f(x) for 1."""
    if isinstance(weight, Real) and weight in (0, 1):
        return [f(x)] if weight else []
    if is_symbol(data_of(weight)) and f in (log, _log_of_opposite):
        x = where(weight > 0, x, 1.0 if f is log else 0.0)  # whose f is 0, as are its derivatives by x then
    return [weight * f(x)]


def _log_of_opposite(p: Operand) -> Any:
    return log1p(-p)


def _sum(terms: list[Any]) -> Any:
    return terms[0] if len(terms) == 1 else total(terms)


def _mean(terms: list[Any]) -> Any:
    return terms[0] if len(terms) == 1 else total(terms) / len(terms)


def _require_share(target: Any) -> None:
    if not 0 <= target <= 1:
        raise ValueError(f"a target of cross-entropy is a probability from 0 to 1, not {target}")


def _require_whole(share: Any) -> None:
    if abs(share - 1) > 1e-6:
        raise ValueError(f"the targets of the classes add up to {share}, not to 1")


def _require_sign(target: Any) -> None:
    if target not in (-1, 1):
        raise ValueError(f"a target of hinge is -1 or 1, not {target}")
