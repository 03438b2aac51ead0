"""The command line computes, checks and draws, explains what it does not take, and tells by its exit code."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import __main__ as command_line
from micrograd_like.__main__ import main
from micrograd_like.examples import formulas
from micrograd_like.parser import ALLOWED

NEURON = ["tanh(w1*x1 + w2*x2 + b)", "w1=-3", "x1=2", "w2=1", "x2=0", "b=6.88"]


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "micrograd_like", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, **options)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, exit_code: int = 0) -> str:
    assert main(arguments) == exit_code
    captured = capsys.readouterr()
    assert not captured.err
    return captured.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert captured.err.startswith("micrograd-like: ")
    return captured.err


def test_gradients_stand_beside_the_numerical_ones(capsys: pytest.CaptureFixture[str]) -> None:
    value, table, verdict = printed(capsys, "grad", *NEURON).strip().split("\n\n")
    assert value.startswith("tanh(w1*x1 + w2*x2 + b) = 0.70641932039723")
    rows = [line.split() for line in table.splitlines()]
    assert rows[0] == ["variable", "at", "gradient", "numerical", "error", "verdict"]
    assert [row[:4] for row in rows[1:]] == [
        ["w1", "-3", "1.001943488", "1.001943488"],
        ["x1", "2", "-1.502915231", "-1.502915231"],
        ["w2", "1", "0", "0"],
        ["x2", "0", "0.5009717438", "0.5009717438"],
        ["b", "6.88", "0.5009717438", "0.5009717438"],
    ]
    assert verdict == "The engine agrees with the numerical gradient in 5 derivatives."


def test_json_is_one_object_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "grad", "x**2 * y", "x=3", "y=-2", "--json", "--program"))
    assert found["expression"] == "x**2 * y"
    assert found["value"] == -18.0
    assert found["holds"] is True
    assert [(v["name"], v["at"], v["gradient"], v["verdict"]) for v in found["variables"]] == [
        ("x", 3.0, -12.0, "ok"),
        ("y", -2.0, 9.0, "ok"),
    ]
    assert [v["numerical"] for v in found["variables"]] == pytest.approx([-12, 9])
    assert found["program"].startswith("def sample(x, y):\n")


def test_json_has_infinities_as_strings(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "grad", "sqrt(x)", "x=0", "--json", exit_code=1), parse_constant=pytest.fail)
    assert found["variables"][0]["gradient"] == "inf"


def test_program_computes_the_value_and_the_derivatives(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "grad", "where(x < y, x*y, sin(x))", "x=2", "y=1", "--program").split("def sample")[1]
    body = re.sub(r"^    ", "", lines.partition("\n")[2], flags=re.MULTILINE)
    for x, y in ((1.0, 2.0), (2.0, 1.0)):
        assert main(["grad", "where(x < y, x*y, sin(x))", f"x={x}", f"y={y}", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        names: dict[str, Any] = {"x": x, "y": y, "sin": math.sin, "cos": math.cos}
        exec(body, names)
        assert names["value"] == found["value"]
        assert [names["d_x"], names["d_y"]] == [v["gradient"] for v in found["variables"]]


@pytest.mark.parametrize("name", ["value", "loss", "inf"])
def test_program_of_variables_that_it_cannot_name_numbers_them(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "def sample(x0, x1):" in printed(capsys, "grad", f"{name}*w", f"{name}=1", "w=2", "--program")


def test_variables_are_told_in_the_order_of_the_expression(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "grad", "y - x", "x=1", "y=2", "--json"))
    assert [v["name"] for v in found["variables"]] == ["y", "x"]


def test_names_are_normalized_as_those_in_the_expression(capsys: pytest.CaptureFixture[str]) -> None:
    assert "ﬁ*2 = 3.0" in printed(capsys, "grad", "ﬁ*2", "ﬁ=1.5")


def test_program_of_numbers_alone_has_no_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "grad", "2 + 3", "--program").endswith("def sample():\n    value = 5.0\n")


def test_picture_has_the_names_and_the_gradients(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "Written: " in printed(capsys, "grad", "tanh(w*x)", "w=0.5", "x=2", "--svg", str(tmp_path / "graph.svg"))
    svg = (tmp_path / "graph.svg").read_text(encoding="utf-8")
    for text in ("w", "x", "result", "tanh", "0.8399"):  # the last: dw
        assert f">{text}" in svg or f" {text}" in svg


def test_page_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    printed(capsys, "grad", "where(x < y, x, 2*y)", "x=1", "y=2", "--html", str(tmp_path / "graph.html"))
    assert "<html" in (tmp_path / "graph.html").read_text(encoding="utf-8")


def test_numbers_alone_have_a_value(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = printed(capsys, "grad", "2**10", "--svg", str(tmp_path / "graph.svg"))
    assert out.startswith("2**10 = 1024.0\n\nThere is no variable to differentiate by.\n")


def test_a_kink_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "grad", "relu(x)*y", "x=0", "y=1")
    assert re.search(r"^x .* kink +the slope is 0 below and 1 above$", out, re.M)
    assert out.endswith("in 2 derivatives; 1 at a kink.\n")


def test_a_check_that_fails_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert "undecided" in printed(capsys, "grad", "sqrt(x)", "x=0", exit_code=1)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["-x**2", "x=3"], "-9.0"),
        (["x=3", "-x**2"], None),
        (["-h*2", "h=1"], "-2.0"),
        (["--", "--x", "x=3"], "3.0"),
        (["--", "-h", "h=2"], "-2.0"),
        (["-1"], "-1.0"),
        (["- x", "x=-3"], "3.0"),
        (["--json", "-x", "x=1"], '"value": -1.0'),
        (["x*y", "x=2", "--program", "y=3"], "6.0"),
        (["--program", "x*y", "x=2", "y=3"], "6.0"),
    ],
)
def test_options_expressions_and_numbers_are_told_apart(
    arguments: list[str], value: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if value is None:
        refused(capsys, "grad", *arguments)
    else:
        assert value in printed(capsys, "grad", *arguments)


@pytest.mark.parametrize(
    ("arguments", "message", "column"),
    [
        (["tahn(x)", "x=1"], "tahn is not a function here: did you mean tanh?", 0),
        (["1/(x - 1)", "x=1"], "(1.0) / (0.0): division by zero", 1),
        (["log(x)", "x=-1"], "log(x = -1.0): a number above 0 is wanted", 0),
        (["w*x", "x=1"], "w has no number: give it one, such as w=0.5", 0),
        (["w*x", "w=1", "x=2", "y=1"], "the expression has no y: there is w, x", 0),
        (["weight*x", "wieght=1", "x=2"], "the expression has no wieght: did you mean weight?", 0),
        (["1", "x=1"], "the expression has no x: there is no variable", 0),
        (["x", "x=1", "x=2"], "x is given twice: give it one number", 0),
        (["x", "x=one"], "x takes a decimal number, such as x=0.5", 2),
        (["x", "x="], "x takes a decimal number, such as x=0.5", 2),
        (["x", "x=1/3"], "x takes a decimal number, such as x=0.5 (no comma, no fraction, no unit)", 2),
        (["x*2", "-x=1"], "the expression has no -x: did you mean x?", 0),
        (["-x + z", "x=1"], "z has no number", 5),
        (["x", "x=nan"], "x takes a finite number, such as x=0.5", 2),
        (["x", "x=-1e999"], "x takes a finite number, such as x=0.5", 2),
        (["x", "1"], "a variable gets its number by NAME=NUMBER, such as x=0.5", 0),
        (["x", "=1"], "a variable gets its number by NAME=NUMBER, such as x=0.5", 0),
        (["9**9**9", ""], "a variable gets its number", 0),
    ],
)
def test_bad_input_is_explained_with_its_column(
    arguments: list[str], message: str, column: int, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _, mark = refused(capsys, "grad", *arguments).splitlines()
    assert message in first
    assert mark == f"  {' ' * column}^"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grad", "x", "x=1", "--svg", "no/such/folder/x.svg"], "there is no folder"),
        (["grad", "x", "x=1", "--html", "no/such/folder/x.html"], "no"),
        (["train", "001", "--out", __file__], "File exists"),
    ],
)
def test_files_that_cannot_be_written_are_bad_input(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refused(capsys, *arguments)


def test_a_folder_that_cannot_be_written_is_told_by_the_name_that_was_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def touch(path: Path, *_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "touch", touch)
    for option, name in (("--svg", "x.svg"), ("--html", "x.html")):
        assert refused(capsys, "grad", "x", "x=1", option, name).endswith(f"Permission denied: '{name}'\n")


@pytest.mark.parametrize(
    ("option", "name", "suffixes"),
    [
        ("--svg", "x.jpeg", ".svg or .dot or .png or .pdf"),
        ("--svg", "", ".svg or .dot or .png or .pdf"),
        ("--html", "", ".html or .htm"),
        ("--html", "a", ".html or .htm"),
        ("--html", "s.svg", ".html or .htm"),  # that of --svg too
    ],
)
def test_a_file_of_another_kind_is_refused_before_anything_is_written(
    option: str,
    name: str,
    suffixes: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(["grad", "x", "x=1", "--svg", "s.svg", option, name])
    assert caught.value.code == 2
    message = f"argument {option}: a file name that ends in {suffixes} is wanted, not '{name}'"
    assert capsys.readouterr().err.endswith(f"error: {message}\n")
    assert not [*tmp_path.iterdir()]


def test_a_name_that_begins_with_minus_is_kept_as_it_was_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Written: -a.svg, -a.html" in printed(capsys, "grad", "-x", "x=1", "--svg", "-a.svg", "--html", "-a.html")
    assert {path.name for path in tmp_path.iterdir()} == {"-a.svg", "-a.html"}
    assert command_line._options(["train", "moons", "--out", "-pics"]).out == "-pics"


@pytest.mark.parametrize(("command", "missing"), [("train moons", "matplotlib"), ("formulas", "numpy")])
def test_missing_package_is_named(
    command: str, missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert f"needs {missing}: pip install {missing}, which is in the extra" in refused(capsys, *command.split())


@pytest.mark.parametrize(
    "arguments", [[], ["gard"], ["train"], ["train", "moon"], ["grad"], ["grad", "x", "x=1", "--svgg"], ["train", "-x"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: micrograd-like")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("grad x x=1 --svgg y.svg", "there is no option --svgg: did you mean --svg?"),
        ("grad x x=1 --svgg=y.svg", "there is no option --svgg=y.svg: did you mean --svg?"),
        ("grad x x=1 --colour", "there is no option --colour: see micrograd-like grad --help"),
        ("train moons -x", "there is no option -x: see micrograd-like train --help"),
        ("train moon", "argument EXAMPLE: there is no example moon: did you mean moons?"),
        (
            "train 4",
            "argument EXAMPLE: there is no example 4: there are moons, digits, documents, 000, 001, 002, 003, 004",
        ),
        ("grad", "the following arguments are required: expression"),
        ("formulas moons", "there is no option moons: see micrograd-like formulas --help"),
    ],
)
def test_wrong_usage_is_told_with_what_is_there(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments.split())
    assert capsys.readouterr().err.endswith(f"error: {message}\n")


@pytest.mark.parametrize("command", [[], ["grad"], ["formulas"], ["train"]])
def test_help_has_examples_that_are_commands(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    help_, examples = capsys.readouterr().out.split("examples:\n")
    assert help_.startswith("usage: micrograd-like")
    assert "1 if a check failed" in examples
    for name, rest in re.findall(r"^  micrograd-like (\w+) ?(.*?)(?:    .*| ?> .*)?$", examples, re.MULTILINE):
        assert rest == "--help" or command_line._options([name, *shlex.split(rest)]).parser.prog.endswith(name)


def test_examples_of_grad_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in re.findall(r"^  micrograd-like (grad .*)$", command_line.GRAD_HELP, re.MULTILINE):
        assert printed(capsys, *shlex.split(line))
    assert {path.name for path in tmp_path.iterdir()} == {"loss.svg", "kink.html"}


def test_help_names_every_function() -> None:
    assert {*ALLOWED, "where"} <= set(re.findall(r"\w+", command_line.GRAD_HELP))


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"{metadata.version('micrograd_like')}\n"


def test_formulas_exit_with_1_for_a_verdict_that_is_not_expected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong = formulas.FORMULAS[0], formulas.FORMULAS[0]._replace(code=lambda x: x)
    monkeypatch.setattr(formulas, "FORMULAS", [right])
    assert "1 rows: 1 hold" in printed(capsys, "formulas")
    monkeypatch.setattr(formulas, "FORMULAS", [wrong])
    assert "not as expected" in printed(capsys, "formulas", exit_code=1)


def test_the_process_exits_with_the_code_and_no_traceback(tmp_path: Path) -> None:
    done = run("grad", "x.data", "x=1", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[1:] == ["  x.data", "   ^"]
    assert run("grad", "x", "x=1", cwd=tmp_path).returncode == 0
    assert run("grad", "sqrt(x)", "x=0", cwd=tmp_path).returncode == 1


def test_a_terminal_without_the_letters_gets_escapes(tmp_path: Path) -> None:
    done = run("grad", "σ*2", "σ=1", cwd=tmp_path, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.startswith(r"\u03c3*2 = 2.0")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0), ("x=2 2>&-", 2)])
def test_closed_streams_are_no_error(closed: str, code: int, tmp_path: Path) -> None:
    command = shlex.join([sys.executable, "-W", "error", "-m", "micrograd_like", "grad", "x", "x=1"])
    done = subprocess.run(["sh", "-c", f"{command} {closed}"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == code
    assert not done.stderr
    assert bool(done.stdout) == (closed == "2>&-")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_seen_enough_is_no_error(unbuffered: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "micrograd_like", "grad", "x", "x=1"]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command_line, "draw", lambda y: signal.raise_signal(signal.SIGINT))
    assert main(["grad", "x", "x=1", "--svg", "x.svg"]) == 130
    assert not capsys.readouterr().err


def test_importing_the_command_line_imports_no_package(tmp_path: Path) -> None:
    packages = ["numpy", "matplotlib", "llvmlite", "graphviz", "tqdm"]
    code = f"import sys, micrograd_like.__main__; print([m for m in {packages} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
