"""Stretches of time without gaps: which steps are kept, and where one stretch ends.

A recording is cut where its time stamps leap, where a trial ends, and around steps that are left
out. Numbers of steps are those of the arrays as they were given.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.untrusted.fault import FormatFault

Segments = tuple[tuple[int, int], ...]

_JITTER = 0.5
"""Share of a step by which time stamps may be off."""
_DRIFT = 0.01
"""Share of a step by which they may be off on average."""


def kept_segments(
    steps: int, *, chosen: Any = None, gaps: NDArray[np.int64] | None = None, left_out: Any = None
) -> Segments:
    """The stretches to keep.

    Args:
        steps: number of steps T.
        chosen: stretches (n, 2) of a first step and the step after the last, in order; or a number
            for each step (T,), of which a change begins a new stretch and a negative or NaN one
            leaves steps out; None keeps all.
        gaps: steps before which there is a gap in time.
        left_out: (T,) whether a step is left out.

    Raises:
        FormatFault: ``chosen`` is neither, or nothing is kept.
    """
    number = np.zeros(steps, dtype=np.float64) if chosen is None else _numbered(chosen, steps)
    if left_out is not None:
        number = np.where(left_out, np.nan, number)
    borders = np.flatnonzero((number[1:] != number[:-1]) & ~np.isnan(number[1:] + number[:-1])) + 1
    ends = np.flatnonzero(np.isnan(number[1:]) != np.isnan(number[:-1])) + 1
    parts = [borders, ends] if gaps is None else [borders, ends, gaps]
    edges = np.unique(np.concatenate([[0], *parts, [steps]])).astype(int).tolist()
    kept = tuple((start, stop) for start, stop in pairwise(edges) if not np.isnan(number[start]))
    if not kept:
        raise FormatFault("has no step that is in a segment: check the segments")
    return kept


def _numbered(chosen: Any, steps: int) -> NDArray[np.float64]:
    """A number for each step: that of its stretch, NaN for steps that are left out."""
    given = np.asarray(chosen)
    if given.dtype.kind not in "biuf":
        raise FormatFault("has segments that are not numbers")
    if given.shape == (steps,):
        numbers = given.astype(np.float64)
        return np.where(numbers >= 0, numbers, np.nan)
    if given.ndim != 2 or given.shape[1] != 2 or not len(given):
        raise FormatFault(
            f"has segments of shape {given.shape}: give the first step and the step after the last"
            f" of each, (segments, 2), or a number for each of the {steps} steps"
        )
    edges = given.astype(np.float64).ravel()
    if not (np.isfinite(edges).all() and (edges == np.rint(edges)).all()):
        raise FormatFault("has segments whose steps are not whole numbers")
    ordered = (edges[::2] < edges[1::2]).all() and (edges[2::2] >= edges[1:-1:2]).all()
    if not ordered or edges[0] < 0 or edges[-1] > steps:
        raise FormatFault(
            f"has segments that overlap, are not in order or do not lie within its {steps} steps"
        )
    numbers = np.full(steps, np.nan)
    for number, (start, stop) in enumerate(edges.astype(np.int64).reshape(-1, 2)):
        numbers[start:stop] = number
    return numbers


def time_gaps(time: NDArray[np.float64], step: float) -> NDArray[np.int64]:
    """The steps before which time stamps leap.

    Args:
        time: (T,) seconds.
        step: seconds from one to the next.

    Raises:
        FormatFault: they do not grow, or not by steps.
    """
    if not np.isfinite(time).all():
        raise FormatFault("has time stamps that are not finite")
    steps = np.diff(time)
    leaps = steps > (1 + _JITTER) * step
    usual = steps[~leaps]
    if steps.size and (
        not usual.size
        or usual.min() < (1 - _JITTER) * step
        or abs(usual.mean() - step) > _DRIFT * step
    ):
        raise FormatFault(
            f"has time stamps {1000 * steps.min():.4g} to {1000 * steps.max():.4g} ms apart, most"
            f" often {1000 * float(np.median(steps)):.4g} ms, where a step is {1000 * step:.4g} ms:"
            " give the step that they have, or resample"
        )
    return np.flatnonzero(leaps) + 1


def step_of(time: NDArray[np.float64]) -> float | None:
    """Seconds from one time stamp to the next, most often; None where that says nothing."""
    step = float(np.median(np.diff(time))) if time.size > 1 else 0.0
    return float(f"{step:.6g}") if np.isfinite(step) and step > 0 else None


def after_cutting(kept: Sequence[tuple[int, int]]) -> Segments:
    """Where kept stretches lie once what is between them is cut out."""
    edges = np.cumsum([0, *(stop - start for start, stop in kept)]).tolist()
    return tuple(pairwise(edges))
