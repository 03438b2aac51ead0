"""check_gradients and check_formula: right is found right, wrong is found wrong, and bad input is told as such."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from inspect import isfunction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd_like
from micrograd_like import (
    MLP,
    GradientMismatch,
    Value,
    check_formula,
    check_gradients,
    engine,
    exp,
    functions,
    log,
    maximum,
    relu,
    sequences,
    sigmoid,
    softmax,
    softplus,
    sqrt,
    tanh,
    total,
)
from micrograd_like.agreement import PERHAPS, Measured, judge
from micrograd_like.differences import Estimate
from micrograd_like.elementary import erfc
from micrograd_like.elementary import exp as exp_of
from micrograd_like.elementary import tanh as tanh_of
from micrograd_like.engine import binary, record, unary
from micrograd_like.kinds import data_of
from micrograd_like.operations import Operation
from micrograd_like.reports import Report
from micrograd_like.strategies import STEPS, Expression, Network, arities, expressions, networks

Function = Callable[..., Any]
Change = Callable[[Any], Any]

everyday = settings(deadline=None, max_examples=100)
seldom = settings(deadline=None, max_examples=20)

POINT = (0.3, -0.6, 0.8, 0.45)
CHANGES: dict[str, Change] = {
    "wrong sign": lambda slope: -slope,
    "wrong factor": lambda slope: 1.5 * slope,
    "missing term": lambda slope: 0 * slope,
    "slightly off": lambda slope: slope * (1 + 1e-4),
}


def verdicts(report: Report) -> dict[str, str]:
    """Return the verdict on each entry."""
    return {entry.name: entry.verdict for entry in report.entries}


def is_ill_conditioned(e: Expression) -> bool:
    """Tell whether numbers in an expression are so large or so small that its derivatives need not mean anything."""
    nodes = engine.topological_order(e(*map(Value, e.at)))
    return any(not 1e-6 < abs(node.data) < 1e6 for node in nodes)


# Right gradients are found right


@everyday
@given(expressions())
def test_the_gradient_of_a_random_expression_passes(e: Expression) -> None:
    report = check_gradients(e, e.at)
    assert report.holds
    assert set(verdicts(report).values()) == {"ok"}


@seldom
@given(expressions(max_nodes=20, leaves=2))
def test_the_second_derivatives_of_a_random_expression_pass(e: Expression) -> None:
    report = check_gradients(e, e.at, order=2)
    assert report.holds
    assert len(report.entries) == len(e.at) + len(e.at) ** 2
    assert set(verdicts(report).values()) == {"ok"}


@seldom
@given(networks())
def test_the_gradient_of_a_random_network_passes(network: Network) -> None:
    def first_output(*inputs: Any) -> Any:
        outputs = network.model(inputs)
        return outputs[0] if isinstance(outputs, list) else outputs

    assert check_gradients(first_output, network.inputs).holds


@settings(deadline=None, max_examples=200)
@given(expressions(safe=False, max_nodes=8))
def test_a_bare_expression_of_everyday_numbers_is_not_found_wrong(e: Expression) -> None:
    try:
        report = check_gradients(e, e.at)
    except ValueError:
        return
    wrong = [entry for entry in report.entries if entry.verdict == "wrong"]
    assert not wrong or is_ill_conditioned(e)


@pytest.mark.parametrize(
    ("f", "at"),
    [
        (lambda x: relu(x - 0.3), [0.3]),
        (lambda x: maximum(x, 1.0), [1.0]),
        (abs, [0.0]),
        (np.maximum, [1.0, 1.0]),
        (lambda x: max(x, 2 * x), [0.0]),
    ],
)
def test_at_a_kink_every_slope_between_is_right(f: Function, at: list[float]) -> None:
    report = check_gradients(f, at)
    assert report.holds
    assert set(verdicts(report).values()) == {"kink"}
    assert "kink: the slope is" in str(report)


def test_at_a_kink_a_slope_outside_is_wrong() -> None:
    steep = unary("steep", lambda x: (max(x, 0.0), 1.5))
    assert verdicts(check_gradients(steep, [0.0])) == {"x": "wrong"}


def test_at_a_kink_no_number_is_wrong() -> None:
    assert verdicts(check_gradients(lambda x: (x * x) ** 0.5, [0.0])) == {"x": "wrong"}


def test_beside_a_kink_the_slope_of_the_other_side_is_wrong() -> None:
    other = unary("other", lambda x: (max(x, 0.0), float(x < 0)))
    assert verdicts(check_gradients(other, [1e-4])) == {"x": "wrong"}


def test_at_the_edge_of_the_domain_nothing_is_found_wrong() -> None:
    report = check_gradients(sqrt, [0.0])
    assert verdicts(report) == {"x": "undecided"}
    assert "edge of the domain: nothing is defined below" in str(report)


def test_a_smooth_function_is_checked_at_the_edge_of_its_domain() -> None:
    for slope, verdict in ((1.0, "ok"), (1.1, "wrong")):
        half = unary("half", lambda x, slope=slope: (math.sin(x) + 0 * math.sqrt(x), slope))
        assert verdicts(check_gradients(half, [0.0])) == {"x": verdict}


def test_what_cannot_be_decided_is_counted_beside_what_can() -> None:
    report = check_gradients(lambda x, y: sqrt(x) + y, [0.0, 1.0])
    assert report.holds
    assert report.verdict == "The engine agrees with the numerical gradient in 1 derivative; 1 could not be decided"
    report = check_gradients(lambda x, y, z: sqrt(x) + y + z, [0.0, 1.0, 1.0])
    assert report.verdict == "The engine agrees with the numerical gradient in 2 derivatives; 1 could not be decided"


def test_second_derivatives_where_the_first_is_infinite_are_undecided() -> None:
    report = check_gradients(lambda x, y: sqrt(x) + y * y, [0.0, 1.0], order=2)
    assert verdicts(report)["∂²/∂x∂x"] == "undecided"
    assert verdicts(report)["∂²/∂y∂y"] == "ok"
    assert "no slope: the first derivative is inf" in str(report)


@pytest.mark.parametrize("at", [Fraction(1, 3), 2, True, np.float32(0.5), np.array(0.5), mpmath.mpf(0.5), Value(0.5)])
def test_a_point_of_any_kind_of_number_is_checked_as_floats(at: Any) -> None:
    assert check_gradients(exp, at, order=2).holds


def test_a_point_of_arrays_is_checked_as_arrays() -> None:
    assert check_gradients(lambda w, b: (w @ w + b).sum(), {"w": np.eye(2), "b": 1}, order=2).holds


def test_where_nothing_can_be_decided_the_check_fails() -> None:
    report = check_gradients(sqrt, [0.0])
    assert not report.holds
    assert report.verdict == "The numerical gradient is too uncertain to decide anything"


def test_a_variable_that_is_ignored_is_told() -> None:
    report = check_gradients(lambda x, y: x * x, [1.0, 2.0])
    assert report.holds
    assert report.entries[1].remark == "the function ignores it"


def test_a_function_that_ignores_everything_is_told() -> None:
    report = check_gradients(lambda x: 3.0, [1.0])
    assert report.holds
    assert report.entries[0].remark == "the function ignores it"


@pytest.mark.parametrize(
    "f", [math.exp, lambda x: float(x) ** 2, lambda x: Value(x.data**3), lambda x: Value(5) * x.data]
)
def test_a_function_that_leaves_the_graph_is_told(f: Function) -> None:
    report = check_gradients(f, [2.0])
    assert verdicts(report) == {report.entries[0].name: "wrong"}
    assert report.entries[0].remark == "the graph does not reach it"
    assert report.diagnosis == PERHAPS


def test_a_function_that_leaves_the_graph_in_part_is_wrong() -> None:
    report = check_gradients(lambda x: x * float(x), [2.0])
    assert verdicts(report) == {"x": "wrong"}
    assert report.entries[0].remark == ""
    assert report.diagnosis == PERHAPS


def test_what_leaves_the_graph_at_a_kink_or_an_edge_keeps_the_remark_on_it() -> None:
    report = check_gradients(lambda x: 2 * abs(float(x)) + float(x) * 3, [0.0])
    assert report.entries[0].remark == "kink: the slope is 1 below and 5 above"
    assert verdicts(report) == {"x": "wrong"}


def test_kinks_inside_a_function_are_not_blamed_on_the_graph_alone() -> None:
    report = check_gradients(lambda x: relu(x) - relu(-x), [0.0])
    assert verdicts(report) == {"x": "wrong"}
    assert report.entries[0].remark == ""
    assert report.diagnosis.endswith("or hide a kink?")
    formula = check_formula(lambda x: 1.0, lambda x: relu(x) - relu(-x), "x", {"x": 0.0})
    assert verdicts(formula) == {"x": "engine and numerical differ"}
    assert formula.diagnosis.endswith("or hide a kink?")


def test_a_report_of_right_gradients_has_no_diagnosis() -> None:
    assert check_gradients(tanh, [0.5]).diagnosis == ""
    assert check_gradients(sqrt, [0.0]).diagnosis == ""


def test_a_function_that_runs_backward_itself_is_checked_all_the_same() -> None:
    def trained(x: Value) -> Value:
        y = x * x
        y.backward()
        return y

    assert check_gradients(trained, [3.0]).holds


def test_gradients_of_captured_parameters_stay_untouched() -> None:
    model = MLP(2, [3, 1], rng=random.Random(1))
    for i, parameter in enumerate(model.parameters()):
        parameter.grad = float(i)
    assert check_gradients(lambda *x: tanh(model(x)), [1.0, 2.0], order=2).holds
    assert [parameter.grad for parameter in model.parameters()] == list(range(len(model.parameters())))


def test_gradients_of_captured_parameters_stay_untouched_by_an_error() -> None:
    w = Value(3.0)
    w.grad = 7.0
    broken = unary("broken", lambda x: (x, "no slope"))
    with pytest.raises(TypeError):
        check_gradients(lambda x: w * broken(x), [1.0])
    assert w.grad == 7.0


def test_gradients_of_a_model_by_its_parameters_are_checked() -> None:
    def loss(w: list[Value], b: Value) -> Any:
        return total([(w[0] * x + w[1] * x * x + b - 1) ** 2 for x in (0.5, 1.5)])

    report = check_gradients(loss, {"w": [0.3, -0.2], "b": 0.1}, order=2)
    assert report.holds
    assert {entry.name for entry in report.entries} >= {"w[0]", "b", "∂²/∂w[0]∂b"}


def test_values_at_the_point_keep_their_gradients() -> None:
    v = Value(3.0, "v")
    assert check_gradients(lambda x: x * x, [v]).holds
    assert v.grad == 0


def test_a_tolerance_decides() -> None:
    rough = unary("rough", lambda x: (x * x, 2 * x + 0.01))
    assert not check_gradients(rough, [1.0]).holds
    assert check_gradients(rough, [1.0], atol=0.011).holds
    assert check_gradients(rough, [1.0], rtol=0.0051).holds


def test_rounding_hides_what_is_beyond_it() -> None:
    off = unary("off", lambda x: ((x + 1e8) - 1e8, 1 + 1e-5))
    assert verdicts(check_gradients(off, [1.0])) == {"x": "undecided"}


@pytest.mark.parametrize(
    ("engine", "verdict", "remark"),
    [
        (1.00001, "undecided", "the numerical gradient is uncertain by 0.0001"),
        (1.0000001, "ok", ""),
        (1.001, "wrong", ""),
    ],
)
def test_what_the_error_of_the_numbers_explains_is_undecided_and_says_so(
    engine: float, verdict: str, remark: str
) -> None:
    entry = judge(Measured("x", engine, Estimate(1.0, 1e-4, 1.0, 1.0), True), rtol=1e-6, atol=1e-9)
    assert (entry.verdict, entry.remark) == (verdict, remark)


@pytest.mark.parametrize("reached", [True, False])
def test_an_undecided_derivative_keeps_the_remark_that_it_has(reached: bool) -> None:
    edge = "edge of the domain: nothing is defined below"
    entry = judge(Measured("x", 2.0, Estimate(1.0, math.inf, math.nan, 1.0, edge), reached), rtol=1e-6, atol=1e-9)
    assert (entry.verdict, entry.remark) == ("undecided", edge)


# Plain numbers where they do


def kinds_seen(f: Function, at: Any) -> list[type]:
    """Return the kinds of number that a function of one number is called with, after a check that holds."""
    seen = []

    def recorded(x: Any) -> Any:
        seen.append(type(x))
        return f(x)

    assert check_gradients(recorded, at).holds
    return seen


def test_numbers_are_probed_as_floats() -> None:
    seen = kinds_seen(lambda x: x * x * tanh(x), 0.5)
    assert set(seen) == {float, Value}
    assert seen.count(Value) == 2  # whether floats give the same, and the engine's gradient


def test_a_matrix_is_probed_as_floats() -> None:
    seen = []

    def loss(rows: Any) -> Any:
        seen.append(type(rows[0][0]))
        return total([x * x for row in rows for x in row])

    report = check_gradients(loss, {"rows": [[0.1 * (i + j) for j in range(5)] for i in range(4)]})
    assert len(report.entries) == 20
    assert seen.count(Value) == 2
    assert seen.count(float) > 20


def test_a_function_that_calls_methods_of_values_is_checked_all_the_same() -> None:
    def loss(x: Any) -> Any:
        return x.tanh() * x.exp()

    assert check_gradients(loss, [0.5], order=2).holds
    assert check_formula(lambda x: math.exp(x) * (math.tanh(x) + 1 - math.tanh(x) ** 2), loss, "x", {"x": 0.5}).holds


def test_a_function_that_calls_methods_of_values_in_another_branch_is_checked_all_the_same() -> None:
    assert check_gradients(lambda x: x if x > 0 else x.exp() - 1, [0.05]).holds


@pytest.mark.parametrize(
    "of_floats", [lambda x: x, lambda x: "x", lambda x: math.nan, lambda x: 1j, lambda x: x / 0], ids=range(5)
)
def test_a_function_that_does_something_else_for_floats_is_probed_with_values(of_floats: Function) -> None:
    seen = kinds_seen(lambda x: x * x if isinstance(x, Value) else of_floats(x), 3.0)
    assert seen.count(float) == 1
    assert seen.count(Value) > 10


def test_an_array_is_probed_as_an_array_of_floats() -> None:
    seen = []

    def loss(w: Any) -> Any:
        seen.append(w.dtype)
        return (w * w).sum()

    assert check_gradients(loss, {"w": np.array([1.0, 2.0, 3.0])}).holds
    assert seen.count(np.dtype(object)) == 2


def test_probes_outside_the_domain_of_a_function_of_numpy_give_no_warning() -> None:
    assert check_gradients(lambda x: np.sqrt(x), [0.01]).holds
    assert check_gradients(lambda w: np.log(w).sum(), {"w": np.array([0.01, 1.0])}).holds


# Wrong rules are found, each in turn


def operators() -> set[str]:
    """Return the names of the operations that the methods of `Value` apply."""
    cells = [cell for f in vars(Value).values() if isfunction(f) for cell in f.__closure__ or ()]
    cells += [cell for c in cells if isfunction(c.cell_contents) for cell in c.cell_contents.__closure__ or ()]
    return {str(cell.cell_contents) for cell in cells if isinstance(cell.cell_contents, Operation)}


def public_functions() -> set[str]:
    """Return the names of the functions of numbers that the package exports."""
    homes = {module.__name__ for module in (engine, functions, sequences)}
    exported = {name: getattr(micrograd_like, name) for name in micrograd_like.__all__}
    return {name for name, f in exported.items() if isfunction(f) and f.__module__ in homes}


def test_every_operation_of_the_package_is_broken_in_turn() -> None:
    assert set(STEPS) == operators() | public_functions()


def broken_in(
    patch: pytest.MonkeyPatch, name: str, place: int, change: Change, again: bool = False
) -> list[Any]:
    """Change the slope at one place that operations of this name record, or those of the rule that they keep.

    Returns the slopes that were changed, as they come.
    """
    changed: list[Any] = []

    def altered(each: tuple[Any, ...]) -> tuple[Any, ...]:
        changed.append(data_of(each[place]))
        return (*each[:place], change(each[place]), *each[place + 1 :])

    def recorded(
        operation: Any, data: Any, first: Any, d_first: Any, second: Any = None, d_second: Any = None
    ) -> Value:
        node = record(operation, data, first, d_first, second, d_second)
        known = node.local_derivatives
        if operation != name or place >= len(known) or known[place] is None:
            return node
        if again:
            rule = operation.rule
            operation = Operation(name, lambda *x: (rule(*x)[0], *altered(rule(*x)[1:])))
        elif type(d_first) is tuple:
            d_first = altered(d_first)
        else:
            d_first, d_second = altered((d_first, d_second))
        return record(operation, data, first, d_first, second, d_second)

    for module in (engine, sequences):
        patch.setattr(module, "record", recorded)
    return changed


def cases(name: str) -> Iterator[tuple[Function, tuple[float, ...], int]]:
    """Yield the steps of an operation as functions, with a point, and each place of an operand."""
    for step in STEPS[name]:
        for count in arities(step):
            for place in range(2 * count):
                yield lambda *v, step=step: step(micrograd_like, *v), POINT[:count], place


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("name", STEPS)
def test_a_rule_with_a_wrong_slope_is_found(name: str, change: Change) -> None:
    found = 0
    for f, at, place in cases(name):
        with pytest.MonkeyPatch.context() as patch:
            changed = broken_in(patch, name, place, change)
            f(*map(Value, at))
            if any(changed):
                found += 1
                report = check_gradients(f, at)
                assert "wrong" in verdicts(report).values()
                with pytest.raises(GradientMismatch):
                    report.raise_if_failed()
    assert found >= max(arities(STEPS[name][0]))


@pytest.mark.parametrize("name", STEPS)
def test_a_rule_that_is_wrong_only_when_it_is_differentiated_again_is_found_by_order_two(name: str) -> None:
    outer = unary("outer", lambda x: (x + x * x, 1 + x + x))
    found = 0
    for f, at, place in cases(name):

        def composed(*v: Any, f: Function = f) -> Any:
            return outer(f(*v))

        with pytest.MonkeyPatch.context() as patch:
            changed = broken_in(patch, name, place, lambda slope: 1.5 * slope, again=True)
            micrograd_like.hessian(composed, at)
            if any(changed):
                found += 1
                assert check_gradients(composed, at).holds
                assert not check_gradients(composed, at, order=2).holds
    assert found >= max(arities(STEPS[name][0]))


WRONG_RULES: dict[str, tuple[Function, tuple[float, ...]]] = {
    "tanh: 1 - t": (unary("tanh", lambda x: (tanh_of(x), 1 - tanh_of(x))), (0.5,)),
    "tanh: without the square's factor": (unary("tanh", lambda x: (tanh_of(x), 1 - tanh_of(x) ** 3)), (0.5,)),
    "sigmoid: without 1 - y": (unary("sigmoid", lambda x: (1 / (1 + exp_of(-x)), 1 / (1 + exp_of(-x)))), (0.5,)),
    "softplus: e^x": (unary("softplus", lambda x: (math.log1p(math.exp(x)), math.exp(x))), (0.5,)),
    "gelu: without x φ(x)": (unary("gelu", lambda x: (x * erfc(-x / 2**0.5) / 2, erfc(-x / 2**0.5) / 2)), (0.5,)),
    "log: 1": (unary("log", lambda x: (math.log(x), 1)), (2.0,)),
    "sqrt: 1/√x": (unary("sqrt", lambda x: (math.sqrt(x), 1 / math.sqrt(x))), (2.0,)),
    "cos: sin x": (unary("cos", lambda x: (math.cos(x), math.sin(x))), (0.5,)),
    "abs: 1": (unary("abs", lambda x: (abs(x), 1)), (-0.5,)),
    "relu: 1": (unary("relu", lambda x: (max(x, 0.0), 1)), (-0.5,)),
    "power: without the exponent": (unary("**", lambda x: (x**3, x * x)), (0.5,)),
    "/: 1/b²": (binary("/", lambda a, b: (a / b, 1 / b, -1 / b**2))[0], (2.0, 3.0)),
    "*: operands swapped": (binary("*", lambda a, b: (a * b, a, b))[0], (2.0, 3.0)),
    "-: both 1": (binary("-", lambda a, b: (a - b, 1, 1))[0], (2.0, 3.0)),
    "maximum: the smaller one": (binary("maximum", lambda a, b: (max(a, b), a < b, b < a))[0], (2.0, 3.0)),
}


@pytest.mark.parametrize(("function", "at"), WRONG_RULES.values(), ids=WRONG_RULES)
def test_a_rule_as_it_is_often_got_wrong_is_found(function: Function, at: tuple[float, ...]) -> None:
    report = check_gradients(lambda *v: function(*v), at)
    assert "wrong" in verdicts(report).values()
    assert not report.holds


def test_a_slope_computed_from_plain_numbers_is_found_by_order_two() -> None:
    square = unary("square", lambda x: (x * x, 2 * float(x)))
    assert check_gradients(square, [3.0]).holds
    assert verdicts(check_gradients(square, [3.0], order=2)) == {"∂²/∂x∂x": "wrong", "x": "ok"}


# The report of check_gradients


def test_the_mismatch_is_a_table_with_the_worst_first() -> None:
    off = unary("off", lambda x: (x * x, 3 * x))
    with pytest.raises(GradientMismatch) as caught:
        check_gradients(lambda w, x: off(w) + off(x[0]) + x[1], {"w": 1.0, "x": [4.0, 2.0]}).raise_if_failed()
    head, *table = str(caught.value).splitlines()
    assert head == f"The engine differs from the numerical gradient in 2 of 3 derivatives: {PERHAPS}"
    assert [line.split() for line in table] == [
        ["entry", "engine", "numerical", "error", "verdict"],
        ["x[0]", "12", "8", "4", "wrong"],
        ["w", "3", "2", "1", "wrong"],
        ["x[1]", "1", "1", table[-1].split()[3], "ok"],
    ]


def test_no_number_at_all_is_the_worst() -> None:
    nothing = unary("nothing", lambda x: (x * x, math.nan))
    off = unary("off", lambda x: (x * x, 99.0))
    report = check_gradients(lambda w, x: off(w) + nothing(x), [1.0, 1.0])
    assert [entry.name for entry in report.entries] == ["x", "w"]


def test_one_derivative_is_not_called_several() -> None:
    assert str(check_gradients(tanh, [0.5])) == "The engine agrees with the numerical gradient in 1 derivative."


def test_a_check_is_json() -> None:
    assert json.loads(json.dumps(check_gradients(tanh, [0.5]).to_dict()))["holds"] is True


@pytest.mark.parametrize("order", [0, 3, "2"])
def test_another_order_is_refused(order: Any) -> None:
    with pytest.raises(ValueError, match=f"^the order is 1 or 2, not {order!r}$"):
        check_gradients(tanh, [0.5], order=order)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("f", "at", "kind", "message"),
    [
        (lambda x: [x], [1.0], TypeError, "the function is to return one number; it returned"),
        (lambda x: None, [1.0], TypeError, "the function is to return one number; it returned None"),
        (lambda x: x * random.random(), [1.0], ValueError, "depends on more than its arguments: two calls gave"),
        (log, [-1.0], ValueError, r"raises ValueError at the point: log\(x = -1.0\): a number above 0 is wanted"),
        (lambda x: x * math.nan, [1.0], ValueError, "the function is nan at the point"),
        (lambda x: x, [math.inf], ValueError, "x is inf: a finite number is wanted"),
        (lambda x: x, [], ValueError, "the point is empty"),
        (lambda x: x, {"y": 1.0}, TypeError, "missing a required argument: 'x'"),
        (lambda x: x, ["1"], TypeError, "x: a real number is wanted, not str"),
        (lambda x: Value(np.ones(2)) * x, [1.0], TypeError, r"not an array of shape \(2,\)"),
    ],
)
def test_what_cannot_be_checked_is_refused(f: Function, at: Any, kind: Any, message: str, order: int) -> None:
    with pytest.raises(kind, match=message):
        check_gradients(f, at, order=order)


# check_formula: verdicts


def logistic(w: Any, x: Any, y: Any) -> Any:
    """The cross-entropy of one sample."""
    return softplus(w * x) - y * (w * x)


def sample(rng: random.Random) -> dict[str, Any]:
    return {"w": rng.gauss(0, 1), "x": rng.gauss(0, 1), "y": rng.choice([0, 1])}


def right(w: float, x: float, y: float) -> Any:
    return (sigmoid(w * x) - y) * x


def off_by_one(w: float, x: float, y: float) -> Any:
    return right(w, x, y) + 1


def test_a_right_formula_holds() -> None:
    report = check_formula(right, logistic, "w", draw=sample)
    assert report.holds
    assert report.verdict.startswith("The formula holds for 20 derivatives at 20 points, with errors up to ")
    assert report.diagnosis == ""


def test_a_formula_for_several_variables_holds_if_all_are_right() -> None:
    def both(w: float, x: float, y: float) -> Any:
        return (sigmoid(w * x) - y) * x, (sigmoid(w * x) - y) * w

    assert check_formula(both, logistic, ["w", "x"], draw=sample).holds
    assert not check_formula(both, logistic, ["x", "w"], draw=sample).holds


@seldom
@given(expressions(max_nodes=15, leaves=3), st.integers(0, 2))
def test_the_engines_own_gradient_holds_as_a_formula(e: Expression, i: int) -> None:
    names = ["a", "b", "c"][: len(e.at)]
    name = names[i % len(names)]

    def loss(**named: Any) -> Any:
        return e(*[named[n] for n in names])

    def formula(**named: float) -> float:
        leaves = {n: Value(x) for n, x in named.items()}
        loss(**leaves).backward()
        return float(leaves[name].grad)

    assert check_formula(formula, loss, name, dict(zip(names, e.at, strict=True))).holds
    wrong = check_formula(lambda **named: formula(**named) + 1e-3, loss, name, dict(zip(names, e.at, strict=True)))
    assert not wrong.holds


def test_a_wrong_formula_does_not_hold_and_the_worst_point_is_told() -> None:
    def draw(rng: random.Random) -> dict[str, Any]:
        return {"w": rng.uniform(0, 9)}

    report = check_formula(lambda w: 2 * w if w < 5 else 0.0, lambda w: w * w, "w", draw=draw)
    assert not report.holds
    worst = max((e for e in report.entries if e.verdict == "wrong"), key=lambda e: e.error)
    assert report.entries[0] == worst
    assert report.remarks == [f"The worst is w at w = {worst.engine / 2!r}."]


def test_a_wrong_formula_fails_an_assertion() -> None:
    with pytest.raises(AssertionError):
        assert check_formula(off_by_one, logistic, "w", draw=sample)
    assert check_formula(right, logistic, "w", draw=sample)


def test_the_worst_point_is_told_with_all_digits_and_functions_by_their_names() -> None:
    at = {"w": 0.1 + 0.2, "x": np.array([1 / 3]), "activation": tanh, "mode": "mean"}
    report = check_formula(lambda w: 9.0, lambda w, x, activation, mode: activation(w) * x.sum(), "w", at)
    told = "w = 0.30000000000000004, x = [0.3333333333333333], activation = tanh, mode = mean"
    assert report.remarks == [f"The worst is w at {told}."]


def test_one_point_is_enough() -> None:
    report = check_formula(off_by_one, logistic, "w", {"w": 0.5, "x": 2.0, "y": 1.0})
    assert report.verdict == "The formula does not hold for 1 of 1 derivative at 1 point"


def test_the_point_that_is_told_is_short() -> None:
    at = {"w": 0.5, "x": [1.0] * 99, "y": "none"}
    report = check_formula(lambda w: 0.0, lambda w, x, y: total([w * v for v in x]), "w", at)
    assert len(report.remarks[0]) < 130
    assert "…" in report.remarks[0]
    at = {"w": 0.5, "x": "x" * 60, "y": "y" * 61}
    report = check_formula(lambda w: 0.0, lambda w, x, y: w, "w", at)
    assert report.remarks == [f"The worst is w at w = 0.5, x = {'x' * 60}, y = {'y' * 60}…."]


def test_points_are_those_of_the_seed_and_the_trials() -> None:
    reports = [check_formula(off_by_one, logistic, "w", draw=sample, trials=3, seed=seed) for seed in (1, 1, 2)]
    assert [len(r.entries) for r in reports] == [3, 3, 3]
    assert str(reports[0]) == str(reports[1]) != str(reports[2])


def test_a_formula_within_rounding_holds_and_one_beyond_does_not() -> None:
    assert check_formula(lambda w: 2 * w * (1 + 1e-10), lambda w: w * w, "w", {"w": 3.0}).holds
    assert not check_formula(lambda w: 2 * w * (1 + 1e-8), lambda w: w * w, "w", {"w": 3.0}).holds
    assert check_formula(lambda w: 2 * w * (1 + 1e-8), lambda w: w * w, "w", {"w": 3.0}, rtol=1e-7).holds
    assert check_formula(lambda w: 2 * w + 0.1, lambda w: w * w, "w", {"w": 3.0}, atol=0.2).holds


@pytest.mark.parametrize("claim", [math.nan, math.inf, -math.inf])
def test_a_claim_that_is_not_finite_is_wrong(claim: float) -> None:
    report = check_formula(lambda w: claim, lambda w: w * w, "w", {"w": 3.0})
    assert verdicts(report) == {"w": "wrong"}
    assert report.diagnosis == f"it is {claim} in 1 of 1 derivatives"


@pytest.mark.parametrize(
    ("claim", "verdict", "error"),
    [
        (0.0, "ok", 0.0),
        (0.5, "kink", 0.0),
        (1.0, "kink", 0.0),
        (1.5, "wrong", 0.5),
        (-0.1, "wrong", 0.1),
        (math.inf, "wrong", math.inf),
    ],
)
def test_at_a_kink_a_claim_between_the_slopes_is_allowed_and_another_is_off_from_these(
    claim: float, verdict: str, error: float
) -> None:
    report = check_formula(lambda w: claim, lambda w: relu(w), "w", {"w": 0.0})
    assert verdicts(report) == {"w": verdict}
    assert report.largest_error == pytest.approx(error)
    assert report.holds == (verdict != "wrong")


def test_what_the_numbers_could_not_confirm_is_counted_and_undecided() -> None:
    def loss(x: Any, y: Any) -> Any:
        return sqrt(x) + y * y

    report = check_formula(lambda x, y: [math.inf, 2 * y], loss, ["x", "y"], {"x": 0.0, "y": 1.5})
    assert report.holds
    assert verdicts(report) == {"x": "undecided", "y": "ok"}
    assert report.entries[0].error == 0.0
    assert report.verdict.startswith("The formula holds for 2 derivatives at 1 point, with errors up to ")
    assert report.verdict.endswith("; the numerical gradient could not confirm the engine in 1")
    assert "confirm" not in check_formula(right, logistic, "w", draw=sample).verdict


def test_a_claim_that_differs_from_the_engine_is_wrong_even_where_the_numbers_are_uncertain() -> None:
    report = check_formula(lambda x: 5.0, lambda x: sqrt(x), "x", {"x": 0.0})
    assert verdicts(report) == {"x": "wrong"}


def test_names_of_the_point_go_to_those_that_take_them() -> None:
    assert check_formula(lambda w: 2 * w, lambda w, x=5.0: w * w + x, "w", {"w": 1.0, "x": 2.0}).holds
    assert check_formula(lambda w, x: 2 * w + 0 * x, lambda w: w * w, "w", {"w": 1.0, "x": 2.0}).holds


def test_a_choice_is_passed_on() -> None:
    at = {"w": 0.5, "activation": tanh, "mode": "mean"}
    assert check_formula(
        lambda w, activation: 1 - activation(w) ** 2, lambda w, activation, mode: activation(w), "w", at
    ).holds


def test_claims_may_be_values_and_numbers_of_any_kind() -> None:
    for wrap in (Value, np.float64, np.array, float):
        assert check_formula(lambda w, wrap=wrap: wrap(2 * w), lambda w: w * w, "w", {"w": 3.0}).holds


def test_a_matrix_is_claimed_as_an_array_or_as_lists() -> None:
    def loss(w: Any) -> Any:
        return (w * w).sum()

    at = {"w": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])}
    assert check_formula(lambda w: 2 * w, loss, "w", at).holds
    assert check_formula(lambda w: (2 * w).tolist(), loss, "w", at).holds


def test_a_mapping_is_claimed_by_name_in_any_order() -> None:
    def loss(p: Any) -> Any:
        return p["a"] ** 2 + 3 * p["b"]

    report = check_formula(lambda p: {"b": 3.0, "a": 2 * p["a"]}, loss, "p", {"p": {"a": 5.0, "b": 1.0}})
    assert report.holds
    wrong = check_formula(lambda p: {"b": 3.0, "a": p["a"]}, loss, "p", {"p": {"a": 5.0, "b": 1.0}})
    assert verdicts(wrong) == {"p.a": "wrong", "p.b": "ok"}


def test_a_formula_is_not_judged_where_the_engine_and_the_numbers_differ() -> None:
    report = check_formula(lambda w: math.exp(w), lambda w: math.exp(w), "w", {"w": 1.0})
    assert not report.holds
    verdict = "The formula cannot be judged, because engine and numbers differ about the loss"
    assert str(report).startswith(f"{verdict}: {PERHAPS}\n")
    assert verdicts(report) == {"w": "engine and numerical differ"}
    assert report.entries[0].remark == "the graph does not reach it"


def test_a_loss_that_ignores_the_variable_has_the_gradient_zero() -> None:
    assert check_formula(lambda w: 0.0, lambda w, x: x, "w", {"w": 1.0, "x": 2.0}).holds
    report = check_formula(lambda w: 1.0, lambda w, x: x, "w", {"w": 1.0, "x": 2.0})
    assert report.entries[0].remark == "the function ignores it"
    assert not report.holds


# check_formula: shapes


@pytest.mark.parametrize(
    ("claim", "at", "told"),
    [
        (
            np.ones((3, 2)),
            np.ones((2, 3)),
            "has the shape (3, 2), w has the shape (2, 3): its transpose would fit",
        ),
        (np.ones((2, 2)), np.ones((2, 3)), "has the shape (2, 2), w has the shape (2, 3)"),
        ([1.0, 2.0], [[1.0], [2.0]], "has the shape (2,), w has the shape (2, 1)"),
        (1.0, np.ones((2, 3)), "is a single number, w has the shape (2, 3)"),
        ([1.0], 1.0, "has the shape (1,), w is a single number"),
        ({"a": 1.0}, 1.0, "has the shape {'a': ()}, w is a single number"),
        ([[1.0], [1.0, 2.0]], [[1.0, 2.0], [1.0]], "has the shape [(1,), (2,)], w has the shape [(2,), (1,)]"),
    ],
)
def test_shapes_that_do_not_match_are_told_before_any_number(claim: Any, at: Any, told: str) -> None:
    def never(w: Any) -> Any:
        raise AssertionError("the loss is not to be computed")

    report = check_formula(lambda w: claim, never, "w", {"w": at})
    assert not report.holds
    assert str(report) == f"The formula does not hold: the gradient by w {told}."
    assert report.entries == ()


# check_formula: bad input


def formula(w: float) -> float:
    return 2 * w


def square(w: Any, x: Any = 0.0) -> Any:
    return w * w + x


@pytest.mark.parametrize(
    ("named", "wrt", "kind", "message"),
    [
        ({"w": 1.0}, "v", ValueError, "there is no v to differentiate by: the point has w"),
        ({"w": 1.0}, ["w", "v"], ValueError, "there is no v to differentiate by: the point has w"),
        ({}, "w", ValueError, "there is no w to differentiate by: the point has none"),
        ({"w": 1.0}, ["w", "w"], ValueError, "wrt names a variable twice: w, w"),
        ({"w": 1.0, "z": 2.0}, "w", ValueError, "neither the formula nor the loss takes z"),
        ({"w": math.nan}, "w", ValueError, "w is nan: a finite number is wanted"),
        ({"w": 1.0, "x": [math.inf]}, "w", ValueError, r"x\[0\] is inf: a finite number is wanted"),
        ({"w": 1.0, "x": None}, "w", TypeError, "x: a real number is wanted, not NoneType"),
        ({"w": "one"}, "w", TypeError, "w: a real number is wanted, not str"),
        ({"w": []}, "w", ValueError, "the point is empty"),
        ([1.0], "w", TypeError, r"a point is a mapping of names to numbers, such as {'w': 0.5}, not \[1.0\]"),
    ],
)
def test_a_point_that_does_not_fit_is_refused(named: Any, wrt: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        check_formula(lambda w: [] if w == [] else formula(w), square, wrt, named)
    with pytest.raises(kind, match=message):
        check_formula(lambda w: [] if w == [] else formula(w), square, wrt, draw=lambda rng: named)


def test_a_name_that_the_formula_or_the_loss_lacks_is_told() -> None:
    with pytest.raises(ValueError, match=r"^the loss takes b, but the point has w only$"):
        check_formula(formula, lambda w, b: w, "w", {"w": 1.0})
    with pytest.raises(ValueError, match=r"^the formula takes b, c, but the point has w only$"):
        check_formula(lambda w, b, c: w, square, "w", {"w": 1.0})
    with pytest.raises(ValueError, match=r"^the formula takes b, but the point has w only$"):
        check_formula(lambda b: b, square, "w", {"w": 1.0})


def test_a_function_that_does_not_say_what_it_takes_is_refused() -> None:
    rest = "does not say what it takes: wrap it in a function that names its arguments"
    with pytest.raises(ValueError, match=f"^the formula {rest}$"):
        check_formula(max, square, "w", {"w": 1.0})
    with pytest.raises(ValueError, match=f"^the loss {rest}$"):
        check_formula(formula, max, "w", {"w": 1.0})


@pytest.mark.parametrize("wrt", [[], None, 3, [1], ["w", 1], {"w"}, {"w": 1.0}, formula])
def test_wrt_is_a_name_or_a_list_of_names(wrt: Any) -> None:
    with pytest.raises(TypeError, match=r"^wrt is the name of a variable, or a list of names, not "):
        check_formula(formula, square, wrt, {"w": 1.0})


def test_one_name_in_a_list_or_a_tuple_is_as_good() -> None:
    assert check_formula(formula, square, ["w"], {"w": 1.0}).holds
    assert check_formula(formula, square, ("w",), {"w": 1.0}).holds


@pytest.mark.parametrize(
    "given", [{}, {"at": {"w": 1.0}, "draw": lambda rng: {"w": 1.0}}, {"draw": {"w": 1.0}}, {"draw": 3}]
)
def test_a_point_or_a_draw_is_given_and_not_both_and_a_draw_is_a_function(given: dict[str, Any]) -> None:
    message = "^give one of: the point `at`, or a function `draw` that makes points with a random.Random$"
    with pytest.raises(TypeError, match=message):
        check_formula(formula, square, "w", **given)


@pytest.mark.parametrize("trials", [0, -1, 2.5, True])
def test_the_number_of_trials_is_a_positive_integer(trials: Any) -> None:
    with pytest.raises(ValueError, match=r"^the number of trials is an integer from 1 on, not "):
        check_formula(formula, square, "w", draw=lambda rng: {"w": 1.0}, trials=trials)


def test_a_formula_that_raises_is_told() -> None:
    with pytest.raises(ValueError, match=r"^the formula raises ZeroDivisionError at a point: division by zero$"):
        check_formula(lambda w: 1 / 0, square, "w", {"w": 1.0})


def test_a_formula_that_gives_two_results_is_told() -> None:
    message = r"^the formula depends on more than its arguments: two calls gave different numbers$"
    with pytest.raises(ValueError, match=message):
        check_formula(lambda w: random.random(), square, "w", {"w": 1.0})


@pytest.mark.parametrize("claim", ["2", 1j, {2.0}])
def test_a_formula_that_returns_no_number_is_told(claim: Any) -> None:
    with pytest.raises(TypeError, match=r"^the gradient: a real number is wanted, not "):
        check_formula(lambda w: claim, square, "w", {"w": 1.0})


def test_a_formula_that_returns_nothing_is_told() -> None:
    with pytest.raises(TypeError, match=r"^the formula returned None: did it forget to return its gradient\?$"):
        check_formula(lambda w: None, square, "w", {"w": 1.0})


def test_a_formula_for_several_variables_may_return_them_by_name() -> None:
    at = {"w": 3.0, "x": 1.0}
    report = check_formula(lambda w, x: {"x": 1.0, "w": 2 * w}, square, ["w", "x"], at)
    assert report.holds
    wrong = check_formula(lambda w, x: {"x": 2 * w, "w": 1.0}, square, ["w", "x"], at)
    assert verdicts(wrong) == {"w": "wrong", "x": "wrong"}
    assert {entry.name: entry.claimed for entry in wrong.entries} == {"w": 1.0, "x": 6.0}


def test_a_formula_and_a_loss_that_change_their_arguments_change_nothing_else() -> None:
    at = {"w": [1.0, 2.0], "x": np.array([3.0, 4.0]), "y": ([5.0],)}

    def changed(*arguments: Any) -> float:
        w, x, y = arguments
        found = w[0] * w[1] * x[0] * x[1] * y[0][0]
        w[0], x[0], y[0][0] = 0.0, 0.0, 0.0
        return found

    def product(w: Any, x: Any, y: Any) -> Any:
        return changed(w, x, y)

    assert check_formula(lambda w, x, y: [changed([1.0, w[1]], x, y), 60 * w[0]], product, "w", at).holds
    assert at["w"] == [1.0, 2.0]
    assert at["x"].tolist() == [3.0, 4.0]
    assert at["y"] == ([5.0],)


@pytest.mark.parametrize("claim", [2.0, [2.0], [2.0, 1.0, 0.0], {"w": 2.0}, {"w": 2.0, "x": 1.0, "y": 0.0}, {"v": 1.0}])
def test_a_formula_for_several_variables_returns_as_many_gradients(claim: Any) -> None:
    message = "^the formula is to return a gradient for each of w, x, in this order$"
    with pytest.raises(TypeError, match=message):
        check_formula(lambda w, x: claim, square, ["w", "x"], {"w": 1.0, "x": 1.0})


@pytest.mark.parametrize(
    ("loss", "kind", "message"),
    [
        (lambda w: [w], TypeError, "the function is to return one number"),
        (lambda w: w * random.random(), ValueError, "depends on more than its arguments: two calls gave"),
        (lambda w: log(-w), ValueError, "raises ValueError at the point"),
        (lambda w: exp(w) * math.inf, ValueError, "the function is inf at the point"),
        (lambda w: softmax([w, w]), TypeError, "the function is to return one number"),
    ],
)
def test_a_loss_that_cannot_be_checked_is_refused(loss: Function, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        check_formula(formula, loss, "w", {"w": 1.0})


# What tells a sound check from one that is off by a little


def test_points_are_drawn_from_the_random_numbers_of_the_seed_0_unless_told() -> None:
    drawn: list[float] = []

    def draw(rng: random.Random) -> dict[str, float]:
        drawn.append(rng.random())
        return {"x": drawn[-1]}

    check_formula(lambda x: 2 * x, lambda x: x * x, "x", draw=draw, trials=2)
    rng = random.Random(0)
    assert drawn == [rng.random(), rng.random()]


def test_without_tolerance_an_exact_claim_holds() -> None:
    assert check_formula(lambda x: 2 * x, lambda x: x * x, "x", at={"x": 3.0}, rtol=0, atol=0)


def test_without_tolerance_the_slope_of_one_side_of_a_kink_is_allowed() -> None:
    report = check_formula(lambda x: 1.0, lambda x: abs(x), "x", at={"x": 0.0}, rtol=0, atol=1e-9)
    assert [entry.verdict for entry in report.entries] == ["kink"]
    inside = check_formula(lambda x: 0.5, lambda x: abs(x), "x", at={"x": 0.0}, rtol=0, atol=0)
    assert [entry.verdict for entry in inside.entries] == ["kink"]


def test_two_points_are_points() -> None:
    verdict = check_formula(lambda x: 1.0, lambda x: x, "x", draw=lambda rng: {"x": rng.random()}, trials=2).verdict
    assert verdict.startswith("The formula holds for 2 derivatives at 2 points")


@pytest.mark.parametrize("step", [1.0, -1.0])
def test_a_formula_that_gives_more_or_less_at_the_second_call_is_refused(step: float) -> None:
    calls: list[float] = [5.0]

    def changing(x: float) -> float:
        calls.append(calls[-1] + step)
        return calls[-1]

    with pytest.raises(ValueError, match="depends on more than its arguments"):
        check_formula(changing, lambda x: x * x, "x", at={"x": 1.0})


def test_the_error_of_a_wrong_claim_is_its_distance_from_the_engine() -> None:
    (entry,) = check_formula(lambda x: 0.0, lambda x: exp(5 * x), "x", at={"x": 0.3}).entries
    assert entry.error == abs(entry.engine) != abs(entry.numerical)


def test_the_worst_derivative_is_named() -> None:
    report = check_formula(lambda w: [0.0, 0.0], lambda w: w[0] + 5 * w[1], "w", at={"w": [1.0, 1.0]})
    assert report.remarks[0].startswith("The worst is w[1] at ")


def test_another_shape_whose_transpose_does_not_fit_is_not_said_to() -> None:
    report = check_formula(lambda w: [[1.0], [1.0], [1.0]], lambda w: w[0][0] * w[0][1], "w", at={"w": [[1.0, 2.0]]})
    assert report.diagnosis == "the gradient by w has the shape (3, 1), w has the shape (1, 2)"


def test_the_tolerance_of_small_derivatives_is_small() -> None:
    claimed = 1e-3 * (1 + 5e-8)
    assert not check_formula(lambda x: claimed, lambda x: 1e-3 * x, "x", at={"x": 1.0}, rtol=1e-8, atol=0)


def test_an_infinite_derivative_gives_no_tolerance() -> None:
    report = check_formula(lambda x: [math.inf, 1.5], lambda x: sqrt(x[0]) + x[1], "x", at={"x": [0.0, 1.0]})
    assert [entry.verdict for entry in report.entries] == ["wrong", "undecided"]


def test_a_second_derivative_of_0_is_not_said_to_be_ignored() -> None:
    report = check_gradients(lambda x, y: x * y, [1.0, 2.0], order=2)
    assert [entry.remark for entry in report.entries] == [""] * 6


def test_without_tolerance_a_numerical_gradient_that_is_exact_agrees() -> None:
    report = check_gradients(lambda x: 0 * x, [1.0], rtol=0, atol=0)
    assert [entry.verdict for entry in report.entries] == ["ok"]
