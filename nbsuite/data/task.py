"""What is to be decoded: a protocol's name and version, its step, outputs and sessions.

Every recording belongs to a task. What was measured under one says nothing of another, so that
results, checkpoints and packages carry :attr:`Task.protocol`, and no table mixes two.

The record lies here, since recordings hold it; the tasks that are known are in ``nbsuite.tasks``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from nbsuite.data.sessions import Session
from nbsuite.errors import UsageError
from nbsuite.protocol import fault_of_protocol

_PER_STEP = " per step"
_SHOWN = 100


@dataclass(frozen=True)
class Scale:
    """How values of an output are shown to people.

    Attributes:
        factor: what they are multiplied by.
        unit: the unit they then have; empty where none is known.
    """

    factor: float
    unit: str


@dataclass(frozen=True)
class Output:
    """One of the values that are decoded.

    Attributes:
        name: what it is called, e.g. ``x``.
        unit: the unit of labels and of what is decoded, e.g. ``mm per step``; may be empty.
    """

    name: str
    unit: str = ""

    def scale(self, step: float) -> Scale:
        """How it is shown: what is given per step, per second, and millimetres as centimetres."""
        quantity = self.unit.removesuffix(_PER_STEP)
        if quantity == self.unit:
            return Scale(1.0, self.unit)
        return Scale(0.1 / step, "cm/s") if quantity == "mm" else Scale(1 / step, f"{quantity}/s")

    def heading(self, step: float) -> str:
        """What people are told it is, as ``x velocity (cm/s)``: what is per step is a velocity."""
        velocity = " velocity" if self.unit.endswith(_PER_STEP) else ""
        unit = self.scale(step).unit
        return f"{self.name}{velocity} ({unit})" if unit else f"{self.name}{velocity}"


@dataclass(frozen=True)
class Task:
    """What is to be decoded from recordings, and which recordings are there.

    Attributes:
        name: the protocol's name.
        version: the protocol's version.
        step: seconds from one sample to the next.
        outputs: what is decoded at each sample.
        sessions: the sessions that results are reported on, in their order.
        other_sessions: further sessions that serve to pretrain a decoder.
    """

    name: str
    version: int
    step: float
    outputs: tuple[Output, ...]
    sessions: tuple[Session, ...] = ()
    other_sessions: tuple[Session, ...] = ()

    def __post_init__(self) -> None:
        """Make sure that there can be such a task.

        Raises:
            UsageError: there cannot.
        """
        if fault := fault_of_protocol(self.protocol):
            raise UsageError(f"The task's protocol {self.protocol[:_SHOWN]!a} {fault}: rename it.")
        if not (math.isfinite(self.step) and self.step > 0):
            raise UsageError(
                f"The task {self.name} has a step of {self.step:g} s: give the seconds from one"
                " sample to the next, more than 0."
            )
        names = [output.name for output in self.outputs]
        if not all(names) or not 0 < len(set(names)) == len(names):
            raise UsageError(
                f"The task {self.name} has the outputs {', '.join(names) or 'none'}: give at least"
                " one, each with a name of its own."
            )

    @property
    def protocol(self) -> str:
        """Name and version, as results carry them: ``primate-reaching/1``."""
        return f"{self.name}/{self.version}"

    @property
    def every_session(self) -> tuple[Session, ...]:
        """All sessions, in the order of their names."""
        both = (*self.sessions, *self.other_sessions)
        return tuple(sorted(both, key=lambda session: session.name))

    @property
    def scales(self) -> tuple[Scale, ...]:
        """How each output is shown to people."""
        return tuple(output.scale(self.step) for output in self.outputs)

    @property
    def label_unit(self) -> str:
        """The unit of labels and losses in full, as ``mm per 4 ms``; empty where outputs differ."""
        units = {output.unit for output in self.outputs}
        unit = units.pop() if len(units) == 1 else ""
        return re.sub("step$", f"{1000 * self.step:g} ms", unit)

    def pretraining(self, session: Session) -> tuple[Session, ...]:
        """The sessions to pretrain a decoder on that is to decode ``session``, itself among them.

        They are those of the same subject with as many channels: a decoder has one input a channel.
        There are none for a recording that is no session of the task.
        """
        if session.name not in {each.name for each in self.every_session}:
            return ()
        return tuple(
            each
            for each in self.every_session
            if each.subject == session.subject and each.channels == session.channels
        )
