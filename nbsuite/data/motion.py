"""Whether the hand moves as a hand does, told from a recording's labels and positions.

The figures that are held against come from the published recordings: the velocity of their hands
has a standard deviation of 7 to 8 cm/s on each axis, and none is faster than 60 cm/s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from nbsuite.data.finding import Finding
from nbsuite.data.mat_format import CM_PER_SECOND
from nbsuite.data.still import still_outputs

if TYPE_CHECKING:
    from nbsuite.shapes import AxesSamples, SamplesOutputs


AXES = ("x", "y")
UNIT = "give the positions in mm"

_SLOWEST, _FASTEST = 2.0, 200.0
"""Root mean square of the velocity in cm/s beyond which positions are hardly in mm."""

_FAST, _ABSURD = 1e3, 1e4
"""Velocities in cm/s that no hand reaches, and that no glitch of a sensor explains."""

_FAR, _AWAY = 1e3, 1e4
"""Positions in mm out of an arm's reach, and out of the room."""


def motion_findings(
    velocity: SamplesOutputs, parts: Mapping[str, slice], *, published: bool
) -> Iterator[Finding]:
    """What is odd in the labels.

    Args:
        velocity: in mm per 4 ms sample.
        parts: the samples of each set.
        published: whether it is a published file, which deserves warnings alone.
    """
    fastest = float(np.abs(velocity).max()) * CM_PER_SECOND  # NaN where one is
    if not fastest <= _FAST:
        yield Finding(
            f"has a hand that moves at {fastest / 100:.3g} m/s: {UNIT}, without leaps",
            grave=not (published or fastest <= _ABSURD),
        )
    for name, part in parts.items():
        if still := still_outputs(velocity[part], AXES):
            yield Finding(
                f"has a hand whose velocity never changes along {' and '.join(still)} in the"
                f" {name} set, where R2 is undefined: use a recording in which it moves",
                grave=False,
            )
    if 0 < fastest <= _ABSURD:
        values = velocity.ravel()
        typical = float(np.sqrt(np.dot(values, values) / values.size)) * CM_PER_SECOND
        if not _SLOWEST <= typical <= _FASTEST:
            yield Finding(
                f"has a hand that moves at {typical:.3g} cm/s along an axis (root mean square),"
                f" where recordings of reaches have about 8: {UNIT}",
                grave=False,
            )


def position_findings(name: str, positions: AxesSamples, remedy: str) -> Iterator[Finding]:
    """What is wrong with positions.

    Args:
        name: the dataset.
        positions: in mm.
        remedy: how to come by others.
    """
    bad = np.flatnonzero(~np.isfinite(positions).all(axis=0))
    if bad.size:
        yield Finding(
            f"has NaN or infinite positions in {name} ({bad.size:,} samples, the first is"
            f" number {bad[0]:,}): interpolate them, or {remedy}"
        )
        return
    farthest = float(np.abs(positions).max())
    if farthest > _FAR:
        yield Finding(
            f"has positions up to {farthest / 1000:.3g} m away in {name}: {UNIT}, without leaps",
            grave=farthest > _AWAY,
        )
