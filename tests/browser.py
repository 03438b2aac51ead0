"""A browser for the tests of the page: where it is found, how its absence is told, and what a test asks of a page.

Playwright drives the machine's own Chromium.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser, and end it. Without one the test is skipped, and fails where the variable CI is set."""
    program = program_or_skip()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip_or_fail("the page is not tested, for want of playwright: pip install -e '.[test]'")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def program_or_skip() -> str:
    """Return the path of the browser's program."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not found:
        skip_or_fail(f"the page is not tested, for want of a browser ({', '.join(PROGRAMS)}): apt-get install chromium")
    return found


def skip_or_fail(what: str) -> NoReturn:
    """Skip the test, or fail it where the variable CI is set: there, nothing may be left out."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def settled(page: Page) -> Page:
    """Return the page after it has drawn what it was asked to: it draws once a frame at most."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page


def numbers(page: Page) -> tuple[list[float], list[float]]:
    """Return the data and the gradients of all nodes, as the page has them."""
    data, gradients = settled(page).evaluate("() => [[...explorer.data], [...explorer.gradients]]")
    return data, gradients


def placement(page: Page) -> tuple[float, float, float]:
    """Return how far the picture is moved to the right and down, and its zoom."""
    matrix = "() => { const m = document.querySelector('#picture .item').getCTM(); return [m.e, m.f, m.a]; }"
    x, y, zoom = settled(page).evaluate(matrix)
    return x, y, zoom
