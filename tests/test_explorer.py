"""The explorer's page from Python: its graph, rules, pictures and text. What a browser makes of it: test_page.py."""

from __future__ import annotations

import json
import math
import random
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from micrograd_like import (
    MLP,
    Neuron,
    Value,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy_with_logits,
    dot,
    explore,
    grad,
    hinge,
    leaky_relu,
    relu,
    sin,
    softmax,
    tanh,
    total,
    where,
)
from micrograd_like.compiler.expr import FUNCTIONS as ELEMENTARY
from micrograd_like.compiler.javascript import MATHEMATICS, MISSING
from micrograd_like.engine import unary
from micrograd_like.errors import ExpressionError
from micrograd_like.explorer.graph import Graph, graph_of
from micrograd_like.explorer.layout import layout_of
from micrograd_like.explorer.rules import rule_of
from micrograd_like.explorer.views import MOST_ALIKE, MOST_EDGES, MOST_ITEMS, View, views_of
from micrograd_like.parser import ALLOWED, parse


def large_network() -> Graph:
    rng = random.Random(1)
    model = MLP(64, [128, 10], rng=rng)
    loss = categorical_cross_entropy_with_logits(model([rng.random() for _ in range(64)]), 3)
    return graph_of(loss, model)


def many_samples() -> Graph:
    rng = random.Random(1)
    model = MLP(2, [16, 16, 1], rng=rng)
    outputs = [model([rng.random(), rng.random()]) for _ in range(50)]
    return graph_of(hinge(outputs, [1, -1] * 25), model)


def chain() -> Graph:
    y = Value(0.5)
    for _ in range(5_000):
        y = sin(y * 1.1)
    return graph_of(y)


def fan() -> Graph:
    return graph_of(total([v * v for v in map(Value, range(3_000))]))


def wide_layer() -> Graph:
    model = MLP(2, [1_000, 1], rng=random.Random(1))
    return graph_of(model([1.0, 2.0]), model)


GRAPHS = (large_network, many_samples, chain, fan, wide_layer)
LARGE = pytest.mark.parametrize("graph", [graph() for graph in GRAPHS], ids=[graph.__name__ for graph in GRAPHS])


# The graph


def test_operands_come_before_their_users() -> None:
    x = Value(2.0, "x")
    nodes = graph_of(tanh(x * x + 3 * x)).nodes
    assert all(o < i for i, node in enumerate(nodes) for o in node.operands)
    assert [node.label or node.operation or node.number for node in nodes] == ["x", "*", 3.0, "*", "+", "tanh"]


def test_a_plain_number_is_a_node_for_each_use_but_shared_by_dots() -> None:
    a, b, one = Value(1.0), Value(2.0), 1.0
    kinds = Counter(node.kind for node in graph_of((a + one) * (b + one)).nodes)
    assert kinds["constant"] == 2
    inputs = [0.25, 0.25]
    kinds = Counter(node.kind for node in graph_of(dot([a, b], inputs) + dot([b, a], inputs)).nodes)
    assert kinds["constant"] == 2
    kinds = Counter(node.kind for node in graph_of(dot([a, b], inputs) + dot([b, a], [0.25, 0.5])).nodes)
    assert kinds["constant"] == 4


def test_numbers_of_other_kinds_become_floats() -> None:
    nodes = graph_of(Value(Fraction(1, 3)) * Fraction(1, 4)).nodes
    assert [node.number for node in nodes] == [1 / 3, 0.25, float(Fraction(1, 12))]


def test_arrays_are_refused() -> None:
    with pytest.raises(TypeError, match=r"and a leaf is an array of shape \(3,\): explore the Value of one sample"):
        explore(Value(np.ones(3)) * 2)


def test_parameters_are_those_of_the_model_that_took_part() -> None:
    model = MLP(2, [2, 1], rng=random.Random(1))
    graph = graph_of(model.layers[0].neurons[0]([1.0, 2.0]), model)
    assert [graph.nodes[i].label for i in graph.parameters] == ["w0", "w1", "b"]


# The rules


SEQUENCES = ("dot([a, b], [c, d])", "total([a, b, c])")
FUNCTIONS = [f"{name}({'a, b' if name in ('maximum', 'minimum') else 'a'})" for name, n in ALLOWED.items() if not n[1]]
OPERATORS = ("a + b", "a - b", "-a", "a*b", "a/b", "a**b", "where(a < b, c, d)")
POINTS = [(0.5, 2.0), (1.5, -0.75), (0.25, 0.25), (2.0, 3.0), (-0.5, 2.0), (-3.0, -4.0), (0.0, 1.0)]


@pytest.mark.parametrize("text", [*OPERATORS, *FUNCTIONS, *SEQUENCES])
def test_formulas_that_are_shown_are_the_rules(text: str) -> None:
    compared = 0
    for a, b in POINTS:
        numbers = {"a": a, "b": b, "c": 3.0, "d": 4.0}
        try:
            value = parse(text).at({letter: Value(x) for letter, x in numbers.items()})
        except ExpressionError:
            continue
        operands = [v.data for v in value.operands]
        rule, (_, *slopes) = rule_of(value.operation, len(operands)), value.operation.rule(*operands)
        names = {"y": value.data} | dict(zip("abcd", operands, strict=False))
        assert _number(rule.formula, names) == pytest.approx(value.data, rel=1e-8, abs=1e-10)
        for formula, slope in zip(rule.slopes, slopes, strict=True):
            compared += 1
            if (slope is None or math.isfinite(slope)) and not ("log" in formula and a == 0):
                assert _number(formula, names) == pytest.approx(slope or 0, rel=1e-8, abs=1e-10)
    assert compared > 3


def _number(text: str, names: dict[str, float]) -> float:
    expression = parse(text)
    return float(expression.at({name: names[name] for name in expression.names}))


def test_a_formula_that_nobody_could_read_is_not_shown() -> None:
    a, b = Value(1.0), Value(2.0)
    assert rule_of(softmax([a, b])[0].operation, 2).formula == ""
    assert rule_of(dot([a] * 50, [b] * 50).operation, 100).formula.endswith(" + …")


def test_a_rule_of_ones_own_reads_like_a_formula() -> None:
    softsign = unary("softsign", lambda x: (x / (1 + abs(x)), 1 / (1 + abs(x)) ** 2))
    rule = rule_of(softsign(Value(0.5)).operation, 1)
    assert (rule.formula, *rule.slopes) == ("a/(1 + abs(a))", "1/(1 + abs(a))**2")


def test_every_function_of_programs_is_one_of_javascript() -> None:
    assert all(f"function {name}(" in MATHEMATICS for name in MISSING)
    known = ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "abs"]  # what ECMAScript has since 2015
    assert set(ELEMENTARY) - set(MISSING) <= set(known)


def test_a_constant_operand_gets_no_gradient() -> None:
    a, b = Value(1.0), Value(2.0)
    assert rule_of((a**2).operation, 2).reached == (True, False)
    assert rule_of(where(a < b, a, b).operation, 2).reached == (True, False)
    assert rule_of((a**b).operation, 2).reached == (True, True)


def test_a_slope_that_stops_a_gradient_is_told() -> None:
    a = Value(1.0)
    assert rule_of(relu(a).operation, 1).stops == (True,)
    assert rule_of(leaky_relu(a).operation, 1).stops == (False,)
    assert rule_of((a * 0).operation, 2).stops == (False, False)


def test_an_operation_of_ones_own_goes_into_the_page() -> None:
    softsign = unary("softsign", lambda x: (x / (1 + abs(x)), 1 / (1 + abs(x)) ** 2))
    assert "softsign" in explore(softsign(Value(0.5))).html


def test_an_operation_that_leaves_the_numbers_kind_is_refused_by_its_name() -> None:
    ours = unary("ours", lambda x: (math.sin(x), math.cos(x)))
    with pytest.raises(TypeError, match=r"the page cannot compute 'ours' by itself: .* use this package's functions"):
        explore(ours(Value(0.5)))


def test_a_rule_that_raises_anything_is_refused_by_its_name() -> None:
    ours = unary("ours", lambda x: (x * x.as_integer_ratio()[1], 1.0))
    with pytest.raises(TypeError, match="the page cannot compute 'ours' by itself: "):
        explore(ours(Value(0.5)))


def test_an_operation_of_ones_own_is_not_taken_for_one_of_the_same_name() -> None:
    hard = unary("sigmoid", lambda x: (0.2 * x + 0.5, 0.2))
    assert rule_of(hard(Value(1.0)).operation, 1).formula == "0.2*a + 0.5"


def test_the_number_that_a_gradient_was_taken_at_is_a_plain_number() -> None:
    w = Value(1.0, "w")
    nodes = graph_of(grad(lambda t: w * t * t)(2.0)).nodes
    assert {node.label or node.number for node in nodes if not node.operands} >= {"w", 2.0}
    assert all(node.operands or not node.operation for node in nodes)


# The pictures


def test_a_small_graph_is_one_picture_of_all() -> None:
    model = MLP(2, [2, 1], rng=random.Random(1))
    graph = graph_of(model([Value(1.0), Value(2.0)]), model)
    (view,), homes = views_of(graph)
    assert [item.node for item in view.items] == list(range(len(graph.nodes)))
    assert set(homes) == {0}
    titles = [title for *_, title in layout_of(view, graph.nodes).frames]
    assert sorted(titles) == ["MLP", "layer 1", "layer 2", "neuron 1", "neuron 1", "neuron 2"]


@LARGE
def test_every_node_has_one_home_that_shows_it(graph: Graph) -> None:
    views, homes = views_of(graph)
    here = [(item, v) for v, view in enumerate(views) for item in view.items if not item.outside]
    shown = [(item.node, v) for item, v in here if item.node >= 0]
    assert sorted(shown) == list(enumerate(homes))


@LARGE
def test_every_view_is_opened_from_the_one_around_it(graph: Graph) -> None:
    views, _ = views_of(graph)
    here = [(item, v) for v, view in enumerate(views) for item in view.items if not item.outside]
    opened = {item.opens: v for item, v in here if item.opens >= 0}
    assert {v: view.parent for v, view in enumerate(views) if v} == opened


@LARGE
def test_no_picture_is_too_large_to_read(graph: Graph) -> None:
    views, _ = views_of(graph)
    for view in views:
        outside = [j for j, item in enumerate(view.items) if item.outside]
        joined = {(tail, head) for tail, head in view.edges if not {tail, head} & {*outside}}
        assert len(view.items) - len(outside) <= MOST_ITEMS
        assert len(outside) <= 2 * (MOST_ALIKE + MOST_ITEMS // 2)
        assert len(joined) <= MOST_EDGES
        assert len(view.edges) - len(joined) <= 2 * MOST_EDGES + len(view.items)


@LARGE
def test_edges_show_what_is_used_by_what(graph: Graph) -> None:
    views, homes = views_of(graph)
    around = {v: _around(views, v) for v in range(len(views))}
    for user, node in enumerate(graph.nodes):
        for operand in node.operands:
            view = next(v for v in around[homes[operand]] if v in around[homes[user]])
            if view_edges := set(views[view].edges):
                ends = [_item(views, around, view, homes, i) for i in (operand, user)]
                assert ends[0] == ends[1] or tuple(ends) in view_edges


def _around(views: list[View], view: int) -> list[int]:
    found = [view]
    while (parent := views[found[-1]].parent) >= 0:
        found.append(parent)
    return found


def _item(views: list[View], around: dict[int, list[int]], view: int, homes: list[int], node: int) -> int:
    inside = around[homes[node]]
    for j, item in enumerate(views[view].items):
        if not item.outside and (item.node == node or (item.opens >= 0 and item.opens in inside)):
            return j
    raise AssertionError(node)


def test_boxes_are_layers_and_neurons() -> None:
    views, _ = views_of(large_network())
    assert {"layer 1", "layer 2"} <= {item.title for item in views[0].items}
    (layer,) = [view for view in views if view.title == "layer 1"]
    assert [item.title for item in layer.items] == [f"neuron {i}" for i in range(1, 129)]


def test_a_box_shows_the_numbers_of_the_one_node_that_is_used_outside() -> None:
    graph = large_network()
    views, _ = views_of(graph)
    (layer,) = [view for view in views if view.title == "layer 1"]
    assert {str(graph.nodes[item.exit].operation) for item in layer.items} == {"relu"}
    assert {item.exit for item in views[0].items if item.title.startswith("layer")} == {-1}


@LARGE
def test_items_do_not_overlap(graph: Graph) -> None:
    views, _ = views_of(graph)
    for view in views[:20]:
        places = layout_of(view, graph.nodes).items
        for i, (x, y, width, height) in enumerate(places):
            for x2, y2, width2, height2 in places[:i]:
                assert abs(x - x2) >= (width + width2) / 2 - 1 or abs(y - y2) >= (height + height2) / 2 - 1


def test_parts_of_one_shape_are_laid_out_once() -> None:
    data = json.loads(re.search(r'id="graph">(.*?)</script>', explore(*_large()).html)[1])
    assert len(data["views"]) > 200
    assert len(data["layouts"]) < 10


def _large() -> tuple[Value, MLP]:
    model = MLP(64, [128, 10], rng=random.Random(1))
    return total(model([0.5] * 64)), model


# The text


def test_a_page_of_a_neuron_is_small() -> None:
    w, x, b = Value(-3.0, "w"), Value(2.0, "x"), Value(6.5, "b")
    assert len(explore(tanh(w * x + b)).html.encode()) < 100_000


def test_a_page_has_the_suffix_of_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a page is saved as \.html, not as .*page\.svg"):
        explore(Value(1.0) * 2).save(tmp_path / "page.svg")


def test_a_number_used_twice_has_two_edges() -> None:
    x = Value(3.0, "x")
    (view,), _ = views_of(graph_of(x * x))
    assert view.edges == [(0, 1), (0, 1)]


def test_the_loss_after_a_linear_neuron_stands_outside_of_it() -> None:
    neuron = Neuron(1, activation="linear")
    loss = binary_cross_entropy_with_logits(neuron([1.0]), 0)
    assert graph_of(loss, neuron).nodes[-1].part == ()
    neuron = Neuron(1, activation="tanh")
    assert graph_of(neuron([1.0]), neuron).nodes[-1].part == ("Neuron",)


def test_a_number_too_large_for_a_float_is_told_by_its_name() -> None:
    with pytest.raises(OverflowError, match=r"huge cannot become one"):
        explore(Value(Fraction(10**400), "huge") * 1)


def test_numbers_keep_all_their_digits() -> None:
    x = 0.1 + 0.2
    data = json.loads(re.search(r'id="graph">(.*?)</script>', explore(Value(x) * 2).html)[1])
    assert x in [number for _, _, number, *_ in data["nodes"]]


def test_a_page_is_the_same_each_time() -> None:
    w = Value(1.0, "w")
    assert explore(tanh(w * 2)).html == explore(tanh(w * 2)).html


def test_exploring_leaves_the_graph_as_it_was() -> None:
    w = Value(1.0, "w")
    y = tanh(w * 2)
    y.backward()
    before = [(v.data, v.grad, v.operands) for v in (w, y)]
    explore(y)
    assert [(v.data, v.grad, v.operands) for v in (w, y)] == before


def test_a_page_is_written_whole(tmp_path: Path) -> None:
    page = explore(Value(1.0, "é") * 2)
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8") == page.html
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        page.save(tmp_path / "nowhere" / "page.html")


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TypeError, match=r"explore takes a Value, not float"):
        explore(1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"explore takes a Value, not list: of several results, one, or their total"):
        explore([Value(1.0)])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"a module that has named_parameters\(\), not int"):
        explore(Value(1.0) * 2, 3)  # type: ignore[arg-type]
