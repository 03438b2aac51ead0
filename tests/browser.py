"""A browser for the tests of the page: how it is started, what is shown in it, and what a test asks of a page.

Playwright drives the machine's own Chromium. A module that asks for the fixtures by name lists them once.
"""

from __future__ import annotations

import math
import os
import random
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from micrograd_like import MLP, Module, Value, categorical_cross_entropy_with_logits, explore, hinge, tanh
from micrograd_like.explorer.graph import graph_of
from micrograd_like.parts import in_formula_order, keys_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    Show = Callable[..., Page]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PICTURES = Path(__file__).parents[1] / "out" / "pages"
"""Where pictures of the page are kept."""
USUAL, WIDE, NARROW = ({"width": w, "height": h} for w, h in ((1280, 720), (1600, 900), (360, 740)))


# The browser


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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, one for a module: Playwright's loop would be in the way of other modules' loops."""
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def window(chromium: Browser) -> Iterator[Page]:
    """The one window in which pages are shown: another for each would take longer than what is tested."""
    page = chromium.new_page()
    page.set_default_timeout(5000)
    yield page
    page.close()


@pytest.fixture
def show(window: Page, tmp_path: Path) -> Iterator[Show]:
    """Return what opens the page of a Value in the window, as large as asked and for a reader with such settings."""

    def opened(
        value: Value, model: Module | None = None, viewport: dict[str, int] = USUAL, **settings_of_reader: Any
    ) -> Page:
        window.set_viewport_size(viewport)
        window.emulate_media(**{"color_scheme": "light", "reduced_motion": "no-preference"} | settings_of_reader)
        window.mouse.move(0, 0)
        return goto(window, value, model, tmp_path)

    with silent(window):
        yield opened


@pytest.fixture
def phone(chromium: Browser, tmp_path: Path) -> Iterator[Show]:
    """Return what opens the page of a Value on a phone."""
    context = chromium.new_context(viewport=NARROW, has_touch=True, is_mobile=True, device_scale_factor=2)
    context.set_default_timeout(5000)
    page = context.new_page()

    def opened(value: Value, model: Module | None = None, **settings_of_reader: Any) -> Page:
        page.emulate_media(**settings_of_reader)
        return goto(page, value, model, tmp_path)

    with silent(page):
        yield opened
    context.close()


@contextmanager
def silent(page: Page, allowed: str = "file:///") -> Iterator[None]:
    """Fail if something happens that must not: an error in the console, a dialog, a load that is not `allowed`."""
    heard: list[str] = []
    ears: dict[Any, Callable[[Any], object]] = {
        "console": lambda message: message.type in ("error", "warning") and heard.append(message.text),
        "pageerror": lambda error: heard.append(str(error)),
        "dialog": lambda dialog: (heard.append(dialog.message), dialog.dismiss()),
        "request": lambda request: request.url.startswith(allowed) or heard.append(request.url),
    }
    for event, ear in ears.items():
        page.on(event, ear)
    yield
    for event, ear in ears.items():
        page.remove_listener(event, ear)
    if heard:
        pytest.fail(f"the page is not silent: {heard}", pytrace=False)


def goto(page: Page, value: Value, model: Module | None, folder: Path) -> Page:
    """Open the page of a Value."""
    path = folder / "page.html"
    explore(value, model).save(path)
    page.goto(path.as_uri())
    return settled(page)


# What is shown


def neuron() -> Value:
    """Return y = tanh(w*x + b)."""
    w, x, b = Value(-3.0, "w"), Value(2.0, "x"), Value(6.5, "b")
    y = tanh(w * x + b)
    y.label = "y"
    return y


NEURON = ["w", "x", "v1", "b", "v2", "y"]
"""The names of its nodes, in their order."""
SLOPE = 1 - math.tanh(0.5) ** 2
"""Its ∂y/∂v2."""


def classifier() -> tuple[Value, MLP]:
    """Return the loss of a small network whose graph is drawn whole."""
    model = MLP(2, [2, 1], "tanh", "linear", rng=random.Random(1))
    return hinge(model([Value(0.5, "x1"), Value(-1.0, "x2")]), 1), model


def large(inputs: int = 16, sizes: Sequence[int] = (24, 10)) -> tuple[Value, MLP]:
    """Return the loss of a network whose graph is drawn in boxes."""
    model = MLP(inputs, sizes, rng=random.Random(0))
    return loss_of(model, inputs), model


def loss_of(model: MLP, inputs: int = 16) -> Value:
    """Return the loss of a large network as it is now."""
    logits = model([Value(math.sin(i), f"x{i}") for i in range(inputs)])
    return categorical_cross_entropy_with_logits(logits, 3)


# What is on the page


def settled(page: Page) -> Page:
    """Return the page after it has drawn what it was asked to: it draws in the next frame."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    return page


def item(page: Page, pattern: str) -> Locator:
    """Return what the picture shows under a name for screen readers."""
    return page.locator("#picture").get_by_role("button", name=re.compile(pattern))


def node(page: Page, name: str) -> Locator:
    """Return the node of the neuron that has a name."""
    return page.locator("#picture .item").nth(NEURON.index(name))


def marked(page: Page, mark: str) -> list[str]:
    """Return the names of the neuron's nodes of a class: lit, at-hand or selected."""
    classes = settled(page).locator("#picture .item").evaluate_all("items => items.map(e => [...e.classList])")
    return [name for name, found in zip(NEURON, classes, strict=True) if mark in found]


def slider(page: Page, name: str) -> Locator:
    """Return the slider of a leaf."""
    return page.get_by_role("slider", name=f"{name}, slider", exact=True)


def field(page: Page, name: str) -> Locator:
    """Return the number field of a leaf."""
    return page.get_by_role("spinbutton", name=name, exact=True)


def text(page: Page, selector: str) -> str:
    """Return what stands in an element, with plain minus signs."""
    found: str = settled(page).locator(selector).inner_text()
    return found.replace("−", "-")


def trail(page: Page) -> list[str]:
    """Return the views that lie around what is shown, and it."""
    return settled(page).locator("#trail button").all_text_contents()


def placement(page: Page) -> tuple[float, float, float]:
    """Return how far the picture is moved to the right and down, and its zoom."""
    matrix = "() => { const m = document.querySelector('#picture .item').getCTM(); return [m.e, m.f, m.a]; }"
    x, y, zoom = settled(page).evaluate(matrix)
    return x, y, zoom


# What is done on the page


def press(page: Page, *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        page.keyboard.press(key)
        settled(page)


def click(page: Page, name: str) -> None:
    """Press the button that has a name."""
    page.get_by_role("button", name=name, exact=True).click()
    settled(page)


def choose(page: Page, what: Locator) -> None:
    """Press something in the picture, and take the pointer away."""
    what.click()
    page.mouse.move(2, 300)
    settled(page)


def opened(page: Page, *boxes: str) -> Page:
    """Open boxes that lie in each other."""
    for box in boxes:
        press(page, "0")
        choose(page, item(page, f"^open {box}\\b").first)
    return page


def write(page: Page, name: str, x: float) -> None:
    """Write a number into the field of a leaf."""
    field(page, name).focus()
    field(page, name).fill(repr(x))
    settled(page)


# Its numbers


def numbers(page: Page) -> tuple[list[float], list[float]]:
    """Return the data and the gradients of all nodes, as the page has them."""
    data, gradients = settled(page).evaluate("() => [[...explorer.data], [...explorer.gradients]]")
    return data, gradients


def weight(page: Page) -> float:
    """Return the data of the neuron's w."""
    return numbers(page)[0][NEURON.index("w")]


def same(found: Sequence[float], wanted: Sequence[float]) -> bool:
    """Tell whether numbers agree to 1e-12 of each, or of 1 where that is more; infinities and NaN are themselves."""
    return all(
        a == b or (a != a and b != b) or abs(a - b) <= 1e-12 * max(1, abs(b))
        for a, b in zip(found, wanted, strict=True)
    )


def gradients_of(value: Value, model: Module | None = None) -> list[float]:
    """Return the engine's gradients in the order of the page's nodes, with 0 for plain numbers."""
    order = [v for v in in_formula_order(value) if keys_of(v) or not v.operation]
    for v in order:
        v.grad = 0.0
    value.backward()
    computed = iter(order)
    return [0.0 if n.kind == "constant" else float(next(computed).grad) for n in graph_of(value, model).nodes]


def check_numbers(page: Page, value: Value, model: Module | None = None) -> None:
    """Hold the numbers of the page against those that Python computes."""
    data, gradients = numbers(page)
    nodes, wanted = graph_of(value, model).nodes, gradients_of(value, model)
    for found, expected in ((data, [n.number for n in nodes]), (gradients, wanted)):
        wrong = [
            (i, n.operation or n.label, a, b)
            for i, (n, a, b) in enumerate(zip(nodes, found, expected, strict=True))
            if not same([a], [b])
        ]
        assert not wrong, f"node, its operation, number on the page, number in Python: {wrong[:10]}"
