"""Compiling what the engine recorded: from a graph to a program, from a program to loops, from loops to machine code.

In the order of reading: `expr` is the symbolic number, `recording` calls a loss with it, `program` is what comes of it.
`grouping` (or `straight`), `reductions` and `rolling` make of a program the `blocks` that a target runs: `numpy`,
`llvm`, `c`; `python` runs the program itself. `compiled` is the way in and what comes back; `samples` and
`requirements` read data, `updates` and `training` train, `notation` writes matrices, `nonfinite` finds what went wrong.
"""
