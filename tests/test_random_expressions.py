"""Gradients of random expressions against four judges: differences, fifty digits, PyTorch, and samples one by one."""

from __future__ import annotations

import sys
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_functions import torch_functions

from micrograd_like import Value
from micrograd_like.engine import topological_order
from micrograd_like.strategies import Expression, expressions

ROUNDING, UNDERFLOW = sys.float_info.epsilon, sys.float_info.min

everyday = settings(deadline=None, max_examples=300)


def differentiated(e: Expression) -> tuple[Value, list[Value]]:
    """Return the result of the expression on floats, after backward, and its leaves."""
    leaves = [Value(x) for x in e.at]
    result = e(*leaves)
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

    A local derivative d is off by a few units of |d|, or of 1 where that is more: it is taken at numbers that are off
    by a few units for each node before them, and second derivatives are of the size of 1 (see STEPS). A path of them,
    the product d₁·d₂·…, is then off by the sum over i of the error of dᵢ times the others. The paths' signs may differ
    while their errors add up, so their absolute sizes are taken.
    """
    order, sizes = topological_order(result), sizes_of_paths(result)
    units = dict.fromkeys([*order, *leaves], 0.0)
    for node in reversed(order):
        for operand, derivative in zip(node.operands, node.local_derivatives, strict=True):
            if derivative is not None:
                units[operand] += units[node] * abs(derivative) + sizes[node] * max(abs(derivative), 1)
    return [2 * len(order) * ROUNDING * units[leaf] + UNDERFLOW for leaf in leaves]


@everyday
@given(expressions())
def test_gradients_are_central_differences(e: Expression) -> None:
    result, leaves = differentiated(e)
    h = ROUNDING ** (1 / 3)
    sizes = sizes_of_paths(result)
    allowed = 20 * h * h * max(1, *(sizes.get(leaf, 0.0) for leaf in leaves))
    for i, leaf in enumerate(leaves):
        below, above = (
            e(*[x + step * (i == j) for j, x in enumerate(e.at)]) for step in (-h, h)
        )
        assert leaf.grad == pytest.approx((above - below) / (2 * h), rel=0, abs=allowed)


@everyday
@given(expressions())
def test_gradients_are_those_of_fifty_digits(e: Expression) -> None:
    result, leaves = differentiated(e)
    with mpmath.workdps(50):
        exact = [Value(mpmath.mpf(x)) for x in e.at]
        e(*exact).backward()
        errors = [abs(leaf.grad - judge.grad) for leaf, judge in zip(leaves, exact, strict=True)]
    assert all(error <= allowed for error, allowed in zip(errors, tolerances(result, leaves), strict=True))


@everyday
@given(expressions())
def test_gradients_are_pytorchs(e: Expression) -> None:
    torch = pytest.importorskip("torch")
    result, leaves = differentiated(e)
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in e.at]
    e.function(*tensors, functions=torch_functions()).backward()
    for leaf, tensor, allowed in zip(leaves, tensors, tolerances(result, leaves), strict=True):
        judge = 0.0 if tensor.grad is None else tensor.grad.item()
        assert leaf.grad == pytest.approx(judge, rel=0, abs=2 * allowed)


@everyday
@given(expressions(), st.data())
def test_a_column_holds_the_gradients_of_each_sample(e: Expression, data: Any) -> None:
    points = st.tuples(*[st.floats(-1, 1, allow_subnormal=False)] * len(e.at))
    samples = [data.draw(points, label="sample") for _ in range(3)]
    columns = [Value(np.array(column)) for column in zip(*samples, strict=True)]
    e(*columns).backward()
    for row, sample in enumerate(samples):
        result, leaves = differentiated(Expression(e.function, sample))
        gradients = [np.broadcast_to(column.grad, 3)[row] for column in columns]
        for leaf, gradient, allowed in zip(leaves, gradients, tolerances(result, leaves), strict=True):
            assert leaf.grad == pytest.approx(gradient, rel=0, abs=2 * allowed)


@everyday
@given(expressions())
def test_backward_twice_doubles_the_gradients_to_the_last_bit(e: Expression) -> None:
    result, leaves = differentiated(e)
    once = [leaf.grad for leaf in leaves]
    result.backward()
    assert [leaf.grad for leaf in leaves] == [2 * gradient for gradient in once]


@everyday
@given(expressions())
def test_two_losses_that_share_a_part_give_the_sum_of_both(e: Expression) -> None:
    leaves = [Value(x) for x in e.at]
    shared = e(*leaves)
    first, second = shared * 2, shared.sin()
    first.backward()
    second.backward()
    apart = [Value(x) for x in e.at]
    (e(*apart) * 2).backward()
    e(*apart).sin().backward()
    assert [leaf.grad for leaf in leaves] == [leaf.grad for leaf in apart]
