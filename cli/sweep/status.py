"""What ``nbsuite sweep status`` prints; without torch, so that it is there at once."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from nbsuite.cli.frame import output
from nbsuite.errors import UsageError
from nbsuite.sweep.status import TaskState, task_states
from nbsuite.sweep.study_folder import study_folder
from nbsuite.sweep.study_name import study_name
from nbsuite.sweep.study_records import SignOfLife
from nbsuite.sweep.toml_file import Entries, read_toml
from nbsuite.untrusted.names import fault_of_name
from nbsuite.untrusted.text import one_line

_SILENT_SECONDS = 60


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
