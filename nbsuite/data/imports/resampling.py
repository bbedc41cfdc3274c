"""Targets that were sampled finer than the steps of a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.own.limits import LONGEST_STEP
from nbsuite.data.own.segments import step_of, time_gaps
from nbsuite.untrusted.fault import FormatFault

_TOLERANCE = 0.01
"""Share of a sample by which a step may differ from a whole number of them."""


def averaged(
    time: NDArray[np.float64], targets: NDArray[Any], step: float
) -> tuple[NDArray[np.float64], NDArray[Any], int]:
    """The mean of all samples of each step.

    Steps begin anew after each gap in time; samples that do not make a whole step before one, and
    at the end, are dropped.

    Args:
        time: (T,) time stamps in seconds.
        targets: (T, ...) a sample at each.
        step: seconds of a step.

    Returns:
        Time stamps of the steps, their targets, and samples of each step; all as they were where
        that is one.

    Raises:
        FormatFault: a step is no whole number of samples.
    """
    own = step_of(time)
    if own is None:
        return time, targets, 1
    count = round(step / own) if 0 < step <= LONGEST_STEP else 0
    if count < 1 or abs(step / own - count) > _TOLERANCE * count:
        raise FormatFault(
            f"has targets every {1000 * own:.4g} ms, of which {1000 * step:.4g} ms are no whole"
            " number: give a step that is (--step)"
        )
    if count == 1:
        return time, targets, 1
    gaps = time_gaps(time, own).tolist()
    firsts = [
        np.arange(start, stop - count + 1, count)
        for start, stop in zip([0, *gaps], [*gaps, len(time)], strict=True)
    ]
    chosen = np.concatenate(firsts)
    samples = chosen[:, np.newaxis] + np.arange(count)
    return time[chosen], targets[samples].mean(axis=1), count
