"""Input events out of counts or spike times, and what is made of counts.

Everything becomes the list of events of :class:`SpikeEvents`, in which a count of n is n events.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.own.content import fault_of_size
from nbsuite.data.own.limits import MOST_COUNT
from nbsuite.data.own.segments import Segments, time_gaps
from nbsuite.spike_events import SpikeEvents
from nbsuite.untrusted.fault import FormatFault

SEED = 1
"""Of the places that :func:`spread` draws."""

_CELLS_AT_ONCE = 1 << 24


def from_counts(spikes: NDArray[Any]) -> SpikeEvents:
    """Events of counts (T, C), numbers of any kind.

    Raises:
        FormatFault: they are no counts.
    """
    steps, channels = spikes.shape
    if fault := fault_of_size(steps, channels, outputs=1):
        raise FormatFault(fault)
    rows = max(1, _CELLS_AT_ONCE // channels)
    parts = [_checked(spikes[start : start + rows], start) for start in range(0, steps, rows)]
    return SpikeEvents.concatenate(parts)


def _checked(counts: NDArray[Any], first: int) -> SpikeEvents:
    """Events of a piece that begins with the step ``first``."""
    # To round whole numbers, NumPy makes them floating: most of the time that all this takes.
    rounded = np.rint(counts) if counts.dtype.kind == "f" else counts
    for fault, remedy, where in (
        ("NaN or infinite", "count 0 where nothing was recorded", ~np.isfinite(counts)),
        ("negative", "give counts, or spike times with a time base", counts < 0),
        ("fractional", "give counts, not rates or smoothed ones", counts != rounded),
        (f"above {MOST_COUNT:,}", "make sure that they are counts", counts > MOST_COUNT),
    ):
        if where.any():
            step, channel = (int(place[0]) for place in np.nonzero(where))
            raise FormatFault(
                f"has {fault} spike counts, the first in step {first + step} of channel {channel}:"
                f" {remedy}"
            )
    return SpikeEvents.from_dense(counts.astype(np.int16))


def from_times(
    units: Sequence[NDArray[Any]], time: NDArray[np.float64], step: float
) -> tuple[SpikeEvents, int]:
    """Events of spike times, and how many spikes lie outside.

    A spike at or after a step's time stamp, and before the next one's, is in that step; before a
    gap and at the end a step lasts ``step``.

    Args:
        units: the spike times of each channel, in seconds.
        time: (T,) time stamps of the steps, in seconds, growing.
        step: seconds of a step.

    Raises:
        FormatFault: they are no spike times.
    """
    if fault := fault_of_size(time.size, len(units), outputs=1):
        raise FormatFault(fault)
    ends = np.append(time[1:], time[-1] + step)
    gaps = time_gaps(time, step)
    ends[gaps - 1] = time[gaps - 1] + step
    cells, outside = [], 0
    for channel, given in enumerate(units):
        times = np.asarray(given)
        if times.dtype.kind not in "biuf" or not np.isfinite(times).all():
            raise FormatFault(f"has spike times of channel {channel} that are not finite numbers")
        times = np.sort(times.ravel().astype(np.float64))
        place = np.searchsorted(time, times, side="right") - 1
        inside = (place >= 0) & (times < ends[place])
        outside += int(times.size - np.count_nonzero(inside))
        cells.append(place[inside] * len(units) + channel)
    return SpikeEvents.at(np.sort(np.concatenate(cells)), time.size, len(units)), outside


def taken(events: SpikeEvents, kept: Segments) -> SpikeEvents:
    """The events of the steps kept, one stretch after another."""
    if kept == ((0, events.samples),):
        return events
    parts = []
    for start, stop in kept:
        offsets = events.offsets[start : stop + 1]
        sources = events.sources[offsets[0] : offsets[-1]]
        parts.append(SpikeEvents(sources, offsets - offsets[0], events.channels))
    return SpikeEvents.concatenate(parts)


def at_most_one(events: SpikeEvents) -> SpikeEvents:
    """The events with counts above 1 as 1."""
    return SpikeEvents.at(np.unique(_cells(events)), events.samples, events.channels)


def spread(events: SpikeEvents, parts: int) -> SpikeEvents:
    """The events with every step cut into so many, over which those of a channel are spread.

    They are put at random: as evenly as their number allows, so that no part has two while another
    has none.
    """
    if parts == 1:
        return events
    cells, counts = np.unique(_cells(events), return_counts=True)
    random = np.random.default_rng(SEED)
    at_once = max(1, _CELLS_AT_ONCE // parts)
    spread_cells = []
    for first in range(0, len(cells), at_once):
        some, count = cells[first : first + at_once], counts[first : first + at_once]
        order = random.random((len(some), parts)).argsort(axis=1)
        row = np.repeat(np.arange(len(some)), count)
        rank = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        step, channel = np.divmod(some[row], events.channels)
        spread_cells.append((step * parts + order[row, rank % parts]) * events.channels + channel)
    every = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *spread_cells]))
    return SpikeEvents.at(every, events.samples * parts, events.channels)


def _cells(events: SpikeEvents) -> NDArray[np.int64]:
    """Place of every event in the array (T, C), in order."""
    times = np.repeat(np.arange(events.samples), np.diff(events.offsets))
    return times * events.channels + events.sources
