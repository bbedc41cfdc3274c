"""What drives all neurons of a twin at once: the movement, nonlinearly, and latents they share.

With v the hand's velocity, s its speed and r its position, less the average, units read

    f = s / (s + s_f), half of it at once and half through a leaky integrator of 200 ms:
        how hard the monkey moves, which rises fast and falls slowly;
    e = v / (s + s_e): the direction, soon saturated;
    h = |e| (cos 2a, sin 2a), a the angle of v: the axis of the movement, back and forth alike;
    p = r / (35 mm): where the hand is;
    z: Ornstein-Uhlenbeck processes that have nothing to do with the movement.

Direction and axis hardly say how fast the hand moves, and few spikes say little of either. The size
of a movement is in f, and has to be multiplied with a direction that is gathered over time: a
linear decoder cannot multiply, and one without memory cannot gather.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from nbsuite.data.mat_format import SAMPLE_SECONDS

FloatArray = NDArray[np.float64]
Array = NDArray[np.float32]

LONGEST_LEAD = 100
"""Samples by which a unit may be ahead of the movement."""

LATENTS = 4

_SPEED_HALF_MM, _DIRECTION_HALF_MM = 65.0, 15.0  # speeds in mm/s where each is half saturated
_RELEASE_SECONDS, _RELEASE_SHARE = 0.2, 0.25
_POSITION_MM = 35.0
_LATENT_SECONDS = np.array([0.4, 0.4, 0.3, 0.3])


@dataclass(frozen=True)
class Drive:
    """The signals above; those of the movement go on for the longest lead, the last value held.

    Attributes:
        speed: (T + longest lead,) f, less its average.
        direction: (2, T + longest lead) e.
        axis: (2, T + longest lead) h.
        position: (2, T + longest lead) p.
        latents: (LATENTS, T) z.
    """

    speed: Array
    direction: Array
    axis: Array
    position: Array
    latents: Array

    @property
    def steps(self) -> int:
        """Samples of the recording."""
        return int(self.latents.shape[1])


def draw_drive(cursor: FloatArray, rng: np.random.Generator) -> Drive:
    """The drive of all units over a recording, from the hand's position (2, T) in mm."""
    velocity = np.gradient(cursor, SAMPLE_SECONDS, axis=1)
    latents = _draw_latents(cursor.shape[1], rng)
    ahead = ((0, 0), (0, LONGEST_LEAD))
    velocity, cursor = (np.pad(rows, ahead, mode="edge") for rows in (velocity, cursor))
    speed = np.hypot(*velocity)
    direction = velocity / (speed + _DIRECTION_HALF_MM)
    return Drive(
        speed=_effort(speed).astype(np.float32),
        direction=direction.astype(np.float32),
        axis=_axis(direction).astype(np.float32),
        position=((cursor - cursor.mean(axis=1, keepdims=True)) / _POSITION_MM).astype(np.float32),
        latents=latents.astype(np.float32),
    )


def _effort(speed: FloatArray) -> FloatArray:
    """How hard the monkey moves, f, from the speed (n,) in mm/s, less its average."""
    effort = speed / (speed + _SPEED_HALF_MM)
    decay = np.exp(-SAMPLE_SECONDS / _RELEASE_SECONDS)
    slow = lfilter([1 - decay], [1.0, -decay], effort)
    effort = (1 - _RELEASE_SHARE) * effort + _RELEASE_SHARE * slow
    return np.asarray(effort - effort.mean())


def _axis(direction: FloatArray) -> FloatArray:
    """The axis h (2, n) of the direction e: of twice the angle, and as long."""
    x, y = direction
    length = np.maximum(np.hypot(x, y), 1e-9)
    return np.asarray(np.stack([x**2 - y**2, 2 * x * y]) / length)


def _draw_latents(steps: int, rng: np.random.Generator) -> FloatArray:
    """(LATENTS, steps) Ornstein-Uhlenbeck processes of unit variance."""
    decay = np.exp(-SAMPLE_SECONDS / _LATENT_SECONDS)
    noise = rng.standard_normal((LATENTS, steps))
    noise[:, 1:] *= np.sqrt(1 - decay**2)[:, np.newaxis]  # the first value is drawn at rest
    return np.stack([lfilter([1.0], [1.0, -a], row) for a, row in zip(decay, noise, strict=True)])
