"""Loaded recordings kept on disk, so that only the first load takes time.

An entry is a folder ``recordings/<key>/`` of the cache with ``spikes.npy``, ``labels.npy``,
``reaches.npy`` and ``meta.json``. The key is a digest of all that the arrays depend on, so that an
entry never is out of date; the entry carries it too, so that one in the place of another is not
taken for it. Checksums tell a damaged one, which is made again. Entries are written beside their
place and renamed, under a lock, so that processes that need the same one wait for the first of
them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from filelock import FileLock

from nbsuite.data.cache_meta import Meta, read_meta, write_meta
from nbsuite.data.finding import Finding
from nbsuite.data.loader import CHALLENGE_ARGUMENTS, LoadedArrays
from nbsuite.data.mapped_array import checksum, map_array

FORMAT_VERSION = 3
"""Version of the entries' layout, and of what our own code makes of NeuroBench's output."""

SPIKES, LABELS, REACHES, META = "spikes.npy", "labels.npy", "reaches.npy", "meta.json"


def entry_folder(cache: Path, digest: str) -> Path:
    """Where the recording of that file digest is kept in the cache; its name is the key."""
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
    """The entry in ``folder``, memory-mapped.

    None where it is not there, or damaged, or made for another folder.
    """
    try:
        meta = read_meta(folder / META)
        if meta.key != folder.name:
            return None
        packed = map_array(folder / SPIKES, np.dtype(np.uint8), (meta.steps, meta.bytes_a_step))
        labels = map_array(folder / LABELS, np.dtype(np.float32), (meta.steps, 2))
        reaches = map_array(folder / REACHES, np.dtype(np.int64), (meta.reaches,))
        if (packed.checksum, labels.checksum, reaches.checksum) != meta.checksums:
            return None
        return LoadedArrays(
            packed.array,
            labels.array,
            channels=meta.channels,
            ends=meta.ends,
            reaches=reaches.array,
            findings=tuple(Finding(text, grave=False) for text in meta.findings),
            twin=meta.twin,
        )
    except (OSError, ValueError):
        return None


def write_entry(folder: Path, loaded: LoadedArrays) -> None:
    """Write the entry, whole or not at all, in the place of whatever is there.

    Raises:
        OSError: the cache cannot be written, or the disk is full.
    """
    for left_over in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(left_over, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        np.save(temporary / SPIKES, loaded.packed)
        np.save(temporary / LABELS, loaded.labels)
        np.save(temporary / REACHES, loaded.reaches)
        meta = Meta(
            key=folder.name,
            channels=loaded.channels,
            steps=len(loaded.labels),
            ends=loaded.ends,
            reaches=len(loaded.reaches),
            findings=tuple(finding.predicate for finding in loaded.findings),
            twin=loaded.twin,
            checksums=(
                checksum(temporary / SPIKES),
                checksum(temporary / LABELS),
                checksum(temporary / REACHES),
            ),
        )
        write_meta(temporary / META, meta)
        _remove(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove(place: Path) -> None:
    """Remove what lies where an entry belongs: one that is damaged, or no folder at all."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    elif os.path.lexists(place):
        place.unlink()
