"""Which file is meant by a session's name, or by a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nbsuite.data.folders import real_path, with_home
from nbsuite.data.recording_file import require_file, session_named
from nbsuite.data.sessions import PUBLIC_SESSIONS, Session
from nbsuite.errors import DataError
from nbsuite.tasks.known import find_session, means_a_path

Source = Literal["auto", "real", "twin"]


@dataclass(frozen=True)
class Location:
    """A recording's file.

    Attributes:
        path: the file, which exists.
        session: the session asked for; for a path, the public session of that name, if any.
        twin: whether it is the session's twin; None for a path, whose content tells.
    """

    path: Path
    session: Session | None
    twin: bool | None


def locate(
    target: str,
    folder: Path,
    source: Source = "auto",
    progress: Callable[[str, float], None] | None = None,
) -> Location:
    """Find the recording that ``target`` means.

    Args:
        target: a session's id or name, or a path to any file of the format.
        folder: the folder of recordings.
        source: ``real`` for the real recording, ``twin`` for its full-length twin, ``auto`` for
            the real one where it is there and otherwise the twin. Of no effect on a path.
        progress: told the stage and fraction done when a twin has to be generated.

    Raises:
        UsageError: there is no such session, or no such home folder.
        DataError: the real recording, or the file of that path, is not there or empty.
    """
    if means_a_path(target):
        path = with_home(Path(target))
        require_file(path)
        return Location(path, session_named(path), twin=None)
    session = find_session(target)
    path = real_path(session, folder)
    if session not in PUBLIC_SESSIONS and (source == "twin" or not path.exists()):
        if source == "twin":
            raise DataError(f"{session.label} has no twin: leave out --data twin.")
        raise DataError(f"{path}, the recording of {session.label}, is not there: put it there.")
    if source == "real" and not path.exists():
        raise DataError(
            f"{path}, the real recording of {session.label}, is not there: fetch it with"
            f" `nbsuite data fetch {session.label}`, or use its twin with `--data twin`."
        )
    if source == "twin" or not path.exists():
        from nbsuite.data.twins.generate import ensure_twin  # the generator takes a while to import

        twin = ensure_twin(session, folder, progress=progress)
        return Location(twin, session, twin=True)
    return Location(path, session, twin=False)
