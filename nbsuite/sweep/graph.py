"""Tasks and what they wait for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Work(Protocol):
    """What a task does: an object that another process can be sent."""

    def __call__(self) -> None:
        """Do it; what was begun by a process that was killed is gone on with."""

    def is_finished(self) -> bool:
        """Whether its outcome is on disk, and made of what it is to be made of."""


@dataclass(frozen=True)
class Effort:
    """What the time of a task depends on.

    Attributes:
        model: the decoder's name.
        samples: time steps times windows (or 1) that it computes in all.
        epochs: epochs that it has, at most; 0 where it does not train.
        rate: time steps a second that one core should train of the decoder; 0 where it does not.
    """

    model: str
    samples: int
    epochs: int = 0
    rate: float = 0.0


@dataclass(frozen=True)
class StudyTask:
    """A node of the graph.

    Attributes:
        key: its folder below the folder of all runs, ``kind/name``.
        title: what it is, for people.
        folder: where its outcome goes.
        proof: the file that is written last, so that the task is finished where it is there.
        parents: keys of the tasks that it waits for.
        work: what it does.
        effort: what its time depends on.
        partial: it runs once all parents ended, if only one of them succeeded.
    """

    key: str
    title: str
    folder: Path
    proof: str
    parents: tuple[str, ...]
    work: Work
    effort: Effort
    partial: bool = False

    @property
    def kind(self) -> str:
        """``pretrain``, ``finetune``, ``prune``, ``half``, ``benchmark`` or ``tables``."""
        return self.key.partition("/")[0]


Graph = Mapping[str, StudyTask]
"""Tasks by their keys, each after its parents."""


def finished_tasks(graph: Graph) -> set[str]:
    """The tasks that need not run, as the files tell: those finished with their parents.

    Raises:
        NbsuiteError: a file that says so is damaged.
    """
    finished: set[str] = set()
    for key, task in graph.items():
        if all(parent in finished for parent in task.parents) and task.work.is_finished():
            finished.add(key)
    return finished
