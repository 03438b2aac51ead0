"""Scalar reverse-mode automatic differentiation: one engine, any kind of number."""

from micrograd_like.engine import Value, dot, total
from micrograd_like.functions import (
    cos, erf, exp, expm1, gelu, leaky_relu, log, log1p, maximum, minimum, relu, sigmoid, sin, softplus,
    sqrt, tanh, where,
)  # fmt: skip
from micrograd_like.sequences import log_softmax, logsumexp, softmax

__all__ = [
    "Value", "cos", "dot", "erf", "exp", "expm1", "gelu", "leaky_relu", "log", "log1p", "log_softmax", "logsumexp",
    "maximum", "minimum", "relu", "sigmoid", "sin", "softmax", "softplus", "sqrt", "tanh", "total", "where",
]  # fmt: skip
