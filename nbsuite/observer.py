"""What planning and measuring tell of themselves, to whoever listens.

A function that takes its time may be given an observer, which is called with each of these events.
What it does has no influence on the outcome, and nothing is printed but by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class StageProgress:
    """Something that has stages, such as the making of a twin, went on.

    Attributes:
        stage: what is done.
        fraction: how much of it is done, 0 to 1.
    """

    stage: str
    fraction: float


@dataclass(frozen=True)
class Remark:
    """What a person should know, in a sentence.

    Attributes:
        text: the sentence.
    """

    text: str


Observer = Callable[[StageProgress | Remark], None]


def ignore(event: object) -> None:
    """The observer that does nothing."""
    del event


def stage_reporter(observer: Observer) -> Callable[[str, float], None]:
    """The observer as a function of stage and fraction done."""
    return lambda stage, fraction: observer(StageProgress(stage, fraction))
