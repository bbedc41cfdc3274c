"""A study's folder: what is known of it while it runs and after, in files.

================== ==========================================================================
``tasks.json``     the tasks and their order, as last begun
``alive.json``     where it is being run, and the last sign of life
``running/*.json`` what workers are at work on; left behind by a worker that was killed
``failures/*.log`` what went wrong, by task: every failure with its traceback
``results/``       challenge-format results and tables, by variant where there are several
================== ==========================================================================

Outcomes lie elsewhere, in the tasks' own folders, and no decision rests on the files here but one:
a lost worker's task had begun, and so counts as failed, where ``running`` says so.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from nbsuite.errors import TrainingError
from nbsuite.sweep.graph import Graph
from nbsuite.sweep.study_records import (
    Mark,
    SignOfLife,
    TaskEntry,
    TaskList,
    lines_of,
    read_if_whole,
    write_json,
)
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.json_text import read_json_file
from nbsuite.untrusted.names import inside

FOLDER_NAME = "studies"
_HEADING = "=== "
_LARGEST_TASKS = 256 << 20


@dataclass(frozen=True)
class StudyFolder:
    """A study's folder.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def root(self) -> Path:
        """The folder of all runs."""
        return self.path.parents[1]

    @property
    def results(self) -> Path:
        """Where results go."""
        return self.path / "results"

    def mark(self, key: str, attempt: str) -> Path:
        """Say that this process is at work on a task; returns the file that says so."""
        path = self.path / "running" / f"{_file_name(key)}.json"
        mark = Mark(key, attempt, socket.gethostname(), os.getpid(), time.time())
        write_json(path, asdict(mark))
        return path

    def marks(self) -> list[Mark]:
        """What workers are, or were when they were killed, at work on."""
        read = (
            read_if_whole(Mark, path) for path in sorted((self.path / "running").glob("*.json"))
        )
        return [mark for mark in read if mark is not None]

    def marked(self, key: str, attempt: str) -> Mark | None:
        """The mark of an attempt, if it had begun and did not end."""
        mark = read_if_whole(Mark, self.path / "running" / f"{_file_name(key)}.json")
        return mark if mark is not None and mark.attempt == attempt else None

    def unmark(self, keys: Iterable[str]) -> None:
        """Forget that tasks were being worked on."""
        for key in keys:
            (self.path / "running" / f"{_file_name(key)}.json").unlink(missing_ok=True)

    def failures(self, key: str) -> Path:
        """The log of a task's failures; it is not there where there were none."""
        return self.path / "failures" / f"{_file_name(key)}.log"

    def add_failure(self, key: str, where: str, text: str) -> None:
        """Add a failure to a task's log."""
        path = self.failures(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        moment = time.strftime("%Y-%m-%d %H:%M:%S %z")
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{_HEADING}{moment}, {key} on {where}\n{text.rstrip()}\n")

    def count_failures(self, key: str) -> int:
        """How many failures a task's log tells of."""
        begins = _HEADING.encode()
        return sum(line.startswith(begins) for line in lines_of(self.failures(key)))

    def forget_failures(self, keys: Iterable[str]) -> None:
        """Remove the logs of tasks that are to be tried anew."""
        for key in keys:
            self.failures(key).unlink(missing_ok=True)

    def write_tasks(self, graph: Graph) -> None:
        """Write down the tasks."""
        tasks = [
            {
                "key": task.key,
                "title": task.title,
                "folder": str(task.folder.relative_to(self.root)),
                "proof": task.proof,
                "parents": list(task.parents),
                "epochs": task.effort.epochs,
            }
            for task in graph.values()
        ]
        write_json(self.path / "tasks.json", {"tasks": tasks})

    def read_tasks(self) -> tuple[TaskEntry, ...]:
        """The tasks as they were written down.

        Raises:
            TrainingError: the study was not begun here, or the file is damaged.
        """
        path = self.path / "tasks.json"
        try:
            tasks = decode(TaskList, read_json_file(path, _LARGEST_TASKS)).tasks
            for task in tasks:
                inside(self.root, task.folder)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise TrainingError(
                f"{self.path} tells of no study: begin it with `nbsuite sweep`, or name the folder"
                " of all runs with --output."
            ) from error
        except FormatFault as error:
            raise TrainingError(
                f"{path} {error}: give the command `nbsuite sweep` again, which writes it anew."
            ) from error
        return tasks

    def write_alive(self, where: str) -> None:
        """Give a sign of life."""
        sign = SignOfLife(socket.gethostname(), os.getpid(), where, time.time())
        write_json(self.path / "alive.json", asdict(sign))

    def read_alive(self) -> SignOfLife | None:
        """The last sign of life; None where the study is not being run."""
        return read_if_whole(SignOfLife, self.path / "alive.json")

    def end(self) -> None:
        """Say that the study is not being run any more."""
        (self.path / "alive.json").unlink(missing_ok=True)


def study_folder(root: Path, name: str) -> StudyFolder:
    """The folder of a study below the folder of all runs."""
    return StudyFolder(root.absolute() / FOLDER_NAME / name)


def epochs_done(folder: Path) -> int:
    """Epochs in the log of a stage; 0 where there is none."""
    return sum(line.endswith(b"\n") for line in lines_of(folder / "log.jsonl"))


def _file_name(key: str) -> str:
    return key.replace("/", "_")
