"""Decoders and sessions whose true R2 is known, to see how often intervals hold it.

Reaches differ in length and strength as they do in a session of the monkey Indy: there the
logarithm of the labels' variance has a standard deviation of 1.9 over reaches, that of the share of
errors one of 1.1 to 1.4, and neighbours correlate by -.2 to .2. A part of the errors comes with
movement, the rest is there at rest too. They scatter from reach to reach and more alike among
neighbours, from seed to seed, and from reach to reach of each seed by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from nbsuite.statistics.block_errors import BlockErrors

OUTPUTS = 2
_STRENGTH_SHAPE = 0.6
_AT_REST = 0.3


@dataclass(frozen=True)
class Scatter:
    """Standard deviations of the logarithm of the share of errors.

    Attributes:
        reaches: over reaches, alike for all seeds.
        neighbours: correlation of neighbouring reaches.
        seeds: over seeds.
        both: over reaches of each seed by itself.
        sessions: of R2 itself, over sessions.
    """

    reaches: float = 0.6
    neighbours: float = 0.2
    seeds: float = 0.03
    both: float = 0.15
    sessions: float = 0.06


@dataclass(frozen=True)
class Session:
    """The reaches of a session, which all decoders meet.

    Attributes:
        steps: (reaches,) their lengths in samples.
        sums: (reaches, outputs) sums of labels.
        squares: (reaches, outputs) sums of squared labels.
        hard: (reaches, outputs) how hard each is, as a logarithm of unit scatter.
    """

    steps: NDArray[np.int64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    hard: NDArray[np.float64]


def draw_session(reaches: int, scatter: Scatter, rng: np.random.Generator) -> Session:
    """A session of so many reaches."""
    steps = 160 + rng.poisson(140, reaches)
    strength = rng.gamma(_STRENGTH_SHAPE, 1 / _STRENGTH_SHAPE, (reaches, OUTPUTS))
    sums = rng.normal(0, np.sqrt(0.01 * strength * steps[:, np.newaxis]))
    hard = _alike_neighbours((reaches, OUTPUTS), scatter.neighbours, rng)
    return Session(steps, sums, strength * steps[:, np.newaxis], hard)


def draw_decoder(
    session: Session,
    r2: float,
    seeds: int,
    scatter: Scatter,
    rng: np.random.Generator,
    *,
    of_its_own: float = 1.0,
) -> BlockErrors:
    """A decoder of true R2 ``r2``: over endlessly many such reaches and seeds.

    Args:
        session: the reaches.
        r2: the true R2.
        seeds: how many are trained.
        scatter: how much their errors scatter.
        rng: draws them.
        of_its_own: how much of the reaches' scatter is this decoder's, and not any's.
    """
    reaches = len(session.steps)
    mine = _alike_neighbours((reaches, OUTPUTS), scatter.neighbours, rng)
    hard = np.sqrt(1 - of_its_own**2) * session.hard + of_its_own * mine
    logarithm = (
        scatter.reaches * hard
        + scatter.seeds * rng.standard_normal((seeds, 1, 1))
        + scatter.both * rng.standard_normal((seeds, reaches, OUTPUTS))
    )
    expected = (scatter.reaches**2 + scatter.seeds**2 + scatter.both**2) / 2
    steps = session.steps[:, np.newaxis]
    usual = (1 - _AT_REST) * session.squares + _AT_REST * steps
    errors = (1 - r2) * usual * np.exp(logarithm - expected)
    return BlockErrors(session.steps, session.sums, session.squares, errors)


def _alike_neighbours(
    shape: tuple[int, int], correlation: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(reaches, outputs) values of unit variance, whose neighbours correlate so much."""
    noise = rng.standard_normal(shape)
    noise[1:] *= np.sqrt(1 - correlation**2)
    return np.asarray(lfilter([1.0], [1.0, -correlation], noise, axis=0))
