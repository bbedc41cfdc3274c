"""Opening a recording: its file read as its format asks, for the task that it belongs to."""

from __future__ import annotations

from pathlib import Path

from nbsuite.data.mat_recording import load_mat_recording
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
    """Load a recording, or what was kept of doing so.

    Args:
        path: the recording's file.
        session: the session it is expected to be of; without it, the file name tells.
        cache: the cache's folder, by default the user's.
        use_cache: False loads anew and keeps nothing.

    Raises:
        DataError: the file is missing, damaged, not of the format, or not what its name says.
    """
    return load_mat_recording(
        path, PRIMATE_REACHING, session=session, cache=cache, use_cache=use_cache
    )
