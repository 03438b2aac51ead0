"""The target "c": its text compiles cleanly and computes what the engine does, whatever the number of samples."""

from __future__ import annotations

import math
import random
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from micrograd_like import MLP, Value, dot, exp, losses, relu, sigmoid, softmax, tanh, total
from micrograd_like.compiler import numpy as numpy_target
from micrograd_like.compiler.blocks import Operand, Output, Rolled
from micrograd_like.compiler.c import kernel as c
from micrograd_like.compiler.c.steps import Data
from micrograd_like.compiler.recording import record
from micrograd_like.compiler.rolling import roll
from micrograd_like.steps import Expression
from micrograd_like.strategies import expressions

COMPILER = next(filter(None, map(shutil.which, c.COMPILERS)), "")
pytestmark = pytest.mark.skipif(not COMPILER, reason="there is no C compiler")

Loss = Callable[..., Any]
PICKY = ["-Wall", "-Wextra", "-Werror", "-std=c99", "-pedantic"]
W = Value(0.5, "*/")


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Keep what is compiled away from the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MICROGRAD_LIKE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def network(activation: str, output: str = "linear") -> tuple[Loss, list[Value]]:
    model = MLP(2, [5, 9, 1], activation, output, rng=random.Random(3))
    return lambda a, b, y: relu(1 - y * model([a, b])), model.parameters()


def convolution() -> tuple[Loss, list[Value]]:
    """A network with shared weights, a skip connection and weight decay in each sample's loss."""
    rng = random.Random(5)
    p = [Value(rng.uniform(-1, 1)) for _ in range(20)]

    def loss(*x: Any) -> Any:
        y = [relu(dot(p[:3], x[i : i + 3], p[3])) for i in range(10)]
        z = [relu(dot(p[4:7], y[i : i + 3])) - y[i] for i in range(8)]
        return dot(p[7:15], z) / 2 + 0.125 * total([w * w for w in p])

    return loss, p


def recurrent() -> tuple[Loss, list[Value]]:
    rng = random.Random(7)
    weights = [[Value(rng.uniform(-1, 1)) for _ in range(5)] for _ in range(4)]

    def loss(*x: Any) -> Any:
        state: list[Any] = [0.5] * 4
        for number in x[:-1]:
            state = [relu(dot(row, [*state, number])) - 0.25 for row in weights]
        return (total(state) - x[-1]) ** 2

    return loss, [w for row in weights for w in row]


def scattered() -> tuple[Loss, list[Value]]:
    """Two layers whose weights are drawn from a few, with long sums of alternating signs in the first."""
    rng = random.Random(9)
    p = [Value(rng.uniform(-1, 1)) for _ in range(20)]
    first, second = ([rng.choices(p, k=12) for _ in range(8)] for _ in range(2))

    def loss(*x: Any) -> Any:
        sums = []
        for row in first:
            y = row[0] * x[0]
            for i in range(1, 12):
                y = y - row[i] * x[i] if i % 2 else y + row[i] * x[i]
            sums.append(relu(y))
        return total([dot(row, [*sums, *x[:4]]) * y for row, y in zip(second, sums, strict=True)])

    return loss, p


def rolled(loss: Loss, parameters: list[Value], inputs: int, straight: bool | None) -> Rolled:
    return roll(record(loss, parameters, inputs), straight)


def numbers(parameters: list[Value]) -> Any:
    return np.array([p.data for p in parameters])


def samples(inputs: int, count: int) -> Any:
    return np.random.default_rng(count).uniform(-1, 1, (inputs, count))


def eager(loss: Loss, parameters: list[Value], columns: Any) -> Any:
    """Return the loss and the gradient of each sample, as columns."""
    found = []
    for row in columns.T.tolist():
        for p in parameters:
            p.grad = 0
        result = loss(*row)
        result.backward()
        found.append([result.data, *(p.grad for p in parameters)])
    return np.array(found).T


def compiled_picky(text: str, folder: Path, *more: str) -> None:
    file = folder / "program.c"
    file.write_text(text, "ascii")
    done = subprocess.run([COMPILER, *PICKY, *more, str(file)], cwd=folder, capture_output=True, text=True)
    assert not done.returncode, done.stderr


@pytest.mark.parametrize("straight", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "gelu"])
def test_networks_are_the_engines(activation: str, straight: bool) -> None:
    loss, parameters = network(activation)
    kernel = c.Kernel(rolled(loss, parameters, 3, straight), strict=True)
    columns = samples(3, 70)
    expected = eager(loss, parameters, columns)
    np.testing.assert_allclose(kernel.each(columns, numbers(parameters)), expected, 1e-12, 1e-14)
    np.testing.assert_allclose(kernel.sums(columns, numbers(parameters)), expected.sum(1), 1e-12, 1e-12)


@pytest.mark.parametrize("straight", [False, True])
@pytest.mark.parametrize(
    ("make", "inputs"),
    [(lambda: network("relu"), 3), (convolution, 12), (recurrent, 9), (scattered, 12)],
    ids=["mlp", "conv", "rnn", "scattered"],
)
def test_strict_results_of_one_sample_are_the_engines_bit_for_bit(
    make: Callable[[], tuple[Loss, list[Value]]], inputs: int, straight: bool
) -> None:
    loss, parameters = make()
    kernel = c.Kernel(rolled(loss, parameters, inputs, straight), strict=True)
    columns = samples(inputs, 20)
    expected = eager(loss, parameters, columns)
    assert np.array_equal(kernel.each(columns, numbers(parameters)), expected)
    for i in range(5):
        assert np.array_equal(kernel.sums(columns[:, i : i + 1], numbers(parameters)), expected[:, i])


LOSSES: dict[str, Callable[[list[Any], Any], Any]] = {
    "squares": lambda z, y: losses.mean_squared_error(z, [y, 0.25, -y]),
    "probabilities": lambda z, y: losses.binary_cross_entropy([sigmoid(x) for x in z], [0, 1, 0.25]),
    "logits": lambda z, y: losses.binary_cross_entropy_with_logits(z, [0, 1, 0.5]),
    "classes": lambda z, y: losses.categorical_cross_entropy(softmax(z), 1),
    "class logits": lambda z, y: losses.categorical_cross_entropy_with_logits(z, 2),
    "hinge": lambda z, y: losses.hinge(z, [1, -1, 1]),
}


def all_losses() -> tuple[Loss, list[Value]]:
    model = MLP(2, [4, 3], "tanh", rng=random.Random(11))
    return lambda a, b, y: total([f(model([a, b]), y) for f in LOSSES.values()]), model.parameters()


@pytest.mark.parametrize("strict", [False, True])
def test_losses_are_the_engines(strict: bool) -> None:
    loss, parameters = all_losses()
    kernel = c.Kernel(rolled(loss, parameters, 3, None), strict)
    columns = samples(3, 20)
    expected = eager(loss, parameters, columns)
    np.testing.assert_allclose(kernel.each(columns, numbers(parameters)), expected, 1e-12, 1e-14)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expressions())
def test_random_expressions_are_the_engines(e: Expression) -> None:
    parameters = [Value(x) for x in e.at]
    columns = np.array([[-1.0, -0.5, 0.0, 0.625, 1.0]])

    def loss(x: Any) -> Any:
        return e(*parameters[:-1], parameters[-1] * x)

    expected = eager(loss, parameters, columns)
    for straight in (False, True):
        each = c.Kernel(rolled(loss, parameters, 1, straight), strict=True).each(columns, numbers(parameters))
        np.testing.assert_allclose(each, expected, 1e-11, 1e-12)


@pytest.fixture(scope="module", params=[False, True], ids=["rolled", "straight"])
def mixed(request: pytest.FixtureRequest) -> tuple[Rolled, Any, c.Kernel]:
    """A program with sums of all kinds, of uniform and constant terms too, and the numbers of its parameters."""
    model = MLP(3, [20, 9, 1], "tanh", rng=random.Random(2))
    bias = Value(0.25)
    parameters = [*model.parameters(), bias]

    def loss(a: Any, b: Any, y: Any) -> Any:
        decay = total([w * w for w in parameters[:-1]])
        return (y - model([a, b, a * b])) ** 2 + decay / 64 - exp(parameters[0]) * b - exp(bias)

    program = rolled(loss, parameters, 3, request.param)
    return program, numbers(parameters), c.Kernel(program, strict=True)


@pytest.mark.parametrize("count", [1, 3, 63, 64, 65, 1000])
def test_every_count_agrees_with_numpy(mixed: tuple[Rolled, Any, c.Kernel], count: int) -> None:
    program, parameters, kernel = mixed
    other, columns = numpy_target.Kernel(program, strict=True), samples(3, count)
    np.testing.assert_allclose(kernel.sums(columns, parameters), other.sums(columns, parameters), 1e-11, 1e-12 * count)
    np.testing.assert_allclose(kernel.each(columns, parameters), other.each(columns, parameters), 1e-11, 1e-12)


def test_no_samples_sum_to_zero(mixed: tuple[Rolled, Any, c.Kernel]) -> None:
    program, parameters, kernel = mixed
    assert not kernel.sums(np.empty((3, 0)), parameters).any()
    assert kernel.each(np.empty((3, 0)), parameters).shape == (program.destinations, 0)


def test_columns_may_lie_in_a_larger_array_or_in_any_order(mixed: tuple[Rolled, Any, c.Kernel]) -> None:
    _, parameters, kernel = mixed
    columns = samples(3, 200)
    expected = kernel.sums(columns[:, 10:150].copy(), parameters)
    for same in (columns[:, 10:150], np.asfortranarray(columns[:, 10:150]), columns[::-1, 10:150].copy()[::-1]):
        assert np.array_equal(kernel.sums(same, parameters), expected)
    assert np.array_equal(kernel.sums(columns[:, ::2], parameters), kernel.sums(columns[:, ::2].copy(), parameters))


def test_arrays_of_a_wrong_size_are_refused(mixed: tuple[Rolled, Any, c.Kernel]) -> None:
    _, parameters, kernel = mixed
    for columns, given_parameters in ((samples(2, 5), parameters), (samples(3, 5), parameters[1:])):
        for run in (kernel.sums, kernel.each):
            with pytest.raises(ValueError, match="takes 3 inputs and"):
                run(columns, given_parameters)


def test_threads_can_share_a_kernel(mixed: tuple[Rolled, Any, c.Kernel]) -> None:
    _, parameters, kernel = mixed
    columns = samples(3, 1000)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda k: k.sums(columns, parameters), [kernel, *(kernel.again() for _ in range(7))]))
    assert all(np.array_equal(sums, found[0]) for sums in found)


def test_constants_are_read_back_as_they_were(tmp_path: Path) -> None:
    constants = (0.1, 1e300, 5e-324, -1.5, math.inf, -math.inf, math.nan, 3.0, 1 / 3, 2.0**53, 1e-5)
    rows = np.arange(len(constants))[:, None]
    outputs = (
        Output(1, Operand("constant", rows), None, rows),
        *(Output(-1, Operand("constant", row[None]), None, row[None] + len(rows)) for row in rows),
    )
    program = Rolled(1, 0, constants, 0, 0, (), outputs, 2 * len(constants))
    text = c.source(program)
    compiled_picky(text, tmp_path, "-c")
    each = c.Kernel(program, strict=True).each(np.zeros((1, 1)), [])
    np.testing.assert_array_equal(each[:, 0], [*constants, *(-x for x in constants)])


def test_tables_of_the_same_bytes_are_told_apart() -> None:
    wide = np.array([[3], [0], [1], [4]], np.int64)
    narrow = np.array([[3, 0], [0, 0], [1, 0], [4, 0]], np.int32)
    assert wide.tobytes() == narrow.tobytes()
    data = Data([])
    assert data.row(wide, "i") != data.row(narrow, "i", "j")


def test_too_little_memory_is_an_error() -> None:
    kernel = c.Kernel(Rolled(1, 0, (), 0, 2**45, (), (), 1), strict=True)
    with pytest.raises(MemoryError):
        kernel.sums(np.zeros((1, 1)), [])


@pytest.mark.parametrize("straight", [False, True])
@pytest.mark.parametrize(
    ("make", "inputs"),
    [(all_losses, 3), (convolution, 12), (recurrent, 9), (scattered, 12)],
    ids=["losses", "conv", "rnn", "scattered"],
)
def test_text_compiles_without_a_warning(
    make: Callable[[], tuple[Loss, list[Value]]], inputs: int, straight: bool, tmp_path: Path
) -> None:
    text = c.source(rolled(*make(), inputs, straight), "net")
    assert max(map(len, text.splitlines())) <= 120
    compiled_picky(text, tmp_path, "-O1", "-c")


def test_the_example_of_the_first_lines_runs(tmp_path: Path) -> None:
    loss, parameters = network("relu")
    text = c.source(rolled(loss, parameters, 3, False))
    comment = text[: text.index("*/")]
    example = comment[comment.index("double sums") : comment.index("* Compile")].replace("\n *", "\n")
    columns = samples(3, 10)
    main = f"""
#include <stdio.h>
int main(void)
{{
    const double columns[] = {{{", ".join(map(repr, columns.ravel().tolist()))}}};
    const double parameters[] = {{{", ".join(repr(p.data) for p in parameters)}}};
    const ptrdiff_t count = 10;
    {example}
    return 0;
}}
"""
    compiled_picky(text + main, tmp_path, "-o", "program", "-lm")
    printed = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True).stdout
    assert printed == f"mean loss {eager(loss, parameters, columns)[0].mean():g}\n"


@pytest.mark.parametrize(
    "comment",
    ["*/ int a; /*", "**//", "/*/", "a\\", "??/\n*/", "*\\\n/", "*\n/", "σ\u202e*/", "x\x00*/\r\n#error\f*/", "\t*/"],
)
def test_no_comment_becomes_code(comment: str, tmp_path: Path) -> None:
    program = rolled(lambda x: tanh(W * x), [W], 1, None)
    text = c.source(program, comment=comment)
    plain = c.source(program)
    assert text[text.index("*/") :] == plain[plain.index("*/") :]
    compiled_picky(text, tmp_path, "-fsyntax-only")


def test_a_comment_keeps_its_words() -> None:
    text = c.source(rolled(lambda x: tanh(W * x), [W], 1, None), comment="price of σ\n  in euros")
    assert text.startswith("/*\n * price of U+03C3\n *   in euros\n *\n * loss: 2 outputs")


@pytest.mark.parametrize("name", ["", "1st", "a b", "x;", "σ", "a\n", "_x"])
def test_a_name_that_is_none_in_c_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name in C"):
        c.source(rolled(lambda x: tanh(W * x), [W], 1, None), name)


def test_a_missing_compiler_is_named_with_what_helps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = rolled(lambda x: tanh(W * x), [W], 1, None)
    monkeypatch.setenv("CC", "no-such-compiler -m64")
    with pytest.raises(RuntimeError, match=r'no no-such-compiler: install.*target="numpy"'):
        c.Kernel(program, strict=True)
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="no cc or gcc or clang"):
        c.Kernel(program, strict=True)


def test_what_a_failing_compiler_says_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", f"{COMPILER} -fno-such-option")
    with pytest.raises(RuntimeError, match=r"failed:\n.*no-such-option"):
        c.Kernel(rolled(lambda x: tanh(W * x), [W], 1, None), strict=True)


def test_a_library_that_does_not_load_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c, "cached", lambda key, make: b"no library")
    with pytest.raises(RuntimeError, match="does not load"):
        c.Kernel(rolled(lambda x: tanh(W * x), [W], 1, None), strict=True)


def test_a_program_is_compiled_once_for_each_choice_of_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MICROGRAD_LIKE_CACHE", str(tmp_path))
    program = rolled(lambda x: tanh(W * x), [W], 1, None)
    for strict in (True, False, True, False):
        assert c.Kernel(program, strict).sums([[2.0]], [0.5])[0] == math.tanh(1.0)
    assert len([*tmp_path.iterdir()]) == 2
