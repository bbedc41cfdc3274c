"""Which tasks run, are tried again, are given up: without workers, and with ones that fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.errors import TrainingError
from nbsuite.sweep.cost import Rates, elapsed_seconds, processor_seconds, remaining_paths
from nbsuite.sweep.graph import Effort, StudyTask, finished_tasks
from nbsuite.sweep.run import TaskDone, TaskFailed, run_schedule
from nbsuite.sweep.schedule import ATTEMPTS, UNBEGUN_ATTEMPTS, Schedule
from nbsuite.sweep.study_folder import StudyFolder, study_folder

RATES = Rates({"tinyRSNN": 100.0}, 0)


@dataclass
class Touch:
    """Work that makes a file, after failing some times."""

    path: Path
    failures: list[Exception] = field(default_factory=list)

    def __call__(self) -> None:
        if self.failures:
            raise self.failures.pop()
        self.path.touch()

    def is_finished(self) -> bool:
        return self.path.exists()


def _graph(root: Path, parents: Mapping[str, list[str]], partial: str = "") -> dict[str, StudyTask]:
    return {
        key: StudyTask(
            key,
            key,
            root / key,
            "done",
            tuple(parents[key]),
            Touch(root / key / "done"),
            Effort("tinyRSNN", 900, 1),
            partial=key == partial,
        )
        for key in parents
    }


CHAIN = {"a/1": [], "b/1": ["a/1"], "a/2": [], "b/2": ["a/2"], "c/all": ["b/1", "b/2"]}


def _run(
    graph: dict[str, StudyTask], pool: Any, folder: StudyFolder
) -> tuple[Schedule, list[TaskDone | TaskFailed]]:
    schedule, events = Schedule(graph, finished_tasks(graph)), []

    def observe(event: Any) -> None:
        if isinstance(event, TaskDone | TaskFailed):
            events.append(event)

    run_schedule(schedule, pool, folder, remaining_paths(graph, RATES), observe)
    return schedule, events


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return study_folder(tmp_path, "study")


def test_tasks_run_after_their_parents_and_once(
    tmp_path: Path, pool: Any, folder: StudyFolder
) -> None:
    graph = _graph(tmp_path, CHAIN)
    schedule, events = _run(graph, pool, folder)
    assert schedule.count("finished") == 5
    assert sorted(pool.done) == sorted(graph)
    assert pool.done.index("a/1") < pool.done.index("b/1") < pool.done.index("c/all")
    assert {event.key for event in events} == set(graph)
    assert folder.read_alive() is None
    assert not folder.marks()
    _run(graph, pool, folder)
    assert len(pool.done) == 5


def test_a_task_that_fails_is_tried_three_times_and_the_rest_goes_on(
    tmp_path: Path, pool: Any, folder: StudyFolder
) -> None:
    graph = _graph(tmp_path, CHAIN, partial="c/all")
    graph["a/1"].work.failures = [TrainingError("Too warm.")] * 5  # type: ignore[attr-defined]
    graph["a/2"].work.failures = [ValueError("odd")] * 2  # type: ignore[attr-defined]
    schedule, events = _run(graph, pool, folder)
    assert schedule.states == {
        "a/1": "failed",
        "b/1": "not run",
        "a/2": "finished",
        "b/2": "finished",
        "c/all": "finished",
    }
    failed = [event for event in events if isinstance(event, TaskFailed)]
    assert [each.again for each in failed if each.key == "a/1"] == [True, True, False]
    assert [each.error for each in failed if each.key == "a/2"] == ["ValueError: odd"] * 2
    log = folder.failures("a/1").read_text()
    assert log.count("Too warm.") == folder.count_failures("a/1") == ATTEMPTS
    assert "Traceback" in log
    assert not folder.failures("a/2").exists()
    again, _events = _run(graph, pool, folder)
    assert again.count("failed") == 0
    assert again.count("finished") == 5
    assert folder.count_failures("a/1") == 0


def test_what_waits_for_a_failed_task_is_not_run(
    tmp_path: Path, pool: Any, folder: StudyFolder
) -> None:
    graph = _graph(tmp_path, CHAIN)
    graph["b/2"].work.failures = [TrainingError("No.")] * 3  # type: ignore[attr-defined]
    schedule, _events = _run(graph, pool, folder)
    assert schedule.states["c/all"] == "not run"
    assert schedule.states["b/1"] == "finished"


@pytest.mark.parametrize("begun", [True, False])
def test_lost_workers(tmp_path: Path, pool: Any, folder: StudyFolder, begun: bool) -> None:
    """What had begun counts as failed; what was merely waiting there does not."""
    graph = _graph(tmp_path, CHAIN)
    pool.lost = {"a/1": (ATTEMPTS - 1 if begun else UNBEGUN_ATTEMPTS - 1, begun)}
    schedule, events = _run(graph, pool, folder)
    assert schedule.count("finished") == 5
    errors = [event.error for event in events if isinstance(event, TaskFailed)]
    assert all("killed or lost" in error for error in errors)
    assert len(errors) == (ATTEMPTS if begun else UNBEGUN_ATTEMPTS) - 1
    pool.lost = {"a/3": (100, begun)}
    schedule, events = _run(_graph(tmp_path, {"a/3": []}), pool, folder)
    assert schedule.states == {"a/3": "failed"}
    assert len(events) == (ATTEMPTS if begun else UNBEGUN_ATTEMPTS)
    assert folder.count_failures("a/3") == len(events)


def test_a_worker_that_is_lost_after_more_epochs_is_no_failure(
    tmp_path: Path, pool: Any, folder: StudyFolder
) -> None:
    """So a task may take longer than the time limit of a cluster's jobs."""
    pool.lost, pool.kept = {"a/1": (5 * ATTEMPTS, True)}, {"a/1"}
    schedule, events = _run(_graph(tmp_path, CHAIN), pool, folder)
    assert schedule.count("finished") == 5
    failed = [event for event in events if isinstance(event, TaskFailed)]
    assert len(failed) == 5 * ATTEMPTS
    assert all(event.again and "killed or lost after epoch" in event.error for event in failed)


def test_a_lost_outcome_is_made_again_with_what_follows_from_it(
    tmp_path: Path, pool: Any, folder: StudyFolder
) -> None:
    graph = _graph(tmp_path, CHAIN)
    _run(graph, pool, folder)
    (tmp_path / "a/1/done").unlink()
    assert finished_tasks(graph) == {"a/2", "b/2"}


DEPENDENCIES = st.lists(st.sets(st.integers(0, 11), max_size=3), min_size=1, max_size=12)


@given(DEPENDENCIES, st.data())
def test_every_task_ends_whatever_fails(dependencies: list[set[int]], data: Any) -> None:
    parents = {
        f"a/{number}": [f"a/{parent}" for parent in wanted if parent < number]
        for number, wanted in enumerate(dependencies)
    }
    schedule = Schedule(_graph(Path("unused"), parents), ())
    running: list[str] = []
    while True:
        running += [task.key for task in schedule.take_ready()]
        if not running:
            break
        key = running.pop(data.draw(st.integers(0, len(running) - 1)))
        assert all(schedule.states[parent] == "finished" for parent in parents[key])
        data.draw(st.sampled_from([schedule.finish, schedule.fail, schedule.lose]))(key)
    assert schedule.is_over
    for key, state in schedule.states.items():
        reached = all(schedule.states[parent] == "finished" for parent in parents[key])
        assert (state == "not run") == (not reached)


@given(DEPENDENCIES, st.integers(1, 4))
def test_estimates_keep_their_bounds(dependencies: list[set[int]], workers: int) -> None:
    parents = {
        f"a/{number}": [f"a/{parent}" for parent in wanted if parent < number]
        for number, wanted in enumerate(dependencies)
    }
    graph = _graph(Path("unused"), parents)
    total, longest = (
        processor_seconds(graph, RATES, ()),
        max(remaining_paths(graph, RATES).values()),
    )
    assert total == 10 * len(graph)
    start = elapsed_seconds(graph, RATES, (), len(graph)) - longest
    elapsed = elapsed_seconds(graph, RATES, (), workers) - start
    assert max(longest, total / workers) <= elapsed + 1e-9
    assert elapsed <= total / workers + longest
    assert elapsed_seconds(graph, RATES, graph, workers) == 0
