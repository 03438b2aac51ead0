"""Files of weights: JSON that a person can read, a line a parameter, with floats that come back to the bit."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from micrograd_like.files import write_atomically
from micrograd_like.kinds import Number


def write(path: str | os.PathLike[str], weights: Mapping[str, Number]) -> None:
    """Write numbers by name; a crash in the middle leaves an older file as it was.

    Raises:
        ValueError: a number is not a finite float.
    """
    for name, data in weights.items():
        if type(data) is not float or not math.isfinite(data):
            raise ValueError(f"a weights file holds finite floats, and {name} is {data!r}")
    write_atomically(path, (json.dumps(weights, indent=1) + "\n").encode())


def read(path: str | os.PathLike[str], names: Set[str]) -> dict[str, float]:
    """Return the numbers of a file that `write` wrote, by name.

    Raises:
        ValueError: the file is damaged, has other names than `names`, or has something that is no finite number.
    """
    try:
        pairs = json.loads(Path(path).read_bytes(), object_pairs_hook=tuple)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged, or no weights file: {error}") from None
    if not isinstance(pairs, tuple):
        raise ValueError(f"{path} is no weights file: it holds no names")
    weights = dict(pairs)
    if len(weights) < len(pairs):
        raise ValueError(f"{path} is damaged: a name stands in it twice")
    if weights.keys() != names:
        difference = _some("it lacks", names - weights.keys()) + _some("it has", weights.keys() - names)
        raise ValueError(f"{path} is of another model: {len(weights)} weights, not {len(names)}{difference}")
    for name, weight in weights.items():
        if type(weight) not in (float, int) or not abs(weight) <= sys.float_info.max:
            raise ValueError(f"{path}: {name} is {str(weight)[:40]}, not a finite number")
    return weights


def _some(verb: str, names: Iterable[str]) -> str:
    """Return a few of the names after a verb, for a message; nothing for no names."""
    shown = sorted(names)
    return f", {verb} {', '.join(shown[:3])}{', …' if len(shown) > 3 else ''}" if shown else ""
