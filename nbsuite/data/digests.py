"""Digests of large files, remembered while the file stays as it was.

Hashing a gigabyte takes seconds. Whether a file is the one that was hashed is told in a few
milliseconds, by where it lies, how large it is, when it was changed, and a sample of its content.
Its time of modification alone can be set at will (``touch -r``, ``cp -p``, a restored backup); the
time of its last change (ctime) cannot, and the sample stands by where times are coarse.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import re
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from nbsuite.data.finding import Finding
from nbsuite.data.folders import cache_folder
from nbsuite.errors import UsageError
from nbsuite.files import atomic_write, digest
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.files import open_regular
from nbsuite.untrusted.json_text import read_json_file
from nbsuite.untrusted.names import fault_of_name

SAMPLE_BYTES = 1 << 16
SAMPLES = 16
"""Blocks of a file that are looked at; one that has no more of them is looked at whole."""

_LARGEST_NOTE = 4096
_SECOND = 1_000_000_000  # in the nanoseconds that times are told in
_COARSEST_TIMES = 2 * _SECOND  # of FAT


@dataclass(frozen=True)
class _Note:
    """What is remembered of a file.

    Attributes:
        digest: the digest, in hexadecimal.
        seal: digest of that and of all that tells the file from one that was changed.
    """

    digest: str
    seal: str


def file_digest(
    path: Path, algorithm: str = "sha256", progress: Callable[[int], None] | None = None
) -> str:
    """Hash ``path`` anew and remember it; ``progress`` receives the size of each block read.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    before = path.stat()
    if not stat.S_ISREG(before.st_mode):  # a pipe would be waited for, a device has no end
        raise OSError(errno.EINVAL, "no regular file", str(path))
    value = digest(path, algorithm, progress)
    _remember(path, algorithm, value, before)
    return value


def known_digest(path: Path, algorithm: str) -> str:
    """The digest of a recording's file, read only if it is not remembered.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return remembered_digest(path, algorithm) or file_digest(path, algorithm)
    except OSError as error:
        raise Finding(f"cannot be read ({error.strerror}): check its permissions").error(
            path
        ) from error


def remember_digest(path: Path, algorithm: str, value: str) -> None:
    """Keep ``value`` as the digest of ``path`` as it is now."""
    with suppress(OSError):
        _remember(path, algorithm, value, path.stat())


def remembered_digest(path: Path, algorithm: str = "sha256") -> str | None:
    """The digest of ``path`` as it is now, as far as that is known without reading it whole."""
    try:
        note = decode(_Note, read_json_file(_note_path(path, algorithm), _LARGEST_NOTE))
        return note.digest if _seal(path, algorithm, note.digest) == note.seal else None
    except (OSError, FormatFault):
        return None  # never hashed here, or a damaged note


def _remember(path: Path, algorithm: str, value: str, status: os.stat_result) -> None:
    """Keep ``value``, unless somebody has written to the file since it had that status."""
    if not _tells_changes(status):
        return
    # A cache that cannot be written only costs time at the next call.
    with suppress(OSError, FormatFault, UsageError):
        note = _Note(value, _seal(path, algorithm, value))
        if _identity(path.stat()) != _identity(status):
            return
        with atomic_write(_note_path(path, algorithm)) as temporary:
            temporary.write_text(json.dumps(asdict(note)), encoding="utf-8")


def _tells_changes(status: os.stat_result) -> bool:
    """Whether a change of the file from now on would show in its times.

    Where they are told in whole seconds, another change right after the last one would not.
    """
    coarse = status.st_ctime_ns % _SECOND == 0
    return not coarse or time.time_ns() - status.st_ctime_ns > _COARSEST_TIMES


def _identity(status: os.stat_result) -> tuple[int, ...]:
    """What is another for another file, and for one that was written to."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _seal(path: Path, algorithm: str, value: str) -> str:
    """Digest of a file's digest, its place, its identity, and a sample of its content.

    Raises:
        FormatFault: ``value`` is no digest of that algorithm, or ``path`` no regular file.
        OSError: it is missing or must not be read.
    """
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    if not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value):
        raise FormatFault(f"holds no {algorithm} digest")
    with open_regular(path, sys.maxsize) as stream:
        status = os.fstat(stream.fileno())
        seal = hashlib.blake2b(_place(path), digest_size=32)
        seal.update(repr((algorithm, value, _identity(status))).encode())
        for start in _sample_starts(status.st_size, value):
            stream.seek(start)
            seal.update(stream.read(SAMPLE_BYTES))
    return seal.hexdigest()


def _sample_starts(size: int, seed: str) -> list[int]:
    """Where the blocks of the sample begin: the first, the last, and others drawn between."""
    last = size - SAMPLE_BYTES
    if size <= SAMPLES * SAMPLE_BYTES:
        return list(range(0, size, SAMPLE_BYTES))
    draw = random.Random(seed)  # noqa: S311 - spread, not secrecy
    return sorted([0, last, *(draw.randrange(last) for _ in range(SAMPLES - 2))])


def _place(path: Path) -> bytes:
    """The file's path, free of links, in the bytes that the system knows it by."""
    return os.fsencode(os.path.realpath(path))


def _note_path(path: Path, algorithm: str) -> Path:
    """One note a file, so that two processes never write the same one for different files."""
    name = path.stem if fault_of_name(path.stem) is None else "recording"
    key = hashlib.sha256(_place(path)).hexdigest()[:16]
    return cache_folder() / "digests" / f"{name}-{key}.{algorithm}.json"
