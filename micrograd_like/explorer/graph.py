"""The graph of a Value as a page has it: nodes in topological order, which point to each other by their numbers.

    >>> from micrograd_like import tanh
    >>> w = Value(0.5, "w")
    >>> for node in graph_of(tanh(3 * w)).nodes:
    ...     print(node.operation or node.kind, node.label or node.number, node.operands)
    constant 3.0 ()
    leaf w ()
    * 1.5 (0, 1)
    tanh 0.9051482536448664 (2,)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.drawing import key_of
from micrograd_like.engine import Value, topological_order
from micrograd_like.kinds import is_array
from micrograd_like.parts import places_of

if TYPE_CHECKING:
    from micrograd_like.module import Module


class Node(NamedTuple):
    """A leaf, a plain number ("constant") or the result of an operation.

    `operands` are the numbers of other nodes; `place` is the part of the model it belongs to, () outside.
    """

    kind: str
    operation: Any
    label: str
    number: float
    operands: tuple[int, ...]
    place: tuple[str, ...]


class Graph(NamedTuple):
    """All nodes, each after its operands; the last is the result. `parameters` are those of the model among them."""

    nodes: list[Node]
    parameters: list[int]


def graph_of(value: Value, model: Module | None = None) -> Graph:
    """Return the graph that `value` was computed by, with the plain numbers among the operands as nodes.

    Raises:
        TypeError, OverflowError: a node holds what is no float and cannot become one.
    """
    order = topological_order(value)
    places, names = places_of(order, model)
    nodes: list[Node] = []
    at: dict[Any, int] = {}
    for value, place in zip(order, places, strict=True):
        for operand in value.operands:
            if not isinstance(operand, Value) and (key := key_of(operand, value)) not in at:
                at[key] = len(nodes)
                nodes.append(Node("constant", "", "", _float(operand), (), ()))
        operands = tuple([at[key_of(operand, value)] for operand in value.operands])
        kind, label = "result" if value.operation else "leaf", value.label or names.get(value, "")
        at[id(value)] = len(nodes)
        nodes.append(Node(kind, value.operation, label, _float(value.data), operands, place))
    return Graph(nodes, [at[id(p)] for p in names if id(p) in at])


def _float(x: Any) -> float:
    if is_array(x):
        raise TypeError(f"a page shows single numbers, not an array of shape {x.shape}: explore one sample's Value")
    return float(x)
