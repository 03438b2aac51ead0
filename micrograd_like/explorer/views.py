"""Which nodes stand in which picture: all in one if they are few, else by layer and neuron, in boxes that open.

A view is a picture: it shows nodes, boxes that stand for other views, and what lies outside and is used here, or uses
what is here. Every node has its home in one view. Where no model tells the parts, or a part has too many nodes itself,
a box holds some that follow each other in topological order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from micrograd_like.explorer.graph import Graph
from micrograd_like.parts import title_of

MOST_ITEMS, MOST_EDGES = 150, 300
"""What a picture may hold, besides what is outside, so that a person can read it and it is laid out in a moment."""
FEW_ITEMS = 30
"""So many are shown, whatever edges are between them."""
MOST_ALIKE = 24
"""The most nodes that are shown one by one of those outside, in each direction; of leaves with the same users; and of
items in a column, which stand in rows if they are more and nothing joins them."""
TOGETHER = (-1, -1)
"""Where nodes outside are shown that are shown as one."""


class Item(NamedTuple):
    """What is shown: a node if `node` ≥ 0, else a box that opens the view `opens`; "outside" if its home is elsewhere.

    `part` is the part it belongs to, within the view, for the frames around what belongs together. A box shows the
    numbers of `exit`, the one node in it that is used outside of it; -1 if there is not one.
    """

    node: int = -1
    opens: int = -1
    title: str = ""
    outside: bool = False
    part: tuple[str, ...] = ()
    exit: int = -1


class View(NamedTuple):
    """A picture: its title, the view that it is opened from (-1: none), its items, and the edges between them."""

    title: str
    parent: int
    items: list[Item]
    edges: list[tuple[int, int]]


class _Unit(NamedTuple):
    """What a view shows as one: a node, without a title, or the nodes of a box; `part` is the part it stands in.

    All nodes of a box are in the part `within`: the same, or a part of it, which the box then is.
    """

    nodes: list[int]
    part: tuple[str, ...]
    title: str = ""
    within: tuple[str, ...] = ()


def views_of(graph: Graph) -> tuple[list[View], list[int]]:
    """Return the views, the first of which holds all others, and the home of each node."""
    making = _Making(graph)
    making.add(_Unit(list(range(len(graph.nodes))), (), "the whole graph"), -1)
    for number, i, (owner, j) in making.unresolved:
        items = making.views[number].items
        items[i] = items[i]._replace(opens=making.views[owner].items[j].opens)
    return making.views, making.homes


class _Making:
    """The views made so far, and for each which item shows a node of it."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = graph.nodes
        self.operands: list[Sequence[int]] = [node.operands for node in graph.nodes]
        self.users: list[list[int]] = [[] for _ in graph.nodes]
        for i, node in enumerate(graph.nodes):
            for operand in node.operands:
                self.users[operand].append(i)
        self.parts = [node.part for node in graph.nodes]
        for i, node in enumerate(graph.nodes):
            around = {self.parts[user] for user in self.users[i]}
            if node.kind == "constant" and len(around) == 1:  # a plain number stands with what it is used by
                self.parts[i] = around.pop()
        self.views: list[View] = []
        self.shown: list[dict[int, int]] = []
        self.homes = [0] * len(graph.nodes)
        self.unresolved: list[tuple[int, int, tuple[int, int]]] = []

    def add(self, box: _Unit, parent: int, around: tuple[str, ...] = ()) -> int:
        """Make the view of a box in the part `around` and those that are opened from it, and return its number."""
        units = self._units(box)
        joined = self._joined(units)
        in_rows = len(units) > MOST_ALIKE and not joined  # without edges
        number = len(self.views)
        self.shown.append({i: j for j, unit in enumerate(units) for i in unit.nodes})
        is_part = box.within and box.title == title_of(box.within[-1])
        parts = box.within[max(1, len(around)) :] if is_part else ()  # such as layer 1, neuron 2, in one
        title = ", ".join(map(title_of, parts)) or box.title
        view = View(title, parent, [self._item(unit, len(box.within)) for unit in units], self._lines(joined, units))
        self.views.append(view)
        if not in_rows:
            self._add_outside(number, self.operands, incoming=True)
            self._add_outside(number, self.users, incoming=False)
        for j, unit in enumerate(units):
            if unit.title:
                view.items[j] = view.items[j]._replace(opens=self.add(unit, number, box.within))
            else:
                self.homes[unit.nodes[0]] = number
        return number

    def _lines(self, joined: set[tuple[int, int]], units: list[_Unit]) -> list[tuple[int, int]]:
        """Return the edges that are drawn: one between boxes, between nodes as many as there are."""
        lines = []
        for tail, head in sorted(joined):
            both = not units[tail].title and not units[head].title
            times = self.operands[units[head].nodes[0]].count(units[tail].nodes[0]) if both else 1
            lines += [(tail, head)] * times
        return lines

    def _item(self, unit: _Unit, depth: int) -> Item:
        part = unit.part[depth:]
        if unit.title:
            return Item(title=unit.title, part=part, exit=self._exit(unit))
        return Item(unit.nodes[0], part=part)

    def _units(self, box: _Unit) -> list[_Unit]:
        """Return what the view of a box shows: its nodes, or boxes around those deep inside, or blocks of either."""
        deepest = max(len(self.parts[i]) for i in box.nodes)
        for depth in range(deepest + 1, len(box.within), -1):
            units = self._cut(box.nodes, depth)
            if self._fits(units):
                return units
        for depth in (*range(deepest, len(box.within), -1), deepest + 1):  # the deepest parts, and leaves, if few
            units = self._cut(box.nodes, depth)
            parts = [unit for unit in units if unit.title]
            leaves = [unit for unit in units if not unit.title and not self.operands[unit.nodes[0]]]
            kept = [*parts, *leaves] if len(parts) + len(leaves) <= FEW_ITEMS else parts
            if len(kept) <= FEW_ITEMS < len(units) - len(kept):
                return [*kept, *self._blocks([unit for unit in units if unit not in kept], box)]
        return self._blocks(units, box)

    def _cut(self, nodes: list[int], depth: int) -> list[_Unit]:
        """Return the nodes that are in no part as deep as this, boxes for the parts that are, and for alike leaves."""
        units: dict[Any, _Unit] = {}
        for i in nodes:
            part = self.parts[i]
            if len(part) < depth:
                units[i] = _Unit([i], part)
            else:
                part = part[:depth]
                units.setdefault(part, _Unit([], part[:-1], title_of(part[-1]), part)).nodes.append(i)
        if any(self.nodes[i].operands for i in nodes):
            self._put_leaves_together(units)
        return list(units.values())

    def _put_leaves_together(self, units: dict[Any, _Unit]) -> None:
        """Put leaves, or plain numbers, of one part that the same units use into a box, if they are many."""
        at = {i: key for key, unit in units.items() for i in unit.nodes}
        alike: dict[Any, list[int]] = {}
        for key, unit in units.items():
            if not unit.title and not self.nodes[key].operands:
                users = frozenset(at.get(user, user) for user in self.users[key])
                alike.setdefault((self.nodes[key].kind, unit.part, users), []).append(key)
        for (kind, part, _), leaves in alike.items():
            if len(leaves) > MOST_ALIKE:
                title = f"{len(leaves)} {'numbers' if kind == 'constant' else 'leaves'}"
                units[leaves[0]] = _Unit(leaves, part, title, part)
                for leaf in leaves[1:]:
                    del units[leaf]

    def _blocks(self, units: list[_Unit], box: _Unit) -> list[_Unit]:
        """Return boxes of equal numbers of units that follow each other: fewer, where many edges are between them."""
        count = max(2, min(MOST_ITEMS // 2, math.ceil(len(units) / MOST_ITEMS)))
        while True:
            size = math.ceil(len(units) / count)
            blocks = []
            for start in range(0, len(units), size):
                block = units[start : start + size]
                title = f"nodes {start + 1} to {start + len(block)} of {len(units)}"
                blocks.append(_Unit(sorted(i for unit in block for i in unit.nodes), box.within, title, box.within))
            if count <= FEW_ITEMS // 2 or len(self._joined(blocks)) <= MOST_EDGES:
                return blocks
            count //= 2

    def _fits(self, units: list[_Unit]) -> bool:
        return len(units) <= MOST_ITEMS and (len(self._joined(units)) <= MOST_EDGES or len(units) <= FEW_ITEMS)

    def _joined(self, units: list[_Unit]) -> set[tuple[int, int]]:
        """Return which units have edges between them."""
        at = {i: j for j, unit in enumerate(units) for i in unit.nodes}
        return {(at[o], j) for i, j in at.items() for o in self.nodes[i].operands if at.get(o, j) != j}

    def _exit(self, unit: _Unit) -> int:
        inside, last = set(unit.nodes), len(self.nodes) - 1
        exits = [i for i in unit.nodes if i == last or any(user not in inside for user in self.users[i])]
        return exits[0] if len(exits) == 1 else -1

    def _add_outside(self, number: int, linked: Sequence[Sequence[int]], incoming: bool) -> None:
        """Add what lies outside of a view and is an operand of what is in it, or else a user, and the edges to it.

        Nodes outside are shown one by one if they are few, in the boxes that they are in, or all as one.
        """
        view, within = self.views[number], self.shown[number]
        ends = [(i, j) for node, j in within.items() for i in linked[node] if i not in within]
        shown = {i: self._shown(i, view.parent) for i, _ in ends}
        alone = [i for i, (owner, j) in shown.items() if self.views[owner].items[j].node >= 0]
        if len(alone) > MOST_ALIKE:
            shown.update(dict.fromkeys(alone, TOGETHER))
        if len({(shown[i], j) for i, j in ends}) > MOST_EDGES:
            shown = dict.fromkeys(shown, TOGETHER)
        at: dict[tuple[int, int], int] = {}
        for where in shown.values():
            if where in at:
                continue
            at[where] = len(view.items)
            if where == TOGETHER:
                count = sum(other == TOGETHER for other in shown.values())
                item = Item(title=f"{count} outside", opens=view.parent)
            else:
                item = self.views[where[0]].items[where[1]]
                if item.node < 0:
                    self.unresolved.append((number, at[where], where))
            view.items.append(item._replace(outside=True, part=()))
        found = [(at[shown[i]], j) if incoming else (j, at[shown[i]]) for i, j in ends]
        view.edges.extend(dict.fromkeys(found))

    def _shown(self, node: int, view: int) -> tuple[int, int]:
        """Return the nearest view around `view` that shows a node, and the item that does."""
        while node not in self.shown[view]:
            view = self.views[view].parent
        return view, self.shown[view][node]
