"""Shapes in signatures: checked in tests, wherever they are named, and free everywhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from nbsuite.neurons.cells.lif import leaky_integration
from nbsuite.neurons.connection import Connection
from nbsuite.training.losses import root_mean_squared_error
from nbsuite.training.scores import R2Score
from tests.shape_checks import CHECK, CHECKED, SHAPES

FREE = """
import importlib, json, sys
modules = [importlib.import_module(name) for name in json.loads(sys.argv[1])]
checking = [module.__name__ for module in modules if sys.argv[2] in vars(module)]
checkers = sorted({"jaxtyping", "beartype", "nbsuite.shapes"} & sys.modules.keys())
print(json.dumps([checking, checkers]))
"""


def test_axes_of_one_name_are_of_one_length() -> None:
    membrane, decay = torch.zeros(5, 64), torch.zeros(64)
    assert leaky_integration(membrane, membrane, decay).shape == (5, 64)
    with pytest.raises(TypeError, match="beta"):
        leaky_integration(membrane, membrane, torch.zeros(1))  # which torch would broadcast


def test_what_torch_would_broadcast_is_refused() -> None:
    with pytest.raises(TypeError, match="target"):
        root_mean_squared_error(torch.zeros(7, 1, 2), torch.zeros(7, 3, 2))
    with pytest.raises(TypeError, match="true"):
        R2Score().add(decoded=torch.zeros(7, 2), true=torch.zeros(7, 1))


@pytest.mark.parametrize("spikes", [torch.zeros(3, 4, dtype=torch.int8), [0.0]])
def test_methods_and_types_are_checked_too(spikes: Any) -> None:
    with pytest.raises(TypeError, match="spikes"):
        Connection(4, 2)(spikes)


def test_a_shape_is_checked_each_time_that_it_is_wrong() -> None:
    for _ in range(2):
        with pytest.raises(TypeError):
            root_mean_squared_error(torch.zeros(2, 2), torch.zeros(2))


def test_every_module_that_names_shapes_is_checked() -> None:
    naming = set()
    for package in ("nbsuite", "nbsuite.conversions", "nbsuite.submissions", "nbsuite.cli"):
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        folder = Path(spec.origin).parent
        naming |= {
            ".".join((package, *path.relative_to(folder).with_suffix("").parts)).removesuffix(
                ".__init__"
            )
            for path in folder.rglob("*.py")
            if f"from {SHAPES} import" in path.read_text(encoding="utf-8")
        }
    assert naming == CHECKED


def test_functions_are_wrapped_by_the_name_that_is_looked_for() -> None:
    assert all(CHECK in vars(sys.modules[name]) for name in CHECKED & sys.modules.keys())


def test_outside_of_tests_nothing_is_checked_and_no_checker_imported() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", FREE, json.dumps(sorted(CHECKED)), CHECK],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(finished.stdout) == [[], []]
