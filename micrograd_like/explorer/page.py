"""The page: `explore(value)` is one file of HTML on which every number of a graph can be moved.

    >>> from micrograd_like import tanh
    >>> w, x = Value(-3.0, "w"), Value(2.0, "x")
    >>> page = explore(tanh(w * x))  # the last line of a notebook cell shows it; page.save("neuron.html") writes it

The graph goes into the page as data, which the page's code shows as text; a Content-Security-Policy lets no other code
run and nothing be loaded.
"""

from __future__ import annotations

import json
import math
import os
import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrograd_like.compiler.javascript import MATHEMATICS
from micrograd_like.drawing import SIGNS
from micrograd_like.engine import Value
from micrograd_like.explorer.graph import Graph, graph_of
from micrograd_like.explorer.layout import Layout, layout_of
from micrograd_like.explorer.rules import Rule, rule_of
from micrograd_like.explorer.views import views_of
from micrograd_like.files import write_atomically
from micrograd_like.parts import require_graph, title_of

if TYPE_CHECKING:
    from micrograd_like.module import Module

SUFFIXES = (".html", ".htm")
LEAF, CONSTANT = -1, -2
"""What stands in the place of a rule's number for a node that has none."""
HEIGHT = 640
"""The height in a notebook, in points: a window of an ordinary laptop shows all of it."""
ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("dom", "program", "numbers", "picture", "steps", "panels", "training", "main")
"""The files of the page's own code, in their order."""


class Page:
    """A page that a notebook shows: `html` is its text, which needs nothing else, `title` what the result is called."""

    def __init__(self, title: str, html: str) -> None:
        self.title, self.html = title, html

    def __repr__(self) -> str:
        return 'a Page: .save("graph.html") writes it, and a notebook shows it'

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, whole or not at all.

        Raises:
            ValueError: the name does not end in .html or .htm.
            OSError: it cannot be written.
        """
        if Path(path).suffix.lower() not in SUFFIXES:
            raise ValueError(f"a page is saved as .html, not as {os.fspath(path)!r}")
        write_atomically(path, self.html.encode())

    def _repr_html_(self) -> str:
        """Return a frame with the page in it, apart from the notebook."""
        frame = f'style="width:100%;height:{HEIGHT}px;border:1px solid #8888" sandbox="allow-scripts"'
        return f'<iframe {frame} title="{escape(self.title)}" srcdoc="{escape(self.html)}"></iframe>'


def explore(value: Value, model: Module | None = None) -> Page:
    """Return the page of everything that `value` was computed from.

    It computes anew from the leaves, with floats, by the engine's own rules. What Python decided by `if` when the graph
    was recorded, and the side that a `where` took, stay as they were.

    Args:
        model: the model that took part in it: its parameters are those that the page trains, its layers and neurons
            the boxes.

    Raises:
        TypeError: `value` is no Value, `model` no module; or an operation is one that only Python can compute, or a
            number is none that a float can be, such as an array.
        OverflowError: a number is too large for a float.
    """
    require_graph("explore", value, model)
    title = (value.label or "L").encode("utf-8", "replace").decode()  # no file can hold half a character
    return Page(title, _html(title, graph_of(value, model)))


def _html(title: str, graph: Graph) -> str:
    rules, data = _rules_and_data(graph)
    data["result"] = title
    code = [(ASSETS / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    script = "\n".join([MATHEMATICS, "const RULES = [", *map(_function, rules), "];", *code])
    style = (ASSETS / "page.css").read_text("utf-8")
    parts = {
        "policy": f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'",
        "title": escape(title),
        "style": style,
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        "script": script,
    }
    return re.sub(r"{{(\w+)}}", lambda match: parts[match[1]], (ASSETS / "page.html").read_text("utf-8"))


def _rules_and_data(graph: Graph) -> tuple[list[Rule], dict[str, Any]]:
    """Return the rules that are used, each once, and what the page is told besides."""
    rules: dict[Rule, int] = {}
    known: dict[tuple[Any, int], int] = {}
    captions: dict[str, int] = {}
    nodes = []
    for node in graph.nodes:
        number = CONSTANT if node.kind == "constant" else LEAF
        if node.operation:
            key = node.operation.rule, len(node.operands)
            if key not in known:
                known[key] = rules.setdefault(rule_of(node.operation, len(node.operands)), len(rules))
            number = known[key]
        caption = ", ".join(map(title_of, node.part[1:])) if not node.operation else ""
        captions.setdefault(caption, len(captions))
        nodes.append([number, node.label, _for_json(node.number), node.operands, captions[caption]])
    views, homes = views_of(graph)
    layouts: dict[int, tuple[int, Layout]] = {}
    pictures = []
    for view in views:
        layout = layout_of(view, graph.nodes)
        number, _ = layouts.setdefault(id(layout), (len(layouts), layout))
        items = [[item.node, item.opens, item.title, int(item.outside), item.exit] for item in view.items]
        pictures.append([view.title, view.parent, number, items, view.edges])
    return list(rules), {
        "nodes": nodes,
        "captions": list(captions),
        "parameters": graph.parameters,
        "backward": graph.backward,
        "rules": [[SIGNS.get(r.name, r.name), r.formula, r.slopes, r.ordered, r.reached, r.stops] for r in rules],
        "views": pictures,
        "layouts": [layout for _, layout in layouts.values()],
        "homes": homes,
    }


def _function(rule: Rule) -> str:
    body = rule.code.replace("\n", "\n    ")
    return f"  (v, s, o, i, k) => {{\n    {body}\n  }},"


def _for_json(x: float) -> float | str:
    """Return what JavaScript's Number() reads as this number."""
    return x if math.isfinite(x) else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
