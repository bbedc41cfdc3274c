"""The bars of what is planned, measured and trained."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from nbsuite.benchmarking.observer import JobBegun, JobDone, MeasuringBegun, StepsDone
from nbsuite.observer import Remark, StageProgress
from nbsuite.public.progress import Bars, told
from nbsuite.training.observer import BatchDone, EpochDone, StageBegun, StageDone


class Shown:
    """Bars on a terminal of a test's own.

    Attributes:
        bars: the observer.
        displays: the displays that were opened, the last one last.
        said: the sentences.
    """

    def __init__(self) -> None:
        self.displays: list[Progress] = []
        self.open = 0
        self.said: list[tuple[int, str]] = []
        self.bars = Bars(self._display, lambda text: self.said.append((self.open, text)))

    @contextmanager
    def _display(self) -> Iterator[Progress]:
        console = Console(file=io.StringIO(), force_terminal=True)
        with Progress(console=console, auto_refresh=False) as display:
            self.displays.append(display)
            self.open += 1
            yield display
        self.open -= 1

    @property
    def tasks(self) -> list[tuple[str, float, float | None]]:
        """Description, completed and total of each bar of the last display."""
        return [(each.description, each.completed, each.total) for each in self.displays[-1].tasks]


def test_all_that_is_measured_has_one_bar() -> None:
    shown = Shown()
    shown.bars(MeasuringBegun(jobs=3, steps=250))
    assert shown.tasks == [("0/3 measuring", 0, 250)]
    shown.bars(JobBegun("a on I1"))
    shown.bars(StepsDone(60))
    assert shown.tasks == [("0/3 a on I1", 60, 250)]
    shown.bars(JobDone("a on I1", 100))
    shown.bars(JobBegun("b on I1"))
    shown.bars(StepsDone(10))
    assert shown.tasks == [("1/3 b on I1", 110, 250)]
    shown.bars(JobDone("b on I1", 100))
    shown.bars(JobDone("c on I1", 50))  # of another process, which tells of no steps
    assert shown.tasks == [("3/3 c on I1", 250, 250)]
    shown.bars.close()
    assert shown.open == 0
    assert len(shown.displays) == 1


def test_nothing_to_measure_has_no_bar() -> None:
    shown = Shown()
    shown.bars(MeasuringBegun(jobs=0, steps=0))
    assert not shown.displays


def test_sentences_are_not_printed_into_bars() -> None:
    shown = Shown()
    shown.bars(StageProgress("making a twin", 0.5))
    assert shown.tasks == [("making a twin", 0.5, 1.0)]
    shown.bars(Remark("I1: its TWIN"))
    assert shown.said == [(0, "I1: its TWIN")]


def test_a_stage_of_training(tmp_path: Path) -> None:
    shown = Shown()
    shown.bars(StageBegun("finetune", tmp_path, epochs=10, done=2))
    assert shown.tasks == [("finetune: starting", 2, 10)]
    shown.bars(BatchDone("finetune", batch=1, batches=4))
    assert shown.tasks == [("finetune: starting", 2.25, 10)]
    line = {"epoch": 3, "epochs": 10, "train_r2": 0.5}
    shown.bars(EpochDone("finetune", tmp_path, line, number=3))
    assert shown.tasks == [("finetune 3/10, R2 0.500", 3, 10)]
    shown.bars(StageDone("finetune", tmp_path, skipped=False, summary={"validation_r2": None}))
    assert shown.said == [(0, f"finetune: done, validation R2 -, {tmp_path}")]


def test_no_bars_off_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with told(True) as observer:
        observer(StageProgress("making a twin", 0.5))
        observer(Remark("a \x1b[31mname"))
    out, err = capfd.readouterr()
    assert out == ""
    assert err.endswith("name\n")
    assert "\x1b" not in err
    with told(False) as observer:
        observer(Remark("nothing"))
    assert capfd.readouterr() == ("", "")
