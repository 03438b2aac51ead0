"""Which part of a model each node of a graph belongs to: the boxes of its picture and of its page."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from micrograd_like.engine import Value

if TYPE_CHECKING:
    from micrograd_like.module import Module


def places_of(order: list[Value], module: Module | None) -> tuple[list[tuple[str, ...]], dict[Value, str]]:
    """Return where each node lies, as ("MLP", "layers.0", "neurons.1") or () outside, and the names of parameters.

    A parameter lies in the part that holds it, and so do what is computed from parameters of this part alone and what
    a function makes of that, if nothing else uses it: the activation.
    """
    places: dict[Value, tuple[str, ...]] = {}
    names: dict[Value, str] = {}
    for name, parameter in module.named_parameters() if module is not None else ():
        *path, last = re.split(r"\.(?!\d+(?:\.|$))", name)  # layers.0.neurons.1.w.2: layers.0, neurons.1, w.2
        places[parameter], names[parameter] = (type(module).__name__, *path), last.replace(".", "", 1)
    users = Counter(id(operand) for node in order for operand in node.operands)
    computed: dict[Value, tuple[str, ...]] = {}
    for node in order:
        operands = node.operands
        owners = {places[operand] for operand in operands if isinstance(operand, Value) and operand in names}
        if len(owners) == 1:
            computed[node] = places[node] = owners.pop()
        elif len(operands) == 1 and users[id(operands[0])] == 1 and operands[0] in computed:
            places[node] = computed[operands[0]]
    return [places.get(node, ()) for node in order], names


def title_of(part: str) -> str:
    """Return what a part is called in words: "layer 1" of layers.0."""
    return re.sub(r"^(.*?)s?\.(\d+)$", lambda m: f"{m[1]} {int(m[2]) + 1}", part)
