"""Where recordings, twins and caches live on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from nbsuite.data.twin_info import TWIN_MARK
from nbsuite.sessions import Session

DATA_VARIABLE = "NBSUITE_DATA"
CACHE_VARIABLE = "NBSUITE_CACHE"


def data_folder(explicit: Path | None = None) -> Path:
    """The folder of recordings: ``explicit``, else ``NBSUITE_DATA``, else the platform's own."""
    if explicit is not None:
        return explicit
    if named := os.environ.get(DATA_VARIABLE):
        return Path(named).expanduser()
    return Path(platformdirs.user_data_dir("nbsuite", appauthor=False))


def cache_folder() -> Path:
    """The folder of everything that can be made again: ``NBSUITE_CACHE``, else the platform's."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).expanduser()
    return Path(platformdirs.user_cache_dir("nbsuite", appauthor=False))


def real_path(session: Session, folder: Path) -> Path:
    """Where the real recording of ``session`` lies, or would lie."""
    return folder / f"{session.name}.mat"


def twin_path(session: Session, folder: Path, *, fraction: float = 1.0, seed: int = 1) -> Path:
    """Where the twin of ``session`` lies, or would lie; every fraction and seed has its own."""
    length = "" if fraction == 1.0 else f"-fraction{fraction:g}"
    return folder / "twins" / f"{session.name}{TWIN_MARK}-seed{seed}{length}.mat"
