"""Digests of large files, remembered while the file stays as it was.

Hashing a gigabyte takes seconds; a file whose size and modification time are those of the last
time keeps the digest of the last time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nbsuite.data.folders import cache_folder
from nbsuite.files import atomic_write, digest


def file_digest(
    path: Path, algorithm: str = "sha256", progress: Callable[[int], None] | None = None
) -> str:
    """Hash ``path`` anew and remember it; ``progress`` receives the size of each block read."""
    before = _identity(path)
    value = digest(path, algorithm, progress)
    if _identity(path) == before:  # else someone wrote to it meanwhile
        remember_digest(path, algorithm, value)
    return value


def remember_digest(path: Path, algorithm: str, value: str) -> None:
    """Keep ``value`` as the digest of ``path`` as it is now."""
    # A cache that cannot be written only costs time at the next call.
    with suppress(OSError), atomic_write(_note(path, algorithm)) as temporary:
        temporary.write_text(json.dumps({**_identity(path), "digest": value}))


def remembered_digest(path: Path, algorithm: str = "sha256") -> str | None:
    """The digest of ``path`` as of its present size and modification time, if it is known."""
    try:
        note = json.loads(_note(path, algorithm).read_text())
        value = note.pop("digest")
        return str(value) if note == _identity(path) else None
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return None  # never hashed here, or a damaged note


def _identity(path: Path) -> dict[str, object]:
    status = path.stat()
    return {
        "path": str(path.resolve()),
        "size": status.st_size,
        "modified": status.st_mtime_ns,
    }


def _note(path: Path, algorithm: str) -> Path:
    """One note a file, so that two processes never write the same one for different files."""
    key = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
    return cache_folder() / "digests" / f"{path.stem}-{key}.{algorithm}.json"
