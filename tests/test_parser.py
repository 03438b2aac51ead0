"""Expressions in text are read as Python would compute them, and anything else is refused with its column."""

from __future__ import annotations

import pickle
import random
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import fuzz

import micrograd_like
from micrograd_like import MLP, Value, check_gradients, compile, grad  # noqa: A004 - what it does has this name
from micrograd_like.compiler.expr import INPUT, PARAMETER, Tape
from micrograd_like.errors import ExpressionError
from micrograd_like.lexer import DEEPEST
from micrograd_like.parser import ALLOWED, LONGEST, parse
from micrograd_like.steps import STEPS

AT = {"x": 0.5, "y": -2.0, "w": 3.0, "变量": 1.0}


def refused(text: str, at: dict[str, Any] = AT) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(text).at(at)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "1 + 2*x - y/4", "-x**2", "(-x)**2", "2**-x", "x**w**2", "w - y - x", "w/y/x", "- -x + +y", "x*-y", ".5*x + 1.",
        "1e-3*x + 2E2", "  x  ", "abs(y)", "((x))*(y)", "+x",
    ],
)  # fmt: skip
def test_arithmetic_is_that_of_python(text: str) -> None:
    assert parse(text).at(AT) == eval(text.strip(), {**AT})


def test_operators_record_what_the_engine_records() -> None:
    leaves = {name: Value(x) for name, x in AT.items()}
    y = parse("w*x + y/2").at(leaves)
    y.backward()
    assert [leaves[name].grad for name in ("x", "y", "w")] == [3.0, 0.5, 0.5]


@pytest.mark.parametrize("name", sorted(name for name, (_, lists) in ALLOWED.items() if not lists and name != "abs"))
def test_functions_are_those_of_the_package(name: str) -> None:
    names = ["x", "y"] if name in ("maximum", "minimum") else ["x"]
    assert parse(f"{name}({', '.join(names)})").at(AT) == getattr(micrograd_like, name)(*[AT[v] for v in names])


def test_every_operator_of_the_package_can_be_written() -> None:
    assert {*ALLOWED, "where"} == {name for name in STEPS if name.isidentifier()}


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("leaky_relu(y, 0.25)", lambda x, y, w, **_: micrograd_like.leaky_relu(y, 0.25)),
        ("leaky_relu(y, sqrt(0.25)/2)", lambda x, y, w, **_: micrograd_like.leaky_relu(y, 0.25)),
        ("dot([x, 2], [y, w])", lambda x, y, w, **_: micrograd_like.dot([x, 2], [y, w])),
        ("dot([x, y], [1, w], w)", lambda x, y, w, **_: micrograd_like.dot([x, y], [1, w], w)),
        ("total([x, y, 1])", lambda x, y, w, **_: micrograd_like.total([x, y, 1])),
        ("logsumexp([x, y, w])", lambda x, y, w, **_: micrograd_like.logsumexp([x, y, w])),
        ("softmax([x, y, w])[0]", lambda x, y, w, **_: micrograd_like.softmax([x, y, w])[0]),
        ("softmax([x, y, w])[-3]", lambda x, y, w, **_: micrograd_like.softmax([x, y, w])[0]),
        ("log_softmax([x, y, w])[-1]", lambda x, y, w, **_: micrograd_like.log_softmax([x, y, w])[-1]),
    ],
)
def test_lists_are_arguments_of_the_functions_of_sequences(text: str, function: Any) -> None:
    assert parse(text).at(AT) == function(**AT)


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("x", [1.0, 2.0, 3.0])
def test_where_chooses_by_any_comparison(sign: str, x: float) -> None:
    value = Value(x)
    y = parse(f"where(x {sign} 2, 3*x, -x)").at({"x": value})
    y.backward()
    holds = eval(f"{x} {sign} 2")
    assert (y.data, value.grad) == ((3 * x, 3) if holds else (-x, -1))


def test_condition_of_where_is_in_the_graph() -> None:
    leaves = {name: Value(x, name) for name, x in {"a": 1, "b": 2, "p": 3, "q": 4}.items()}
    y = parse("where(a < b, p, q)").at(leaves)
    assert y.operation == "where"
    assert y.operands == tuple(leaves.values())
    assert y.local_derivatives == (None, None, 1, None)


def test_where_of_plain_numbers_is_one() -> None:
    assert parse("where(1 < 2, 3, 4)").at({}) == 3.0


def test_where_can_be_differentiated_twice() -> None:
    f = parse("where(x < 0, x**2, x**3)")
    second = grad(grad(lambda x: f.at({"x": x})))
    assert (second(-1.0), second(2.0)) == (2.0, 12.0)


def test_where_chooses_anew_in_a_compiled_program() -> None:
    f, w = parse("where(x < w, x*w, x)"), Value(1.0, "w")
    step = compile(lambda x: f.at({"x": x, "w": w}), [w], target="python")
    assert step.value_and_gradient([[0.5], [3.0]], each=True) == ([0.5, 3.0], [(0.5,), (0.0,)])


def test_symbols_are_recorded() -> None:
    tape = Tape()
    y = parse("tanh(w*x)").at({"w": tape.leaf(PARAMETER, "w"), "x": tape.leaf(INPUT, "x")})
    assert tape.text(y) == "tanh((w * x))"


def test_names_are_in_the_order_of_their_first_appearance() -> None:
    assert parse("where(z >= b, a**c, b) + tanh(a)").names == ("z", "b", "a", "c")
    assert parse("where(x > y + x, 1, 2)").names == ("x", "y")


def test_names_are_normalized_as_those_of_python() -> None:
    assert parse("ﬁ + σ + 变量").names == ("fi", "σ", "变量")


def test_zeros_that_python_reads_are_read() -> None:
    assert parse("00 + 0 + 007.5 + 1e05 + 100").at({}) == 100107.5


def test_line_breaks_and_tabs_are_blanks() -> None:
    assert parse("\tx\n+\ty\r\n").at(AT) == -1.5


def test_a_long_sum_is_not_deep() -> None:
    terms = LONGEST // 2
    assert parse("+".join(["x"] * terms)).at(AT) == terms / 2


def test_the_gradient_of_an_expression_is_right() -> None:
    f = parse("softmax([w*x, y, 1])[0] * gelu(maximum(x, y)) - logsumexp([x, y]) ** 2")
    check_gradients(lambda **numbers: f.at(numbers), AT).raise_if_failed()


def test_a_model_can_be_used_with_an_expression() -> None:
    model = MLP(2, [2, 1])
    y = parse("(out - 1)**2").at({"out": model([1.0, 2.0])})
    y.backward()
    assert any(p.grad for p in model.parameters())


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("x.data", 1, "nothing has attributes here"),
        ("x.__class__", 1, "nothing has attributes here"),
        ("().__class__", 2, "nothing has attributes here"),
        ("open('f')", 5, "' has no place here"),
        ("__import__(x)", 0, "__import__ is not a function here"),
        ("eval(x)", 0, "eval is not a function here"),
        ("[x for x in y]", 3, "for has no place here"),
        ("(lambda: x)()", 1, "lambda has no place here"),
        ("x if y else w", 2, "choose by where"),
        ("x < 1 and y < 1", 6, "nest where"),
        ("True", 0, "True has no place here"),
        ("𝐓rue", 0, "𝐓rue has no place here"),
        ("f'{x}'", 1, "' has no place here"),
        ("x := 1", 2, ": has no place here"),
        ("tanh(x=1)", 6, "= has no place here"),
        ("x == y", 2, "compare by < <= > >="),
        ("x^2", 1, r"for a power write \*\*"),
        ("x²", 1, r"for a power write \*\*2"),
        ("x·y", 1, r"for a product write \*"),
        ("x − y", 2, "for minus write -"),
        ("x // y", 3, "missing before this"),
        ("x % y", 2, "% has no place here"),
        ("x @ y", 2, "@ has no place here"),
        ("~x", 0, "~ has no place here"),
        ("x; y", 1, "; has no place here"),
        ("x\0", 1, r"'\\x00' has no place here"),
        ("\ud800", 0, r"'\\ud800' has no place here"),
        ("|x|", 0, r"for an absolute value write abs\(x\)"),
        ("1 + sin x", 8, r"a bracket is missing before this: write sin\(…\)"),
        ("where 2", 6, r"write where\(…\)"),
        ("2x", 1, r"a sign is missing before this: for a product write \*"),
        ("x y", 2, "a sign is missing"),
        ("(x)(y)", 3, "a sign is missing"),
        ("2(x)", 1, "a sign is missing"),
        ("1j", 1, "a sign is missing"),
        ("0x1f", 1, "a sign is missing"),
        ("1_000", 1, "a sign is missing"),
        ("x +", 3, "missing at the end"),
        ("x + * y", 4, "missing before this"),
        ("tanh(*x)", 5, "missing before this"),
        ("dot(**x)", 4, "missing before this"),
        ("(x + )", 5, "missing before this"),
        ("", 0, "the expression is empty"),
        ("  ", 0, "the expression is empty"),
        ("(x", 0, "never closed"),
        ("x)", 1, "unmatched"),
        ("x + 007", 4, "an integer has no 0 in front: write 7"),
        ("()", 0, "a comma stands between"),
        ("x, y", 0, "a comma stands between"),
        ("x < y", 0, r"in where\(a < b, p, q\) only"),
        ("1 + [x]", 4, "a list stands in"),
        ("x[0]", 0, "one of a list is chosen of softmax"),
        ("total([x])[0]", 0, "one of a list is chosen of softmax"),
        ("total([[x]])", 7, "a list stands in"),
        ("softmax([x, y])", 0, r"choose one of it, such as softmax\(\[a, b\]\)\[0\]"),
        ("softmax([x, y])[2]", 16, "from 0 to 1"),
        ("softmax([x, y])[-3]", 16, "from 0 to 1"),
        ("softmax([x, y])[x]", 16, "from 0 to 1"),
        ("softmax([x, y])[0.0]", 16, "from 0 to 1"),
        ("total(x)", 6, r"takes a list of numbers here, such as \[a, b\]"),
        ("total([])", 6, "takes a list of numbers here"),
        ("dot([x], [x, y])", 0, "lists of the same length, not 1 and 2"),
        ("tanh", 0, "tanh is a function: write tanh"),
        ("1 + tahn(x)", 4, "did you mean tanh"),
        ("foo(x)", 0, "there are abs, cos"),
        ("x(x + 1)", 0, r"for a product write x\*\(…\)"),
        ("1 + w1(x)", 4, r"for a product write w1\*\(…\)"),
        ("ex(x)", 0, r"did you mean exp\?"),
        ("ln(x)", 0, r"write log\(x\)"),
        ("sum([x, y])", 0, r"write total\(\[a, b\]\)"),
        ("1/tan(x)", 2, r"write sin\(x\)/cos\(x\)"),
        ("变量 + tahn(x)", 5, "did you mean tanh"),
        (" \t x + tahn(x)", 7, "did you mean tanh"),
        ("变量 / (x - x)", 3, "division by zero"),
        (" 变量 + (x", 6, "never closed"),
        ("tanh()", 0, r"tanh takes 1 argument, not 0: tanh\(x\)"),
        ("maximum(x)", 0, "maximum takes 2 arguments, not 1"),
        ("leaky_relu(x, 1, 2)", 0, "leaky_relu takes 1 or 2 arguments, not 3"),
        ("leaky_relu(x, 2*y)", 14, "cannot depend on variables"),
        ("where(x, 1, 2)", 0, r"where\(a < b, p, q\)"),
        ("where(x < y < w, 1, 2)", 0, r"where\(a < b, p, q\)"),
        ("where(x < y, 1)", 0, r"where\(a < b, p, q\)"),
        ("1e999", 0, "too large for a float"),
        ("9" * 400, 0, "too large for a float"),
        ("9**9**9**9", 4, "too large for a float"),
        ("1 + 1e308*10", 9, "too large for a float"),
        ("x + z", 4, "z has no number: give it one, such as z=0.5"),
        ("2*pi*x", 2, "such as pi=3.141592653589793$"),
        ("e**x", 0, r"such as e=2.718281828459045 \(or write exp\(x\) for e\*\*x\)"),
        ("1 + log(y)", 4, r"log\(-2.0\): a number above 0 is wanted"),
        ("w/(x - x)", 1, r"\(3.0\) / \(0.0\): division by zero"),
        ("(x)/(x - x)", 3, "division by zero"),
        ("y**x", 1, "the result is complex"),
        ("exp(1000*w)", 0, "too large for a float"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_column(text: str, column: int, reason: str) -> None:
    error = refused(text)
    assert error.column == column
    assert re.search(reason, error.reason)


@pytest.mark.parametrize(
    "text", [f"{'(' * (DEEPEST + 1)}x{')' * (DEEPEST + 1)}", "**".join(["x"] * 200), "-" * 200 + "x", "-" * 3999 + "x"]
)
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    assert "nested" in refused(text).reason


def test_what_is_nested_to_the_limit_is_computed() -> None:
    assert parse(f"{'(' * DEEPEST}x{')' * DEEPEST}").at(AT) == 0.5
    assert parse("-" * (DEEPEST - 1) + "x").at(AT) == -0.5
    assert refused("-" * DEEPEST + "x").column == DEEPEST


def test_what_is_too_long_is_refused() -> None:
    assert refused("x" * (LONGEST + 1)).column == LONGEST


def test_errors_of_values_name_them() -> None:
    with pytest.raises(ExpressionError, match=r"log\(x = -1.0\): a number above 0 is wanted"):
        parse("log(x)").at({"x": Value(-1.0, "x")})


@pytest.mark.parametrize(
    ("text", "mark"),
    [("变量 + z", 7), ("e\u0301 + z", 4), ("\tx + z", 5), ("x" * 90 + " + z" + " + x" * 50, 61), ("x\u200b + z", 1)],
)
def test_mark_stands_below_what_is_wrong(text: str, mark: int) -> None:
    """A Chinese character is as wide as two others, and an accent has no width."""
    error = refused(text, {"x": 1.0, "变量": 1.0, "é": 1.0, "x" * 90: 1.0})
    assert str(error).splitlines()[2] == f"  {' ' * mark}^"


def test_lines_around_the_mark_are_cut() -> None:
    assert max(map(len, str(refused("x + " * 400 + "z" + " + x" * 400)).splitlines())) < 120


def test_the_mark_stands_at_the_end_for_what_is_missing_there() -> None:
    assert str(refused("x +")).splitlines()[1:] == ["  x +", "     ^"]


def test_an_error_can_be_pickled() -> None:
    error = refused("x + z")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_value_of_no_variable_is_not_asked_for() -> None:
    assert parse("x").at({"x": 1, "other": None}) == 1.0


PIECES = [
    *ALLOWED, *"+-*/<>()[],.=:'\"\\ \n\t\0{}#^²", "**", "where(", "<=", "])[0]", "x", "y", "0", "1", "0.5", "1e308",
    "9" * 30, "lambda", "for", "in", "if", "else", "True", "__class__", "𝐓rue", "变量", "(" * 90, "-" * 120, "[" * 90,
    "+x" * 99,
]  # fmt: skip


TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join)


@given(TEXTS | st.text())
def test_any_text_ends_as_a_number_or_as_the_one_error(text: str) -> None:
    began = time.perf_counter()
    assert fuzz.outcome(text) in ("number", "ExpressionError")
    assert time.perf_counter() - began < 5


def test_the_fuzz_run_counts_what_texts_end_as() -> None:
    rng, run = random.Random(1), fuzz.Fuzz()
    for _ in range(2000):
        run.attempt(fuzz.spoilt(fuzz.drawn(rng), rng))
    assert not run.failed
    assert run.ends["number"] > 200
    assert run.ends["number"] + run.ends["ExpressionError"] == 2000


def test_the_fuzz_run_shows_any_other_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzz, "parse", lambda text: 1 / 0)
    run = fuzz.Fuzz()
    run.attempt("x+1")
    assert run.failed
    assert capsys.readouterr().out.startswith("'x+1': Traceback")
