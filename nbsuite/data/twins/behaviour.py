"""How a twin's monkey moves: self-paced reaches over a grid of targets.

A movement carries the cursor by a displacement d over a duration D with the bell-shaped velocity
of minimum jerk (Flash and Hogan 1985), x = (t - onset) / D:

    v(t) = d / D * 30 x^2 (1 - x)^2        for 0 <= x <= 1

A reach is a movement that falls a little short and a correction. In pauses the hand wanders. The
hand is never quite at rest: a slow tremor is added to the position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from nbsuite.data.mat_format import SAMPLE_SECONDS

FloatArray = NDArray[np.float64]

GRID_SIDE = 8
GRID_PITCH_MM = 15.0

_REACTION_SECONDS, _REACTION_SPREAD = 0.20, 0.04
_REACH_SECONDS, _REACH_SPREAD = 0.44, 0.15
_REACH_SHARE, _REACH_ERROR_MM = 0.92, 4.0
_CORRECTION_SECONDS, _CORRECTION_ERROR_MM = 0.36, 2.5
_PAUSE_SECONDS = 3.0  # a segment longer than this holds a pause
_WANDERING_SECONDS = 1.6  # mean time between the movements of a pause
_WANDERING_MM = 28.0
_TREMOR_MM, _TREMOR_SECONDS = 1.15, 0.13
_RESTLESSNESS, _RESTLESSNESS_SECONDS = 0.5, 0.6


@dataclass(frozen=True)
class Movements:
    """Movements in order: onset (n,) and duration (n,) in seconds, displacement (n, 2) in mm."""

    onset: FloatArray
    duration: FloatArray
    displacement: FloatArray

    def velocity(self, steps: int) -> FloatArray:
        """Their summed velocity (2, steps), in mm/s at every sample."""
        velocity = np.zeros((2, steps))
        for onset, duration, displacement in zip(
            self.onset, self.duration, self.displacement, strict=True
        ):
            first = max(0, int(np.ceil(onset / SAMPLE_SECONDS)))
            last = min(steps, int((onset + duration) / SAMPLE_SECONDS) + 1)
            phase = (np.arange(first, last) * SAMPLE_SECONDS - onset) / duration
            bell = 30 * phase**2 * (1 - phase) ** 2 / duration
            velocity[:, first:last] += displacement[:, np.newaxis] * bell
        return velocity


class Behaviour(NamedTuple):
    """A recording's movements.

    Attributes:
        cursor: (2, T) cursor position in mm.
        target: (2, T) position of the current target in mm.
    """

    cursor: FloatArray
    target: FloatArray


def draw_behaviour(starts: NDArray[np.int64], rng: np.random.Generator) -> Behaviour:
    """Move through segments that begin at samples ``starts[:-1]`` and end at ``starts[-1]``."""
    steps = int(starts[-1])
    targets = _draw_targets(len(starts) - 1, rng)
    borders = np.asarray(starts * SAMPLE_SECONDS, dtype=np.float64)
    movements = _draw_movements(borders, targets, rng)
    tremor = _draw_tremor(steps, rng)
    cursor = np.cumsum(movements.velocity(steps), axis=1) * SAMPLE_SECONDS + tremor
    return Behaviour(cursor, _hold_targets(starts, targets))


def _draw_tremor(steps: int, rng: np.random.Generator) -> FloatArray:
    """(2, steps) small movements about the hand's path in mm, stronger at some times."""
    white = rng.standard_normal((3, steps))
    smooth = [_TREMOR_SECONDS, _TREMOR_SECONDS, _RESTLESSNESS_SECONDS]
    x, y, restlessness = (
        _standardised(gaussian_filter1d(row, seconds / SAMPLE_SECONDS, mode="wrap"))
        for row, seconds in zip(white, smooth, strict=True)
    )
    return np.asarray(_TREMOR_MM * np.exp(_RESTLESSNESS * restlessness) * np.stack([x, y]))


def _standardised(values: FloatArray) -> FloatArray:
    """``values`` with mean 0 and variance 1."""
    return np.asarray((values - values.mean()) / values.std())


def _draw_targets(count: int, rng: np.random.Generator) -> FloatArray:
    """(count, 2) positions on the grid, centred on 0, each another one than the last."""
    cells = GRID_SIDE**2
    moves = rng.integers(1, cells, count)
    cell = np.cumsum(moves) % cells
    grid = np.stack([cell % GRID_SIDE, cell // GRID_SIDE], axis=1)
    return np.asarray((grid - (GRID_SIDE - 1) / 2) * GRID_PITCH_MM, dtype=np.float64)


def _hold_targets(starts: NDArray[np.int64], targets: FloatArray) -> FloatArray:
    """(2, T) targets over time; the loader puts a border on the last sample before a change."""
    changes = starts[1:-1] + 1
    lengths = np.diff(np.concatenate([[0], changes, starts[-1:]]))
    return np.repeat(targets.T, lengths, axis=1)


def _draw_movements(
    borders: FloatArray, targets: FloatArray, rng: np.random.Generator
) -> Movements:
    """All movements: to each target, and about the workspace during pauses."""
    onsets: list[float] = []
    durations: list[float] = []
    displacements: list[FloatArray] = []
    here = np.zeros(2)

    def move(onset: float, seconds: float, place: FloatArray) -> float:
        """Append a movement from here to ``place``; return when it ends."""
        nonlocal here
        duration = seconds * float(np.exp(rng.normal(0, _REACH_SPREAD)))
        onsets.append(onset)
        durations.append(duration)
        displacements.append(place - here)
        here = place
        return onset + duration

    for begin, end, target in zip(borders[:-1], borders[1:], targets, strict=True):
        onset = begin + max(0.1, rng.normal(_REACTION_SECONDS, _REACTION_SPREAD))
        if end - begin > _PAUSE_SECONDS:
            while onset < end - 2 * _REACH_SECONDS - _REACTION_SECONDS:
                done = move(onset, _REACH_SECONDS, rng.normal(0, _WANDERING_MM, 2))
                onset = done + rng.exponential(_WANDERING_SECONDS - _REACH_SECONDS)
            onset = max(onset, end - 2 * _REACH_SECONDS)
        short = here + _REACH_SHARE * (target - here) + rng.normal(0, _REACH_ERROR_MM, 2)
        done = move(onset, _REACH_SECONDS, short)
        landing = target + rng.normal(0, _CORRECTION_ERROR_MM, 2)
        move(done - 0.1, _CORRECTION_SECONDS, landing)
    return Movements(np.array(onsets), np.array(durations), np.array(displacements))
