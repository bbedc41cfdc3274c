"""What each neuron of a twin is tuned to.

Tuning is heavy-tailed: few units are tuned strongly, most weakly. Thirty units drawn at random
would say much of one direction in one twin and of another in the next, so that the draw decided how
well the twin can be decoded. It is therefore balanced: values are drawn from equal shares of their
distributions, and the six columns of weights (direction, axis, position) are made orthogonal, under
the units' rates as weights, to each other, to a common gain and to the tuning to speed, and given
the length wanted. So what the population says of direction, axis and position is the same in every
twin, and no one of them is mistaken for another by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from nbsuite.data.mat_format import SAMPLE_SECONDS
from nbsuite.data.twins.drive import LATENTS, LONGEST_LEAD

FloatArray = NDArray[np.float64]

_TUNED_TO = 3  # direction, axis and position, of two columns each
_DEPTHS = np.array([0.225, 0.32, 0.20])
_DEPTH_SPREAD = 0.5
_DEPTHS_HERTZ = 438.0  # of the population that they are meant for
_REDUNDANCY = 0.275  # the power of its rate by which a larger population is tuned less
_SPEED_DEPTH, _SPEED_DEPTH_SPREAD = 2.2, 0.4
_LATENT_DEPTH = np.array([0.15, 0.18, 0.15, 0.12])
_COMMON_LATENT_MEAN = 0.36  # the first latent moves nearly all units the same way

# Of speed, direction, axis and position, in seconds.
_LEADS = np.array([0.19, 0.12, 0.125, 0.13])
_LEAD_SPREAD = 0.05


@dataclass(frozen=True)
class Tuning:
    """What a population of n units is tuned to.

    Attributes:
        leads: (n, 4) samples by which units lead speed, direction, axis and position.
        speed: (n,) weights c.
        directed: (n, 6) weights b, g and q of direction, axis and position.
        latents: (n, LATENTS) weights w.
    """

    leads: NDArray[np.int64]
    speed: FloatArray
    directed: FloatArray
    latents: FloatArray


def draw_tuning(hertz: FloatArray, sharpness: FloatArray, rng: np.random.Generator) -> Tuning:
    """Tuning of units with mean rates ``hertz`` (n,), as sharp as ``sharpness`` (n,) says.

    In a population that fires more, each unit is tuned less: neighbours say much of the same, so
    that what all say together grows more slowly than their number.
    """
    count = len(hertz)
    leads = _LEADS + _LEAD_SPREAD * np.stack([_normal(count, rng) for _ in _LEADS], axis=1)
    speed = _SPEED_DEPTH + _SPEED_DEPTH_SPREAD * _normal(count, rng)
    latents = _LATENT_DEPTH * np.stack([_normal(count, rng) for _ in range(LATENTS)], axis=1)
    latents[:, 0] += _COMMON_LATENT_MEAN
    redundancy = (_DEPTHS_HERTZ / hertz.sum()) ** _REDUNDANCY
    depth = np.repeat(_DEPTHS * redundancy, 2) / np.sqrt(2)
    directed = [_directions(count, rng) * sharpness[:, np.newaxis] for _ in range(_TUNED_TO)]
    return Tuning(
        leads=np.clip(np.rint(leads / SAMPLE_SECONDS), 0, LONGEST_LEAD).astype(np.int64),
        speed=speed,
        directed=depth * balanced(np.hstack(directed), speed, hertz),
        latents=latents,
    )


def balanced(columns: FloatArray, speed: FloatArray, hertz: FloatArray) -> FloatArray:
    """``columns`` (n, k) made orthonormal, and orthogonal to ones and to ``speed`` (n,).

    Two columns are orthonormal where the averages of their products over units, weighted by
    ``hertz`` (n,), are 0 and those of their squares 1. Of all such columns they are the closest.
    """
    root = np.sqrt(hertz / hertz.sum())[:, np.newaxis]
    others = root * np.stack([np.ones(len(speed)), speed], axis=1)
    own = root * columns
    own = own - others @ np.linalg.lstsq(others, own, rcond=None)[0]
    own /= np.linalg.norm(own, axis=0)
    left, _, right = np.linalg.svd(own, full_matrices=False)
    return np.asarray(left @ right / root)


def _directions(count: int, rng: np.random.Generator) -> FloatArray:
    """(count, 2) vectors all around, their lengths lognormal."""
    angle = 2 * np.pi * _shares(count, rng)
    length = np.exp(_DEPTH_SPREAD * _normal(count, rng))
    return np.asarray(length[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _normal(count: int, rng: np.random.Generator) -> FloatArray:
    """(count,) values of the standard normal distribution, one from each equal share of it."""
    return np.asarray(ndtri(np.clip(_shares(count, rng), 1e-4, 1 - 1e-4)))


def _shares(count: int, rng: np.random.Generator) -> FloatArray:
    """(count,) values between 0 and 1 in random order, one from each of as many equal parts."""
    return np.asarray((rng.permutation(count) + rng.uniform(0, 1, count)) / count)
