"""The target "c": a program as a file of C99 that needs nothing but a compiler, to read and to take elsewhere.

Each loop becomes a function that computes its rows for a block of samples. The samples are innermost, so that compilers
put several into one instruction; sums are added in the order of the rolled program. `Kernel` has the file
compiled by the system's compiler and runs it.
"""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from micrograd_like.compiler.blocks import Rolled, Space
from micrograd_like.compiler.c.steps import Data, about, added, step, written
from micrograd_like.compiler.c.text import (
    BLOCK,
    FAST,
    FRAME,
    HEAD,
    OPTIONS,
    STRICT,
    commented,
    function,
    tool,
)
from micrograd_like.compiler.cache import cached
from micrograd_like.packages import package

SIZE = 8
"""The bytes of a number."""
COMPILERS = ("cc", "gcc", "clang")
FIRST_LINES = 5
"""Of what a compiler says, how much is shown."""


def source(rolled: Rolled, name: str = "loss", comment: str = "") -> str:
    """Return the program as a file of C99, with the functions NAME_sums and NAME_each, which its first lines explain.

    Args:
        rolled: the program.
        name: what the names of its functions begin with.
        comment: what the file is to say of itself, such as the names of inputs and parameters.

    Raises:
        ValueError: the name is no identifier of C.
    """
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        raise ValueError(f"a name in C has letters from A to Z, digits and _, and begins with a letter: not {name!r}")
    data, tools, functions = Data(rolled.constants), set[str](), []
    calls: dict[Space, str] = {"uniform": "", "sample": ""}
    for i, loop in enumerate(rolled.loops):
        functions.append(function(name, f"NAME_step{i}(const NAME_work *w)", about(loop), step(loop, data)))
        calls[loop.space] += f"    {name}_step{i}(w);\n"
    sums = [line for output in rolled.outputs for line in added(output, name, data, tools)]
    each = [line for output in rolled.outputs for line in written(output, data)]
    functions += [
        function(name, "NAME_add(const NAME_work *w, double *sums)", "Add a block's outputs to the sums.", sums),
        function(name, "NAME_write(const NAME_work *w, double *out, ptrdiff_t out_stride)", "Write them.", each),
    ]
    words = {
        "name": name, "comment": commented(comment), "inputs": rolled.inputs, "parameters": rolled.parameters,
        "outputs": rolled.destinations, "uniform": rolled.uniform_rows, "rows": max(1, rolled.sample_rows),
        "uniform_steps": calls["uniform"], "steps": calls["sample"], "block": BLOCK,
        "options": " ".join(OPTIONS), "strict": STRICT, "fast": FAST,
    }  # fmt: skip
    tools_text = "".join(tool(name, which) for which in sorted(tools))
    return "".join([HEAD.substitute(words), data.text(), tools_text, *functions, FRAME.substitute(words)])


class Kernel:
    """A rolled program that runs on columns of samples, compiled by the system's C compiler.

    That is the one that the environment variable CC names, or else cc, gcc or clang.

    Args:
        rolled: the program.
        strict: whether products and sums are kept apart, as in Python, or fused.

    Raises:
        RuntimeError: there is no compiler, or it fails.
    """

    def __init__(self, rolled: Rolled, strict: bool) -> None:
        self.numpy = package("numpy", 'the target "c"')
        self.rolled = rolled
        library = _loaded(source(rolled), STRICT if strict else FAST)
        size, address = ctypes.c_ssize_t, ctypes.c_void_p
        self._sums, self._each = library.loss_sums, library.loss_each
        self._sums.argtypes = [address, size, size, address, address]
        self._each.argtypes = [*self._sums.argtypes, size]

    def again(self) -> Kernel:
        """Return a kernel of the same program that can run at the same time: this one, which keeps nothing."""
        return self

    def sums(self, columns: Any, parameters: Any) -> Any:
        """Return the sum of each output over the samples, whose inputs are the columns of an array."""
        sums = self.numpy.empty(self.rolled.destinations)
        self._run(self._sums, columns, parameters, sums.ctypes.data)
        return sums

    def means(self, columns: Any, parameters: Any) -> Any:
        """Return the mean of each output over the samples."""
        return self.sums(columns, parameters) / columns.shape[1]

    def each(self, columns: Any, parameters: Any) -> Any:
        """Return the outputs of each sample, as columns."""
        outputs = self.numpy.empty((self.rolled.destinations, columns.shape[1]))
        self._run(self._each, columns, parameters, outputs.ctypes.data, columns.shape[1])
        return outputs

    def _run(self, run: Any, columns: Any, parameters: Any, *results: int) -> None:
        """Call a function of the library, which reads what it is told to: the arrays are checked here.

        Rows may lie apart, as in a part of the samples; what lies otherwise is copied.
        """
        columns = self.numpy.asarray(columns, "float64")
        parameters = self.numpy.ascontiguousarray(parameters, "float64")
        inputs, count = columns.shape
        if inputs != self.rolled.inputs or parameters.shape != (self.rolled.parameters,):
            raise ValueError(
                f"the program takes {self.rolled.inputs} inputs and {self.rolled.parameters} parameters, not arrays of "
                f"the shapes {columns.shape} and {parameters.shape}"
            )
        if columns.strides[1] != SIZE or columns.strides[0] % SIZE or not columns.flags.aligned:
            columns = columns.copy()
        stride = columns.strides[0] // SIZE
        if run(columns.ctypes.data, stride, count, parameters.ctypes.data, *results):
            raise MemoryError("there is no memory for what the program computes")


def _loaded(text: str, contraction: str) -> ctypes.CDLL:
    """Return the program as a library, compiled if it is not kept from before."""
    command = [*_compiler(), "-std=c99", *OPTIONS, contraction]
    machine = _said(command, "-dM", "-E", "-x", "c", "-")  # the compiler, and the processor that it compiles for
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        library = Path(folder, "loss.so")

        def compiled() -> bytes:
            file = Path(folder, "loss.c")
            file.write_text(text, "ascii")
            _said(command, "-shared", "-fPIC", "-o", str(library), str(file), "-lm")
            return library.read_bytes()

        library.write_bytes(cached("\0".join([*command, machine, text]), compiled))
        try:
            return ctypes.CDLL(str(library))
        except OSError as error:
            raise RuntimeError(f"the compiled program does not load: {error}; TMPDIR names another folder") from error


def _compiler() -> list[str]:
    """Return the command that runs the C compiler."""
    named = shlex.split(os.environ.get("CC", ""))
    for name in named[:1] or COMPILERS:
        if path := shutil.which(name):
            return [path, *named[1:]]
    raise RuntimeError(
        f'the target "c" needs a C compiler, and there is no {named[0] if named else " or ".join(COMPILERS)}: install '
        'gcc or clang, name yours in the environment variable CC, or choose target="numpy" or target="llvm"'
    )


def _said(command: list[str], *more: str) -> str:
    """Run the compiler and return what it writes."""
    done = subprocess.run([*command, *more], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        shown = "\n".join(lines[:FIRST_LINES] + ["…"] * (len(lines) > FIRST_LINES))
        raise RuntimeError(f"the C compiler {command[0]} failed:\n{shown}")
    return done.stdout
