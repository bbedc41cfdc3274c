"""The examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import nbsuite

MODULES = [module.name for module in pkgutil.walk_packages(nbsuite.__path__, "nbsuite.")]


def test_modules_are_found() -> None:
    assert "nbsuite.models.rsnn" in MODULES


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples(name: str) -> None:
    if name.startswith("nbsuite.neurons.kernels.gpu."):
        pytest.importorskip("triton", reason="triton is not installed; it exists for Linux only")
    assert doctest.testmod(importlib.import_module(name)).failed == 0
