"""Recording: a loss is called once with numbers that are not known yet, and the engine's own `backward` does the rest.

    >>> from micrograd_like import Value, relu
    >>> w = Value(2.0, "w")
    >>> record(lambda x, y: relu(1 - y * w * x), [w])
    Program of 5 statements: 2 inputs, 1 parameters, 2 outputs
    >>> w
    Value(data=2.0, grad=0, label='w')
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any

from micrograd_like.compiler.calls import note_calls
from micrograd_like.compiler.expr import INPUT, PARAMETER, Expr, Tape
from micrograd_like.compiler.program import Program, identifiers
from micrograd_like.engine import Value, topological_order
from micrograd_like.errors import require_count
from micrograd_like.kinds import data_of, is_value

ONE_AT_A_TIME = RLock()
"""Parameters hold symbols while they are recorded, which another thread must not take for their numbers."""

Inputs = int | Sequence[str] | None
"""How many numbers a sample has, or their names; None for the arguments of the loss."""


def record(loss: Callable[..., Any], parameters: Sequence[Value], inputs: Inputs = None) -> Program:
    """Return the program that computes loss(*inputs) and its derivatives by the parameters.

    The parameters' numbers and gradients are left as they were.

    Raises:
        TypeError: the loss does not return a Value, or decides what to compute by a number that it was given; the
            parameters are no Values.
        ValueError: the parameters are not leaves, or one is given twice; the loss uses others; or it computes something
            else when it is called again.
    """
    names = input_names(loss, inputs)
    with ONE_AT_A_TIME:
        return _recorded(loss, _leaves(parameters), names)


def _recorded(loss: Callable[..., Any], parameters: list[Value], names: list[str]) -> Program:
    tape = Tape()
    set_data, set_grad = (vars(Value)[slot].__set__ for slot in ("_data", "_grad"))
    before = [(p._data, p._grad) for p in parameters]
    try:
        for p in parameters:
            set_data(p, tape.leaf(PARAMETER))
            set_grad(p, 0)
        numbers = [tape.leaf(INPUT, name) for name in names]
        result = _called(loss, numbers)
        order = topological_order(result)
        _require_same(loss, numbers, result, {v for v in order if not v.operation}.difference(parameters))
        note_calls(tape, order)
        for p in parameters:
            set_grad(p, 0)  # a loss may have called backward itself
        result.backward()
        nodes = [tape.index_of(x) for x in (result._data, *(p._grad for p in parameters))]
    finally:
        for p, (data, grad) in zip(parameters, before, strict=True):
            set_data(p, data)
            set_grad(p, grad)
    tape.close()
    return Program(tape, nodes, names, [p.label for p in parameters])


def record_function(function: Callable[..., Any], names: Sequence[str]) -> Program:
    """Return the program that computes a function of these arguments, and its derivative by each of them.

    >>> print(record_function(lambda x, y: x * y + 1, ["x", "y"]))
    def sample(x, y):
        value = x*y + 1.0
        d_x = y
        d_y = x
    """
    tape, inputs = Tape(), identifiers(names, "x", ["value"])
    leaves = [Value(tape.leaf(INPUT, name)) for name in inputs]
    result = function(**dict(zip(names, leaves, strict=True)))
    if is_value(result):
        result.backward()
    nodes = [tape.index_of(x) for x in (data_of(result), *(leaf.grad for leaf in leaves))]
    tape.close()
    return Program(tape, nodes, inputs, [], ["value", *(f"d_{name}" for name in inputs)])


def input_names(loss: Callable[..., Any], inputs: Inputs) -> list[str]:
    """Return the names of the numbers of a sample.

    Raises:
        TypeError: the loss is no function, or takes any number of arguments, and `inputs` does not say how many.
        ValueError: a name stands twice, or the number is no positive integer.
    """
    if not callable(loss):
        raise TypeError(f"the loss is a function of one sample's numbers, not {loss!r}")
    if inputs is None:
        try:
            arguments = list(inspect.signature(loss).parameters.values())
        except ValueError:
            arguments = []
        required = [x for x in arguments if x.default is x.empty]
        if not required or any(x.kind not in (x.POSITIONAL_ONLY, x.POSITIONAL_OR_KEYWORD) for x in required):
            raise TypeError("the loss does not say how many numbers a sample has: compile(…, inputs=3), or their names")
        return [x.name for x in required]
    if isinstance(inputs, str) or not isinstance(inputs, Sequence):
        if isinstance(inputs, str):
            raise ValueError(f"inputs are a list of names, or their number, not the string {inputs!r}")
        require_count("inputs", inputs)
        return [f"x{i + 1}" for i in range(int(inputs))]
    if len(set(map(str, inputs))) < len(inputs) or not inputs:
        raise ValueError(f"inputs are different names, or their number, not {inputs!r}")
    return [str(name) for name in inputs]


def _called(loss: Callable[..., Any], numbers: list[Expr]) -> Any:
    result = loss(*numbers)
    if not is_value(result):
        if isinstance(result, Expr | int | float):
            what = f"{result!r}, which depends on none of the parameters"
        else:
            what = f"a {type(result).__name__}" if isinstance(result, list | tuple) else repr(result)
        raise TypeError(f"the loss is to return one Value, computed from the parameters; it returned {what}")
    return result


def _require_same(loss: Callable[..., Any], numbers: list[Expr], result: Any, others: set[Value]) -> None:
    """Refuse a loss that records other nodes when it is called again, or uses one of the other leaves again."""
    requirements = [*numbers[0].tape.requirements]
    again = _called(loss, numbers)
    numbers[0].tape.requirements[:] = requirements
    one, other = (x._data.index if type(x._data) is Expr else x._data for x in (result, again))
    if one != other:
        raise ValueError(
            "the loss computes something else each time it is called: what it draws at random, or counts, cannot be "
            "recorded; give it as an input"
        )
    if others and (given := others.intersection(topological_order(again))):
        labels = sorted({v.label or repr(v) for v in given})
        shown = ", ".join([*labels[:3], *(["…"] if len(labels) > 3 else [])])
        raise ValueError(
            f"the loss uses {len(given)} leaves ({shown}) that are not among the parameters: give all leaves that it "
            "uses, or plain numbers for what stays as it is"
        )


def _leaves(given: Any) -> list[Value]:
    if is_value(given) or not hasattr(given, "__iter__"):
        raise TypeError(f"the parameters are a list of Values, such as model.parameters(), not {given!r:.60}")
    parameters: list[Value] = list(given)
    for p in parameters:
        if not is_value(p):
            raise TypeError(f"the parameters are Values, such as model.parameters(), not {p!r:.60}")
        if p.operation:
            raise ValueError(f"a parameter is a leaf, not the result of {p.operation!r}: {p}")
        if type(p._data) is not float:
            raise TypeError(f"a compiled program computes with floats, not {type(p._data).__name__}: {p!r:.60}")
    if len(set(parameters)) < len(parameters):
        raise ValueError("a parameter is given twice")
    if not parameters:
        raise ValueError("there are no parameters to differentiate by")
    return parameters
