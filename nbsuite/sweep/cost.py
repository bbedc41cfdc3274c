"""How long tasks take: from the rates that earlier logs tell, or else from nbsuite's own.

A rate is time steps a second, windows times steps each. Half precision, benchmark and tables take
seconds.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from nbsuite.sweep.graph import Graph, StudyTask
from nbsuite.sweep.study_records import lines_of
from nbsuite.sweep.toml_file import is_number
from nbsuite.training.log import LOG_NAME
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.json_text import parse_json, read_json_file

_SHARED = 0.95
"""Share of a task's work that its threads divide among them."""

_LARGEST_RECORD = 8 << 20
_SLOWEST, _FASTEST = 1e-9, 1e12
_MOST_STEPS = 10**9
_TASK_SECONDS = 1.0
_START_SECONDS = 5.0


@dataclass(frozen=True)
class Rates:
    """Speed of training.

    Attributes:
        steps_per_second: by model, of a task, as earlier logs tell.
        epochs: how many epochs of earlier logs these come from; 0 where there are none.
        speedup: how much faster than on one core a task is, whose rate no log tells.
    """

    steps_per_second: Mapping[str, float]
    epochs: int
    speedup: float = 1.0

    @property
    def source(self) -> str:
        """Where they come from, for people."""
        if self.epochs:
            return f"rates of {self.epochs:,} epochs in earlier logs"
        return "rates measured on one core of an AMD EPYC: yours may differ"

    def seconds(self, task: StudyTask) -> float:
        """How long a task should take."""
        if not task.effort.epochs:
            return _TASK_SECONDS
        effort = task.effort
        rate = self.steps_per_second.get(effort.model, self.speedup * effort.rate)
        return _TASK_SECONDS + effort.samples / rate


def measured_rates(root: Path, threads: int) -> Rates:
    """The rates that logs below the folder of all runs tell, at that number of threads."""
    found: dict[str, list[float]] = {}
    for record in sorted(root.glob("*/*/stage.json")):
        model, rates = _logged_rates(record, threads)
        found.setdefault(model, []).extend(rates)
    medians = {model: median(rates) for model, rates in found.items() if rates}
    return Rates(medians, sum(map(len, found.values())), _times_as_fast(threads))


def _times_as_fast(threads: int) -> float:
    """How much faster than on one thread a task is, by Amdahl's law."""
    return 1 / (1 - _SHARED + _SHARED / threads)


def _logged_rates(record: Path, threads: int) -> tuple[str, list[float]]:
    """A stage's model and the rate of each epoch with that many threads.

    There are none where it trains nothing or is damaged.
    """
    try:
        identity = read_json_file(record, _LARGEST_RECORD)["identity"]
        steps, model = identity["recipe"]["windows"]["steps"], identity["model"]["name"]
        if type(steps) is not int or not 0 < steps < _MOST_STEPS or not isinstance(model, str):
            return "", []
        rates = (_rate(line, threads) for line in lines_of(record.parent / LOG_NAME))
        return model, [steps * rate for rate in rates if rate is not None]
    except (OSError, FormatFault, KeyError, TypeError):
        return "", []


def _rate(line: bytes, threads: int) -> float | None:
    """Windows a second that a line of a log tells, if it is about that many threads.

    Raises:
        FormatFault, KeyError, TypeError: it is damaged.
    """
    content = parse_json(line.decode("utf-8", "replace"))
    if content["threads"] != threads:
        return None
    rate = content["windows_per_second"]
    if not is_number(rate) or not _SLOWEST < rate < _FASTEST:
        raise FormatFault("tells an impossible rate")
    return float(rate)


def processor_seconds(graph: Graph, rates: Rates, without: Collection[str]) -> float:
    """How long the tasks take one after the other, some left out."""
    return sum(rates.seconds(task) for key, task in graph.items() if key not in without)


def remaining_paths(graph: Graph, rates: Rates) -> dict[str, float]:
    """For each task, how long it and the longest way from it take: the longest goes first."""
    return _paths(graph, {key: rates.seconds(task) for key, task in graph.items()})


def _paths(graph: Graph, seconds: Mapping[str, float]) -> dict[str, float]:
    paths = dict(seconds)
    for key in reversed(list(graph)):  # children come last
        for parent in graph[key].parents:
            if key in paths and parent in paths:
                paths[parent] = max(paths[parent], seconds[parent] + paths[key])
    return paths


def elapsed_seconds(graph: Graph, rates: Rates, without: Collection[str], workers: int) -> float:
    """How long the tasks take on so many workers that are still to be started, some left out."""
    seconds = {key: rates.seconds(task) for key, task in graph.items() if key not in without}
    return _START_SECONDS + played_through(graph, seconds, workers) if seconds else 0.0


def played_through(
    graph: Graph, seconds: Mapping[str, float], workers: int, first: Collection[str] = ()
) -> float:
    """How long tasks take on so many workers.

    Whenever a worker is free, it takes the task with the longest way before it among those whose
    parents are done.

    Args:
        graph: all tasks.
        seconds: how long each of those takes that are not done.
        workers: how many there are.
        first: tasks that workers are at work on already.
    """
    paths = _paths(graph, seconds)
    missing = {key: sum(parent in seconds for parent in graph[key].parents) for key in seconds}
    children: dict[str, list[str]] = {key: [] for key in seconds}
    for key in seconds:
        for parent in graph[key].parents:
            if parent in seconds:
                children[parent].append(key)
    ready = [(key not in first, -paths[key], key) for key in seconds if not missing[key]]
    heapq.heapify(ready)
    running: list[tuple[float, str]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < workers:
            _, _, key = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds[key], key))
        now, ended = heapq.heappop(running)
        for key in children[ended]:
            missing[key] -= 1
            if not missing[key]:
                heapq.heappush(ready, (True, -paths[key], key))
    return now
