"""Files written whole or not at all, and their digests."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nbsuite.errors import UsageError
from nbsuite.leftovers import PART_SUFFIX, part_prefix, remove_leftovers

CHUNK_BYTES = 1 << 20


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` and rename it to ``path`` once the block succeeds.

    Whatever interrupts the block (an error, Ctrl-C, a full disk), ``path`` keeps its old content
    and the temporary file is removed. One that was left when a process was killed is removed by
    the next that writes the same path.

    Raises:
        UsageError: the path is that of a device, a pipe or a socket.
        OSError: the folder cannot be written, or the disk is full.
    """
    _check_replaceable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    try:
        handle, name = tempfile.mkstemp(PART_SUFFIX, part_prefix(path), path.parent)
    except OSError as error:
        error.filename = str(path)  # a name that nobody gave says nothing
        raise
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


def _check_replaceable(path: Path) -> None:
    """Keep devices, pipes and sockets, and what stands for them, from being replaced by a file.

    Raises:
        UsageError: the path is one of them.
        OSError: it cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):  # a link that leads nowhere is replaced
            return
        raise
    # /dev/stdout is a link to whatever the output is sent to.
    of_devices = path.is_symlink() and path.parent.resolve() == Path("/dev")
    if of_devices or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UsageError(f"{path} is a device, a pipe or a socket, not a file; choose another.")


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
