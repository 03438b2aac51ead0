"""The report of a check: what was compared with what and what came out, as text, as a table, as dictionaries.

    >>> print(Report("The formula does not hold", False, [Entry("w", 2.0, -2.0, -2.0, 4.0, "wrong")]))
    The formula does not hold.
    entry  claimed  engine  numerical  error  verdict
    w      2        -2      -2         4      wrong
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

ENTRIES_SHOWN = 10


class GradientMismatch(AssertionError):
    """A gradient is not what it is said to be; the message is the report."""


@dataclass(frozen=True)
class Entry:
    """One derivative: what is claimed if something is, what the engine and what the numbers of the function say.

    `error` is how far the claim is from the engine, or the engine from the numbers where nothing is claimed; at a kink,
    from the slopes between those below and above. `verdict` is "ok" or "wrong"; "kink" for such a slope; "undecided"
    where the numbers do not tell; "engine and numerical differ" where no claim can be judged. `point` counts the points
    of a formula from 1, else it is 0; `remark` says what was seen at this number, such as a kink.
    """

    name: str
    claimed: float | None
    engine: float
    numerical: float
    error: float
    verdict: str
    point: int = 0
    remark: str = ""


@dataclass(frozen=True, repr=False)
class Report:
    """The outcome of a check: a verdict, whether it is a good one, and the entries compared, the worst first.

    `diagnosis` says what kind of mistake was made, if one kind explains every point; `remarks` say what else was seen.
    A report is true if it holds, and prints as text.
    """

    verdict: str
    holds: bool
    entries: Sequence[Entry] = ()
    diagnosis: str = ""
    remarks: Sequence[str] = ()

    @property
    def largest_error(self) -> float:
        """The largest error of an entry; 0 if there are none."""
        return max((entry.error for entry in self.entries), default=0.0)

    def __bool__(self) -> bool:
        return self.holds

    def raise_if_failed(self) -> None:
        """Raise `GradientMismatch` with this report as its message, unless it holds."""
        if not self.holds:
            raise GradientMismatch(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the report in dictionaries, lists, strings and numbers, as JSON has: "inf" and "nan" are strings."""
        entries = [{key: _for_json(x) for key, x in asdict(e).items()} for e in self.entries]
        return asdict(self) | {"entries": entries, "remarks": list(self.remarks)}

    def __repr__(self) -> str:
        lines = self._sentences()
        if any(e.verdict != "ok" or e.remark for e in self.entries):
            table = self._table()
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            lines += ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
            lines += self._rest()
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in self._sentences())
        if not self.entries:
            return sentences
        titles, *rows = [[escape(cell) for cell in row] for row in self._table()]
        head = "".join(f"<th>{title}</th>" for title in titles)
        body = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in rows)
        rest = "".join(f"<p>{escape(line)}</p>" for line in self._rest())
        return f"{sentences}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"

    def _sentences(self) -> list[str]:
        verdict = f"{self.verdict}: {self.diagnosis}" if self.diagnosis else self.verdict
        return [verdict if verdict.endswith("?") else f"{verdict}.", *self.remarks]

    def _table(self) -> list[list[str]]:
        """Return the titles and the worst entries as text, without columns that are empty."""
        shown = self.entries[:ENTRIES_SHOWN]
        columns = {
            "point": [str(e.point or "") for e in shown],
            "entry": [e.name for e in shown],
            "claimed": ["" if e.claimed is None else f"{e.claimed:.8g}" for e in shown],
            "engine": [f"{e.engine:.8g}" for e in shown],
            "numerical": [f"{e.numerical:.8g}" for e in shown],
            "error": [f"{e.error:.2g}" for e in shown],
            "verdict": [_joined(e) for e in shown],
        }
        columns = {title: cells for title, cells in columns.items() if any(cells)}
        return [list(columns), *map(list, zip(*columns.values(), strict=True))]

    def _rest(self) -> list[str]:
        rest = len(self.entries) - ENTRIES_SHOWN
        return [f"and {rest} more"] if rest > 0 else []


def _for_json(x: Any) -> Any:
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x


def _joined(entry: Entry) -> str:
    """Return the verdict and the remark, which may begin with the verdict itself."""
    if entry.remark.startswith(entry.verdict):
        return entry.remark
    return f"{entry.verdict}: {entry.remark}" if entry.remark else entry.verdict
