"""The page of `explore`, in a browser: by click and by key, its numbers beside Python's, for every reader.

No test leaves an error in the page's console, and no page asks for anything but its own file. Pictures of the page are
kept in out/pages.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import browser, numbers, placement, program_or_skip, settled, skip_or_fail
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import micrograd_like
from micrograd_like import (
    MLP,
    SGD,
    Module,
    Value,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy_with_logits,
    dot,
    exp,
    explore,
    hinge,
    leaky_relu,
    log_softmax,
    logsumexp,
    maximum,
    mean_squared_error,
    minimum,
    relu,
    softmax,
    sqrt,
    tanh,
    total,
    where,
)
from micrograd_like.engine import topological_order
from micrograd_like.errors import FAILURES
from micrograd_like.explorer.graph import graph_of
from micrograd_like.steps import ONE_OPERAND, Expression
from micrograd_like.strategies import expressions

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Locator, Page

    Show = Callable[..., Page]

PICTURES = Path(__file__).parents[1] / "out" / "pages"
USUAL, WIDE, NARROW = ({"width": w, "height": h} for w, h in ((1280, 720), (1600, 900), (360, 740)))
EVERYWHERE = [-math.inf, -1e300, -800.0, -40.0, -6.5, -2.0, -1.0, -0.5, -1e-9, -5e-324, -0.0]
EVERYWHERE += [-x for x in reversed(EVERYWHERE)] + [math.nan]


# What is shown


def neuron() -> Value:
    w, x, b = Value(-3.0, "w"), Value(2.0, "x"), Value(6.5, "b")
    y = tanh(w * x + b)
    y.label = "y"
    return y


NEURON = ["b", "x", "w", "v1", "v2", "y"]  # the names of its nodes, in their order


class Polynomial(Module):
    """w1**2 + w2**2 * x: a model with a least value."""

    def __init__(self) -> None:
        self.w1, self.w2 = Value(1.5, "w1"), Value(-0.5, "w2")

    def __call__(self, x: Any) -> Any:
        return self.w1**2 + self.w2**2 * x


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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
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
        goto(window, value, model, tmp_path)
        return window

    with listening(window) as heard:
        yield opened
    assert heard == []


@pytest.fixture
def phone(chromium: Browser, tmp_path: Path) -> Iterator[Show]:
    """Return what opens the page of a Value on a phone."""
    context = chromium.new_context(viewport=NARROW, has_touch=True, is_mobile=True, device_scale_factor=2)
    context.set_default_timeout(5000)
    page = context.new_page()

    def opened(value: Value, model: Module | None = None, **settings_of_reader: Any) -> Page:
        page.emulate_media(**settings_of_reader)
        goto(page, value, model, tmp_path)
        return page

    with listening(page) as heard:
        yield opened
    context.close()
    assert heard == []


@contextmanager
def listening(page: Page) -> Iterator[list[str]]:
    """Yield a list that what must not happen is added to: errors, dialogs and loads."""
    heard: list[str] = []
    ears: dict[Any, Callable[[Any], object]] = {
        "console": lambda message: message.type == "error" and heard.append(message.text),
        "pageerror": lambda error: heard.append(str(error)),
        "dialog": lambda dialog: (heard.append(dialog.message), dialog.dismiss()),
        "request": lambda request: request.url.startswith("file:///") or heard.append(request.url),
    }
    for event, ear in ears.items():
        page.on(event, ear)
    yield heard
    for event, ear in ears.items():
        page.remove_listener(event, ear)


def goto(page: Page, value: Value, model: Module | None, folder: Path) -> None:
    path = folder / "page.html"
    explore(value, model).save(path)
    page.goto(path.as_uri())
    settled(page)


def node(page: Page, name: str) -> Locator:
    """Return the node of the neuron that has a name."""
    return page.locator("#picture .item").nth(NEURON.index(name))


def item(page: Page, pattern: str) -> Locator:
    """Return what the picture shows under a name for screen readers."""
    return page.locator("#picture").get_by_role("button", name=re.compile(pattern))


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=f"{name}, slider", exact=True)


def field(page: Page, name: str) -> Locator:
    return page.get_by_role("spinbutton", name=name, exact=True)


def write(page: Page, name: str, x: float) -> None:
    """Write a number into the field of a leaf."""
    field(page, name).fill(repr(x))
    settled(page)


def text(page: Page, selector: str) -> str:
    """Return what stands in an element, with plain minus signs."""
    found: str = settled(page).locator(selector).inner_text()
    return found.replace("−", "-")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        settled(page)


def click(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    settled(page)


def weight(page: Page) -> float:
    """Return the data of the neuron's w."""
    return numbers(page)[0][NEURON.index("w")]


def step_at_hand(page: Page) -> str:
    return text(page, "#step-text")


def lit(page: Page) -> set[str]:
    """Return the names of the neuron's nodes that are lit."""
    return {name for name in NEURON if "lit" in (node(page, name).get_attribute("class") or "").split()}


def at_hand(page: Page) -> list[str]:
    return [name for name in NEURON if "at-hand" in (node(page, name).get_attribute("class") or "").split()]


# The page is one file


def test_without_a_browser_the_tests_say_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        program_or_skip()


def test_without_a_browser_the_tests_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        program_or_skip()


def test_the_page_of_a_neuron_is_small() -> None:
    assert len(explore(neuron()).html.encode()) < 300_000


def test_the_policy_lets_the_page_s_own_code_run_and_nothing_else(show: Show) -> None:
    policy = show(neuron()).locator("meta[http-equiv]").get_attribute("content") or ""
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert re.fullmatch(r"'sha256-[\w+/=]+'", directives["script-src"])
    assert re.fullmatch(r"'sha256-[\w+/=]+'", directives["style-src"])


def test_the_policy_stops_a_script_that_gets_in_all_the_same(chromium: Browser, tmp_path: Path) -> None:
    html = explore(neuron()).html.replace("<main>", "<main><script>window.hacked = 1</script>")
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("[window.hacked, explorer.data.length]") == [None, len(NEURON)]
    page.close()


# The numbers are Python's


def same(found: Sequence[float], wanted: Sequence[float]) -> bool:
    """Tell whether numbers agree to 1e-12 of each, or of 1 where that is more; infinities and NaN are themselves."""
    return all(
        a == b or (a != a and b != b) or abs(a - b) <= 1e-12 * max(1, abs(b))
        for a, b in zip(found, wanted, strict=True)
    )


def gradients_of(value: Value, model: Module | None = None) -> list[float]:
    """Return the engine's gradients in the order of the page's nodes, with 0 for plain numbers."""
    order = topological_order(value)
    for v in order:
        v.grad = 0.0
    value.backward()
    computed = iter(order)
    return [0.0 if n.kind == "constant" else float(next(computed).grad) for n in graph_of(value, model).nodes]


def check_numbers(page: Page, value: Value, model: Module | None = None) -> None:
    data, gradients = numbers(page)
    nodes = graph_of(value, model).nodes
    assert same(data, [n.number for n in nodes])
    assert same(gradients, gradients_of(value, model))


def move(page: Page, numbers_of: dict[str, float]) -> None:
    """Write numbers into the fields of leaves, all in one frame."""
    found = page.evaluate(
        """moved => {
          const found = [...document.querySelectorAll("#leaves input[type=number]")].filter(e => moved[e.ariaLabel]);
          for (const field of found) {
            field.value = moved[field.ariaLabel];
            field.dispatchEvent(new Event("input"));
          }
          return found.length;
        }""",
        {name: repr(x) for name, x in numbers_of.items()},
    )
    assert found == len(numbers_of)


everyday = settings(
    deadline=None,
    max_examples=50,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
UP_TO_ONE = st.floats(-1, 1, allow_subnormal=False)


@everyday
@given(expressions(safe=True), st.data())
def test_random_expressions_have_python_s_numbers_before_and_after_leaves_are_moved(
    window: Page, tmp_path_factory: pytest.TempPathFactory, e: Expression, data: Any
) -> None:
    value = e(*[Value(x, f"x{i}") for i, x in enumerate(e.at)])
    goto(window, value, None, tmp_path_factory.getbasetemp())
    check_numbers(window, value)
    used = [n.label for n in graph_of(value).nodes if n.label]
    for _ in range(2):
        point = data.draw(st.tuples(*[UP_TO_ONE] * len(e.at)), label="moved to")
        leaves = {f"x{i}": x for i, x in enumerate(point)}
        move(window, {name: leaves[name] for name in used})
        check_numbers(window, e(*[Value(x, name) for name, x in leaves.items()]))


def everywhere(function: Callable[..., Any], operands: int) -> Value:
    """Return the sum of a function's values at all points that the engine takes it at."""
    results = []
    for point in itertools.product(EVERYWHERE, repeat=operands):
        try:
            result = function(*map(Value, point))
        except FAILURES:
            continue
        results.append(result)
    assert len(results) >= len(EVERYWHERE) / 3
    return total(results)


def normal(a: Value) -> Value:
    """Return a number that is not subnormal; ValueError if it is: the slope of its power passes through infinity."""
    if 0 < abs(a.data) < sys.float_info.min:
        raise ValueError("subnormal")
    return a


@pytest.mark.parametrize("name", [*ONE_OPERAND, "abs"])
def test_a_function_has_python_s_numbers_at_kinks_far_out_and_at_infinities(
    show: Show, name: str
) -> None:
    value = everywhere(abs if name == "abs" else getattr(micrograd_like, name), 1)
    check_numbers(show(value), value)


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_a_leaf_that_is_not_finite_is_shown_and_can_be_moved_back(show: Show, x: float) -> None:
    page = show(Value(x, "x") * 2)
    heard: list[str] = []
    page.on("console", write_down := lambda message: heard.append(message.text))
    page.reload()
    check_numbers(settled(page), Value(x, "x") * 2)
    write(page, "x", 3.0)
    check_numbers(page, Value(3.0, "x") * 2)
    slider(page, "x").focus()
    press(page, "ArrowRight")
    assert math.isfinite(numbers(page)[0][0])
    page.remove_listener("console", write_down)
    assert heard == []


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda a, b: a + b, id="+"),
        pytest.param(lambda a, b: a - b, id="-"),
        pytest.param(lambda a, b: a * b, id="*"),
        pytest.param(lambda a, b: a / b, id="/"),
        pytest.param(lambda a, b: normal(a) ** b, id="**"),
        pytest.param(lambda a, b: normal(a) ** b.data, id="** number"),
        pytest.param(lambda a, b: a.data**b, id="number **"),
        pytest.param(maximum, id="maximum"),
        pytest.param(minimum, id="minimum"),
        pytest.param(lambda a, b: where(a < b, a, b), id="where"),
        pytest.param(lambda a, b: dot([a, b], [b, b], a), id="dot"),
        pytest.param(lambda a, b: logsumexp([a, b]), id="logsumexp"),
        pytest.param(lambda a, b: softmax([a, b])[0], id="softmax"),
        pytest.param(lambda a, b: log_softmax([a, b])[1], id="log_softmax"),
        pytest.param(lambda a, b: leaky_relu(a, b.data), id="leaky_relu"),
    ],
)
def test_two_operands_have_python_s_numbers_at_ties_far_out_and_at_infinities(
    show: Show, function: Callable[..., Any]
) -> None:
    value = everywhere(function, 2)
    check_numbers(show(value), value)


LOSSES = {
    "hinge": lambda model: hinge(model([0.5, Value(-1.0, "x")]), -1),
    "logits": lambda model: binary_cross_entropy_with_logits(model([0.5, Value(-1.0, "x")]), 1),
    "mean": lambda model: mean_squared_error([model([0.5, x]) for x in (1.0, -1.0)], [0.0, 1.0]),
}


@pytest.mark.parametrize("activation", ["relu", "gelu", "sigmoid", "tanh", "leaky_relu"])
@pytest.mark.parametrize("loss", LOSSES)
def test_networks_with_losses_have_python_s_numbers(show: Show, loss: str, activation: str) -> None:
    model = MLP(2, [3, 1], activation, "linear", rng=random.Random(3))
    value = LOSSES[loss](model)
    check_numbers(show(value, model), value, model)


def test_a_large_network_has_python_s_numbers(show: Show) -> None:
    value, model = large()
    check_numbers(show(value, model), value, model)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(lambda x: x, id="a leaf alone"),
        pytest.param(lambda x: x * x, id="x*x"),
        pytest.param(lambda x: x / x + x**x - x, id="one leaf everywhere"),
        pytest.param(lambda x: [y := tanh(x), z := y * y + y, z * y + z][-1], id="shared nodes"),
        pytest.param(lambda x: total([x] * 5), id="total of one"),
        pytest.param(lambda x: exp(x) * 0 + 1, id="no slope"),
        pytest.param(lambda x: maximum(x, x), id="tie"),
    ],
)
def test_shared_nodes_have_python_s_numbers_wherever_they_are_moved(show: Show, value: Callable[..., Any]) -> None:
    page = show(value(Value(0.75, "x")))
    for x in (0.75, 2.5, 1e-7):
        write(page, "x", x)
        check_numbers(page, value(Value(x, "x")))


def test_an_operation_of_one_s_own_has_python_s_numbers(show: Show) -> None:
    from micrograd_like.engine import unary

    cube = unary("cube", lambda x: (x * x * x, 3 * x * x))
    page = show(cube(Value(2.0, "x")) + 1)
    write(page, "x", -1.5)
    check_numbers(page, cube(Value(-1.5, "x")) + 1)


# Moving about


def drag(page: Page, dx: float, dy: float) -> None:
    """Drag the picture by its lower left corner, where no node stands."""
    box = page.locator("#picture").bounding_box() or {}
    x, y = box["x"] + 20, box["y"] + box["height"] - 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def near(found: Sequence[float], wanted: Sequence[float], by: float = 1.0) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def inside(page: Page) -> bool:
    """Tell whether all nodes are in the picture's window."""
    return bool(settled(page).evaluate("""() => {
      const window = document.getElementById("picture").getBoundingClientRect();
      return [...document.querySelectorAll("#picture .item")].every(item => {
        const { left, right, top, bottom } = item.getBoundingClientRect();
        return left >= window.left && right <= window.right && top >= window.top && bottom <= window.bottom;
      });
    }"""))


def test_the_mouse_drags_the_picture(show: Show) -> None:
    page = show(neuron())
    x, y, zoom = placement(page)
    drag(page, 60, -40)
    assert near(placement(page), (x + 60, y - 40, zoom), 0.01)


def test_dragging_selects_nothing(show: Show) -> None:
    page = show(neuron())
    box = node(page, "w").bounding_box() or {}
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.up()
    page.mouse.move(2, 300)
    assert text(page, "#explained-title") == "The chain rule"


def test_the_wheel_zooms_where_the_pointer_is(show: Show) -> None:
    page = show(neuron())
    before, zoom = node(page, "w").bounding_box() or {}, placement(page)[2]
    page.mouse.move(before["x"], before["y"])
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(100)
    after = node(page, "w").bounding_box() or {}
    assert placement(page)[2] > 1.5 * zoom
    assert near((after["x"], after["y"]), (before["x"], before["y"]), 4)


@pytest.mark.parametrize("way", ["buttons", "keys"])
def test_zooming_in_out_and_fitting(show: Show, way: str) -> None:
    page = show(neuron())
    fitted = placement(page)
    for name, key, check in [
        ("Zoom in", "+", lambda zoom: zoom > fitted[2]),
        ("Zoom out", "-", lambda zoom: math.isclose(zoom, fitted[2])),
        ("Zoom out", "-", lambda zoom: zoom < fitted[2]),
    ]:
        click(page, name) if way == "buttons" else press(page, key)
        assert check(placement(page)[2])
    click(page, "Fit") if way == "buttons" else press(page, "0")
    assert near(placement(page), fitted, 0.01)


@pytest.mark.parametrize(
    ("key", "way"),
    [("ArrowLeft", (1, 0)), ("ArrowRight", (-1, 0)), ("ArrowUp", (0, 1)), ("ArrowDown", (0, -1))],
)
def test_shift_and_the_arrow_keys_move_the_picture(show: Show, key: str, way: tuple[int, int]) -> None:
    page = show(neuron())
    node(page, "y").focus()
    x, y, _ = placement(page)
    press(page, f"Shift+{key}")
    now = placement(page)
    assert [math.copysign(1, b) if abs(b) > 10 else 0 for b in (now[0] - x, now[1] - y)] == list(way)


@pytest.mark.parametrize("viewport", [WIDE, {"width": 1024, "height": 600}], ids=["wide", "small"])
def test_the_picture_fits_the_window_at_first(show: Show, viewport: dict[str, int]) -> None:
    assert inside(show(neuron(), viewport=viewport))


def test_the_picture_fits_the_window_when_asked_however_small_that_is(show: Show) -> None:
    page = show(neuron(), viewport=NARROW)
    press(page, "0")
    assert inside(page)


def test_what_the_reader_moved_stays_while_the_steps_go_on(show: Show) -> None:
    page = show(neuron(), viewport=NARROW)
    press(page, "0", "Home")
    before = placement(page)
    for _ in range(9):
        press(page, ".")
        assert placement(page)[2] == before[2]


def test_the_node_at_hand_stays_in_a_window_that_changes_its_size(show: Show) -> None:
    page = show(neuron(), viewport=NARROW)
    press(page, "Home", ".")
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"] - 60})  # as a phone's address bar does
    settled(page)
    node_at_hand, window = (page.locator(f"#picture{part}").bounding_box() or {} for part in (" .at-hand", ""))
    assert window["x"] <= node_at_hand["x"] and node_at_hand["x"] + node_at_hand["width"] <= window["width"]


def test_zooming_in_survives_a_window_that_changes_its_size_a_little(show: Show) -> None:
    page = show(neuron())
    press(page, "+", "+", "+")
    zoom = placement(page)[2]
    page.set_viewport_size({"width": 1280, "height": 660})
    assert placement(page)[2] == zoom


# Phones


def touch(page: Page, *positions: Sequence[tuple[float, float]]) -> None:
    """Put fingers on the picture, move them along positions, and lift them."""
    session: CDPSession = page.context.new_cdp_session(page)
    kinds = ["touchStart", *["touchMove"] * (len(positions) - 1), "touchEnd"]
    for kind, fingers in zip(kinds, [*positions, []], strict=True):
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(fingers)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    settled(page)


def middle(page: Page) -> tuple[float, float]:
    box = page.locator("#picture").bounding_box() or {}
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_tap_selects_a_node(phone: Show) -> None:
    page = phone(neuron())
    press(page, "0")
    node(page, "w").tap()
    assert "w" in text(page, "#explained-title")


def test_one_finger_moves_the_picture(phone: Show) -> None:
    page = phone(neuron())
    x, y = middle(page)
    before = placement(page)
    touch(page, [(x, y + 90)], [(x + 10, y + 80)], [(x + 30, y + 60)])
    assert near(placement(page), (before[0] + 30, before[1] - 30, before[2]), 0.1)


def test_two_fingers_zoom_the_picture(phone: Show) -> None:
    page = phone(neuron())
    x, y = middle(page)
    before = placement(page)[2]
    touch(page, [(x - 20, y), (x + 20, y)], [(x - 30, y), (x + 30, y)], [(x - 40, y), (x + 40, y)])
    assert placement(page)[2] == pytest.approx(2 * before, rel=0.01)


def test_two_fingers_zoom_where_they_are(phone: Show) -> None:
    page = phone(neuron())
    x, y = middle(page)
    box = page.locator("#picture").bounding_box() or {}
    px, py = x - box["x"], y - box["y"]
    left, top, zoom = placement(page)
    touch(page, [(x - 20, y), (x + 20, y)], [(x - 30, y), (x + 30, y)], [(x - 40, y), (x + 40, y)])
    now = placement(page)
    scale = now[2] / zoom
    assert near(now[:2], (px - scale * (px - left), py - scale * (py - top)), 2)


def test_a_tap_after_a_pinch_selects_again(phone: Show) -> None:
    page = phone(neuron())
    x, y = middle(page)
    touch(page, [(x - 20, y), (x + 20, y)], [(x - 30, y), (x + 30, y)])
    press(page, "0")
    node(page, "b").tap()
    assert "b" in text(page, "#explained-title")


def test_a_phone_scrolls_down_and_not_sideways(phone: Show) -> None:
    page = phone(neuron())
    width, shown = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert width <= shown == NARROW["width"]


def test_controls_are_large_enough_for_a_finger(phone: Show) -> None:
    page = phone(neuron())
    small = page.evaluate("""() => [...document.querySelectorAll("button, input, label")].filter(e => e.offsetParent)
      .map(e => [e.id || e.ariaLabel || e.textContent, e.closest("label")?.offsetHeight ?? e.offsetHeight])
      .filter(([, height]) => height < 24)""")
    assert small == []  # 24 pixels: WCAG 2.2, 2.5.8


# Steps


def expected_steps() -> list[str]:
    return [
        "the leaves",
        *[f"forward: {name} is computed" for name in ("v1", "v2", "y")],
        "backward begins: ∂y/∂y = 1",
        *[f"backward: {name} passes" for name in ("y", "v2", "v1")],
        "everything is computed",
    ]


@pytest.mark.parametrize("way", ["buttons", "keys"])
def test_steps_go_forward_then_backward_in_topological_order(show: Show, way: str) -> None:
    page = show(neuron())
    click(page, "To the start") if way == "buttons" else press(page, "Home")
    seen = [step_at_hand(page)]
    for _ in expected_steps()[1:]:
        click(page, "One step forward") if way == "buttons" else press(page, ".")
        seen.append(step_at_hand(page))
    assert all(f"Step {n} of 8: {wanted}" in found for n, (wanted, found) in
               enumerate(zip(expected_steps(), seen, strict=True)))


@pytest.mark.parametrize("way", ["buttons", "keys"])
def test_steps_go_back(show: Show, way: str) -> None:
    page = show(neuron())
    for wanted in reversed(expected_steps()[:-1]):
        click(page, "One step back") if way == "buttons" else press(page, ",")
        assert wanted in step_at_hand(page)


@pytest.mark.parametrize("way", ["buttons", "keys"])
def test_steps_jump_to_the_start_and_to_the_end(show: Show, way: str) -> None:
    page = show(neuron())
    click(page, "To the start") if way == "buttons" else press(page, "Home")
    assert "Step 0 of 8" in step_at_hand(page)
    click(page, "To the end") if way == "buttons" else press(page, "End")
    assert "Step 8 of 8" in step_at_hand(page)


def test_steps_jump_anywhere(show: Show) -> None:
    page = show(neuron())
    page.get_by_role("slider", name="Step", exact=True).fill("3")
    assert "Step 3 of 8: forward: y" in step_at_hand(page)


@pytest.mark.parametrize("way", ["button", "key"])
def test_playing_goes_on_by_itself_until_it_is_paused(show: Show, way: str) -> None:
    from playwright.sync_api import expect

    page = show(neuron())
    click(page, "Play") if way == "button" else press(page, "Space")
    expect(page.locator("#step-text")).to_contain_text("Step 1 of 8")
    click(page, "Pause") if way == "button" else press(page, "Space")
    stopped = step_at_hand(page)
    page.wait_for_timeout(1000)
    assert step_at_hand(page) == stopped


def test_playing_ends_at_the_end(show: Show) -> None:
    from playwright.sync_api import expect

    page = show(neuron())
    page.get_by_role("slider", name="Step", exact=True).fill("7")
    click(page, "Play")
    expect(page.locator("#step-text")).to_contain_text("Step 8 of 8")
    expect(page.locator("#play")).to_have_text("Play")


def test_the_step_at_hand_is_lit(show: Show) -> None:
    page = show(neuron())
    press(page, "Home")
    assert at_hand(page) == []
    for wanted in ["v1", "v2", "y", "y", "y", "v2", "v1"]:
        press(page, ".")
        assert at_hand(page) == [wanted]


def test_what_is_not_computed_yet_shows_no_number(show: Show) -> None:
    page = show(neuron())
    press(page, "Home", ".")
    shown = [node(page, name).locator(".number").first.text_content() for name in NEURON]
    assert shown == ["data 6.5", "data 2", "data −3", "data −6", "data", "data"]


def test_gradients_appear_in_the_order_of_the_chain_rule(show: Show) -> None:
    page = show(neuron())
    slope = 1 - math.tanh(0.5) ** 2
    press(page, ",")
    assert same(numbers(page)[1], [slope, -3 * slope, 2 * slope, slope, slope, 1])
    press(page, ",")
    assert same(numbers(page)[1], [slope, 0, 0, slope, slope, 1])
    press(page, ",", ",")
    assert same(numbers(page)[1], [0, 0, 0, 0, 0, 1])


def test_a_step_forward_shows_the_formula_and_its_numbers(show: Show) -> None:
    page = show(neuron())
    press(page, "Home", ".")
    shown = text(page, "#explained")
    assert "v1 = w·x" in shown
    assert re.search(r"= \(?-3\)?·2 = -6", shown)


def test_a_step_backward_shows_local_derivative_incoming_gradient_and_product(show: Show) -> None:
    page = show(neuron())
    press(page, ",")
    shown = text(page, "#explained")
    assert re.search(r"incoming gradient ∂y/∂v1 = 0\.78644773296\d+", shown)
    assert "∂v1/∂w = x = 2" in shown and "∂v1/∂x = w = -3" in shown
    assert "∂y/∂w += ∂y/∂v1 · ∂v1/∂w = 0.786448 · 2 = 1.5729" in shown
    assert "∂y/∂x += ∂y/∂v1 · ∂v1/∂x = 0.786448 · -3 = -2.35934" in shown.replace("(-3)", "-3")


def test_a_node_used_twice_gets_the_sum_of_both_products(show: Show) -> None:
    x = Value(3.0, "x")
    page = show(x * x)
    press(page, ",")
    assert text(page, "#explained").count("= 1 · 3 = 3") == 2
    assert "so far ∂L/∂x = 6" in text(page, "#explained")


def test_steps_of_a_large_network_open_the_boxes_they_happen_in(show: Show) -> None:
    page = show(*large())
    press(page, "Home", ".")
    assert page.locator("#picture .at-hand").count() == 1
    assert page.locator("#trail button").count() > 1


# Moving numbers


@pytest.mark.parametrize("name", ["w", "x", "b"])
def test_every_leaf_has_a_slider_and_a_number_field(show: Show, name: str) -> None:
    page = show(neuron())
    assert slider(page, name).input_value() == field(page, name).input_value()


def test_plain_numbers_can_be_moved_too(show: Show) -> None:
    page = show(Value(2.0, "x") * 3.5)
    write(page, "the number 3.5", -1.25)
    assert numbers(page)[0][-1] == -2.5


def test_the_graph_recomputes_while_a_slider_is_dragged(show: Show) -> None:
    page = show(neuron())
    box = slider(page, "w").bounding_box() or {}
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    seen = []
    for dx in (5, 12, 20):
        page.mouse.move(x + dx, y)
        w = weight(page)
        seen.append(w)
        check_numbers(page, tanh(Value(w, "w") * Value(2.0) + Value(6.5)))
    page.mouse.up()
    assert sorted(set(seen)) == seen and seen[0] > -3


def test_the_arrow_keys_move_a_slider(show: Show) -> None:
    page = show(neuron())
    slider(page, "w").focus()
    press(page, "ArrowRight")
    w = weight(page)
    assert -3 < w < -2.5
    check_numbers(page, tanh(Value(w, "w") * Value(2.0) + Value(6.5)))


def test_a_number_can_be_typed(show: Show) -> None:
    page = show(neuron())
    field(page, "w").press("ControlOrMeta+a")
    page.keyboard.type("-2.75")
    check_numbers(page, tanh(Value(-2.75, "w") * Value(2.0) + Value(6.5)))


def test_the_slider_follows_the_field_beyond_its_ends(show: Show) -> None:
    page = show(neuron())
    write(page, "w", 1000.0)
    assert float(slider(page, "w").input_value()) == 1000


@pytest.mark.parametrize("typed", ["", "-"])
def test_what_is_no_number_changes_nothing(show: Show, typed: str) -> None:
    page = show(neuron())
    field(page, "w").press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.type(typed)
    page.keyboard.press("Tab")
    assert weight(page) == -3.0
    assert field(page, "w").input_value() == "-3"


@pytest.mark.parametrize("way", ["button", "key"])
def test_reset_brings_back_all_numbers(show: Show, way: str) -> None:
    page = show(neuron())
    write(page, "w", 1.0)
    write(page, "b", 2.0)
    page.locator("#title").click()
    click(page, "Reset all") if way == "button" else (field(page, "b").blur(), press(page, "r"))
    check_numbers(page, neuron())
    assert field(page, "w").input_value() == "-3"


def test_reset_of_one_leaf_leaves_the_others(show: Show) -> None:
    page = show(neuron())
    write(page, "w", 1.0)
    write(page, "b", 2.0)
    click(page, "Reset w")
    check_numbers(page, tanh(Value(-3.0, "w") * Value(2.0) + Value(2.0)))


def test_typing_a_number_presses_no_keys_of_the_page(show: Show) -> None:
    page = show(neuron())
    field(page, "w").focus()
    press(page, "End", ".", "0", "-", "Home")
    assert "Step 8 of 8" in step_at_hand(page)


def test_keys_work_while_a_slider_has_the_focus(show: Show) -> None:
    page = show(neuron())
    slider(page, "w").focus()
    press(page, ",")
    assert "Step 7 of 8" in step_at_hand(page)


# Paths


def test_selecting_a_node_lights_every_path_from_it(show: Show) -> None:
    page = show(neuron())
    node(page, "x").click()
    page.mouse.move(2, 300)
    assert lit(page) == {"x", "v1", "v2", "y"}
    assert page.locator("#picture .edge.lit").count() == 3


def test_hovering_over_a_node_lights_every_path_from_it(show: Show) -> None:
    page = show(neuron())
    node(page, "b").hover()
    settled(page)
    assert lit(page) == {"b", "v2", "y"}
    page.mouse.move(2, 300)
    settled(page)
    assert lit(page) == set()


def test_enter_selects_the_node_in_focus_and_escape_lets_it_go(show: Show) -> None:
    page = show(neuron())
    node(page, "w").focus()
    press(page, "Enter")
    assert lit(page) == {"w", "v1", "v2", "y"}
    press(page, "Escape")
    assert lit(page) == set()


def paths_in_python(value: Value, leaf: Value) -> list[float]:
    """Return the products of the local derivatives along all paths from a leaf to the result."""
    if value is leaf:
        return [1.0]
    return [
        slope * product
        for operand, slope in zip(value.operands, value.local_derivatives, strict=True)
        if isinstance(operand, Value) and slope is not None
        for product in paths_in_python(operand, leaf)
    ]


def test_paths_show_their_products_whose_sum_is_the_gradient(show: Show) -> None:
    x = Value(0.7, "x")
    y = tanh(x)
    value = y * y + x * 3 - sqrt(x) * y
    page = show(value)
    item(page, "^x\\b").click()
    page.mouse.move(2, 300)
    listed = [line.replace("−", "-") for line in page.locator("#paths li").all_inner_texts()]
    found = sorted(float(line.rsplit("=", 1)[1]) for line in listed)
    wanted = sorted(paths_in_python(value, x))
    assert found == pytest.approx(wanted, rel=1e-5)
    gradient = numbers(page)[1][[n.label for n in graph_of(value).nodes].index("x")]
    assert sum(found) == pytest.approx(gradient, rel=1e-4)
    assert f"gradient: {gradient:.6g}" in text(page, "#paths")


def test_more_paths_than_can_be_listed_are_counted(show: Show) -> None:
    value = Value(1.0, "x")
    for _ in range(20):
        value = value * 0.5 + value * 0.5
    page = show(value)
    press(page, "0")
    item(page, "^x\\b").click()
    page.mouse.move(2, 300)
    settled(page)
    assert f"{2**20 - page.locator('#paths li').count()} more paths" in text(page, "#paths")


def test_a_node_that_no_gradient_reaches_says_so(show: Show) -> None:
    page = show(where(Value(1.0) < 2, Value(2.0, "y"), Value(3.0, "z")) + 1)
    item(page, "^z\\b").click()
    page.mouse.move(2, 300)
    assert "no path: the gradient is 0" in text(page, "#paths")


# Finite differences


@pytest.mark.parametrize("way", ["switch", "key"])
def test_a_switch_shows_finite_differences_beside_gradients(show: Show, way: str) -> None:
    from playwright.sync_api import expect

    page = show(neuron())
    page.get_by_label("finite differences").check() if way == "switch" else press(page, "c")
    expect(node(page, "w").locator(".difference")).to_have_text("≈ 1.573 ✓")
    expect(node(page, "x").locator(".difference")).to_have_text("≈ −2.359 ✓")
    assert page.locator("#leaves").inner_text().count("✓") == 3
    page.get_by_label("finite differences").uncheck() if way == "switch" else press(page, "c")
    settled(page)
    assert "≈" not in page.locator("body").inner_text()


def test_smooth_networks_agree_with_their_finite_differences_everywhere(show: Show) -> None:
    page = show(*classifier())
    press(page, "c")
    page.wait_for_timeout(300)
    shown = page.locator("#picture .difference").all_text_contents()
    assert sum("✓" in one for one in shown) > 15
    assert not [one for one in shown if "≠" in one]


@pytest.mark.parametrize(
    "kink",
    [
        pytest.param(relu, id="relu"),
        pytest.param(abs, id="abs"),
        pytest.param(lambda x: maximum(x, 2 * x), id="maximum"),
    ],
)
def test_at_a_kink_they_are_said_to_differ(show: Show, kink: Callable[[Value], Value]) -> None:
    from playwright.sync_api import expect

    page = show(kink(Value(0.0, "x")) + Value(1.0, "y"))
    press(page, "c")
    item(page, "^x\\b").click()
    expect(page.locator("#leaves")).to_contain_text("≠")
    assert "differs: a kink" in text(page, "#explained")


def test_finite_differences_follow_the_numbers(show: Show) -> None:
    from playwright.sync_api import expect

    page = show(relu(Value(0.0, "x")) * 2)
    press(page, "c")
    expect(page.locator("#leaves .differs")).to_have_count(1)
    write(page, "x", 1.0)
    expect(page.locator("#leaves .differs")).to_have_count(0)
    expect(page.locator("#leaves")).to_contain_text("≈ 2 ✓")


def test_finite_differences_change_no_number(show: Show) -> None:
    page = show(neuron())
    press(page, "c")
    page.wait_for_timeout(100)
    check_numbers(page, neuron())


# Training


def trained(steps: int, rate: float, model: Polynomial | None = None) -> list[float]:
    """Return the parameters after so many steps of gradient descent in Python."""
    model = model or Polynomial()
    parameters = model.parameters()
    for _ in range(steps):
        for p in parameters:
            p.grad = 0.0
        model(2.0).backward()
        SGD(rate).step(parameters)
    return [p.data for p in parameters]


@pytest.fixture
def trainer(show: Show) -> Page:
    model = Polynomial()
    return show(model(2.0), model)


def parameters(page: Page) -> list[float]:
    data, _ = numbers(page)
    names = [n.label for n in graph_of(Polynomial()(2.0)).nodes]
    return [data[names.index(name)] for name in ("w1", "w2")]


@pytest.mark.parametrize("way", ["button", "key"])
def test_steps_of_training_are_those_of_sgd(trainer: Page, way: str) -> None:
    for _ in range(7):
        click(trainer, "One step") if way == "button" else press(trainer, "t")
    assert same(parameters(trainer), trained(7, 0.1))
    assert "after 7 steps" in text(trainer, "#training-note")


def test_a_run_of_training_is_that_of_sgd(trainer: Page) -> None:
    click(trainer, "Run")
    trainer.wait_for_timeout(300)
    click(trainer, "Stop")
    steps = int(re.search(r"after (\d+) steps", text(trainer, "#training-note"))[1])  # type: ignore[index]
    assert steps > 5
    assert same(parameters(trainer), trained(steps, 0.1))


def test_the_learning_rate_is_that_of_the_slider(trainer: Page) -> None:
    trainer.get_by_role("slider", name="learning rate").fill("-2.5")
    click(trainer, "One step")
    click(trainer, "One step")
    assert same(parameters(trainer), trained(2, 10**-2.5))


def test_networks_are_trained_like_in_python(show: Show) -> None:
    value, model = large()
    page = show(value, model)
    for _ in range(3):
        click(page, "One step")
    for _ in range(3):
        for p in model.parameters():
            p.grad = 0.0
        loss_of(model).backward()
        SGD(0.1).step(model.parameters())
    check_numbers(page, loss_of(model), model)


def test_training_from_the_middle_of_the_steps_is_that_of_sgd(trainer: Page) -> None:
    press(trainer, "Home", ".", ".")
    click(trainer, "One step")
    assert same(parameters(trainer), trained(1, 0.1))


def test_training_right_after_a_move_starts_from_what_was_moved(trainer: Page) -> None:
    trainer.evaluate("""() => {
      const field = document.querySelector("#leaves input[type=number][aria-label='w1']");
      field.value = "4";
      field.dispatchEvent(new Event("input"));
      document.getElementById("train-step").click();
    }""")
    model = Polynomial()
    model.w1.data = 4.0
    assert same(parameters(trainer), trained(1, 0.1, model))


def test_only_leaves_that_are_ticked_are_trained(trainer: Page) -> None:
    trainer.get_by_role("checkbox", name="train w1").uncheck()
    click(trainer, "One step")
    assert same(parameters(trainer), [1.5, trained(1, 0.1)[1]])


def test_without_a_model_leaves_can_be_ticked(show: Show) -> None:
    page = show(neuron())
    assert page.get_by_role("button", name="One step", exact=True, disabled=False).count() == 0
    page.get_by_role("checkbox", name="train w").check()
    settled(page)
    click(page, "One step")
    assert same([weight(page)], [-3 - 0.1 * 2 * (1 - math.tanh(0.5) ** 2)])


def test_the_loss_curve_is_drawn_as_it_goes(trainer: Page) -> None:
    def points() -> list[str]:
        line = settled(trainer).locator("#curve polyline")
        return (line.get_attribute("points") or "").split() if line.count() else []

    seen = []
    for _ in range(3):
        click(trainer, "One step")
        seen.append(len(points()))
    assert seen == [2, 3, 4]
    heights = [float(point.split(",")[1]) for point in points()]
    assert heights == sorted(heights)  # the loss falls


def test_divergence_is_told_and_loses_nothing(show: Show) -> None:
    from playwright.sync_api import expect

    x = Value(3.0, "x")
    page = show(x**4)
    page.get_by_role("checkbox", name="train x").check()
    page.get_by_role("slider", name="learning rate").fill("1")
    settled(page)
    click(page, "Run")
    expect(page.locator("#training-note")).to_contain_text("lower the learning rate")
    data, gradients = numbers(page)
    assert all(map(math.isfinite, [*data, *gradients]))
    check_numbers(page, Value(data[0], "x") ** 4)
    assert page.locator("#train-run").inner_text() == "Run"
    assert page.locator("#curve polyline").count() == 1
    click(page, "Reset all")
    assert numbers(page)[0][0] == 3.0


# Keyboards and screen readers


REACHABLE = """() => [...document.querySelectorAll("button, input, [tabindex]")]
  .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility())
  .map(e => e.id || e.ariaLabel || e.textContent)"""
FOCUSED = """() => {
  const e = document.activeElement;
  return e === document.body ? "" : e.id || e.ariaLabel || e.textContent;
}"""


def tabbed(page: Page) -> Iterator[str]:
    """Go from one control to the next, as far as the last."""
    while True:
        page.keyboard.press("Tab")
        name = page.evaluate(FOCUSED)
        if not name:
            return
        yield name


def test_tab_reaches_every_control_once(show: Show) -> None:
    page = show(*classifier())
    wanted = page.evaluate(REACHABLE)
    assert [name.split(",")[0] for name in tabbed(page)] == [name.split(",")[0] for name in wanted]
    assert len(wanted) > 30


def test_focus_is_seen_wherever_it_is(show: Show) -> None:
    page = show(neuron())
    for name in tabbed(page):
        style, width = page.evaluate("""() => {
          const e = document.activeElement, s = getComputedStyle(e.matches("g") ? e.querySelector("rect") : e);
          return e.matches("g") ? [s.stroke, s.strokeWidth] : [s.outlineStyle, s.outlineWidth];
        }""")
        assert style != "none" and float(width.removesuffix("px")) >= 3, name


def test_the_focus_of_every_node_is_seen(show: Show) -> None:
    page = show(neuron(), reduced_motion="reduce")
    press(page, "Tab")
    for name in NEURON:
        rect, look = node(page, name).locator("rect").first, "e => { const s = getComputedStyle(e);" \
            " return [s.stroke, parseFloat(s.strokeWidth)]; }"
        stroke, width = rect.evaluate(look)
        node(page, name).focus()
        now, wider = rect.evaluate(look)
        assert wider >= width + 1 and now != stroke, name


def test_arrow_keys_reach_every_node(show: Show) -> None:
    page = show(*classifier())
    items = page.locator("#picture .item")
    seen, waiting = set(), [page.evaluate(
        "() => [...document.querySelectorAll('#picture .item')].findIndex(e => e.tabIndex === 0)")]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
            items.nth(here).focus()
            page.keyboard.press(key)
            waiting.append(page.evaluate(
                "() => [...document.querySelectorAll('#picture .item')].indexOf(document.activeElement)"))
    assert seen == set(range(items.count()))


def test_the_node_in_focus_is_in_the_window(show: Show) -> None:
    page = show(*classifier(), viewport=NARROW)
    page.locator("#picture .item[tabindex='0']").focus()
    for _ in range(8):
        press(page, "ArrowLeft")
        assert page.evaluate("""() => {
          const node = document.activeElement.getBoundingClientRect(), view = picture.getBoundingClientRect();
          return node.left >= view.left - 1 && node.right <= view.right + 1;
        }""")


def test_tab_brings_the_node_in_focus_into_the_window(show: Show) -> None:
    page = show(neuron())
    for _ in range(12):
        press(page, "+")
    page.locator("#fit").focus()
    press(page, "Tab")
    assert page.evaluate("""() => {
      const node = document.activeElement.getBoundingClientRect(), view = picture.getBoundingClientRect();
      return node.left < view.right && node.right > view.left && node.top < view.bottom && node.bottom > view.top;
    }""")


def test_everything_that_can_be_used_has_a_name(show: Show) -> None:
    page = show(*classifier())
    for locator in page.locator("button, input, [role=button], svg, dialog, section, nav").all():
        if locator.is_visible():
            snapshot = locator.aria_snapshot().splitlines()[0]
            assert re.match(r"""- '?"?\w+ ".+"|- (text|region|button|slider|img|group)\b.*\w""", snapshot), snapshot


def test_nodes_tell_screen_readers_their_numbers(show: Show) -> None:
    page = show(neuron())
    node(page, "w").focus()
    snapshot = node(page, "w").aria_snapshot().replace("−", "-")
    assert all(part in snapshot for part in ("w", "data -3", "grad 1.573"))
    write(page, "w", -2.0)
    node(page, "w").focus()
    assert "data -2" in node(page, "w").aria_snapshot().replace("−", "-")


def test_steps_are_told_to_screen_readers(show: Show) -> None:
    assert show(neuron()).locator("#step-text").get_attribute("aria-live") == "polite"


def test_the_keys_are_told_by_a_key_and_the_dialog_closes_by_one(show: Show) -> None:
    page = show(neuron())
    press(page, "?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    press(page, "Escape")
    assert not page.get_by_role("dialog", name="Keys").is_visible()


def test_the_keys_are_told_by_a_button_and_the_dialog_closes_by_one(show: Show) -> None:
    page = show(neuron())
    click(page, "Keys")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    click(page, "Close")
    assert not page.get_by_role("dialog", name="Keys").is_visible()


def test_every_key_that_is_told_is_tried_here(show: Show) -> None:
    told = show(neuron()).locator("#keys kbd").all_text_contents()
    tested = {"Space", ".", ",", "Home", "End", "Tab", "Shift", "Enter", "Esc", "+", "−", "0", "c", "t", "r"}
    assert set(told) <= tested | {"?"}


def looks(page: Page, selector: str) -> list[Any]:
    return settled(page).evaluate("""selector => {
      const e = document.querySelector(selector), s = getComputedStyle(e);
      return [e.getAttribute("rx"), s.strokeWidth, s.strokeDasharray];
    }""", selector)


def test_kinds_of_node_differ_without_colour(show: Show) -> None:
    page = show(neuron() * 2, reduced_motion="reduce")
    kinds = [looks(page, f"#picture .{kind} rect") for kind in ("leaf", "operation", "result")]
    assert len(set(map(str, kinds))) == 3


def test_what_is_lit_differs_without_colour(show: Show) -> None:
    page = show(neuron(), reduced_motion="reduce")
    plain = looks(page, "#picture .edge")
    node(page, "w").click()
    page.mouse.move(2, 300)
    assert looks(page, "#picture .edge.lit")[1:] != plain[1:]
    press(page, "Home", ".")
    assert looks(page, "#picture .at-hand rect")[1:] not in (
        looks(page, "#picture .operation:not(.at-hand) rect")[1:],
        looks(page, "#picture .result rect")[1:],
    )


def test_the_picture_s_text_stands_out_from_its_ground(show: Show) -> None:
    for scheme in ("light", "dark"):
        page = show(*classifier(), color_scheme=scheme, reduced_motion="reduce")
        press(page, "c")
        page.wait_for_timeout(300)
        pairs = page.evaluate("""() => [...document.querySelectorAll("#picture text")].map(text => {
          const rect = text.classList.contains("difference") ? null : text.parentNode.querySelector("rect");
          const ground = rect ? getComputedStyle(rect).fill : "none";
          return [getComputedStyle(text).fill, ground === "none" ? getComputedStyle(picture).backgroundColor : ground];
        })""")
        assert all(contrast(*pair) >= 4.5 for pair in pairs)  # WCAG 2.2, 1.4.3


def contrast(*colors: str) -> float:
    """Return the contrast of two colours, as WCAG defines it."""

    def luminance(color: str) -> float:
        red, green, blue = (int(x) / 255 for x in re.findall(r"[\d.]+", color)[:3])
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted(map(luminance, colors))
    return (lighter + 0.05) / (darker + 0.05)


def test_nothing_moves_by_itself_for_those_who_ask_for_less_motion(show: Show) -> None:
    page = show(neuron(), reduced_motion="reduce")
    moving = page.evaluate("""() => [...document.querySelectorAll("*")].filter(e => {
      const s = getComputedStyle(e);
      return [...s.transitionDuration.split(", "), ...s.animationDuration.split(", ")].some(d => parseFloat(d) > 0);
    }).map(e => e.outerHTML)""")
    assert moving == []


def test_light_and_dark_follow_the_reader_s_settings(show: Show) -> None:
    grounds = [
        show(neuron(), color_scheme=scheme).evaluate("() => getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert contrast(*grounds) > 10


def test_light_and_dark_can_be_chosen(show: Show) -> None:
    page = show(neuron(), color_scheme="light")
    grounds = []
    for _ in range(3):
        page.locator("#theme").press("Enter")
        grounds.append(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
    light, dark, auto = grounds
    assert light == auto and contrast(light, dark) > 10


STATES: dict[str, Callable[[Page], object]] = {
    "at first": lambda page: None,
    "dialog open": lambda page: press(page, "?"),
    "node selected": lambda page: (page.locator("#picture .item").nth(2).focus(), press(page, "Enter")),
    "stepping forward": lambda page: press(page, "Home", "."),
    "stepping backward": lambda page: press(page, ","),
    "checked": lambda page: (press(page, "c"), page.wait_for_timeout(200)),
    "trained": lambda page: (page.get_by_role("checkbox").nth(1).check(), press(page, "t", "t", "t")),
}
WINDOWS = {"wide": WIDE, "narrow": NARROW}


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        skip_or_fail("axe-playwright-python is not installed: pip install -e '.[test]'")
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['help']}: {[n['html'][:200] for n in v['nodes']]}" for v in found]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WINDOWS)
def test_axe_finds_nothing_wrong(show: Show, width: str, scheme: str, state: str) -> None:
    page = show(neuron(), viewport=WINDOWS[width], color_scheme=scheme, reduced_motion="reduce")
    STATES[state](page)
    assert violations(settled(page)) == []
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"neuron, {state}, {scheme}, {width}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [*WINDOWS, "phone"])
def test_axe_finds_nothing_wrong_with_a_network_in_boxes(show: Show, phone: Show, width: str, scheme: str) -> None:
    reader = {"color_scheme": scheme, "reduced_motion": "reduce"}
    page = phone(*large(), **reader) if width == "phone" else show(*large(), viewport=WINDOWS[width], **reader)
    PICTURES.mkdir(parents=True, exist_ok=True)
    assert violations(page) == []
    page.screenshot(path=PICTURES / f"network, {scheme}, {width}.png", full_page=True)
    opened(page, "layer 2")
    assert violations(page) == []
    page.screenshot(path=PICTURES / f"network, layer 2, {scheme}, {width}.png", full_page=True)


# Labels are text


EVIL = {
    "script": "<script>window.hacked=1</script>",
    "image": "<img src=x onerror=window.hacked=1>",
    "end of script": "</script><script>window.hacked=1</script>",
    "end of attribute": '"><svg onload=window.hacked=1>',
    "end of title": "</title><script>window.hacked=1</script>",
    "end of style": "</style></script><!--<script>",
    "comment": "<!--<script>",
    "placeholder": "{{data}} {{script}} {{style}}",
    "entity": "&lt;b&gt;&amp;&#65;",
    "quotes": "'\"`\\",
    "escape": "\\u003cb\\n\\x00 \\g<0> \\1",
    "Chinese": "权重",
    "emoji": "🧠👩‍👩‍👧‍👦",
    "right to left": "משקל الوزن",
    "overriding": "\u202eabc\u2066",
    "separators": "a\u2028b\u2029c",
    "prototype": "__proto__",
    "number": "1e5",
    "formula": "a·b = y",
}
STRANGE = {
    "lone surrogate": "a\ud800b",
    "control characters": "a\x00\x01\x1b[31m\x7fb",
    "lines": "a\nb\tc",
    "long": "W" * 5000,
}


@pytest.mark.parametrize("kind", EVIL)
def test_a_label_is_text_wherever_it_stands_and_runs_nothing(show: Show, kind: str) -> None:
    label = EVIL[kind]
    page = show(named("plain"))
    press_everything(page)
    tags = page.evaluate(TAGS)
    show(named(label))
    assert page.locator("#title").text_content() == label
    assert label in page.title()
    assert page.locator("#leaves .name").first.text_content() == label
    press_everything(page)
    assert label in (page.locator("#explained-title").text_content() or "")
    assert label in (page.locator("#paths").text_content() or "")
    assert page.evaluate(TAGS) == tags
    assert page.evaluate("window.hacked") is None


TAGS = "() => [...document.querySelectorAll('*')].map(e => e.tagName).join()"


def press_everything(page: Page) -> None:
    """Step through the graph of two leaves, switch the finite differences on, select the second leaf."""
    press(page, "Home", ".", ".", "End", "c")
    page.locator("#picture .item").nth(1).click()
    page.mouse.move(2, 300)
    settled(page)


def named(name: str) -> Value:
    value = Value(2.0, name) * Value(3.0, "other")
    value.label = name
    return value


@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_label_breaks_nothing(show: Show, kind: str) -> None:
    label = STRANGE[kind]
    page = show(named(label))
    codes = "() => [...document.querySelector('#leaves .name').textContent].map(c => c.codePointAt(0))"
    assert page.evaluate(codes) == [ord(c) for c in label]
    page.locator("#picture .item").first.click()
    write(page, "other", 4.0)
    assert numbers(page)[0][-1] == 8
    width, shown = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert width <= shown


def test_the_name_of_a_model_s_part_is_text(show: Show) -> None:
    class Plain(Module):
        pass

    Plain.__name__ = "<img src=x onerror=window.hacked=1>"
    model = Plain()
    setattr(model, "<script>window.hacked=1</script>", Value(1.0))
    page = show(model.parameters()[0] * 2.0, model)
    assert page.evaluate("window.hacked") is None
    assert page.locator(".frame text").first.text_content() == Plain.__name__


def test_the_name_of_an_operation_is_text(show: Show) -> None:
    from micrograd_like.engine import unary

    name = "</script><img src=x onerror=window.hacked=1>"
    page = show(unary(name, lambda x: (x * 2, 2.0))(Value(1.0, "x")))
    assert page.evaluate("window.hacked") is None
    page.locator("#picture .operation, #picture .result").first.click()
    assert name in text(page, "#explained")


# Notebooks


@pytest.fixture
def notebook(window: Page) -> Iterator[Callable[[Value], Any]]:
    """Return what shows a page as a notebook does: it returns the frame."""

    def shown(value: Value) -> Any:
        window.goto("about:blank")
        window.set_content(f"<!DOCTYPE html><title>notebook</title>{explore(value)._repr_html_()}")
        return window.frames[1]

    with listening(window) as heard:
        yield shown
    assert [one for one in heard if not one.startswith("about:")] == []


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(notebook: Callable[[Value], Any]) -> None:
    frame = notebook(neuron())
    element = frame.frame_element()
    assert element.get_attribute("sandbox") == "allow-scripts"
    assert element.get_attribute("title") == "y"
    assert frame.evaluate("explorer.data.length") == len(NEURON)
    assert frame.evaluate("origin") == "null"


def test_the_page_works_in_a_notebook(notebook: Callable[[Value], Any]) -> None:
    frame = notebook(neuron())
    frame.get_by_role("spinbutton", name="w", exact=True).fill("1.0")
    settled(frame)
    assert frame.evaluate("explorer.data[2]") == 1.0
    frame.get_by_role("button", name="One step back").click()
    settled(frame)
    assert "Step 7 of 8" in frame.locator("#step-text").inner_text()


def test_the_dialog_opens_and_closes_in_a_notebook(notebook: Callable[[Value], Any]) -> None:
    frame = notebook(neuron())
    frame.get_by_role("button", name="Keys").click()
    frame.get_by_role("button", name="Close").click(timeout=2000)
    assert not frame.locator("#keys").is_visible()


@pytest.mark.parametrize("kind", EVIL)
def test_a_label_is_text_in_a_notebook(notebook: Callable[[Value], Any], kind: str) -> None:
    frame = notebook(named(EVIL[kind]))
    assert frame.locator("#title").text_content() == EVIL[kind]
    assert frame.evaluate("window.hacked") is None
    assert frame.page.evaluate("[window.hacked, document.body.children.length]") == [None, 1]


# Large graphs


def opened(page: Page, *boxes: str) -> None:
    """Open boxes that lie in each other."""
    for box in boxes:
        press(page, "0")
        item(page, f"^open {box}\\b").first.click()
        page.mouse.move(2, 300)
        settled(page)


def test_a_network_too_large_to_draw_whole_is_shown_by_layers_that_open(show: Show) -> None:
    page = show(*large(64, (128, 10)))
    assert page.locator("#picture .item").count() < 60
    opened(page, "layer 1", "neuron 3")
    trail = page.locator("#trail button")
    assert trail.all_text_contents() == ["the whole graph", "layer 1", "neuron 3"]
    trail.nth(0).click()
    assert item(settled(page), "^open layer 1").count() == 1


def test_boxes_open_and_close_by_keys(show: Show) -> None:
    page = show(*large())
    item(page, "^open layer 2").focus()
    press(page, "Enter")
    assert page.locator("#trail button").all_text_contents() == ["the whole graph", "layer 2"]
    assert page.evaluate("() => !!document.activeElement.closest('#picture')")
    press(page, "Escape")
    assert page.locator("#trail button").all_text_contents() == ["the whole graph"]


def test_every_node_of_a_large_network_stands_in_a_picture(show: Show) -> None:
    value, model = large()
    homes, views = show(value, model).evaluate("[explorer.graph.homes, explorer.graph.views.map(view => view[3])]")
    assert len(homes) == len(graph_of(value, model).nodes)
    assert all(any(i == shown for shown, *_ in views[home]) for i, home in enumerate(homes))


def test_paths_of_a_large_network_are_lit_in_every_picture(show: Show) -> None:
    page = show(*large())
    opened(page, "layer 2")
    press(page, "0")
    item(page, "^dot").first.click()
    page.mouse.move(2, 300)
    assert settled(page).locator("#picture .item.lit").count() > 1
    page.locator("#trail button").nth(0).click()
    assert settled(page).locator("#picture .box.lit").count() == 1


def test_a_large_network_can_be_moved_at_its_leaves(show: Show) -> None:
    value, model = large()
    page = show(value, model)
    opened(page, "layer 2")
    page.locator("#leaves input[type=number]").first.fill("0.25")
    found, _ = numbers(page)
    (moved,) = [i for i, n in enumerate(graph_of(value, model).nodes) if n.number != found[i] and n.kind == "leaf"]
    recorded = [i for i, n in enumerate(graph_of(value, model).nodes) if n.kind != "constant"]
    topological_order(value)[recorded.index(moved)].data = 0.25
    check_numbers(page, loss_of(model), model)


# Speed, with room for a busy machine; oracles/page_speed.py has the bars


@pytest.mark.parametrize("name", ["neuron", "network of 1,000", "expression of 1,000", "network of 10,000"])
def test_large_graphs_open_and_follow_the_slider_in_time(chromium: Browser, tmp_path: Path, name: str) -> None:
    from oracles.page_speed import GRAPHS, measure

    speed = measure(chromium, *GRAPHS[name](), tmp_path / "page.html", seconds=0.5)
    assert speed.opening < 6
    assert min(speed.rates()) > 15
