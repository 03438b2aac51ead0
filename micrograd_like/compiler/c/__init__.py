"""The target "c": a program as one file of C, to be read or taken elsewhere, or compiled by the machine's compiler."""

from micrograd_like.compiler.c.kernel import Kernel, source

__all__ = ["Kernel", "source"]
