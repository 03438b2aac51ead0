"""A training shows itself in a notebook: its curve when it is over, a bar while it goes on."""

from __future__ import annotations

import io
import math
import re
import sys
import warnings
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from micrograd_like import History
from micrograd_like.history import progress


def history(*losses: float, unit: str = "epoch") -> History:
    made = History(unit)
    made.losses = list(losses)
    return made


def curve(shown: History) -> str:
    svg = shown._repr_svg_()
    assert svg is not None
    ElementTree.fromstring(svg)
    return svg


# The curve


def test_a_notebook_shows_the_curve_with_what_the_history_prints_and_its_axes_named() -> None:
    shown = history(3.0, 2.0, 1.0, unit="step")
    shown.interrupted = True
    assert {repr(shown), "step", "loss"} <= set(re.findall(r">([^<>]+)</text>", curve(shown)))


def test_the_curve_is_the_same_text_each_time_and_has_no_date() -> None:
    assert curve(history(3.0, 2.0, 1.0)) == curve(history(3.0, 2.0, 1.0))
    assert not re.search(r"dc:date|Matplotlib v", curve(history(3.0, 2.0, 1.0)))


def test_epochs_are_counted_in_whole_numbers() -> None:
    ticks = history(2.0, 1.0).plot().get_xticks()
    assert [tick for tick in ticks if tick % 1] == []


def test_a_single_loss_is_seen() -> None:
    assert history(2.0).plot().lines[0].get_marker() == "."
    assert curve(history(2.0)) != curve(history(3.0))


def test_a_long_curve_has_no_marks_and_a_bounded_size() -> None:
    shown = history(*(1 / (1 + i) for i in range(100_000)))
    assert shown.plot().lines[0].get_marker() == "None"
    assert len(curve(shown)) < 50_000


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_curve_has_a_gap_where_a_loss_is_not_finite(odd: float) -> None:
    assert curve(history(3.0, 2.0, odd, 1.5, 1.0)) != curve(history(3.0, 2.0, 1.75, 1.5, 1.0))


@pytest.mark.parametrize("losses", [(1e300, -1e300), (1e299, 1.0), (5e-324,), (0.0, 0.0), (1.0, 1.0)])
def test_a_curve_is_drawn_of_any_size(losses: tuple[float, ...]) -> None:
    curve(history(*losses))


@pytest.mark.parametrize("losses", [(), (math.nan, math.nan), (math.inf,), (-math.inf,), (1e308, 1.0), (-1e308, 1.0)])
def test_a_history_without_a_curve_is_shown_as_text(losses: tuple[float, ...]) -> None:
    assert history(*losses)._repr_svg_() is None


def test_without_matplotlib_a_history_is_shown_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert history(2.0, 1.0)._repr_svg_() is None


def test_the_curve_needs_no_pyplot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    curve(history(2.0, 1.0))


# The bar: on a terminal and without tqdm, see test_train.py


def shown(monkeypatch: pytest.MonkeyPatch, shell: Any) -> tuple[str, str]:
    """Return what a training of three epochs writes to standard output and standard error under an IPython shell."""
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    streams = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    with warnings.catch_warnings(), progress(3, "epoch") as show:
        warnings.simplefilter("error")
        for loss in (3.0, 2.0, 1.0):
            show(loss)
    return streams[0].getvalue(), streams[1].getvalue()


NOTEBOOK, TERMINAL = SimpleNamespace(kernel=object()), SimpleNamespace()


def test_a_notebook_shows_the_bar_as_text_that_ends_with_the_last_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    bar, errors = shown(monkeypatch, NOTEBOOK)
    last = bar.rstrip("\n").rpartition("\r")[2]
    assert last.startswith("100%|")
    assert "3/3" in last
    assert last.endswith("loss 1]")
    assert len(last) <= 80
    assert errors == ""


def test_a_notebook_shows_the_bar_without_ipywidgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert "3/3" in shown(monkeypatch, NOTEBOOK)[0]


@pytest.mark.parametrize("shell", [None, TERMINAL])
def test_a_script_whose_output_goes_to_a_file_shows_no_bar_with_ipython_imported(
    monkeypatch: pytest.MonkeyPatch, shell: Any
) -> None:
    assert shown(monkeypatch, shell) == ("", "")


def test_a_notebook_without_tqdm_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert shown(monkeypatch, NOTEBOOK) == ("", "")
