"""The machine code of a training loop: the gradients, then the update of all parameters, step by step."""

from __future__ import annotations

from micrograd_like.compiler.blocks import Rolled
from micrograd_like.compiler.llvm.text import Code, literal

MINIMIZE = """\
define i64 @minimize(i64 %steps, ptr %columns, i64 %stride, i64 %count, ptr %order, ptr %batch, i64 %batch_stride,
    ptr %state, ptr %other, i64 %state_stride, ptr %rates, ptr %losses, ptr %sums, ptr %workspace,
    ptr %update_workspace) nounwind {{
entry:
  %all = icmp eq ptr %order, null
  %data = select i1 %all, ptr %columns, ptr %batch
  %data_stride = select i1 %all, i64 %stride, i64 %batch_stride
  br label %step
step:
  %now = phi i64 [ 0, %entry ], [ %then, %compute ]
  %here = phi ptr [ %state, %entry ], [ %there, %compute ]
  %there = phi ptr [ %other, %entry ], [ %here, %compute ]
  %more = icmp slt i64 %now, %steps
  br i1 %more, label %begin, label %end
begin:
  br i1 %all, label %compute, label %take
take:
  %passed = mul i64 %now, %count
  %chosen = getelementptr i64, ptr %order, i64 %passed
  call void @gather(ptr %columns, i64 %stride, i64 %count, ptr %chosen, ptr %batch, i64 %batch_stride)
  br label %compute
compute:
  call void @sums(ptr %data, i64 %data_stride, i64 %count, ptr %here, ptr %sums, ptr %workspace)
  %slopes = getelementptr double, ptr %here, i64 %state_stride
  %loss = call double @mean(ptr %sums, i64 %count, ptr %slopes)
  %place = getelementptr double, ptr %losses, i64 %now
  store double %loss, ptr %place
  %rate_place = mul i64 %now, {rates}
  %rate = getelementptr double, ptr %rates, i64 %rate_place
  call void @update.each(ptr %here, i64 %state_stride, i64 {parameters}, ptr %rate, ptr %there, i64 %state_stride,
    ptr %update_workspace)
  %good = call i1 @finite(double %loss, ptr %there)
  %then = add i64 %now, 1
  br i1 %good, label %step, label %end
end:
  ret i64 %now
}}
"""


def minimize(lanes: int, fast: bool, rolled: Rolled, update: Rolled) -> str:
    """Return the text of `minimize`, which calls `sums` and `update.each`, and of its parts."""
    parameters = rolled.parameters
    parts = _gather(lanes, rolled.inputs), _mean(lanes, fast, parameters), _finite(lanes, parameters)
    return MINIMIZE.format(parameters=parameters, rates=update.parameters) + "\n".join(parts)


def _gather(lanes: int, inputs: int) -> str:
    """Return the function that copies a batch's columns, its last sample once more for every lane that is left."""
    code = Code(1, False)
    padded = code.add("%count", lanes - 1)
    end = code.new(f"and i64 {padded}, {-lanes}")
    last = code.add("%count", -1)

    def row(k: str, _: list[str]) -> list[str]:
        source = code.new(f"getelementptr double, ptr %columns, i64 {code.multiply(k, '%stride')}")
        target = code.new(f"getelementptr double, ptr %batch, i64 {code.multiply(k, '%batch_stride')}")

        def sample(n: str, _: list[str]) -> list[str]:
            index = code.integer(code.new(f"getelementptr i64, ptr %chosen, i64 {code.minimum(n, last)}"))
            value = code.load(code.new(f"getelementptr double, ptr {source}, i64 {index}"))
            code.store(value, code.new(f"getelementptr double, ptr {target}, i64 {n}"))
            return []

        code.loop(0, end, 1, [], sample)
        return []

    code.loop(0, inputs, 1, [], row, certain=inputs > 0)
    given = "ptr %columns, i64 %stride, i64 %count, ptr %chosen, ptr %batch, i64 %batch_stride"
    return _function("void @gather", given, code, "ret void")


def _mean(lanes: int, fast: bool, parameters: int) -> str:
    """Return the function that divides sums by the number of samples: gradients to a column, the loss as its result."""
    code = Code(lanes, fast)
    samples = code.new("sitofp i64 %count to double")
    divisor = code.spread(samples)
    if fast:
        divisor = code.binary("fdiv", code.constant(1.0), divisor)
    source = code.address("%sums", 8)

    def turn(i: str, _: list[str]) -> list[str]:
        offset = code.multiply(i, 8)
        mean = code.binary("fmul" if fast else "fdiv", code.load(code.address(source, offset)), divisor)
        code.store(mean, code.address("%slopes", offset))
        return []

    code.loop(0, parameters, lanes, [], turn)
    loss = code.new("load double, ptr %sums, align 8")
    loss = code.new(f"fdiv double {loss}, {samples}")
    return _function("double @mean", "ptr %sums, i64 %count, ptr %slopes", code, f"ret double {loss}")


def _finite(lanes: int, parameters: int) -> str:
    """Return the function that tells whether the loss and all new parameters are finite."""
    code = Code(lanes, False)
    zero = code.constant(0.0)
    total, whole = zero, parameters // lanes * lanes

    def checked(i: str | int, before: str, rest: int) -> str:
        value = code.load(code.address("%state", code.multiply(i, 8)))
        product = code.binary("fmul", value, zero)  # NaN for what is not finite
        if rest:
            lanes_left = ", ".join(f"i1 {int(lane < rest)}" for lane in range(lanes))
            product = code.new(f"select <{lanes} x i1> <{lanes_left}>, {code.type} {product}, {code.type} {zero}")
        return code.binary("fadd", before, product)

    if whole:
        total = code.loop(0, whole, lanes, [(code.type, zero)], lambda i, now: [checked(i, now[0], 0)])[0]
    if parameters > whole:
        total = checked(whole, total, parameters - whole)
    summed, _ = code.lane_sums([total])
    number = code.new(f"extractelement <1 x double> {summed}, i32 0")
    loss = code.new(f"fmul double %loss, {literal(0.0)}")
    number = code.new(f"fadd double {number}, {loss}")
    good = code.new(f"fcmp oeq double {number}, {literal(0.0)}")
    return _function("i1 @finite", "double %loss, ptr %state", code, f"ret i1 {good}")


def _function(head: str, given: str, code: Code, end: str) -> str:
    body = "\n".join(code.lines)
    return f"define internal {head}({given}) nounwind {{\nentry:\n{body}\n  {end}\n}}\n"
