"""Input spikes as a list of events, which is what event-driven training works on.

A recording has a spike in a few of a hundred channels each step. A list of who spiked, in order
of time, is a fraction of the dense array, and any window of time is a stretch of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the kernels need events, not NeuroBench's loader
    from nbsuite.data.recording import Recording

_CHUNK_SAMPLES = 1 << 16


@dataclass(frozen=True, eq=False)
class SpikeEvents:
    """Input spikes of consecutive samples.

    Attributes:
        sources: (events,) the channel of each event, in order of time, then of channel.
        offsets: (samples + 1,) ``sources[offsets[t]:offsets[t + 1]]`` are the events of sample t.
        channels: number of input channels.
    """

    sources: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    channels: int

    @property
    def samples(self) -> int:
        """Number of samples."""
        return len(self.offsets) - 1

    @classmethod
    def from_dense(cls, spikes: NDArray[np.generic]) -> SpikeEvents:
        """Events of an array (samples, channels) of zeros and ones."""
        samples, channels = spikes.shape
        times, sources = np.nonzero(spikes)
        offsets = np.zeros(samples + 1, dtype=np.int64)
        np.cumsum(np.bincount(times, minlength=samples), out=offsets[1:])
        return cls(sources.astype(np.uint16), offsets, channels)

    @classmethod
    def from_recording(
        cls, recording: Recording, start: int = 0, stop: int | None = None
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

    def dense(self, starts: NDArray[np.int64], steps: int) -> NDArray[np.int8]:
        """The windows that begin at ``starts``, as zeros and ones (steps, windows, channels)."""
        spikes = np.zeros((steps, len(starts), self.channels), dtype=np.int8)
        for window, start in enumerate(starts):
            offsets = self.offsets[start : start + steps + 1]
            times = np.repeat(np.arange(steps), np.diff(offsets))
            spikes[times, window, self.sources[offsets[0] : offsets[-1]]] = 1
        return spikes
