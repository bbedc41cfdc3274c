"""How far a study has come, from its files alone; without torch, so that it is there at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbsuite.sweep.study_folder import StudyFolder, epochs_done
from nbsuite.sweep.study_records import TaskEntry


@dataclass(frozen=True)
class TaskState:
    """How far a task has come.

    Attributes:
        task: its key.
        title: what it is.
        state: ``finished``, ``running``, ``interrupted``, ``failed`` or ``waiting``.
        epochs: epochs in its log.
        epochs_planned: epochs that it has, at most.
        failures: how often it failed since the study was last begun.
        log: the log of these failures.
    """

    task: str
    title: str
    state: str
    epochs: int
    epochs_planned: int
    failures: int
    log: str | None


def task_states(
    folder: StudyFolder, tasks: Sequence[TaskEntry], *, is_alive: bool
) -> list[TaskState]:
    """The state of each task, as the files tell."""
    marked = {mark.task for mark in folder.marks()}
    return [_task_state(folder, task, task.key in marked, is_alive) for task in tasks]


def _task_state(folder: StudyFolder, task: TaskEntry, marked: bool, is_alive: bool) -> TaskState:
    place, key = folder.root / task.folder, task.key
    failures, epochs = folder.count_failures(key), epochs_done(place)
    if marked and is_alive:
        state = "running"
    elif (place / task.proof).is_file():
        state = "finished"
    elif marked or (epochs and not failures):
        state = "interrupted"
    else:
        state = "failed" if failures else "waiting"
    log = str(folder.failures(key)) if failures else None
    return TaskState(key, task.title, state, epochs, task.epochs, failures, log)
