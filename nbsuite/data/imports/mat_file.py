"""MATLAB files of versions 5 to 7; version 7.3 is HDF5."""

from __future__ import annotations

from pathlib import Path

from nbsuite.data.imports.source import Array, Found, SpikeTimes
from nbsuite.untrusted.mat5 import Mat5File


class MatFile:
    """The variables of a file by name; a field of a structure by ``name.field``.

    Args:
        path: the file.

    Raises:
        FormatFault: it is no such file, damaged, or too large.
        OSError: it is missing or must not be read.
    """

    usual_spikes: str | None = None

    def __init__(self, path: Path) -> None:
        self._file = Mat5File(path)

    def listing(self) -> list[tuple[str, tuple[int, ...] | None]]:
        """All names; shapes are known once a variable is read."""
        return [(name, None) for name in self._file.names]

    def find(self, key: str) -> Found | None:
        """The variable of that name: numbers, or spike times where it is a cell array."""
        try:
            found = self._file.read(key.replace(".", "/"))
        except KeyError:
            return None
        if isinstance(found, list):
            return SpikeTimes([cell.ravel() for cell in found])
        return Array(found)
