"""JavaScript: a program's statements, for a page that computes by itself what the engine does.

    >>> from micrograd_like import Value, tanh
    >>> from micrograd_like.compiler.recording import record
    >>> w = Value(0.5, "w")
    >>> statements, outputs = written_in_javascript(record(lambda x: tanh(w * x), [w]))
    >>> print(*statements, *outputs, sep="\\n")
    const v1 = w*x;
    const v2 = tanh(v1);
    const v3 = 1.0 - v2*v2;
    v2
    v3*x

JavaScript has the floats of Python, so that + - × ÷ and √ give the same bits; of exp, tanh and the like, which each
browser computes in its own way, the last digit may be another.
"""

from __future__ import annotations

from micrograd_like.compiler.error_function import ERF, ERFC
from micrograd_like.compiler.expr import FUNCTIONS
from micrograd_like.compiler.program import Program, Statement, written

MISSING = ("erf", "erfc")
"""The functions of programs that JavaScript does not have."""

MATHEMATICS = f"""\
const {{ abs, {", ".join(name for name in FUNCTIONS if name not in MISSING)} }} = Math, inf = Infinity, nan = NaN;

const polynomial = (coefficients, x) => coefficients.reduceRight((sum, c) => sum * x + c, 0);
const ERF = {list(ERF)};
const ERFC = {list(ERFC)};

// erfc a for a > 1; a² is taken apart, because exp would magnify its rounding.
function erfcBeyond1(a) {{
  if (a > 28) return 0;
  const head = Math.fround(a);
  return exp(-head * head) * exp((head - a) * (head + a)) * polynomial(ERFC, (a - 2) / (a + 2)) / (a + 2);
}}

function erf(x) {{
  if (abs(x) < 1) return x + x * polynomial(ERF, x * x);
  return x < 0 ? erfcBeyond1(-x) - 1 : 1 - erfcBeyond1(x);
}}

function erfc(x) {{
  if (abs(x) < 1) return 1 - x - x * polynomial(ERF, x * x);
  return x < 0 ? 2 - erfcBeyond1(-x) : erfcBeyond1(x);
}}

// x ** y as IEEE 754 has it; JavaScript's own operator says that 1 to the power of what is no number is none.
const pow = (x, y) => (x === 1 || (x === -1 && abs(y) === inf) ? 1 : x ** y);
"""
"""The definitions of all names that statements use besides their own."""


def written_in_javascript(program: Program) -> tuple[list[str], list[str]]:
    """Return the statements of a program, and how each output is computed from what they define."""
    names = program.names()
    return [f"const {names[s.node]} = {_text(s, names)};" for s in program.statements], program.output_texts(names)


def _text(statement: Statement, names: dict[int, str]) -> str:
    operation, each = statement.operation, [names[i] for i in statement.operands if statement.operation != "sum"]
    if operation == "**":
        return f"pow({', '.join(each)})"
    if operation.startswith("where"):
        return f"{each[0]} {operation[5:]} {each[1]} ? {each[2]} : {each[3]}"
    return written(statement, names)
