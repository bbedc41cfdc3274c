"""What is asked of an import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nbsuite.data.own.arrays import Choices

TimeAxis = Literal["rows", "columns"]


@dataclass(frozen=True)
class Request:
    """Which parts of a file make a recording, and how.

    Attributes:
        choices: how it is made of arrays.
        spikes: key of the counts or spike times; by default ``spikes``, of NWB its units.
        targets: key of the targets; by default ``targets``.
        step: seconds of a step; None takes it from time stamps.
        time: key of time stamps, for files that do not keep them with the targets.
        start: time of the first step in seconds, in their place.
        spike_units: key of the unit of each spike time, where ``spikes`` are those of all units.
        segments: key of stretches without gaps, or of a number for each step.
        time_axis: whether steps are rows or columns; None finds out.
        columns: which of the targets' columns to take, counted from 0; None takes all.
    """

    choices: Choices
    spikes: str | None = None
    targets: str | None = None
    step: float | None = None
    time: str | None = None
    start: float | None = None
    spike_units: str | None = None
    segments: str | None = None
    time_axis: TimeAxis | None = None
    columns: tuple[int, ...] | None = None
