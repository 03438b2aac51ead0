"""The engine: a `Value` records what was computed, and `backward()` applies the chain rule to the record.

    >>> w, x, b = Value(-3.0, "w"), Value(2.0, "x"), Value(1.0, "b")
    >>> y = (w * x + b) ** 2
    >>> y.backward()
    >>> y.data, w.grad, x.grad, b.grad
    (25.0, -20.0, 30.0, -10.0)

A node holds its data, its gradient, its operands, and the local derivative of its data by each of them. It holds no
closure and no reference cycle, so a graph is freed as soon as its result is dropped. The engine must not know what
kind of number it carries: no rule branches on data or assumes `float`. See `kinds.py` for the kinds of number,
`elementary.py` for how rules run on all of them, and `functions.py` for the rules of exp, tanh, ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from operator import add, attrgetter, ge, gt, le, lt
from typing import TYPE_CHECKING, Any, TypeAlias

from micrograd_like.elementary import exponent_slope, power_slope, select, sum_of_products
from micrograd_like.errors import FAILURES, failure
from micrograd_like.kinds import Number, elementwise, filled, frozen, is_array, number, plain, result
from micrograd_like.operations import Operation, Rule, masked, read

Operand: TypeAlias = "Value | Number"

ZERO = 0  # the gradient of a node before any has reached it: an int, to which a number of any kind can be added
new = object.__new__


def unary(name: str, rule: Rule, domain: str = "") -> Callable[[Any], Value]:
    """Return the function of one operand that applies `rule` and records what it did."""
    operation = Operation(name, rule)

    def apply(x: Operand) -> Any:
        try:
            if isinstance(x, Value):
                y, slope = rule(x._data)
                return record(operation, y, x, slope)
            if is_array(x) and x.dtype == object:
                return elementwise(apply, x)
            return result(rule(number(x))[0])
        except FAILURES as error:
            raise failure(error, name, (x,), domain) from None

    return apply


def binary(name: str, rule: Rule) -> tuple[Callable[[Any, Any], Value], Callable[[Any, Any], Value]]:
    """Return the function of two operands that applies `rule` and records what it did; and the same, reflected."""
    operation = Operation(name, rule)

    def apply(first: Operand, second: Operand) -> Any:
        try:
            if isinstance(first, Value) and isinstance(second, Value):
                y, d_first, d_second = rule(first._data, second._data)
                return record(operation, y, first, d_first, second, d_second)
            if is_array(first) or is_array(second):
                return elementwise(apply, first, second)
            if isinstance(first, Value):
                second = plain(second, first._data)
                y, d_first, _ = rule(first._data, second)
                return record(operation, y, first, d_first, second)
            if isinstance(second, Value):
                first = plain(first, second._data)
                y, _, d_second = rule(first, second._data)
                return record(operation, y, first, None, second, d_second)
            return result(rule(number(first), number(second))[0])
        except FAILURES as error:
            raise failure(error, name, (first, second)) from None

    return apply, lambda second, first: apply(first, second)


def comparison(holds: Callable[[Any, Any], Any]) -> Callable[[Value, Operand], Any]:
    """Return the method that compares the numbers."""
    return lambda v, x: (
        elementwise(holds, v, x).astype(bool) if is_array(x)
        else holds(v._data, x._data if isinstance(x, Value) else plain(x))
    )


class Value:
    """A number that records how it was computed.

    Args:
        data: a float, an int (becomes a float), a `Fraction`, an `mpmath.mpf`, a NumPy array (an entry a sample), ...
        label: a name for pictures and error messages.

    `grad` is 0 before any `backward()`. `operation` is the sign or name of what made this Value, "" for a leaf.
    Raises TypeError if `data` is no real number or `label` no string, OverflowError if a float cannot hold an integer.
    Comparisons compare the numbers; `==` is identity, so that a Value can be a key.
    """

    __array_priority__ = 1.0  # NumPy leaves `array ∘ value` to `value.__r∘__`
    __slots__ = ("_d_first", "_d_second", "_data", "_first", "_grad", "_second", "label", "operation")
    # One or two operands stand in slots, each with its local derivative beside it. More stand in the first slot, as a
    # tuple or, with plain numbers among them, a list, beside a tuple of derivatives; plain inputs of a `dot` stand as a
    # tuple in the second. Where a derivative is None no gradient flows. It saves 34 to 95 bytes a node against tuples.

    def __init__(self, data: Number, label: str = "") -> None:
        if not isinstance(label, str):
            raise TypeError(f"a label is a string, not {type(label).__name__}")
        self.data = data
        self._grad: Number = ZERO
        self.label = label
        self.operation: Any = ""  # of a leaf; else an `Operation`
        nothing: Any = None
        self._first = self._d_first = self._second = self._d_second = nothing

    def _set_data(self, data: Number) -> None:
        self._data = number(data)

    def _set_grad(self, grad: Number) -> None:
        self._grad = grad if type(grad) is int else number(grad)

    data = property(attrgetter("_data"), _set_data, doc="The number.")
    grad = property(attrgetter("_grad"), _set_grad, doc="The derivative of the result that `backward()` was called on.")

    __add__, __radd__ = binary("+", lambda a, b: (a + b, 1, 1))
    __sub__, __rsub__ = binary("-", lambda a, b: (a - b, 1, -1))
    __mul__, __rmul__ = binary("*", lambda a, b: (a * b, b, a))
    __truediv__, __rtruediv__ = binary("/", lambda a, b: (y := a / b, 1 / b, -y / b))
    __neg__ = unary("-", lambda a: (-a, -1))
    __abs__ = unary("abs", lambda a: (abs(a), select(a > 0, 1, select(a < 0, -1, 0))))
    _power = binary("**", lambda a, b: (a**b, power_slope(a, b), None))[0]  # by a constant: a Fraction has no log
    _exponential, __rpow__ = binary("**", lambda a, b: (y := a**b, power_slope(a, b), exponent_slope(a, y)))
    __lt__, __le__, __gt__, __ge__ = map(comparison, (lt, le, gt, ge))

    def __pow__(self, exponent: Operand) -> Value:
        return self._exponential(exponent) if isinstance(exponent, Value) else self._power(exponent)

    def __float__(self) -> float:
        """Return the data as a plain number, which leaves the graph in silence; `math.exp(v)`, `float_array[0] = v` and
        `np.array([v], dtype=float)` do so. (`np.maximum` does not, but gives the whole gradient of a tie to one side.)
        """
        return float(self._data)

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data!r}, grad={self._grad!r}{label})"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.operation:
            what = "copy Value(v.data), or copy the leaves (or the model) and compute it again"
            raise RuntimeError(f"only leaves can be copied or pickled, not the result of {self.operation!r}: {what}")
        return type(self), (self._data, self.label), (None, {"grad": self._grad})

    @property
    def operands(self) -> tuple[Operand, ...]:
        """What this Value was made of: Values and plain numbers; for `dot`, the weights, the bias, the inputs."""
        return tuple([operand for operand, _ in self._places()])

    @property
    def local_derivatives(self) -> tuple[Number | None, ...]:
        """The derivative of `data` by each of `operands`; None where no gradient flows."""
        return tuple([derivative for _, derivative in self._places()])

    def _places(self) -> Iterator[tuple[Operand, Number | None]]:
        for operand, slope in ((self._first, self._d_first), (self._second, self._d_second)):
            if type(operand) in (tuple, list):
                yield from zip(operand, slope or (None,) * len(operand), strict=True)
            elif operand is not None:
                yield operand, slope

    _prev = property(lambda self: {v if isinstance(v, Value) else Value(v) for v in self.operands})  # micrograd's name
    _op = property(attrgetter("operation"))  # micrograd's name

    def backward(self, gradient: Number = 1) -> None:
        """Compute the derivative of this Value by every Value it depends on.

        With L the result, y = f(x₁, x₂, …) a node and ∂L/∂y known, each operand receives ∂L/∂y · ∂f/∂xᵢ; a node
        comes after all that use it. Gradients are added to those that leaves hold already; every other node gets its
        gradient anew, so that calling this twice doubles the gradients of leaves exactly. `gradient` is ∂L/∂self, where
        L is something computed from this Value elsewhere; ValueError if its shape is not that of the data.
        """
        order = topological_order(self)
        leaves, gradients = [], []
        try:
            for node in order:
                if not node.operation:
                    leaves.append(node)
                    gradients.append(node._grad)
                node._grad = ZERO
            self._grad = filled(gradient if type(gradient) is int else number(gradient), self._data)
            for node in reversed(order):
                if (gradient := node._grad) is ZERO:  # only branches not taken lead here
                    continue
                first, slope = node._first, node._d_first
                if type(slope) is tuple:
                    for operand, d in zip(first, slope):
                        if d is not None:
                            operand._grad = operand._grad + gradient * d
                elif slope is not None:
                    first._grad = first._grad + gradient * slope
                if node._d_second is not None:
                    second = node._second
                    second._grad = second._grad + gradient * node._d_second
            gradients = [before + leaf._grad for before, leaf in zip(gradients, leaves)]
        finally:  # after an error, or Ctrl-C, with what they held before; in one step, which Ctrl-C cannot cut in two
            list(map(vars(Value)["_grad"].__set__, leaves, gradients))

    if TYPE_CHECKING:  # functions.py makes each of its functions a method of the same name
        def __getattr__(self, name: str) -> Callable[..., Any]: ...


def topological_order(root: Value) -> list[Value]:
    """Return `root` and every Value it depends on, once, each after its operands."""
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Any] = [root]
    pop, push, see = stack.pop, stack.append, seen.add
    while stack:
        node = pop()
        if node is None:  # everything that the node below depends on is in the order
            order.append(pop())
        elif node not in seen:
            see(node)
            push(node)
            push(None)
            first, second = node._first, node._second
            if isinstance(first, Value):
                if first not in seen:
                    push(first)
            elif type(first) is tuple:
                if not seen.issuperset(first):
                    stack += [v for v in first if v not in seen]
            elif type(first) is list:
                stack += [v for v in first if isinstance(v, Value) and v not in seen]
            if isinstance(second, Value) and second not in seen:
                push(second)
    return order


def record(
    operation: Operation, data: Number, first: Any, d_first: Any, second: Any = None, d_second: Any = None
) -> Value:
    """Return the Value that an operation made; for `first` to `d_second` see the slots of `Value`."""
    node = new(Value)
    node._data = data if type(data) is float else frozen(data)
    node._grad = ZERO
    node.label = ""
    node.operation = operation
    node._first = first
    node._d_first = d_first
    node._second = second
    node._d_second = d_second
    return node


def dot(weights: Iterable[Operand], inputs: Iterable[Operand], bias: Operand | None = None) -> Any:
    """Return Σ wᵢ·xᵢ + bias as one node, summed from the bias on; ValueError for not as many inputs as weights.

    For n operands it is off by up to n/2 units in the last place of Σ |wᵢ·xᵢ| + |bias|; so is `total`, likewise.
    """
    first, w, w_values = read(weights if bias is None else (*weights, bias))
    second, x, x_values = read(inputs)
    y, d_first = (0, x) if bias is None else (w[-1], (*x, 1))
    if len(w) != len(d_first):
        raise ValueError(f"dot takes one input for each weight, not {len(x)} for {len(w) - (bias is not None)} weights")
    try:
        y = sum_of_products(w, x, y)  # w may end with the bias
        if w_values and x_values:
            return record(DOT, y, first + second, d_first + w[: len(x)])
        if x_values is False:
            if w_values is False:
                return result(y)
            return record(DOT, y, first, d_first if w_values else masked(first, d_first), second)
        operands = [*first, *second]
        return record(DOT, y, operands, masked(operands, d_first + w[: len(x)]))
    except FAILURES as error:
        raise failure(error, "dot", (*first, *second)) from None


def total(terms: Iterable[Operand]) -> Any:
    """Return Σ xᵢ as one node, summed from left to right; 0.0 for no terms."""
    terms, x, values = read(terms)
    try:
        y, ones = reduce(add, x, 0), (1,) * len(x)  # from Python 3.12 on sum() rounds otherwise
        return result(y) if values is False else record(TOTAL, y, terms, ones if values else masked(terms, ones))
    except FAILURES as error:
        raise failure(error, "total", terms) from None


# `dot` and `total` again as rules, for derivatives of derivatives; above, they are written out for speed.


def _dot_rule(*numbers: Number) -> tuple[Number, ...]:
    n = len(numbers) // 2
    w, bias, x = numbers[:n], numbers[n : len(numbers) - n], numbers[len(numbers) - n :]
    return dot(w, x, *bias), *x, *(1,) * len(bias), *w


DOT = Operation("dot", _dot_rule)
TOTAL = Operation("total", lambda *x: (total(x), *(1,) * len(x)))
