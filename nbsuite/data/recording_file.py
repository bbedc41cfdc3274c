"""A recording's file from outside: whether it can be opened, and how to come by a sound one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from nbsuite.data.finding import Finding
from nbsuite.data.sessions import PUBLIC_SESSIONS, Session


def session_named(path: Path) -> Session | None:
    """The public session whose published file name ``path`` has, if any."""
    return next((session for session in PUBLIC_SESSIONS if session.name == path.stem), None)


def remedy(path: Path) -> str:
    """How to come by a sound file in the place of ``path``."""
    if (session := session_named(path)) is not None:
        return f"fetch it again with `nbsuite data fetch {session.label}`"
    if path.parent.name == "twins":
        return "delete it, and its twin is generated again when needed"
    return "copy it again, or name another recording"


def require_file(path: Path) -> None:
    """Check that there is something to open.

    Raises:
        DataError: ``path`` is missing, a folder, a device or a pipe, empty, or not readable.
    """
    try:
        status = path.stat()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null byte
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
        reason = getattr(error, "strerror", None) or error
        fault = "does not exist" if missing else f"cannot be reached ({reason})"
        way = remedy(path)
        if missing and path.parent.name == "twins":
            way = "generate it with `nbsuite data twin`"
        raise Finding(f"{fault}: check the path, or {way}").error(path) from error
    if stat.S_ISDIR(status.st_mode):
        raise Finding("is a folder: name the recording's file in it").error(path)
    if not stat.S_ISREG(status.st_mode):  # to open a pipe would be to wait for a writer
        raise Finding(f"is no regular file: {remedy(path)}").error(path)
    if status.st_size == 0:
        raise Finding(f"is empty: {remedy(path)}").error(path)
    if not os.access(path, os.R_OK):
        raise Finding("must not be read: check its permissions").error(path)
