"""Whether the recording on this disk is the published one."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path

from nbsuite.data.digests import file_digest, remembered_digest
from nbsuite.data.fetch.zenodo import base_url, known_md5
from nbsuite.data.folders import real_path
from nbsuite.data.sessions import Session


class FileState(Enum):
    """What is known of a real recording; the value says it to people."""

    MISSING = "missing"
    NOT_VERIFIED = "present, not verified"
    VERIFIED = "verified"
    UNKNOWN_DIGEST = "present, published md5 not known here"
    MISMATCH = "md5 differs from the published one"


def verify(
    session: Session, folder: Path, *, progress: Callable[[int], None] | None = None
) -> FileState:
    """Hash the recording and compare; never asks the network.

    Args:
        session: the session; the published md5 of one outside the challenge is known once any
            session has been fetched here.
        folder: the folder of recordings.
        progress: receives the size of each block read.
    """
    path = real_path(session, folder)
    if path.is_file() and known_md5(session, base_url()) is not None:
        file_digest(path, "md5", progress)
    return remembered_state(session, folder)


def remembered_state(session: Session, folder: Path) -> FileState:
    """What is known of the recording without reading it: fast enough for a listing."""
    path = real_path(session, folder)
    if not path.is_file():
        return FileState.MISSING
    published = known_md5(session, base_url())
    if published is None:
        return FileState.UNKNOWN_DIGEST
    md5 = remembered_digest(path, "md5")
    if md5 is None:
        return FileState.NOT_VERIFIED
    return FileState.VERIFIED if md5 == published else FileState.MISMATCH
