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

import json
import os
import socket
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbsuite.errors import TrainingError
from nbsuite.files import atomic_write
from nbsuite.sweep.graph import Graph

FOLDER_NAME = "studies"
_HEADING = "=== "


@dataclass(frozen=True)
class Mark:
    """That a worker is at work on a task.

    Attributes:
        task: the task's key.
        attempt: what tells the attempt from others.
        host: the worker's machine.
        process: its process there.
        begun: when it began, in seconds since 1970.
    """

    task: str
    attempt: str
    host: str
    process: int
    begun: float


@dataclass(frozen=True)
class StudyFolder:
    """A study's folder.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def results(self) -> Path:
        """Where results go."""
        return self.path / "results"

    def mark(self, key: str, attempt: str) -> Path:
        """Say that this process is at work on a task; returns the file that says so."""
        path = self.path / "running" / f"{_file_name(key)}.json"
        mark = Mark(key, attempt, socket.gethostname(), os.getpid(), time.time())
        _write_json(path, asdict(mark))
        return path

    def marks(self) -> list[Mark]:
        """What workers are, or were when they were killed, at work on."""
        read = (_read_json(path) for path in sorted((self.path / "running").glob("*.json")))
        return [Mark(**content) for content in read if content is not None]

    def marked(self, key: str, attempt: str) -> Mark | None:
        """The mark of an attempt, if it had begun and did not end."""
        content = _read_json(self.path / "running" / f"{_file_name(key)}.json")
        mark = None if content is None else Mark(**content)
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
        try:
            text = self.failures(key).read_text(encoding="utf-8")
        except OSError:
            return 0
        return sum(line.startswith(_HEADING) for line in text.splitlines())

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
                "folder": str(task.folder),
                "proof": task.proof,
                "parents": list(task.parents),
                "epochs": task.effort.epochs,
            }
            for task in graph.values()
        ]
        _write_json(self.path / "tasks.json", {"tasks": tasks})

    def read_tasks(self) -> list[dict[str, Any]]:
        """The tasks as they were written down.

        Raises:
            TrainingError: the study was not begun here, or the file is damaged.
        """
        content = _read_json(self.path / "tasks.json")
        if content is None:
            raise TrainingError(
                f"{self.path} tells of no study: begin it with `nbsuite sweep`, or name the folder"
                " of all runs with --output."
            )
        tasks: list[dict[str, Any]] = content["tasks"]
        return tasks

    def write_alive(self, where: str) -> None:
        """Give a sign of life."""
        alive = {"host": socket.gethostname(), "process": os.getpid(), "dashboard": where}
        _write_json(self.path / "alive.json", {**alive, "seen": time.time()})

    def read_alive(self) -> dict[str, Any] | None:
        """The last sign of life; None where the study is not being run."""
        alive: dict[str, Any] | None = _read_json(self.path / "alive.json")
        return alive

    def end(self) -> None:
        """Say that the study is not being run any more."""
        (self.path / "alive.json").unlink(missing_ok=True)


def study_folder(root: Path, name: str) -> StudyFolder:
    """The folder of a study below the folder of all runs."""
    return StudyFolder(root.absolute() / FOLDER_NAME / name)


def epochs_done(folder: Path) -> int:
    """Epochs in the log of a stage; 0 where there is none."""
    try:
        return (folder / "log.jsonl").read_bytes().count(b"\n")
    except OSError:
        return 0


def _file_name(key: str) -> str:
    return key.replace("/", "_")


def _write_json(path: Path, content: Any) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _read_json(path: Path) -> Any:
    """The content of a file; None where it is not there or not whole."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
