"""Which tasks may run, which failed for good, and which therefore never run.

======== =================================================================
state    the task
======== =================================================================
waiting  waits for its parents
running  was handed out
finished is done
failed   failed as often as it may
not run  will not run, for what it waits for failed
======== =================================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Literal

from nbsuite.sweep.graph import Graph, StudyTask

State = Literal["waiting", "running", "finished", "failed", "not run"]

ATTEMPTS = 3
"""Failures after which a task is given up."""

UNBEGUN_ATTEMPTS = 10
"""Losses, before it began, after which a task is given up: other tasks took its worker down."""


class Schedule:
    """The states of all tasks of a graph.

    Args:
        graph: the tasks.
        finished: those that need not run.
    """

    def __init__(self, graph: Graph, finished: Collection[str]) -> None:
        self.graph = graph
        self.states: dict[str, State] = {
            key: "finished" if key in finished else "waiting" for key in graph
        }
        self._failures: Counter[str] = Counter()
        self._losses: Counter[str] = Counter()

    @property
    def is_over(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not {"waiting", "running"} & set(self.states.values())

    def count(self, state: State) -> int:
        """How many tasks are in a state."""
        return list(self.states.values()).count(state)

    def take_ready(self) -> list[StudyTask]:
        """The tasks that may run now; they count as running from here on."""
        self._give_up_dependents()
        ready = [
            task
            for key, task in self.graph.items()
            if self.states[key] == "waiting" and self._may_run(task)
        ]
        for task in ready:
            self.states[task.key] = "running"
        return ready

    def finish(self, key: str) -> None:
        """A running task is done."""
        self.states[key] = "finished"

    def fail(self, key: str) -> None:
        """A running task failed; it waits to be tried again, unless it failed too often."""
        self._failures[key] += 1
        self.states[key] = "failed" if self._failures[key] >= ATTEMPTS else "waiting"
        self._give_up_dependents()

    def lose(self, key: str) -> None:
        """A task was lost before it began, which is no failure of its own."""
        self._losses[key] += 1
        self.states[key] = "failed" if self._losses[key] >= UNBEGUN_ATTEMPTS else "waiting"
        self._give_up_dependents()

    def put_back(self, key: str) -> None:
        """A running task was interrupted, but came further: no failure, however often."""
        self.states[key] = "waiting"

    def _may_run(self, task: StudyTask) -> bool:
        states = [self.states[parent] for parent in task.parents]
        if task.partial:
            return not {"waiting", "running"} & set(states)
        return all(state == "finished" for state in states)

    def _give_up_dependents(self) -> None:
        for key, task in self.graph.items():  # parents come first
            if self.states[key] != "waiting" or not task.parents:
                continue
            lost = [self.states[parent] in ("failed", "not run") for parent in task.parents]
            if all(lost) if task.partial else any(lost):
                self.states[key] = "not run"
