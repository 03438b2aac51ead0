"""Recording: symbols go through the engine unchanged, and a program is exactly what they left on the tape."""

from __future__ import annotations

import gc
import math
import operator
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import (
    MLP,
    Value,
    dot,
    exp,
    grad,
    log,
    maximum,
    relu,
    sigmoid,
    softmax,
    sqrt,
    tanh,
    total,
    where,
)
from micrograd_like.compiler.expr import INPUT, ONE, OPERATIONS, PARAMETER, ZERO, Expr, Tape
from micrograd_like.compiler.ieee import evaluate
from micrograd_like.compiler.program import Program, identifiers
from micrograd_like.compiler.python import Kernel, source
from micrograd_like.compiler.recording import input_names, record

Function = Callable[..., Any]


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def x(tape: Tape) -> Expr:
    return tape.leaf(INPUT, "x")


@pytest.fixture
def y(tape: Tape) -> Expr:
    return tape.leaf(INPUT, "y")


WEIGHT = Value(2.0)


def size(tape: Tape) -> int:
    return len(tape.operation)


def written(program: Program) -> list[str]:
    """Return the lines of a program's body."""
    return [line.strip() for line in str(program).splitlines()[1:]]


# What vanishes


@pytest.mark.parametrize(
    "apply",
    [
        lambda x: x * 1,
        lambda x: 1 * x,
        lambda x: x * 1.0,
        lambda x: 1.0 * x,
        lambda x: x + 0,
        lambda x: 0 + x,
        lambda x: x + 0.0,
        lambda x: 0.0 + x,
        lambda x: x - 0,
        lambda x: x / 1,
        lambda x: x**1,
        lambda x: +x,
        lambda x: -(0 - x),
        lambda x: -1 * (x * -1),
        lambda x: 0 - (0 - x),
        lambda x: (x > 0).where(x, x),
    ],
)
def test_what_changes_nothing_leaves_nothing_on_the_tape(tape: Tape, x: Expr, apply: Function) -> None:
    assert apply(x).index == x.index
    assert {OPERATIONS[code] for code in tape.operation} <= {"constant", "input", "negative"}


def expression(tape: Tape, index: int) -> Expr:
    found = Expr()
    found.tape, found.index = tape, index
    return found


@pytest.mark.parametrize("exponent", [0, 0.0])
def test_the_power_of_0_is_1(x: Expr, exponent: float) -> None:
    assert x**exponent == 1.0


@pytest.mark.parametrize("zero", [0, 0.0])
def test_a_product_with_0_stays_because_the_other_may_be_infinite(tape: Tape, x: Expr, zero: float) -> None:
    assert tape.text(x * zero) == "(x * 0.0)"


def test_minus_0_is_not_0(tape: Tape, x: Expr) -> None:
    assert tape.text(x + -0.0) == "(x + -0.0)"
    assert tape.constant(-0.0) != tape.constant(0.0) == ZERO


@pytest.mark.parametrize("n", [2, -3.5, math.inf, 1e-320, 10**20, True])
def test_a_constant_stands_once(tape: Tape, n: float) -> None:
    index = tape.constant(n)
    assert tape.constant(float(n)) == index and tape.numbers[tape.first[index]] == float(n)


def test_nan_stands_once(tape: Tape) -> None:
    assert tape.constant(math.nan) == tape.constant(-math.nan)


def test_constants_fold() -> None:
    w = Value(2.0, "w")
    program = record(lambda x: (2 * Value(3.0) + exp(Value(0.0))) * x * w, [w])
    assert written(program) == ["v1 = 7.0*x", "loss = w*v1", "d_w = v1"]


# What is found to be the same


@pytest.mark.parametrize(
    "apply",
    [
        lambda x, y: x + y,
        lambda x, y: x * y,
        lambda x, y: x - y,
        lambda x, y: x / y,
        lambda x, y: x**y,
        lambda x, y: 2 / x,
        lambda x, y: 2**x,
        lambda x, y: x.tanh(),
        lambda x, y: abs(x),
        lambda x, y: (x <= y).where(x, 2.0),
        lambda x, y: (x > y).where(x, 2.0),
        lambda x, y: Expr.sum_of_products([x, y], [y, 2.0], 0.5),
    ],
)
def test_the_same_is_recorded_once(tape: Tape, x: Expr, y: Expr, apply: Function) -> None:
    first, before = apply(x, y), size(tape)
    assert apply(x, y).index == first.index and size(tape) == before


def test_a_loss_written_twice_has_the_statements_of_one() -> None:
    w = Value(0.5)
    once, twice = (record(lambda x, n=n: total([tanh(w * x)] * n), [w], 1) for n in (1, 2))
    assert [s.operation for s in twice.statements].count("tanh") == 1
    assert len(once.statements) + 2 >= len(twice.statements)


@pytest.mark.parametrize("other", [1, -1, 2.5, True, np.float64(3.0)])
@pytest.mark.parametrize("operate", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
def test_plain_numbers_stand_on_both_sides(tape: Tape, x: Expr, operate: Function, other: float) -> None:
    for first, second in ((x, other), (other, x)):
        found = operate(first, second)
        program = Program(tape, [found.index], ["x"], [], ["y"])
        judge = operate(*[3.0 if a is x else float(other) for a in (first, second)])
        assert evaluate(program, [3.0], []) == [judge]


@pytest.mark.parametrize("scalar", [np.float64(3), np.float32(3), np.int64(3), np.array(3.0)])
def test_numpy_scalars_meet_symbols(tape: Tape, x: Expr, scalar: Any) -> None:
    assert tape.text(scalar * x) == "(3.0 * x)"


# What flows where nothing flows


@pytest.mark.parametrize(
    ("loss", "at"),
    [
        (lambda w, x: relu(w - 1) * sqrt(x), 1.0),
        (lambda w, x: sqrt(relu(w * x)), 0.0),
        (lambda w, x: log(relu(w * x) + 1e-320), -1.0),
        (lambda w, x: relu(-sqrt(w * x)), 0.0),
        (lambda w, x: where(w * x > 0, sqrt(maximum(w * x, 0)), 0.5 * w), -1.0),
    ],
)
def test_no_gradient_flows_through_a_branch_not_taken_be_it_infinite(loss: Function, at: float) -> None:
    w = Value(1.0)
    program = record(lambda x: loss(w, x), [w])
    assert not math.isnan(evaluate(program, [at], [1.0])[1])


# What is refused


CHOICES: list[Function] = [
    lambda x: 1 if x > 0 else 0,
    lambda x: max(x, 0),
    lambda x: min([x, 1]),
    lambda x: x > 0 and x,
    lambda x: not x,
    bool,
    lambda x: x == 1,
    lambda x: x != 1,
    lambda x: x in [1.0, 2.0],
    lambda x: sorted([x, x * 2]),
    lambda x: np.maximum(x, 0.0),
    lambda x: 0 <= x <= 1,
]


@pytest.mark.parametrize("choose", CHOICES)
def test_a_choice_by_a_symbol_is_refused_with_what_to_use(x: Expr, choose: Function) -> None:
    with pytest.raises(TypeError, match=r"where\("):
        choose(x)


@pytest.mark.parametrize("convert", [float, int, complex, operator.index, round, math.trunc, math.exp, math.floor])
def test_a_symbol_is_no_float_and_the_error_says_what_to_use(x: Expr, convert: Function) -> None:
    with pytest.raises(TypeError, match="use this package's functions"):
        convert(x)


def test_a_symbol_in_a_range_or_as_a_position_is_refused(x: Expr) -> None:
    for use in (lambda: range(x), lambda: [1, 2][x]):
        with pytest.raises(TypeError, match="use this package's functions"):
            use()


def test_a_symbol_cannot_be_a_key(x: Expr) -> None:
    with pytest.raises(TypeError, match=r"unhashable|traced"):
        {x: 1}  # noqa: B018


@pytest.mark.parametrize("combine", [operator.and_, operator.or_])
def test_conditions_do_not_combine(x: Expr, combine: Function) -> None:
    with pytest.raises(TypeError, match="nest where"):
        combine(x > 0, x < 1)
    with pytest.raises(TypeError, match="nest where"):
        operator.invert(x > 0)


@pytest.mark.parametrize("other", ["a", None, [1.0], 1j])
@pytest.mark.parametrize("operate", [operator.add, operator.mul, operator.le, operator.pow])
def test_what_is_no_number_is_refused(x: Expr, operate: Function, other: Any) -> None:
    with pytest.raises(TypeError):
        operate(x, other)
    with pytest.raises(TypeError):
        operate(other, x)


@pytest.mark.parametrize("operate", [operator.add, operator.sub, operator.mul, operator.truediv, operator.lt])
def test_two_tapes_do_not_mix(x: Expr, operate: Function) -> None:
    other = Tape().leaf(INPUT, "other")
    with pytest.raises(ValueError, match="two recordings meet"):
        operate(x, other)


def test_a_number_kept_from_another_recording_is_refused() -> None:
    w, kept = Value(1.0), []

    def loss(x: Any) -> Any:
        kept.append(x)
        return w * kept[0]

    record(loss, [w])
    with pytest.raises(ValueError, match="two recordings meet"):
        record(loss, [w])


# Recording


def test_recording_leaves_parameters_as_they_were() -> None:
    w = Value(0.5, "w")
    w.grad = 3.0
    record(lambda x: tanh(w * x), [w])
    assert repr(w) == "Value(data=0.5, grad=3.0, label='w')"


@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), KeyboardInterrupt()])
def test_an_error_in_the_loss_passes_and_leaves_parameters_as_they_were(error: BaseException) -> None:
    w = Value(0.5)
    w.grad = 3.0

    def loss(x: Any) -> Any:
        w.grad = 7.0
        raise error

    with pytest.raises(type(error)):
        record(loss, [w])
    assert (w.data, w.grad) == (0.5, 3.0)


def test_the_garbage_collector_goes_on_after_recording() -> None:
    w = Value(0.5)
    record(lambda x: w * x, [w])
    assert gc.isenabled()
    gc.disable()
    try:
        record(lambda x: w * x, [w])
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_loss_is_one_of_a_parameter_alone() -> None:
    w = Value(0.5, "w")
    assert evaluate(record(lambda x: w, [w]), [3.0], [2.0]) == [2.0, 1.0]


def test_values_made_inside_the_loss_are_constants() -> None:
    w = Value(0.5, "w")
    assert evaluate(record(lambda x: Value(2.0) * w * x, [w]), [3.0], [0.5]) == [3.0, 6.0]


def test_data_read_inside_the_loss_follows_the_parameter_but_has_no_gradient() -> None:
    w, v = Value(0.5), Value(3.0)
    assert evaluate(record(lambda x: w * x * v.data, [w, v]), [1.0], [0.5, 5.0]) == [2.5, 5.0, 0.0]


RETURNED: list[tuple[Any, str]] = [
    (3, "returned 3, which depends on none"),
    (2.5, "returned 2.5, which depends on none"),
    (None, "returned None"),
    ([Value(1.0)], "returned a list"),
    ((Value(1.0),), "returned a tuple"),
    ("loss", "returned 'loss'"),
]


@pytest.mark.parametrize(("returned", "message"), RETURNED)
def test_a_loss_that_returns_no_value_is_refused(returned: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"is to return one Value, .*{message}"):
        record(lambda x: returned, [Value(1.0)])


def test_a_loss_of_inputs_alone_is_refused() -> None:
    with pytest.raises(TypeError, match="depends on none of the parameters"):
        record(lambda x: 2 * x, [Value(1.0)])


def test_a_loss_that_uses_leaves_that_are_no_parameters_is_refused_by_their_labels() -> None:
    w, b, c = Value(1.0), Value(2.0, "bias"), Value(3.0, "also")
    with pytest.raises(ValueError, match=r"the loss uses 2 leaves \(also, bias\) that are not among the parameters"):
        record(lambda x: w * x + b * c, [w])


def test_of_many_leaves_that_are_no_parameters_a_few_are_named() -> None:
    model = MLP(3, [4, 1])
    with pytest.raises(ValueError, match=r"the loss uses 17 leaves \(b, w0, w1, …\) that are not among"):
        record(lambda *x: model(x), model.parameters()[:4], 3)


@pytest.mark.parametrize("draw", [random.random, iter(range(9)).__next__])
def test_a_loss_that_draws_or_counts_is_refused(draw: Function) -> None:
    w = Value(1.0)
    with pytest.raises(ValueError, match="computes something else each time"):
        record(lambda x: w * x * draw(), [w])


def test_a_loss_whose_graph_depends_on_how_often_it_was_called_is_refused() -> None:
    w, calls = Value(1.0), iter(range(9))
    with pytest.raises(ValueError, match="computes something else each time"):
        record(lambda x: tanh(w * x) if next(calls) % 2 else w * x, [w])


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ([], ValueError, "no parameters"),
        (None, TypeError, "a list of Values"),
        (3.0, TypeError, "a list of Values"),
        (Value(1.0), TypeError, "a list of Values"),
        ([1.0], TypeError, "are Values"),
        ("w", TypeError, "are Values"),
        ([Value(1.0) * 2], ValueError, "a parameter is a leaf, not the result of '\\*'"),
        ([WEIGHT, WEIGHT], ValueError, "given twice"),
        ([Value(np.ones(2))], TypeError, "computes with floats, not ndarray"),
    ],
)
def test_what_are_no_parameters_is_refused(parameters: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        record(lambda x: WEIGHT * x, parameters)


# The names of inputs


@pytest.mark.parametrize(
    ("loss", "inputs", "names"),
    [
        (lambda x, y: x, None, ["x", "y"]),
        (lambda x, y=2: x, None, ["x"]),
        (lambda *x: x, 3, ["x1", "x2", "x3"]),
        (lambda *x: x, ["spot", "strike"], ["spot", "strike"]),
        (lambda *x: x, ("spot",), ["spot"]),
        (lambda *x: x, np.int64(2), ["x1", "x2"]),
    ],
)
def test_inputs_have_the_names_given_or_those_of_the_arguments(loss: Function, inputs: Any, names: list[str]) -> None:
    assert input_names(loss, inputs) == names


@pytest.mark.parametrize("inputs", [0, -1, 2.5, True, "ab", [], ["a", "a"], ("x", "y", "x")])
def test_inputs_that_are_no_names_and_no_number_are_refused(inputs: Any) -> None:
    with pytest.raises(ValueError, match="inputs"):
        input_names(lambda *x: x, inputs)


@pytest.mark.parametrize("loss", [lambda *x: x, lambda: 1, lambda *, x: x, lambda **x: x, max, print])
def test_a_loss_that_does_not_say_how_many_inputs_it_takes_is_refused(loss: Function) -> None:
    with pytest.raises(TypeError, match="inputs=3"):
        input_names(loss, None)


@pytest.mark.parametrize("loss", [3, None, "loss", Value(1.0)])
def test_a_loss_that_is_no_function_is_refused(loss: Any) -> None:
    with pytest.raises(TypeError, match="the loss is a function"):
        input_names(loss, 1)


@pytest.mark.parametrize(
    "label",
    [
        "class", "None", "a b", "", "1x", "__import__('os')", "x\n    import os\n", "exp", "tanh", "pow", "sum",
        "where<", "loss", "d_w", "_found", "_rows", "rows", "run", "inf", "nan", "parameters", "x", "v1", "p0", "ﬁ",
        "ℌ", "ª", "x0", "lambda", "print", "range", "__builtins__", "sample", "abs", "erf", "µ",
    ],
)  # fmt: skip
def test_no_label_and_no_input_becomes_code(label: str) -> None:
    w, b = Value(0.5, label), Value(0.25, "w")
    loss = lambda x, y: exp(w * x) + (1 + b * y) ** 1.5  # noqa: E731
    expected = [evaluate(record(loss, [w, b], 2), [0.75, 0.5], [0.5, 0.25])]
    assert list(map(list, Kernel(record(loss, [w, b])).each([[0.75, 0.5]], [0.5, 0.25]))) == expected
    program = record(loss, [w, b], [label or "empty", "w"])
    assert list(map(list, Kernel(program).each([[0.75, 0.5]], [0.5, 0.25]))) == expected
    assert Kernel(program).sums([[0.75, 0.5]], [0.5, 0.25]) == expected[0]
    for each in (True, False):
        assert "import" not in source(program, each)


@given(st.lists(st.text(max_size=8), unique=True, max_size=4), st.sampled_from(["x", "p"]))
@settings(deadline=None, max_examples=300)
def test_identifiers_are_different_names_that_python_keeps(labels: list[str], prefix: str) -> None:
    names = identifiers(labels, prefix, ["p0", "x1"])
    scope: dict[str, Any] = {}
    exec("\n".join(f"{name} = {i}" for i, name in enumerate(names)), scope)
    assert [scope[name] for name in names] == list(range(len(labels)))
    assert not {"p0", "x1"} & set(names)


def test_labels_that_python_reads_as_one_are_numbered() -> None:
    assert identifiers(["fi", "ﬁ"], "p") == ["p0", "p1"]


def test_numbers_step_aside_for_what_is_taken() -> None:
    assert identifiers(["a", "a"], "p", ["p1", "p_0"]) == ["p__0", "p__1"]


# Programs


def test_a_neuron_reads_as_one_would_write_it() -> None:
    w1, w2, b = Value(0.5, "w1"), Value(-0.25, "w2"), Value(0.1, "b")
    program = record(lambda x1, x2, y: (sigmoid(dot([w1, w2], [x1, x2], b)) - y) ** 2, [w1, w2, b])
    assert str(program) == NEURON


NEURON = """\
def sample(x1, x2, y):  # parameters: w1, w2, b
    v1 = b + w1*x1 + w2*x2
    v2 = -v1
    v3 = v2 if 0.0 <= v1 else v1
    v4 = exp(v3)
    v5 = 1.0 if 0.0 <= v1 else v4
    v6 = 1.0 + v4
    v7 = v5 / v6
    v8 = v6*v6
    v9 = v4 / v8
    v10 = v7 - y
    v11 = v10 ** 2.0
    v12 = 2.0*v10
    v13 = v12*v9
    loss = v11
    d_w1 = v13*x1
    d_w2 = v13*x2
    d_b = v13"""


def test_a_neuron_of_the_hinge_reads_as_one_would_write_it() -> None:
    w1, w2, b = Value(0.5, "w1"), Value(-0.25, "w2"), Value(0.1, "b")
    program = record(lambda x1, x2, y: relu(1 - y * dot([w1, w2], [x1, x2], b)), [w1, w2, b])
    assert str(program) == HINGE


HINGE = """\
def sample(x1, x2, y):  # parameters: w1, w2, b
    v1 = b + w1*x1 + w2*x2
    v2 = 1.0 - y*v1
    v3 = 0.0 if v2 <= 0.0 else v2
    v4 = 0.0 if v2 <= 0.0 else (-1.0)
    v5 = v4*y
    loss = v3
    d_w1 = v5*x1
    d_w2 = v5*x2
    d_b = v5"""


def test_a_program_runs_as_it_reads() -> None:
    w, b = Value(0.5, "w"), Value(-0.25, "b")
    program = record(lambda x, y: abs(tanh(w * x + b) - y) ** 1.5 / 3, [w, b])
    scope: dict[str, Any] = {name: getattr(math, name) for name in ("tanh",)} | {"w": 0.5, "b": -0.25, "abs": abs}
    exec(f"{program}\n    return loss, d_w, d_b", scope)
    assert scope["sample"](0.75, 0.5) == tuple(evaluate(program, [0.75, 0.5], [0.5, -0.25]))


def test_a_program_says_how_large_it_is() -> None:
    w, b = Value(0.5, "w"), Value(-0.25, "b")
    program = record(lambda x: tanh(w * x + b), [w, b])
    assert repr(program) == "Program of 3 statements: 1 inputs, 2 parameters, 3 outputs"
    assert program.counts == {"+": 1, "*": 3, "-": 1, "tanh": 1}


def test_dead_statements_are_gone() -> None:
    w = Value(0.5, "w")

    def loss(x: Any) -> Any:
        exp(w * x)
        return tanh(w * x)

    assert "exp" not in record(loss, [w]).counts


def test_the_first_results_alone_need_fewer_statements() -> None:
    w = Value(0.5, "w")
    program = record(lambda x: tanh(w * x), [w]).first(1)
    assert written(program) == ["v1 = w*x", "v2 = tanh(v1)", "loss = v2"] and program.results == 1


def test_unused_parameters_have_the_gradient_0() -> None:
    w, unused = Value(0.5, "w"), Value(0.25, "unused")
    assert written(record(lambda x: w * x, [w, unused]))[-1] == "d_unused = 0.0"


def test_sums_are_flat_and_keep_their_order() -> None:
    w = Value(0.5, "w")
    program = record(lambda a, b, c, d: tanh(a - w * b + c * d - 2 + b), [w])
    assert written(program)[0] == "v1 = a - w*b + c*d - 2.0 + b"


def test_a_sum_used_twice_is_a_statement_of_its_own() -> None:
    w = Value(0.5, "w")
    program = record(lambda a, b: tanh((w * a + b) + 1) * (w * a + b), [w])
    assert written(program)[:2] == ["v1 = w*a + b", "v2 = v1 + 1.0"]


def test_what_depends_on_parameters_alone_is_told_apart() -> None:
    w, b = Value(0.5, "w"), Value(0.25, "b")
    program = record(lambda x: tanh(w * b) * x + w * w, [w, b])
    uniform = [s.operation for s in program.statements if program.uniform(s)]
    assert "tanh" in uniform and len(uniform) < len(program.statements)


def test_statements_come_before_those_that_use_them() -> None:
    model = MLP(2, [3, 1], "gelu")
    program = record(lambda x, y: softmax([model([x, y]), x])[0], model.parameters())
    known = {i for i in range(size(program.tape)) if program.tape.operation[i] <= INPUT}
    for statement in program.statements:
        read = [i for _, *ab in statement.terms() for i in ab] if statement.operation == "sum" else statement.operands
        assert {i for i in read if i >= 0} <= known
        known.add(statement.node)


def test_a_program_of_second_derivatives_is_recorded() -> None:
    w = Value(0.5, "w")
    program = record(lambda x: grad(lambda t: tanh(w * t))(x) ** 2, [w])
    t = math.tanh(0.5 * 0.75)
    slope, by_w = 0.5 * (1 - t * t), (1 - t * t) - 0.5 * 2 * t * (1 - t * t) * 0.75
    assert evaluate(program, [0.75], [0.5]) == pytest.approx([slope**2, 2 * slope * by_w], rel=1e-14)


def test_a_closed_tape_still_reads() -> None:
    w = Value(0.5, "w")
    program = record(lambda x: tanh(w * x), [w])
    assert program.tape.text(expression(program.tape, program.statements[-1].node)).startswith("(1.0 - ")


def test_texts_are_what_was_computed(tape: Tape, x: Expr) -> None:
    w = tape.leaf(PARAMETER)
    assert tape.text((w + 2).exp() ** x) == "(exp((parameter0 + 2.0)) ** x)"
    assert tape.text((x <= w).where(x, 1)) == "where<=(x, parameter0, x, 1.0)"
    assert repr(x) == "x" and repr(x * 2) == "a traced number (the result of *)"
    assert tape.text(2.0) == "2.0" and tape.text(expression(tape, ONE)) == "1.0"


# Arithmetic that goes on where Python raises


@pytest.mark.parametrize(
    ("loss", "x", "result"),
    [
        (lambda w, x: w / x, 0.0, math.inf),
        (lambda w, x: w / x, -0.0, -math.inf),
        (lambda w, x: -w / x, 0.0, -math.inf),
        (lambda w, x: (w - 1) / x, 0.0, math.nan),
        (lambda w, x: log(w * x), 0.0, -math.inf),
        (lambda w, x: log(w * x), -1.0, math.nan),
        (lambda w, x: sqrt(w * x), -1.0, math.nan),
        (lambda w, x: exp(w * x), 1e3, math.inf),
        (lambda w, x: (w * x) ** -1, 0.0, math.inf),
        (lambda w, x: (w * x) ** -3, -0.0, -math.inf),
        (lambda w, x: (w * x) ** 0.5, -1.0, math.nan),
        (lambda w, x: (w * x) ** 3, -1e200, -math.inf),
        (lambda w, x: (w * x) ** 2, -1e200, math.inf),
        (lambda w, x: (w * x).log1p(), -1.0, -math.inf),
        (lambda w, x: (w * x).log1p(), -2.0, math.nan),
        (lambda w, x: (w * x).expm1(), 1e3, math.inf),
        (lambda w, x: (w * x * 1e308).sin(), 10.0, math.nan),
        (lambda w, x: (w * x * 1e308).cos(), 10.0, math.nan),
        (lambda w, x: abs(w * x) * 1e308, -10.0, math.inf),
    ],
)
def test_ieee_arithmetic_is_that_of_numpy(loss: Function, x: float, result: float) -> None:
    w = Value(1.0)
    program = record(lambda x: loss(w, x), [w])
    for found in (evaluate(program, [x], [1.0])[0], Kernel(program).sums([[x]], [1.0])[0]):
        assert found == result or (math.isnan(found) and math.isnan(result))


def test_a_sample_that_is_not_finite_spoils_no_other() -> None:
    w = Value(1.0)
    each = Kernel(record(lambda x: log(w * x), [w])).each([[1.0], [0.0], [math.e]], [1.0])
    assert [row[0] for row in each] == [0.0, -math.inf, 1.0]


def test_a_program_too_large_for_python_is_refused_with_what_to_choose() -> None:
    w = [Value(0.5) for _ in range(400)]
    program = record(lambda x: total([total([tanh(p * q * x) for p in w]) for q in w[:50]]), w)
    with pytest.raises(ValueError, match=r'programs of up to 100,000 operands, .* choose target="numpy"'):
        Kernel(program)


@pytest.mark.parametrize("terms", [300, 5_000])
def test_sums_of_thousands_of_terms_compile(terms: int) -> None:
    w = [Value(1.0) for _ in range(terms)]
    program = record(lambda *x: dot(w, x), w, terms)
    assert Kernel(program).sums([[1.0] * terms], [1.0] * terms) == [float(terms), *[1.0] * terms]


def test_a_chain_of_ten_thousand_operations_compiles() -> None:
    w = Value(0.5)

    def loss(x: Any) -> Any:
        for _ in range(5_000):
            x = tanh(w + x)
        return x

    program = record(loss, [w])
    assert all(map(math.isfinite, Kernel(program).sums([[0.5]], [0.5])))
