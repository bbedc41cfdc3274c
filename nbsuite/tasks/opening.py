"""Opening a recording: its file read as its format asks, for the task that it belongs to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nbsuite.data.finding import Finding
from nbsuite.data.mat_recording import load_mat_recording
from nbsuite.data.own.header import is_own
from nbsuite.data.own_recording import load_own_recording
from nbsuite.data.recording import Recording
from nbsuite.data.sessions import Session
from nbsuite.tasks.known import TASKS
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
        return _of_known_task(load_own_recording(path))
    return load_mat_recording(
        path, PRIMATE_REACHING, session=session, cache=cache, use_cache=use_cache
    )


def _of_known_task(recording: Recording) -> Recording:
    """A recording in the format of one's own, as a session of its task where that is known.

    Raises:
        DataError: it says that it is of a task that it cannot be of.
    """
    own = recording.task
    known = TASKS.get(own.protocol)
    if known is None:
        return recording
    named = {session.name: session for session in known.every_session}
    session = named.get(recording.session.name)
    suffixes = {each.suffix for each in named.values()}
    if (known.step, known.outputs) != (own.step, own.outputs) or ".h5" not in suffixes:
        raise Finding(
            f"says that it is of the task {own.protocol}, whose recordings are of another form:"
            " import it again under another name"
        ).error(recording.path)
    if session is not None and session.channels != recording.channels:
        raise Finding(
            f"has {recording.channels} channels, where {session.label} has {session.channels}:"
            " it is another recording under this name, so rename it"
        ).error(recording.path)
    return replace(recording, task=known, session=session or recording.session)
