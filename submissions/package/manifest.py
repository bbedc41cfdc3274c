"""The manifest of a submission package: digests of all other files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path

import nbsuite
from nbsuite.errors import PackageError
from nbsuite.files import digest
from nbsuite.protocol import EARLIEST_PROTOCOL
from nbsuite.submissions.package.json import read_json
from nbsuite.submissions.package.layout import FORMAT, MANIFEST
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING


def make_manifest(folder: Path, names: Iterable[str]) -> str:
    """The manifest of files in a folder."""
    content = {
        "format": FORMAT,
        "nbsuite": nbsuite.__version__,
        "task": PRIMATE_REACHING.protocol,
        "files": {
            name: {"sha256": digest(folder / name), "bytes": (folder / name).stat().st_size}
            for name in sorted(names)
        },
    }
    return json.dumps(content, indent=2) + "\n"


def check_manifest(folder: Path, names: Collection[str]) -> str:
    """Hold the files of an unpacked package against its manifest.

    Args:
        folder: where it was unpacked.
        names: the files in it.

    Returns:
        The version of nbsuite that packed it.

    Raises:
        PackageError: names the file that is missing, unexpected or changed.
    """
    if MANIFEST not in names:
        raise PackageError(f"{MANIFEST} is missing.")
    manifest = read_json(folder / MANIFEST, MANIFEST, "manifest")
    if manifest["format"] != FORMAT:
        raise PackageError(
            f"it has format {manifest['format']}, where this nbsuite reads format {FORMAT}."
        )
    if (task := manifest.get("task", EARLIEST_PROTOCOL)) != PRIMATE_REACHING.protocol:
        raise PackageError(
            f"it is of the task {task!a}, where packages are of {PRIMATE_REACHING.protocol}."
        )
    listed = manifest["files"]
    if unlisted := sorted(set(names) - set(listed) - {MANIFEST}):
        raise PackageError(f"{unlisted[0]} is not listed in {MANIFEST}.")
    for name, entry in listed.items():
        if name not in names:
            raise PackageError(f"{name[:200]!a} is listed in {MANIFEST}, but missing.")
        path = folder / name
        if path.stat().st_size != entry["bytes"] or digest(path) != entry["sha256"]:
            raise PackageError(f"{name} was changed: its digest is not that of {MANIFEST}.")
    version: str = manifest["nbsuite"]
    return version
