"""What the strategies draw: expressions, networks and floats that keep their promises and print as code."""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import micrograd_like
from micrograd_like import Value
from micrograd_like.engine import topological_order
from micrograd_like.nn import ACTIVATIONS, INITS
from micrograd_like.steps import BARE_STEPS, STEPS, Expression, Program, Step, arities
from micrograd_like.strategies import Network, expressions, floats_away_from, networks

everyday = settings(deadline=None)


def found(strategy: st.SearchStrategy[Any], condition: Callable[[Any], Any], *phases: Phase) -> Any:
    """Return an example that meets the condition, as it is drawn."""
    chosen = settings(database=None, derandomize=True, max_examples=2000, phases=[Phase.generate, *phases])
    return find(strategy, condition, settings=chosen)


def shrunk(strategy: st.SearchStrategy[Any], condition: Callable[[Any], Any]) -> Any:
    """Return an example that meets the condition, as small as it gets."""
    return found(strategy, condition, Phase.shrink)


def evaluated(source: str) -> Any:
    """Return what the source of an example gives where someone pastes it."""
    scope: dict[str, Any] = {}
    exec("from micrograd_like import *\nfrom micrograd_like.strategies import Expression, Network", scope)
    return eval(source, scope)


def derivatives(e: Expression) -> list[Any]:
    """Return the result of the expression on floats, and its gradient."""
    leaves = [Value(x) for x in e.at]
    result = e(*leaves)
    result.backward()
    return [result.data, *(leaf.grad for leaf in leaves)]


def graph(e: Expression) -> list[Value]:
    return topological_order(e(*map(Value, e.at)))


def operations(e: Expression) -> set[str]:
    return {node.operation for node in graph(e)} - {""}


def all_steps(table: dict[str, list[Step]]) -> list[Any]:
    """Return each step, with its operator and every number of its operands."""
    return [
        pytest.param(name, step, count, id=f"{name}-{i}-{count}")
        for name, steps in table.items()
        for i, step in enumerate(steps)
        for count in arities(step)
    ]


# Steps


@pytest.mark.parametrize(("name", "step", "count"), all_steps(STEPS) + all_steps(BARE_STEPS))
def test_a_step_applies_the_operator_whose_name_it_has(name: str, step: Step, count: int) -> None:
    leaves = [Value(0.5) for _ in range(count)]
    assert name in {node.operation for node in topological_order(step(micrograd_like, *leaves))}


def test_every_operator_has_a_bare_step() -> None:
    assert STEPS.keys() == BARE_STEPS.keys()


@pytest.mark.parametrize(("name", "step", "count"), all_steps(BARE_STEPS))
def test_a_bare_step_is_nothing_but_its_operator(name: str, step: Step, count: int) -> None:
    leaves = [Value(0.5) for _ in range(count)]
    assert len(topological_order(step(micrograd_like, *leaves))) == count + 1


@given(st.data())
@pytest.mark.parametrize(("name", "step", "count"), all_steps(STEPS))
@settings(deadline=None, max_examples=50)
def test_a_step_takes_numbers_up_to_one_to_such_numbers(name: str, step: Step, count: int, data: Any) -> None:
    numbers = data.draw(st.tuples(*[st.floats(-1, 1)] * count))
    assert abs(step(micrograd_like, *numbers)) <= 1


# Expressions


@everyday
@given(expressions())
def test_an_expression_stays_half_away_from_kinks(e: Expression) -> None:
    for node in graph(e):
        numbers = [x.data if isinstance(x, Value) else x for x in node.operands]
        if node.operation in ("abs", "relu", "leaky_relu"):
            assert abs(numbers[0]) >= 0.5
        elif node.operation in ("maximum", "minimum"):
            assert abs(numbers[0] - numbers[1]) >= 0.5


@everyday
@given(expressions())
def test_an_expression_prints_as_code_that_gives_the_same_to_the_last_bit(e: Expression) -> None:
    assert derivatives(evaluated(repr(e))) == derivatives(e)


def outcome(e: Expression) -> Any:
    """Return the derivatives, with NaN equal to itself, or the error."""
    try:
        return [str(x) for x in derivatives(e)]
    except (ArithmeticError, ValueError) as error:
        return str(error)


@everyday
@given(expressions(safe=False))
def test_a_bare_expression_prints_as_code_that_gives_the_same_or_the_same_error(e: Expression) -> None:
    assert outcome(evaluated(repr(e))) == outcome(e)


def test_a_deep_expression_prints_as_code_too() -> None:
    half, tanh = STEPS["+"][0], STEPS["tanh"][0]
    steps = [(tanh, [i]) if i % 2 else (half, [i, i // 2]) for i in range(10_000)]
    e = Expression(Program(1, steps), at=(0.5,))
    assert derivatives(evaluated(repr(e))) == derivatives(e)


def test_the_code_reads_as_a_program() -> None:
    steps = [(STEPS["tanh"][0], [0]), (STEPS["*"][0], [2, 1]), (STEPS["**"][-1], [3, -0.5])]
    assert repr(Program(2, steps)) == "lambda a, b: [c := tanh(a), d := c * b, ((2 + d) ** (-0.5)) / 4][-1]"


def test_a_plain_number_below_zero_keeps_its_sign_before_a_power() -> None:
    e = Expression(Program(1, [(BARE_STEPS["**"][0], [-2.0, 0])]), at=(2.0,))
    assert e(2.0) == evaluated(repr(e))(2.0) == 4.0


def test_a_falsifying_example_is_printed_as_its_code() -> None:
    @settings(database=None)
    @given(expressions())
    def never_tanh(e: Expression) -> None:
        assert "tanh" not in operations(e)

    with pytest.raises(AssertionError) as caught:
        never_tanh()
    assert "e=Expression(function=lambda a: tanh(a), at=(0.0,))" in "".join("".join(caught.value.__notes__).split("\n"))


@pytest.mark.parametrize("name", ["tanh", "abs", "maximum", "dot"])
def test_what_fails_for_one_operator_shrinks_to_one_or_two_steps(name: str) -> None:
    e = shrunk(expressions(), lambda e: name in operations(e))
    assert len(e.function.steps) <= 2 and e.at == (0.0,)


@everyday
@given(st.data(), st.integers(1, 60), st.integers(1, 6))
def test_a_graph_has_at_most_max_nodes_and_leaves(data: Any, max_nodes: int, leaves: int) -> None:
    e = data.draw(expressions(max_nodes=max_nodes, leaves=leaves))
    assert len(graph(e)) <= max_nodes and len(e.at) <= min(leaves, max_nodes)


def test_a_graph_can_have_max_nodes() -> None:
    assert found(expressions(max_nodes=30), lambda e: len(graph(e)) == 30)


def test_nodes_are_shared() -> None:
    def shares(e: Expression) -> bool:
        used = [x for node in graph(e) for x in node.operands if isinstance(x, Value) and x.operation]
        return len(used) > len(set(used))

    assert found(expressions(operators=["+"]), shares)


@everyday
@given(expressions())
def test_the_result_depends_on_every_step(e: Expression) -> None:
    used = {x for _, operands in e.function.steps for x in operands if type(x) is int}
    first, last = len(e.at), len(e.at) + len(e.function.steps) - 1
    assert used >= set(range(first, last))


@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize("name", STEPS)
def test_an_expression_has_the_operators_asked_for(name: str, safe: bool) -> None:
    one = expressions(operators=[name], safe=safe)
    steps = found(one, lambda e: bool(e.function.steps)).function.steps
    assert steps[0][0] in (STEPS if safe else BARE_STEPS)[name]


@given(expressions(operators=["*", "tanh"]))
def test_an_expression_has_no_other_operators(e: Expression) -> None:
    assert operations(e) <= {"*", "tanh"}


@pytest.mark.parametrize("safe", [True, False])
def test_an_unknown_operator_is_refused_with_the_names(safe: bool) -> None:
    with pytest.raises(ValueError, match=r"^unknown operator 'arctan': choose from -, \+, .*, log_softmax$"):
        expressions(operators=["tanh", "arctan"], safe=safe)


@pytest.mark.parametrize("name", ["max_nodes", "leaves"])
def test_a_size_is_a_positive_integer(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is an integer from 1 on, not 0$"):
        expressions(**{name: 0})


@pytest.mark.parametrize(
    ("operators", "reached"),
    [
        (["relu"], lambda e: e.function.steps and e.at == (0.0,)),
        (["log"], lambda e: e.function.steps and e.at[0] < 0),
        (["/"], lambda e: any(0.0 in operands for _, operands in e.function.steps)),
    ],
)
def test_bare_operators_reach_kinks_and_leave_domains(
    operators: list[str], reached: Callable[[Expression], bool]
) -> None:
    assert found(expressions(operators, leaves=1, safe=False), reached)


@everyday
@given(expressions())
def test_an_expression_of_floats_gives_the_data_of_values(e: Expression) -> None:
    assert e(*e.at) == derivatives(e)[0]


@everyday
@given(expressions())
def test_an_expression_of_mpmath_numbers_has_all_their_digits(e: Expression) -> None:
    with mpmath.workdps(50):
        value = e(*map(mpmath.mpf, e.at))
    with mpmath.workdps(70):
        assert abs(value - e(*map(mpmath.mpf, e.at))) < mpmath.mpf(10) ** -47


@everyday
@given(expressions(operators=["-", "+", "*", "/"]))
def test_an_expression_of_fractions_stays_exact(e: Expression) -> None:
    assert type(e(*map(Fraction, e.at))) is Fraction


@everyday
@given(expressions())
def test_an_expression_of_columns_is_that_of_each_sample(e: Expression) -> None:
    columns = e(*(Value(np.array([x, -x])) for x in e.at)).data
    assert columns.tolist() == pytest.approx([e(*e.at), e(*(-x for x in e.at))], rel=1e-12, abs=1e-12)


def test_an_expression_of_integers_keeps_its_plain_numbers() -> None:
    e = Expression(Program(1, [(STEPS["+"][0], [0, 0.5])]), at=(1.0,))
    assert e(1) == 0.75


# Networks


@everyday
@given(networks())
def test_a_network_takes_its_inputs_and_has_a_gradient(network: Network) -> None:
    outputs = network.model(network.inputs)
    y = micrograd_like.total(outputs) if isinstance(outputs, list) else outputs
    y.backward()
    assert all(math.isfinite(p.grad) for p in network.model.parameters())


@everyday
@given(networks(smooth=False))
def test_a_network_prints_as_code_that_makes_the_same_network(network: Network) -> None:
    again = evaluated(repr(network))
    assert [p.data for p in again.model.parameters()] == [p.data for p in network.model.parameters()]
    assert repr(again.model(again.inputs)) == repr(network.model(network.inputs))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_have_no_kink_unless_told_otherwise(name: str) -> None:
    def slope(x: float) -> float:
        v = Value(x)
        (ACTIVATIONS[name](v) * 1).backward()
        return float(v.grad)

    smooth = abs(slope(1e-9) - slope(-1e-9)) < 1e-6
    assert found(networks(smooth=smooth), lambda network: network.activation == name != network.output)


@everyday
@given(networks())
def test_the_activations_of_a_network_are_smooth(network: Network) -> None:
    assert not {network.activation, network.output} & {"relu", "leaky_relu"}


@pytest.mark.parametrize("name", INITS)
def test_networks_are_drawn_with_every_init(name: str) -> None:
    assert found(networks(), lambda network: network.init == name)


def test_a_network_shrinks_to_one_neuron() -> None:
    assert repr(shrunk(networks(), lambda network: True)) == (
        "Network(inputs=(0.0,), nouts=(1,), activation='linear', output='linear', init='uniform', seed=0)"
    )


# Floats


@everyday
@given(st.data(), st.lists(st.floats(-1e300, 1e300), max_size=4), st.floats(1e-300, 1e300))
def test_floats_are_finite_and_away_from_each_kink(data: Any, kinks: list[float], distance: float) -> None:
    x = data.draw(floats_away_from(kinks, distance))
    assert math.isfinite(x) and all(abs(Fraction(x) - Fraction(kink)) >= Fraction(distance) for kink in kinks)


def test_floats_stay_half_away_unless_told_otherwise() -> None:
    assert abs(found(floats_away_from([0.25]), lambda x: -0.5 < x < 1)) in (0.75, 0.25)


@pytest.mark.parametrize("inside", [lambda x: x == -1, lambda x: x == 1, lambda x: 1 < x < 2, lambda x: x == 4])
def test_floats_are_found_on_the_edges_and_in_the_gaps(inside: Callable[[float], bool]) -> None:
    assert inside(found(floats_away_from([3, 0], distance=1), inside))


def test_floats_away_from_nothing_are_all_finite_floats() -> None:
    assert found(floats_away_from([]), lambda x: x > 1e308)


@pytest.mark.parametrize(
    ("kinks", "distance"), [([math.nan], 1), ([math.inf], 1), ([0], 0), ([0], -1), ([0], math.nan)]
)
def test_kinks_are_finite_and_the_distance_is_above_zero(kinks: list[float], distance: float) -> None:
    with pytest.raises(ValueError, match="kinks are finite numbers and the distance is above 0"):
        floats_away_from(kinks, distance)


def test_kinks_that_leave_no_float_are_refused() -> None:
    with pytest.raises(ValueError, match="no float is inf away from"):
        floats_away_from([0], math.inf)


# Without Hypothesis


def test_a_missing_hypothesis_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis.strategies", None)
    monkeypatch.delitem(sys.modules, "micrograd_like.strategies")
    with pytest.raises(ImportError, match='needs hypothesis: pip install hypothesis, which is in the extra "test"'):
        importlib.import_module("micrograd_like.strategies")
