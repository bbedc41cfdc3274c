"""What fixes a closed loop but its neurons and its decoder; the defaults are the original's."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from nbsuite.errors import UsageError

_MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class LoopSettings:
    """The environment: cursor, targets, and what may go wrong between brain and cursor.

    Attributes:
        step: seconds of a step.
        target_size: the cursor is in the target within this distance of it.
        target_distance: of every target from the origin, where each trial begins.
        hold: seconds for which the cursor has to stay in the target.
        longest: seconds after which a trial has failed.
        top_speed: largest intended speed, in distance a second before ``velocity_scale``.
        acceleration: share of the difference between the intended and the present velocity that
            neurons ask for in a step.
        velocity_scale: what the decoder's output is multiplied by.
        delay_steps: steps by which the decoder's output reaches the cursor later.
        dropped: probability that the spikes of a step do not reach the decoder.
        jump_step: the step at which the target jumps; None where it stays.
        jump_degrees: by how much it turns around the origin then.
    """

    step: float = 0.01
    target_size: float = 2.5
    target_distance: float = 8.0
    hold: float = 0.5
    longest: float = 3.0
    top_speed: float = 20.0
    acceleration: float = 0.3
    velocity_scale: float = 3.77
    delay_steps: int = 0
    dropped: float = 0.0
    jump_step: int | None = None
    jump_degrees: float = 90.0

    def __post_init__(self) -> None:
        """Make sure that there can be such a loop.

        Raises:
            UsageError: there cannot.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not math.isfinite(value):
                raise UsageError(f"A closed loop's {field.name} is {value}; give a finite number.")
        positive = (
            "step",
            "target_size",
            "target_distance",
            "hold",
            "longest",
            "top_speed",
            "acceleration",
            "velocity_scale",
        )
        for name in positive:
            if getattr(self, name) <= 0:
                raise UsageError(
                    f"A closed loop's {name} is {getattr(self, name):g}; give more than 0."
                )
        if self.longest < self.hold:
            raise UsageError(
                f"No trial of {self.longest:g} s can keep the cursor in the target for "
                f"{self.hold:g} s; make trials longer."
            )
        if self.longest / self.step > _MOST_STEPS:
            raise UsageError(f"A trial may have {_MOST_STEPS:,} steps; make it shorter.")
        if not 0 <= self.delay_steps <= self.most_steps:
            raise UsageError(
                f"A delay of {self.delay_steps} steps does not fit trials of {self.most_steps} "
                "steps; give one from 0 to that."
            )
        if not 0 <= self.dropped <= 1:
            raise UsageError(
                f"The share of dropped steps is {self.dropped:g}; give one from 0 to 1."
            )
        if self.jump_step is not None and not 0 < self.jump_step < self.most_steps:
            raise UsageError(
                f"The target jumps at step {self.jump_step}, but a trial has {self.most_steps}; "
                "give one within."
            )

    @property
    def most_steps(self) -> int:
        """Steps after which a trial ends, as the original's comparison of seconds ends it."""
        return _first_step(self.longest, self.step)

    @property
    def hold_steps(self) -> int:
        """Steps in the target that end a trial, as the original's comparison of seconds does."""
        return _first_step(self.hold, self.step)


def _first_step(seconds: float, step: float) -> int:
    """The first number of steps that is no less than so many seconds, in double precision."""
    steps = max(int(seconds / step) - 1, 0)
    while steps * step < seconds:
        steps += 1
    return steps


CHALLENGE = LoopSettings()
"""The loop of the 2025 challenge."""
