"""The blocks of a test set that figures are resampled by: reaches, trials, or stretches of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.recording import Recording, Split

_LEAST_SEGMENTS = 20
_STRETCH_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class Blocks:
    """Stretches of samples that tile a part of a recording.

    Attributes:
        kind: what they are: ``reaches``, ``segments`` or ``stretches of time``.
        starts: (blocks,) the first sample of each, counted from the part's first.
    """

    kind: str
    starts: NDArray[np.int64]


def blocks_of(recording: Recording, part: Split, *, most: int) -> Blocks:
    """The blocks of a part of a recording.

    They are its reaches, where targets are known; otherwise the segments of a recording in so many
    trials; otherwise stretches of a second, none of which goes on over a gap. Where there are more
    than ``most``, neighbours are put together.
    """
    kind, starts = _kind_and_starts(recording, part)
    within = np.unique(starts[(starts > 0) & (starts < len(part))])
    every = -(-(len(within) + 1) // most)
    return Blocks(kind, np.append(0, within)[::every])


def _kind_and_starts(recording: Recording, part: Split) -> tuple[str, NDArray[np.int64]]:
    if len(recording.reaches):
        return "reaches", recording.reaches - part.start
    stretches = recording.stretches(part)
    first = np.array([stretch.start for stretch in stretches], dtype=np.int64) - part.start
    if len(stretches) >= _LEAST_SEGMENTS:
        return "segments", first
    steps = max(1, round(_STRETCH_SECONDS / recording.task.step))
    return "stretches of time", np.concatenate(
        [
            np.arange(start, start + max(len(stretch) - steps // 2, 1), steps)
            for start, stretch in zip(first, stretches, strict=True)
        ]
    )
