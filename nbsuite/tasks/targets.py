"""The recording that a session's name or a path means, opened, and what there is to say of it."""

from __future__ import annotations

from pathlib import Path

from nbsuite.data.recording import Recording
from nbsuite.observer import Observer, Remark, ignore, stage_reporter
from nbsuite.tasks.known import means_a_path
from nbsuite.tasks.locate import Source, locate
from nbsuite.tasks.opening import load_recording
from nbsuite.twin_labels import recording_meant, recording_of


def load_target(
    target: str, data_dir: Path, data: Source = "auto", observer: Observer = ignore
) -> Recording:
    """Load the recording that a session's name or a path means, and say which data it is.

    Args:
        target: a session's id or name, or a path.
        data_dir: the folder of recordings.
        data: real recordings or twins, see ``locate``.
        observer: told of progress, of which data it is and of its faults.

    Raises:
        UsageError, DataError: as `locate` and `load_recording`.
    """
    report = stage_reporter(observer)
    location = locate(target, data_dir, data, report)
    report(f"Loading {location.path.name}", 0.0)
    recording = load_recording(location.path, session=location.session)
    if means_a_path(target):
        kind = recording_of(recording.session.label, twin=recording.twin is not None)
        observer(Remark(f"{target}: {kind}"))
    else:
        kind = recording_meant(twin=recording.twin is not None)
        observer(Remark(f"{target}: {kind}, {location.path}"))
    for warning in recording.warnings:
        observer(Remark(f"Warning: {warning}"))
    return recording
