"""The programs beside the package and in the documentation: what they import of it is there."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for folder in ("benchmarks", "scripts")
    for path in sorted((ROOT / folder).glob("*.py"))
}
EXAMPLES = {
    f"{path.relative_to(ROOT)} {number}": example
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    for number, example in enumerate(
        re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL), start=1
    )
}


@pytest.mark.parametrize("program", [*PROGRAMS, *EXAMPLES])
def test_what_a_program_imports_is_there(program: str) -> None:
    text = {**PROGRAMS, **EXAMPLES}[program]
    for node in ast.walk(ast.parse(text)):
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
