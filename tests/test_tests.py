"""Every test can fail: it asserts something, by itself or by a helper."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.rglob("test_*.py"))
EXPECTING = ("raises", "warns", "fail", "gradcheck", "suppress", "validate_package")
"""Calls besides ``assert_...`` that let a test fail: what they do not expect is raised."""


def _functions(path: Path) -> dict[str, ast.AST]:
    """The functions and methods of a file, by name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _helpers(path: Path, tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Functions of other test files that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests"):
            parts = (node.module or "").split(".")[1:]
            source = FOLDER.joinpath(*parts).with_suffix(".py")
            if source.is_file():
                known = _functions(source)
                yield from ((a.name, known[a.name]) for a in node.names if a.name in known)


def _expects(function: ast.AST, known: Mapping[str, ast.AST], seen: frozenset[str]) -> bool:
    """Whether a function, or one that it calls, asserts anything."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in EXPECTING or name.startswith("assert_") or _raises_of_a_process(node):
            return True
        if name in known and name not in seen and _expects(known[name], known, seen | {name}):
            return True
    return False


def _raises_of_a_process(call: ast.Call) -> bool:
    """Whether a process is started that has to end well."""
    return any(each.arg == "check" and ast.unparse(each.value) == "True" for each in call.keywords)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_test_asserts_something(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = {**dict(_helpers(path, tree)), **_functions(path)}
    for conftest in (path.parent / "conftest.py", FOLDER / "conftest.py"):
        known = {**(_functions(conftest) if conftest.is_file() else {}), **known}
    empty = [
        name
        for name, function in _functions(path).items()
        if name.startswith("test_") and not _expects(function, known, frozenset({name}))
    ]
    assert empty == []
