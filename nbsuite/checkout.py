"""A checkout as one package, as it is installed: its four top-level folders under one name.

In a checkout's root Python finds ``./nbsuite`` before whatever is installed, and what would be
inside of it stands beside it (docs/decisions/0001).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

NEIGHBOURS = ("nbsuite.cli", "nbsuite.conversions", "nbsuite.submissions")


class _Neighbours:
    """A finder of the folders beside a package."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The folder of that name, if it is one of them."""
        del path
        return PathFinder.find_spec(name, [self._root], target) if name in NEIGHBOURS else None


def find_neighbours(package: Path) -> None:
    """Let the folders beside a package be imported where it lies in a checkout.

    Args:
        package: the package's folder.
    """
    root = package.parent
    if (root / "setup.py").is_file() and (root / "cli" / "__init__.py").is_file():
        sys.meta_path.insert(0, _Neighbours(root))
