"""Progress shown where a person asks for it: in a terminal, in a notebook, or as plain lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from nbsuite.benchmarking.observer import Event, JobBegun, JobDone, MeasuringBegun, StepsDone
from nbsuite.observer import Remark, StageProgress, ignore
from nbsuite.training.observer import BatchDone, EpochDone, StageBegun, StageDone
from nbsuite.training.observer import Event as TrainingEvent
from nbsuite.untrusted.text import printable

if TYPE_CHECKING:  # rich takes a while to import
    from rich.progress import Progress, TaskID

AnyEvent = Event | TrainingEvent


class Bars:
    """An observer that shows a bar a stage, one for all that is measured, and every remark.

    Args:
        open_display: makes the display of bars, which is there until the block is left.
        say: shows a sentence.
    """

    def __init__(
        self,
        open_display: Callable[[], AbstractContextManager[Progress]],
        say: Callable[[str], object],
    ) -> None:
        self._open_display = open_display
        self._say = say
        self._stack = ExitStack()
        self._display: Progress | None = None
        self._stages: dict[str, TaskID] = {}
        self._measuring: _Measuring | None = None
        self._training: _Training | None = None

    def __call__(self, event: AnyEvent) -> None:
        """Take up an event."""
        if isinstance(event, Remark):
            self.close()  # a bar that is there would be printed into
            self._say(event.text)
        elif isinstance(event, StageProgress):
            display = self._open()
            if event.stage not in self._stages:
                self._stages[event.stage] = display.add_task(event.stage, total=1.0)
            display.update(self._stages[event.stage], completed=event.fraction)
        elif isinstance(event, MeasuringBegun):
            self.close()
            if event.jobs:
                self._measuring = _Measuring(self._open(), event)
        elif isinstance(event, JobBegun | StepsDone | JobDone):
            if self._measuring is not None:
                self._measuring.update(event)
        elif isinstance(event, StageBegun):
            self.close()
            self._training = _Training(self._open(), event)
        elif isinstance(event, StageDone):
            self.close()
            self._say(_outcome(event))
        elif self._training is not None:
            self._training.update(event)

    def close(self) -> None:
        """Take the bars away."""
        self._stack.close()
        self._display = self._measuring = self._training = None
        self._stages.clear()

    def _open(self) -> Progress:
        if self._display is None:
            self._display = self._stack.enter_context(self._open_display())
        return self._display


class _Measuring:
    """The bar of all that is measured: how many decoders of how many, and the time left."""

    def __init__(self, display: Progress, begun: MeasuringBegun) -> None:
        self._display = display
        self._jobs = begun.jobs
        self._done = 0
        self._steps_before = self._steps = 0
        self._task = display.add_task(self._text("measuring"), total=begun.steps)

    def update(self, event: JobBegun | StepsDone | JobDone) -> None:
        description = None
        if isinstance(event, JobBegun):
            description = self._text(event.description)
        elif isinstance(event, StepsDone):
            self._steps += event.steps
        else:
            self._done += 1
            self._steps_before += event.steps
            self._steps = 0
            description = self._text(event.description)
        completed = self._steps_before + self._steps
        self._display.update(self._task, completed=completed, description=description)

    def _text(self, what: str) -> str:
        return f"{self._done}/{self._jobs} {what}"


class _Training:
    """The bar of a stage that trains."""

    def __init__(self, display: Progress, begun: StageBegun) -> None:
        self._display = display
        self._done = begun.done
        total = begun.epochs or None
        self._task = display.add_task(f"{begun.stage}: starting", total=total, completed=begun.done)

    def update(self, event: BatchDone | EpochDone) -> None:
        if isinstance(event, BatchDone):
            self._display.update(self._task, completed=self._done + event.batch / event.batches)
            return
        self._done, line = event.number, event.line
        text = f"{event.stage} {line['epoch']}/{line['epochs']}, R2 {_score(line['train_r2'])}"
        self._display.update(self._task, completed=event.number, description=text)


def _outcome(event: StageDone) -> str:
    how = "was there already" if event.skipped else "done"
    score = _score(event.summary["validation_r2"])
    return f"{event.stage}: {how}, validation R2 {score}, {event.folder}"


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


@contextmanager
def told(progress: bool | Callable[[Any], None]) -> Iterator[Callable[[AnyEvent], None]]:
    """The observer that a public function's ``progress`` asks for.

    Args:
        progress: False for none, True for bars in a terminal or notebook and elsewhere for
            sentences alone; or an observer.
    """
    if callable(progress):
        yield progress
    elif not progress:
        yield ignore
    else:
        bars = Bars(_display, _say)
        try:
            yield bars
        finally:
            bars.close()


def _display() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)  # a notebook is found out by rich
    shown = console.is_terminal or console.is_jupyter
    console.quiet = not shown  # rich before 14.3 ends a display that it does not show with a line
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=not console.is_jupyter,
        disable=not shown,
    )


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr)
