"""Expressions as text: arithmetic and the package's functions, held against what is allowed, and never run as Python.

    >>> parsed = parse("tanh(w*x + b)")
    >>> parsed.names
    ('w', 'x', 'b')
    >>> w = Value(-3.0, "w")
    >>> y = parsed.at({"w": w, "x": 2.0, "b": 6.5})
    >>> y.backward()
    >>> round(y.data, 4), round(w.grad, 4)
    (0.4621, 1.5729)
    >>> parse("1 + tahn(w*x)")
    Traceback (most recent call last):
    micrograd_like.errors.ExpressionError: tahn is not a function here: did you mean tanh?
      1 + tahn(w*x)
          ^

The tokens are held against what is allowed (`lexer.py`), then Python's parser makes a tree of the text, and a node of
a kind that is allowed becomes an instruction, which takes its operands from a stack. Nothing recurses as deep as the
text goes.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from itertools import islice
from typing import Any, NamedTuple

from micrograd_like import functions
from micrograd_like.engine import Value, dot, total
from micrograd_like.errors import FAILURES, ExpressionError, did_you_mean, failure
from micrograd_like.kinds import data_of, is_value, number, result
from micrograd_like.lexer import DEEPEST, require_tokens
from micrograd_like.sequences import log_softmax, logsumexp, softmax

LONGEST = 4_000
"""How many characters an expression may have: more than anybody types, and few enough to be read at once."""
ALLOWED: dict[str, tuple[Any, int]] = {
    **{name: (f, 0) for name, f in vars(functions).items() if vars(Value).get(name) is f},
    "abs": (abs, 0), "dot": (dot, 2), "total": (total, 1), "logsumexp": (logsumexp, 1),
    "softmax": (softmax, 1), "log_softmax": (log_softmax, 1),
}  # fmt: skip
"""The functions, and how many lists each takes before numbers; those of numbers alone are all that the package has."""
RETURNING_LISTS = ("softmax", "log_softmax")
"""The functions that return a list, of which one number is chosen."""
NAMES = (*ALLOWED, "where")
"""The names that no variable can have."""
ELSEWHERE = {"ln": "log(x)", "sum": "total([a, b])", "tan": "sin(x)/cos(x)"}
"""What is written here for functions that have another name elsewhere."""
CONSTANTS = {"pi": f"pi={math.pi}", "e": f"e={math.e} (or write exp(x) for e**x)"}
"""How a variable that is a constant elsewhere gets its number."""
OPERATORS: dict[type[ast.AST], tuple[str, Callable[..., Any]]] = {
    ast.Add: ("+", operator.add), ast.Sub: ("-", operator.sub), ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv), ast.Pow: ("**", operator.pow),
    ast.UAdd: ("+", lambda x: x), ast.USub: ("-", operator.neg),
}  # fmt: skip


def example(name: str) -> str:
    """Return a call of a function that takes lists, with each of them, such as "dot([a, b], [c, d])"."""
    lists = ", ".join(("[a, b]", "[c, d]")[: ALLOWED[name][1]])
    return f"{name}({lists}){'[0]' if name in RETURNING_LISTS else ''}"


REASONS: dict[type[ast.AST], str] = {
    ast.Compare: "two numbers are compared in where(a < b, p, q) only, first in it",
    ast.List: f"a list stands in {' or '.join(name for name, (_, lists) in ALLOWED.items() if lists)} only",
    ast.Subscript: f"one of a list is chosen of {' or '.join(map(example, RETURNING_LISTS))} only",
    ast.Tuple: "a comma stands between the arguments of a function and in a list only",
}
"""Why a node has no place, by its kind."""


class Instruction(NamedTuple):
    """An operation on the last `arity` results; `column` is where in the text its name or sign stands."""

    column: int
    name: str
    arity: int
    apply: Callable[..., Any]


@dataclass(frozen=True)
class Parsed:
    """An expression that was read; made by `parse`.

    Attributes:
        text: the text, with a space for every tab and line break.
        columns: the variables in the order of their first appearance, with the column of that.
        instructions: what gives the result: operations, each after its operands, and the names of variables and the
            numbers that these begin with.
    """

    text: str
    columns: Mapping[str, int]
    instructions: tuple[Instruction | str | float, ...]

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
                how = CONSTANTS.get(name, f"{name}=0.5")
                raise ExpressionError(self.text, column, f"{name} has no number: give it one, such as {how}")
        known = {name: x if is_value(x := numbers[name]) else number(x) for name in self.columns}
        results: list[Any] = []
        for each in self.instructions:
            if isinstance(each, Instruction):
                results[-each.arity :] = [self._result(each, results[-each.arity :])]
            else:
                results.append(known[each] if isinstance(each, str) else each)
        return results[0]

    def _result(self, instruction: Instruction, operands: list[Any]) -> Any:
        try:
            y = instruction.apply(*operands)
            x = result(y) if type(y) is complex else data_of(y)
        except FAILURES as error:
            raise self._failed(instruction, operands, error) from None
        if type(x) is float and not math.isfinite(x):
            raise self._failed(instruction, operands, OverflowError())
        return y

    def _failed(self, instruction: Instruction, operands: list[Any], error: Exception) -> ExpressionError:
        return ExpressionError(self.text, instruction.column, str(failure(error, instruction.name, operands)))


def parse(text: str) -> Parsed:
    """Read an expression.

    There are numbers, variables, + - * / **, brackets, the functions that are `ALLOWED`, those of lists written as
    dot([a, b], [c, d]) and softmax([a, b])[0], and where(a < b, p, q), with < <= > or >=.

    Raises:
        ExpressionError: there is something else; or it is longer than 4,000 characters or nested deeper than 100.
    """
    text = "".join(" " if c.isspace() else c for c in text)
    if len(text) > LONGEST:
        raise ExpressionError(text, LONGEST, f"an expression has at most {LONGEST:,} characters, not {len(text):,}")
    require_tokens(text, NAMES)
    indent = len(text) - len(text.lstrip(" "))
    try:
        tree = ast.parse(text[indent:], mode="eval")
    except SyntaxError as error:
        column = min(indent + max((error.offset or 1) - 1, 0), len(text))
        raise ExpressionError(text, column, f"this is no expression: {error.msg}") from None
    except (MemoryError, RecursionError):  # Python's parser has limits of its own, which depend on its version
        raise ExpressionError(text, indent, "this is nested too deeply") from None
    return _Reader(text, indent).parsed(tree.body)


class _Reader:
    """Makes instructions of the tree of a text, which begins after an indentation."""

    def __init__(self, text: str, indent: int) -> None:
        self.text, self.indent = text, indent
        self.source = text[indent:].encode()
        self.columns: dict[str, int] = {}

    def parsed(self, tree: ast.expr) -> Parsed:
        """Return the expression, with the instruction of each node after those of its operands."""
        instructions, stack = [], [(tree, 1)]
        while stack:
            node, depth = stack.pop()
            if depth > DEEPEST:
                raise self.error(node, f"operations are nested at most {DEEPEST} deep")
            instruction, operands = self.read(node)
            instructions.append(instruction)
            flat = isinstance(node, ast.BinOp)  # a + b + c + … is nested to the left, but does not read so
            stack += [(operand, depth + (i > 0 or not flat)) for i, operand in enumerate(operands)]
        columns = dict(sorted(self.columns.items(), key=operator.itemgetter(1)))
        return Parsed(self.text, columns, tuple(reversed(instructions)))

    def read(self, node: ast.expr) -> tuple[Instruction | str | float, list[ast.expr]]:
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
            case ast.BinOp(left=left, right=right, op=op) if type(op) in OPERATORS:
                sign, apply = OPERATORS[type(op)]
                column = self.text.index(sign, self.column(left.end_col_offset))
                return Instruction(column, sign, 2, apply), [left, right]
            case ast.UnaryOp(operand=operand, op=op) if type(op) in OPERATORS:
                sign, apply = OPERATORS[type(op)]
                return Instruction(column, sign, 1, apply), [operand]
            case ast.Call(func=ast.Name(id="where"), args=arguments):
                return Instruction(column, "where", 4, functions.where_less), self.choice(node, arguments)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                if name in RETURNING_LISTS:
                    raise self.error(node, f"{name} gives a list: choose one of it, such as {example(name)}")
                return self.call(node, name, arguments)
            case ast.Subscript(value=ast.Call(func=ast.Name(id=name), args=arguments) as call, slice=place) if (
                name in RETURNING_LISTS
            ):
                return self.call(call, name, arguments, place)
            case _:
                raise self.error(node, REASONS.get(type(node), "this has no place here"))

    def call(
        self, node: ast.expr, name: str, arguments: list[ast.expr], place: ast.expr | None = None
    ) -> tuple[Instruction, list[ast.expr]]:
        """Return what a call does, and its operands, those in lists too; of a result that is a list one is chosen."""
        if name not in ALLOWED:
            raise self.error(node, f"{name} is not a function here: {_instead(name)}")
        function, lists = ALLOWED[name]
        self.require_arguments(node, name, arguments)
        operands: list[ast.expr] = []
        sizes = []
        for argument in arguments[:lists]:
            if not isinstance(argument, ast.List) or not argument.elts:
                raise self.error(argument, f"{name} takes a list of numbers here, such as [a, b]")
            operands += argument.elts
            sizes.append(len(argument.elts))
        if len(set(sizes)) > 1:
            raise self.error(node, f"{name} takes lists of the same length, not {' and '.join(map(str, sizes))}")
        chosen = None if place is None else self.chosen(place, len(operands))

        def apply(*numbers: Any) -> Any:
            rest = iter(numbers)
            y = function(*[[*islice(rest, size)] for size in sizes], *rest)
            return y if chosen is None else y[chosen]

        operands += arguments[lists:]
        return Instruction(self.column(node.col_offset), name, len(operands), apply), operands

    def require_arguments(self, node: ast.expr, name: str, arguments: list[ast.expr]) -> None:
        """Refuse a call with another number of arguments than the function takes, or with variables in a setting.

        A setting is an argument with a number as its default: it is part of the rule, and no operand.
        """
        taken, count = signature(ALLOWED[name][0]).parameters, len(arguments)
        counts = range(sum(p.default is Parameter.empty for p in taken.values()), len(taken) + 1)
        if count not in counts:
            few = f"{' or '.join(map(str, counts))} argument{'s' * (counts[-1] > 1)}"
            raise self.error(node, f"{name} takes {few}, not {count}: {name}({', '.join(taken)})")
        for argument, parameter in zip(arguments, taken.values(), strict=False):
            parts = ast.walk(argument) if isinstance(parameter.default, float) else ()
            if any(isinstance(part, ast.Name) and part.id not in NAMES for part in parts):
                raise self.error(argument, f"{parameter.name} of {name} is a number: it cannot depend on variables")

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


def _instead(name: str) -> str:
    """Say what to write instead of a call of a function that is not there."""
    if name in ELSEWHERE:
        return f"write {ELSEWHERE[name]}"
    factor = len(name) < 3  # as in x(x + 1) and w1(x + 1), hardly a function
    otherwise = f"for a product write {name}*(…)" if factor else f"there are {', '.join(sorted(NAMES))}"
    return did_you_mean(name, NAMES, otherwise)
