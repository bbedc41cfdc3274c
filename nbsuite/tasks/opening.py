"""Opening a recording: its file read as its format asks, for the task that it belongs to."""

from __future__ import annotations

from pathlib import Path

from nbsuite.data.mat_recording import load_mat_recording
from nbsuite.data.own.header import is_own
from nbsuite.data.own_recording import load_own_recording
from nbsuite.data.recording import Recording
from nbsuite.data.sessions import Session
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING


def load_recording(
    path: Path,
    *,
    session: Session | None = None,
    cache: Path | None = None,
    use_cache: bool = True,
) -> Recording:
    """Load a recording: of the public sessions' format, or one's own.

    Args:
        path: the recording's file.
        session: the session it is expected to be of; without it, the file name tells. A file of
            one's own says by itself what it is of.
        cache: the cache's folder, by default the user's.
        use_cache: False loads anew and keeps nothing.

    Raises:
        DataError: the file is missing, damaged, not of the format, or not what its name says.
    """
    if is_own(path):
        return load_own_recording(path)
    return load_mat_recording(
        path, PRIMATE_REACHING, session=session, cache=cache, use_cache=use_cache
    )
