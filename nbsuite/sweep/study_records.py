"""What the files in a study's folder say, each a dataclass, and how they are written and read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from nbsuite.files import atomic_write
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.files import open_regular
from nbsuite.untrusted.json_text import read_json_file

_LONGEST_KEY = 300
_LARGEST_RECORD = 64 << 10
_LARGEST_LOG = 1 << 30
_LONGEST_PIECE = 1 << 20

Record = TypeVar("Record")


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
class SignOfLife:
    """That a study is being run.

    Attributes:
        host: on which machine.
        process: its process there.
        dashboard: where the workers can be watched; empty where they cannot.
        seen: when it was last seen, in seconds since 1970.
    """

    host: str
    process: int
    dashboard: str
    seen: float


@dataclass(frozen=True)
class TaskEntry:
    """A task as it is written down.

    Attributes:
        key: the task's key, ``kind/name``.
        title: what it is, for people.
        folder: where its outcome goes, below the folder of all runs.
        proof: the file there that is written last.
        parents: keys of the tasks that it waits for.
        epochs: epochs that it has, at most.
    """

    key: str
    title: str
    folder: str
    proof: str
    parents: tuple[str, ...]
    epochs: int

    def __post_init__(self) -> None:
        """Make sure that it can be one.

        Raises:
            ValueError: a field is impossible.
        """
        if not self.key.isprintable() or not 0 < len(self.key) <= _LONGEST_KEY:
            raise ValueError("the key of a task is impossible")
        if Path(self.proof).name != self.proof or not self.proof.isprintable():
            raise ValueError("the proof of a task is no file in its folder")
        if self.epochs < 0:
            raise ValueError("a task has fewer than 0 epochs")


@dataclass(frozen=True)
class TaskList:
    """The tasks of a study as they are written down.

    Attributes:
        tasks: each after its parents.
    """

    tasks: tuple[TaskEntry, ...]


def write_json(path: Path, content: Any) -> None:
    """Write a file, whole or not at all.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_if_whole(cls: type[Record], path: Path) -> Record | None:
    """What a file says; None where it is not there, or not whole: no decision rests on it."""
    try:
        return decode(cls, read_json_file(path, _LARGEST_RECORD))
    except (OSError, FormatFault):
        return None


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a file, long ones in pieces; none of one that cannot be read."""
    try:
        with open_regular(path, _LARGEST_LOG) as stream:
            while line := stream.readline(_LONGEST_PIECE):
                yield line
    except (OSError, FormatFault):
        return
