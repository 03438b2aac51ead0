"""The graph of a Value as a page has it: nodes in topological order, which point to each other by their numbers.

    >>> from micrograd_like import tanh
    >>> w = Value(0.5, "w")
    >>> for node in graph_of(tanh(3 * w)).nodes:
    ...     print(node.operation or node.kind, node.label or node.number, node.operands)
    leaf w ()
    constant 3.0 ()
    * 1.5 (1, 0)
    tanh 0.9051482536448664 (2,)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.engine import Value, topological_order
from micrograd_like.kinds import is_array
from micrograd_like.parts import in_formula_order, keys_of, parts_of

if TYPE_CHECKING:
    from micrograd_like.module import Module


class Node(NamedTuple):
    """A leaf, a plain number ("constant") or the result of an operation.

    `operands` are the numbers of other nodes; `part` is the part of the model it belongs to, () outside.
    """

    kind: str
    operation: Any
    label: str
    number: float
    operands: tuple[int, ...]
    part: tuple[str, ...]


class Graph(NamedTuple):
    """All nodes, each after its operands; the last is the result. `parameters` are those of the model among them.

    `backward` are the operations in the order in which the engine's `backward()` comes to them, so that gradients are
    added in the same order, and are the same to the last digit.
    """

    nodes: list[Node]
    parameters: list[int]
    backward: list[int]


def graph_of(value: Value, model: Module | None = None) -> Graph:
    """Return the graph that `value` was computed by, with the plain numbers among the operands as nodes.

    Raises:
        TypeError, OverflowError: a node holds what is no float and cannot become one.
    """
    order = in_formula_order(value)
    parts, names = parts_of(order, model)
    nodes: list[Node] = []
    at: dict[Any, int] = {}
    for node, part in zip(order, parts, strict=True):
        keys = keys_of(node)
        for key, operand in zip(keys, node.operands, strict=True):
            if key not in at:
                at[key] = len(nodes)
                number = _float(operand, f"a plain number in {str(node.operation)!r}")
                nodes.append(Node("constant", "", "", number, (), ()))
        kind, label = "operation" if node.operation else "leaf", node.label or names.get(node, "")
        if node.operation and not keys:  # the number that a gradient was taken at
            kind = "constant"
        number = _float(node.data, label or f"a {node.operation or kind}")
        at[id(node)] = len(nodes)
        nodes.append(Node(kind, node.operation if keys else "", label, number, tuple([at[key] for key in keys]), part))
    backward = [at[id(node)] for node in reversed(topological_order(value)) if nodes[at[id(node)]].operands]
    return Graph(nodes, [at[id(p)] for p in names if id(p) in at], backward)


def _float(x: Any, what: str) -> float:
    if is_array(x):
        raise TypeError(
            f"a page shows single numbers, and {what} is an array of shape {x.shape}: explore the Value of one sample"
        )
    try:
        return float(x)
    except (OverflowError, TypeError, ValueError) as error:
        raise type(error)(f"a page computes with floats, and {what} cannot become one: {error}") from None
