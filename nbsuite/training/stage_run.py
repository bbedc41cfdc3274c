"""A stage, from its task to its folder: skipped, continued or begun as the folder demands.

Every stage ends with figures that are measured without dropout, decoding each stretch of each
recording as one sequence: ``train_r2`` on what was trained on, ``validation_r2`` on what was held
out, ``spikes_per_second`` of a hidden neuron there; and ``epochs`` and ``seconds`` of training.
Pruning adds ``sparsity`` and the search's ``trials``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbsuite.benchmarking.provenance import versions
from nbsuite.data.recording import Recording
from nbsuite.data.task import Task
from nbsuite.errors import TrainingError
from nbsuite.files import digest
from nbsuite.models.checkpoint import Checkpoint, CheckpointHeader, save_checkpoint
from nbsuite.models.training_data import UNTRAINED, TrainingData
from nbsuite.tasks.opened import OpenedRecordings
from nbsuite.training.observer import Observer, StageDone, ignore
from nbsuite.training.run_folder import (
    WEIGHTS_NAME,
    Identity,
    StageRecord,
    differences,
    exclusive,
    forget,
    read_record,
    require_files,
    require_same,
    write_record,
)
from nbsuite.training.run_state import STATE_NAME, RunState, load_state
from nbsuite.training.stage_task import StageTask
from nbsuite.training.stage_work import WORK, Outcome
from nbsuite.training.state_checks import require_possible
from nbsuite.training.training_run import TrainingRun

_DERIVED = ("prune", "half")
"""Stages whose parent lies in the same run: where it is new, they are old."""


_MOST_NAMED = 6
"""Recordings that a picture's title has room for."""


def run_stage(
    task: StageTask,
    folder: Path,
    observer: Observer = ignore,
    *,
    force: bool = False,
    parent: Checkpoint | None = None,
    opened: OpenedRecordings | None = None,
) -> Path:
    """Run a stage, continue it where it was interrupted, or do nothing where it is finished.

    Args:
        task: everything that the outcome depends on.
        folder: the stage's folder.
        observer: told of progress.
        force: give up what other settings made in the folder.
        parent: the task's parent, where it is loaded already; its file is not read again.
        opened: recordings that are open already.

    Returns:
        The stage's checkpoint.

    Raises:
        TrainingError: the folder was made with other settings or is in use, or training met
            what is not finite.
        CheckpointError: the parent is missing, damaged, or of another model.
        DataError: a recording cannot be used, or is too short.
        OSError: the folder cannot be written, or the disk is full.
    """
    recordings = task.load_recordings(opened or OpenedRecordings())
    parent = task.load_parent() if parent is None else parent
    identity = task.identity(recordings, None if parent is None else parent.digest)
    record, skipped = finished_record(folder, identity), True
    if record is None:
        with exclusive(folder), task.compute.limited():
            record = finished_record(folder, identity)  # another run may have finished it just now
            if record is None:
                state = _claim(task, folder, identity, force=force)
                record, skipped = _work(task, recordings, parent, folder, state, observer), False
    elif (folder / STATE_NAME).exists():  # of a run that was killed at its very end
        _remove_state(folder, identity)
    observer(StageDone(task.stage, folder, skipped, record.summary))
    return folder / WEIGHTS_NAME


def check_stage(task: StageTask, folder: Path, identity: Identity, *, force: bool = False) -> None:
    """Make sure, before anything runs, that the stage will not refuse its folder.

    Args:
        task: the stage.
        folder: its folder.
        identity: what its outcome will be made of, as far as it is known.
        force: whether what other settings made is to be given up.

    Raises:
        TrainingError: the folder was made with other settings, or holds what is damaged.
    """
    require_files(folder)
    for before in _identities(folder):
        if not force:
            _require_allowed(task, folder, before, identity)


def finished_record(folder: Path, identity: Identity) -> StageRecord | None:
    """The record of a stage that was finished with this identity; None where it was not.

    Raises:
        TrainingError: the record is damaged.
    """
    record = read_record(folder)
    return record if record is not None and record.identity == identity else None


def _identities(folder: Path) -> list[Identity]:
    """What the folder's contents were made of."""
    found = (read_record(folder), load_state(folder / STATE_NAME))
    return [each.identity for each in found if each is not None]


def _require_allowed(task: StageTask, folder: Path, before: Identity, now: Identity) -> None:
    """Refuse to give up what other settings made, unless it is merely out of date."""
    if task.stage in _DERIVED:
        before, now = ({**each, "parent": None} for each in (before, now))
    require_same(folder, before, now)


def _claim(task: StageTask, folder: Path, identity: Identity, *, force: bool) -> RunState:
    """The state to go on from, once the folder has nothing else in it."""
    for before in _identities(folder):
        if not force:
            _require_allowed(task, folder, before, identity)
        if differences(before, identity):
            forget(folder)
    state = load_state(folder / STATE_NAME)
    if state is None:
        return RunState(identity)
    require_possible(state, task, folder / STATE_NAME)
    return state


def _remove_state(folder: Path, identity: Identity) -> None:
    """Remove the state of a finished stage, unless another run is at work there or was since."""
    with suppress(TrainingError, OSError), exclusive(folder):
        if finished_record(folder, identity) is not None:
            (folder / STATE_NAME).unlink(missing_ok=True)


def _work(
    task: StageTask,
    recordings: Sequence[Recording],
    parent: Checkpoint | None,
    folder: Path,
    state: RunState,
    observer: Observer,
) -> StageRecord:
    """Run the stage and write its outcome, the record last."""
    outcome = WORK[task.stage](TrainingRun(task, recordings, folder, state, observer), parent)
    header = CheckpointHeader(
        task.spec,
        session=None if task.stage == "pretrain" else recordings[0].session.name,
        seed=task.seed,
        recipe=task.recipe.to_json(),
        trained_on=_trained_on(task, recordings, parent),
        task=recordings[0].task.protocol,
    )
    weights = folder / WEIGHTS_NAME
    save_checkpoint(weights, outcome.decoder, header)
    summary = _summary(outcome, state, recordings[0].task)
    _draw(task, recordings, folder, state, summary)
    record = StageRecord(state.identity, digest(weights), summary, versions())
    write_record(folder, record)
    (folder / STATE_NAME).unlink(missing_ok=True)
    return record


def _trained_on(
    task: StageTask, recordings: Sequence[Recording], parent: Checkpoint | None
) -> TrainingData:
    """What the outcome was trained on: what its parent was, and what this stage trained on."""
    before = UNTRAINED if parent is None else parent.header.trained_on
    return before if task.stage == "half" else before.followed_by(recordings)


def _summary(outcome: Outcome, state: RunState, of: Task) -> dict[str, Any]:
    return {
        "label_unit": of.label_unit,
        "epochs": len(state.lines),
        "seconds": round(sum(line["seconds"] for line in state.lines), 3),
        **outcome.figures,
    }


def _draw(
    task: StageTask,
    recordings: Sequence[Recording],
    folder: Path,
    state: RunState,
    summary: dict[str, Any],
) -> None:
    """Draw the curves of a stage that trained."""
    if not state.lines:
        return
    from nbsuite.pictures import save_picture  # matplotlib takes a second
    from nbsuite.plots_training import draw_pruning, draw_training

    names = ", ".join(recording.session.label for recording in recordings)
    if len(recordings) > _MOST_NAMED:
        names = f"{len(recordings)} recordings"
    title = f"{task.spec.name} seed {task.seed}, {task.stage} on {names}"
    twin = any(recording.twin for recording in recordings)
    loss = task.recipe.loss.name
    unit = recordings[0].task.label_unit
    curves = draw_training(state.lines, loss=loss, unit=unit, title=title, twin=twin)
    save_picture(folder / "curves.png", curves)
    if "trials" in summary:
        save_picture(folder / "pruning.png", draw_pruning(summary, title=title, twin=twin))
