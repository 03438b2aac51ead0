"""The page of `explore`, in a browser: its numbers beside Python's, what it says of them, and how it is built.

What it does by click, key and touch is in test_page_controls.py, how it looks and reads in test_page_looks.py. No test
leaves an error in the page's console, and no page asks for anything but its own file.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import (
    NEURON,
    SLOPE,
    check_numbers,
    choose,
    chromium,
    classifier,
    click,
    field,
    goto,
    gradients_of,
    item,
    large,
    loss_of,
    neuron,
    node,
    numbers,
    opened,
    phone,
    press,
    program_or_skip,
    same,
    settled,
    show,
    slider,
    text,
    trail,
    weight,
    window,
    write,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import micrograd_like
from micrograd_like import (
    MLP,
    SGD,
    Module,
    Value,
    binary_cross_entropy_with_logits,
    dot,
    exp,
    explore,
    grad,
    hinge,
    leaky_relu,
    log_softmax,
    logsumexp,
    maximum,
    mean_squared_error,
    minimum,
    relu,
    softmax,
    sqrt,
    tanh,
    total,
    where,
)
from micrograd_like.engine import unary
from micrograd_like.errors import FAILURES
from micrograd_like.explorer.graph import graph_of
from micrograd_like.parser import parse
from micrograd_like.parts import in_formula_order
from micrograd_like.steps import ONE_OPERAND, Expression
from micrograd_like.strategies import expressions

if TYPE_CHECKING:
    from browser import Show
    from playwright.sync_api import Browser, Page

FIXTURES = chromium, window, show, phone
EVERYWHERE = [-math.inf, -1e300, -800.0, -40.0, -6.5, -2.0, -1.0, -0.5, -1e-9, -5e-324, -0.0]
EVERYWHERE += [-x for x in reversed(EVERYWHERE)] + [math.nan]


# The page is one file


def test_without_a_browser_the_tests_say_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        program_or_skip()


def test_without_a_browser_the_tests_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        program_or_skip()


def test_the_page_of_a_neuron_is_small() -> None:
    assert len(explore(neuron()).html.encode()) < 300_000


def test_the_policy_lets_the_page_s_own_code_run_and_nothing_else(show: Show) -> None:
    policy = show(neuron()).locator("meta[http-equiv]").get_attribute("content") or ""
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert re.fullmatch(r"'sha256-[\w+/=]+'", directives["script-src"])
    assert re.fullmatch(r"'sha256-[\w+/=]+'", directives["style-src"])


def test_the_policy_stops_a_script_that_gets_in_all_the_same(chromium: Browser, tmp_path: Path) -> None:
    html = explore(neuron()).html.replace("<main>", "<main><script>window.hacked = 1</script>")
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("[window.hacked, explorer.data.length]") == [None, len(NEURON)]
    page.close()


# The numbers are Python's


def move(page: Page, numbers_of: dict[str, float]) -> None:
    """Write numbers into the fields of leaves, all in one frame."""
    found = page.evaluate(
        """moved => {
          const found = [...document.querySelectorAll("#leaves input[type=number]")].filter(e => moved[e.ariaLabel]);
          for (const field of found) {
            field.value = moved[field.ariaLabel];
            field.dispatchEvent(new Event("input"));
          }
          return found.length;
        }""",
        {name: repr(x) for name, x in numbers_of.items()},
    )
    assert found == len(numbers_of)


everyday = settings(deadline=None, max_examples=30, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
UP_TO_ONE = st.floats(-1, 1, allow_subnormal=False)


@everyday
@given(expressions(safe=True), st.data())
def test_random_expressions_have_python_s_numbers_before_and_after_leaves_are_moved(
    window: Page, tmp_path_factory: pytest.TempPathFactory, e: Expression, data: Any
) -> None:
    value = e(*[Value(x, f"x{i}") for i, x in enumerate(e.at)])
    goto(window, value, None, tmp_path_factory.getbasetemp())
    check_numbers(window, value)
    used = [n.label for n in graph_of(value).nodes if n.label]
    for _ in range(2):
        point = data.draw(st.tuples(*[UP_TO_ONE] * len(e.at)), label="moved to")
        leaves = {f"x{i}": x for i, x in enumerate(point)}
        move(window, {name: leaves[name] for name in used})
        check_numbers(window, e(*[Value(x, name) for name, x in leaves.items()]))


def everywhere(function: Callable[..., Any], operands: int) -> Value:
    """Return the sum of a function's values at all points that the engine takes it at."""
    results = []
    for point in itertools.product(EVERYWHERE, repeat=operands):
        try:
            result = function(*map(Value, point))
        except FAILURES:
            continue
        results.append(result)
    assert len(results) >= len(EVERYWHERE) / 3
    return total(results)


def normal(a: Value) -> Value:
    """Return a number that is not subnormal; ValueError if it is: the slope of its power passes through infinity."""
    if 0 < abs(a.data) < sys.float_info.min:
        raise ValueError("subnormal")
    return a


@pytest.mark.parametrize("name", [*ONE_OPERAND, "abs"])
def test_a_function_has_python_s_numbers_at_kinks_far_out_and_at_infinities(show: Show, name: str) -> None:
    value = everywhere(abs if name == "abs" else getattr(micrograd_like, name), 1)
    check_numbers(show(value), value)


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_a_leaf_that_is_not_finite_is_shown_and_can_be_moved_back(show: Show, x: float) -> None:
    page = show(Value(x, "x") * 2)
    check_numbers(page, Value(x, "x") * 2)
    shown = {math.inf: "∞", -math.inf: "−∞"}.get(x, "nan")
    assert [field(page, "x").input_value(), field(page, "x").get_attribute("placeholder")] == ["", shown]
    write(page, "x", 3.0)
    check_numbers(page, Value(3.0, "x") * 2)
    slider(page, "x").focus()
    assert [field(page, "x").input_value(), field(page, "x").get_attribute("placeholder")] == ["3", ""]
    press(page, "ArrowRight")
    assert math.isfinite(numbers(page)[0][0])


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda a, b: a + b, id="+"),
        pytest.param(lambda a, b: a - b, id="-"),
        pytest.param(lambda a, b: a * b, id="*"),
        pytest.param(lambda a, b: a / b, id="/"),
        pytest.param(lambda a, b: normal(a) ** b, id="**"),
        pytest.param(lambda a, b: normal(a) ** b.data, id="** number"),
        pytest.param(lambda a, b: a.data**b, id="number **"),
        pytest.param(maximum, id="maximum"),
        pytest.param(minimum, id="minimum"),
        pytest.param(lambda a, b: where(a < b, a, b), id="where"),
        pytest.param(lambda a, b: dot([a, b], [b, b], a), id="dot"),
        pytest.param(lambda a, b: logsumexp([a, b]), id="logsumexp"),
        pytest.param(lambda a, b: softmax([a, b])[0], id="softmax"),
        pytest.param(lambda a, b: log_softmax([a, b])[1], id="log_softmax"),
        pytest.param(lambda a, b: leaky_relu(a, b.data), id="leaky_relu"),
    ],
)
def test_two_operands_have_python_s_numbers_at_ties_far_out_and_at_infinities(
    show: Show, function: Callable[..., Any]
) -> None:
    value = everywhere(function, 2)
    check_numbers(show(value), value)


LOSSES = (
    lambda model: hinge(model([0.5, Value(-1.0, "x")]), -1),
    lambda model: binary_cross_entropy_with_logits(model([0.5, Value(-1.0, "x")]), 1),
    lambda model: mean_squared_error([model([0.5, x]) for x in (1.0, -1.0)], [0.0, 1.0]),
)


@pytest.mark.parametrize("activation", ["relu", "gelu", "sigmoid", "tanh", "leaky_relu"])
def test_networks_with_losses_have_python_s_numbers(show: Show, activation: str) -> None:
    models = [MLP(2, [3, 1], activation, "linear", rng=random.Random(3)) for _ in LOSSES]
    value = total([loss(model) for loss, model in zip(LOSSES, models, strict=True)])
    check_numbers(show(value), value)


def test_a_large_network_has_python_s_numbers(show: Show) -> None:
    value, model = large()
    check_numbers(show(value, model), value, model)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(lambda x: x, id="a leaf alone"),
        pytest.param(lambda x: x * x, id="x*x"),
        pytest.param(lambda x: x / x + x**x - x, id="one leaf everywhere"),
        pytest.param(lambda x: [y := tanh(x), z := y * y + y, z * y + z][-1], id="shared nodes"),
        pytest.param(lambda x: total([x] * 5), id="total of one"),
        pytest.param(lambda x: exp(x) * 0 + 1, id="no slope"),
        pytest.param(lambda x: maximum(x, x), id="tie"),
    ],
)
def test_shared_nodes_have_python_s_numbers_wherever_they_are_moved(show: Show, value: Callable[..., Any]) -> None:
    page = show(value(Value(0.75, "x")))
    for x in (0.75, 2.5, 1e-7):
        write(page, "x", x)
        check_numbers(page, value(Value(x, "x")))


def test_an_operation_of_one_s_own_has_python_s_numbers(show: Show) -> None:
    cube = unary("cube", lambda x: (x * x * x, 3 * x * x))
    page = show(cube(Value(2.0, "x")) + 1)
    write(page, "x", -1.5)
    check_numbers(page, cube(Value(-1.5, "x")) + 1)


def test_a_gradient_is_explored_at_a_number(show: Show) -> None:
    w = Value(3.0, "w")
    value = grad(lambda x: w * x**2)(2.0)
    page = show(value)
    check_numbers(page, value)
    write(page, "w", -1.5)
    assert numbers(page)[0][-1] == -6 and numbers(page)[1][0] == 4


# Sides that are not chosen


@pytest.mark.parametrize(
    ("expression", "at"),
    [
        ("where(x > 0, sqrt(x), x)", {"x": 0.0}),
        ("w/maximum(sqrt(x*x + y*y), 1e-6)", {"w": 2.0, "x": 0.0, "y": 0.0}),
        ("relu(w - sqrt(x) - 1)", {"w": 0.5, "x": 0.0}),
        ("minimum(x**0.5, w - 3)", {"x": 0.0, "w": 1.0}),
        ("maximum(1, t**t)", {"t": -1.0}),
        ("sqrt(abs(x))", {"x": 0.0}),
        ("sqrt(x)*relu(x)", {"x": 0.0}),
        ("maximum(sqrt(x), sqrt(x))", {"x": 0.0}),
    ],
)
def test_an_infinite_slope_that_is_not_chosen_goes_no_further(
    show: Show, expression: str, at: dict[str, float]
) -> None:
    value = parse(expression).at({name: Value(x, name) for name, x in at.items()})
    check_numbers(show(value), value)


def test_the_slope_of_a_root_of_an_absolute_value_is_unknown_at_0(show: Show) -> None:
    assert math.isnan(numbers(show(sqrt(abs(Value(0.0, "x")))))[1][0])


KINKED = ["+", "-", "*", "/", "**", "sqrt", "abs", "relu", "leaky_relu", "maximum", "minimum", "where"]


@everyday
@given(expressions(KINKED, max_nodes=20, safe=False), st.data())
def test_random_expressions_have_python_s_numbers_at_kinks_and_infinite_slopes(
    window: Page, tmp_path_factory: pytest.TempPathFactory, e: Expression, data: Any
) -> None:
    point = data.draw(st.tuples(*[st.sampled_from([0.0, 1.0, -0.0, -1.0, 0.25])] * len(e.at)), label="at")
    try:
        value = e(*[Value(x, f"x{i}") for i, x in enumerate(point)])
        gradients_of(value)
    except FAILURES:
        return
    goto(window, value, None, tmp_path_factory.getbasetemp())
    check_numbers(window, value)


def random_graphs(count: int) -> Value:
    """Return the total of random graphs that share no leaf, each of some operations with kinks and infinite slopes."""
    rng = random.Random(0)
    unaries: list[Callable[[Any], Any]] = [sqrt, abs, relu, lambda a: a**0.5, lambda a: a**2, lambda a: a**1.5]
    binaries: list[Callable[[Any, Any], Any]] = [
        maximum, minimum, lambda a, b: where(a > 0, b, a), lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a**b
    ]  # fmt: skip
    graphs = []
    while len(graphs) < count:
        values = [Value(rng.choice([0.0, 0.0, 1.0, -1.0, 4.0])) for _ in range(3)]
        for _ in range(9):
            a, b = rng.choices(values[-5:], k=2)
            try:
                values.append(rng.choice(unaries)(a) if rng.random() < 0.5 else rng.choice(binaries)(a, b))
            except FAILURES:
                continue
        graphs.append(values[-1])
    return total(graphs)


def test_many_random_graphs_have_python_s_numbers_at_kinks_and_infinite_slopes(show: Show) -> None:
    value = random_graphs(150)
    check_numbers(show(value), value)


# The structure


def test_nodes_are_in_the_order_of_the_formula(show: Show) -> None:
    page = show(neuron())
    names = page.locator("#picture .item").evaluate_all("items => items.map(e => e.ariaLabel.split(',')[0])")
    assert [name.split()[-1] for name in names] == NEURON
    w, x, b = (node(page, name).bounding_box() or {} for name in "wxb")
    assert w["y"] < x["y"] < b["y"]
    assert page.locator("#leaves .name").all_text_contents() == ["w", "x", "b"]


@pytest.mark.parametrize("neurons", [4, 10])
def test_neurons_stand_in_their_order_from_the_top(show: Show, neurons: int) -> None:
    page = opened(show(*large(16, (24, neurons))), "layer 2")
    titles = page.locator("#picture .frame text").evaluate_all(
        "all => all.map(e => [Number(e.getAttribute('y')), e.textContent]).sort(([a], [b]) => a - b)"
    )
    assert [title for _, title in titles if "neuron" in title] == [f"neuron {i + 1}" for i in range(neurons)]


def test_a_number_used_twice_by_a_node_has_two_edges(show: Show) -> None:
    x = Value(3.0, "x")
    assert show(x * x).locator("#picture .edge").count() == 2


def test_equal_plain_numbers_of_a_dot_stand_apart(show: Show) -> None:
    page = show(dot([Value(1.0, "a"), Value(2.0, "b")], [0.25, 0.25]))
    assert page.locator("#picture .constant").count() == 2
    field(page, "0.25 in L").first.fill("1")
    assert numbers(page)[0][-1] == 1.5


def test_a_network_too_large_to_draw_whole_is_shown_by_layers_that_open(show: Show) -> None:
    page = show(*large(64, (128, 10)))
    assert page.locator("#picture .item").count() < 60
    opened(page, "layer 1", "neuron 3")
    assert trail(page) == ["the whole graph", "layer 1", "neuron 3"]
    page.locator("#trail button").nth(0).click()
    assert item(settled(page), "^open layer 1").count() == 1


def test_neurons_that_stand_in_the_whole_graph_are_called_by_their_layer_too(show: Show) -> None:
    model = MLP(8, [8, 8, 1], rng=random.Random(0))
    page = show(hinge(model([Value(float(i), f"x{i}") for i in range(8)]), 1), model)
    opened(page, "layer 2, neuron 2")
    assert trail(page) == ["the whole graph", "layer 2, neuron 2"]


def test_leaves_that_are_used_alike_stand_in_a_box_and_can_be_moved_where_it_is(show: Show) -> None:
    page = show(dot([Value(float(i), f"x{i}") for i in range(40)], [1.0] * 40) * Value(2.0, "w"))
    assert item(page, "^open 40 leaves").count() == 1
    write(page, "x7", 107.0)
    assert numbers(page)[0][-1] == 2 * (sum(range(40)) + 100)
    opened(page, "40 leaves")
    assert item(page, r"^x\d+\b").count() == 40


def test_every_node_of_a_large_network_stands_in_a_picture(show: Show) -> None:
    value, model = large()
    homes, views = show(value, model).evaluate("[explorer.graph.homes, explorer.graph.views.map(view => view[3])]")
    assert len(homes) == len(graph_of(value, model).nodes)
    assert all(any(i == shown for shown, *_ in views[home]) for i, home in enumerate(homes))


def test_a_large_network_can_be_moved_at_its_leaves(show: Show) -> None:
    value, model = large()
    page = opened(show(value, model), "layer 2")
    write(page, "w0, layer 2, neuron 1", 0.25)
    found, _ = numbers(page)
    nodes = graph_of(value, model).nodes
    (moved,) = [i for i, n in enumerate(nodes) if n.number != found[i] and n.kind == "leaf"]
    in_formula_order(value)[[i for i, n in enumerate(nodes) if n.kind != "constant"].index(moved)].data = 0.25
    check_numbers(page, loss_of(model), model)


# What must be known of the numbers


def notice(page: Page) -> str:
    """Return what is told above the picture, "" if nothing is."""
    shown = settled(page).locator("#notice")
    assert shown.get_attribute("role") == "status"
    return text(page, "#notice") if shown.is_visible() else ""


def test_nothing_is_told_of_numbers_that_are_as_they_were_recorded(show: Show) -> None:
    assert notice(show(neuron())) == ""


def test_choices_that_stay_are_told(show: Show) -> None:
    x, y = Value(1.0, "x"), Value(2.0, "y")
    assert notice(show(where(x < y, x, y) * 2)).startswith("1 choice (where) made when this graph was recorded")
    page = show(where(x < y, x, y) + where(x > y, x, y))
    assert notice(page).startswith("2 choices (where) made when this graph was recorded: not made again")
    choose(page, item(page, "^where").first)
    assert "it stays, however the numbers move" in text(page, "#explained")
    write(page, "x", 5.0)
    assert numbers(page)[0][-1] == 7  # x was the smaller one


OTHERS = "Computed anew from the leaves, which gives other numbers than those that were recorded in Python."


def test_leaves_that_got_other_numbers_after_computing_are_told(show: Show) -> None:
    x = Value(2.0, "x")
    value = x * 3 + 1
    x.data = 5.0
    page = show(value)
    assert notice(page) == OTHERS
    check_numbers(page, Value(5.0, "x") * 3 + 1)


def test_a_rule_that_draws_at_random_is_told(show: Show) -> None:
    noise = unary("noise", lambda x: (x + random.random(), 1.0))
    assert notice(show(noise(Value(1.0, "x")) * 2)) == OTHERS


def test_the_first_node_that_is_not_finite_is_told(show: Show) -> None:
    page = show(Value(2.0, "w") * exp(Value(1.0, "x")) + 1)
    write(page, "x", 1000.0)
    assert notice(page) == "v1 = exp(1000) is ∞, and with it L is no finite number."
    write(page, "x", 1.0)
    assert notice(page) == ""
    assert notice(show(Value(math.nan, "x") + 1)) == "x is nan, and with it L is no finite number."


# What is said of a node


def explained(page: Page) -> str:
    return text(page, "#explained")


def backward_steps(page: Page) -> list[str]:
    """Return what is said at each step of the backward pass, from its beginning."""
    told: list[str] = []
    while "backward begins" not in text(page, "#step-text"):
        press(page, ",")
        told.insert(0, explained(page))
    return told


def test_the_chain_rule_is_told_before_anything_is_selected(show: Show) -> None:
    page = show(neuron())
    assert text(page, "#explained-title") == "The chain rule"
    assert "its own grad times its local derivative, ∂v/∂o" in explained(page)
    press(page, "Home")
    assert explained(page) == "Only the numbers that were given are known."


def test_a_step_forward_shows_the_formula_and_its_numbers(show: Show) -> None:
    page = show(neuron())
    press(page, "Home", ".")
    assert "v1 = w·x\n\n= -3·2 = -6" in explained(page)
    assert "local derivative ∂v1/∂w = x = 2" in explained(page)
    assert "grad" not in explained(page)  # it is not known yet


def test_a_step_backward_shows_local_derivatives_products_and_sums(show: Show) -> None:
    page = show(neuron())
    press(page, ",")
    shown = explained(page)
    assert re.search(r"grad v1 = dy/dv1 = 0\.78644773296\d+", shown)
    assert "local derivative ∂v1/∂w = x = 2" in shown and "local derivative ∂v1/∂x = w = -3" in shown
    assert "grad v1 · ∂v1/∂w = 0.786448 · 2 ≈ 1.5729" in shown
    assert "grad v1 · ∂v1/∂x = 0.786448 · (-3) ≈ -2.35934" in shown
    assert "added to grad w: 0 + 1.5729 = 1.5729" in shown
    assert "added to grad x: 0 + (-2.35934) = -2.35934" in shown


def test_a_gradient_is_the_sum_of_what_arrives_from_every_use(show: Show) -> None:
    x = Value(3.0, "x")
    seed, last, first = backward_steps(show(x * x + x))
    assert "grad L = dL/dL = 1" in seed
    assert re.findall(r"added to grad (\w+: .*)", last) == ["v1: 0 + 1 = 1", "x: 0 + 1 = 1"]
    assert re.findall(r"added to grad (\w+: .*)", first) == ["x: 1 + 3 = 4", "x: 4 + 3 = 7"]
    assert "grad v1 = dL/dv1 = 1" in first


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(lambda x: x * x + x, id="x*x + x"),
        pytest.param(lambda x: tanh(x * 2) * x, id="tanh(2*x)*x"),
        pytest.param(lambda x: x / x * 2, id="x/x*2"),
    ],
)
def test_no_symbol_stands_for_two_numbers_in_one_step(show: Show, value: Callable[[Value], Value]) -> None:
    page = show(value(Value(3.0, "x")))
    for step in backward_steps(page):
        numbers_of: dict[str, set[str]] = {}
        for line in step.splitlines():
            symbols = r"(?:^|derivative )(grad \w+|∂\w+/∂[\w(][^=]*?)"
            for symbol, x in re.findall(rf"{symbols} = [^·]*?(?:[^·]* [=≈] )?(\S+)$", line):
                numbers_of.setdefault(symbol, set()).add(x)
            if line.startswith("grad ") and " · " in line:
                factors, written, _ = (side.split(" · ") for side in re.split(" [=≈] ", line))
                for symbol, x in zip(factors, written, strict=True):
                    numbers_of.setdefault(symbol, set()).add(x.strip("()"))
        rounded = {symbol: {f"{float(x):.6g}" for x in found} for symbol, found in numbers_of.items()}
        assert {symbol: found for symbol, found in rounded.items() if len(found) > 1} == {}


def parsed(numbers_written: str) -> float:
    """Return what a formula of numbers comes to, in floats."""
    python = numbers_written.replace("²", "**2").replace("^", "**").replace("·", "*")
    return float(eval(python, {"__builtins__": {}}, {"tanh": math.tanh, "exp": math.exp, "sqrt": math.sqrt}))


@pytest.mark.parametrize("w", [-3.0, 1 / 3, 1234567.0])
def test_only_what_is_written_whole_equals(show: Show, w: float) -> None:
    x = Value(w, "x")
    page = show(tanh(x * Value(2.0, "y")) * 0.5 + x**2 / 3)
    press(page, "Home")
    equal = about = 0
    while "everything" not in text(page, "#step-text"):
        press(page, ".")
        for line in re.sub(r"added to grad \w+: ", "= ", explained(page)).splitlines():
            for left, sign, right in re.findall(r"(?<=[=≈] )([^=≈]+) (?=([=≈]) ([^=≈]+))", line):
                if re.search(r"\b[vxyLba]\w*\b(?!\()|[∂…]|\bd\w+/d|grad", left.replace("tanh", "").replace("exp", "")):
                    continue
                a, b = parsed(left), parsed(right)
                assert math.isclose(a, b, rel_tol=2e-5, abs_tol=1e-5), line
                if sign == "=":
                    assert a == b or (len(right) <= 13 and f"{a:.6g}" == right), line
                equal, about = equal + (sign == "="), about + (sign == "≈")
    assert equal + about > 10


def test_paths_show_their_products_whose_sum_is_the_gradient(show: Show) -> None:
    x = Value(0.7, "x")
    y = tanh(x)
    value = y * y + x * 3 - sqrt(x) * y
    page = show(value)
    choose(page, item(page, "^x\\b"))
    listed = [line.replace("−", "-") for line in page.locator("#paths li").all_inner_texts()]
    found = sorted(float(re.split("[=≈]", line)[-1]) for line in listed)
    assert found == pytest.approx(sorted(paths_in_python(value, x)), rel=1e-5)
    gradient = numbers(page)[1][[n.label for n in graph_of(value).nodes].index("x")]
    assert sum(found) == pytest.approx(gradient, rel=1e-4)
    assert f"their sum, the gradient: {gradient:.6g}" in text(page, "#paths")


def paths_in_python(value: Value, leaf: Value) -> list[float]:
    """Return the products of the local derivatives along all paths from a leaf to the result."""
    if value is leaf:
        return [1.0]
    return [
        slope * product
        for operand, slope in zip(value.operands, value.local_derivatives, strict=True)
        if isinstance(operand, Value) and slope is not None
        for product in paths_in_python(operand, leaf)
    ]


def test_more_paths_than_can_be_listed_are_counted(show: Show) -> None:
    value = Value(1.0, "x")
    for _ in range(20):
        value = value * 0.5 + value * 0.5
    page = show(value)
    press(page, "0")
    choose(page, item(page, "^x\\b"))
    listed = page.locator("#paths li").count()
    told = re.search(r"and (\S+) more paths", text(page, "#paths"))
    assert listed < 10 and told and float(told[1]) == float(f"{2**20 - listed:.4g}")


def test_a_node_that_no_gradient_reaches_says_so(show: Show) -> None:
    page = show(where(Value(1.0) < 2, Value(2.0, "y"), Value(3.0, "z")) + 1)
    choose(page, item(page, "^z\\b"))
    assert "no path: the gradient is 0" in text(page, "#paths")


# Finite differences


def verdict(page: Page, name: str = "x") -> tuple[str, str]:
    """Return what the finite difference by a leaf says beside its slider, and in full where it is selected."""
    choose(page, item(page, f"^{name}\\b"))
    row = page.locator(".leaf-row", has=page.locator(".name", has_text=re.compile(f"^{name}$"))).locator(".under span")
    page.wait_for_function("e => /[≈≠]|told/.test(e.textContent)", arg=row.nth(1).element_handle())
    return row.nth(1).inner_text().replace("−", "-"), explained(page).splitlines()[-1]


@pytest.mark.parametrize("way", ["switch", "key"])
def test_a_switch_shows_finite_differences_beside_gradients(show: Show, way: str) -> None:
    page = show(neuron())
    page.get_by_label("finite differences").check() if way == "switch" else press(page, "c")
    page.wait_for_function("() => document.querySelectorAll('.agrees').length === 9")
    assert [node(page, name).locator(".difference").text_content() for name in "wx"] == ["≈ 1.573 ✓", "≈ −2.359 ✓"]
    assert page.locator("#leaves").inner_text().count("✓") == 3
    check_numbers(page, neuron())  # which they leave as they were
    page.get_by_label("finite differences").uncheck() if way == "switch" else press(page, "c")
    assert "≈" not in text(page, "body")


def test_smooth_networks_agree_with_their_finite_differences_everywhere(show: Show) -> None:
    page = show(*classifier())
    press(page, "c")
    told = page.locator("#picture .item:not(.constant) .difference")
    page.wait_for_function("all => all.every(e => e.textContent)", arg=told.element_handles())
    shown = told.all_text_contents()
    assert len(shown) > 15 and all("✓" in one for one in shown)


@pytest.mark.parametrize(
    ("kink", "below", "above"),
    [
        pytest.param(relu, "0", "1", id="relu"),
        pytest.param(abs, "-1", "1", id="abs"),
        pytest.param(lambda x: maximum(x, 2 * x), "1", "2", id="maximum"),
        pytest.param(lambda x: minimum(x, 0.0), "1", "0", id="minimum"),
        pytest.param(lambda x: leaky_relu(x) * 1e9, "1e+07", "1e+09", id="leaky_relu, steep"),
        pytest.param(lambda x: relu(x) * 1e-9, "0", "1e-09", id="relu, flat"),
    ],
)
def test_at_a_kink_the_slopes_on_both_sides_are_told(
    show: Show, kink: Callable[[Value], Value], below: str, above: str
) -> None:
    page = show(kink(Value(0.0, "x")))
    press(page, "c")
    short, whole = verdict(page)
    assert short.endswith(f"≠ kink: {below} | {above}")
    assert whole.endswith(f"≠ a kink: the slope is {below} below and {above} above")
    assert page.locator("#leaves .kink").count() == page.locator("#explained .kink").count() == 1
    write(page, "x", 1.0)
    for place in ("#leaves", "#explained"):
        page.locator(f"{place} .agrees").wait_for()


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(lambda x: abs(x + 2e-6), "differs", id="a kink nearby"),
        pytest.param(unary("wrong", lambda x: (x * x, x)), "differs", id="a wrong slope"),
        pytest.param(unary("wrong", lambda x: (x * x, x * 1.9999)), "differs", id="a slope a bit wrong"),
        pytest.param(lambda x: sqrt(x), "undecided", id="the end of a domain"),
        pytest.param(lambda x: x / 1000 + 1e8, "agrees", id="a small slope of a large number"),
        pytest.param(lambda x: tanh(x) * 1e12 + 1e12, "agrees", id="large numbers"),
        pytest.param(lambda x: tanh(x) * 1e-12, "agrees", id="small numbers"),
    ],
)
def test_finite_differences_are_judged_by_their_own_rounding(
    show: Show, value: Callable[[Value], Value], wanted: str
) -> None:
    page = show(value(Value(1.0 if "wrong" in str(value(Value(1.0)).operation) else 0.0, "x")))
    press(page, "c")
    short, whole = verdict(page)
    sign = {"agrees": "✓ agrees", "differs": "≠ differs: a kink nearby", "undecided": "cannot be told"}[wanted]
    assert sign in whole and sign.split()[0] in short
    assert page.locator(f"#explained .{wanted}").count() == 1


# Training


class Polynomial(Module):
    """w1**2 + w2**2 * x: a model with a least value."""

    def __init__(self) -> None:
        self.w1, self.w2 = Value(1.5, "w1"), Value(-0.5, "w2")

    def __call__(self, x: Any) -> Any:
        return self.w1**2 + self.w2**2 * x


def loss_and_model() -> tuple[Value, Polynomial]:
    model = Polynomial()
    return model(2.0), model


def parameters(page: Page) -> list[float]:
    data, _ = numbers(page)
    names = [n.label for n in graph_of(*loss_and_model()).nodes]
    return [data[names.index(name)] for name in ("w1", "w2")]


def trained(steps: int, rate: float, model: Any = None, loss: Callable[[Any], Value] = lambda m: m(2.0)) -> list[float]:
    """Return the parameters after so many steps of gradient descent in Python."""
    model = model or Polynomial()
    for _ in range(steps):
        for p in model.parameters():
            p.grad = 0.0
        loss(model).backward()
        SGD(rate).step(model.parameters())
    return [p.data for p in model.parameters()]


@pytest.mark.parametrize("way", ["button", "key"])
def test_steps_of_training_are_those_of_sgd(show: Show, way: str) -> None:
    page = show(*loss_and_model())
    press(page, "Home", ".", ".")  # training goes on from the numbers, not from the step
    for _ in range(7):
        click(page, "One step") if way == "button" else press(page, "t")
    assert same(parameters(page), trained(7, 0.1))
    assert "after 7 steps of 2 leaves" in text(page, "#training-note")


def test_a_run_of_training_is_that_of_sgd(show: Show) -> None:
    page = show(*loss_and_model())
    click(page, "Run")
    page.wait_for_function("() => /after [1-9]\\d+ steps/.test(document.getElementById('training-note').textContent)")
    click(page, "Stop")
    steps = int(re.search(r"after (\d+) steps", text(page, "#training-note"))[1])  # type: ignore[index]
    assert same(parameters(page), trained(steps, 0.1))


def test_the_learning_rate_is_that_of_the_slider(show: Show) -> None:
    page = show(*loss_and_model())
    page.get_by_role("slider", name="learning rate").fill("-2.5")
    press(page, "t", "t")
    assert same(parameters(page), trained(2, 10**-2.5))


def test_networks_are_trained_like_in_python(show: Show) -> None:
    value, model = large()
    page = show(value, model)
    press(page, "t", "t", "t")
    trained(3, 0.1, model, loss_of)
    check_numbers(page, loss_of(model), model)


def test_training_right_after_a_move_starts_from_what_was_moved(show: Show) -> None:
    page = show(*loss_and_model())
    move(page, {"w1": 4.0})
    page.evaluate("() => document.getElementById('train-step').click()")
    model = Polynomial()
    model.w1.data = 4.0
    assert same(parameters(page), trained(1, 0.1, model))


def test_only_leaves_that_are_ticked_are_trained(show: Show) -> None:
    page = show(*loss_and_model())
    page.get_by_role("checkbox", name="train w1").uncheck()
    press(page, "t")
    assert same(parameters(page), [1.5, trained(1, 0.1)[1]])


def test_without_a_model_leaves_can_be_ticked(show: Show) -> None:
    page = show(neuron())
    assert not page.get_by_role("button", name="One step", exact=True).is_visible()
    page.get_by_role("checkbox", name="train w").check()
    click(page, "One step")
    assert same([weight(page)], [-3 - 0.1 * 2 * SLOPE])


# Speed, with room for a busy machine; oracles/page_speed.py has the bars


@pytest.mark.parametrize("name", ["neuron", "network of 1,000", "expression of 1,000", "network of 10,000"])
def test_large_graphs_open_and_follow_the_slider_in_time(chromium: Browser, tmp_path: Path, name: str) -> None:
    from oracles.page_speed import GRAPHS, measure

    speed = measure(chromium, *GRAPHS[name](), tmp_path / "page.html", seconds=0.3)
    assert speed.opening < 6
    assert min(speed.rates()) > 15
