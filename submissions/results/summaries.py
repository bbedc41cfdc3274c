"""Summaries of results: one a model, with the means over seeds by session and over sessions.

That is what the IEEE BioCAS 2024 Grand Challenge asked for. Twins have a summary of their own, and
so does every task but the challenge's: no mean is over two of them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from nbsuite.errors import ResultsError
from nbsuite.submissions.results.challenge import METRICS, provenance_path
from nbsuite.submissions.results.names import (
    SUMMARY_PREFIX,
    check_inside,
    model_and_recording,
    results_in,
)
from nbsuite.submissions.results.protocols import CHALLENGE_TASK, task_of
from nbsuite.submissions.results.schema import read_json, read_object, write_json
from nbsuite.twin_info import TWIN_MARK
from nbsuite.twin_labels import kinds_of

AVERAGE = "average"
"""What a summary calls the means over its sessions."""

Means = dict[str, float]


def summary_path(folder: Path, model: str, *, twin: bool, task: str = CHALLENGE_TASK) -> Path:
    """Where the summary of a model is written; twins, and every other task, have their own."""
    of_task = "" if task == CHALLENGE_TASK else f"_{task.replace('/', '-')}"
    return folder / f"{SUMMARY_PREFIX}{model}{of_task}{TWIN_MARK if twin else ''}.json"


def check_summary(
    folder: Path,
    model: str,
    recordings: Collection[str],
    *,
    twin: bool,
    task: str = CHALLENGE_TASK,
    force: bool,
) -> None:
    """Make sure that a summary can be written once there are new results, and loses nothing.

    Args:
        folder: the folder of results.
        model: the model.
        recordings: those on which there will be new results.
        twin: whether these are twins.
        task: the task that they belong to.
        force: replace a summary that tells of results which are not there.

    Raises:
        ResultsError: other results of the folder are damaged, or the summary there is or tells of
            results that are not there.
    """
    others = _results_of(folder, model, twin=twin, task=task)
    for recording, results in others.items():
        if recording not in recordings:
            read_json(results, "results")
    path = summary_path(folder, model, twin=twin, task=task)
    if force or not os.path.lexists(path):
        return
    for recording in read_json(path, "summary"):
        if recording not in {*recordings, *others, AVERAGE}:
            raise ResultsError(
                f"{path} tells of results on {recording} that are not in the folder, and is kept;"
                " replace it with --force, or choose another folder with --output."
            )


def means(results: Mapping[str, Sequence[float]]) -> Means:
    """Mean of each figure of the challenge over seeds."""
    return {metric: fmean(results[metric]) for metric in METRICS}


def summarise(by_session: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Means]:
    """Summary in challenge format: means over seeds by session, and over sessions ``average``."""
    summary = {session: means(results) for session, results in by_session.items()}
    summary[AVERAGE] = {
        metric: fmean(session[metric] for session in summary.values()) for metric in METRICS
    }
    return summary


def write_summary(folder: Path, model: str, *, twin: bool, task: str = CHALLENGE_TASK) -> Path:
    """Write the summary over all results of a model under a task in a folder, twins or real ones.

    Raises:
        ResultsError: there are none, or a results file in the folder is damaged.
        OSError: the folder cannot be written, or the disk is full.
    """
    found = _results_of(folder, model, twin=twin, task=task)
    if not found:
        raise ResultsError(
            f"{folder} holds no results of {model} on {kinds_of(twins=twin)}; measure it first."
        )
    by_session = {recording: read_json(path, "results") for recording, path in found.items()}
    path = summary_path(folder, model, twin=twin, task=task)
    check_inside(path)
    write_json(path, summarise(by_session), "summary")
    return path


def _results_of(folder: Path, model: str, *, twin: bool, task: str) -> dict[str, Path]:
    """Recording to results file of a model; those on twins are marked by their names."""
    prefix = f"results_{model}_"
    found = {}
    for path in results_in(folder):
        recording = path.stem.removeprefix(prefix)
        if path.name.startswith(prefix) and (TWIN_MARK in recording) == twin:
            provenance = _provenance_told(path)
            named = model_and_recording(path, provenance)
            if task_of(provenance) == task and (named is None or named[0] == model):
                found[recording] = path
    return found


def _provenance_told(results: Path) -> Mapping[str, object]:
    """What lies beside results; nothing where that cannot be read."""
    try:
        return read_object(provenance_path(results))
    except (ResultsError, OSError):
        return {}
