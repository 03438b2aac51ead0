"""PyTorch's functions, as random expressions call them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


def torch_functions() -> SimpleNamespace:
    """Return PyTorch's functions under the package's names, for tensors of one float64 and plain numbers."""
    import torch

    def tensor(x: Any) -> torch.Tensor:
        return torch.as_tensor(x, dtype=None if isinstance(x, bool) else torch.float64)

    def of_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *operands: function(*map(tensor, operands))

    def of_sequence(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda v: function(torch.stack([tensor(x) for x in v]), dim=0)

    def dot(weights: list[Any], inputs: list[Any], bias: float = 0.0) -> Any:
        return sum((w * x for w, x in zip(weights, inputs, strict=True)), bias)

    functional = torch.nn.functional
    alike = (
        torch.exp, torch.expm1, torch.log, torch.log1p, torch.sqrt, torch.sin, torch.cos, torch.tanh, torch.erf,
        torch.erfc, torch.sigmoid, torch.relu, torch.maximum, torch.minimum,
    )
    return SimpleNamespace(
        **{function.__name__: of_tensors(function) for function in alike},
        softplus=of_tensors(functional.softplus),
        gelu=of_tensors(functional.gelu),
        leaky_relu=lambda x, slope=0.01: functional.leaky_relu(tensor(x), slope),
        where=lambda condition, a, b: torch.where(torch.as_tensor(condition), tensor(a), tensor(b)),
        dot=dot,
        total=of_sequence(torch.sum),
        logsumexp=of_sequence(torch.logsumexp),
        softmax=of_sequence(torch.softmax),
        log_softmax=of_sequence(torch.log_softmax),
    )
