"""How fast the page of a large graph opens, and how many frames a second it draws while it is used.

    pip install -e ".[test]"
    apt-get install chromium
    python tests/oracles/page_speed.py

Prints a table in Markdown with the bars: a graph of 10,000 nodes opens in 2 s and follows a slider, and the pointer
that drags the picture, at 30 frames a second, one of 1,000 at 60. Exits with 1 where a bar is missed. A frame is from
one callback of requestAnimationFrame to the next, the median of 3 s; the browser makes 60 a second at most. Opening is
from the navigation to the first picture. Writing is without the first second, in which what lays out is loaded.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like import (
    MLP,
    Module,
    Value,
    categorical_cross_entropy_with_logits,
    explore,
    hinge,
    tanh,
    total,
)
from micrograd_like.datasets import moons
from micrograd_like.explorer.graph import graph_of

sys.path.insert(0, str(Path(__file__).parents[1]))
from browser import browser, settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SECONDS = 3.0
"""How long a slider is moved."""
BARS = {"10,000": (2.0, 30.0), "1,000": (2.0, 60.0), "": (2.0, 60.0)}
"""The longest opening in seconds and the fewest frames a second of the graphs whose name ends so."""
TOLERANCE = 0.02
"""By so much may a frame of 1/60 s be longer: the browser's own clock is no better."""

SLIDE = """async seconds => {
  const slider = document.querySelector("#leaves input[type=range]"), frames = [];
  const low = Number(slider.min), high = Number(slider.max), frame = () => new Promise(requestAnimationFrame);
  const start = await frame();
  let before = start;
  while (before - start < 1000 * seconds) {
    slider.value = low + (high - low) * (0.5 + 0.4 * Math.sin((before - start) / 300));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    const now = await frame();
    frames.push((now - before) / 1000);
    before = now;
  }
  return frames;
}"""
PAN = """async seconds => {
  const frames = [], frame = () => new Promise(requestAnimationFrame);
  const { left, top } = picture.getBoundingClientRect();
  const send = (kind, x) => picture.dispatchEvent(
    new PointerEvent(kind, { pointerId: 1, bubbles: true, clientX: left + 9 + x, clientY: top + 9 }));
  send("pointerdown", 0);
  const start = await frame();
  let before = start;
  while (before - start < 1000 * seconds) {
    send("pointermove", 100 * Math.sin((before - start) / 300));
    const now = await frame();
    frames.push((now - before) / 1000);
    before = now;
  }
  send("pointerup", 0);
  return frames;
}"""
FIRST_PICTURE = """addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => requestAnimationFrame(() => {
  window.firstPicture = performance.now() / 1000;
})))"""


class Speed(NamedTuple):
    """What was measured, in seconds and bytes; `sliding` and `panning` are how long each frame took."""

    nodes: int
    writing: float
    size: int
    opening: float
    sliding: list[float]
    panning: list[float]

    def rates(self) -> tuple[float, float]:
        """Return the frames a second while a slider is moved and while the picture is, by the median frame."""
        return 1 / median(self.sliding), 1 / median(self.panning)


def neuron() -> tuple[Value, None]:
    """Return three leaves and three operations."""
    return tanh(Value(-3.0, "w") * Value(2.0, "x") + Value(6.5, "b")), None


def network(inputs: int, sizes: list[int]) -> tuple[Value, Module]:
    """Return the loss of a classifier of one sample."""
    rng = random.Random(0)
    model = MLP(inputs, sizes, rng=rng)
    logits = model([Value(rng.uniform(-1, 1), f"x{i}") for i in range(inputs)])
    return categorical_cross_entropy_with_logits(logits, 3), model


def expression(nodes: int) -> tuple[Value, None]:
    """Return an irregular expression, of operations on any earlier nodes."""
    rng = random.Random(0)
    values = [Value(rng.uniform(-1, 1), f"x{i}") for i in range(nodes // 10)]
    while len(values) < nodes - 1:
        a, b = rng.choices(values, k=2)
        values.append(rng.choice([lambda a, b: a * b, lambda a, b: a + b, lambda a, b: tanh(a)])(a, b))
    return total(values), None


def two_moons(samples: int) -> tuple[Value, Module]:
    """Return the loss of a small classifier of many samples."""
    inputs, targets = moons()
    points, classes = ((column * samples)[:samples] for column in (inputs, targets))
    model = MLP(2, [8, 8, 1], "tanh", "linear", rng=random.Random(0))
    losses = [hinge(model(point), y) for point, y in zip(points, classes, strict=True)]
    return total(losses) / samples, model


GRAPHS: dict[str, Callable[[], tuple[Value, Any]]] = {
    "neuron": neuron,
    "network of 1,000": lambda: network(16, [32, 10]),
    "expression of 1,000": lambda: expression(1000),
    "network of 10,000": lambda: network(64, [128, 10]),
    "moons of 10,000": lambda: two_moons(240),
}


def measure(chromium: Browser, value: Value, model: Module | None, path: Path, seconds: float = SECONDS) -> Speed:
    """Write the page of a graph, open it, move the slider of its first leaf every frame."""
    start = time.perf_counter()
    explore(value, model).save(path)
    writing = time.perf_counter() - start
    page = chromium.new_page()
    page.add_init_script(FIRST_PICTURE)
    page.goto(path.as_uri())
    opening = page.wait_for_function("window.firstPicture").json_value()
    while not page.locator("#leaves input[type=range]").count():
        page.keyboard.press("0")
        page.locator("#picture .box:not(.outside)").first.click()
        settled(page)
    sliding, panning = (page.evaluate(moving, seconds) for moving in (SLIDE, PAN))
    page.close()
    nodes = len(graph_of(value, model).nodes)
    return Speed(nodes, writing, path.stat().st_size, opening, sliding, panning)


def main() -> int:
    """Print the table, and return the exit code."""
    frames = ("frames/s with a slider", "worst", "frames/s with the picture", "worst", "bar")
    columns = ("graph", "nodes", "writing", "size", "opening", "bar", *frames)
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    missed = False
    with browser() as chromium, tempfile.TemporaryDirectory() as folder:
        explore(Value(1.0) * 2)  # loads what lays out
        for name, graph in GRAPHS.items():
            speed = measure(chromium, *graph(), Path(folder) / "page.html")
            opening, bar = next(bars for ending, bars in BARS.items() if name.endswith(ending))
            rates = speed.rates()
            missed |= speed.opening > opening or min(rates) < bar * (1 - TOLERANCE)
            print(
                f"| {name} | {speed.nodes:,} | {speed.writing:.2f} s | {speed.size / 1000:,.0f} kB | "
                f"{speed.opening:.2f} s | {opening:g} s | {rates[0]:.0f} | {1 / max(speed.sliding):.0f} | "
                f"{rates[1]:.0f} | {1 / max(speed.panning):.0f} | {bar:g} |",
                flush=True,
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
