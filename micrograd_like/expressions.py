"""Expressions as text: arithmetic and the engine's functions, read against a list of what is allowed, never evaluated.

    >>> expression = parse("tanh(w*x + b)")
    >>> expression.names
    ('w', 'x', 'b')
    >>> w = Value(-3.0, "w")
    >>> y = expression.at({"w": w, "x": 2.0, "b": 6.5})
    >>> y.backward()
    >>> round(y.data, 4), round(w.grad, 4)
    (0.4621, 1.5729)
    >>> parse("1 + tahn(w*x)")
    Traceback (most recent call last):
    micrograd_like.tokens.ExpressionError: tahn is not a function here: did you mean tanh?
      1 + tahn(w*x)
          ^

Python's parser makes a tree of the tokens, and a node of a kind that is allowed becomes a step, which takes its
operands from a stack. Nothing in the text is run, and nothing recurses as deep as the text goes.
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from itertools import islice
from typing import Any, NamedTuple

from micrograd_like import functions
from micrograd_like.elementary import select
from micrograd_like.engine import Value, dot, record, total
from micrograd_like.errors import FAILURES, failure
from micrograd_like.kinds import Number, data_of, is_value, number, result
from micrograd_like.operations import Operation, masked, read
from micrograd_like.sequences import log_softmax, logsumexp, softmax
from micrograd_like.tokens import DEEPEST, ExpressionError, tokens

LONGEST = 4_000
"""How many characters an expression may have."""
FUNCTIONS: dict[str, tuple[Any, int]] = {
    **{name: (f, 0) for name, f in vars(functions).items() if vars(Value).get(name) is f},
    "abs": (abs, 0), "dot": (dot, 2), "total": (total, 1), "logsumexp": (logsumexp, 1),
    "softmax": (softmax, 1), "log_softmax": (log_softmax, 1),
}  # fmt: skip
"""The functions, and how many lists each takes before numbers; those of numbers alone are all that the package has."""
RETURNING_LISTS = ("softmax", "log_softmax")
NAMES = (*FUNCTIONS, "where")
SIGNS: dict[type[ast.AST], tuple[str, Callable[..., Any]]] = {
    ast.Add: ("+", operator.add), ast.Sub: ("-", operator.sub), ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv), ast.Pow: ("**", operator.pow),
    ast.UAdd: ("+", lambda x: x), ast.USub: ("-", operator.neg),
}  # fmt: skip
REASONS: dict[type[ast.AST], str] = {
    ast.Compare: "two numbers are compared in where(a < b, p, q) only, first in it",
    ast.List: "a list stands in dot, total, logsumexp, softmax and log_softmax only",
    ast.Subscript: "one of a list is chosen of softmax([a, b])[0] and log_softmax([a, b])[0] only",
    ast.Tuple: "a comma stands between the arguments of a function and in a list only",
}


class Step(NamedTuple):
    """An operation on the last `arity` results; `column` is where in the text its name or sign stands."""

    column: int
    name: str
    arity: int
    apply: Callable[..., Any]


@dataclass(frozen=True)
class Expression:
    """A text that was read; made by `parse`.

    Attributes:
        text: the text, with a space for every tab and line break.
        columns: the variables in the order of their first appearance, with the column of that.
        steps: what gives a result, operands before what is made of them: operations, names of variables, numbers.
    """

    text: str
    columns: Mapping[str, int]
    steps: tuple[Step | str | float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, in the order of their first appearance."""
        return tuple(self.columns)

    def at(self, numbers: Mapping[str, Any]) -> Any:
        """Return the result for these numbers of the variables: Values, or numbers of any kind.

        Raises:
            ExpressionError: a variable has no number; or an operation fails, as `log(-1)` does, or its result is
                complex or too large for a float.
        """
        for name, column in self.columns.items():
            if name not in numbers:
                raise ExpressionError(self.text, column, f"{name} has no number: give it one, such as {name}=0.5")
        known = {name: x if is_value(x := numbers[name]) else number(x) for name in self.columns}
        results: list[Any] = []
        for step in self.steps:
            if isinstance(step, Step):
                results[-step.arity :] = [self._result(step, results[-step.arity :])]
            else:
                results.append(known[step] if isinstance(step, str) else step)
        return results[0]

    def _result(self, step: Step, operands: list[Any]) -> Any:
        try:
            y = step.apply(*operands)
            x = result(y) if type(y) is complex else data_of(y)
            if type(x) is float and not math.isfinite(x):
                raise OverflowError
            return y
        except FAILURES as error:
            raise ExpressionError(self.text, step.column, str(failure(error, step.name, operands))) from None


def parse(text: str) -> Expression:
    """Read an expression.

    There are numbers, variables, + - * / **, brackets; the functions of the package and `abs`; `where(a < b, p, q)`,
    with < <= > or >=; over lists `dot([a, b], [c, d])`, also with a bias as the third, `total`, `logsumexp`, and
    `softmax([a, b])[0]`, `log_softmax([a, b])[0]`.

    Raises:
        ExpressionError: there is something else; or it is longer than 4,000 characters or nested deeper than 100.
    """
    text = "".join(" " if c.isspace() else c for c in text)
    if len(text) > LONGEST:
        raise ExpressionError(text, LONGEST, f"an expression has at most {LONGEST:,} characters, not {len(text):,}")
    first, *_ = tokens(text)
    indent = first.start()
    try:
        tree = ast.parse(text[indent:], mode="eval")
    except SyntaxError as error:
        column = min(indent + max((error.offset or 1) - 1, 0), len(text))
        raise ExpressionError(text, column, f"this is no expression: {error.msg}") from None
    except (MemoryError, RecursionError):  # Python's parser has limits of its own, which depend on its version
        raise ExpressionError(text, indent, "this is nested too deeply") from None
    return _Reader(text, indent).expression(tree.body)


class _Reader:
    """Makes steps of the tree of a text, which begins after an indentation."""

    def __init__(self, text: str, indent: int) -> None:
        self.text, self.indent = text, indent
        self.source = text[indent:].encode()
        self.columns: dict[str, int] = {}

    def expression(self, tree: ast.expr) -> Expression:
        """Return the expression, with the step of each node after those of its operands."""
        steps, stack = [], [(tree, 1)]
        while stack:
            node, depth = stack.pop()
            if depth > DEEPEST:
                raise self.error(node, f"operations are nested at most {DEEPEST} deep")
            step, operands = self.read(node)
            steps.append(step)
            flat = isinstance(node, ast.BinOp)  # a + b + c + … is nested to the left, but does not read so
            stack += [(operand, depth + (i > 0 or not flat)) for i, operand in enumerate(operands)]
        columns = dict(sorted(self.columns.items(), key=operator.itemgetter(1)))
        return Expression(self.text, columns, tuple(reversed(steps)))

    def read(self, node: ast.expr) -> tuple[Step | str | float, list[ast.expr]]:
        """Return what a node does, and its operands."""
        column = self.column(node.col_offset)
        match node:
            case ast.Constant(value=int() | float() as x):
                return float(x), []
            case ast.Name(id=name):
                if name in NAMES:
                    raise self.error(node, f"{name} is a function: write {name}(…), or give the variable another name")
                self.columns[name] = min(column, self.columns.get(name, column))
                return name, []
            case ast.BinOp(left=left, right=right, op=op) if type(op) in SIGNS:
                sign, apply = SIGNS[type(op)]
                return Step(self.text.index(sign, self.column(left.end_col_offset)), sign, 2, apply), [left, right]
            case ast.UnaryOp(operand=operand, op=op) if type(op) in SIGNS:
                sign, apply = SIGNS[type(op)]
                return Step(column, sign, 1, apply), [operand]
            case ast.Call(func=ast.Name(id="where"), args=arguments):
                return Step(column, "where", 4, _choose), self.choice(node, arguments)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                if name in RETURNING_LISTS:
                    raise self.error(node, f"{name} gives a list: choose one of it, such as {name}([a, b])[0]")
                return self.call(node, name, arguments)
            case ast.Subscript(value=ast.Call(func=ast.Name(id=name), args=arguments) as call, slice=place) if (
                name in RETURNING_LISTS
            ):
                return self.call(call, name, arguments, place)
            case _:
                raise self.error(node, REASONS.get(type(node), "this has no place here"))

    def call(
        self, node: ast.expr, name: str, arguments: list[ast.expr], place: ast.expr | None = None
    ) -> tuple[Step, list[ast.expr]]:
        """Return what a call does, and its operands, those in lists too; of a result that is a list one is chosen."""
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name, NAMES)
            how = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(NAMES))}"
            raise self.error(node, f"{name} is not a function here: {how}")
        function, lists = FUNCTIONS[name]
        self.require_count(node, name, len(arguments))
        operands: list[ast.expr] = []
        sizes = []
        for argument in arguments[:lists]:
            if not isinstance(argument, ast.List) or not argument.elts:
                raise self.error(argument, f"{name} takes a list of numbers here, such as [a, b]")
            operands += argument.elts
            sizes.append(len(argument.elts))
        if len(set(sizes)) > 1:
            raise self.error(node, f"{name} takes lists of the same length, not {' and '.join(map(str, sizes))}")
        if name == "leaky_relu" and any(isinstance(part, ast.Name) for x in arguments[1:] for part in ast.walk(x)):
            raise self.error(arguments[1], "the slope of leaky_relu is a number: it cannot depend on variables")
        chosen = None if place is None else self.chosen(place, len(operands))

        def apply(*numbers: Any) -> Any:
            rest = iter(numbers)
            y = function(*[[*islice(rest, size)] for size in sizes], *rest)
            return y if chosen is None else y[chosen]

        operands += arguments[lists:]
        return Step(self.column(node.col_offset), name, len(operands), apply), operands

    def require_count(self, node: ast.expr, name: str, count: int) -> None:
        """Refuse a call with another number of arguments than the function takes."""
        taken = signature(FUNCTIONS[name][0]).parameters
        counts = range(sum(p.default is Parameter.empty for p in taken.values()), len(taken) + 1)
        if count not in counts:
            few = f"{' or '.join(map(str, counts))} argument{'s' * (counts[-1] > 1)}"
            raise self.error(node, f"{name} takes {few}, not {count}: {name}({', '.join(taken)})")

    def chosen(self, place: ast.expr, count: int) -> int:
        """Return which of so many results is chosen."""
        match place:
            case ast.Constant(value=int() as i) if i < count:
                return i
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as i)) if i <= count:
                return -i
            case _:
                raise self.error(place, f"one of {count} is chosen by an integer from 0 to {count - 1}")

    def choice(self, node: ast.expr, arguments: list[ast.expr]) -> list[ast.expr]:
        """Return a, b, p, q of a `where` that is p for a < b, else q."""
        match arguments:
            case [ast.Compare(left=a, ops=[ast.Lt()], comparators=[b]), p, q]:
                return [a, b, p, q]
            case [ast.Compare(left=a, ops=[ast.Gt()], comparators=[b]), p, q]:
                return [b, a, p, q]
            case [ast.Compare(left=a, ops=[ast.LtE()], comparators=[b]), p, q]:
                return [b, a, q, p]
            case [ast.Compare(left=a, ops=[ast.GtE()], comparators=[b]), p, q]:
                return [a, b, q, p]
            case _:
                raise self.error(node, "where takes a comparison of two numbers and two choices: where(a < b, p, q)")

    def column(self, offset: int | None) -> int:
        """Return the column of a place in the source, which Python's parser tells in bytes of UTF-8."""
        return self.indent + len(self.source[:offset].decode())

    def error(self, node: ast.expr, reason: str) -> ExpressionError:
        """Return an error that marks a node."""
        return ExpressionError(self.text, self.column(node.col_offset), reason)


def _rule_of_choice(a: Number, b: Number, p: Number, q: Number) -> tuple[Number, ...]:
    condition = a < b
    return select(condition, p, q), None, None, select(condition, 1, None), select(condition, None, 1)


CHOICE = Operation("where", _rule_of_choice)


def _choose(*operands: Any) -> Any:
    """Return p where a < b, else q, as one node of all four: unlike the condition of `where`, this one is in the graph.

    So a program or a page that is made of the graph chooses anew for other numbers.
    """
    each, numbers, values = read(operands)
    y, *slopes = _rule_of_choice(*numbers)
    if values is False:
        return result(y)
    return record(CHOICE, y, each, tuple(slopes) if values else masked(each, tuple(slopes)))
