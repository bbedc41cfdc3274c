"""The numba kernel for training: the input spikes of a group that dropout keeps."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.kernels.hashing import is_kept, row_of
from nbsuite.neurons.kernels.training.arrays import Mask, Spikes


@njit(cache=True, nogil=True)
def gather_inputs(
    sources: NDArray[np.uint16],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    steps: int,
    first_window: int,
    mask: Mask,
    kept: Spikes,
) -> None:
    """List the input spikes of a group, place after place.

    Args:
        sources: the input events, see ``SpikeEvents``. Several of one channel in one sample are
            kept or dropped together.
        offsets: (samples + 1,) where those of each sample begin, and the end.
        starts: (windows,) first sample of each window.
        steps: the windows' length.
        first_window: index in the batch of the group's first window.
        mask: the dropout.
        kept: receives the spikes.
    """
    count = place = 0
    kept.borders[0] = 0
    for step in range(steps):
        for window in range(starts.size):
            sample = starts[window] + step
            row = row_of(mask.key, step, first_window + window)
            for event in range(offsets[sample], offsets[sample + 1]):
                # Without a branch, which the processor would guess wrong for every third spike.
                kept.sources[count] = sources[event]
                count += is_kept(row, sources[event], mask.half, mask.threshold)
            place += 1
            kept.borders[place] = count
