"""Gradients of random expressions against four judges: differences, fifty digits, PyTorch, and samples one by one."""

from __future__ import annotations

import sys
from typing import Any

import mpmath
import numpy as np
import pytest
from expressions import Program, programs, sizes_up_to_one, torch_functions
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd_like
from micrograd_like import Value
from micrograd_like.engine import topological_order

ROUNDING, UNDERFLOW = sys.float_info.epsilon, sys.float_info.min

everyday = settings(deadline=None, max_examples=300)


def differentiated(program: Program) -> tuple[Value, list[Value]]:
    """Return the result of the program on floats, after backward, and its leaves."""
    leaves = [Value(x) for x in program.point]
    result = program.run(micrograd_like, leaves)
    result.backward()
    return result, leaves


def sizes_of_paths(result: Value) -> dict[Value, float]:
    """Return, for each Value, the sum over all paths to it of the absolute product of the local derivatives."""
    order = topological_order(result)
    sizes = dict.fromkeys(order, 0.0) | {result: 1.0}
    for node in reversed(order):
        for operand, derivative in zip(node.operands, node.local_derivatives, strict=True):
            if derivative is not None:
                sizes[operand] += sizes[node] * abs(derivative)
    return sizes


def tolerances(result: Value, leaves: list[Value]) -> list[float]:
    """Return how far rounding may put the gradient of each leaf off.

    A path of k local derivatives, each rounded by a few units and taken at numbers that are themselves off by a few
    (these are of the size of 1, as second derivatives are: see expressions.py), is off by k or so units of its own
    size. The paths' signs may differ while their errors add up, so the scale is the sum of their absolute sizes.
    """
    sizes, longest = sizes_of_paths(result), len(topological_order(result))
    return [2 * longest * ROUNDING * sizes.get(leaf, 0.0) + UNDERFLOW for leaf in leaves]


@everyday
@given(programs())
def test_gradients_are_central_differences(program: Program) -> None:
    result, leaves = differentiated(program)
    h = ROUNDING ** (1 / 3)
    sizes = sizes_of_paths(result)
    allowed = 20 * h * h * max(1, *(sizes.get(leaf, 0.0) for leaf in leaves))
    for i, leaf in enumerate(leaves):
        below, above = (
            program.run(micrograd_like, [x + step * (i == j) for j, x in enumerate(program.point)]) for step in (-h, h)
        )
        assert leaf.grad == pytest.approx((above - below) / (2 * h), rel=0, abs=allowed)


@everyday
@given(programs())
def test_gradients_are_those_of_fifty_digits(program: Program) -> None:
    result, leaves = differentiated(program)
    with mpmath.workdps(50):
        exact = [Value(mpmath.mpf(x)) for x in program.point]
        program.run(micrograd_like, exact, constant=mpmath.mpf).backward()
        errors = [abs(leaf.grad - judge.grad) for leaf, judge in zip(leaves, exact, strict=True)]
    assert all(error <= allowed for error, allowed in zip(errors, tolerances(result, leaves), strict=True))


@everyday
@given(programs())
def test_gradients_are_pytorchs(program: Program) -> None:
    torch = pytest.importorskip("torch")
    result, leaves = differentiated(program)
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in program.point]
    program.run(torch_functions(), tensors).backward()
    for leaf, tensor, allowed in zip(leaves, tensors, tolerances(result, leaves), strict=True):
        judge = 0.0 if tensor.grad is None else tensor.grad.item()
        assert leaf.grad == pytest.approx(judge, rel=0, abs=2 * allowed)


@everyday
@given(programs(), st.data())
def test_a_column_holds_the_gradients_of_each_sample(program: Program, data: Any) -> None:
    samples = [tuple(data.draw(st.tuples(*[sizes_up_to_one()] * len(program.point)), label="sample")) for _ in range(3)]
    columns = [Value(np.array(column)) for column in zip(*samples, strict=True)]
    program.run(micrograd_like, columns).backward()
    for row, sample in enumerate(samples):
        result, leaves = differentiated(Program(sample, program.steps))
        gradients = [np.broadcast_to(column.grad, 3)[row] for column in columns]
        for leaf, gradient, allowed in zip(leaves, gradients, tolerances(result, leaves), strict=True):
            assert leaf.grad == pytest.approx(gradient, rel=0, abs=2 * allowed)


@everyday
@given(programs())
def test_backward_twice_doubles_the_gradients_to_the_last_bit(program: Program) -> None:
    result, leaves = differentiated(program)
    once = [leaf.grad for leaf in leaves]
    result.backward()
    assert [leaf.grad for leaf in leaves] == [2 * gradient for gradient in once]


@everyday
@given(programs())
def test_two_losses_that_share_a_part_give_the_sum_of_both(program: Program) -> None:
    leaves = [Value(x) for x in program.point]
    shared = program.run(micrograd_like, leaves)
    first, second = shared * 2, shared.sin()
    first.backward()
    second.backward()
    apart = [Value(x) for x in program.point]
    (program.run(micrograd_like, apart) * 2).backward()
    program.run(micrograd_like, apart).sin().backward()
    assert [leaf.grad for leaf in leaves] == [leaf.grad for leaf in apart]
