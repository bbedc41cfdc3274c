"""What a training run shows: progress for people on standard error, lines for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from nbsuite.cli.frame import output
from nbsuite.training.observer import BatchDone, EpochDone, Event, StageBegun, StageDone

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_COMPILING = "kernels are compiled the first time that they are used"


class Display:
    """An observer that shows a stage at a time.

    On a terminal there is one line with the last epoch's figures and the time left; elsewhere, a
    line an epoch.

    Args:
        quiet: show nothing for people.
        log_json: print every epoch as a line of JSON on standard output.
    """

    def __init__(self, *, quiet: bool, log_json: bool = False) -> None:
        self.quiet = quiet
        self.log_json = log_json
        self._by_line = not output.console(stderr=True).is_terminal
        self._live: _LiveLine | None = None
        self._hint = f" ({_COMPILING})"

    def __call__(self, event: Event) -> None:
        """Take up an event."""
        if self.log_json and isinstance(event, EpochDone):
            click.echo(json.dumps({"folder": str(event.folder), **event.line}))
        if self.quiet:
            return
        if isinstance(event, StageDone):
            self.close()
            output.note(_outcome(event))
        elif self._by_line:
            self._print(event)
        elif isinstance(event, StageBegun):
            self._live = _LiveLine(event, f"{event.stage}: starting{self._hint}")
        elif self._live is not None:
            self._live.update(event)
        if isinstance(event, BatchDone):
            self._hint = ""

    def close(self) -> None:
        """Take the line away."""
        if self._live is not None:
            self._live.close()
            self._live = None

    def _print(self, event: Event) -> None:
        if isinstance(event, StageBegun) and event.epochs:
            what = f"going on after epoch {event.done}" if event.done else "starting"
            output.note(f"{event.stage}: {what} in {event.folder}{self._hint}")
        elif isinstance(event, EpochDone):
            line = event.line
            output.note(f"{_place(line)}: {_figures(line)}, {line['seconds']:.1f} s")


class _LiveLine:
    """The line of a stage that is under way."""

    def __init__(self, begun: StageBegun, description: str) -> None:
        from rich.progress import TextColumn

        self._begun = self._done = begun.done
        self._description = description
        # The epochs of how many stand in words: a bar would leave no room for the figures.
        self._context = output.progress(TextColumn("{task.fields[figures]}", markup=False))
        self._display: Progress = self._context.__enter__()
        self._task: TaskID = self._display.add_task(
            self._description,
            total=begun.epochs or None,
            completed=begun.done,
            figures="",
        )

    def update(self, event: Event) -> None:
        if isinstance(event, BatchDone):
            if self._done == self._begun:
                self._description = event.stage
            completed = self._done + event.batch / event.batches
            self._display.update(self._task, completed=completed, description=self._description)
        elif isinstance(event, EpochDone):
            self._done = event.number
            self._description = _place(event.line)
            self._display.update(
                self._task,
                completed=event.number,
                description=self._description,
                figures=_short_figures(event.line),
            )

    def close(self) -> None:
        self._context.__exit__(None, None, None)


def _place(line: Mapping[str, Any]) -> str:
    sparsity = f" at {line['sparsity']:.0%}" if "sparsity" in line else ""
    return f"{line['stage']}{sparsity} {line['epoch']}/{line['epochs']}"


def _figures(line: Mapping[str, Any]) -> str:
    return (
        f"loss {line['loss']:.4f}, R2 {_score(line['train_r2'])}"
        f" (validation {_score(line['validation_r2'])}), {_rate(line)} spikes/s,"
        f" {line['windows_per_second']:,.0f} windows/s"
    )


def _short_figures(line: Mapping[str, Any]) -> str:
    """The same in the width of a terminal, R2 of training and of validation side by side."""
    return (
        f"loss {line['loss']:.4f}, R2 {_score(line['train_r2'])} / {_score(line['validation_r2'])},"
        f" {_rate(line)} Hz, {line['windows_per_second']:,.0f} windows/s"
    )


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _rate(figures: Mapping[str, Any]) -> str:
    hertz = figures["spikes_per_second"]
    return "-" if hertz is None else f"{hertz:.1f}"


def _outcome(event: StageDone) -> str:
    """A stage's outcome in a line."""
    summary = event.summary
    how = "was there already" if event.skipped else "done"
    if summary["epochs"] and not event.skipped:
        how = f"{summary['epochs']} epochs in {summary['seconds']:.0f} s"
    pruned = f", {summary['sparsity']:.0%} of the weights removed" if "sparsity" in summary else ""
    return (
        f"{event.stage}: {how}{pruned}, R2 {_score(summary['train_r2'])} train"
        f" {_score(summary['validation_r2'])} validation,"
        f" {_rate(summary)} spikes/s, {event.folder}"
    )
