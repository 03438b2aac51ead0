"""The page of `explore` by click, by key and by touch: moving about, steps, numbers, paths, training, boxes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import pytest
from browser import (
    NARROW,
    NEURON,
    SLOPE,
    USUAL,
    WIDE,
    check_numbers,
    choose,
    chromium,
    classifier,
    click,
    field,
    item,
    large,
    marked,
    neuron,
    node,
    numbers,
    opened,
    phone,
    placement,
    press,
    same,
    settled,
    show,
    slider,
    text,
    trail,
    weight,
    window,
    write,
)

from micrograd_like import Value, tanh

if TYPE_CHECKING:
    from browser import Show
    from playwright.sync_api import CDPSession, Page

FIXTURES = chromium, window, show, phone


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
    return bool(
        settled(page).evaluate("""() => {
      const window = document.getElementById("picture").getBoundingClientRect();
      return [...document.querySelectorAll("#picture .item")].every(item => {
        const { left, right, top, bottom } = item.getBoundingClientRect();
        return left >= window.left && right <= window.right && top >= window.top && bottom <= window.bottom;
      });
    }""")
    )


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
    page.wait_for_function("was => document.querySelector('#picture .item').getCTM().a > was", arg=1.5 * zoom)
    after = node(page, "w").bounding_box() or {}
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
def test_the_picture_is_shown_whole_at_first_where_it_can_be_read(show: Show, viewport: dict[str, int]) -> None:
    assert inside(show(neuron(), viewport=viewport))


def chain(length: int) -> Value:
    """Return a graph that is wider than any window."""
    x = Value(0.5, "x")
    y = x
    for _ in range(length):
        y = tanh(y)
    return y


@pytest.mark.parametrize(("viewport", "least"), [(USUAL, 0.5), (NARROW, 0.85)], ids=["usual", "narrow"])
def test_a_picture_that_could_not_be_read_whole_opens_around_its_leftmost_item(
    show: Show, viewport: dict[str, int], least: float
) -> None:
    page = show(chain(40), viewport=viewport)
    assert placement(page)[2] == pytest.approx(least)
    box, picture = item(page, "^x\\b").bounding_box() or {}, page.locator("#picture").bounding_box() or {}
    assert picture["x"] <= box["x"] < picture["x"] + 40
    assert picture["y"] <= box["y"] and box["y"] + box["height"] <= picture["y"] + picture["height"]
    press(page, "0")  # when asked, whole, however small that is
    assert inside(page) and placement(page)[2] < least


def test_a_box_opens_such_that_it_can_be_read(show: Show) -> None:
    page = opened(show(*large(), viewport=NARROW), "layer 1")
    assert placement(page)[2] >= 0.85


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


def test_zoom_and_place_survive_a_window_that_changes_its_size(show: Show) -> None:
    page = show(neuron())
    press(page, "+", "+", "+")
    drag(page, 60, -40)
    before = placement(page)
    page.set_viewport_size({"width": 1280, "height": 660})
    settled(page)
    assert placement(page) == before


def test_a_picture_that_was_not_moved_fits_a_window_that_changes_its_size(show: Show) -> None:
    page = show(neuron())
    page.set_viewport_size({"width": 1024, "height": 600})
    settled(page)
    assert inside(page)


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


def test_nothing_beside_the_sliders_is_cut_off_on_a_phone(phone: Show) -> None:
    cut = (
        phone(neuron())
        .locator("#leaves *")
        .evaluate_all(
            "all => all.filter(e => e.getBoundingClientRect().right > leaves.getBoundingClientRect().right + 1)"
            ".map(e => e.outerHTML)"
        )
    )
    assert cut == []


def test_controls_are_large_enough_for_a_finger(phone: Show) -> None:
    page = phone(neuron())
    small = page.evaluate("""() => [...document.querySelectorAll("button, input, label")].filter(e => e.offsetParent)
      .map(e => [e.id || e.ariaLabel || e.textContent, e.closest("label")?.offsetHeight ?? e.offsetHeight])
      .filter(([, height]) => height < 24)""")
    assert small == []  # 24 pixels: WCAG 2.2, 2.5.8


# Steps


def step_at_hand(page: Page) -> str:
    return text(page, "#step-text")


def expected_steps() -> list[str]:
    return [
        "the leaves",
        *[f"forward: {name} is computed" for name in ("v1", "v2", "y")],
        "backward begins: dy/dy = 1",
        *[f"backward: {name} passes" for name in ("y", "v2", "v1")],
        "everything is computed",
    ]


@pytest.mark.parametrize("way", ["buttons", "keys"])
def test_steps_go_forward_through_the_formula_then_backward_and_can_be_gone_back(show: Show, way: str) -> None:
    page = show(neuron())
    assert "Step 8 of 8" in step_at_hand(page)
    click(page, "To the start") if way == "buttons" else press(page, "Home")
    seen = [step_at_hand(page)]
    for _ in expected_steps()[1:]:
        click(page, "One step forward") if way == "buttons" else press(page, ".")
        seen.append(step_at_hand(page))
    for n, (wanted, found) in enumerate(zip(expected_steps(), seen, strict=True)):
        assert f"Step {n} of 8: {wanted}" in found
    for wanted in reversed(seen[:-1]):
        click(page, "One step back") if way == "buttons" else press(page, ",")
        assert step_at_hand(page) == wanted
    click(page, "To the end") if way == "buttons" else press(page, "End")
    assert step_at_hand(page) == seen[-1]


def test_steps_jump_anywhere(show: Show) -> None:
    page = show(neuron())
    page.get_by_role("slider", name="Step", exact=True).fill("3")
    assert "Step 3 of 8: forward: y" in step_at_hand(page)


@pytest.mark.parametrize("way", ["button", "key"])
def test_playing_goes_on_by_itself_until_it_is_paused(show: Show, way: str) -> None:
    page = show(chain(120))  # each step of which takes 0.4 s
    click(page, "Play") if way == "button" else press(page, "Space")
    page.wait_for_function("() => document.getElementById('step-text').textContent.startsWith('Step 1 ')")
    click(page, "Pause") if way == "button" else press(page, "Space")
    stopped = step_at_hand(page)
    page.wait_for_timeout(500)
    assert step_at_hand(page) == stopped


def test_playing_ends_at_the_end(show: Show) -> None:
    page = show(chain(120))
    press(page, ",")
    click(page, "Play")
    page.get_by_text("everything is computed").wait_for()
    assert text(page, "#play") == "Play"


def test_the_step_at_hand_is_lit(show: Show) -> None:
    page = show(neuron())
    press(page, "Home")
    assert marked(page, "at-hand") == []
    for wanted in ["v1", "v2", "y", "y", "y", "v2", "v1"]:
        press(page, ".")
        assert marked(page, "at-hand") == [wanted]


def test_what_is_not_computed_yet_shows_no_number(show: Show) -> None:
    page = show(neuron())
    press(page, "Home", ".")
    shown = [node(page, name).locator(".number").first.text_content() for name in NEURON]
    assert shown == ["data −3", "data 2", "data −6", "data 6.5", "data", "data"]
    assert marked(page, "pending") == ["v2", "y"]


def test_gradients_appear_in_the_order_of_the_chain_rule(show: Show) -> None:
    page = show(neuron())
    for wanted in (
        [2 * SLOPE, -3 * SLOPE, SLOPE, SLOPE, SLOPE, 1],
        [0, 0, SLOPE, SLOPE, SLOPE, 1],
        [0, 0, 0, 0, SLOPE, 1],
        [0, 0, 0, 0, 0, 1],
    ):
        press(page, ",")
        assert same(numbers(page)[1], wanted)


def test_selecting_a_node_keeps_the_step_and_tells_what_is_known_of_it_so_far(show: Show) -> None:
    page = show(neuron())
    press(page, "Home", ".")
    choose(page, node(page, "v1"))
    assert "Step 1 of 8" in step_at_hand(page) and marked(page, "selected") == ["v1"]
    assert "v1 = w·x" in text(page, "#explained") and "grad" not in text(page, "#explained")
    choose(page, node(page, "v2"))
    assert text(page, "#explained") == "It is not computed yet."
    press(page, ".", ".", ".", ".")
    assert marked(page, "selected") == []  # a step lets go of it
    assert text(page, "#explained-title").split() == ["tanh", "y"]
    choose(page, node(page, "v2"))
    assert f"grad v2 = dy/dv2 = {SLOPE}" in text(page, "#explained")
    choose(page, node(page, "v1"))
    assert "grad" not in text(page, "#explained") and "Step 5 of 8" in step_at_hand(page)
    choose(page, node(page, "v1"))
    assert text(page, "#explained-title").split() == ["tanh", "y"]


def test_steps_of_a_large_network_open_the_boxes_they_happen_in(show: Show) -> None:
    page = show(*large())
    press(page, "Home", ".")
    assert page.locator("#picture .at-hand").count() == 1
    assert len(trail(page)) > 1


# Moving numbers


def neuron_at(w: float, b: float = 6.5) -> Value:
    return tanh(Value(w, "w") * Value(2.0, "x") + Value(b, "b"))


def test_every_leaf_has_a_slider_and_a_number_field(show: Show) -> None:
    page = show(neuron())
    for name, x in {"w": "-3", "x": "2", "b": "6.5"}.items():
        assert slider(page, name).input_value() == field(page, name).input_value() == x


def test_plain_numbers_are_called_by_what_they_stand_in_and_can_be_moved_too(show: Show) -> None:
    page = show(Value(2.0, "x") * 0.5 * 3.5)
    write(page, "0.5 in v1", -1.0)
    write(page, "3.5 in L", 2.0)
    assert numbers(page)[0][-1] == -4
    assert slider(page, "0.5 in v1").input_value() == "-1"


def test_the_graph_recomputes_while_a_slider_is_dragged(show: Show) -> None:
    page = show(neuron())
    box = slider(page, "w").bounding_box() or {}
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    seen = []
    for dx in (5, 12, 20):
        page.mouse.move(x + dx, y)
        seen.append(weight(page))
        check_numbers(page, neuron_at(seen[-1]))
    page.mouse.up()
    assert sorted(set(seen)) == seen and seen[0] > -3


def test_the_arrow_keys_move_a_slider(show: Show) -> None:
    page = show(neuron())
    slider(page, "w").focus()
    press(page, "ArrowRight")
    assert -3 < weight(page) < -2.5
    check_numbers(page, neuron_at(weight(page)))


@pytest.mark.parametrize("x", [2.0, 0.12345678901234568], ids=["short", "long"])
def test_a_number_is_typed_in_place_of_the_one_that_tab_selects(show: Show, x: float) -> None:
    page = show(Value(x, "x") * 2)
    slider(page, "x").focus()
    press(page, "Tab")
    page.keyboard.type("-2.75")
    check_numbers(page, Value(-2.75, "x") * 2)


def test_a_field_shows_all_digits_while_it_has_the_focus_and_six_otherwise(show: Show) -> None:
    page = show(Value(0.12345678901234568, "x") * 2)
    assert field(page, "x").input_value() == "0.123457"
    field(page, "x").focus()
    assert field(page, "x").input_value() == "0.12345678901234568"
    field(page, "x").blur()
    assert field(page, "x").input_value() == "0.123457"
    check_numbers(page, Value(0.12345678901234568, "x") * 2)  # looking at it changes nothing


def test_the_slider_follows_the_field_beyond_its_ends(show: Show) -> None:
    page = show(neuron())
    write(page, "w", 1000.0)
    assert float(slider(page, "w").input_value()) == 1000


@pytest.mark.parametrize("typed", ["", "-"])
def test_what_is_no_number_changes_nothing_and_is_marked(show: Show, typed: str) -> None:
    page = show(neuron())
    field(page, "w").press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.type(typed)
    assert field(page, "w").get_attribute("aria-invalid") == "true"
    page.keyboard.press("Tab")
    assert field(page, "w").get_attribute("aria-invalid") == "false"
    assert field(page, "w").input_value() == "-3"
    check_numbers(page, neuron())


@pytest.mark.parametrize("way", ["button", "key"])
def test_reset_brings_back_all_numbers(show: Show, way: str) -> None:
    page = show(neuron())
    write(page, "w", 1.0)
    write(page, "b", 2.0)
    field(page, "b").blur()
    click(page, "Reset all") if way == "button" else press(page, "r")
    check_numbers(page, neuron())
    assert field(page, "w").input_value() == "-3"


def test_reset_of_one_leaf_leaves_the_others(show: Show) -> None:
    page = show(neuron())
    write(page, "w", 1.0)
    write(page, "b", 2.0)
    click(page, "Reset w")
    check_numbers(page, neuron_at(-3.0, 2.0))


def test_typing_a_number_presses_no_keys_of_the_page(show: Show) -> None:
    page = show(neuron())
    field(page, "w").focus()
    press(page, "End", ".", "0", "-", "Home")
    assert "Step 8 of 8" in step_at_hand(page)


def test_keys_work_while_a_slider_has_the_focus_but_those_that_move_it(show: Show) -> None:
    page = show(neuron())
    slider(page, "w").focus()
    press(page, ",")
    assert "Step 7 of 8" in step_at_hand(page)
    press(page, "Home")
    assert "Step 7 of 8" in step_at_hand(page) and weight(page) == -9
    press(page, "c", "r")
    assert page.locator("#check").is_checked() and weight(page) == -3


# Paths


def test_selecting_a_node_lights_every_path_from_it(show: Show) -> None:
    page = show(neuron())
    choose(page, node(page, "x"))
    assert marked(page, "lit") == ["x", "v1", "v2", "y"]
    assert page.locator("#picture .edge.lit").count() == 3


def test_hovering_over_a_node_lights_every_path_from_it(show: Show) -> None:
    page = show(neuron())
    node(page, "b").hover()
    assert marked(page, "lit") == ["b", "v2", "y"]
    page.mouse.move(2, 300)
    assert marked(page, "lit") == []


def test_enter_selects_the_node_in_focus_and_escape_lets_it_go(show: Show) -> None:
    page = show(neuron())
    node(page, "w").focus()
    press(page, "Enter")
    assert marked(page, "lit") == ["w", "v1", "v2", "y"]
    press(page, "Escape")
    assert marked(page, "lit") == []


# Training


@pytest.fixture
def trainer(show: Show) -> Page:
    """A page on which x**4 is made less, from x = 3."""
    page = show(Value(3.0, "x") ** 4)
    page.get_by_role("checkbox", name="train x").check()
    return settled(page)


def training_note(page: Page) -> str:
    return text(page, "#training-note")


def set_rate(page: Page, power: float) -> None:
    page.get_by_role("slider", name="learning rate").fill(str(power))
    settled(page)


def run(page: Page) -> None:
    """Begin a run that goes on until something stops it."""
    set_rate(page, -4)
    click(page, "Run")
    assert text(page, "#train-run") == "Stop"


def test_the_loss_curve_is_drawn_as_it_goes(trainer: Page) -> None:
    set_rate(trainer, -3)
    points: list[str] = []
    for count in (2, 3, 4):
        press(trainer, "t")
        points = (trainer.locator("#curve polyline").get_attribute("points") or "").split()
        assert len(points) == count
    heights = [float(point.split(",")[1]) for point in points]
    assert heights == sorted(heights)  # the loss falls


def test_a_long_run_is_drawn_with_a_thousand_points_at_most(trainer: Page) -> None:
    set_rate(trainer, -4)
    trainer.evaluate("() => { for (let n = 0; n < 2500; n++) document.getElementById('train-step').click(); }")
    assert "after 2500 steps" in training_note(trainer)
    points = (trainer.locator("#curve polyline").get_attribute("points") or "").split()
    assert 500 <= len(points) <= 1000


def test_a_run_that_is_stopped_and_begun_again_is_one_run(trainer: Page) -> None:
    set_rate(trainer, -4)
    frames, told = trainer.evaluate("""async () => {
      for (let n = 0; n < 5; n++) document.getElementById("train-run").click();
      for (let n = 0; n < 10; n++) await new Promise(requestAnimationFrame);
      return [10, document.getElementById("training-note").textContent];
    }""")
    assert any(f"after {steps} steps" in told for steps in range(1, frames + 4))


def test_divergence_is_told_and_loses_nothing(trainer: Page) -> None:
    set_rate(trainer, 1)
    click(trainer, "Run")
    trainer.get_by_text("lower the learning rate").wait_for()
    data, gradients = numbers(trainer)
    assert all(map(math.isfinite, [*data, *gradients]))
    check_numbers(trainer, Value(data[0], "x") ** 4)
    assert text(trainer, "#train-run") == "Run"
    assert trainer.locator("#curve polyline").is_visible()
    click(trainer, "Reset all")
    assert numbers(trainer)[0][0] == 3 and "Gradient descent on 1 leaf" in training_note(trainer)


CLEARING: dict[str, Callable[[Page], object]] = {
    "slider": lambda page: slider(page, "x").fill("1.5"),
    "field": lambda page: write(page, "x", 1.5),
    "reset of one": lambda page: click(page, "Reset x"),
    "reset of all": lambda page: click(page, "Reset all"),
}


@pytest.mark.parametrize("way", CLEARING)
def test_a_leaf_that_is_moved_clears_the_message_and_the_losses(trainer: Page, way: str) -> None:
    set_rate(trainer, 1)
    press(trainer, *"tttttt")
    assert "lower the learning rate" in training_note(trainer)
    CLEARING[way](trainer)
    assert training_note(trainer).startswith("Gradient descent on 1 leaf:")
    assert not trainer.locator("#curve").is_visible()


def test_another_rate_clears_the_message(trainer: Page) -> None:
    set_rate(trainer, 1)
    press(trainer, *"tttttt")
    set_rate(trainer, -3)
    assert "learning rate" not in training_note(trainer)


STOPPING: dict[str, Callable[[Page], object]] = {
    "Stop": lambda page: click(page, "Stop"),
    "nothing ticked": lambda page: page.get_by_role("checkbox", name="train x").uncheck(),
    "a step": lambda page: press(page, ","),
    "a jump": lambda page: page.get_by_role("slider", name="Step", exact=True).fill("1"),
    "a reset": lambda page: press(page, "r"),
}


@pytest.mark.parametrize("way", STOPPING)
def test_a_run_is_stopped(trainer: Page, way: str) -> None:
    run(trainer)
    STOPPING[way](trainer)
    settled(trainer)
    assert trainer.locator("#train-run").text_content() == "Run"
    data = numbers(trainer)[0]
    settled(trainer)
    assert numbers(trainer)[0] == data
    if way in ("a step", "a jump"):
        assert "everything" not in step_at_hand(trainer)


def test_a_loss_that_is_not_finite_is_not_trained(trainer: Page) -> None:
    write(trainer, "x", 1e100)
    field(trainer, "x").blur()
    press(trainer, "t")
    assert training_note(trainer) == "L is no finite number here: move the leaves first."
    assert numbers(trainer)[0][0] == 1e100


# Keys


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


def test_arrow_keys_reach_every_node(show: Show) -> None:
    page = show(*classifier())
    items = page.locator("#picture .item")
    seen, waiting = set(), [items.evaluate_all("items => items.findIndex(e => e.tabIndex === 0)")]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
            items.nth(here).focus()
            page.keyboard.press(key)
            waiting.append(items.evaluate_all("items => items.indexOf(document.activeElement)"))
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


# Boxes


def test_boxes_open_and_close_by_keys(show: Show) -> None:
    page = show(*large())
    item(page, "^open layer 2").focus()
    press(page, "Enter")
    assert trail(page) == ["the whole graph", "layer 2"]
    assert page.evaluate("() => !!document.activeElement.closest('#picture')")
    press(page, "Escape")
    assert trail(page) == ["the whole graph"]
    assert page.evaluate("document.activeElement.ariaLabel").startswith("open layer 2")


def test_paths_of_a_large_network_are_lit_in_every_picture(show: Show) -> None:
    page = opened(show(*large()), "layer 2")
    press(page, "0")
    choose(page, item(page, "^dot").first)
    assert page.locator("#picture .item.lit").count() > 1
    page.locator("#trail button").nth(0).click()
    assert settled(page).locator("#picture .box.lit").count() == 1
