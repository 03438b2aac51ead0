"""How the page of `explore` looks and reads: for every reader, with any label, in a notebook.

Pictures of it are kept in out/pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from browser import (
    NARROW,
    NEURON,
    PICTURES,
    WIDE,
    choose,
    chromium,
    classifier,
    large,
    neuron,
    node,
    numbers,
    opened,
    phone,
    press,
    settled,
    show,
    silent,
    skip_or_fail,
    text,
    window,
    write,
)

from micrograd_like import Module, Value, exp, explore, total, where
from micrograd_like.engine import unary

if TYPE_CHECKING:
    from browser import Show
    from playwright.sync_api import Page

FIXTURES = chromium, window, show, phone


# Keyboards and screen readers


def test_focus_is_seen_wherever_it_is(show: Show) -> None:
    page = show(neuron(), reduced_motion="reduce")
    seen = 0
    while page.keyboard.press("Tab") or page.evaluate("document.activeElement !== document.body"):
        name, style, width = page.evaluate("""() => {
          const e = document.activeElement, border = e.querySelector(".border"), s = getComputedStyle(border ?? e);
          return [e.id || e.ariaLabel, ...(border ? [s.stroke, s.strokeWidth] : [s.outlineStyle, s.outlineWidth])];
        }""")
        assert style != "none" and float(width.removesuffix("px")) >= 3, name
        seen += 1
    assert seen > 20


def test_the_focus_of_every_node_is_seen(show: Show) -> None:
    page = show(neuron(), reduced_motion="reduce")
    press(page, "Tab")
    for name in NEURON:
        border, look = (
            node(page, name).locator(".border"),
            """e => {
          const s = getComputedStyle(e);
          return [s.stroke, parseFloat(s.strokeWidth)];
        }""",
        )
        stroke, width = border.evaluate(look)
        node(page, name).focus()
        now, wider = border.evaluate(look)
        assert wider >= width + 1 and now != stroke, name


def test_everything_that_can_be_used_has_a_name(show: Show) -> None:
    lines = show(*classifier()).locator("body").aria_snapshot().splitlines()
    kinds = r"- '?(button|slider|spinbutton|checkbox|group|img|dialog)\b"
    used = [line.strip() for line in lines if re.search(kinds, line)]
    assert len(used) > 60
    assert [line for line in used if not re.match(r"""- '?\w+ "[^"]+""", line)] == []


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


def looks(page: Page, selector: str) -> list[Any]:
    return settled(page).evaluate(
        """selector => {
      const e = document.querySelector(selector), s = getComputedStyle(e);
      return [e.getAttribute("rx"), s.strokeWidth, s.strokeDasharray];
    }""",
        selector,
    )


def test_kinds_of_node_differ_without_colour(show: Show) -> None:
    page = show(neuron() * 2, reduced_motion="reduce")
    kinds = [looks(page, f"#picture .{kind} .border") for kind in ("leaf", "operation", "result")]
    assert len(set(map(str, kinds))) == 3


def test_what_is_lit_differs_without_colour(show: Show) -> None:
    page = show(neuron(), reduced_motion="reduce")
    plain = looks(page, "#picture .edge")
    choose(page, node(page, "w"))
    assert looks(page, "#picture .edge.lit")[1:] != plain[1:]
    press(page, "Home", ".")
    at_hand = looks(page, "#picture .at-hand .border")
    assert at_hand[1:] != looks(page, "#picture .operation:not(.at-hand) .border")[1:]
    assert at_hand[1:] != looks(page, "#picture .result .border")[1:]


def test_the_picture_s_text_stands_out_from_its_ground(show: Show) -> None:
    page = show(*classifier(), reduced_motion="reduce")
    press(page, "c")
    page.wait_for_function("() => document.querySelectorAll('#picture .agrees').length > 15")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        pairs = settled(page).evaluate("""() => [...document.querySelectorAll("#picture text")].map(text => {
          const rect = text.classList.contains("difference") ? null : text.parentNode.querySelector(".inside");
          const ground = rect ? getComputedStyle(rect).fill : getComputedStyle(picture).backgroundColor;
          return [getComputedStyle(text).fill, ground];
        })""")
        assert len(pairs) > 60 and all(contrast(*pair) >= 4.5 for pair in pairs)  # WCAG 2.2, 1.4.3


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
    "node selected": lambda page: choose(page, node(page, "v1")),
    "stepping forward": lambda page: press(page, "Home", "."),
    "stepping backward": lambda page: press(page, "End", ","),
    "checked": lambda page: (press(page, "End", "c"), page.locator("#leaves .agrees").nth(2).wait_for()),
    "trained": lambda page: (page.get_by_role("checkbox", name="train w").check(), press(page, "t", "t", "t")),
    "dialog open": lambda page: (page.locator("#title").click(), press(page, "?")),
}
"""What is done to the page, one after the other."""
WINDOWS = {"wide": WIDE, "narrow": NARROW}


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        skip_or_fail("axe-playwright-python is not installed: pip install -e '.[test]'")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{v['id']}: {v['help']}: {[n['html'][:200] for n in v['nodes']]}" for v in found]


def look_at(page: Page, name: str, width: str) -> None:
    """Hold the page against axe, in light and in dark, and keep pictures of it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(settled(page)) == [], (name, scheme)
        page.screenshot(path=PICTURES / f"{name}, {scheme}, {width}.png", full_page=True)


@pytest.mark.parametrize("width", WINDOWS)
def test_axe_finds_nothing_wrong(show: Show, width: str) -> None:
    page = show(neuron(), viewport=WINDOWS[width], reduced_motion="reduce")
    for state, reach in STATES.items():
        reach(page)
        look_at(page, f"neuron, {state}", width)


def test_axe_finds_nothing_wrong_with_what_is_told(show: Show) -> None:
    x, y, z = Value(1.0, "x"), Value(2.0, "y"), Value(0.0, "z")
    page = show(where(x < y, x, y) * exp(abs(z)), viewport=NARROW, reduced_motion="reduce")
    press(page, "c")
    page.locator("#leaves .kink").wait_for()
    page.locator("#picture .item[aria-label^=z]").focus()
    press(page, "Enter")
    look_at(page, "told, a kink", "narrow")
    write(page, "z", 1000.0)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    look_at(page, "told, no finite number", "narrow")


@pytest.mark.parametrize("width", [*WINDOWS, "phone"])
def test_axe_finds_nothing_wrong_with_a_network_in_boxes(show: Show, phone: Show, width: str) -> None:
    motion = {"reduced_motion": "reduce"}
    shown = large(16, (24, 4))
    page = phone(*shown, **motion) if width == "phone" else show(*shown, viewport=WINDOWS[width], **motion)
    look_at(page, "network", width)
    look_at(opened(page, "layer 2"), "network, layer 2", width)


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


def named(*names: str) -> Value:
    """Return the sum of leaves, and call it all that they are called."""
    value = total([Value(2.0, name) for name in names]) * 1.5
    value.label = " ".join(names)
    return value


def tags_after_everything(page: Page) -> str:
    """Step through the graph, switch the finite differences on, select a leaf; return all tags of the page."""
    press(page, "Home", ".", ".", "End", "c", "0")
    choose(page, page.locator("#picture .leaf").first)
    page.wait_for_function("() => [...document.querySelectorAll('#leaves .agrees')].length >= 1")
    return page.evaluate("() => [...document.querySelectorAll('*')].map(e => e.tagName).join()")


def test_a_label_is_text_wherever_it_stands_and_runs_nothing(show: Show) -> None:
    labels = list(EVIL.values())
    tags = tags_after_everything(show(named(*(f"plain {i}" for i in range(len(labels))))))
    page = show(named(*labels))
    result = " ".join(labels)
    assert page.locator("#title").text_content() == result
    assert page.evaluate("document.title") == f"{result} · explored".replace("\n", " ")
    assert page.locator("#leaves .name").all_text_contents() == [*labels, "1.5 in " + result]
    assert tags_after_everything(page) == tags
    for i, label in enumerate(labels):
        if i:  # the first is selected already
            page.locator("#picture .leaf").nth(i).focus()
            press(page, "Enter")
        assert page.locator("#explained-title").text_content() == label
        assert label in (page.locator("#paths").text_content() or "")
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_label_breaks_nothing(show: Show, kind: str) -> None:
    label = STRANGE[kind]
    page = show(named(label, "other"))
    codes = "() => [...document.querySelector('#leaves .name').textContent].map(c => c.codePointAt(0))"
    assert page.evaluate(codes) == [ord(c) for c in label]
    page.locator("#picture .item").first.click()
    write(page, "other", 4.0)
    assert numbers(page)[0][-1] == 9
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
    name = "</script><img src=x onerror=window.hacked=1>"
    page = show(unary(name, lambda x: (x * 2, 2.0))(Value(1.0, "x")))
    assert page.evaluate("window.hacked") is None
    page.locator("#picture .operation, #picture .result").first.click()
    assert name in text(page, "#explained-title")


# Notebooks


@pytest.fixture
def notebook(window: Page) -> Iterator[Callable[[Value], Any]]:
    """Return what shows a page as a notebook does: it returns the frame."""

    def shown(value: Value) -> Any:
        window.goto("about:blank")
        window.set_content(f"<!DOCTYPE html><title>notebook</title>{explore(value)._repr_html_()}")
        return window.frames[1]

    with silent(window, allowed="about:"):
        yield shown


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(notebook: Callable[[Value], Any]) -> None:
    frame = notebook(neuron())
    element = frame.frame_element()
    assert element.get_attribute("sandbox") == "allow-scripts"
    assert element.get_attribute("title") == "y"
    assert frame.evaluate("explorer.data.length") == len(NEURON)
    assert frame.evaluate("origin") == "null"


def test_the_page_works_in_a_notebook(notebook: Callable[[Value], Any]) -> None:
    frame = notebook(neuron())
    write(frame, "w", 1.0)
    assert numbers(frame)[0][0] == 1
    frame.get_by_role("button", name="One step back").click()
    assert "Step 7 of 8" in text(frame, "#step-text")
    frame.get_by_role("button", name="Keys").click()
    frame.get_by_role("button", name="Close").click()
    assert not frame.locator("#keys").is_visible()


def test_labels_are_text_in_a_notebook(notebook: Callable[[Value], Any]) -> None:
    frame = notebook(named(*EVIL.values()))
    assert frame.locator("#title").text_content() == " ".join(EVIL.values())
    assert frame.locator("#leaves .name").all_text_contents()[:-1] == list(EVIL.values())
    assert frame.evaluate("window.hacked") is None
    assert frame.page.evaluate("[window.hacked, document.body.children.length]") == [None, 1]
