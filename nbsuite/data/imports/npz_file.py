"""Archives of ``np.savez``; objects in them are never unpacked."""

from __future__ import annotations

from pathlib import Path

from nbsuite.data.imports.source import Array, Found
from nbsuite.untrusted.npy import decode_npy
from nbsuite.untrusted.zip_file import read_zip

LARGEST = 4 << 30
"""Bytes of the archive, and of its arrays once they are unpacked."""

_SUFFIX = ".npy"


class NpzFile:
    """The arrays of an archive by name.

    Args:
        path: the archive.

    Raises:
        FormatFault: it is no such archive, damaged, or too large.
        OSError: it is missing or must not be read.
    """

    usual_spikes: str | None = None

    def __init__(self, path: Path) -> None:
        members = read_zip(path, largest=LARGEST, compressed=True)
        self._members = {name.removesuffix(_SUFFIX): content for name, content in members.items()}

    def listing(self) -> list[tuple[str, tuple[int, ...] | None]]:
        """All names; shapes are known once an array is read."""
        return [(name, None) for name in self._members]

    def find(self, key: str) -> Found | None:
        """The array of that name."""
        content = self._members.get(key)
        return None if content is None else Array(decode_npy(content, key))
