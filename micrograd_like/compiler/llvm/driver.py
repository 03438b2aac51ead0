"""The functions of a program that take its samples in blocks: all loops for one block, then its outputs."""

from __future__ import annotations

from collections.abc import Sequence

from micrograd_like.compiler.llvm.function import GIVEN, Machine
from micrograd_like.compiler.llvm.text import Code

DRIVER = """\
define void @{prefix}{name}(ptr %columns, i64 %stride, i64 %count, ptr %parameters, {results}, ptr %uniform) nounwind {{
entry:
  %tables = load ptr, ptr @tables
  %all_constants = load ptr, ptr @constants
  %constants = getelementptr double, ptr %all_constants, i64 {first_constant}
  %rows = getelementptr i8, ptr %uniform, i64 {uniform}
  %pitch = shl i64 %stride, 3
  %outpitch = {outpitch}
  %more_samples = add i64 %count, {lanes_less_one}
  %all = udiv i64 %more_samples, {lanes}
  %more_vectors = add i64 %all, {block_less_one}
  %blocks = udiv i64 %more_vectors, {block}
  %more_blocks = add i64 %all, %blocks
  %most_blocks = sub i64 %more_blocks, 1
  %most = udiv i64 %most_blocks, %blocks
  call void @{prefix}{clear}({before})
  call void @{prefix}once({before})
  br label %block
block:
  %at = phi i64 [ 0, %entry ], [ %next, %reduce ]
  %first = icmp eq i64 %at, 0
  %left = sub i64 %all, %at
  %few = icmp ult i64 %left, %most
  %vectors = select i1 %few, i64 %left, i64 %most
  %start = mul i64 %at, {lanes}
  %left_samples = sub i64 %count, %start
  %room = mul i64 %vectors, {lanes}
  %partial = icmp ult i64 %left_samples, %room
  %samples = select i1 %partial, i64 %left_samples, i64 %room
  %inputs = getelementptr double, ptr %columns, i64 %start
  %out = getelementptr double, ptr %results, i64 {out_start}
  call void @{prefix}loops({given})
  br i1 %partial, label %pad, label %reduce
pad:
  {pad}
  br label %reduce
reduce:
  call void @{prefix}{outputs}({given})
  %next = add i64 %at, %most
  %more = icmp ult i64 %next, %all
  br i1 %more, label %block, label %end
end:
  ret void
}}
"""
"""Blocks are as equal as can be. Lanes for which there is no sample are set to zero before sums are taken."""

ARGUMENTS = GIVEN.replace("%arguments", "0")
"""What functions get within a block; before the first, there are all vectors, no inputs, and all results."""

BEFORE = ARGUMENTS.replace("%inputs", "null").replace("%vectors", "%all").replace("%samples", "0")
BEFORE = BEFORE.replace("%first", "0").replace("%out,", "%results,")


def driver(prefix: str, name: str, outputs: str, machine: Machine, where: tuple[int, int], each: bool) -> str:
    """Return the function that runs a program.

    Args:
        prefix: of the functions' names.
        name, outputs: the function's name, and the one that it calls for outputs.
        machine: what it is written for.
        where: the bytes of the uniform rows, and the place of the program's first constant.
        each: whether there are outputs for each sample.
    """
    return DRIVER.format(
        prefix=prefix,
        name=name,
        outputs=outputs,
        lanes=machine.lanes,
        block=machine.block,
        lanes_less_one=machine.lanes - 1,
        block_less_one=machine.block - 1,
        uniform=where[0],
        first_constant=where[1],
        results="ptr %results, i64 %results_stride" if each else "ptr %results",
        outpitch="shl i64 %results_stride, 3" if each else "add i64 8, 0",
        out_start="%start" if each else "0",
        clear="each_clear" if each else "clear",
        pad="" if each else f"call void @{prefix}pad({ARGUMENTS})",
        before=BEFORE,
        given=ARGUMENTS,
    )


def call_all(code: Code, calls: Sequence[str], by_vector: bool) -> None:
    """Write calls; with `by_vector`, all of them for one vector of samples after the other."""

    def turn(v: str, _: list[str]) -> list[str]:
        starts = {start: code.address(start, code.multiply(v, code.width)) for start in ("%inputs", "%rows")}
        for call in calls:
            code.do(call.replace("%inputs", starts["%inputs"]).replace("%rows", starts["%rows"]))
        return []

    if by_vector:
        code.loop(0, "%vectors", 1, [], turn)
    else:
        code.lines += [f"  {call}" for call in calls]


def clear_sums(runs: Sequence[tuple[int, int]]) -> Code:
    """Return what sets sums to zero, given as (start, count)."""
    code = Code(1, False)
    for start, count in runs:
        pointer = code.address("%out", 8 * start)
        code.do(f"call void @llvm.memset.p0.i64(ptr align 8 {pointer}, i8 0, i64 {8 * count}, i1 false)")
    return code


def clear_each(lanes: int, runs: Sequence[tuple[int, int]]) -> Code:
    """Return what sets rows of outputs to zero, given as (start, count)."""
    code = Code(lanes, False)
    size = code.multiply("%vectors", code.width)

    def turn(row: str, _: list[str]) -> list[str]:
        pointer = code.address("%out", code.multiply(row, "%outpitch"))
        code.do(f"call void @llvm.memset.p0.i64(ptr align 8 {pointer}, i8 0, i64 {size}, i1 false)")
        return []

    for start, count in runs:
        code.loop(start, start + count, 1, [], turn)
    return code


def padding(machine: Machine, runs: int, place: int) -> Code:
    """Return what sets the lanes behind the last sample to zero, in runs of rows that a table at a place lists."""
    code = Code(machine.lanes, False)
    last = code.new("sub nsw i64 %vectors, 1")
    rest = code.new(f"sub nsw i64 %samples, {code.multiply(last, machine.lanes)}")
    start = code.address("%rows", code.multiply(last, code.width))

    def run(i: str, _: list[str]) -> list[str]:
        entry = code.address("%tables", code.multiply(code.add(code.multiply(i, 2), place), 8))
        first, count = code.integer(entry), code.integer(code.address(entry, 8))
        code.loop(first, code.add(first, count), 1, [], row)
        return []

    def row(number: str, _: list[str]) -> list[str]:
        vector = code.address(start, code.multiply(number, machine.row))

        def lane(i: str, _: list[str]) -> list[str]:
            code.do(f"store double 0.0, ptr {code.address(vector, code.multiply(i, 8))}, align 8")
            return []

        code.loop(rest, machine.lanes, 1, [], lane)
        return []

    code.loop(0, runs, 1, [], run, certain=runs > 0)
    return code
