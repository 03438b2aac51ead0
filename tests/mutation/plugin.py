"""A pytest plugin for the many short runs of mutation testing: the same examples each time, no PyTorch."""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import Phase, settings


def pytest_configure() -> None:
    """Let Hypothesis draw the same examples in every run and shrink none; skip what compares with PyTorch."""
    settings.register_profile("mutation", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutation")
    modules: dict[str, Any] = sys.modules
    modules["torch"] = None
