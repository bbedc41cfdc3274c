"""Input spikes as a list of events, which is what event-driven training works on.

A recording has a spike in a few of a hundred channels each step. A list of who spiked, in order
of time, is a fraction of the dense array, and any window of time is a stretch of it. A channel
that is counted several times in a step is listed as often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nbsuite.shapes import (
        EventSources,
        EventTimes,
        SampleCounts,
        SampleOffsets,
        SamplesChannels,
        WindowCounts,
        WindowStarts,
    )


Counts = NDArray[np.int8] | NDArray[np.int16]
"""Events of each channel in each sample: int8 where none is above 1, otherwise int16."""

_CHUNK_SAMPLES = 1 << 16


class HasSpikes(Protocol):
    """What events can be taken from, such as a recording."""

    @property
    def steps(self) -> int:
        """Number of samples."""

    def spikes(self, start: int, stop: int) -> Counts:
        """Events of the samples ``start`` to ``stop``, (stop - start, channels)."""


@dataclass(frozen=True, eq=False)
class SpikeEvents:
    """Input spikes of consecutive samples.

    Attributes:
        sources: the channel of each event, in order of time, then of channel.
        offsets: ``sources[offsets[t]:offsets[t + 1]]`` are the events of sample t.
        channels: number of input channels.
    """

    sources: EventSources
    offsets: SampleOffsets
    channels: int

    @property
    def samples(self) -> int:
        """Number of samples."""
        return len(self.offsets) - 1

    @cached_property
    def binary(self) -> bool:
        """Whether no channel ever has more than one event in a sample."""
        repeated = self.sources[1:] == self.sources[:-1]
        if not repeated.any():
            return True
        firsts = self.offsets[1:-1]
        repeated[firsts[(firsts > 0) & (firsts < self.sources.size)] - 1] = False
        return not repeated.any()

    @classmethod
    def from_dense(cls, spikes: SamplesChannels) -> SpikeEvents:
        """Events of an array of counts, most often zeros and ones."""
        samples, channels = spikes.shape
        times, sources = np.nonzero(spikes)
        counts = spikes[times, sources]
        if counts.max(initial=1) > 1:
            times, sources = np.repeat(times, counts), np.repeat(sources, counts)
        offsets = np.zeros(samples + 1, dtype=np.int64)
        np.cumsum(np.bincount(times, minlength=samples), out=offsets[1:])
        return cls(sources.astype(np.uint16), offsets, channels)

    @classmethod
    def at(cls, cells: EventTimes, samples: int, channels: int) -> SpikeEvents:
        """Events at places of the flattened array (samples, channels), which are in order."""
        offsets = np.zeros(samples + 1, dtype=np.int64)
        np.cumsum(np.bincount(cells // channels, minlength=samples), out=offsets[1:])
        return cls((cells % channels).astype(np.uint16), offsets, channels)

    @classmethod
    def from_recording(
        cls, recording: HasSpikes, start: int = 0, stop: int | None = None
    ) -> SpikeEvents:
        """Events of the samples ``start`` to ``stop`` of a recording, by default of all."""
        stop = recording.steps if stop is None else stop
        chunks = [
            cls.from_dense(recording.spikes(first, min(first + _CHUNK_SAMPLES, stop)))
            for first in range(start, stop, _CHUNK_SAMPLES)
        ]
        return cls.concatenate(chunks)

    @classmethod
    def concatenate(cls, parts: Sequence[SpikeEvents]) -> SpikeEvents:
        """The samples of all parts, one part after another.

        Raises:
            ValueError: no part, or parts that differ in their channels.
        """
        channels = {part.channels for part in parts}
        if len(channels) != 1:
            raise ValueError(f"parts of {sorted(channels)} channels: all must have the same number")
        counts = np.concatenate([np.diff(part.offsets) for part in parts])
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(np.concatenate([part.sources for part in parts]), offsets, channels.pop())

    def rows(self, start: int, stop: int) -> SampleCounts:
        """Events of the samples ``start`` to ``stop``, (stop - start, channels), in each cell."""
        return self.dense(np.array([start]), stop - start)[:, 0]

    def dense(self, starts: WindowStarts, steps: int) -> WindowCounts:
        """Events in each cell (steps, windows, channels) of the windows that begin at ``starts``.

        They are int8 where the events are ``binary``, otherwise int16.
        """
        shape = (steps, len(starts), self.channels)
        spikes: Counts = np.zeros(shape, dtype=np.int8 if self.binary else np.int16)
        for window, start in enumerate(starts):
            offsets = self.offsets[start : start + steps + 1]
            times = np.repeat(np.arange(steps), np.diff(offsets))
            sources = self.sources[offsets[0] : offsets[-1]]
            if self.binary:
                spikes[times, window, sources] = 1
            else:
                cells = times * self.channels + sources
                counts = np.bincount(cells, minlength=steps * self.channels)
                spikes[:, window] = counts.reshape(steps, self.channels)
        return spikes
