"""The programs beside the package: what they import of it is there."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = sorted(
    path.relative_to(ROOT)
    for folder in ("benchmarks", "scripts")
    for path in (ROOT / folder).glob("*.py")
)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_what_a_program_imports_is_there(program: Path) -> None:
    for node in ast.walk(ast.parse((ROOT / program).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("nbsuite"):
            continue
        if ".gpu" in (node.module or ""):
            pytest.importorskip(
                "triton", reason="triton is not installed; it exists for Linux only"
            )
        module = importlib.import_module(node.module or "")
        for each in node.names:
            place = f"{node.module}.{each.name}"
            assert hasattr(module, each.name) or importlib.import_module(place), place
