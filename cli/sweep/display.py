"""What a study shows while it runs, on standard error."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbsuite.cli.frame import output
from nbsuite.sweep.cost import Rates
from nbsuite.sweep.run import Begun, Event, TaskDone, Tick
from nbsuite.sweep.study_folder import StudyFolder, epochs_done
from nbsuite.sweep.study_records import Mark
from nbsuite.sweep.time_left import Running, TimeLeft
from nbsuite.untrusted.text import one_line

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

_BAR_WIDTH = 40
_MOST_SHOWN = 16


class Display:
    """An observer of a study: a live view on a terminal, elsewhere a line a task.

    Args:
        folder: the study's folder, in which workers say what they are at work on.
        rates: how long tasks should take.
        quiet: show nothing.
    """

    def __init__(self, folder: StudyFolder, rates: Rates, *, quiet: bool) -> None:
        self._folder = folder
        self._rates = rates
        self._quiet = quiet
        self._workers = 0
        self._epochs_before: dict[tuple[str, str], int] = {}
        self._live: Live | None = None

    def __call__(self, event: Event) -> None:
        """Take up an event."""
        if isinstance(event, Begun):
            self._begin(event)
        elif isinstance(event, Tick):
            self._workers = event.workers
        elif isinstance(event, TaskDone):
            self._time_left.finish(event.key, event.seconds)
            if self._live is None:
                self._say(event.key, f"done in {time_text(event.seconds)}")
        else:
            again = "it is tried again" if event.again else "it is given up"
            log = self._folder.failures(event.key)
            self._say(event.key, f"FAILED, {again}: {one_line(event.error)} See {log}")
        if self._live is not None and isinstance(event, Tick):
            self._live.update(self._view(), refresh=True)

    def _begin(self, event: Begun) -> None:
        self._schedule, self._dashboard = event.schedule, event.dashboard
        self._time_left = TimeLeft(event.schedule.graph, self._rates)
        self._live = None if self._quiet else _live_view()
        if self._live is None and not self._quiet:
            output.note(f"{self._counts()}; dashboard {event.dashboard}")

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
        return (
            f"{schedule.count('finished')} of {len(schedule.states)} tasks done,"
            f" {len(self._marks())} running on {self._workers} workers,"
            f" {schedule.count('failed')} failed"
        )

    def _marks(self) -> list[Mark]:
        """What is said to be at work on tasks that were handed out."""
        states = self._schedule.states
        return [mark for mark in self._folder.marks() if states.get(mark.task) == "running"]

    def _running(self, mark: Mark) -> Running:
        now = epochs_done(self._schedule.graph[mark.task].folder)
        before = self._epochs_before.setdefault((mark.task, mark.attempt), now)
        return Running(max(0.0, time.time() - mark.begun), before, now)

    def _left(self, running: Mapping[str, Running]) -> str:
        ended = [
            key
            for key, state in self._schedule.states.items()
            if state not in ("waiting", "running")
        ]
        return time_text(self._time_left.seconds(ended, running, max(self._workers, 1)))

    def _view(self) -> Group:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        total, marks = len(self._schedule.states), self._marks()
        running = {mark.task: self._running(mark) for mark in marks}
        lines = [Text(f"{self._counts()}, about {self._left(running)} left")]
        if self._dashboard:
            lines.append(Text(f"dashboard {self._dashboard}"))
        for mark in marks[:_MOST_SHOWN]:
            task, each = self._schedule.graph[mark.task], running[mark.task]
            epochs = task.effort.epochs
            done = f", epoch {each.now} of {epochs}" if epochs else ""
            where = f"{one_line(mark.host)}:{mark.process}"
            lines.append(Text(f"  {task.title}{done}, {time_text(each.seconds)} on {where}"))
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
