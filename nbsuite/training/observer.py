"""What a training run tells of itself while it runs.

Whoever starts a run may pass an observer: a function that is called with each of these events.
What it does has no influence on the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class StageBegun:
    """A stage starts to work; the first time, its kernels are compiled before the first batch.

    Attributes:
        stage: the stage's name.
        folder: its folder.
        epochs: epochs that it has in all; for pruning, at most.
        done: epochs done already, in a run that was interrupted.
    """

    stage: str
    folder: Path
    epochs: int
    done: int


@dataclass(frozen=True)
class BatchDone:
    """A batch was trained on.

    Attributes:
        stage: the stage's name.
        batch: its number in the epoch, from 1.
        batches: batches of an epoch.
    """

    stage: str
    batch: int
    batches: int


@dataclass(frozen=True)
class EpochDone:
    """An epoch is over and kept.

    Attributes:
        stage: the stage's name.
        folder: its folder.
        line: the epoch's line in the log, see ``nbsuite.training.log``.
        number: how many epochs the stage has done by now.
    """

    stage: str
    folder: Path
    line: Mapping[str, Any]
    number: int


@dataclass(frozen=True)
class StageDone:
    """A stage's output is there.

    Attributes:
        stage: the stage's name.
        folder: its folder.
        skipped: nothing had to be done, for it was there before.
        summary: the figures that it ended with, as JSON values.
    """

    stage: str
    folder: Path
    skipped: bool
    summary: Mapping[str, Any]


Event = StageBegun | BatchDone | EpochDone | StageDone
Observer = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The observer that does nothing."""
    del event
