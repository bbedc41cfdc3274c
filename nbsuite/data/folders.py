"""Where recordings, twins and caches live on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from nbsuite.data.sessions import Session
from nbsuite.errors import UsageError
from nbsuite.twin_info import twin_variant

DATA_VARIABLE = "NBSUITE_DATA"
CACHE_VARIABLE = "NBSUITE_CACHE"


def with_home(path: Path) -> Path:
    """The path with the home folder in the place of a leading ``~`` or ``~user``.

    Raises:
        UsageError: that user has no home that is known here.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise UsageError(
            f"{path} begins with a home folder that is unknown: write the path out."
        ) from error


def data_folder(explicit: Path | None = None) -> Path:
    """The folder of recordings: ``explicit``, else ``NBSUITE_DATA``, else the platform's own.

    Raises:
        UsageError: ``NBSUITE_DATA`` begins with the home of a user who is not known here.
    """
    if explicit is not None:
        return explicit
    if named := os.environ.get(DATA_VARIABLE):
        return with_home(Path(named))
    return Path(platformdirs.user_data_dir("nbsuite", appauthor=False))


def cache_folder() -> Path:
    """The folder of everything that can be made again: ``NBSUITE_CACHE``, else the platform's.

    Raises:
        UsageError: ``NBSUITE_CACHE`` begins with the home of a user who is not known here.
    """
    if named := os.environ.get(CACHE_VARIABLE):
        return with_home(Path(named))
    return Path(platformdirs.user_cache_dir("nbsuite", appauthor=False))


def real_path(session: Session, folder: Path) -> Path:
    """Where the real recording of ``session`` lies, or would lie."""
    return folder / f"{session.name}{session.suffix}"


def twin_path(session: Session, folder: Path, *, fraction: float = 1.0, seed: int = 1) -> Path:
    """Where the twin of ``session`` lies, or would lie; every fraction and seed has its own."""
    return folder / "twins" / f"{session.name}-{twin_variant(seed, fraction)}.mat"
