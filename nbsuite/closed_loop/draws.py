"""The original's random numbers: a generator of torch's for each neuron, one draw a step.

``torch.multinomial([1 - p, p], 1)`` draws two exponential numbers, divides the probabilities by
them and takes the larger: 1 where ``p / q1 > (1 - p) / q0``. Each number takes two words of 32 bits
of the generator, a Mersenne Twister, of which the first is the upper half of 64 bits; their lower
53 bits are a uniform number u, and the exponential one is ``-log(1 - u)``, rounded to float32. So
all draws of many steps are computed at once, and ``layout_holds`` says whether the installed torch
draws like that; where it does not, ``TorchDraws`` asks torch for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray

from nbsuite.errors import UsageError

NEURONS_SEED = 1337
TARGETS_SEED = 345783
_CHALLENGE_NEURONS = 96
_WORDS_OF_MAKING = 7
"""Words that the original draws when a neuron is made: a multinomial, and three uniform numbers."""
_WORDS_A_STEP = 4
_STEPS_AT_ONCE = 512


class Draws(Protocol):
    """Decides which neurons fire, in the order of steps."""

    def begin_trial(self, trial: int) -> None:
        """Called before each trial."""

    def fire(self, probabilities: NDArray[np.float32]) -> NDArray[np.int8]:
        """Which of the neurons fire in the next step, 0 or 1, given each one's probability."""


def neuron_seeds(neurons: int, seed: int = NEURONS_SEED) -> list[int]:
    """The seed of each neuron's generator: of the 96 of the challenge, or of more."""
    generator = torch.Generator().manual_seed(seed)
    count = max(neurons, _CHALLENGE_NEURONS)
    return torch.randperm(count, generator=generator)[:neurons].tolist()


class Targets:
    """The original's targets, in a direction each that is drawn uniformly.

    Args:
        distance: of each from the origin.
        seed: of the generator.
    """

    def __init__(self, distance: float, seed: int = TARGETS_SEED) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._distance = np.float32(distance)

    def draw(self) -> NDArray[np.float32]:
        """The next target (2,)."""
        uniform = torch.empty(1).uniform_(-torch.pi, torch.pi, generator=self._generator)
        angle = uniform.item()
        direction = np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)
        target: NDArray[np.float32] = self._distance * direction
        return target


class TorchDraws:
    """Draws by torch itself, one neuron after the other.

    Args:
        seeds: of each neuron's generator.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        for generator in self._generators:
            torch.multinomial(torch.tensor([0.0, 1.0]), 1, generator=generator)
            for _ in range(3):
                torch.empty(1).uniform_(generator=generator)

    def begin_trial(self, trial: int) -> None:
        """See ``Draws``: the generators run on from trial to trial."""

    def fire(self, probabilities: NDArray[np.float32]) -> NDArray[np.int8]:
        """See ``Draws``."""
        pairs = torch.from_numpy(np.stack([1 - probabilities, probabilities], axis=1))
        drawn = [
            torch.multinomial(pair, 1, generator=generator).item()
            for pair, generator in zip(pairs, self._generators, strict=True)
        ]
        return np.array(drawn, dtype=np.int8)


class BulkDraws:
    """The same draws, many steps at once.

    Args:
        seeds: of each neuron's generator, below 2^32.

    Raises:
        UsageError: a seed is out of range.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        if not all(0 <= seed < 1 << 32 for seed in seeds):
            raise UsageError("A neuron's seed is out of range; give one from 0 to 2^32 - 1.")
        self._twisters = [np.random.RandomState(seed) for seed in seeds]
        for twister in self._twisters:
            _words(twister, _WORDS_OF_MAKING)
        self._next = _STEPS_AT_ONCE
        self._numbers = np.empty((_STEPS_AT_ONCE, 2, len(self._twisters)), dtype=np.float32)

    def begin_trial(self, trial: int) -> None:
        """See ``Draws``: the generators run on from trial to trial."""

    def fire(self, probabilities: NDArray[np.float32]) -> NDArray[np.int8]:
        """See ``Draws``."""
        if self._next == _STEPS_AT_ONCE:
            for neuron, twister in enumerate(self._twisters):
                words = _words(twister, _WORDS_A_STEP * _STEPS_AT_ONCE)
                self._numbers[:, :, neuron] = exponential(words).reshape(_STEPS_AT_ONCE, 2)
            self._next = 0
        fired = np.empty(len(self._twisters), dtype=np.int8)
        decide(probabilities, self._numbers[self._next], fired)
        self._next += 1
        return fired


def draws_of(seeds: Sequence[int]) -> Draws:
    """The faster way that the installed torch allows."""
    return BulkDraws(seeds) if layout_holds() else TorchDraws(seeds)


@cache
def layout_holds() -> bool:
    """Whether the installed torch draws as is computed here: tried out."""
    seeds = [0, 7, 95, 1337]
    bulk, slow = BulkDraws(seeds), TorchDraws(seeds)
    tried = np.random.default_rng(0).random((256, len(seeds)), dtype=np.float32)
    return all(np.array_equal(bulk.fire(each), slow.fire(each)) for each in tried)


def _words(twister: np.random.RandomState, count: int) -> NDArray[np.uint32]:
    return twister.randint(0, 1 << 32, size=count, dtype=np.uint32)


def exponential(words: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Exponential numbers of mean 1, one for two words."""
    wide = words.astype(np.uint64)
    joined = (wide[0::2] << np.uint64(32) | wide[1::2]) & np.uint64((1 << 53) - 1)
    drawn: NDArray[np.float32] = (-np.log1p(-(joined * 2.0**-53))).astype(np.float32)
    return drawn


@njit(cache=True, nogil=True)
def decide(
    probabilities: NDArray[np.float32], numbers: NDArray[np.float32], fired: NDArray[np.int8]
) -> None:
    """Which neurons fire.

    Args:
        probabilities: (neurons,) of firing.
        numbers: (2, neurons) exponential numbers, for silence and for a spike.
        fired: (neurons,) receives 0 or 1.
    """
    for neuron in range(fired.size):
        spike = np.float32(probabilities[neuron] / numbers[1, neuron])
        silence = np.float32(np.float32(1) - probabilities[neuron]) / numbers[0, neuron]
        fired[neuron] = spike > np.float32(silence)
