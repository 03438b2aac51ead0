"""The vector functions of the compiler: errors in units in the last place, judged by mpmath over all doubles."""

from __future__ import annotations

import ctypes
import math
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

ir = pytest.importorskip("llvmlite.ir")
binding = pytest.importorskip("llvmlite.binding")

from micrograd_like.compiler.llvm.vector_math import BOUNDS, NAMES, function  # noqa: E402 - needs llvmlite

LANES = (1, 4, 8)
ONE_OPERAND = [name for name in NAMES if name != "**"]
TINY, LEAST, LARGEST = 5e-324, 2.0**-1022, math.ldexp(2.0**53 - 1, 971)
"""The least subnormal and normal numbers, and the largest number."""

SPECIAL = [0.0, TINY, 3 * TINY, LEAST - TINY, LEAST, 1e-300, 1e-20, 2.0**-54, 2.0**-53, 2.0**-27, 1e-8, 1e-4, 0.25]
SPECIAL += [0.46, 0.5, math.log(2) / 4, math.log(2) / 2, math.sqrt(0.5), math.sqrt(2), math.pi / 4, math.pi / 2]
SPECIAL += [math.pi, 1.0, 1 - 2.0**-53, 1 + 2.0**-52, 2.0, 18.02, 18.71, 19.06, 19.07, 22.0, 26.5, 27.2, 27.3, 36.7]
SPECIAL += [37.5, 38.2, 40.0, 708.39, 709.78271289338, 709.782712893384, 709.7827128933841, 745.13321910194, 746.0]
SPECIAL += [745.1332191019411, 745.1332191019412, 1e5, 2.0**30, 2.0**52, 2.0**64, 1e300, 2.0**1023, LARGEST]
SPECIAL += [math.inf, math.nan]

INTERVALS = {
    "exp": [(-1, 1), (-746, 710), (-746, -707), (709, 710)],
    "expm1": [(-1, 1), (0.34, 0.4), (-40, 60), (708, 710)],
    "log": [(0.5, 2), (0.99, 1.01), (0, 1000)],
    "log1p": [(-0.5, 1), (-1, 10), (-0.01, 0.01)],
    "sqrt": [(0, 4)],
    "sin": [(-1, 1), (-100, 100), (-1e5, 1e5), (-(2.0**30), 2.0**30)],
    "cos": [(-1, 1), (-100, 100), (-1e5, 1e5), (-(2.0**30), 2.0**30)],
    "tanh": [(-0.6, 0.6), (0.17, 0.18), (-20, 20), (17.5, 19.5)],
    "erf": [(-1.5, 1.5), (-6, 6)],
    "erfc": [(-1.5, 1.5), (-6, 6), (1, 28), (26, 27.3)],
}
"""Where the methods change or are hard pressed."""


@cache
def engine(lanes: int) -> Any:
    """Return machine code with a function run.NAME(operands..., results, count) for each name."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    module = ir.Module()
    double, word = ir.DoubleType(), ir.IntType(64)
    doubles = double if lanes == 1 else ir.VectorType(double, lanes)
    for name in NAMES:
        called = function(module, name, lanes)
        assert function(module, name, lanes) is called
        pointers = [double.as_pointer()] * (len(called.args) + 1)
        run = ir.Function(module, ir.FunctionType(ir.VoidType(), [*pointers, word]), f"run.{name}")
        start, loop, end = (run.append_basic_block() for _ in range(3))
        builder = ir.IRBuilder(start)
        builder.branch(loop)
        builder.position_at_end(loop)
        i = builder.phi(word)
        places = [builder.bitcast(builder.gep(row, [i]), doubles.as_pointer()) for row in run.args[:-1]]
        result = builder.call(called, [builder.load(place, align=8) for place in places[:-1]])
        builder.store(result, places[-1], align=8)
        following = builder.add(i, word(lanes))
        i.add_incoming(word(0), start)
        i.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, run.args[-1]), loop, end)
        builder.position_at_end(end)
        builder.ret_void()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten()
    )
    return binding.create_mcjit_compiler(binding.parse_assembly(str(module)), machine)


def results(name: str, lanes: int, *operands: np.ndarray) -> np.ndarray:
    """Return what the function gives; there must be a multiple of 8 of each operand."""
    rows = [np.ascontiguousarray(operand, np.float64) for operand in operands]
    rows.append(np.empty_like(rows[0]))
    run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(rows), ctypes.c_int64)(
        engine(lanes).get_function_address(f"run.{name}")
    )
    run(*(row.ctypes.data for row in rows), len(rows[0]))
    return rows[-1]


def exact(name: str, x: float) -> mpf:
    """Return the function of x to at least 20 digits more than a double has."""
    if math.isnan(x) or (name in {"sin", "cos"} and math.isinf(x)):
        return mp.nan
    if name in {"log", "log1p", "sqrt"}:
        low = -1 if name == "log1p" else 0
        if x < low:
            return mp.nan
        if x == low and name != "sqrt":
            return -mp.inf
    if name in {"tanh", "erf"} and abs(x) > 40:
        return mpf(math.copysign(1, x))
    if name in {"exp", "expm1"} and abs(x) > 1000:
        return mp.inf if x > 0 else mpf(0 if name == "exp" else -1)
    if name == "erfc" and abs(x) > 40:
        return mpf(2 if x < 0 else 0)
    if name in {"expm1", "log1p", "tanh"} and abs(x) < 1e-40:
        return mpf(x)
    with mp.workprec(1200 if name in {"sin", "cos"} and abs(x) > 1 else 200):
        return getattr(mp, name)(mpf(x))


def error(result: float, truth: mpf) -> float:
    """Return how far the result is from the truth, in units in the last place of the truth."""
    overflow = mpf(LARGEST) + mpf(2) ** 970
    if mpmath.isnan(truth) or abs(truth) >= overflow:
        right = math.isnan(result) if mpmath.isnan(truth) else math.isinf(result) and (result > 0) == (truth > 0)
        return 0.0 if right else math.inf
    if not math.isfinite(result):
        return math.inf
    exponent = max(mp.frexp(truth)[1] - 1, -1022) if truth else -1022
    return float(abs(mp.ldexp(mp.fsub(result, truth, prec=200), 52 - exponent)))


@cache
def points(name: str) -> np.ndarray:
    """Return the special numbers with both signs, random ones of each interval, small ones, and random bits.

    For sin and cos also numbers near multiples of π/2, where the reduction has the least left.
    """
    random = np.random.default_rng(20)
    intervals = [random.uniform(low, high, 400) for low, high in INTERVALS[name]]
    if name in {"sin", "cos"}:
        intervals += [random.integers(-(2**29), 2**29, 400) * (math.pi / 2), np.arange(-200, 200) * (math.pi / 2)]
    small = np.ldexp(random.uniform(-1, 1, 240), random.integers(-60, 5, 240))
    bits = random.integers(0, 2**64, 800, dtype=np.uint64).view(np.float64)
    return np.concatenate([SPECIAL, -np.array(SPECIAL), *intervals, small, bits, np.ones(-2 * len(SPECIAL) % 8)])


@cache
def truths(name: str) -> list[mpf]:
    return [exact(name, x) for x in points(name).tolist()]


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", ONE_OPERAND)
def test_errors_stay_within_the_bound(name: str, lanes: int) -> None:
    found = results(name, lanes, points(name)).tolist()
    errors = [error(result, truth) for result, truth in zip(found, truths(name), strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= BOUNDS[name], (points(name)[worst].hex(), found[worst].hex())


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", ["expm1", "log1p", "sqrt", "sin", "tanh", "erf"])
def test_zero_keeps_its_sign(name: str, lanes: int) -> None:
    found = results(name, lanes, np.array([0.0, -0.0] * 4))
    assert found.tolist() == [0.0] * 8
    assert np.signbit(found).tolist() == [False, True] * 4


@pytest.mark.parametrize("lanes", LANES)
def test_errors_of_powers_stay_within_the_bound(lanes: int) -> None:
    random = np.random.default_rng(21)
    base = np.exp(random.uniform(-700, 700, 2000))
    exponent = random.uniform(-1, 1, 2000) * 740 / np.abs(np.log(base))
    for x, y, result in zip(base, exponent, results("**", lanes, base, exponent), strict=True):
        assert error(result, mp.power(mpf(x), mpf(y))) <= BOUNDS["**"], (x, y)


@pytest.mark.parametrize("lanes", LANES)
def test_powers_of_special_numbers_are_those_of_c(lanes: int) -> None:
    inf, nan = math.inf, math.nan
    cases = [(0.0, 0.0, 1.0), (nan, 0.0, 1.0), (1.0, nan, 1.0), (-2.0, 3.0, -8.0), (-2.0, 0.5, nan), (0.0, -1.0, inf)]
    cases += [(-0.0, -1.0, -inf), (-0.0, 3.0, -0.0), (-1.0, inf, 1.0), (0.5, inf, 0.0), (-inf, 3.0, -inf)]
    cases += [(inf, -2.0, 0.0), (2.0, 1024.0, inf), (2.0, -1074.0, TINY), (nan, 1.0, nan), (2.0, nan, nan)]
    base, exponent, expected = np.array(cases).T
    found = results("**", lanes, base, exponent)
    np.testing.assert_array_equal(found, expected)
    kept = ~np.isnan(expected)
    assert np.signbit(found[kept]).tolist() == np.signbit(expected[kept]).tolist()


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_a_large_number_leaves_the_other_lanes_within_the_bound(name: str) -> None:
    x = np.array([1.0, 1e300, -3.0, 2.0**31, 0.5, math.inf, 1e9, math.nan])
    for lanes in LANES:
        for number, result in zip(x.tolist(), results(name, lanes, x).tolist(), strict=True):
            assert error(result, exact(name, number)) <= BOUNDS[name]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError, match="gamma"):
        function(ir.Module(), "gamma", 4)
