"""Modules: what holds parameters, finds them by itself, and keeps them in files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from micrograd_like import weights
from micrograd_like.engine import Value
from micrograd_like.kinds import is_array


class Module:
    """Something with parameters: the leaves among its attributes, in lists and in modules inside it too."""

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Yield each parameter once, with its path: "layers.0.neurons.1.w.2". ValueError if two have the same path."""
        found: dict[str, Value] = {}
        for name, value in _leaves(self, ""):
            if found.setdefault(name, value) is not value:
                raise ValueError(f"two parameters have the path {name}: rename an attribute or a key")
        seen: set[Value] = set()
        for name, value in found.items():
            if value not in seen:
                seen.add(value)
                yield name, value

    def parameters(self) -> list[Value]:
        """Return the parameters, in the order of `named_parameters`."""
        return [value for _, value in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        for p in self.parameters():
            p.grad = 0

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the parameters to a file, as `micrograd_like.weights.write` says."""
        weights.write(path, {name: p.data for name, p in self.named_parameters()})

    def load(self, path: str | os.PathLike[str]) -> None:
        """Take the parameters from a file that `save` wrote, to the last bit; ValueError changes none of them."""
        parameters = dict(self.named_parameters())
        for name, data in weights.read(path, parameters.keys()).items():
            parameters[name].data = data


def _leaves(x: Any, path: str, above: frozenset[int] = frozenset()) -> Iterator[tuple[str, Value]]:
    """Yield the leaves in x, a module, a container or a Value, with their paths; what contains itself is left out."""
    if isinstance(x, Value):
        if not x.operation:
            yield path, x
        return
    if is_array(x) and x.dtype == object:
        x = x.tolist()
    if isinstance(x, Module):
        items: Iterable[tuple[Any, Any]] = vars(x).items()
    elif isinstance(x, dict):
        items = x.items()
    elif isinstance(x, list | tuple):
        items = enumerate(x)
    else:
        return
    if id(x) not in above:
        for key, item in items:
            yield from _leaves(item, f"{path}.{key}" if path else str(key), above | {id(x)})
