"""Input events as a recording keeps them, whatever takes the least room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nbsuite.spike_events import Counts


class SpikeStorage(Protocol):
    """Input events of T samples and C channels."""

    @property
    def channels(self) -> int:
        """Number of channels C."""

    @property
    def binary(self) -> bool:
        """Whether no channel ever has more than one event in a sample."""

    def rows(self, start: int, stop: int) -> Counts:
        """Events of the samples ``start`` to ``stop``, (stop - start, C)."""


@dataclass(frozen=True, eq=False)
class PackedSpikes:
    """Zeros and ones, one bit each.

    Attributes:
        packed: (T, ceil(C / 8)) uint8: eight channels a byte, lowest bit first; memory-mapped
            where it comes from the cache.
        channels: number of channels C.
    """

    packed: NDArray[np.uint8]
    channels: int

    @property
    def binary(self) -> bool:
        """Always."""
        return True

    def rows(self, start: int, stop: int) -> Counts:
        """Events of the samples ``start`` to ``stop``, (stop - start, C)."""
        bits = np.unpackbits(
            self.packed[start:stop], axis=1, count=self.channels, bitorder="little"
        )
        return bits.view(np.int8)
