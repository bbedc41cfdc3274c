"""What planning and measuring tell of themselves, shown: bars, and sentences on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from nbsuite.benchmarking.observer import Event, JobBegun, JobDone, MeasuringBegun, StepsDone
from nbsuite.cli.frame import output
from nbsuite.observer import Remark, StageProgress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ShownProgress:
    """An observer that shows bars on a terminal, and every remark.

    Each stage has a bar of its own. All that is measured has one together, with how many decoders
    of how many are measured and the time left for all of them.

    Args:
        quiet: show no bars.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._stack = ExitStack()
        self._display: Progress | None = None
        self._stages: dict[str, TaskID] = {}
        self._measuring: _Measuring | None = None

    def __call__(self, event: Event) -> None:
        """Take up an event."""
        if isinstance(event, Remark):
            self.close()  # a bar that is there would be printed into
            output.note(event.text)
        elif isinstance(event, StageProgress):
            display = self._open()
            if event.stage not in self._stages:
                self._stages[event.stage] = display.add_task(event.stage, total=1.0)
            display.update(self._stages[event.stage], completed=event.fraction)
        elif isinstance(event, MeasuringBegun):
            self.close()
            if event.jobs:
                self._measuring = _Measuring(self._open(), event)
        elif self._measuring is not None:
            self._measuring.update(event)

    def close(self) -> None:
        """Take the bars away."""
        self._stack.close()
        self._display = self._measuring = None
        self._stages.clear()

    def _open(self) -> Progress:
        if self._display is None:
            self._display = self._stack.enter_context(output.progress(quiet=self._quiet))
        return self._display


class _Measuring:
    """The bar of all that is measured."""

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


@contextmanager
def shown_progress(*, quiet: bool = False) -> Iterator[ShownProgress]:
    """An observer whose bars are gone afterwards, whatever happens.

    Args:
        quiet: show no bars; nothing but remarks is shown off a terminal either.
    """
    shown = ShownProgress(quiet=quiet)
    try:
        yield shown
    finally:
        shown.close()
