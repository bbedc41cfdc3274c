"""Random numbers of the fast mode: a hash of seed, trial, step and neuron, in any order.

They are made as the masks of dropout are, see ``nbsuite.neurons.dropout``: what a trial draws does
not depend on which others are run, nor on threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.dropout import GOLDEN
from nbsuite.neurons.kernels.hashing import mix, row_of

_GOLDEN = np.uint32(GOLDEN)
_TARGETS_STEP = 0x7FFFFFFF
"""In the place of a step, of which no trial has so many."""
_TO_UNIT = np.float32(2.0**-24)


def loop_key(seed: int) -> NDArray[np.uint32]:
    """The key (2,) of all draws of a seed."""
    return np.random.default_rng([seed, 0xC105ED]).integers(0, 1 << 32, 2, dtype=np.uint32)


def hashed_target(key: NDArray[np.uint32], trial: int, distance: float) -> NDArray[np.float32]:
    """The target (2,) of a trial, in a direction drawn uniformly."""
    share = _draw(key, _TARGETS_STEP, trial, 0)
    angle = math.pi * (2 * float(share) - 1)
    return np.array([distance * math.cos(angle), distance * math.sin(angle)], dtype=np.float32)


@njit(cache=True, nogil=True)
def _draw(key: NDArray[np.uint32], step: int, trial: int, lane: int) -> Any:
    return uniform(row_of(key, step, trial), lane)


@njit(inline="always")
def uniform(row: Any, lane: int) -> Any:
    """A number in [0, 1) of 24 bits, of one lane of a row of ``row_of``."""
    word = mix(np.uint32(row + np.uint32(np.uint32(lane) * _GOLDEN)))
    return np.float32(np.uint32(word >> np.uint32(8))) * _TO_UNIT


@njit(cache=True, nogil=True)
def fire_hashed(
    key: NDArray[np.uint32],
    step: int,
    trial: int,
    dropped: np.float32,
    probabilities: NDArray[np.float32],
    fired: NDArray[np.int8],
) -> None:
    """Which neurons fire in a step of a trial.

    Args:
        key: of all draws.
        step: of the trial.
        trial: its number.
        dropped: probability that none of the spikes arrives.
        probabilities: (neurons,) of firing.
        fired: (neurons,) receives 0 or 1.
    """
    row = row_of(key, step, trial)
    arrives = not uniform(row, fired.size) < dropped
    for neuron in range(fired.size):
        fired[neuron] = arrives and uniform(row, neuron) < probabilities[neuron]


class HashedDraws:
    """Which neurons fire, step by step.

    Args:
        key: of all draws.
        dropped: probability that none of the spikes of a step arrives.
    """

    def __init__(self, key: NDArray[np.uint32], dropped: float) -> None:
        self._key, self._dropped = key, np.float32(dropped)
        self._trial = self._step = 0

    def begin_trial(self, trial: int) -> None:
        """See ``Draws``."""
        self._trial, self._step = trial, 0

    def fire(self, probabilities: NDArray[np.float32]) -> NDArray[np.int8]:
        """See ``Draws``."""
        fired = np.empty(len(probabilities), dtype=np.int8)
        fire_hashed(self._key, self._step, self._trial, self._dropped, probabilities, fired)
        self._step += 1
        return fired
