"""Files written whole or not at all, and their digests."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK_BYTES = 1 << 20


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` and rename it to ``path`` once the block succeeds.

    Whatever interrupts the block (an error, Ctrl-C, a full disk), ``path`` keeps its old content
    and the temporary file is removed.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _copy_usual_permissions(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _copy_usual_permissions(path: Path) -> None:
    """Give a mkstemp file (0600) the permissions an ordinary new file would have."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)


def digest(
    path: Path, algorithm: str = "sha256", progress: Callable[[int], None] | None = None
) -> str:
    """Hex digest of a file's content; ``progress`` receives the size of each block read."""
    hasher = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(CHUNK_BYTES):
            hasher.update(block)
            if progress is not None:
                progress(len(block))
    return hasher.hexdigest()


def ensure_writable(folder: Path) -> None:
    """Make a folder and write into it once, so that a long task does not fail at its end.

    Raises:
        OSError: the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        error.filename = str(folder)  # a name that nobody gave says nothing
        raise
