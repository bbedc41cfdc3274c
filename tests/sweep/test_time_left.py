"""The time left of a study, against what tasks of a known speed really take."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbsuite.sweep.cost import Rates
from nbsuite.sweep.graph import Effort, StudyTask
from nbsuite.sweep.time_left import Running, TimeLeft

EPOCHS = 20
RATES = Rates({"tinyRSNN": 1.0}, 0)
EXPECTED = 101.0
"""Seconds that a task should take: one a sample, and one besides."""


def _graph(count: int) -> dict[str, StudyTask]:
    effort = Effort("tinyRSNN", 100, EPOCHS)
    keys = [f"finetune/{number}" for number in range(count)]
    return {key: StudyTask(key, key, Path(key), "done", (), _work, effort) for key in keys}


class _Work:
    def __call__(self) -> None: ...

    def is_finished(self) -> bool:
        return False


_work = _Work()


def _running(seconds: float, whole: float, before: int = 0) -> Running:
    done = int(seconds / whole * EPOCHS)
    return Running(seconds, before, before + done)


@pytest.mark.parametrize("slower", [0.25, 1.0, 6.0])
def test_running_tasks_tell_the_speed_before_any_is_done(slower: float) -> None:
    whole = slower * EXPECTED
    left = TimeLeft(_graph(4), RATES)
    for share in (0.1, 0.4, 0.9):
        running = {f"finetune/{worker}": _running(share * whole, whole) for worker in (0, 1)}
        truth = (2 - share) * whole
        assert left.seconds((), running, 2) == pytest.approx(truth, rel=0.12)


def test_a_first_epoch_that_takes_too_long_raises_the_estimate() -> None:
    left = TimeLeft(_graph(4), RATES)
    estimates = [
        left.seconds((), {"finetune/0": Running(seconds, 0, 0)}, 1) for seconds in (1, 20, 50)
    ]
    assert estimates[0] == pytest.approx(4 * EXPECTED, rel=0.01)
    assert estimates[2] > estimates[1] > 2 * estimates[0]


def test_time_passes_within_an_epoch() -> None:
    left = TimeLeft(_graph(1), RATES)
    first, second = (
        left.seconds((), {"finetune/0": Running(seconds, 0, 0)}, 1) for seconds in (1.0, 3.0)
    )
    assert first - second == pytest.approx(2.0)


def test_finished_tasks_count_by_what_was_done_of_them_this_time() -> None:
    left, graph = TimeLeft(_graph(2), RATES), _graph(2)
    half = EPOCHS // 2
    left.seconds((), {"finetune/0": Running(1.0, half, half)}, 1)  # the other half was there
    left.finish("finetune/0", EXPECTED)  # so it is twice as slow as expected
    assert left.seconds(["finetune/0"], {}, 1) == pytest.approx(2 * EXPECTED)
    assert left.seconds(list(graph), {}, 1) == 0.0


def test_tasks_of_seconds_do_not_speak_for_training() -> None:
    graph = _graph(1)
    benchmark = StudyTask("benchmark/0", "", Path("b"), "done", (), _work, Effort("tinyRSNN", 9))
    left = TimeLeft({**graph, "benchmark/0": benchmark}, RATES)
    left.finish("benchmark/0", 30.0)
    assert left.seconds(["benchmark/0"], {}, 1) == pytest.approx(EXPECTED)


def test_a_task_near_its_end_still_takes_something() -> None:
    left = TimeLeft(_graph(1), RATES)
    assert left.seconds((), {"finetune/0": Running(EXPECTED, 0, EPOCHS)}, 1) > 0
