"""What a picture of a graph and the page of one have in common: the nodes, the parts of a model, boxes around them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from micrograd_like.engine import Value
from micrograd_like.nn import linear

if TYPE_CHECKING:
    from micrograd_like.module import Module


def parts_of(order: list[Value], model: Module | None) -> tuple[list[tuple[str, ...]], dict[Value, str]]:
    """Return where each node lies, as ("MLP", "layers.0", "neurons.1") or () outside, and the names of parameters.

    A parameter lies in the part that holds it, and so do what is computed from parameters of this part alone and what
    a function makes of that, if nothing else uses it: the activation, unless the part says that it has none.
    """
    parts: dict[Value, tuple[str, ...]] = {}
    names: dict[Value, str] = {}
    for name, parameter in model.named_parameters() if model is not None else ():
        *path, last = re.split(r"\.(?!\d+(?:\.|$))", name)  # layers.0.neurons.1.w.2: layers.0, neurons.1, w.2
        parts[parameter], names[parameter] = (type(model).__name__, *path), last.replace(".", "", 1)
    users = Counter(id(operand) for node in order for operand in node.operands)
    computed: dict[Value, tuple[str, ...]] = {}
    for node in order:
        operands = node.operands
        owners = {parts[operand] for operand in operands if isinstance(operand, Value) and operand in names}
        if len(owners) == 1:
            computed[node] = parts[node] = owners.pop()
        elif len(operands) == 1 and users[id(operands[0])] == 1 and (part := computed.get(operands[0])):
            if getattr(_module_at(model, part[1:]), "activation", None) is linear:
                continue
            parts[node] = part
    return [parts.get(node, ()) for node in order], names


def _module_at(model: Any, part: tuple[str, ...]) -> Any:
    """Return the module that is called by the names and places of a part, such as "layers.0" and "neurons.1"."""
    for name in ".".join(part).split(".") if part else ():
        model = model[int(name)] if isinstance(model, list | tuple) else getattr(model, name, None)
    return model


def title_of(part: str) -> str:
    """Return what a part is called in words: "layer 1" of layers.0."""
    return re.sub(r"^(.*?)s?\.(\d+)$", lambda m: f"{m[1]} {int(m[2]) + 1}", part)


def require_graph(name: str, value: object, model: object) -> None:
    """Refuse what is no graph. TypeError if `value` is no Value, or `model`, if there is one, no module."""
    if not isinstance(value, Value):
        raise TypeError(f"{name} takes a Value, not {type(value).__name__}: of several results, one, or their total")
    if model is not None and not hasattr(model, "named_parameters"):
        raise TypeError(f"{name} takes a module that has named_parameters(), not {type(model).__name__}")


def in_formula_order(root: Value) -> list[Value]:
    """Return the nodes in topological order, as one reads the formula: the first operand's before the second's."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, operands_done = stack.pop()
        if operands_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(operand, False) for operand in reversed(node.operands) if isinstance(operand, Value)]
    return order


def keys_of(node: Value) -> list[Any]:
    """Return a key for each operand, such that what is drawn only once has one key.

    That is a Value; and a plain number at its place among those that a `dot` was made of, for the neurons of a layer
    share their inputs. Any other plain number belongs to one operation.
    """
    shared = tuple([id(x) for x in node.operands if not isinstance(x, Value)]) if node.operation == "dot" else id(node)
    return [id(x) if isinstance(x, Value) else (shared, place) for place, x in enumerate(node.operands)]


# Boxes in Graphviz


def boxes_of(parts: Iterable[tuple[str, ...]], graph: Any, style: Callable[[str], dict[str, str]]) -> dict[Any, Any]:
    """Return a graph for each part and what is around it, in the style of its name; `graph` itself is that of ()."""
    boxes: dict[Any, Any] = {(): graph}
    for path in dict.fromkeys(part[: i + 1] for part in parts for i in range(len(part))):
        boxes[path] = type(graph)(f"cluster_{len(boxes)}", graph_attr=style(path[-1]))
    return boxes


def put_together(boxes: dict[Any, Any]) -> None:
    """Put boxes with their nodes into each other, such that Graphviz draws what comes first in the formula on top."""
    for path in list(boxes)[1:]:
        boxes[path].body.reverse()
    for path in sorted(list(boxes)[:0:-1], key=len, reverse=True):  # the inner boxes first
        boxes[path[:-1]].subgraph(boxes[path])


def columns_between(tail: tuple[str, ...], head: tuple[str, ...]) -> str:
    """Return the least length of an edge between nodes in these parts, such that layers stand side by side."""
    return "1" if head in ((), tail) else "2"


def splines_for(columns: int) -> str:
    """Return how edges are drawn: long curves from a node that is used far away take Graphviz minutes."""
    return "true" if columns <= 100 else "line"
