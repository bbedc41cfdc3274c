"""Recordings by the name of a session or by a path."""

from __future__ import annotations

import os
from pathlib import Path

from nbsuite.data.folders import data_folder, with_home
from nbsuite.data.recording import Recording
from nbsuite.errors import UsageError
from nbsuite.named_code import with_article
from nbsuite.observer import Observer, ignore
from nbsuite.tasks.locate import Source
from nbsuite.tasks.targets import load_target


def load_recording(
    recording: str | os.PathLike[str] | Recording,
    *,
    data: Source = "auto",
    data_dir: str | os.PathLike[str] | None = None,
) -> Recording:
    """Load a recording; a session that is not on this disk is replaced by its synthetic twin.

    Args:
        recording: a session's id or name such as ``I1``, or a file of any format that nbsuite
            reads; a recording that is loaded already is returned.
        data: ``real`` for the real recording of a session, ``twin`` for its twin, ``auto`` for the
            real one where it is there.
        data_dir: the folder of recordings, by default the platform's.

    Raises:
        UsageError: there is no such session.
        DataError: the recording is not there, or cannot be used.
    """
    return opened(recording, data, data_dir)


def opened(
    recording: str | os.PathLike[str] | Recording,
    data: Source,
    data_dir: str | os.PathLike[str] | None,
    observer: Observer = ignore,
) -> Recording:
    """As :func:`load_recording`, told to an observer."""
    if isinstance(recording, Recording):
        return recording
    return load_target(name_of(recording), folder_of(data_dir), data, observer)


def name_of(recording: object) -> str:
    """The session's name or the path that stands for a recording.

    Raises:
        UsageError: it is neither.
    """
    if not isinstance(recording, str | os.PathLike):
        raise UsageError(
            "A recording is the name of a session such as 'I1', a path, or a recording that is"
            f" loaded, not {with_article(recording)}; nbsuite.Recording.from_arrays makes one of"
            " arrays."
        )
    return os.fspath(recording)


def folder_of(data_dir: str | os.PathLike[str] | None) -> Path:
    """The folder of recordings: the one named, or the default."""
    return data_folder(None if data_dir is None else with_home(Path(data_dir)))
