"""Loaded recordings kept on disk, so that only the first load takes time.

An entry is a folder ``recordings/<key>/`` of the cache with ``spikes.npy``, ``labels.npy`` and
``meta.json``. The key is made of all that the arrays depend on, so that an entry never is out of
date; checksums tell a damaged one, which is made again. Entries are written beside their place
and renamed, under a lock, so that processes that need the same one wait for the first of them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from nbsuite.data.finding import Finding
from nbsuite.data.loader import CHALLENGE_ARGUMENTS, LoadedArrays
from nbsuite.data.twin_info import TwinInfo

FORMAT_VERSION = 1
"""Version of the entries' layout, and of what our own code makes of NeuroBench's output."""

SPIKES, LABELS, META = "spikes.npy", "labels.npy", "meta.json"


def entry_folder(cache: Path, digest: str) -> Path:
    """Where the recording of that file digest is kept in the cache."""
    ingredients = {
        "digest": digest,
        "arguments": CHALLENGE_ARGUMENTS,
        "neurobench": version("neurobench"),
        "format": FORMAT_VERSION,
    }
    text = json.dumps(ingredients, sort_keys=True)
    return cache / "recordings" / hashlib.sha256(text.encode()).hexdigest()[:32]


def load_or_build(
    folder: Path, build: Callable[[], LoadedArrays]
) -> tuple[LoadedArrays, OSError | None]:
    """The entry in ``folder``, built first where it is not there or damaged.

    Args:
        folder: place of the entry.
        build: makes the arrays; the errors it raises pass through.

    Returns:
        The arrays, memory-mapped; and why they could not be kept, if so.
    """
    if (kept := read_entry(folder)) is not None:
        return kept, None
    built = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if (kept := read_entry(folder)) is not None:
                return kept, None
            built = build()
            write_entry(folder, built)
        return read_entry(folder) or built, None
    except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
        return built or build(), OSError(str(error))


def read_entry(folder: Path) -> LoadedArrays | None:
    """The entry in ``folder``, memory-mapped; None where it is not there, or damaged."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        content = meta["content"]
        if meta["checksum"] != _content_checksum(content):
            return None
        if _file_checksums(folder) != content["checksums"]:  # before NumPy parses any of it
            return None
        return LoadedArrays(
            np.load(folder / SPIKES, mmap_mode="r"),
            np.load(folder / LABELS, mmap_mode="r"),
            channels=content["channels"],
            ends=tuple(content["ends"]),
            findings=tuple(Finding(text, grave=False) for text in content["findings"]),
            twin=TwinInfo(**content["twin"]) if content["twin"] else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_entry(folder: Path, loaded: LoadedArrays) -> None:
    """Write the entry, whole or not at all, in the place of one that is there.

    Raises:
        OSError: the cache cannot be written, or the disk is full.
    """
    for left_over in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(left_over, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        np.save(temporary / SPIKES, loaded.packed)
        np.save(temporary / LABELS, loaded.labels)
        content = {
            "channels": loaded.channels,
            "ends": loaded.ends,
            "findings": [finding.predicate for finding in loaded.findings],
            "twin": asdict(loaded.twin) if loaded.twin else None,
            "checksums": _file_checksums(temporary),
        }
        meta = {"content": content, "checksum": _content_checksum(content)}
        (temporary / META).write_text(json.dumps(meta, indent=1), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _content_checksum(content: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def _file_checksums(folder: Path) -> list[int]:
    """CRC-32 of the array files, read without taking up memory."""
    return [zlib.crc32(np.memmap(folder / name, mode="r").data) for name in (SPIKES, LABELS)]
