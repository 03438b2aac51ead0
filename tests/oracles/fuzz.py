"""Do texts of any kind end as a number or as an `ExpressionError`, and as nothing else?

    python tests/oracles/fuzz.py 1000000
    python tests/oracles/fuzz.py 1000000 --guided

makes so many texts, reads each as an expression, computes it and its gradient at numbers that are drawn for it, and
prints how many ended as what, and how long the slowest took. Any other error is printed with its text, and the exit
code is 1. One text in a thousand goes through the whole command `micrograd-like grad`.

The texts are made of the language's tokens by its grammar, then some are cut, doubled, joined or spoilt by other
characters; with --guided atheris (`pip install atheris`) makes them, by what of the code they reach.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import os
import random
import sys
import time
import traceback
import warnings
from collections import Counter
from importlib import import_module
from typing import Any

from micrograd_like import Value
from micrograd_like.__main__ import main as command
from micrograd_like.errors import ExpressionError
from micrograd_like.parser import ALLOWED, RETURNING_LISTS, parse

NUMBERS = (0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 10.0, 710.0, -745.2, 1e-9, 1e16, 1e-300, 1e300, -1e308, 5e-324)
LITERALS = (
    "0", "1", "2", "3", "0.5", ".1", "7.", "1e3", "1e-5", "1e308", "1e999", "9" * 30, "00", "007", "1_0", "0x1", "1j",
)  # fmt: skip
VARIABLES = ("x", "y", "w1", "b", "变量", "ﬁ", "σ", "_", "exp")
SIGNS = ("+", "-", "*", "/", "**")
STRANGE = (
    "lambda", "for", "in", "if", "else", "True", "None", "import", "await", "__class__", "print", "eval", ".", ":", "=",
    "==", "<", "<=", "!", "^", "%", "//", "@", "~", "&", "|", "'", '"', "f'{", "#", "\\", ";", "`", "$", "?", "\0",
    "\n", "\t", "\r", "\x0c", "\u2028", "\ufeff", "\ud800", "\u0301", "²", "·", "−", "字", "🙂", "{", "}", "(", ")",
    "[", "]", ",", "*", "**", "-", "x" * 100, "(" * 60, "-" * 200, "+x" * 300, "[" * 150, "**2" * 40,
)  # fmt: skip


class Fuzz:
    """Counts what came of texts."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.slowest = (0.0, "")
        self.failed = False

    def attempt(self, text: str) -> None:
        """Read and compute one text."""
        began = time.perf_counter()
        try:
            self.ends[outcome(text)] += 1
            if sum(self.ends.values()) % 1000 == 0:
                self.ends[f"command: exit code {code(text)}"] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self.failed = True
            self.ends[f"FAILED: {type(error).__name__}"] += 1
            print(f"{text!r}: {traceback.format_exc()}")
        self.slowest = max(self.slowest, (time.perf_counter() - began, text))

    def told(self) -> str:
        """Return the counts as text."""
        counts = "\n".join(f"{count:9,}  {end}" for end, count in self.ends.most_common())
        return f"{counts}\nthe slowest took {self.slowest[0]:.2f} s: {self.slowest[1][:100]!r}"


def outcome(text: str) -> str:
    """Say what a text ends as: "number" or "ExpressionError"."""
    try:
        parsed = parse(text)
        y = parsed.at({name: Value(x, name) for name, x in given(text, parsed.names).items()})
    except ExpressionError as error:
        assert 0 <= error.column <= len(error.text)
        assert str(error).endswith("^")
        return "ExpressionError"
    if isinstance(y, Value):
        y.backward()
        y = y.data
    assert type(y) is float
    assert math.isfinite(y)
    return "number"


def code(text: str) -> int:
    """Return the exit code of the whole command."""
    try:
        numbers = given(text, parse(text).names)
    except ExpressionError:
        numbers = {}
    arguments = ["grad", "--program", "--json", "--", text, *(f"{name}={x!r}" for name, x in numbers.items())]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exit_code = command(arguments)
    assert exit_code in (0, 1, 2)
    return exit_code


def given(text: str, names: tuple[str, ...]) -> dict[str, float]:
    """Return numbers for variables, the same for the same text."""
    rng = random.Random(text.encode(errors="surrogatepass"))
    return {name: rng.choice(NUMBERS) if rng.random() < 0.5 else rng.gauss(0, 2) for name in names}


def drawn(rng: random.Random, depth: int = 0) -> str:
    """Return an expression by the grammar."""
    if depth > 4 or rng.random() < 0.2:
        return rng.choice(VARIABLES[:4]) if rng.random() < 0.7 else rng.choice(LITERALS)

    def part() -> str:
        return drawn(rng, depth + 1 + rng.randrange(2))

    kind = rng.randrange(8)
    if kind < 3:
        return f"{part()}{rng.choice(SIGNS)}{part()}"
    if kind == 3:
        return f"({part()}) {rng.choice(SIGNS)} {part()}"
    if kind == 4:
        return f"-{part()}"
    if kind == 5:
        return f"where({part()} {rng.choice(('<', '<=', '>', '>='))} {part()}, {part()}, {part()})"
    name = rng.choice(list(ALLOWED))
    lists = ALLOWED[name][1]
    size = rng.randrange(1, 4)
    arguments = [f"[{', '.join(part() for _ in range(size))}]" for _ in range(lists)]
    if not lists or (name == "dot" and rng.random() < 0.3):
        arguments += [part() for _ in range(2 if name in ("maximum", "minimum") else 1)]
    place = f"[{rng.randrange(-size, size)}]" if name in RETURNING_LISTS else ""
    return f"{name}({', '.join(arguments)}){place}"


def spoilt(text: str, rng: random.Random) -> str:
    """Return a text with some of it cut, doubled, moved or replaced."""
    for _ in range(rng.choice((0, 0, 1, 1, 2, 5))):
        i, j = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        kind = rng.randrange(6)
        if kind == 0:
            text = text[:i] + text[j:]
        elif kind == 1:
            text = text[:j] + text[i:]
        elif kind == 2:
            text = text[:i] + rng.choice((*STRANGE, *VARIABLES, *LITERALS, *ALLOWED)) + text[j:]
        elif kind == 3:
            text = text[:i] + chr(rng.randrange(0x110000) if rng.random() < 0.3 else rng.randrange(128)) + text[i:]
        elif kind == 4:
            text = text[:i] + rng.choice(STRANGE) + text[i:]
        else:
            text = (text[i:] + text[:i]) * rng.choice((1, 1, 1, 2, 50))
        text = text[:5_000]
    return text


def guided(count: int, seed: int, fuzz: Fuzz) -> None:
    """Let atheris make the texts, from this program's own and by its changes; it ends the process."""
    atheris: Any = import_module("atheris")
    left = iter(range(count))

    def one(data: bytes) -> None:
        if next(left, None) is None or fuzz.failed:
            print(fuzz.told(), flush=True)
            os._exit(int(fuzz.failed))
        fuzz.attempt(data.decode("utf-8", "replace"))

    def changed(data: bytes, size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.3:
            return bytes(atheris.Mutate(data, size))
        text = data.decode("utf-8", "replace") if rng.random() < 0.9 else drawn(rng)
        return spoilt(text, rng).encode("utf-8", "surrogatepass")[:size]

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-seed={seed + 1}", "-max_len=5000", "-verbosity=0"], one, custom_mutator=changed)
    atheris.Fuzz()


def main() -> int:
    """Try so many texts and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, help="how many texts")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default: 0)")
    parser.add_argument("--guided", action="store_true", help="let atheris make the texts")
    options = parser.parse_args()
    warnings.simplefilter("error")
    fuzz, rng, began = Fuzz(), random.Random(options.seed), time.perf_counter()
    if options.guided:
        guided(options.count, options.seed, fuzz)
    for _ in range(options.count):
        fuzz.attempt(spoilt(drawn(rng), rng))
    print(f"{fuzz.told()}\n{options.count:,} texts in {time.perf_counter() - began:.0f} s")
    return int(fuzz.failed)


if __name__ == "__main__":
    sys.exit(main())
