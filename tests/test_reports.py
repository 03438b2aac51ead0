"""Reports: as text, as a table of HTML, as plain dictionaries, and as an error."""

from __future__ import annotations

import json
import math
import re
from dataclasses import FrozenInstanceError, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like import GradientMismatch
from micrograd_like.reports import ENTRIES_SHOWN, Entry, Report

WRONG = Entry("w[0]", None, 2.0, -2.0, 4.0, "wrong")
RIGHT = Entry("x", None, 1.0, 1.0, 0.0, "ok")
CLAIMED = Entry("b", 3.0, 1.0, 1.0, 2.0, "wrong", 7, "kink: the slope is 0 below and 2 above")

NAMES = st.text(min_size=1, max_size=9)
ENTRIES = st.builds(
    Entry,
    name=NAMES,
    claimed=st.none() | st.floats(),
    engine=st.floats(),
    numerical=st.floats(),
    error=st.floats(),
    verdict=st.sampled_from(["ok", "wrong", "kink", "undecided"]),
    point=st.none() | st.integers(1, 99),
    remark=st.sampled_from(["", "kink: the slope is 0 below and 1 above", "the function ignores it"]),
)


class Page(HTMLParser):
    """The texts of a page by the tag that they stand in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag in ("p", "td", "th"):
            self.texts.append((tag, ""))

    def handle_data(self, data: str) -> None:
        tag, text = self.texts.pop()
        self.texts.append((tag, text + data))


# Text


def test_a_report_without_faults_is_one_sentence() -> None:
    assert str(Report("All is well", True, [RIGHT])) == "All is well."


def test_a_report_with_a_fault_has_a_table() -> None:
    assert str(Report("It differs", False, [WRONG, RIGHT])).splitlines() == [
        "It differs.",
        "entry  engine  numerical  error  verdict",
        "w[0]   2       -2         4      wrong",
        "x      1       1          0      ok",
    ]


def test_points_and_claims_have_columns_where_there_are_some() -> None:
    assert str(Report("It differs", False, [CLAIMED])).splitlines()[1:] == [
        "point  entry  claimed  engine  numerical  error  verdict",
        "7      b      3        1       1          2      wrong: kink: the slope is 0 below and 2 above",
    ]


def test_a_remark_on_what_is_right_is_shown_too() -> None:
    assert str(Report("Fine", True, [replace(RIGHT, remark="why")])).splitlines()[-1].endswith("ok: why")


def test_a_verdict_that_the_remark_begins_with_is_not_said_twice() -> None:
    text = str(Report("Fine", True, [replace(CLAIMED, verdict="kink")]))
    assert text.count("kink") == 1


def test_the_diagnosis_ends_the_sentence() -> None:
    assert str(Report("No", False, diagnosis="the sign is wrong")) == "No: the sign is wrong."


def test_a_diagnosis_that_asks_keeps_its_question_mark() -> None:
    assert str(Report("No", False, diagnosis="is it?")) == "No: is it?"


def test_remarks_stand_below_the_verdict() -> None:
    assert str(Report("No", False, remarks=["One.", "Two."])) == "No.\nOne.\nTwo."


def test_a_verdict_of_any_name_but_ok_shows_the_table() -> None:
    for verdict in ("engine and numerical differ", "kink", "undecided", "wrong"):
        text = str(Report("No", False, [replace(RIGHT, verdict=verdict)]))
        assert text.splitlines()[-1].endswith(f" {verdict}")


def test_a_report_in_a_session_is_its_text() -> None:
    report = Report("No", False, [WRONG], "why", ["Where."])
    assert repr(report) == str(report)
    assert f"{report}" == str(report)


def test_one_entry_more_than_is_shown_is_counted() -> None:
    assert str(Report("No", False, [WRONG] * (ENTRIES_SHOWN + 1))).splitlines()[-1] == "and 1 more"
    assert Report("No", False, [WRONG] * (ENTRIES_SHOWN + 1))._repr_html_().endswith("<p>and 1 more</p>")


def test_more_entries_than_are_shown_are_counted() -> None:
    lines = str(Report("No", False, [WRONG] * (ENTRIES_SHOWN + 3))).splitlines()
    assert len(lines) == ENTRIES_SHOWN + 3
    assert lines[-1] == "and 3 more"


def test_as_many_entries_as_are_shown_need_no_rest() -> None:
    assert "more" not in str(Report("No", False, [WRONG] * ENTRIES_SHOWN))


# A table in a notebook


@given(st.lists(ENTRIES, max_size=3), NAMES, NAMES, NAMES)
def test_the_table_holds_every_name_as_text(entries: list[Entry], verdict: str, diagnosis: str, remark: str) -> None:
    html = Report(verdict, False, entries, diagnosis, [remark])._repr_html_()
    page = Page(html)
    plain = Report("v", False, [replace(e, name="n") for e in entries], "d", ["r"])
    assert page.tags == Page(plain._repr_html_()).tags
    cells = [text.replace("\r", "\n") for tag, text in page.texts if tag == "td"]
    for entry in entries:
        assert entry.name.replace("\r", "\n") in cells


def test_tags_in_names_are_escaped() -> None:
    html = Report("<b>", False, [replace(WRONG, name="<script>alert()</script>")], "<i>", ["<u>"])._repr_html_()
    assert not re.search("<(script|b|i|u)>", html)
    assert "&lt;script&gt;alert()&lt;/script&gt;" in html


def test_the_table_has_titles_and_a_row_for_each_entry() -> None:
    html = Report("No", False, [WRONG, CLAIMED])._repr_html_()
    assert [text for tag, text in Page(html).texts if tag == "th"][:2] == ["point", "entry"]
    assert html.count("<tr>") == 3


def test_a_report_without_entries_shows_its_sentences_only() -> None:
    html = Report("No", False, diagnosis="shapes", remarks=["Look."])._repr_html_()
    assert html == "<p>No: shapes.</p><p>Look.</p>"


def test_the_table_counts_the_entries_that_it_leaves_out() -> None:
    assert Report("No", False, [WRONG] * 12)._repr_html_().endswith("<p>and 2 more</p>")


# Dictionaries


@given(st.lists(ENTRIES, max_size=3))
def test_a_report_is_json_and_can_be_made_from_it_again(entries: list[Entry]) -> None:
    report = Report("No", False, tuple(entries), "why", ("where",))
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    again = Report(**plain | {"entries": [Entry(**read(entry)) for entry in plain["entries"]]})
    assert str(again) == str(report)


def read(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an entry, with numbers for "inf" and "nan"."""
    numbers = ("claimed", "engine", "numerical", "error")
    return {key: float(x) if key in numbers and x is not None else x for key, x in entry.items()}


def test_numbers_that_json_lacks_are_strings() -> None:
    entry = replace(CLAIMED, claimed=math.inf, engine=-math.inf, numerical=math.nan, name="inf")
    found = Report("No", False, [entry]).to_dict()["entries"][0]
    assert [found[key] for key in ("name", "claimed", "engine", "numerical", "error")] == [
        "inf", "inf", "-inf", "nan", 2.0,
    ]  # fmt: skip


def test_the_dictionary_has_the_fields_by_name() -> None:
    assert Report("No", False, [WRONG]).to_dict() == {
        "verdict": "No",
        "holds": False,
        "entries": [
            {
                "name": "w[0]",
                "claimed": None,
                "engine": 2.0,
                "numerical": -2.0,
                "error": 4.0,
                "verdict": "wrong",
                "point": 0,
                "remark": "",
            }
        ],
        "diagnosis": "",
        "remarks": [],
    }


# Whether it holds, an error, and the largest error


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("entries", [[], [WRONG], [RIGHT]])
def test_a_report_is_true_if_it_holds(holds: bool, entries: list[Entry]) -> None:
    assert bool(Report("It is so", holds, entries)) is holds


@pytest.mark.parametrize(("of", "name"), [(Report("No", False), "holds"), (WRONG, "verdict")])
def test_what_was_found_cannot_be_changed(of: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(of, name, True)


def test_a_report_that_does_not_hold_is_raised_as_a_mismatch_with_its_text() -> None:
    report = Report("No", False, [WRONG])
    with pytest.raises(GradientMismatch) as caught:
        report.raise_if_failed()
    assert str(caught.value) == str(report)


def test_a_mismatch_is_an_assertion_that_failed() -> None:
    with pytest.raises(AssertionError):
        Report("No", False).raise_if_failed()


def test_a_report_that_holds_raises_nothing() -> None:
    Report("Yes", True, [replace(WRONG, verdict="undecided")]).raise_if_failed()


def test_the_largest_error_is_that_of_any_entry() -> None:
    assert Report("No", False, [RIGHT, WRONG, CLAIMED]).largest_error == 4.0
    assert Report("No", False).largest_error == 0.0
