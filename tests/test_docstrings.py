"""The examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import nbsuite
from nbsuite import cli, conversions, submissions

# An editable install finds the three in folders of their own.
MODULES = {
    module.name
    for package in (nbsuite, cli, conversions, submissions)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
}


def test_modules_are_found() -> None:
    assert {
        "nbsuite.models.rsnn",
        "nbsuite.cli.main",
        "nbsuite.submissions.tables.pareto",
    } <= MODULES


@pytest.mark.parametrize("name", sorted(MODULES - {"nbsuite.__main__"}))
def test_examples(name: str) -> None:
    if name.startswith("nbsuite.neurons.kernels.gpu."):
        pytest.importorskip("triton", reason="triton is not installed; it exists for Linux only")
    assert doctest.testmod(importlib.import_module(name)).failed == 0
