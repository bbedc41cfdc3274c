"""Smoothness of a movement as the length of its speed spectrum's arc.

S. Balasubramanian, A. Melendez-Calderon, A. Roby-Brami and E. Burdet, "On the analysis of movement
smoothness", Journal of NeuroEngineering and Rehabilitation 12:112, 2015.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HIGHEST_FREQUENCY = 10.0
"""Hz: movements have nothing above."""
LEAST_AMPLITUDE = 0.05
"""Of the largest: where the spectrum stays below, it is cut off."""
_PADDING = 4
"""Doublings beyond the next power of two, which make the spectrum's steps fine."""


def spectral_arc_length(speeds: NDArray[np.floating], step: float) -> float | None:
    """The negative arc length of the normalised amplitude spectrum; nearer to 0 is smoother.

    Args:
        speeds: (steps,) speed of a movement, in any unit.
        step: seconds of a step.

    Returns:
        None where nothing moved, so that there is no spectrum.
    """
    values = np.asarray(speeds, dtype=np.float64)
    if len(values) < 2 or not values.any():
        return None
    points = 1 << (int(np.ceil(np.log2(len(values)))) + _PADDING)
    frequencies = np.arange(points) / (points * step)
    below = frequencies <= min(HIGHEST_FREQUENCY, 0.5 / step)
    amplitudes = np.abs(np.fft.fft(values, points))[below]
    amplitudes = amplitudes / amplitudes.max()
    last = int(np.flatnonzero(amplitudes >= LEAST_AMPLITUDE)[-1])
    if last == 0:
        return 0.0
    kept, heights = frequencies[: last + 1], amplitudes[: last + 1]
    widths = np.diff(kept) / (kept[-1] - kept[0])
    return -float(np.sqrt(widths**2 + np.diff(heights) ** 2).sum())
