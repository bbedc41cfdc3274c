"""The scatter of R2 over blocks, by the circular block bootstrap.

Neighbouring reaches are alike, for the monkey tires and electrodes drift. So runs of neighbouring
blocks are drawn, with replacement, from a row of blocks that is closed to a circle: Politis and
Romano (1992), "A circular block-resampling procedure for stationary data". A run is 1.5 times the
cube root of the number of blocks long. The cube root is the order that is best for the variance of
a mean (Kuensch 1989); the factor suits blocks whose neighbours correlate by .3 to .6.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from nbsuite.statistics.block_errors import BlockErrors
from nbsuite.statistics.uncertain import Variance

if TYPE_CHECKING:
    from nbsuite.shapes import BlockDraws, DrawnErrors, DrawnScatter

DRAWS = 2000
"""Draws of a bootstrap: they tell a standard error to 1.6 %."""

LEAST_BLOCKS = 20
"""Fewer blocks tell nothing of how they scatter."""

_SEED = 20241024
_LEAST_SCATTER = 1e-5
"""Scatter of labels by their squares below which the digits that are kept tell nothing of it."""


def run_length(blocks: int) -> int:
    """Neighbouring blocks that are drawn together."""
    return max(1, round(1.5 * float(np.cbrt(blocks))))


def independent_runs(blocks: int) -> int:
    """Runs of blocks that a draw is made of."""
    return -(-blocks // run_length(blocks))


@lru_cache(maxsize=16)
def draw_blocks(blocks: int, draws: int = DRAWS) -> BlockDraws:
    """How often each block is in each draw, (draws, blocks).

    It is always the same for a number of blocks: two decoders on one recording are drawn alike, so
    that their difference can be told.
    """
    length, runs = run_length(blocks), independent_runs(blocks)
    first = np.random.default_rng([_SEED, blocks]).integers(0, blocks, size=(draws, runs, 1))
    drawn = ((first + np.arange(length)) % blocks).reshape(draws, -1)[:, :blocks]
    rows = np.arange(draws)[:, np.newaxis] * blocks
    counts = np.bincount((rows + drawn).ravel(), minlength=draws * blocks)
    return counts.reshape(draws, blocks).astype(np.float64)


def drawn_errors(blocks: BlockErrors, draws: BlockDraws) -> DrawnErrors:
    """The share of errors 1 - R2, mean over seeds, in each draw."""
    errors = draws @ blocks.errors.mean(0)
    return np.asarray((errors / _scatter(blocks, draws)).mean(-1))


def tells_enough(blocks: BlockErrors) -> bool:
    """Whether there are 20 blocks or more, and labels that change in whichever are drawn.

    Labels that rest in most blocks do not: some draws hold nothing to be decoded.
    """
    if len(blocks) < LEAST_BLOCKS:
        return False
    draws = draw_blocks(len(blocks))
    return bool((_scatter(blocks, draws) > _LEAST_SCATTER * (draws @ blocks.squares)).all())


def _scatter(blocks: BlockErrors, draws: BlockDraws) -> DrawnScatter:
    """Sums of squares of the labels about their mean, by output, in each draw."""
    steps, sums, squares = draws @ blocks.steps, draws @ blocks.sums, draws @ blocks.squares
    return np.asarray(squares - sums**2 / steps[:, np.newaxis])


def variance_by_blocks(drawn: DrawnErrors, blocks: int) -> Variance:
    """The variance of a figure over blocks, from what it is in the draws of so many.

    That of the draws is about the mean of the blocks that are there, and too small by the share
    that one run has in them.
    """
    value = float(drawn.var()) / (1 - run_length(blocks) / blocks)
    return Variance(value, independent_runs(blocks) - 1)
