"""Modules: what holds parameters, finds them by itself, and keeps them in files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from micrograd_like import weights
from micrograd_like.engine import Value
from micrograd_like.kinds import Number, is_array, number


class Module:
    """Something with parameters: the leaves among its attributes, in lists and in modules inside it too."""

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Yield each parameter once, with its path: "layers.0.neurons.1.w.2". ValueError if two have the same path."""
        found: dict[str, Value] = {}
        for name, value in _leaves(self, "", {}):
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
        numbers = weights.read(path, parameters.keys())
        set_data(parameters.values(), [numbers[name] for name in parameters])


def set_data(parameters: Iterable[Value], data: Iterable[Number]) -> None:
    """Give parameters their data, in one step, which Ctrl-C cannot cut in two."""
    list(map(vars(Value)["_data"].__set__, parameters, list(map(number, data))))


def _leaves(x: Any, path: str, seen: dict[int, Any]) -> Iterator[tuple[str, Value]]:
    """Yield the leaves in x, a module, a container or a Value, with their paths; go into nothing twice."""
    if isinstance(x, Value):
        if not x.operation:
            yield path, x
        return
    if id(x) in seen:
        return
    seen[id(x)] = x  # kept, so that no other thing can get its id
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
    for key, item in items:
        yield from _leaves(item, f"{path}.{key}" if path else str(key), seen)
