"""Scalar reverse-mode automatic differentiation: one engine, any kind of number."""

from micrograd_like.check import check_formula, check_gradients
from micrograd_like.compiler.compiled import compile  # noqa: A004 - what it does has this name
from micrograd_like.derivatives import grad, hessian
from micrograd_like.differences import numerical_gradient
from micrograd_like.drawing import draw
from micrograd_like.engine import Value, dot, total
from micrograd_like.explorer.page import explore
from micrograd_like.functions import (
    cos,
    erf,
    erfc,
    exp,
    expm1,
    gelu,
    leaky_relu,
    log,
    log1p,
    maximum,
    minimum,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    tanh,
    where,
)
from micrograd_like.history import DivergenceError, History
from micrograd_like.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy,
    categorical_cross_entropy_with_logits,
    hinge,
    mean_squared_error,
    sum_of_squares,
)
from micrograd_like.nn import MLP, Layer, Module, Neuron
from micrograd_like.optim import SGD, Adam
from micrograd_like.reports import GradientMismatch
from micrograd_like.sequences import log_softmax, logsumexp, softmax
from micrograd_like.train import fit

__all__ = [
    "MLP", "SGD", "Adam", "DivergenceError", "GradientMismatch", "History", "Layer", "Module", "Neuron", "Value",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "categorical_cross_entropy",
    "categorical_cross_entropy_with_logits", "check_formula", "check_gradients", "compile", "cos", "dot", "draw", "erf",
    "erfc", "exp", "explore", "expm1", "fit", "gelu", "grad", "hessian", "hinge", "leaky_relu", "log", "log1p",
    "log_softmax", "logsumexp", "maximum", "mean_squared_error", "minimum", "numerical_gradient", "relu", "sigmoid",
    "sin", "softmax", "softplus", "sqrt", "sum_of_squares", "tanh", "total", "where",
]
