"""The target llvm: a rolled program as machine code for the processor that it runs on.

`build` writes the program as LLVM's text, has it compiled (or takes the code from a cache) and returns `Native`, whose
functions take addresses of memory and let other threads run.

In strict mode every sum is added up in its order and every product is rounded before it is added, so that for one
sample + - · / and comparisons are bit for bit those of Python's floats. In fast mode products are contracted into sums,
long sums of single numbers are added in vectors, and quotients by the same number share a reciprocal. NaN and infinity
keep their meaning in both, and a comparison with NaN is false. Powers with the exponents -1, 0.5, 1, 2 and 3 are
products, quotients and roots, elementary functions those of `vector_math`.

Sums over samples are added up in an order that depends on the program, the machine and the number of samples alone:
block by block, of so many vectors as the processor's cache has room for (5 to 63) and as equal as possible. In a block
each lane of a vector adds up its own samples; then lanes are added pairwise, and their sum is added to the destination:
output after output, in strict mode term after term. A factor that is the same for all samples is taken out of the sum.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

from micrograd_like.compiler.blocks import Rolled
from micrograd_like.compiler.llvm.function import Machine
from micrograd_like.compiler.llvm.places import Data
from micrograd_like.compiler.llvm.program import Program
from micrograd_like.compiler.llvm.training import minimize
from micrograd_like.packages import package

PURPOSE = "compiling to machine code"

Cache = Callable[[str, Callable[[], bytes]], bytes]
"""Returns the object code for a key, made by calling the second argument where the key is not known."""

INTRINSICS = {"fmuladd": 3, "sqrt": 1, "fabs": 1}
"""The operations of LLVM's own and how many operands they take."""

HEAD = """\
@tables = internal global ptr null
@constants = internal global ptr null
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
define void @attach(ptr %tables, ptr %constants) {
  store ptr %tables, ptr @tables
  store ptr %constants, ptr @constants
  ret void
}
"""

OPTIMIZED, QUICK = 2, 0
"""Levels of optimization: of loops, and of straight-line code, which hardly runs faster for it."""

POINTER, INTEGER = ctypes.c_void_p, ctypes.c_int64
TYPES: dict[str, list[Any]] = {
    "sums": [None, POINTER, INTEGER, INTEGER, POINTER, POINTER, POINTER],
    "each": [None, POINTER, INTEGER, INTEGER, POINTER, POINTER, INTEGER, POINTER],
    "minimize": [
        *[INTEGER, INTEGER, POINTER, INTEGER, INTEGER, POINTER, POINTER, INTEGER],
        *[POINTER, POINTER, INTEGER, POINTER, POINTER, POINTER, POINTER, POINTER],
    ],
}
"""The functions' types: of the result, then of the operands."""


class Native:
    """Machine code in memory. All memory is the caller's: doubles, best aligned to 64 bytes.

    Data are columns: input k of sample n is columns[k · stride + n], valid up to the next multiple of `lanes`. A stride
    that is an odd multiple of `lanes` suits the processor's cache.

    sums(columns, stride, count, parameters, sums, workspace): the sums of all outputs over `count` samples.

    each(columns, stride, count, parameters, out, out_stride, workspace): the outputs of each sample, output d of sample
    n in out[d · out_stride + n], written up to the next multiple of `lanes`.

    minimize(steps, columns, stride, count, order, batch, batch_stride, state, other, state_stride, rates, losses, sums,
    workspace, update_workspace): so many steps with the update, from the parameters in row 0 of the matrix `state`,
    whose row 1 takes the mean gradient and whose other rows are the update's own. Each step writes its mean loss to
    `losses` and its new rows to the other of the two matrices `state` and `other`, in turn. Returns how many steps were
    done, fewer if a loss or a new parameter is not finite; the result is in `state` after an even number, else in
    `other`. `order` is null, or has the numbers of `count` samples for each step, which are gathered in `batch`, in
    rows `batch_stride` apart. `rates` has the update's parameters for each step. `sums` has room for `lanes` numbers
    more than there are outputs.

    Attributes:
        lanes: the numbers in a vector.
        workspace, update_workspace: the bytes that a call needs, for each thread.
        ir: the text that was compiled, for each level of optimization.
        emit_seconds, compile_seconds: how long it took to write and to compile it.
    """

    sums: Callable[[int, int, int, int, int, int], None]
    each: Callable[[int, int, int, int, int, int, int], None]
    minimize: Callable[..., int]

    def __init__(self, module: _Module, cache: Cache | None) -> None:
        self.ir = module.texts()
        self.lanes = module.machine.lanes
        self.workspace = module.programs[0].workspace
        self.update_workspace = module.programs[-1].workspace
        self.emit_seconds = perf_counter() - module.started
        started = perf_counter()
        addresses, linker = _loaded(module.binding, self.ir, ["attach", *module.functions], cache)
        memory = array("q", module.data.integers or [0]), array("d", module.data.constants or [0.0])
        attach = ctypes.CFUNCTYPE(None, POINTER, POINTER)(addresses["attach"])
        attach(*(numbers.buffer_info()[0] for numbers in memory))
        for name in module.functions:
            function = ctypes.CFUNCTYPE(*TYPES[name])(addresses[name])
            vars(function)["needs"] = memory, linker, addresses
            setattr(self, name, function)
        self.compile_seconds = perf_counter() - started


def build(
    rolled: Rolled, *, fast: bool, update: Rolled | None = None, each: bool = True, cache: Cache | None = None
) -> Native:
    """Return the program as machine code.

    Args:
        rolled: the program.
        fast: whether sums may be contracted.
        update: the program of an optimizer's step, for `minimize`. Its samples are the parameters: it takes the rows
            (parameter, gradient, state …) and returns the new (parameter, state …); its parameters are the learning
            rate and whatever else is the same for all.
        each: whether `each` is wanted.
        cache: keeps object code.

    Raises:
        ImportError: llvmlite or NumPy is missing.
    """
    module = _Module(fast)
    module.add(rolled, each)
    if update is not None:
        module.add_update(rolled, update)
    return Native(module, cache)


class _Module:
    """The text of a module while it grows."""

    def __init__(self, fast: bool) -> None:
        self.started = perf_counter()
        self.binding = package("llvmlite.binding", PURPOSE)
        self.binding.initialize_native_target()
        self.binding.initialize_native_asmprinter()
        features = self.binding.get_host_cpu_features()
        wide = bool(features.get("avx512f"))
        lanes = 8 if wide else 4 if features.get("avx") else 2
        self.machine = Machine(lanes, 32 if wide else 16, 1, fast, self._elementary)
        self.data = Data()
        self.programs: list[Program] = []
        self.functions: list[str] = []
        self._texts: list[str] = []
        self._elementary_functions = package("llvmlite.ir", PURPOSE).Module()
        self._elementary_functions.triple = self.binding.get_process_triple()

    def add(self, rolled: Rolled, each: bool) -> None:
        """Write the program's functions."""
        program = Program(rolled, self.machine, self.data)
        program.write_sums()
        self.functions.append("sums")
        if each:
            program.write_each()
            self.functions.append("each")
        self.programs.append(program)

    def add_update(self, rolled: Rolled, update: Rolled) -> None:
        """Write the training loop."""
        program = Program(update, self.machine, self.data, "update.")
        program.write_each(skip=1)
        self.programs.append(program)
        self._texts.append(minimize(self.machine.lanes, self.machine.fast, rolled, update))
        self.functions.append("minimize")

    def texts(self) -> dict[int, str]:
        """Return the text for each level of optimization."""
        lanes, known = self.machine.lanes, self._elementary_functions.globals
        head = [str(self._elementary_functions)]
        for name, operands in INTRINSICS.items():
            for kind, suffix in (("double", "f64"), (f"<{lanes} x double>", f"v{lanes}f64")):
                if f"llvm.{name}.{suffix}" not in known:
                    head.append(f"declare {kind} @llvm.{name}.{suffix}({', '.join([kind] * operands)})")
        texts = {OPTIMIZED: "\n".join([*head, HEAD, *(text for p in self.programs for text in p.texts), *self._texts])}
        quick = [text for p in self.programs for text in p.quick]
        if quick:
            texts[QUICK] = "\n".join([*head, *quick])
        return texts

    def _elementary(self, name: str, lanes: int) -> str:
        from micrograd_like.compiler.llvm.vector_math import function

        return f'"{function(self._elementary_functions, name, lanes).name}"'


def _loaded(binding: Any, texts: dict[int, str], names: Sequence[str], cache: Cache | None) -> tuple[Any, Any]:
    """Return what has the functions' addresses in memory by their names, and what else must be kept."""
    processor = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()

    def target(level: int) -> Any:
        return binding.Target.from_default_triple().create_target_machine(
            cpu=processor[0], features=processor[1], opt=level, reloc="pic", codemodel="small"
        )

    def compiled(level: int) -> bytes:
        machine, module = target(level), binding.parse_assembly(texts[level])
        if level == OPTIMIZED:
            passes = binding.create_new_module_pass_manager()
            passes.add_always_inliner_pass()
            passes.run(module, binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(level)))
        return bytes(machine.emit_object(module))

    version = str(package("llvmlite", PURPOSE).__version__)
    linker = binding.create_lljit_compiler(target(OPTIMIZED), use_jit_link=True)
    library = binding.JITLibraryBuilder().add_current_process()
    for name in names:
        library.export_symbol(name)
    for level, text in texts.items():
        key = "\n".join([version, *processor, str(level), text])
        library.add_object_img(compiled(level) if cache is None else cache(key, partial(compiled, level)))
    return library.link(linker, "program"), linker
