"""The target "llvm": machine code for the processor that it runs on, by way of LLVM's text.

`plan` cuts loops into phases, of which `program` writes functions (`loops`, `outputs`, each in a `function` of `text`),
with `vector_math` for exp and its like; `driver` writes what calls them for all samples, `training` the loop over
steps; `module` has them compiled, or takes the code from the cache, and `kernel` runs it on NumPy's arrays.
"""

from micrograd_like.compiler.llvm.kernel import Kernel, Steps, code_of_steps

__all__ = ["Kernel", "Steps", "code_of_steps"]
