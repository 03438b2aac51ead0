"""Mutation testing: how many small faults, put into a module one at a time, do the tests find?

    pip install --editable ".[test,mutation]"
    python tests/mutation/run.py             # every module
    python tests/mutation/run.py optim nn    # these

Cosmic Ray replaces operators, comparisons, numbers and conditions, adds `not`, empties loops, and removes decorators
and handlers of exceptions, also in lambdas and at the level of the module. It does so in copies of the checkout, one
for each worker. Fails where fewer than 95 % of a module's mutants are killed, or where one survives that
`equivalent.toml` does not name.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGE = "micrograd_like"
WANTED = 95.0

TESTS = {
    "engine": "engine rules kinds functions",
    "functions": "rules kinds functions",
    "elementary": "rules kinds functions engine derivatives",
    "nn": "nn",
    "losses": "losses",
    "optim": "optim",
    "derivatives": "derivatives",
    "points": "points derivatives",
    "differences": "differences check",
    "agreement": "check",
    "diagnosis": "diagnosis check",
    "reports": "reports check",
    "check": "check diagnosis",
}
"""The test files that a mutant of each module has to pass, those that find most of them first."""

SLOW = "random_expression or any_expression or 100_000"
PYTEST = [sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider", "-p", "plugin", "-k", f"not ({SLOW})"]

OPERATORS_LEFT_OUT = [
    "core/ReplaceBinaryOperator_.*(Bit|Shift)",  # floats have no | & ^ << >>, and `X | Y` is an annotation
    "core/ReplaceUnaryOperator_.*Invert",  # nor ~
    "core/ReplaceComparisonOperator_Is(Not)?_(Lt|Gt)",  # types and None have no order
]
"""What would be killed by any test, and make the figures look better."""


@dataclass(frozen=True)
class Mutant:
    """A survivor: where it is, and the source line before and after."""

    module: str
    definition: str
    number: int
    line: str
    mutated: str

    @property
    def key(self) -> tuple[str, ...]:
        """What tells a mutant from others when lines have moved."""
        return self.module, self.definition, self.line, self.mutated


def main() -> None:
    """Run Cosmic Ray on the modules and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(TESTS)}; all unless told")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="how many mutants are tried at once")
    options = parser.parse_args()
    modules = options.modules or list(TESTS)
    if unknown := set(modules) - set(TESTS):
        parser.error(f"no tests are listed for {', '.join(unknown)}")
    named, passed = named_equivalents(), True
    print(f"{'module':12}{'mutants':>9}{'killed':>9}{'':>9}{'equivalent':>12}{'unnamed':>9}{'minutes':>9}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        checkout = copied(folder / "checkout")
        seconds = {module: unmutated(module, checkout) for module in modules}
        urls = [stack.enter_context(worker(checkout, folder / f"worker{i}")) for i in range(options.workers)]
        for module in modules:
            start = time.monotonic()
            mutants, survivors = tried(module, checkout, urls, timeout=10 + 5 * seconds[module])
            unmutated(module, checkout)  # what broke the tests meanwhile was no mutant
            unnamed = [mutant for mutant in survivors if mutant.key not in named]
            share = 100 * (mutants - len(survivors)) / mutants
            print(
                f"{module:12}{mutants:9}{mutants - len(survivors):9}{share:7.1f} %{len(survivors) - len(unnamed):12}"
                f"{len(unnamed):9}{(time.monotonic() - start) / 60:9.1f}",
                flush=True,
            )
            for mutant in unnamed:
                print(f"  {PACKAGE}/{module}.py:{mutant.number} in {mutant.definition or 'the module'}")
                print(f"    - {mutant.line}\n    + {mutant.mutated}")
            for key in sorted(key for key in named if key[0] == module and key not in {m.key for m in survivors}):
                print(f"  equivalent.toml names what does not survive in {key[1] or 'the module'}\n    + {key[3]}")
            passed = passed and share >= WANTED and not unnamed
    sys.exit(not passed)


def named_equivalents() -> set[tuple[str, ...]]:
    """Return the keys of the mutants that `equivalent.toml` names."""
    tables = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text(encoding="utf-8"))
    return {
        (module, entry.get("in", ""), entry["line"], mutated)
        for module, entries in tables.items()
        for entry in entries
        for mutated in entry["mutants"]
    }


def copied(folder: Path) -> Path:
    """Copy the checkout, without what git ignores."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def test_command(module: str) -> list[str]:
    """Return the command that a mutant of the module has to pass."""
    files = [Path("tests") / f"test_{name}.py" for name in TESTS[module].split()]
    return [*PYTEST, *map(str, files)]


def environment() -> dict[str, str]:
    """Return the environment of tests: the plugin can be imported, and strings are hashed alike each time."""
    return os.environ | {"PYTHONPATH": str(Path("tests") / "mutation"), "PYTHONHASHSEED": "0"}


def unmutated(module: str, checkout: Path) -> float:
    """Return how long the tests of a module take when it has no fault."""
    start = time.monotonic()
    run = subprocess.run(test_command(module), cwd=checkout, env=environment(), capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{module}: the tests fail without a mutation\n{run.stdout}{run.stderr}")
    return time.monotonic() - start


@contextmanager
def worker(checkout: Path, folder: Path) -> Iterator[str]:
    """Run a worker of Cosmic Ray in a copy of its own, and give its address."""
    shutil.copytree(checkout, folder)  # with the compiled tests; the package is compiled anew each time
    shutil.rmtree(folder / PACKAGE / "__pycache__", ignore_errors=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = cosmic_ray("http-worker", "--port", str(port))
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL)
    try:
        while not answers(port):
            if process.poll() is not None:
                sys.exit("a worker of Cosmic Ray did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    """Tell whether something listens to a port of this machine."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def cosmic_ray(*arguments: str, tool: str = "cli") -> list[str]:
    """Return the command that runs a tool of Cosmic Ray's."""
    return [sys.executable, "-m", f"cosmic_ray.{tool}", *arguments]


def tried(module: str, checkout: Path, urls: list[str], timeout: float) -> tuple[int, list[Mutant]]:
    """Return how many mutants of the module were tried, and those that survived."""
    config, session = f"{module}.mutation.toml", f"{module}.mutation.sqlite"
    settings = {
        "module-path": f"{PACKAGE}/{module}.py",
        "excluded-modules": [],
        "timeout": timeout,
        "test-command": shlex.join(test_command(module)),
        "distributor.name": "http",
        "distributor.http.worker-urls": urls,
        "filters.operators-filter.exclude-operators": OPERATORS_LEFT_OUT,
    }
    lines = [f"cosmic-ray.{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (checkout / config).write_text("".join(lines), encoding="utf-8")
    for command in (
        cosmic_ray("init", config, session),
        cosmic_ray(session, config, tool="tools.filters.operators_filter"),
        cosmic_ray("exec", config, session),
        cosmic_ray("dump", session),
    ):
        run = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"{shlex.join(command)} failed\n{run.stdout}{run.stderr}")
    count, survivors = 0, []
    for work, result in map(json.loads, run.stdout.splitlines()):
        if result["worker_outcome"] == "skipped":
            continue
        if result["test_outcome"] not in ("killed", "survived"):
            sys.exit(f"{work} could not be tried\n{result['output']}")
        count += 1
        if result["test_outcome"] == "survived":
            survivors.append(survivor(module, work["mutations"][0], result["diff"].splitlines()[3:]))
    return count, sorted(survivors, key=lambda mutant: mutant.number)


def survivor(module: str, mutation: dict[str, Any], diff: list[str]) -> Mutant:
    """Return what is to be told of a survivor; comments, which may change, are left out."""
    lines = [(line[0], line[1:].split("  #")[0].strip()) for line in diff]
    before, after = (" ".join(text for sign, text in lines if sign == wanted).strip() for wanted in "-+")
    return Mutant(module, mutation["definition_name"] or "", mutation["start_pos"][0], before, after)


if __name__ == "__main__":
    main()
