"""The data of a compiled program: a number for each input and each sample, read once, as rows or as columns.

    >>> samples = Samples(["x", "y"], [[1, 2], [3, 4], [5, 6]])
    >>> samples.count, samples.rows[1]
    (3, (3.0, 4.0))
    >>> samples.columns[1]
    array([2., 4., 6.])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any

from micrograd_like.kinds import is_array, is_value, library_of
from micrograd_like.packages import package

LANES = 64
"""Samples that are divided among threads are so in multiples of this, which is one of every machine's vectors."""
VECTOR = 8
"""Columns are padded with copies of the last sample to a multiple of this, so that code may read whole vectors: an odd
one, because rows that are a power of two apart fall on the same places of a processor's cache."""


class Samples:
    """A number for each input and each sample.

    Args:
        names: of the inputs.
        data: a sequence of rows, a number for each input; a NumPy array of such rows; or a mapping of the inputs' names
            to columns, a number for each sample. Where there is one input, a row may be a number itself.

    Raises:
        ValueError: there are no samples; rows or columns are too few, too many or of different lengths; or a number is
            not finite.
        TypeError: something is no number.
    """

    def __init__(self, names: Sequence[str], data: Any) -> None:
        self.names = names if isinstance(names, list) else list(names)
        self.accepted_by: object = None  # the program whose demands they meet
        if hasattr(data, "keys"):
            data = _from_columns(list(names), data)
        if is_array(data) or library_of(data) == "numpy":
            self._take(columns=_padded(_from_array(list(names), data).T), count=len(data))
        else:
            rows = _from_rows(list(names), data)
            self._take(rows=rows, count=len(rows))

    @cached_property
    def rows(self) -> list[tuple[float, ...]]:
        """The samples as tuples of floats."""
        return list(map(tuple, self.columns.T.tolist()))

    @cached_property
    def columns(self) -> Any:
        """The inputs as rows of an array, a sample a column; behind each row lies its padding, as `VECTOR` says."""
        return _padded(package("numpy", "columns of samples").array(self.rows).T)

    def chosen(self, places: Sequence[int]) -> Samples:
        """Return the samples at these places."""
        some = copy(self)
        for name in ("rows", "columns"):
            vars(some).pop(name, None)
        if "columns" in vars(self):
            some._take(columns=_padded(self.columns[:, places]), count=len(places))
        else:
            some._take(rows=[self.rows[i] for i in places], count=len(places))
        return some

    def _take(self, count: int, **table: Any) -> None:
        """Hold the rows or the columns that are given; the others are made of them when they are wanted."""
        if not count:
            raise ValueError("there are no samples")
        self.count = count
        vars(self).update(table)


def _padded(columns: Any) -> Any:
    """Return a copy of columns with their last sample repeated, as `VECTOR` says."""
    inputs, count = columns.shape
    stride = (-(-count // VECTOR) | 1) * VECTOR
    padded = aligned(inputs * stride).reshape(inputs, stride)
    padded[:, :count] = columns
    padded[:, count:] = columns[:, count - 1 :]
    return padded[:, :count]


def address(array: Any) -> int:
    """Return where an array begins in memory."""
    start: int = array.__array_interface__["data"][0]
    return start


def aligned(count: int) -> Any:
    """Return an array of so many numbers, not yet set, that begins at a line of the processor's cache."""
    memory = package("numpy", "arrays").empty(count + VECTOR)
    start = -address(memory) // 8 % VECTOR
    return memory[start : start + count]


def _from_rows(names: list[str], data: Any) -> list[tuple[float, ...]]:
    if isinstance(data, str) or not hasattr(data, "__iter__"):
        raise TypeError(f"data is a sequence of rows, an array or a mapping of names to columns, not {data!r:.60}")
    rows = []
    for i, row in enumerate(data):
        if len(names) == 1 and not hasattr(row, "__len__"):
            row = (row,)
        if not hasattr(row, "__getitem__") or isinstance(row, str | bytes) or hasattr(row, "keys"):
            raise TypeError(f"row {i} of the data is no row of numbers: {row!r:.60}")
        numbers = tuple(row)
        if len(numbers) != len(names):
            raise ValueError(f"row {i} of the data has {len(numbers)} numbers; {_wanted(names)}")
        rows.append(tuple([_finite(x, f"row {i}, {name}") for x, name in zip(numbers, names, strict=True)]))
    return rows


def _from_array(names: list[str], data: Any) -> Any:
    np = package("numpy", "arrays of samples")
    if hasattr(data, "mask"):
        raise TypeError("the data is a masked array: leave out the samples that are masked")
    if data.dtype.kind not in "iufb":
        raise TypeError(f"the data is an array of numbers, not of {data.dtype}")
    if data.ndim == 1 and len(names) == 1:
        data = data[:, None]
    if data.ndim != 2 or data.shape[1] != len(names):
        raise ValueError(f"the data has the shape {data.shape}, not (samples, {len(names)}); {_wanted(names)}")
    data = np.asarray(data, float)  # a larger kind may hold numbers that are infinite as floats
    if not len(data):
        raise ValueError("there are no samples")
    if not np.isfinite(data).all():
        i, k = np.argwhere(~np.isfinite(data))[0]
        _finite(float(data[i, k]), f"row {i}, {names[k]}")
    return data


def _from_columns(names: list[str], data: Any) -> Any:
    """Return columns as rows, or as an array where they are arrays."""
    given = list(data.keys())
    if set(given) != set(names):
        missing, unknown = ([x for x in one if x not in other] for one, other in ((names, given), (given, names)))
        parts = [f"{what} {', '.join(map(str, x))}" for what, x in (("lacks", missing), ("has unknown", unknown)) if x]
        raise ValueError(f"the data {' and '.join(parts)}; {_wanted(names)}")
    for name in names:
        if not hasattr(data[name], "__iter__") or isinstance(data[name], str | bytes):
            raise TypeError(f"the column {name} is no column of numbers: {data[name]!r:.60}")
    columns: list[Any] = [data[name] if hasattr(data[name], "__len__") else list(data[name]) for name in names]
    if len({len(column) for column in columns}) > 1:
        lengths = ", ".join(f"{name}: {len(column)}" for name, column in zip(names, columns, strict=True))
        raise ValueError(f"the columns of the data have different lengths: {lengths}")
    if all(is_array(column) and column.ndim == 1 and column.dtype.kind in "iufb" for column in columns):
        return package("numpy", "arrays of samples").stack(columns, axis=1)
    return list(zip(*columns, strict=True))


def _finite(x: Any, where: str) -> Any:
    if type(x) is not float:
        if is_value(x) or isinstance(x, str | bytes) or not hasattr(x, "__float__"):
            raise TypeError(f"{where}: a number is wanted, not {x!r:.60}")
        try:
            x = float(x)
        except (OverflowError, TypeError) as error:
            raise type(error)(f"{where}: {error}") from None
    if not math.isfinite(x):
        raise ValueError(f"{where}: a finite number is wanted, not {x}")
    return x


def _wanted(names: list[str]) -> str:
    shown = names if len(names) <= 6 else [*names[:3], "…", names[-1]]
    return f"a sample is {', '.join(shown)}" + (f" ({len(names)} numbers)" if len(names) > 6 else "")
