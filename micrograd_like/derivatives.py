"""The gradient as a function, which can be differentiated again, to any order.

    >>> from micrograd_like import Value, grad, hessian, tanh
    >>> slope = grad(tanh)
    >>> slope(0.5), grad(slope)(0.5), grad(grad(slope))(0.5)
    (0.7864477329659274, -0.7268619813835873, -0.5652092882597703)
    >>> hessian(lambda x, y: x**2 * y, [3.0, 2.0])
    [[4.0, 6.0], [6.0, 0.0]]

A rule runs on any kind of number, and a `Value` is one: given a node's operands themselves instead of their data, it
gives local derivatives that are Values, and the chain rule over these is a graph like any other. There are no levels to
confuse: each `grad` differentiates by leaves that it has made, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd_like.engine import Operand, Value, record, topological_order
from micrograd_like.kinds import data_of, filled, is_array
from micrograd_like.operations import Operation
from micrograd_like.points import Point, point_at, require_number

COPY = Operation("copy", lambda x: (x, 1))


def grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that gives the gradient of `f`, ∂f/∂xᵢ for each number xᵢ in its arguments.

    The arguments are numbers, or lists, tuples, NumPy arrays and mappings of numbers, all in order or all by name. The
    gradient has the shape of the argument; of several it is a tuple, or a dictionary of their names. It holds plain
    numbers, unless the result of `f` depends on Values, among the arguments or not: then it holds Values that depend on
    them too, so that it can be differentiated again, or stand in a loss.

    Raises:
        TypeError: an argument is no number, or the result of `f` is none.

    >>> grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0)
    1.0
    """

    def gradient(*arguments: Any, **named: Any) -> Any:
        if arguments and named:
            raise TypeError("a gradient takes its arguments all in order or all by name")
        if len(arguments) == 1:
            return _gradient(f, Point(f, arguments[0], spread=False))
        return _gradient(f, Point(f, named or arguments, spread=True))

    return gradient


def hessian(f: Callable[..., Any], at: Any) -> Any:
    """Return the second derivatives ∂²f/∂xᵢ∂xⱼ: for each number of `at` a row, which has the shape of `at` itself.

    `at` holds the arguments of `f`, as for `numerical_gradient`; the numbers and the errors are those of `grad`.
    """
    point = point_at(f, at)
    return point.shaped(map(point.shaped, second_derivatives(f, point)))


def second_derivatives(f: Callable[..., Any], point: Point) -> list[list[Operand]]:
    """Return the rows of the Hessian matrix of `f` by the numbers of the point."""
    leaves, y, again = _traced(f, point)
    return [_derivatives(leaves, slope, again) for slope in _derivatives(leaves, y, again=True)]


def _gradient(f: Callable[..., Any], point: Point) -> Any:
    return point.shaped(_derivatives(*_traced(f, point)))


def _traced(f: Callable[..., Any], point: Point) -> tuple[list[Value], Operand, bool]:
    """Return a new Value for each number of the point, the result of `f` for them, and whether that depends on others.

    From then on the new Values are no leaves: to the `grad` around this one they are numbers, as those of the point.
    """
    leaves = [_copy(x) if isinstance(x, Value) else Value(x) for x in point.numbers]
    y = require_number(point.call(f, leaves))
    for leaf in leaves:
        leaf.operation = COPY
    order = _order(y)
    given = {leaf for leaf, x in zip(leaves, point.numbers, strict=True) if isinstance(x, Value)}
    return leaves, y, any(not node.operation or node in given for node in order)


def _copy(x: Operand) -> Value:
    """Return a Value of the same number that is no leaf."""
    return record(COPY, data_of(x), *((x, 1) if isinstance(x, Value) else (None, None)))


def _derivatives(leaves: list[Value], y: Operand, again: bool) -> list[Operand]:
    """Return the derivative of y by each of the leaves: a Value, if it is to be differentiated again."""
    order, ends = _order(y), set(leaves)
    reached = set(leaves)  # by changes of the leaves
    for node in order:
        if any(operand in reached for operand in node.operands if isinstance(operand, Value)):
            reached.add(node)
    gradients: dict[Value, Operand] = {y: 1} if isinstance(y, Value) and y in reached else {}
    for node in reversed(order):
        if node in gradients and node not in ends:
            gradient = gradients.pop(node)
            slopes = node.operation.rule(*node.operands)[1:] if again else node.local_derivatives
            for operand, slope in zip(node.operands, slopes, strict=True):
                if slope is not None and isinstance(operand, Value) and operand in reached:
                    term = gradient * (_copy(slope) if again and is_array(slope) else slope)
                    gradients[operand] = gradients[operand] + term if operand in gradients else term
    found = [(gradients.get(leaf, 0), leaf.data) for leaf in leaves]
    return [g if isinstance(g, Value) else filled(g, x) for g, x in found]


def _order(y: Operand) -> list[Value]:
    return topological_order(y) if isinstance(y, Value) else []
