"""Arrays of one's own: spikes that follow the targets, at any step and of any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def own_arrays(
    steps: int = 600, channels: int = 7, outputs: int = 2, most: int = 5, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Counts (steps, channels) and the targets (steps, outputs) that they follow."""
    random = np.random.default_rng(seed)
    smooth = np.hanning(21) / np.hanning(21).sum()
    noise = random.normal(size=(steps + 20, outputs))
    targets = np.stack([np.convolve(each, smooth, mode="valid") for each in noise.T], axis=1)
    rates = np.exp(targets @ random.normal(0, 2, (outputs, channels)) - 0.7)
    return np.minimum(random.poisson(rates), most), targets
