"""The linear decoder fitted to several sessions, each kept in a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbsuite.benchmarking.jobs import Job
from nbsuite.models.checkpoint import load_checkpoint, save_checkpoint
from nbsuite.observer import Observer, Remark, ignore
from nbsuite.tasks.locate import Source
from nbsuite.tasks.targets import load_target
from nbsuite.training.overrides import override_section
from nbsuite.training.ridge import MODEL, RidgeRecipe, train_ridge
from nbsuite.training.run_folder import WEIGHTS_NAME
from nbsuite.training.run_plan import recording_label


def fit_sessions(
    targets: Sequence[str],
    settings: Sequence[str],
    data: Source,
    data_dir: Path,
    folder: Path,
    observer: Observer = ignore,
) -> list[Job]:
    """Fit and save a decoder for each session.

    Args:
        targets: the sessions, by id, name or path.
        settings: settings in the place of the usual ones for a recording's step, ``key=value``.
        data: real recordings or twins.
        data_dir: the folder of recordings.
        folder: the folder of all runs.
        observer: told of progress, and of what each fit came to.

    Returns:
        The decoders, each with its recording.

    Raises:
        UsageError: a setting is unknown or impossible.
        DataError: a recording cannot be used, or is too short.
        OSError: the folder cannot be written, or the disk is full.
    """
    jobs = []
    for target in dict.fromkeys(targets):
        recording = load_target(target, data_dir, data, observer)
        usual = RidgeRecipe.usual(recording.task.step)
        fitted = train_ridge(recording, override_section(usual, MODEL, settings))
        path = folder / f"{MODEL}_{recording_label(recording)}" / WEIGHTS_NAME
        save_checkpoint(path, fitted.decoder, fitted.header)
        observer(
            Remark(
                f"{MODEL}: validation R2 {fitted.validation_r2:.3f} with a penalty of"
                f" {fitted.penalty:,.0f}, {path}"
            )
        )
        jobs.append(Job(load_checkpoint(path), recording))
    return jobs
