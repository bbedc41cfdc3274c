"""The clock of a recording: whether its time stamps are sound, and from where it counts.

NeuroBench bins spikes between the first and the last time stamp, whatever lies between, and takes
the n-th bin for the n-th sample. It steps from bin to bin in floating point, with the rounding of
the clock's first reading t0: over T samples bins drift by up to T ulp(t0) / 2. Of a clock that
started within the day, that is less than a hundredth of a bin in a recording of an hour; of a
clock that counts from 1970 it is up to 25 bins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nbsuite.data.finding import Finding
from nbsuite.data.mat_format import SAMPLE_SECONDS

FloatArray = NDArray[np.float64]

LATEST_START = 1e5
"""Seconds up to which a clock's first reading is left as it is; a day has 86,400."""

_COARSE = SAMPLE_SECONDS / 100
_TOO_COARSE = SAMPLE_SECONDS / 4


def time_finding(time: FloatArray) -> Finding | None:
    """Whether the time stamps (T,) are sound."""
    if bad := np.count_nonzero(~np.isfinite(time)):
        return Finding(f"has {bad:,} NaN or infinite time stamps in t: set them 4 ms apart")
    with np.errstate(over="ignore"):
        steps = np.diff(time)
        drift = abs(time[-1] - time[0] - (time.size - 1) * SAMPLE_SECONDS)
    if np.abs(steps - SAMPLE_SECONDS).max() <= SAMPLE_SECONDS / 2 and drift <= SAMPLE_SECONDS:
        return None
    return Finding(
        f"has time stamps {1000 * float(steps.min()):.4g} to {1000 * float(steps.max()):.4g} ms"
        " apart, not 4 ms: resample it to 250 Hz without gaps"
    )


def clock_start(time: FloatArray) -> float:
    """What is to be taken off all times so that bins do not drift: 0 of the usual clocks.

    To take the first time stamp off another one near it is exact in floating point.

    Args:
        time: (T,) sound time stamps in seconds.
    """
    return float(time[0]) if abs(time[0]) > LATEST_START else 0.0


def resolution(time: FloatArray, stored_as: DTypeLike) -> float:
    """Seconds between neighbouring numbers of a dtype at the end of the recording."""
    latest = np.abs(time).max()
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.spacing(np.asarray(latest, dtype=stored_as)))


def clock_findings(start: float, seconds: float) -> list[Finding]:
    """What is to be said of a clock.

    Args:
        start: what :func:`clock_start` says.
        seconds: its :func:`resolution`.
    """
    findings = []
    if start:
        findings.append(
            Finding(
                f"has a clock that begins at {start:.10g} s, at which NeuroBench's bins would"
                " drift: it was set to begin at 0",
                grave=False,
            )
        )
    if not seconds <= _COARSE:
        findings.append(
            Finding(
                f"has times that are rounded to {1000 * seconds:.2g} ms where bins have 4 ms:"
                " store t and the spike times in double precision, from the first sample on",
                grave=not seconds <= _TOO_COARSE,
            )
        )
    return findings
