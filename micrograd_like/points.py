"""A point: what a function is called with, seen as one list of numbers with their names.

    >>> point = point_at(lambda w, x: w[0] * x + w[1], {"w": [2.0, 3.0], "x": 5})
    >>> point.names, point.numbers
    (['w[0]', 'w[1]', 'x'], [2.0, 3.0, 5.0])
    >>> point.shaped([0.1, 0.2, 0.3])
    {'w': [0.1, 0.2], 'x': 0.3}
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from micrograd_like.kinds import is_array, is_value, number


class Point:
    """The numbers of the arguments that a function `f` is called with.

    Args:
        f: the function.
        at: its argument: a number, or lists, tuples, NumPy arrays and mappings of numbers.
        spread: `at` holds several arguments, by name in a mapping, else in order.

    Raises:
        TypeError: `f` takes other arguments, or something in them is no number.
        ValueError: there is no number.
    """

    def __init__(self, f: Callable[..., Any], at: Any, spread: bool) -> None:
        self.at, self.spread = at, spread
        self._require_arguments(f)
        named = _named_arguments(f, at) if spread else [(next(iter(_parameters(f)), ""), at)]
        self.places = [place for name, argument in named for place in entries(argument, name)]
        if not self.places:
            raise ValueError("the point is empty: there is no number to differentiate by")

    @property
    def names(self) -> list[str]:
        """The names of the numbers."""
        return [name for name, _ in self.places]

    @property
    def numbers(self) -> list[Any]:
        """The numbers."""
        return [x for _, x in self.places]

    def call(self, f: Callable[..., Any], numbers: Iterable[Any]) -> Any:
        """Return what `f` gives for these numbers in place of the point's."""
        return self._passed(f, self.shaped(numbers))

    def shaped(self, items: Iterable[Any]) -> Any:
        """Return items, one for each number, in the shape of the point."""
        return replaced(self.at, iter(items))

    def _passed(self, f: Callable[..., Any], at: Any) -> Any:
        if not self.spread:
            return f(at)
        return f(**at) if isinstance(at, Mapping) else f(*at)

    def _require_arguments(self, f: Callable[..., Any]) -> None:
        with suppress(ValueError):  # it does not say what it takes
            signature = inspect.signature(f)
            try:
                self._passed(signature.bind, self.at)
            except TypeError as error:
                raise TypeError(f"the function takes {signature}, which the point does not fit: {error}") from None


def point_at(f: Callable[..., Any], at: Any) -> Point:
    """Return the point that a user means by `at`.

    A mapping holds the arguments of `f` by name, and a sequence holds them in order, except that a function of one
    argument takes several numbers, or a matrix, whole.
    """
    if not _is_sequence(at):
        return Point(f, at, spread=isinstance(at, Mapping))
    one_argument = len(at) == 1 and not _is_row(at, at[0])
    return Point(f, at, spread=one_argument or len(_parameters(f)) != 1)


def require_number(y: Any) -> Any:
    """Return the result of a function, a number or a Value; TypeError if it is something else."""
    if not is_value(y):
        try:
            number(y)
        except OverflowError:
            raise ValueError("the function returned an integer too large for a float") from None
        except TypeError:
            raise TypeError(f"the function is to return one number; it returned {_described(y)}") from None
    return y


def entries(x: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield each number of an argument with its name: "w[0][1]" in a list of lists, "w[0, 1]" in an array.

    Raises:
        TypeError: there is something that is no number.
    """
    if isinstance(x, Mapping):
        for key, item in x.items():
            yield from entries(item, f"{name}.{key}")
    elif is_array(x):
        for index in sys.modules["numpy"].ndindex(x.shape):
            yield from entries(x[index], f"{name}[{', '.join(map(str, index))}]")
    elif isinstance(x, list | tuple):
        for i, item in enumerate(x):
            yield from entries(item, f"{name}[{i}]")
    else:
        try:
            yield name, x if is_value(x) else number(x)
        except (TypeError, OverflowError) as error:
            raise type(error)(f"{name}: {error}") from None


def replaced(x: Any, items: Iterator[Any]) -> Any:
    """Return an argument with the next of `items` in place of each of its numbers."""
    if isinstance(x, Mapping):
        return {key: replaced(item, items) for key, item in x.items()}
    if is_array(x):
        made = [next(items) for _ in range(x.size)]
        if made and is_array(made[0]):
            return sys.modules["numpy"].stack(made).reshape(x.shape + made[0].shape)
        kind = float if all(type(y) is float for y in made) else object
        return sys.modules["numpy"].array([*made, None], dtype=object)[:-1].astype(kind).reshape(x.shape)
    if isinstance(x, list | tuple):
        made = [replaced(item, items) for item in x]
        return made if isinstance(x, list) else tuple(made)
    return next(items)


def copied(x: Any) -> Any:
    """Return an argument in new lists and arrays, so that a function that changes them changes nothing else."""
    if isinstance(x, Mapping):
        return {key: copied(item) for key, item in x.items()}
    if isinstance(x, list | tuple):
        made = [copied(item) for item in x]
        return made if isinstance(x, list) else tuple(made)
    return x.copy() if is_array(x) else x


def shape_of(x: Any) -> Any:
    """Return the shape of an argument: () for a number, (2, 3) for a matrix; a list of shapes where rows differ."""
    if is_array(x):
        return x.shape
    if isinstance(x, Mapping):
        return {key: shape_of(item) for key, item in x.items()}
    if isinstance(x, list | tuple):
        shapes = [shape_of(item) for item in x]
        alike = all(shape == shapes[0] and isinstance(shape, tuple) for shape in shapes)
        return (len(x), *(shapes[0] if shapes else ())) if alike else shapes
    return ()


def is_choice(x: Any) -> bool:
    """Tell whether an argument is no number but a choice, such as the name of an activation or a function."""
    return isinstance(x, str) or callable(x)


def _named_arguments(f: Callable[..., Any], at: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(at, Mapping):
        return [(str(name), argument) for name, argument in at.items()]
    positions = [f"[{i}]" for i in range(len(at))]
    return zip(_parameters(f)[: len(at)] or positions, at, strict=True)


def _parameters(f: Callable[..., Any]) -> list[str]:
    """Return the names of the arguments that `f` takes in order; none if it takes any number or does not say."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except ValueError:
        return []
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _described(y: Any) -> str:
    shape = getattr(y, "shape", None)
    return f"an array of shape {shape}" if shape else f"{y!r}"[:60]


def _is_row(matrix: Any, x: Any) -> bool:
    """Tell whether the first item is a row; an array in a list is an argument."""
    return isinstance(x, list | tuple) or (is_array(matrix) and is_array(x))


def _is_sequence(x: Any) -> bool:
    return isinstance(x, list | tuple) or is_array(x)
