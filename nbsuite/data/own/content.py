"""What a recording of one's own holds, and whether it can be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.own.limits import (
    LONGEST_STEP,
    MOST_CHANNELS,
    MOST_COUNT,
    MOST_EVENTS,
    MOST_OUTPUTS,
    MOST_SEGMENTS,
    MOST_STEPS,
)
from nbsuite.data.still import still_outputs
from nbsuite.data.task import Task
from nbsuite.protocol import EARLIEST_PROTOCOL
from nbsuite.spike_events import SpikeEvents
from nbsuite.untrusted.names import fault_of_name

SPLITS = ("training", "validation", "test")
SplitBy = Literal["segments", "time"]

Segments = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Origin:
    """What a recording of one's own was made of.

    Attributes:
        split_by: what was counted to split it, segments or time.
        made: how its spikes and targets were made, for people.
        file: name of the file that it was imported from; None where it was made of arrays.
        sha256: SHA-256 of that file.
    """

    split_by: str
    made: str
    file: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, eq=False)
class Content:
    """A recording of T steps, C channels and O outputs.

    Attributes:
        task: its task: name, step and outputs.
        events: input events.
        targets: (T, O) float32, the outputs that are to be decoded, in the task's units.
        segments: where each stretch of time without gaps begins and ends; they tile the steps.
        ends: where the training, validation and test set end.
        origin: what it was made of, and how.
    """

    task: Task
    events: SpikeEvents
    targets: NDArray[np.float32]
    segments: Segments
    ends: tuple[int, int, int]
    origin: Origin


def fault_of_content(content: Content) -> str | None:
    """What cannot be of a recording, as the end of a sentence that begins with it; None if nothing.

    All that is read of a file is held against this.
    """
    task, events, targets = content.task, content.events, content.targets
    steps = len(targets)
    if fault := fault_of_size(steps, events.channels, targets.shape[1], events.sources.size):
        return fault
    if not 0 < task.step <= LONGEST_STEP:
        return f"has a step of {task.step:g} s"
    if f"{task.name}/1".casefold() == EARLIEST_PROTOCOL:
        return f"claims to be of the task {task.name}, which is NeuroBench's"
    if fault := fault_of_name(task.name):
        return f"has an impossible task: {fault}"
    if len(task.outputs) != targets.shape[1]:
        return f"names {len(task.outputs)} outputs of {targets.shape[1]}"
    if not np.isfinite(targets).all():
        return "has targets that are not finite"
    edges = [edge for start, stop in content.segments for edge in (start, stop)]
    if edges[:1] != [0] or edges[-1:] != [steps] or not _tile(content.segments):
        return "has segments that do not follow each other from its first step to its last"
    first, second, last = content.ends
    if not 0 < first < second < last == steps:
        return "has splits that do not fit its steps"
    return _fault_of_events(events, steps)


def fault_of_size(steps: int, channels: int, outputs: int, events: int = 1) -> str | None:
    """Whether a recording can be so large, as :func:`fault_of_content`."""
    for count, most, what in (
        (steps, MOST_STEPS, "steps"),
        (channels, MOST_CHANNELS, "channels"),
        (outputs, MOST_OUTPUTS, "outputs"),
        (events, MOST_EVENTS, "spikes"),
    ):
        if count < 1:
            return f"has no {what}"
        if count > most:
            return f"has {count:,} {what}, more than the {most:,} that are read"
    return None


def _tile(segments: Segments) -> bool:
    pairs = np.array(segments, dtype=np.int64)
    within = bool((pairs[:, 0] < pairs[:, 1]).all())
    return len(pairs) <= MOST_SEGMENTS and within and bool((pairs[1:, 0] == pairs[:-1, 1]).all())


def _fault_of_events(events: SpikeEvents, steps: int) -> str | None:
    offsets, sources = events.offsets, events.sources
    if offsets.shape != (steps + 1,) or offsets[0] != 0 or offsets[-1] != sources.size:
        return "has spikes that do not fit its steps"
    if (offsets[1:] < offsets[:-1]).any() or sources.max(initial=0) >= events.channels:
        return "has spikes that do not fit its steps or channels"
    descends = sources[1:] < sources[:-1]
    firsts = offsets[1:-1]
    descends[firsts[(firsts > 0) & (firsts < sources.size)] - 1] = False
    if descends.any():
        return "has spikes that are not in the order of their channels"
    for step in np.flatnonzero(np.diff(offsets) > MOST_COUNT):
        if np.bincount(sources[offsets[step] : offsets[step + 1]]).max() > MOST_COUNT:
            return f"has more than {MOST_COUNT:,} spikes of a channel in step {step}"
    return None


def oddities(content: Content) -> list[str]:
    """What is odd in a recording that can be used, as ends of sentences that begin with it."""
    found = []
    for name, start, stop in zip(SPLITS, (0, *content.ends), content.ends, strict=False):
        if still := constant(content.task, content.targets[start:stop]):
            found.append(
                f"has the target {' and '.join(still)}, which never changes in the {name} set,"
                " where R2 is undefined: split it otherwise, or leave it out"
            )
    silent = content.events.channels - np.unique(content.events.sources).size
    if silent:
        found.append(f"has {silent} of {content.events.channels} channels without any spike")
    return found


def constant(task: Task, targets: NDArray[np.float32]) -> tuple[str, ...]:
    """Names of the outputs that never change in targets (steps, O)."""
    return still_outputs(targets, (output.name for output in task.outputs))


def split_ends(
    steps: int, segments: Segments, by: SplitBy | None
) -> tuple[SplitBy, tuple[int, int, int]]:
    """Where the sets end: half of the recording to train on, a quarter to validate, one to test.

    Args:
        steps: T.
        segments: stretches without gaps.
        by: count segments, as NeuroBench does, or steps; None counts segments where there are at
            least ten.

    Returns:
        What was counted, and where the training, validation and test set end; an end may lie on
        the one before it.
    """
    if by is None:
        by = "segments" if len(segments) >= _MANY_SEGMENTS else "time"
    if by == "time":
        return by, (steps // 2, math.ceil(3 * steps / 4), steps)
    count = len(segments)
    stops = [0, *(stop for _start, stop in segments)]
    return by, (stops[count // 2], stops[math.ceil(3 * count / 4)], steps)


_MANY_SEGMENTS = 10
