"""Recordings that are opened once and handed on."""

from __future__ import annotations

from pathlib import Path

from nbsuite.data.recording import Recording
from nbsuite.data.sessions import Session
from nbsuite.tasks.locate import Location
from nbsuite.tasks.opening import load_recording


class OpenedRecordings:
    """The recordings of a run or a study, each opened when it is first asked for.

    To open one means to find its digest, to map what is kept of it and to verify that: much for
    what every stage of every seed needs. What is open stays as it was, whatever becomes of its
    file.
    """

    def __init__(self) -> None:
        self._opened: dict[tuple[Path, Session | None], Recording] = {}

    def add(self, recording: Recording) -> None:
        """Keep a recording that somebody has opened; its file is taken for that session's."""
        for session in (recording.session, None):
            self._opened[recording.path, session] = recording

    def load(self, location: Location) -> Recording:
        """The recording there.

        Raises:
            DataError: as `load_recording`.
        """
        key = (location.path, location.session)
        if key not in self._opened:
            self.add(load_recording(location.path, session=location.session))
        return self._opened[key]
