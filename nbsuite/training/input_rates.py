"""How often input channels fire in the training windows, by which weights are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nbsuite.errors import DataError
from nbsuite.models.initialisation import ARRAY_CHANNELS, InputRates
from nbsuite.training.windows import TrainingWindows

if TYPE_CHECKING:
    from nbsuite.shapes import Channels, PerSample


def input_rates(windows: TrainingWindows) -> InputRates:
    """Mean input rates over all training windows.

    Raises:
        DataError: an array has no spikes.
    """
    events = windows.events
    windows_with_event = np.repeat(_windows_with_sample(windows), np.diff(events.offsets))
    spikes = np.bincount(events.sources, weights=windows_with_event, minlength=events.channels)
    hertz = spikes / (len(windows) * windows.steps * windows.step)
    first = _mean_rate(hertz, 0, min(ARRAY_CHANNELS, events.channels))
    if events.channels <= ARRAY_CHANNELS:
        return InputRates(first, None)
    return InputRates(first, _mean_rate(hertz, ARRAY_CHANNELS, events.channels))


def _windows_with_sample(windows: TrainingWindows) -> PerSample:
    """In how many windows each sample lies."""
    samples = windows.events.samples
    begun = np.bincount(windows.starts, minlength=samples + 1)
    ended = np.bincount(windows.starts + windows.steps, minlength=samples + 1)
    inside: NDArray[np.int64] = np.cumsum(begun - ended)[:samples]
    return inside


def _mean_rate(hertz: Channels, first: int, stop: int) -> float:
    """Mean rate of some channels.

    Raises:
        DataError: they have no spikes.
    """
    rate = float(hertz[first:stop].mean())
    if rate == 0:
        raise DataError(
            f"The training windows have no spikes on channels {first} to {stop - 1}, so that no"
            " weights can be drawn for them: use another or a longer recording."
        )
    return rate
