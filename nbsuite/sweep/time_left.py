"""How long a study still takes, from what its tasks took so far, the running ones included.

A task's expected seconds come from rates. How far they are off is the time that epochs took over
the time that they should have taken, those of running tasks included::

    factor = (seconds of finished tasks + seconds of the running ones' epochs so far)
             / (expected seconds of finished tasks + those of the running ones' epochs so far)

A task's time up to the first epoch that was seen is left out of both: kernels are compiled in it. A
running task without an epoch counts once it is at work for longer than the others were until then,
and an epoch more: then the factor is too low for certain. Tasks that train and tasks that do not
have a factor each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import median

from nbsuite.sweep.cost import Rates, played_through
from nbsuite.sweep.graph import Graph, StudyTask

_LEAST_SHARE = 0.02
"""Of its expected time that a running task still takes, at the least."""

_LONGEST_START = 20.0
"""Seconds that a task may be at work before its first epoch, where none is known to tell."""


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
        self._first: dict[str, Running] = {}
        self._last: dict[str, Running] = {}
        self._starts: list[float] = []

    def finish(self, key: str, seconds: float) -> None:
        """A task took so long."""
        task = self._graph[key]
        share = self._shares.pop(key, 1.0)  # what an earlier process did of it is not in its time
        self._last.pop(key, None)
        if (first := self._first.pop(key, None)) is not None:
            seconds -= first.seconds
            share = 1.0 - _share(task, first.now)
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
            self._look_at(key, each)
        factors = self._factors(running)
        left = {
            key: factors[_trains(task)] * self._rates.seconds(task)
            for key, task in self._graph.items()
            if key not in ended
        }
        for key, each in running.items():
            left[key] = self._rest(left[key], self._graph[key], each)
        return played_through(self._graph, left, workers, first=running)

    def _look_at(self, key: str, each: Running) -> None:
        self._shares[key] = 1.0 - _share(self._graph[key], each.before)
        if key in self._last and each.seconds < self._last[key].seconds:  # it is tried again
            self._first.pop(key, None)
            del self._last[key]
        if each.now > each.before and key not in self._first:
            self._first[key] = each
            self._starts.append(each.seconds)
        if key not in self._last or each.now > self._last[key].now:
            self._last[key] = each

    def _factors(self, running: Mapping[str, Running]) -> dict[bool, float]:
        took, expected = dict(self._took), dict(self._expected)
        waited: list[tuple[bool, float, float]] = []
        for key, each in running.items():
            task = self._graph[key]
            kind, first, last = _trains(task), self._first.get(key), self._last[key]
            due = self._rates.seconds(task) / max(task.effort.epochs, 1)
            if first is not None and last.now > first.now:
                took[kind] += last.seconds - first.seconds
                expected[kind] += due * (last.now - first.now)
            else:
                waited.append((kind, each.seconds, due * max(each.now - each.before, 1)))
        known = _quotients(took, expected)
        start = median(self._starts) if self._starts else _LONGEST_START
        for kind, seconds, due in waited:
            seconds -= min(start, _LONGEST_START) if kind else 0.0
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
