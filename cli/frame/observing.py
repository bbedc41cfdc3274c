"""What planning and measuring tell of themselves, shown: bars, and sentences on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from nbsuite.benchmarking.observer import Event, JobBegun, JobDone, StepsDone
from nbsuite.cli.frame import output
from nbsuite.observer import Remark, StageProgress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ShownProgress:
    """An observer that shows bars on a terminal, and every remark.

    Args:
        quiet: show no bars.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._stack = ExitStack()
        self._display: Progress | None = None
        self._stages: dict[str, TaskID] = {}
        self._job: TaskID | None = None

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
        elif isinstance(event, JobBegun):
            self.close()
            self._job = self._open().add_task(event.description, total=event.steps)
        elif isinstance(event, StepsDone) and self._job is not None:
            self._open().advance(self._job, event.steps)
        elif isinstance(event, JobDone):
            self.close()

    def close(self) -> None:
        """Take the bars away."""
        self._stack.close()
        self._display, self._job = None, None
        self._stages.clear()

    def _open(self) -> Progress:
        if self._display is None:
            self._display = self._stack.enter_context(output.progress(quiet=self._quiet))
        return self._display


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
