"""How the spikes of a recording fall into NeuroBench's bins, and which of them are none.

MATLAB stores an empty cell as its dimensions and a mark. NeuroBench's loader (2.3.0) takes no
notice of the mark and reads the dimensions, zeros, as spike times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.mat_format import SAMPLE_SECONDS

FloatArray = NDArray[np.float64]


class Cell(NamedTuple):
    """A cell of a recording's spike array.

    Attributes:
        numbers: what is stored in it: spike times in seconds, unless it is empty.
        empty: whether MATLAB marks it as empty.
    """

    numbers: FloatArray
    empty: bool


@dataclass(frozen=True)
class SpikeTally:
    """How the spikes fall into the samples.

    Attributes:
        counted: spikes within the time that NeuroBench bins.
        outside: spikes before the first or after the last sample, or at no time (NaN).
        spurious_events: (channel, sample) of each input event behind which there is no spike but
            only an empty cell.
    """

    counted: int
    outside: int
    spurious_events: tuple[tuple[int, int], ...]


def tally_spikes(channels: Sequence[Sequence[Cell]], time: FloatArray) -> SpikeTally:
    """Tally the spikes of all units.

    Args:
        channels: the cells of each channel, one a unit.
        time: (T,) sample times in seconds, 4 ms apart.
    """
    before, after = time[0] - SAMPLE_SECONDS, time[-1] + SAMPLE_SECONDS
    edges = np.arange(before, time[-1], SAMPLE_SECONDS)  # as NeuroBench does: rounding included
    counted = outside = 0
    spurious: list[tuple[int, int]] = []
    for channel, cells in enumerate(channels):
        times = _joined(cell.numbers for cell in cells if not cell.empty)
        founded = _samples(times, edges)
        counted += founded.size
        outside += times.size - int(np.count_nonzero((times >= before) & (times < after)))
        events = _samples(_joined(cell.numbers for cell in cells if cell.empty), edges)
        spurious += [(channel, int(sample)) for sample in np.setdiff1d(events, founded)]
    return SpikeTally(counted, outside, tuple(spurious))


def _joined(parts: Iterable[FloatArray]) -> FloatArray:
    return np.concatenate([np.empty(0), *parts])


def _samples(times: FloatArray, edges: FloatArray) -> NDArray[np.int64]:
    """The sample at which NeuroBench shows each of the times that it does not drop."""
    inside = times[(times >= edges[0]) & (times <= edges[-1])]
    samples: NDArray[np.int64] = np.searchsorted(edges, inside, side="right")
    samples[samples == edges.size] -= 1  # the last bin includes its upper edge
    return samples
