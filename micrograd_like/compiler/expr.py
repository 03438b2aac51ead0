"""The symbolic number: an `Expr` goes through the engine as data, and a tape keeps what was computed from it.

    >>> from micrograd_like import Value, tanh
    >>> tape = Tape()
    >>> w, x = Value(tape.leaf(PARAMETER, "w")), tape.leaf(INPUT, "x")
    >>> y = tanh(w * x)
    >>> y.backward()
    >>> tape.text(y.data), tape.text(w.grad)
    ('tanh((w * x))', '((1.0 - (tanh((w * x)) * tanh((w * x)))) * x)')

The tape has columns instead of objects: a node is an index into them. The same operation on the same operands is the
same node, so that common subexpressions are found as they are recorded. `x*1`, `x+0` and the like are x; operations
on plain numbers never reach the tape. No rule of the engine knows that these numbers are symbols.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

FUNCTIONS = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "erf", "erfc")
"""The functions of `elementary.py`, which are methods of a symbol and operations of every target."""

OPERATIONS = (
    "constant", "parameter", "input", "+", "-", "*", "/", "**", "negative", "abs", *FUNCTIONS, "where<=", "where<",
    "sum",
)  # fmt: skip
"""What a node can be. "where<=" takes the third of four operands where the first is at most the second, else the
fourth. A "sum" has any number of operands: start, a₁, b₁, a₂, b₂, …, for start + a₁·b₁ + a₂·b₂ + …, from the left."""

CODE = {name: code for code, name in enumerate(OPERATIONS)}
CONSTANT, PARAMETER, INPUT, ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, NEGATIVE = range(9)
WHERE_LE, WHERE_LT, SUM = CODE["where<="], CODE["where<"], CODE["sum"]
ZERO, ONE = 0, 1
"""The nodes of the constants 0 and 1, which are the first on every tape."""

NO_CHOICE = (
    "a traced number is not known while it is recorded, so it cannot decide what is computed: use this package's "
    "where(condition, a, b), maximum, minimum or relu (not NumPy's) in place of if, and, or, max and min; for "
    "a < x < b write where(a < x, where(x < b, …), …)"
)
NO_EQUALITY = (
    "== of a traced number, which is not known while it is recorded, cannot be compiled: for labels 0 and 1 write "
    "where(y > 0.5, a, b)"
)
NO_SEQUENCE = (
    "a traced number is one number of a sample, not a sequence: let the loss take the numbers one by one, "
    "loss(x1, x2, y), or as *x with compile(…, inputs=3)"
)
NO_FLOAT = (
    "a traced number stands for one of every sample and is no float: use this package's functions in place of math's, "
    "and where, maximum or relu to choose"
)


class Call(NamedTuple):
    """What a node is the result of: a function of the package, its operands, and its place among several results."""

    name: str
    operands: tuple[int, ...]
    place: int = 0


class Tape:
    """What was computed, as columns: node i is `operation[i]` on the nodes `first[i]` and `second[i]`.

    Nodes with more operands have them in `operands`; a leaf has its place among its kind in `first`, and the numbers of
    constants are in `numbers`. Operands come before what is made of them.
    """

    def __init__(self) -> None:
        self.operation = bytearray()
        self.first = array("i")
        self.second = array("i")
        self.operands: dict[int, tuple[int, ...]] = {}
        self.numbers: list[float] = []
        self.names: dict[int, str] = {}
        self.masks: set[int] = set()  # the nodes "where" with two constants, one of them 0
        self.masked: dict[int, tuple[int, int]] = {}  # products with a mask, written as "where": the factors
        self.requirements: list[tuple[int, Callable[[float], object]]] = []
        self.calls: dict[int, Call] = {}
        self.slopes: dict[int, int] = {}  # local derivatives: the result of the call that each belongs to
        self._known: list[dict[Any, int]] = [{} for _ in OPERATIONS]
        self._constants: dict[str, int] = {}
        self._leaves = [0, 0, 0]
        self.constant(0.0)
        self.constant(1.0)

    def node(self, operation: int, first: int, second: int = 0) -> int:
        """Return the node of an operation on one or two nodes, which is made unless it is there."""
        known, key = self._known[operation], first << 32 | second
        index = known.get(key)
        if index is None:
            index = known[key] = self._new(operation, first, second)
        return index

    def node_of_many(self, operation: int, operands: tuple[int, ...]) -> int:
        """Return the node of an operation on any number of nodes, which is made unless it is there."""
        known = self._known[operation]
        index = known.get(operands)
        if index is None:
            index = known[operands] = self._new(operation, operands[0], operands[1])
            self.operands[index] = operands
        return index

    def constant(self, x: float) -> int:
        """Return the node of a plain number."""
        x = float(x)
        key = x.hex()
        if key not in self._constants:
            self._constants[key] = self._new(CONSTANT, len(self.numbers), 0)
            self.numbers.append(x)
        return self._constants[key]

    def index_of(self, x: Any) -> int:
        """Return the node of a number: a symbol's own, or a constant's."""
        return x.index if type(x) is Expr else self.constant(x)

    def leaf(self, kind: int, name: str = "") -> Expr:
        """Return a new number of the kind PARAMETER or INPUT."""
        index = self._new(kind, self._leaves[kind], 0)
        self._leaves[kind] += 1
        if name:
            self.names[index] = name
        return _expr(self, index)

    def arguments(self, index: int) -> tuple[int, ...]:
        """Return the nodes that a node was made of."""
        operation = self.operation[index]
        if operation <= INPUT:
            return ()
        if index in self.operands:
            return self.operands[index]
        return (self.first[index], self.second[index]) if operation <= POWER else (self.first[index],)

    def close(self) -> None:
        """Forget what serves recording alone."""
        self._known.clear()
        self._constants.clear()

    def text(self, x: Any) -> str:
        """Return how a number was computed, in full."""
        if not isinstance(x, Expr):
            return repr(x)
        operation = OPERATIONS[self.operation[x.index]]
        if operation == "constant":
            return repr(self.numbers[self.first[x.index]])
        if operation in ("input", "parameter"):
            return self.names.get(x.index, f"{operation}{self.first[x.index]}")
        operands = [self.text(_expr(self, i)) for i in self.arguments(x.index)]
        if self.operation[x.index] <= POWER:
            return f"({operands[0]} {operation} {operands[1]})"
        return f"{operation}({', '.join(operands)})"

    def _new(self, operation: int, first: int, second: int) -> int:
        index = len(self.operation)
        self.operation.append(operation)
        self.first.append(first)
        self.second.append(second)
        return index


def _arithmetic(
    operation: int, left: int | None, right: int | None
) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """Return the method of an operator, and the same reflected; `left` and `right` leave the other operand as it is."""

    def apply(a: Expr, b: Any) -> Any:
        tape = a.tape
        other = _node(tape, b)
        if other is None:
            return NotImplemented
        return a if other == right else _expr(tape, tape.node(operation, a.index, other))

    def reflected(b: Expr, a: Any) -> Any:
        tape = b.tape
        other = _node(tape, a)
        if other is None:
            return NotImplemented
        return b if other == left else _expr(tape, tape.node(operation, other, b.index))

    return apply, reflected


def _function(name: str) -> Callable[[Any], Any]:
    operation = CODE[name]
    return lambda x: _expr(x.tape, x.tape.node(operation, x.index))


def _comparison(operation: int, swapped: bool) -> Callable[[Any, Any], Any]:
    def compare(a: Expr, b: Any) -> Any:
        other = _node(a.tape, b)
        if other is None:
            return NotImplemented
        return Condition(a.tape, operation, *((other, a.index) if swapped else (a.index, other)))

    return compare


def _refusal(message: str) -> Callable[..., Any]:
    def refuse(x: Any, *arguments: Any) -> Any:
        raise TypeError(message)

    return refuse


class Expr:
    """A number not known yet: node `index` of a tape. TypeError where its truth value or its float is wanted."""

    __slots__ = ("index", "tape")
    tape: Tape
    index: int

    def __mul__(self, x: Any) -> Any:
        tape, a = self.tape, self.index
        b = x.index if type(x) is Expr and x.tape is tape else _node(tape, x)
        if b is None:
            return NotImplemented
        if b == ONE:
            return self
        if type(x) is not Expr and x == -1:
            return -self
        if b in tape.masks:
            return _masked(tape, self, b)
        if (a in tape.masked or a in tape.masks) and _may_be_infinite(tape, b):
            return _sunk(tape, self, _expr(tape, b))
        # what follows is Tape.node written out, because a large network multiplies a million times
        known, key = tape._known[MULTIPLY], a << 32 | b
        index = known.get(key)
        if index is None:
            index = known[key] = len(tape.operation)
            tape.operation.append(MULTIPLY)
            tape.first.append(a)
            tape.second.append(b)
        return _expr(tape, index)

    _times = _arithmetic(MULTIPLY, ONE, ONE)[1]
    __add__, _plus = _arithmetic(ADD, ZERO, ZERO)
    __sub__, _minus = _arithmetic(SUBTRACT, None, ZERO)
    __truediv__, __rtruediv__ = _arithmetic(DIVIDE, None, ONE)
    _power, __rpow__ = _arithmetic(POWER, None, ONE)
    __le__, __ge__ = _comparison(WHERE_LE, swapped=False), _comparison(WHERE_LE, swapped=True)
    __lt__, __gt__ = _comparison(WHERE_LT, swapped=False), _comparison(WHERE_LT, swapped=True)
    __abs__ = _function("abs")
    __bool__ = _refusal(NO_CHOICE)
    __eq__ = __ne__ = _refusal(NO_EQUALITY)
    __float__ = __int__ = __index__ = __complex__ = __round__ = __trunc__ = __format__ = _refusal(NO_FLOAT)
    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = _refusal("% and // have no derivative to compile")
    __getitem__ = _refusal(NO_SEQUENCE)
    __hash__: Any = _refusal(NO_CHOICE)

    def __neg__(self) -> Any:
        tape, a = self.tape, self.index
        if a in tape.masked or a in tape.masks:
            x, mask = tape.masked.get(a, (ONE, a))
            return _masked(tape, -_expr(tape, x) if x != ONE else -1.0, mask)
        return _expr(tape, tape.first[a] if tape.operation[a] == NEGATIVE else tape.node(NEGATIVE, a))

    def __radd__(self, x: Any) -> Any:
        return self if type(x) is int and x == 0 else self._plus(x)  # a gradient before any has reached it

    def __rmul__(self, x: Any) -> Any:
        return -self if type(x) in (int, float) and x == -1 else self._times(x)

    def __pos__(self) -> Expr:
        return self

    def __rsub__(self, x: Any) -> Any:
        return -self if type(x) in (int, float) and x == 0 else self._minus(x)

    def __pow__(self, exponent: Any) -> Any:
        return 1.0 if type(exponent) in (int, float) and exponent == 0 else self._power(exponent)  # of NaN too

    def require(self, check: Callable[[float], object]) -> None:
        """Let `check` see this number of each sample, before a program runs on it; it raises where it will not do."""
        self.tape.requirements.append((self.index, check))

    def __repr__(self) -> str:
        operation = OPERATIONS[self.tape.operation[self.index]]
        return self.tape.names.get(self.index, f"a traced number (the result of {operation})")

    @staticmethod
    def sum_of_products(w: Sequence[Any], x: Sequence[Any], start: Any) -> Any:
        """Return start + Σ wᵢ·xᵢ as one node; None if there is a number that no tape can hold."""
        tape = w[0].tape
        terms = [_node(tape, start)]
        for pair in zip(w, x, strict=False):  # w may end with the bias
            terms += [v.index if type(v) is Expr and v.tape is tape else _node(tape, v) for v in pair]
        return None if None in terms else _expr(tape, tape.node_of_many(SUM, tuple(terms)))


for _name in FUNCTIONS:
    setattr(Expr, _name, _function(_name))


class Condition:
    """What a comparison of traced numbers returns: it can choose, but has no truth value."""

    def __init__(self, tape: Tape, operation: int, first: int, second: int) -> None:
        self.tape, self.operation, self.compared = tape, operation, (first, second)

    def where(self, if_true: Any, if_false: Any) -> Any:
        """Return the number that is `if_true` where the condition holds, else `if_false`."""
        tape = self.tape
        first, second = _node(tape, if_true), _node(tape, if_false)
        if first is None or second is None:
            raise TypeError(f"where chooses between numbers, not {if_true!r} and {if_false!r}")
        if first == second:
            return if_true
        index = tape.node_of_many(self.operation, (*self.compared, first, second))
        if ZERO in (first, second) and tape.operation[first] == tape.operation[second] == CONSTANT:
            tape.masks.add(index)
        return _expr(tape, index)

    __bool__ = _refusal(NO_CHOICE)
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = _refusal(
        "a condition of traced numbers is no number: write where(condition, 1, 0)"
    )
    __eq__ = __ne__ = __xor__ = __int__ = __float__ = _refusal(
        "conditions of traced numbers are not compared: nest where(…, where(…), …)"
    )
    __hash__: Any = _refusal(NO_CHOICE)
    __and__ = __or__ = __invert__ = _refusal("conditions of traced numbers do not combine: nest where(…, where(…), …)")


_new = object.__new__


def _expr(tape: Tape, index: int) -> Expr:
    x = _new(Expr)
    x.tape = tape
    x.index = index
    return x


def _node(tape: Tape, x: Any) -> int | None:
    """Return the node of a number on this tape; None if it is none."""
    if type(x) is Expr:
        if x.tape is tape:
            return x.index
        raise ValueError("numbers of two recordings meet: what one loss recorded has no meaning in another")
    if type(x) is int and 0 <= x <= 1:
        return x  # ZERO or ONE
    return tape.constant(x) if isinstance(x, int | float) else None


def _may_be_infinite(tape: Tape, slope: int) -> bool:
    """Tell whether a slope is one of √x, log x, x ** y or x / y, which can be infinite where the number is finite."""
    operation = tape.operation
    while operation[slope] == NEGATIVE:
        slope = tape.first[slope]
    code = operation[slope]
    return code in (DIVIDE, POWER) or (code == MULTIPLY and operation[tape.second[slope]] == POWER)


def _sunk(tape: Tape, x: Expr, slope: Expr) -> Any:
    """Return x·slope for a masked x as the mask of a product: 0 where x is masked, be the slope infinite."""
    factor, mask = tape.masked.get(x.index, (ONE, x.index))
    return _masked(tape, slope if factor == ONE else _expr(tape, factor) * slope, mask)


def _masked(tape: Tape, x: Expr | float, mask: int) -> Any:
    """Return x·(0 or c) as a choice between 0 and x·c: nothing flows where it is 0, be x infinite, as in the engine."""
    *compared, if_true, if_false = tape.operands[mask]
    products = [0.0 if i == ZERO else x * tape.numbers[tape.first[i]] for i in (if_true, if_false)]
    product = Condition(tape, tape.operation[mask], *compared).where(*products)
    if type(product) is Expr and type(x) is Expr:
        tape.masked[product.index] = x.index, mask
    return product
