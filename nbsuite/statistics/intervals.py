"""Confidence intervals of R2: on one session over its reaches and seeds, and over sessions.

**One session.** What is asked for is the R2 that a decoder would have on endlessly many reaches of
that session, trained with endlessly many seeds. Two things scatter independently: reaches, whose
variance is that of the block bootstrap of the mean over seeds (:mod:`resampling`), and seeds, whose
variance is that of their R2 divided by their number. Of one seed nothing can be said of others: its
interval is that of this one trained decoder. The interval is Student's t about log(1 - R2), the
logarithm of the share of errors, which scatters more symmetrically than R2 itself.

**Several sessions.** Asked for is the mean R2 on endlessly many sessions like them: the interval is
Student's t of the sessions' means, which holds seeds and reaches, for they scatter those means too.

Percentiles of a bootstrap that draws sessions, seeds and reaches again are the usual other way. Of
five seeds or six sessions such intervals are too narrow: ``benchmarks/intervals.py`` shows both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nbsuite.statistics.block_errors import BlockErrors
from nbsuite.statistics.resampling import (
    draw_blocks,
    drawn_errors,
    tells_enough,
    variance_by_blocks,
)
from nbsuite.statistics.uncertain import Interval, Uncertain, Variance, of_mean, summed

if TYPE_CHECKING:
    from nbsuite.shapes import DrawnErrors

LEVEL = 0.95
"""The usual level."""


def session_interval(blocks: BlockErrors, level: float = LEVEL) -> Interval | None:
    """The interval of R2, mean over seeds, on one session.

    Returns:
        None where there are fewer than 20 blocks, or so few in which labels change, or errors are
        made, that one might draw others.
    """
    if not tells_enough(blocks):
        return None
    share = 1 - float(blocks.r2().mean())
    drawn = drawn_errors(blocks, draw_blocks(len(blocks)))
    if min(share, drawn.min()) <= 0:
        return None
    logarithm = Uncertain(float(np.log(share)), summed(_variances(blocks, share, drawn)))
    around = logarithm.interval(level)
    return Interval(1 - float(np.exp(around.high)), 1 - float(np.exp(around.low)), level)


def _variances(blocks: BlockErrors, share: float, drawn: DrawnErrors) -> list[Variance]:
    """Variances of log(1 - R2) by reaches, from its share of errors in draws, and by seeds."""
    variances = [variance_by_blocks(np.log(drawn), len(blocks))]
    if blocks.seeds > 1:
        variances.append(of_mean(blocks.r2().tolist()).variance.scaled(1 / share))
    return variances


def r2_interval(sessions: Sequence[BlockErrors], level: float = LEVEL) -> Interval | None:
    """The interval of R2, mean over seeds and then over sessions.

    Args:
        sessions: of each session, its sums.
        level: how often such intervals hold the true figure.

    Returns:
        None where it cannot be told.
    """
    if len(sessions) == 1:
        return session_interval(sessions[0], level)
    return of_mean([float(each.r2().mean()) for each in sessions]).interval(level)
