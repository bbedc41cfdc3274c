"""A recording of one's own out of arrays: checked, cut at gaps, and split.

Faults are ``FormatFault``: the rest of a sentence that begins with the recording's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.own.content import (
    Content,
    Origin,
    SplitBy,
    constant,
    fault_of_content,
    fault_of_size,
    split_ends,
)
from nbsuite.data.own.limits import LONGEST_STEP
from nbsuite.data.own.segments import after_cutting, kept_segments, step_of, time_gaps
from nbsuite.data.own.spikes import at_most_one, from_counts, from_times, spread, taken
from nbsuite.data.task import Output, Task
from nbsuite.spike_events import SpikeEvents
from nbsuite.untrusted.fault import FormatFault

MOST_SUBSTEPS = 1000

_NUMBERS = "biuf"
_UNIT_OF_NONE = ""


@dataclass(frozen=True, eq=False)
class Arrays:
    """What a recording is made of.

    Attributes:
        spikes: counts (T, C), or a sequence of the spike times of each channel in seconds, which
            ask for ``time`` or ``start``.
        targets: (T, O) or (T,), what is to be decoded at each step.
        step: seconds from one step to the next; None takes it from ``time``.
        time: (T,) time stamps of the steps in seconds, growing; a leap is a gap.
        start: time of the first step in seconds, in the place of ``time``.
        segments: stretches without gaps, as ``kept_segments`` takes them.
    """

    spikes: Any
    targets: Any
    step: float | None = None
    time: Any = None
    start: float | None = None
    segments: Any = None


@dataclass(frozen=True)
class Choices:
    """How a recording is made of arrays.

    Attributes:
        name: name of the task.
        names: names of the outputs; by default x and y of two, and otherwise numbered ones.
        units: units of the outputs, one for each or one for all.
        split: ``segments`` or ``time``; None counts segments where there are at least ten.
        binary: counts above 1 become 1.
        substeps: each step becomes so many, over which its spikes are spread at random.
        skip_nan: steps whose targets are NaN are left out, as gaps.
    """

    name: str
    names: Sequence[str] | None = None
    units: Sequence[str] | str | None = None
    split: SplitBy | None = None
    binary: bool = False
    substeps: int = 1
    skip_nan: bool = False


def make_content(arrays: Arrays, choices: Choices) -> Content:
    """Check arrays and make a recording of them.

    Raises:
        FormatFault: they make none; the message names the fault and the remedy.
        UsageError: the task cannot be, for a name of it.
    """
    if not 1 <= choices.substeps <= MOST_SUBSTEPS:
        raise FormatFault(f"cannot be cut into {choices.substeps} substeps: give 1 to 1,000")
    if choices.split not in (None, *get_args(SplitBy)):
        raise FormatFault(f"cannot be split by {choices.split!a}: give 'segments' or 'time'")
    targets = _checked_targets(arrays.targets)
    steps = len(targets)
    time, step = _clock(arrays, steps)
    gaps = None if time is None else time_gaps(time, step)
    counted = not _is_times(arrays)
    if counted:
        events, outside = _counted(arrays.spikes, steps), 0
    else:
        if time is None:
            raise FormatFault(
                "has spike times without a time base: give the time stamps of the targets (time,"
                " or --time) or the time of the first one (start, or --start)"
            )
        events, outside = from_times(arrays.spikes, time, step)
    missing = ~np.isfinite(targets).all(axis=1)
    if missing.any() and not choices.skip_nan:
        raise FormatFault(
            f"has NaN or infinite targets in {missing.sum():,} of {steps:,} steps, the first being"
            f" step {int(missing.argmax())}: fill them, or leave these steps out as gaps"
            " (skip_nan=True, or --skip-nan)"
        )
    kept = kept_segments(steps, chosen=arrays.segments, gaps=gaps, left_out=missing)
    events = taken(events, kept)
    if not events.sources.size:
        raise FormatFault("has no spikes in its steps: check the spikes, their times and segments")
    parts = choices.substeps
    events = spread(events, parts)
    if choices.binary:
        events = at_most_one(events)
    rows = np.concatenate([targets[start:stop] for start, stop in kept])
    segments = tuple((start * parts, stop * parts) for start, stop in after_cutting(kept))
    by, ends = split_ends(len(rows) * parts, segments, choices.split)
    content = Content(
        task=_task(choices, step / parts, rows.shape[1]),
        events=events,
        targets=np.repeat(rows, parts, axis=0).astype(np.float32),
        segments=segments,
        ends=ends,
        origin=Origin(by, _account(choices, counted=counted, outside=outside)),
    )
    _check(content)
    return content


def _check(content: Content) -> None:
    """Make sure that a recording can be used.

    Raises:
        FormatFault: it cannot.
    """
    first, second, last = content.ends
    if not 0 < first < second < last:
        count, remedy = f"{last} steps", ""
        if content.origin.split_by == "segments":
            count = f"{len(content.segments)} segments"
            remedy = ", or split it by time (split='time', or --split time)"
        raise FormatFault(f"has {count}, too few to train, validate and test on: give more{remedy}")
    if still := constant(content.task, content.targets):
        raise FormatFault(
            f"has the target {' and '.join(still)}, which never changes, so that R2 is undefined:"
            " leave it out (of the columns of targets, or with --columns)"
        )
    if fault := fault_of_content(content):
        raise FormatFault(f"{fault}: give other arrays or names")


def _checked_targets(given: Any) -> NDArray[np.float64]:
    """Targets (T, O)."""
    targets = _array(given, "targets")
    if targets.ndim == 1:
        targets = targets[:, np.newaxis]
    if targets.ndim != 2:
        raise FormatFault(
            f"has targets of shape {targets.shape}: give them as (steps, outputs) or (steps,)"
        )
    if fault := fault_of_size(targets.shape[0], channels=1, outputs=targets.shape[1]):
        raise FormatFault(f"{fault}: give the targets as (steps, outputs)")
    with np.errstate(over="ignore"):
        large = np.isfinite(targets) & ~np.isfinite(targets.astype(np.float32))
    if large.any():
        raise FormatFault("has targets larger than 3.4e38: give them in another unit")
    return targets.astype(np.float64)


def _array(given: Any, what: str) -> NDArray[Any]:
    """Real numbers of any kind."""
    try:
        array = np.asarray(given)
    except ValueError as error:  # rows of different lengths
        raise FormatFault(f"has {what} that make no array: give rows of one length") from error
    if array.dtype.kind == "O":
        raise FormatFault(
            f"has {what} in an array of objects: give an array of numbers, or of spikes a sequence"
            " of the spike times of each channel"
        )
    if array.dtype.kind not in _NUMBERS:
        raise FormatFault(f"has {what} of type {array.dtype}: give real numbers")
    return array


def _is_times(arrays: Arrays) -> bool:
    """Whether spikes are a sequence of spike times, not an array of counts."""
    spikes = arrays.spikes
    if isinstance(spikes, np.ndarray):
        of_arrays = spikes.dtype.kind == "O" and spikes.ndim == 1
        return of_arrays and all(isinstance(each, np.ndarray) for each in spikes)
    return isinstance(spikes, Sequence) and all(np.ndim(each) == 1 for each in spikes)


def _counted(given: Any, steps: int) -> SpikeEvents:
    spikes = _array(given, "spikes")
    if spikes.ndim != 2:
        raise FormatFault(f"has spikes of shape {spikes.shape}: give counts (steps, channels)")
    if len(spikes) != steps:
        turned = ": transpose the spikes" if spikes.shape[1] == steps else ""
        raise FormatFault(
            f"has {len(spikes):,} steps of spikes and {steps:,} of targets"
            f"{turned or ': give as many of both'}"
        )
    return from_counts(spikes)


def _clock(arrays: Arrays, steps: int) -> tuple[NDArray[np.float64] | None, float]:
    """Time stamps, where there are any, and seconds of a step."""
    time: NDArray[np.float64] | None = None
    if arrays.time is not None:
        time = _array(arrays.time, "time stamps").ravel().astype(np.float64)
        if time.size != steps:
            raise FormatFault(
                f"has {time.size:,} time stamps and {steps:,} steps of targets: give one a step"
            )
    step = arrays.step
    if step is None and time is not None:
        step = step_of(time)
    if step is None:
        raise FormatFault(
            "has no step: give the seconds from one step to the next (step, or --step)"
        )
    if not 0 < step <= LONGEST_STEP:
        raise FormatFault(f"has a step of {step:g} s: give seconds, above 0 and at most 60")
    if time is None and arrays.start is not None:
        if not np.isfinite(arrays.start):
            raise FormatFault(f"begins at {arrays.start:g} s: give a time in seconds")
        time = arrays.start + step * np.arange(steps, dtype=np.float64)
    return time, float(step)


def _task(choices: Choices, step: float, outputs: int) -> Task:
    """The recording's own task."""
    usual = ("x", "y") if outputs == 2 else tuple(f"output{k + 1}" for k in range(outputs))
    names = tuple(usual if choices.names is None else choices.names)
    units = choices.units if choices.units is not None else _UNIT_OF_NONE
    each = (units,) * outputs if isinstance(units, str) else tuple(units)
    if len(each) == 1:
        each *= outputs
    for given, what in ((names, "names"), (each, "units")):
        if len(given) != outputs:
            raise FormatFault(
                f"has {outputs} outputs and {len(given)} {what} for them: give one for each"
            )
    return Task(choices.name, 1, step, tuple(map(Output, names, each)))


def _account(choices: Choices, *, counted: bool, outside: int) -> str:
    """How spikes were made, for people."""
    parts = ["counts" if counted else "spike times"]
    if outside:
        parts.append(f"{outside:,} outside of its steps left out")
    if choices.substeps > 1:
        parts.append(f"spread at random over {choices.substeps} substeps a step")
    if choices.binary:
        parts.append("counts above 1 as 1")
    return ", ".join(parts)
