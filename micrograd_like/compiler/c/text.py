"""How a program's C file looks: the comment that explains it, its tools and functions, and how C is written at all."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from string import Template

BLOCK = 64
"""The samples that are computed at a time."""
OPTIONS = ("-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math")
STRICT, FAST = "-ffp-contract=off", "-ffp-contract=fast"

IN_BRACKETS = re.compile(r"\[(?:[^][]|\[[^][]*\])*\]|\([^(),]*\)")
WORD = re.compile("[A-Za-z_][A-Za-z_0-9]*")
PARTS = {
    "x": "const double *const ",
    "stride": "const ptrdiff_t ",
    "size": "const ptrdiff_t ",
    "p": "const double *const ",
    "u": "double *const ",
    "v": "double *const ",
}
"""What a function takes from the work, and its type."""

HEAD = Template("""\
/*
$comment
 * $name: $outputs outputs of each sample, from its $inputs inputs and from $parameters parameters.
 *
 * int ${name}_sums(const double *columns, ptrdiff_t stride, ptrdiff_t count, const double *parameters, double *sums);
 *     writes the sum of each output over the samples: divide by count for the mean.
 * int ${name}_each(const double *columns, ptrdiff_t stride, ptrdiff_t count, const double *parameters,
 *     double *out, ptrdiff_t out_stride);
 *     writes output d of sample n to out[d*out_stride + n].
 *
 * Input k of sample n is columns[k*stride + n]. Inputs and parameters are in the order in which they were given to be
 * compiled; output 0 is the loss, output 1 + i its derivative by parameter i. What is returned is 0, or 1 if there is
 * no memory for the numbers between. Several threads may call the functions at the same time. For example:
 *
 *     double sums[$outputs];
 *     if (${name}_sums(columns, count, count, parameters, sums) == 0)
 *         printf("mean loss %g\\n", sums[0]/count);
 *
 * Compile with: cc -std=c99 $options $strict -c
 * With $strict, + - * / and comparisons give for one sample what Python gives, bit for bit; with
 * $fast, * and + are fused, which is faster. Terms are added from left to right. Samples are added up in
 * blocks of $block: sample n to part n % 8, the first of which begins with the total so far; then part to part.
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__clang__) || !defined(__GNUC__) /* GCC does not know this */
#pragma STDC FP_CONTRACT OFF
#endif
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif
#define EACH_SAMPLE INDEPENDENT for (ptrdiff_t n = 0; n < size; n++)

enum { BLOCK = $block }; /* the samples that are computed at a time */

typedef struct {
    const double *x;  /* the inputs of the block's first sample */
    ptrdiff_t stride; /* from one input to the next */
    ptrdiff_t size;   /* the samples in the block */
    const double *p;  /* the parameters */
    double *u;        /* what depends on the parameters alone */
    double *v;        /* what is computed for each sample, in rows of BLOCK numbers */
} ${name}_work;
""")

TOOLS = {
    "plus_numbers": ("const double *a", "a[{n}]"),
    "plus_multiples": ("double a, const double *b", "a*b[{n}]"),
    "plus_products": ("const double *a, const double *b", "a[{n}]*b[{n}]"),
}
"""The arguments of functions that add up a block, and what they add for sample n."""

TOOL = Template("""
/* Return total + the sum of $term over the samples of a block. */
static double ${name}_$tool(double total, $arguments, ptrdiff_t size)
{
    double part[8] = {total};
    ptrdiff_t n = 0;
    for (; n + 8 <= size; n += 8)
        for (int i = 0; i < 8; i++) part[i] += $term_of_part;
    for (; n < size; n++) part[n % 8] += $term;
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}
""")

FRAME = Template("""
static int ${name}_start(${name}_work *w, ptrdiff_t stride, const double *parameters)
{
    w->stride = stride;
    w->p = parameters;
    w->u = malloc(sizeof(double) * ($uniform + (size_t)BLOCK * $rows));
    if (w->u == NULL) return 1;
    w->v = w->u + $uniform;
$uniform_steps    return 0;
}

static void ${name}_block(${name}_work *w, const double *x, ptrdiff_t left)
{
    w->x = x;
    w->size = left < BLOCK ? left : BLOCK;
$steps}

int ${name}_sums(const double *columns, ptrdiff_t stride, ptrdiff_t count, const double *parameters, double *sums)
{
    ${name}_work w;
    if (${name}_start(&w, stride, parameters)) return 1;
    for (ptrdiff_t d = 0; d < $outputs; d++) sums[d] = 0.0;
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        ${name}_block(&w, columns + start, count - start);
        ${name}_add(&w, sums);
    }
    free(w.u);
    return 0;
}

int ${name}_each(const double *columns, ptrdiff_t stride, ptrdiff_t count, const double *parameters,
    double *out, ptrdiff_t out_stride)
{
    ${name}_work w;
    if (${name}_start(&w, stride, parameters)) return 1;
    for (ptrdiff_t d = 0; d < $outputs; d++)
        for (ptrdiff_t n = 0; n < count; n++) out[d*out_stride + n] = 0.0;
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        ${name}_block(&w, columns + start, count - start);
        ${name}_write(&w, out + start, out_stride);
    }
    free(w.u);
    return 0;
}
""")


def tool(name: str, which: str) -> str:
    """Return one of the functions that add up a block."""
    arguments, term = TOOLS[which]
    texts = {"term": term.format(n="n"), "term_of_part": term.format(n="n + i")}
    return TOOL.substitute(name=name, tool=which, arguments=arguments, **texts)


def commented(text: str) -> str:
    """Return a text as lines of a C comment, which nothing in it can end: ASCII alone, and no part of a comment's mark.

    Other characters are written as their code: σ as U+03C3.
    """
    lines = []
    for line in text.expandtabs(4).splitlines():
        plain = "".join(c if " " <= c <= "~" and c != "\\" else f"U+{ord(c):04X}" for c in line)
        for mark, harmless in (("*/", "* /"), ("/*", "/ *"), ("??", "? ?")):  # ??/ is a backslash to C99
            plain = plain.replace(mark, harmless)
        lines.append(f" * {plain}".rstrip())
    return "\n".join([*lines, " *"]) if lines else " *"


def literal(x: float) -> str:
    """Return a number as C reads it back, in parentheses if it has a sign."""
    text = "NAN" if x != x else "INFINITY" if abs(x) == math.inf else repr(abs(x))
    return f"(-{text})" if math.copysign(1, x) < 0 else text


def linear(base: int, steps: dict[str, int]) -> str:
    """Return base + the sum of the variables, times their steps."""
    terms = [name if step == 1 else f"{step}*{name}" for name, step in steps.items() if step]
    if base or not terms:
        terms.insert(0, str(base))
    return " + ".join(terms).replace("+ -", "- ")


def indented(lines: Iterable[str]) -> list[str]:
    """Return the lines one step to the right."""
    return [f"    {line}" for line in lines]


def nested(loops: Sequence[tuple[str, int]], lines: list[str]) -> list[str]:
    """Return the lines in loops over the variables, from 0 to what is given for each; those that run once vanish."""
    for variable, count in reversed(loops):
        if count > 1:
            start = f"for (ptrdiff_t {variable} = 0; {variable} < {count}; {variable}++)"
            lines = [start, *indented(lines)] if len(lines) == 1 else [f"{start} {{", *indented(lines), "}"]
    return lines


def wrapped(text: str) -> list[str]:
    """Return a statement in lines that fit a page, none of which ends inside an index or a row's number."""
    joined = IN_BRACKETS.sub(lambda found: found[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(joined, 100, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def table(kind: str, name: str, numbers: Sequence[str]) -> str:
    """Return the definition of an array."""
    rows = [", ".join(numbers[i : i + 16]) for i in range(0, len(numbers), 16)]
    return f"\nstatic const {kind} {name}[] = {{\n" + "".join(f"    {row},\n" for row in rows) + "};\n"


def function(name: str, signature: str, about: str, lines: Sequence[str]) -> str:
    """Return a function that takes the work `w` among others, with names for those of its parts that the lines use."""
    text = "".join(f"    {line}\n" for line in lines)
    words = {*WORD.findall(text)} | ({"size"} if "EACH_SAMPLE" in text else set())
    parts = "".join(f"    {kind}{part} = w->{part};\n" for part, kind in PARTS.items() if part in words)
    return f"\n/* {about} */\nstatic void {signature.replace('NAME', name)}\n{{\n{parts}{text}}}\n"
