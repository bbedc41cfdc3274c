"""Who may import whom: the arrows of CONTRIBUTING.md, held against every import there is.

Imports within functions and of types only count as well: a room that needs another's types knows
that room.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

PACKAGES = ("nbsuite", "nbsuite.conversions", "nbsuite.submissions", "nbsuite.cli")

ARROWS: dict[str, tuple[str, ...]] = {
    # the bottom
    "nbsuite.checkout": (),
    "nbsuite.untrusted": (),
    "nbsuite.interrupts": (),
    "nbsuite.leftovers": (),
    "nbsuite.observer": (),
    "nbsuite.seeds": (),
    "nbsuite.shapes": (),
    "nbsuite.spike_events": ("nbsuite.shapes",),
    "nbsuite.statistics": ("nbsuite.shapes", "nbsuite.untrusted"),
    "nbsuite.suggestions": (),
    "nbsuite.protocol": ("nbsuite.untrusted",),
    "nbsuite.twin_info": ("nbsuite.untrusted",),
    "nbsuite.twin_labels": (),
    "nbsuite.errors": ("nbsuite.untrusted",),
    "nbsuite.named_code": ("nbsuite.errors", "nbsuite.suggestions"),
    "nbsuite.files": ("nbsuite.errors", "nbsuite.leftovers"),
    # the rooms
    "nbsuite.neurons": (
        "nbsuite.files",
        "nbsuite.seeds",
        "nbsuite.shapes",
        "nbsuite.spike_events",
        "nbsuite.suggestions",
    ),
    "nbsuite.data": (
        "nbsuite.files",
        "nbsuite.protocol",
        "nbsuite.seeds",
        "nbsuite.spike_events",
        "nbsuite.suggestions",
        "nbsuite.twin_info",
        "nbsuite.twin_labels",
    ),
    "nbsuite.models": (
        "nbsuite.named_code",
        "nbsuite.neurons",
        "nbsuite.protocol",
        "nbsuite.twin_info",
    ),
    "nbsuite.tasks": ("nbsuite.data", "nbsuite.observer", "nbsuite.suggestions"),
    "nbsuite.pictures": ("nbsuite.files",),
    "nbsuite.plots": ("nbsuite.pictures", "nbsuite.data"),
    "nbsuite.plots_training": ("nbsuite.pictures", "nbsuite.twin_labels"),
    "nbsuite.benchmarking": (
        "nbsuite.models",
        "nbsuite.tasks",
        "nbsuite.interrupts",
        "nbsuite.statistics",
    ),
    "nbsuite.closed_loop": ("nbsuite.benchmarking",),
    "nbsuite.training": ("nbsuite.closed_loop", "nbsuite.plots_training"),
    "nbsuite.sweep": ("nbsuite.training",),
    "nbsuite.environment": ("nbsuite.data",),
    "nbsuite.demo": ("nbsuite.training",),
    "nbsuite.conversions": ("nbsuite.sweep",),
    "nbsuite.energy": ("nbsuite.benchmarking",),
    "nbsuite.submissions": ("nbsuite.conversions", "nbsuite.energy", "nbsuite.plots"),
    "nbsuite.public": ("nbsuite.submissions",),
    "nbsuite.cli": ("nbsuite.public", "nbsuite.environment", "nbsuite.demo"),
    "nbsuite.__main__": ("nbsuite.cli",),
}
"""What each room, or module beside the rooms, may import; and what that may import."""

TEMPLATE = "nbsuite.models.decoder_template"
"""What ``nbsuite new decoder`` writes: a user's file, which imports what users import."""

STANDS_ALONE = "nbsuite.submissions.package.evaluate_script"
"""What packages hold and what is run there without nbsuite, so that it prints by itself."""

SHOWS_WHEN_ASKED = "nbsuite.public.progress"
"""What shows bars where a person asks a public function for progress."""


@cache
def _modules() -> Mapping[str, Path]:
    """Every module, by the name under which it is imported."""
    found: dict[str, Path] = {}
    for package in PACKAGES:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        folder = Path(spec.origin).parent
        for path in folder.rglob("*.py"):
            parts = (package, *path.relative_to(folder).with_suffix("").parts)
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_modules()[module].read_text(encoding="utf-8"))


def _names(module: str) -> Iterator[str]:
    """Everything that a module imports, as names with dots."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _imports(module: str) -> frozenset[str]:
    """The modules of ours that a module imports."""
    names = set(_names(module))
    containing = {name.rpartition(".")[0] for name in names}
    modules = _modules().keys()
    return frozenset((names | (containing - names)) & modules) - {"nbsuite"} - _packages_of(names)


def _packages_of(names: set[str]) -> frozenset[str]:
    """Packages out of which only modules are imported, not what they define themselves."""
    modules = _modules().keys()
    defining = {name.rpartition(".")[0] for name in names if name not in modules}
    return frozenset(
        package
        for package in {name.rpartition(".")[0] for name in names}
        if package not in defining and package not in names
    )


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


@cache
def _allowed(room: str) -> frozenset[str]:
    direct = ARROWS[room]
    return frozenset({room, *direct}).union(*map(_allowed, direct))


def _against_the_arrows() -> set[str]:
    return {
        f"{module} -> {imported}"
        for module in _modules()
        if module != "nbsuite"  # the public face, which knows every room and is imported by none
        for imported in _imports(module)
        if _room(imported) not in _allowed(_room(module))
    }


def _circles() -> set[frozenset[str]]:
    """Sets of modules each of which imports, by way of others, all of the set."""
    reached: dict[str, set[str]] = {module: set(_imports(module)) for module in _modules()}
    for through in reached:
        for found in reached.values():
            if through in found:
                found |= reached[through]
    return {
        frozenset(other for other in reached[module] if module in reached[other])
        for module in reached
        if module in reached[module]
    }


def test_every_module_is_of_a_room_with_arrows() -> None:
    assert {_room(module) for module in _modules()} - {"nbsuite"} == set(ARROWS)


def test_imports_follow_the_arrows() -> None:
    assert _against_the_arrows() == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert _circles() == set()


def test_modules_take_nothing_but_the_version_from_the_public_face() -> None:
    """What else it gives it imports itself, from the rooms."""
    taken = {
        f"{module}: {name}"
        for module in _modules().keys() - {TEMPLATE}
        for name in _names(module)
        if name.rpartition(".")[0] == "nbsuite"
        and name not in _modules()
        and name not in PACKAGES
        and name != "nbsuite.__version__"
    }
    assert taken == set()


@pytest.mark.parametrize("library", ["click", "rich"])
def test_only_the_command_line_knows_the_terminal(library: str) -> None:
    knowing = {
        module
        for module in _modules()
        if _room(module) != "nbsuite.cli" and module != SHOWS_WHEN_ASKED
        for name in _names(module)
        if name.split(".")[0] == library
    }
    assert knowing == set()


def test_nothing_below_the_command_line_prints_to_it() -> None:
    printing = {
        f"{module}, line {node.lineno}"
        for module in _modules()
        if _room(module) != "nbsuite.cli" and module != STANDS_ALONE
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and not any(keyword.arg == "file" for keyword in node.keywords)
    }
    assert printing == set()


def test_what_is_run_without_nbsuite_does_without_it() -> None:
    assert _imports(STANDS_ALONE) == frozenset()
