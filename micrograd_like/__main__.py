"""The command line `micrograd-like`, or `python -m micrograd_like`: its help, below, says what it does."""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module, metadata
from pathlib import Path
from textwrap import fill, indent
from typing import Any
from unicodedata import normalize

from micrograd_like.check import check_gradients
from micrograd_like.compiler.recording import record_function
from micrograd_like.drawing import SUFFIXES as PICTURES
from micrograd_like.drawing import draw
from micrograd_like.engine import Value
from micrograd_like.errors import ExpressionError, did_you_mean
from micrograd_like.explorer import explore
from micrograd_like.explorer.page import SUFFIXES as PAGES
from micrograd_like.packages import package
from micrograd_like.parser import ALLOWED, Parsed, example, parse

EXAMPLES = {
    "moons": "moons.train",
    "digits": "digits.train",
    "documents": "documents.all_five",
    **{f"00{i}": f"documents.document_00{i}" for i in range(5)},
}
"""What can be trained, and by which function of `micrograd_like.examples`."""
DESCRIPTION = "A scalar automatic differentiation engine: gradients, checked; formulas, checked; networks, trained."
EXIT = """\
It exits with 0; 1 if a check failed; 130 after Ctrl-C; 2, with a message on standard error, for anything else."""
HELP = f"""\
examples:
  micrograd-like grad "tanh(w*x + b)" w=-3 x=2 b=6.5
  micrograd-like formulas
  micrograd-like train moons
  micrograd-like grad --help

{EXIT}"""
OF_NUMBERS = indent(fill(" ".join(name for name, (_, lists) in ALLOWED.items() if not lists), 110), "  ")
OF_LISTS = "  ".join(example(name) for name, (_, lists) in ALLOWED.items() if lists)
GRAD_DESCRIPTION = """\
Compute an expression and its derivative by every variable, and beside it the numerical gradient."""
GRAD_HELP = f"""\
An expression has numbers, variables, + - * / **, brackets, the functions

{OF_NUMBERS}
  where(a < b, p, q)  {OF_LISTS}

and nothing else. Write -- before an expression that begins with --, or that is -h.

examples:
  micrograd-like grad "tanh(w1*x1 + w2*x2 + b)" w1=-3 x1=2 w2=1 x2=0 b=6.88
  micrograd-like grad "-log_softmax([a, b, c])[1]" a=2 b=1 c=-1 --svg loss.svg
  micrograd-like grad "where(x < 0, 0.1*x, x)" x=0 --html kink.html
  micrograd-like grad "(sigmoid(w*x) - y)**2" w=0.5 x=2 y=1 --program --json

{EXIT}"""
FORMULAS_DESCRIPTION = """\
Check the formulas of the five documents, and print the table with a row for each."""
FORMULAS_HELP = f"""\
examples:
  micrograd-like formulas
  micrograd-like formulas > formulas.md

A formula that does not hold has one beside it that does; a check failed if a verdict is another than that.
{EXIT}"""
TRAIN_DESCRIPTION = """\
Train an example network, with progress, and draw what came of it."""
TRAIN_HELP = f"""\
examples:
  micrograd-like train moons                    micrograd's demonstration: two moons and the boundary between them
  micrograd-like train digits --out pictures    handwritten digits, compiled
  micrograd-like train 001                      the network of document 001; there are 000 to 004
  micrograd-like train documents                those of all five

{EXIT}"""

MINUS = "\0"
"""What tells argparse that -x**2 is no option; no argument of a process can have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code; `arguments` are those of the process if there are none.

    Raises:
        SystemExit: with 0 after the help, with 2 if there is no such command, option, example or kind of file.
    """
    sys.stdout, sys.stderr = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()  # None if closed by >&-
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that has no ∂ shows \u2202
    options = _options(sys.argv[1:] if arguments is None else arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except (ArithmeticError, ImportError, OSError, RuntimeError, ValueError) as error:
        print(f"micrograd-like: {error}", file=sys.stderr)
        return 2


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "micrograd-like", description=DESCRIPTION, epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", required=True, metavar="grad | formulas | train")

    def command(name: str, run: Any, description: str, examples: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=description,
            description=description,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        added.set_defaults(run=run, parser=added)
        return added

    grad = command("grad", _grad, GRAD_DESCRIPTION, GRAD_HELP)
    grad.add_argument("expression", type=_typed, help='such as "tanh(w*x + b)"')
    how = "the variables, such as w=-3"
    grad.add_argument("given", type=_typed, metavar="NAME=NUMBER", nargs="*", default=[], help=how)
    picture, page = _file(PICTURES), _file(PAGES)
    how = "draw the graph with data and gradients (.svg, .dot, .png, .pdf)"
    grad.add_argument("--svg", type=picture, metavar="FILE", help=how)
    grad.add_argument("--html", type=page, metavar="FILE", help="write a page on which the graph can be explored")
    grad.add_argument("--program", action="store_true", help="print the program that the expression is compiled to")
    grad.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command("formulas", _formulas, FORMULAS_DESCRIPTION, FORMULAS_HELP)
    train = command("train", _train, TRAIN_DESCRIPTION, TRAIN_HELP)
    train.add_argument("example", type=_example, help=f"what to train: {', '.join(EXAMPLES)}", metavar="EXAMPLE")
    train.add_argument("--out", type=_typed, default="out", help="the folder of the pictures (default: out)")
    return _read(parser, arguments)


def _read(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Return what argparse makes of the arguments, and of what it would misread by itself.

    A mark before -x**2, which `_typed` takes away, tells it that this is no option. The numbers of variables that
    stand after an option, as in `grad x*y x=2 --json y=3`, it leaves over: they are added here. Whatever else it
    leaves over is refused.
    """
    command, marked = arguments[:1], [re.sub(r"^-(?!-|h$)", f"{MINUS}-", argument) for argument in arguments[1:]]
    options, rest = parser.parse_known_args([*command, *marked])
    for argument in rest:
        if argument.startswith("-") or options.run is not _grad:
            there = {*re.findall(r"--\w+", options.parser.format_help())}
            how = did_you_mean(argument.partition("=")[0], there, f"see {options.parser.prog} --help")
            options.parser.error(f"there is no option {_typed(argument)}: {how}")
    if rest:
        options.given = [*options.given, *map(_typed, rest)]
    return options


def _typed(argument: str) -> str:
    """Return an argument as it was typed."""
    return argument.removeprefix(MINUS)


def _file(suffixes: Sequence[str]) -> Callable[[str], str]:
    """Return what reads the name of a file, and refuses one that does not end so before anything is computed."""

    def named(argument: str) -> str:
        path = _typed(argument)
        if Path(path).suffix.lower() not in suffixes:
            endings = " or ".join(suffixes)
            raise argparse.ArgumentTypeError(f"a file name that ends in {endings} is wanted, not {path!r}")
        return path

    return named


def _example(argument: str) -> str:
    """Return the name of an example that is there."""
    name = _typed(argument)
    if name not in EXAMPLES:
        how = did_you_mean(name, EXAMPLES, f"there are {', '.join(EXAMPLES)}")
        raise argparse.ArgumentTypeError(f"there is no example {name}: {how}")
    return name


def _version() -> str:
    try:
        return metadata.version("micrograd_like")
    except metadata.PackageNotFoundError:
        return "not installed"


def _grad(options: argparse.Namespace) -> int:
    """Compute, check, draw and print one expression."""
    expression = parse(options.expression.strip())
    numbers = _numbers(expression, options.given)
    y = expression.at({name: Value(x, name) for name, x in numbers.items()})
    y = y if isinstance(y, Value) else Value(y)
    y.label = y.label or "result"
    y.backward()
    found = {"expression": expression.text, "value": y.data, **_checked(expression, numbers)}
    if options.program:
        found["program"] = str(record_function(lambda **given: expression.at(given), expression.names))
    if options.svg:
        draw(y).save(options.svg)
    if options.html:
        explore(y).save(options.html)
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        files = ", ".join(path for path in (options.svg, options.html) if path)
        print("\n\n".join([*_paragraphs(found), *[f"Written: {files}"] * bool(files)]))
    return 0 if found["holds"] else 1


def _numbers(expression: Parsed, given: Sequence[str]) -> dict[str, float]:
    """Return the numbers of the variables in the order of the expression."""
    numbers: dict[str, float] = {}
    for text in given:
        name, equals, digits = text.partition("=")
        name = normalize("NFKC", name.strip())  # as Python's parser reads it
        if not equals or not name:
            raise ExpressionError(text, 0, "a variable gets its number by NAME=NUMBER, such as x=0.5")
        if name in numbers:
            raise ExpressionError(text, 0, f"{name} is given twice: give it one number")
        if name not in expression.columns:
            there = ", ".join(expression.columns) or "no variable"
            how = did_you_mean(name, expression.columns, f"there is {there}")
            raise ExpressionError(text, 0, f"the expression has no {name}: {how}")
        try:
            numbers[name] = float(digits)
        except ValueError:
            how = f"such as {name}=0.5 (no comma, no fraction, no unit)"
            raise ExpressionError(text, text.index("=") + 1, f"{name} takes a decimal number, {how}") from None
        if not math.isfinite(numbers[name]):
            raise ExpressionError(text, text.index("=") + 1, f"{name} takes a finite number, such as {name}=0.5")
    return {name: numbers[name] for name in expression.columns if name in numbers}


def _checked(expression: Parsed, numbers: dict[str, float]) -> dict[str, Any]:
    """Return what came of the check of all derivatives, as JSON has it."""
    if not numbers:
        return {"variables": [], "verdict": "There is no variable to differentiate by", "holds": True}
    report = check_gradients(lambda **given: expression.at(given), numbers).to_dict()
    entries = {entry["name"]: entry for entry in report["entries"]}  # the worst first
    variables = [
        {"name": name, "at": x, "gradient": (e := entries[name])["engine"]}
        | {key: e[key] for key in ("numerical", "error", "verdict", "remark")}
        for name, x in numbers.items()
    ]
    kinks = sum(variable["verdict"] == "kink" for variable in variables)
    rest = f"; {kinks} at a kink" if kinks else ""
    return {"variables": variables, "verdict": f"{report['verdict']}{rest}", "holds": report["holds"]}


def _paragraphs(found: dict[str, Any]) -> list[str]:
    """Return what was found as text."""
    rows = [["variable", "at", "gradient", "numerical", "error", "verdict", ""]]
    for variable in found["variables"]:
        name, *numbers, error, verdict, remark = variable.values()
        digits = [f"{float(x):.10g}" for x in numbers]
        rows.append([name, *digits, f"{float(error):.1e}", verdict, remark.removeprefix(f"{verdict}: ")])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    table = "\n".join(lines) if found["variables"] else ""
    parts = [f"{found['expression']} = {found['value']!r}", table, f"{found['verdict']}.", found.get("program", "")]
    return [part for part in parts if part]


def _formulas(options: argparse.Namespace) -> int:
    """Print the table of the documents' formulas."""
    package("numpy", "the command formulas")
    formulas = import_module("micrograd_like.examples.formulas")
    return 0 if formulas.check_all(formulas.FORMULAS) else 1


def _train(options: argparse.Namespace) -> int:
    """Train an example and name the pictures that it drew."""
    for name in ("numpy", "matplotlib"):
        package(name, "the command train")
    module, function = EXAMPLES[options.example].split(".")
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    pictures = getattr(import_module(f"micrograd_like.examples.{module}"), function)(out)
    if len(pictures) == 1:
        print(f"The picture is {pictures[0].resolve()}")
    else:
        print(f"\nThe pictures are in {out.resolve()}:")
        print("  " + "\n  ".join(sorted(path.name for path in pictures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
