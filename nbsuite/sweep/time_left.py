"""How long a study still takes, from what its tasks took so far, the running ones included.

A task's expected seconds come from rates. How far they are off is the time spent over the time that
it should have taken::

    factor = (seconds of finished tasks + seconds that running ones are at work)
             / (expected seconds of finished tasks + those of the running ones' epochs so far)

A running task counts once it did an epoch, or is at work on its first for longer than that should
take by the others: then the factor is too low for certain. Tasks that train and tasks that do not
have a factor each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from nbsuite.sweep.cost import Rates, played_through
from nbsuite.sweep.graph import Graph, StudyTask

_LEAST_SHARE = 0.02
"""Of its expected time that a running task still takes, at the least."""


@dataclass(frozen=True)
class Running:
    """A task under way.

    Attributes:
        seconds: how long it is at work.
        before: epochs that it had when it began.
        now: epochs that it has.
    """

    seconds: float
    before: int
    now: int


class TimeLeft:
    """An estimate that follows what is seen.

    Args:
        graph: the tasks.
        rates: how long they should take.
    """

    def __init__(self, graph: Graph, rates: Rates) -> None:
        self._graph = graph
        self._rates = rates
        self._took = {True: 0.0, False: 0.0}
        self._expected = {True: 0.0, False: 0.0}
        self._shares: dict[str, float] = {}

    def finish(self, key: str, seconds: float) -> None:
        """A task took so long."""
        task = self._graph[key]
        share = self._shares.pop(key, 1.0)  # what an earlier process did of it is not in its time
        self._took[_trains(task)] += seconds
        self._expected[_trains(task)] += share * self._rates.seconds(task)

    def seconds(
        self, ended: Collection[str], running: Mapping[str, Running], workers: int
    ) -> float:
        """How long the rest takes.

        Args:
            ended: tasks that will not run any more.
            running: those under way.
            workers: how many are at work at a time.
        """
        for key, each in running.items():
            self._shares[key] = 1.0 - _share(self._graph[key], each.before)
        factors = self._factors(running)
        left = {
            key: factors[_trains(task)] * self._rates.seconds(task)
            for key, task in self._graph.items()
            if key not in ended
        }
        for key, each in running.items():
            left[key] = self._rest(left[key], self._graph[key], each)
        return played_through(self._graph, left, workers, first=running)

    def _factors(self, running: Mapping[str, Running]) -> dict[bool, float]:
        took, expected = dict(self._took), dict(self._expected)
        first: list[tuple[bool, float, float]] = []
        for key, each in running.items():
            task = self._graph[key]
            kind, epochs = _trains(task), each.now - each.before
            due = self._rates.seconds(task) / max(task.effort.epochs, 1)
            if epochs:
                took[kind] += each.seconds
                expected[kind] += due * epochs
            else:
                first.append((kind, each.seconds, due))
        known = _quotients(took, expected)
        for kind, seconds, due in first:
            if seconds > due * known[kind]:
                took[kind] += seconds
                expected[kind] += due
        return _quotients(took, expected)

    @staticmethod
    def _rest(whole: float, task: StudyTask, each: Running) -> float:
        """What is left of a running task that takes ``whole`` seconds from its first epoch on."""
        if not task.effort.epochs:
            return max(whole - each.seconds, _LEAST_SHARE * whole)
        rest = whole * (1.0 - _share(task, each.now))
        if each.now == each.before:
            rest -= min(each.seconds, whole / task.effort.epochs)
        return max(rest, _LEAST_SHARE * whole)


def _quotients(took: Mapping[bool, float], expected: Mapping[bool, float]) -> dict[bool, float]:
    return {kind: took[kind] / due if due else 1.0 for kind, due in expected.items()}


def _trains(task: StudyTask) -> bool:
    return task.effort.epochs > 0


def _share(task: StudyTask, epochs: int) -> float:
    """Of a task's work that so many epochs are."""
    return min(epochs / task.effort.epochs, 1.0) if task.effort.epochs else 0.0
