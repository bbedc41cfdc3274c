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


@pytest.mark.parametrize("slower", [0.25, 1.0, 6.0])
@pytest.mark.parametrize("start", [0.0, 15.0])
def test_running_tasks_tell_the_speed_before_any_is_done(slower: float, start: float) -> None:
    """Whatever they took until their first epoch, in which kernels are compiled."""
    whole = slower * EXPECTED
    left = TimeLeft(_graph(4), RATES)
    for percent in range(100):
        done = percent * EPOCHS // 100
        running = {
            f"finetune/{worker}": Running(start + percent / 100 * whole, 0, done)
            for worker in (0, 1)
        }
        estimate = left.seconds((), running, 2)
        if percent >= 11:  # two epochs are done
            assert estimate == pytest.approx((2 - percent / 100) * whole, rel=0.15)


def test_compiling_is_not_taken_for_a_slow_epoch() -> None:
    left = TimeLeft(_graph(4), RATES)
    for seconds in (1.0, 5.0, 15.0):  # an epoch should take five
        estimate = left.seconds((), {"finetune/0": Running(seconds, 0, 0)}, 1)
        assert estimate == pytest.approx(4 * EXPECTED, rel=0.05)


def test_a_first_epoch_that_takes_too_long_raises_the_estimate() -> None:
    left = TimeLeft(_graph(4), RATES)
    estimates = [
        left.seconds((), {"finetune/0": Running(seconds, 0, 0)}, 1) for seconds in (1, 40, 90)
    ]
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


def test_a_task_that_is_tried_again_begins_anew() -> None:
    left = TimeLeft(_graph(1), RATES)
    for each in (Running(5.0, 0, 1), Running(500.0, 0, 4), Running(1.0, 4, 4)):
        estimate = left.seconds((), {"finetune/0": each}, 1)
    assert estimate == pytest.approx(0.8 * EXPECTED, rel=0.05)
