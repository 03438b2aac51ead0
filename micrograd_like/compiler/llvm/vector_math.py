"""The elementary functions of several doubles at once, written into the code that the compiler makes.

`function` puts one into an LLVM module. It knows nothing of graphs. Each keeps its largest error, in units in the last
place (`BOUNDS`), over all doubles: subnormal numbers, infinities and NaN are as in C.

The methods are the classical ones. The argument is reduced to a short interval, a polynomial serves there, and the
result is put together so that nothing is lost that the reduction knew:

- W. J. Cody, W. Waite, Software Manual for the Elementary Functions, 1980: reduction by a constant in parts;
- P. T. P. Tang, ACM Transactions on Mathematical Software 15 (1989), 16 (1990), 18 (1992): exp, log, expm1;
- J.-M. Muller et al., Handbook of Floating-Point Arithmetic, 2nd ed., 2018: exact sums, FMA, power-of-two tricks.

The polynomials are minimax, found with Remez's exchange in 60 digits and rounded to doubles; beside each stand the
function, the interval and the weight of the error. What that leaves of a bound is judged by tests/test_vector_math.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from llvmlite import ir  # type: ignore[import-untyped]

from micrograd_like.compiler.error_function import ERF, ERFC

BOUNDS = {
    "exp": 1.0,
    "expm1": 1.25,
    "log": 1.0,
    "log1p": 1.0,
    "sqrt": 0.5,
    "sin": 1.0,
    "cos": 1.0,
    "tanh": 1.0,
    "erf": 1.25,
    "erfc": 4.0,
    "**": 1.0,
}
"""The largest error of each function in units in the last place; up to 0.25 more on a machine without FMA.

"**", and sin and cos beyond 2³⁰, are the C library's, which usually keeps this bound, though none vouches for it.
"""

NAMES = tuple(BOUNDS)

_DOUBLE, _WORD, _TRUTH = ir.DoubleType(), ir.IntType(64), ir.IntType(1)


def function(module: ir.Module, name: str, lanes: int) -> ir.Function:
    """Return the function `name` of `lanes` doubles at once, defined in the module at its first use.

    It takes and returns `<lanes x double>`, and plain doubles for one lane; "**" takes two operands. The module may get
    declarations of the C functions sin, cos and pow, which every process has.

    Raises:
        KeyError: there is no function of that name.
    """
    write = _WRITERS[name]
    symbol = f"vector.{'pow' if name == '**' else name}.{lanes}"
    if symbol in module.globals:
        return module.globals[symbol]
    doubles = _DOUBLE if lanes == 1 else ir.VectorType(_DOUBLE, lanes)
    defined = ir.Function(module, ir.FunctionType(doubles, [doubles] * (2 if name == "**" else 1)), symbol)
    defined.linkage = "internal"
    defined.attributes.add("nounwind")
    if name not in {"sin", "cos", "erf", "erfc", "**"}:  # these are long
        defined.attributes.add("alwaysinline")
    builder = ir.IRBuilder(defined.append_basic_block())
    builder.ret(write(*(_Lanes(builder, argument) for argument in defined.args)).value)
    return defined


class _Lanes:
    """Doubles, 64-bit words or truths, one in each lane. An operation writes its instruction.

    The other operand may be a number, which is then that of every lane. Comparisons do not hold for a NaN.
    """

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder = builder
        self.value = value
        self.count = value.type.count if isinstance(value.type, ir.VectorType) else 1

    def of(self, element: ir.Type) -> ir.Type:
        """Return the type of as many lanes of `element`."""
        return element if self.count == 1 else ir.VectorType(element, self.count)

    def like(self, number: _Lanes | float) -> _Lanes:
        """Return the number in lanes of this type."""
        return number if isinstance(number, _Lanes) else _Lanes(self.builder, ir.Constant(self.value.type, number))

    def write(self, instruction: str, *operands: _Lanes | float) -> _Lanes:
        """Return the result of a method of the builder."""
        values = [self.like(operand).value for operand in operands]
        return _Lanes(self.builder, getattr(self.builder, instruction)(self.value, *values))

    def arithmetic(self, instruction: str, other: _Lanes | float) -> _Lanes:
        """Return the result of an instruction that has an f before its name for doubles."""
        return self.write("f" * (self.value.type == self.of(_DOUBLE)) + instruction, other)

    def call(self, intrinsic: str, *operands: _Lanes | float) -> _Lanes:
        """Return the result of one of LLVM's own functions of doubles."""
        values = [self.value, *(self.like(operand).value for operand in operands)]
        suffix = "f64" if self.count == 1 else f"v{self.count}f64"
        signature = ir.FunctionType(self.value.type, [self.value.type] * len(values))
        callee = self.builder.module.declare_intrinsic(f"llvm.{intrinsic}.{suffix}", (), signature)
        return _Lanes(self.builder, self.builder.call(callee, values))

    def compare(self, relation: str, other: _Lanes | float) -> _Lanes:
        """Return where the relation holds."""
        return _Lanes(self.builder, self.builder.fcmp_ordered(relation, self.value, self.like(other).value))

    def words(self) -> _Lanes:
        """Return the bits of doubles."""
        return _Lanes(self.builder, self.builder.bitcast(self.value, self.of(_WORD)))

    def doubles(self) -> _Lanes:
        """Return the doubles that words are the bits of."""
        return _Lanes(self.builder, self.builder.bitcast(self.value, self.of(_DOUBLE)))

    def __add__(self, other: _Lanes | float) -> _Lanes:
        return self.arithmetic("add", other)

    def __sub__(self, other: _Lanes | float) -> _Lanes:
        return self.arithmetic("sub", other)

    def __mul__(self, other: _Lanes | float) -> _Lanes:
        return self.arithmetic("mul", other)

    def __rsub__(self, other: float) -> _Lanes:
        return self.like(other) - self

    def __rtruediv__(self, other: float) -> _Lanes:
        return self.like(other).write("fdiv", self)

    def __truediv__(self, other: _Lanes) -> _Lanes:
        return self.write("fdiv", other)

    def __neg__(self) -> _Lanes:
        return self.write("fneg")

    def __abs__(self) -> _Lanes:
        return self.call("fabs")

    def __lt__(self, other: _Lanes | float) -> _Lanes:
        return self.compare("<", other)

    def __gt__(self, other: _Lanes | float) -> _Lanes:
        return self.compare(">", other)

    def __lshift__(self, bits: int) -> _Lanes:
        return self.write("shl", bits)

    def __rshift__(self, bits: int) -> _Lanes:
        return self.write("lshr", bits)

    __radd__, __rmul__ = __add__, __mul__


def _multiply_add(a: _Lanes, b: _Lanes | float, c: _Lanes | float) -> _Lanes:
    """Return a·b + c, rounded once where the machine has FMA and twice elsewhere."""
    return a.call("fmuladd", b, c)


def _fused(a: _Lanes, b: _Lanes | float, c: _Lanes | float) -> _Lanes:
    """Return a·b + c rounded once, for the price of a call where the machine has no FMA."""
    return a.call("fma", b, c)


def _where(condition: _Lanes, if_true: _Lanes | float, if_false: _Lanes) -> _Lanes:
    chosen = condition.builder.select(condition.value, if_false.like(if_true).value, if_false.value)
    return _Lanes(condition.builder, chosen)


def _at_most(x: _Lanes, bound: float) -> _Lanes:
    """Return x, or the bound where x is greater; a NaN stays."""
    return _where(x > bound, bound, x)


def _polynomial(x: _Lanes, coefficients: tuple[float, ...]) -> _Lanes:
    """Return the polynomial with the coefficients of 1, x, x², … by Horner's rule.

    It has the fewest operations. They wait for each other, but the processor goes on with other lanes meanwhile.
    """
    result = x.like(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result = _multiply_add(result, x, coefficient)
    return result


def _table(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split()))


# exp, expm1

_BIAS = 1023  # of the exponent of a double: (BIAS + n) << 52 are the bits of 2ⁿ
_LOG_2_HIGH, _LOG_2_LOW = map(float.fromhex, ("0x1.62e42fefa3800p-1", "0x1.ef35793c76730p-45"))
# 42 bits and the next 53: n·LOG_2_HIGH is exact for every exponent n

_EXP = _table(  # eʳ, |r| < (log 2)/2, relative; 1 and 1 are kept
    """1 1 0.5000000000000011 0.16666666666666413 0.041666666666530155 0.008333333333494466 0.0013888888943630186
    0.00019841269506569044 2.4801493098823582e-05 2.755758638288451e-06 2.7630248410161496e-07 2.5000058632492976e-08"""
)
_EXPM1 = _table(  # (eʳ - 1 - r)/r², weight r, so that it is relative to eʳ - 1
    """0.5 0.16666666666666677 0.0416666666666667 0.008333333333321615 0.0013888888888866837 0.00019841269886158774
    2.4801587360557634e-05 2.755724418170664e-06 2.755724275911896e-07 2.5109044959595448e-08 2.09244433277106e-09"""
)


def _nearest(x: _Lanes, factor: float, offset: int) -> tuple[_Lanes, _Lanes]:
    """Return n, the integer nearest to factor·x, and words with n + offset in their lowest bits.

    Doubles between 2⁵² and 2⁵³ are the integers, so adding 1.5·2⁵² rounds to one and leaves it in the lowest bits.
    """
    shift = 1.5 * 2.0**52 + offset
    shifted = _multiply_add(x, factor, shift)
    return shifted - shift, shifted.words()


def _times_power(y: _Lanes, word: _Lanes) -> _Lanes:
    """Return y·2ⁿ for words with n + 2·BIAS in their lowest bits.

    2ⁿ itself may be no double where y·2ⁿ is one, so the power comes in two halves. Only the last product rounds, and
    only where the result is subnormal. Half of n + 2·BIAS is an exponent with its bias; higher bits are shifted out.
    """
    half = word >> 1
    return y * (half << 52).doubles() * ((word - half) << 52).doubles()


def _exp_reduced(x: _Lanes) -> tuple[_Lanes, _Lanes]:
    """Return r and the word of n: x = n·log 2 + r. Beyond the bounds the result is 0 or infinity all the same."""
    x = _at_most(_where(x < -746.0, -746.0, x), 710.0)
    n, word = _nearest(x, 1 / math.log(2), 2 * _BIAS)
    return _multiply_add(n, -_LOG_2_LOW, _multiply_add(n, -_LOG_2_HIGH, x)), word


def _exp(x: _Lanes) -> _Lanes:
    """eˣ = 2ⁿ·eʳ."""
    r, word = _exp_reduced(x)
    return _times_power(_polynomial(r, _EXP), word)


def _expm1(x: _Lanes) -> _Lanes:
    """eˣ - 1 = 2ⁿ·((1 - 2⁻ⁿ) + (eʳ - 1)), the sum kept in two parts, as is r: there may be little left of it."""
    bounded = _at_most(_where(x < -40.0, -40.0, x), 710.0)
    n, word = _nearest(bounded, 1 / math.log(2), 2 * _BIAS)
    high = _multiply_add(n, -_LOG_2_HIGH, bounded)
    r = _multiply_add(n, -_LOG_2_LOW, high)
    tail = _multiply_add(r * r, _polynomial(r, _EXPM1), _multiply_add(n, -_LOG_2_LOW, high - r))
    to_64 = _where(n > 64.0, 64 + 2 * _BIAS, word)  # 2⁻ⁿ no longer counts
    a = 1.0 - ((3 * _BIAS - to_64) << 52).doubles()
    high = a + r  # |a| ≥ |r|, or a = 0: what the rounding took is exactly (a - high) + r
    return _times_power(high + (((a - high) + r) + tail), word).call("copysign", x)  # -0 too


# tanh

_TANH = _table(  # (tanh √z / √z - 1)/z, √z < (log 2)/4, weight z
    """-0.3333333333333249 0.13333333332785183 -0.053968252784207325 0.02186937086127591 -0.00885731322031068
    0.0034448880653989355"""
)


def _tanh(x: _Lanes) -> _Lanes:
    """With |x| = n·(log 2)/2 + h, s = 2⁻ⁿ, t = tanh h: tanh |x| = ((1+t) - s·(1-t)) / ((1+t) + s·(1-t)).

    The first quotient q is rounded to 26 bits after the point. Then 1 + q and 1 - q are exact, and so nearly is

        numerator - q·denominator = ((1-q) - s·(1+q)) + t·((1-q) + s·(1+q)),

    where t comes in two parts, h and the rest. Divided by the denominator, this is what q lacks.
    """
    a = _at_most(abs(x), 22.0)
    n, word = _nearest(a, 2 / math.log(2), 2 * _BIAS)
    h = _multiply_add(n, -_LOG_2_LOW / 2, _multiply_add(n, -_LOG_2_HIGH / 2, a))
    s = ((3 * _BIAS - word) << 52).doubles()
    z = h * h
    rest = _polynomial(z, _TANH) * (z * h)
    t = h + rest
    plus, minus = 1.0 + t, 1.0 - t
    reciprocal = 1.0 / _multiply_add(s, minus, plus)
    q = (_multiply_add(-s, minus, plus) * reciprocal + 1.5 * 2.0**26) - 1.5 * 2.0**26
    plus, minus = 1.0 + q, 1.0 - q
    slope = _multiply_add(s, plus, minus)
    lacking = _multiply_add(slope, rest, _fused(slope, h, _multiply_add(-s, plus, minus)))
    return _multiply_add(lacking, reciprocal, q).call("copysign", x)


# log, log1p

_ROOT_HALF = 0x3FE6A09E667F3BCD  # the bits of √½
_LOG = _table(  # (2·artanh √z / √z - 2)/z, √z < (√2 - 1)/(√2 + 1), weight z
    """0.6666666666666734 0.39999999999413954 0.2857142874256427 0.22222198553578043 0.18183565417088782
    0.1531402089237815 0.14796263195735773"""
)


def _split(x: _Lanes) -> tuple[_Lanes, _Lanes, _Lanes]:
    """Return n, its word with the bias, and m: x = 2ⁿ·m, √½ ≤ m < √2, for normal x."""
    word = x.words() + ((_BIAS << 52) - _ROOT_HALF)
    biased = word >> 52
    m = (word.write("and_", (1 << 52) - 1) + _ROOT_HALF).doubles()
    n = (biased + (0x433 << 52)).doubles() - (2.0**52 + _BIAS)  # 0x433 << 52 are the bits of 2⁵²
    return n, biased, m


def _log_of(n: _Lanes, f: _Lanes, low: _Lanes | float) -> _Lanes:
    """n·log 2 + log(1 + f) + low, with log(1 + f) = 2·artanh s, s = f/(2 + f).

    2·s = f - f²/2 + s·f²/2, so that f, which is exact, comes last and only small terms are rounded before.
    """
    s = f / (2.0 + f)
    z = s * s
    square = 0.5 * f * f
    small = _multiply_add(s, square + z * _polynomial(z, _LOG), _multiply_add(n, _LOG_2_LOW, low))
    return _multiply_add(n, _LOG_2_HIGH, f - (square - small))


def _log_ends(x: _Lanes, y: _Lanes) -> _Lanes:
    """Return y where 0 < x < ∞, and the logarithm of x elsewhere."""
    y = _where(x > 0.0, y, _where(x < 0.0, math.nan, x.like(-math.inf)))
    return _where(x < math.inf, y, x)


def _log(x: _Lanes) -> _Lanes:
    """log x = n·log 2 + log m, x = 2ⁿ·m."""
    subnormal = x < 2.0**-1022
    n, _, m = _split(_where(subnormal, x * 2.0**54, x))
    return _log_ends(x, _log_of(_where(subnormal, n - 54.0, n), m - 1.0, 0.0))


def _log1p(x: _Lanes) -> _Lanes:
    """log(1 + x) = log u + low/u, where u + low = 1 + x exactly, and f = x where n = 0."""
    u = 1.0 + x
    low = _where(x < 1.0, x - (u - 1.0), 1.0 - (u - x))
    n, biased, m = _split(u)
    f = m - 1.0
    to_64 = _where(n > 64.0, 64 + _BIAS, biased)  # beyond, low/u no longer counts
    low = low * ((2 * _BIAS - to_64) << 52).doubles() * _polynomial(f, (1.0, -1.0, 1.0))  # low/2ⁿ/m
    whole = n.compare("==", 0.0)
    return _log_ends(u, _log_of(n, _where(whole, x, f), _where(whole, 0.0, low))).call("copysign", x)  # -0 too


# sin, cos

_HALF_PI = tuple(map(float.fromhex, ("0x1.921fb54442d18p+0", "0x1.1a62633145c07p-54", "-0x1.f1976b7ed8fbcp-110")))
_SIN = _table(  # (sin √z / √z - 1)/z, √z < π/4, weight z
    """-0.16666666666666632 0.008333333333322413 -0.0001984126982980771 2.7557313691886456e-06 -2.5050758110809352e-08
    1.5896795421698384e-10"""
)
_COS = _table(  # (cos √z - 1 + z/2)/z², √z < π/4, weight z²
    """0.0416666666666666 -0.0013888888888874125 2.48015872894822e-05 -2.7557314352336487e-07 2.0875723275566173e-09
    -1.1359647813602921e-11"""
)


def _sine(x: _Lanes, quadrants: int) -> _Lanes:
    """sin(x + quadrants·π/2), |x| ≤ 2³⁰, by x = n·π/2 + (r + low): ±sin or ±cos of that, as n says.

    x - n·π/2 is exact with FMA for the first 53 bits of π/2 (Muller, 2018), and the next 53 are taken off by an exact
    product and an exact sum. The rest needs no care: no double comes closer to a multiple of π/2 than about 2⁻⁶¹.
    """
    n, word = _nearest(x, 2 / math.pi, quadrants)
    first, second, third = _HALF_PI
    near = _fused(n, -first, x)
    product = n * second
    r = near - product
    back = r - near
    low = (near - (r - back)) - (product + back)
    low = _multiply_add(n, -third, low - _fused(n, second, -product))
    z = r * r
    sine = (r + _multiply_add(z * r, _polynomial(z, _SIN), low)).call("copysign", r)  # -0 too
    half = 0.5 * z
    high = 1.0 - half
    cosine = high + (((1.0 - high) - half) + _multiply_add(z * z, _polynomial(z, _COS), -(r * low)))
    odd = _Lanes(x.builder, x.builder.trunc(word.value, x.of(_TRUTH)))
    sign = word.write("and_", 2) << 62
    return _where(odd, cosine, sine).words().write("xor", sign).doubles()


def _sine_or_libm(name: str, quadrants: int, x: _Lanes) -> _Lanes:
    """Return `_sine`, or what the C library has where any |x| is beyond 2³⁰: exact reduction, and NaN for ±∞."""
    builder = x.builder
    large = builder.bitcast((abs(x) > 2.0**30).value, ir.IntType(x.count))
    writers = (partial(_in_each_lane, name), partial(_sine, quadrants=quadrants))
    results = []
    with builder.if_else(builder.icmp_unsigned("!=", large, large.type(0)), likely=False) as branches:
        for branch, write in zip(branches, writers, strict=True):
            with branch:
                results.append((write(x).value, builder.block))
    either = builder.phi(x.value.type)
    for value, block in results:
        either.add_incoming(value, block)
    return _Lanes(builder, either)


def _in_each_lane(name: str, *operands: _Lanes) -> _Lanes:
    """Return the results of a function of the C library, called lane by lane."""
    builder, lanes = operands[0].builder, operands[0].count
    signature = ir.FunctionType(_DOUBLE, [_DOUBLE] * len(operands))
    callee = builder.module.globals.get(name) or ir.Function(builder.module, signature, name)
    if lanes == 1:
        return _Lanes(builder, builder.call(callee, [operand.value for operand in operands]))
    result = ir.Constant(operands[0].value.type, ir.Undefined)
    for lane in map(ir.IntType(32), range(lanes)):
        arguments = [builder.extract_element(operand.value, lane) for operand in operands]
        result = builder.insert_element(result, builder.call(callee, arguments), lane)
    return _Lanes(builder, result)


# erf, erfc

def _erfc_beyond_1(a: _Lanes) -> _Lanes:
    """erfc a, a > 1, as exp(-a²) times a slow function of a.

    exp would magnify the rounding of a² up to 750 times, so it goes into r.
    """
    a = _at_most(a, 28.0)
    square = a * a
    r, word = _exp_reduced(-square)
    r = r - _fused(a, a, -square)
    reciprocal = 1.0 / (a + 2.0)
    y = reciprocal * _polynomial((a - 2.0) * reciprocal, ERFC)
    return _times_power(_multiply_add(y * r, _polynomial(r, _EXP[1:]), y), word)  # y·eʳ, with one rounding less


def _erf(x: _Lanes) -> _Lanes:
    """x + x·(erf x / x - 1) within 1, where the second term is small, and 1 - erfc beyond."""
    beyond = (1.0 - _erfc_beyond_1(abs(x))).call("copysign", x)
    return _where(abs(x) < 1.0, _multiply_add(x, _polynomial(x * x, ERF), x), beyond)


def _erfc(x: _Lanes) -> _Lanes:
    """(1 - x) - x·(erf x / x - 1) from -1 to 1, where 1 - x loses little; erfc(-x) = 2 - erfc x."""
    beyond = _erfc_beyond_1(abs(x))
    beyond = _where(x < 0.0, 2.0 - beyond, beyond)
    return _where(abs(x) < 1.0, _multiply_add(-x, _polynomial(x * x, ERF), 1.0 - x), beyond)


_WRITERS: dict[str, Callable[..., _Lanes]] = {
    "exp": _exp,
    "expm1": _expm1,
    "log": _log,
    "log1p": _log1p,
    "sqrt": lambda x: x.call("sqrt"),
    "sin": partial(_sine_or_libm, "sin", 0),
    "cos": partial(_sine_or_libm, "cos", 1),
    "tanh": _tanh,
    "erf": _erf,
    "erfc": _erfc,
    "**": partial(_in_each_lane, "pow"),
}
