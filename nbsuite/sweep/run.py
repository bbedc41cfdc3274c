"""A study from its first task to its last, whatever happens to its workers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nbsuite.sweep.pool import Lost, Pool
from nbsuite.sweep.schedule import Schedule
from nbsuite.sweep.study_folder import StudyFolder, epochs_done
from nbsuite.sweep.worker import Call, Ended

TICK_SECONDS = 0.5
_SIGN_SECONDS = 5.0


@dataclass(frozen=True)
class Begun:
    """The workers are there.

    Attributes:
        schedule: the states of the tasks, which change from here on.
        dashboard: where the workers can be watched; empty where they cannot.
    """

    schedule: Schedule
    dashboard: str


@dataclass(frozen=True)
class TaskDone:
    """A task is finished.

    Attributes:
        key: the task's key.
        seconds: how long it took this time.
    """

    key: str
    seconds: float


@dataclass(frozen=True)
class TaskFailed:
    """An attempt at a task failed.

    Attributes:
        key: the task's key.
        error: what went wrong, in a sentence.
        again: whether it is tried again.
    """

    key: str
    error: str
    again: bool


@dataclass(frozen=True)
class Tick:
    """Time went by; comes every half second.

    Attributes:
        workers: how many workers there are at present.
    """

    workers: int


@dataclass(frozen=True)
class _Attempt:
    """An attempt at a task, and how many epochs it had before."""

    name: str
    epochs: int


Event = Begun | TaskDone | TaskFailed | Tick
Observer = Callable[[Event], None]


def run_schedule(
    schedule: Schedule,
    pool: Pool,
    folder: StudyFolder,
    priorities: Mapping[str, float],
    observer: Observer,
    where: str = "",
) -> None:
    """Run all tasks that can be run.

    Args:
        schedule: the tasks and what is finished of them; it is changed.
        pool: the workers.
        folder: the study's folder.
        priorities: tasks of higher ones are handed out first.
        observer: told of progress.
        where: where the workers can be watched, for the sign of life.

    Raises:
        TrainingError: the workers' scheduler is gone.
        OSError: the study's folder cannot be written, or the disk is full.
    """
    observer(Begun(schedule, where))
    todo = [key for key, state in schedule.states.items() if state != "finished"]
    folder.unmark(todo)
    folder.forget_failures(schedule.graph)
    attempts: dict[str, _Attempt] = {}
    signed = float("-inf")
    try:
        while True:
            if time.monotonic() - signed > _SIGN_SECONDS:
                folder.write_alive(where)
                signed = time.monotonic()
            for task in schedule.take_ready():
                attempt = _Attempt(uuid.uuid4().hex, epochs_done(task.folder))
                attempts[task.key] = attempt
                call = Call(task.key, attempt.name, task.work, task.folder, folder)
                pool.submit(call, priorities[task.key])
            if schedule.is_over:
                return
            for key, ended in pool.wait(TICK_SECONDS):
                observer(_take(schedule, folder, key, attempts[key], ended))
            observer(Tick(pool.workers()))
    finally:
        folder.end()


def _take(
    schedule: Schedule, folder: StudyFolder, key: str, attempt: _Attempt, ended: Ended | Lost
) -> Event:
    """Take up how an attempt ended."""
    if isinstance(ended, Lost):
        mark = folder.marked(key, attempt.name)
        done = epochs_done(schedule.graph[key].folder)
        where = "an unknown worker" if mark is None else f"{mark.host}, process {mark.process}"
        if mark is None:
            error = "its worker was killed or lost before it began"
            schedule.lose(key)
        elif done > attempt.epochs:
            error = f"its worker ({where}) was killed or lost after epoch {done}, which is kept"
            schedule.put_back(key)
        else:
            error = f"its worker ({where}) was killed or lost: was there enough memory?"
            schedule.fail(key)
        folder.unmark([key])
        folder.add_failure(key, where, error)
        return TaskFailed(key, error, again=schedule.states[key] == "waiting")
    if ended.error is not None:
        schedule.fail(key)
        return TaskFailed(key, ended.error, again=schedule.states[key] == "waiting")
    folder.forget_failures([key])
    schedule.finish(key)
    return TaskDone(key, ended.seconds)
