"""How far a study has come, from its files alone; without torch, so that it is there at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nbsuite.cli.frame import output
from nbsuite.errors import UsageError
from nbsuite.sweep.study_folder import StudyFolder, epochs_done, study_folder
from nbsuite.sweep.study_name import study_name
from nbsuite.sweep.study_records import SignOfLife, TaskEntry
from nbsuite.sweep.toml_file import Entries, read_toml
from nbsuite.untrusted.names import fault_of_name
from nbsuite.untrusted.text import one_line

_SILENT_SECONDS = 60


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


def print_status(study: Path, root: Path, *, as_json: bool) -> None:
    """Print how far a study has come.

    Raises:
        UsageError: the study file cannot be used.
        TrainingError: the study was not begun in that folder.
    """
    folder = study_folder(root, _name(study))
    tasks = folder.read_tasks()
    alive = folder.read_alive()
    if alive is not None and time.time() - alive.seen >= _SILENT_SECONDS:
        alive = None
    states = task_states(folder, tasks, is_alive=alive is not None)
    if as_json:
        sign = None if alive is None else asdict(alive)
        output.print_json({"alive": sign, "tasks": list(map(asdict, states))})
        return
    output.print_table(
        ["Task", "State", "Epochs", "Failures"],
        [
            [
                one_line(each.title),
                each.state,
                f"{each.epochs} / {each.epochs_planned}" if each.epochs_planned else "",
                f"{each.failures}, see {each.log}" if each.failures else "",
            ]
            for each in states
        ],
        title=f"Study {folder.path.name}: {_summary(states)}",
        caption=_caption(alive),
    )


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


def _name(study: Path) -> str:
    """The study's name: that in its file, or what was given where there is no file."""
    if study.suffix == ".toml" or study.exists():
        return study_name(Entries(read_toml(study), str(study)), study.stem)
    if (fault := fault_of_name(study.name)) is not None:
        raise UsageError(f"There is no study {fault}.")
    return study.name


def _summary(states: list[TaskState]) -> str:
    counts = Counter(each.state for each in states)
    return ", ".join(f"{number} {state}" for state, number in counts.items())


def _caption(alive: SignOfLife | None) -> str:
    if alive is None:
        return "Not at work: give the command `nbsuite sweep` to go on with what is not finished."
    where = f"; dashboard {one_line(alive.dashboard)}" if alive.dashboard else ""
    return f"At work: process {alive.process} on {one_line(alive.host)}{where}"
