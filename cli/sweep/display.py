"""What a study shows while it runs, on standard error."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbsuite.cli.frame import output
from nbsuite.sweep.cost import Rates, elapsed_seconds
from nbsuite.sweep.run import Event, TaskDone, TaskFailed, Tick
from nbsuite.sweep.schedule import Schedule
from nbsuite.sweep.study_folder import StudyFolder, epochs_done
from nbsuite.untrusted.text import one_line

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

_BAR_WIDTH = 40
_MOST_SHOWN = 16


class Display:
    """An observer of a study: a live view on a terminal, elsewhere a line a task.

    Args:
        schedule: the states of the tasks.
        folder: the study's folder, in which workers say what they are at work on.
        rates: how long tasks should take.
        dashboard: address of Dask's own dashboard.
        quiet: show nothing.
    """

    def __init__(
        self, schedule: Schedule, folder: StudyFolder, rates: Rates, dashboard: str, *, quiet: bool
    ) -> None:
        self._schedule = schedule
        self._folder = folder
        self._rates = rates
        self._dashboard = dashboard
        self._quiet = quiet
        self._workers = 0
        self._expected = self._took = 0.0
        self._live = None if quiet else _live_view()
        if self._live is None and not quiet:
            output.note(f"{self._counts()}; dashboard {dashboard}")

    def __call__(self, event: Event) -> None:
        """Take up an event."""
        if isinstance(event, Tick):
            self._workers = event.workers
        elif isinstance(event, TaskDone):
            self._expected += self._rates.seconds(self._schedule.graph[event.key])
            self._took += event.seconds
            if self._live is None:
                self._say(event.key, f"done in {time_text(event.seconds)}")
        elif isinstance(event, TaskFailed):
            again = "it is tried again" if event.again else "it is given up"
            log = self._folder.failures(event.key)
            self._say(event.key, f"FAILED, {again}: {one_line(event.error)} See {log}")
        if self._live is not None and isinstance(event, Tick):
            self._live.update(self._view(), refresh=True)

    def close(self) -> None:
        """Take the live view away."""
        if self._live is not None:
            self._live.stop()

    def _say(self, key: str, what: str) -> None:
        if self._quiet:
            return
        total, ended = len(self._schedule.states), self._ended()
        line = f"[{ended}/{total}] {self._schedule.graph[key].title}: {what}"
        if self._live is None:
            output.note(line)
        else:
            self._live.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _ended(self) -> int:
        states = self._schedule.states.values()
        return sum(state not in ("waiting", "running") for state in states)

    def _counts(self) -> str:
        schedule = self._schedule
        at_work = sum(self._running(mark.task) for mark in self._folder.marks())
        return (
            f"{schedule.count('finished')} of {len(schedule.states)} tasks done, {at_work} running"
            f" on {self._workers} workers, {schedule.count('failed')} failed"
        )

    def _running(self, key: str) -> bool:
        return self._schedule.states.get(key) == "running"

    def _left(self) -> str:
        """The time left, by what earlier tasks took against what they should have taken."""
        without = [
            key
            for key, state in self._schedule.states.items()
            if state not in ("waiting", "running")
        ]
        seconds = elapsed_seconds(self._schedule.graph, self._rates, without, max(self._workers, 1))
        factor = self._took / self._expected if self._expected else 1.0
        return time_text(factor * seconds)

    def _view(self) -> Group:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        total = len(self._schedule.states)
        lines = [Text(f"{self._counts()}, about {self._left()} left")]
        if self._dashboard:
            lines.append(Text(f"dashboard {self._dashboard}"))
        marks = [mark for mark in self._folder.marks() if self._running(mark.task)]
        for mark in marks[:_MOST_SHOWN]:
            task = self._schedule.graph[mark.task]
            epochs = task.effort.epochs
            done = f", epoch {epochs_done(task.folder)} of {epochs}" if epochs else ""
            spent = time_text(max(0.0, time.time() - mark.begun))
            where = f"{one_line(mark.host)}:{mark.process}"
            lines.append(Text(f"  {task.title}{done}, {spent} on {where}"))
        if len(marks) > _MOST_SHOWN:
            lines.append(Text(f"  and {len(marks) - _MOST_SHOWN} more"))
        return Group(ProgressBar(total, self._ended(), width=_BAR_WIDTH), *lines)


def _live_view() -> Live | None:
    """A live view on standard error; None where that is no terminal."""
    from rich.live import Live

    console = output.console(stderr=True)
    if not console.is_terminal:
        return None
    live = Live(console=console, transient=True, auto_refresh=False)
    live.start()
    return live


def time_text(seconds: float) -> str:
    """A duration for people.

    >>> [time_text(each) for each in (0.42, 75, 7500, 200000)]
    ['0.4 s', '1 min 15 s', '2 h 5 min', '2 d 7 h']
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    if seconds < 86400:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds // 86400:.0f} d {seconds % 86400 // 3600:.0f} h"
