"""Input events as a recording keeps them, whatever takes the least room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int8] | NDArray[np.int16]
"""Events of each channel in each sample: int8 where none is above 1, otherwise int16."""


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
