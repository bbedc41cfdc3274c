"""What the measuring of several decoders tells of itself, besides what every task tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nbsuite.observer import Remark, StageProgress


@dataclass(frozen=True)
class MeasuringBegun:
    """Decoders are about to be measured.

    Attributes:
        jobs: how many.
        steps: test samples that they decode in all.
    """

    jobs: int
    steps: int


@dataclass(frozen=True)
class JobBegun:
    """A decoder is about to be measured.

    Attributes:
        description: model, seed and session, and whether it is a twin.
    """

    description: str


@dataclass(frozen=True)
class StepsDone:
    """The decoder under way decoded so many more test samples."""

    steps: int


@dataclass(frozen=True)
class JobDone:
    """A decoder is measured.

    Attributes:
        description: model, seed and session, and whether it is a twin.
        steps: test samples that it decoded in all.
    """

    description: str
    steps: int


Event = StageProgress | Remark | MeasuringBegun | JobBegun | StepsDone | JobDone
Observer = Callable[[Event], None]
