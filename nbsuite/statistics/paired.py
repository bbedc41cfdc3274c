"""Whether one decoder has a higher R2 than another, measured on the same recordings.

**Over sessions** (two or more): a pair is a session with the mean over seeds of each decoder, for
seeds of two decoders have nothing in common. The test is Wilcoxon's signed-rank test, exact, which
asks nothing of how differences are distributed; of n sessions its p is at least 2 / 2^n, .031 of
six. The interval is Student's t of the differences.

**On these recordings**: whether the difference is more than reaches and seeds scatter it, of other
sessions nothing is said. A pair is a reach. The variance by reaches is that of the block bootstrap
of the difference, both decoders drawn alike; that by seeds is the sum of each decoder's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from nbsuite.statistics.block_errors import BlockErrors
from nbsuite.statistics.intervals import LEVEL
from nbsuite.statistics.resampling import (
    draw_blocks,
    drawn_errors,
    tells_enough,
    variance_by_blocks,
)
from nbsuite.statistics.uncertain import (
    Interval,
    Uncertain,
    mean_of_independent,
    of_mean,
    summed,
)

if TYPE_CHECKING:
    from nbsuite.shapes import Blocks

SIGNIFICANT = 0.05
"""The usual bound of p."""


@dataclass(frozen=True)
class PairedComparison:
    """The difference of two decoders' R2, the first less the second.

    Attributes:
        difference: the difference, mean over sessions.
        interval: its 95 % interval.
        p_value: how probable a difference so large, or larger, is between equal decoders.
        test: the name of the test.
        pairs: number of pairs.
        smallest_p: the smallest p that the test can give of so many pairs; None where any can be.
        effect_size: matched-pairs rank-biserial correlation over sessions (Kerby 2014), from -1,
            all favour the second, to 1; Cohen's d_z of reaches on one recording, the mean of the
            differences by their standard deviation.
        effect: the name of the effect size.
    """

    difference: float
    interval: Interval
    p_value: float
    test: str
    pairs: int
    smallest_p: float | None
    effect_size: float
    effect: str

    @property
    def significant(self) -> bool:
        """Whether p is below .05."""
        return self.p_value < SIGNIFICANT


def compare_sessions(
    first: Mapping[str, float], second: Mapping[str, float], level: float = LEVEL
) -> PairedComparison | None:
    """Compare two decoders over the sessions on which both were measured.

    Args:
        first: R2, mean over seeds, on each session.
        second: that of the other.
        level: how often such intervals hold the true difference.

    Returns:
        None where they share fewer than two sessions.
    """
    shared = [session for session in first if session in second]
    if len(shared) < 2:
        return None
    differences = [first[session] - second[session] for session in shared]
    mean = of_mean(differences)
    return PairedComparison(
        difference=mean.value,
        interval=mean.interval(level),
        p_value=_wilcoxon(differences),
        test="Wilcoxon signed-rank test over sessions",
        pairs=len(shared),
        smallest_p=2.0 ** (1 - len(shared)),
        effect_size=rank_biserial(differences),
        effect="rank-biserial correlation",
    )


def compare_on_recordings(
    first: Mapping[str, BlockErrors], second: Mapping[str, BlockErrors], level: float = LEVEL
) -> PairedComparison | None:
    """Compare two decoders on the very recordings on which both were measured.

    Returns:
        None where there are none, or they are not of the same reaches, or too few of
        them, see :func:`resampling.tells_enough`.
    """
    shared = [session for session in first if session in second]
    pairs = [(first[session], second[session]) for session in shared]
    if not pairs or not all(tells_enough(a) and a.same_data(b) for a, b in pairs):
        return None
    difference = mean_of_independent([_difference(*pair) for pair in pairs])
    by_block = np.concatenate([_block_differences(*pair) for pair in pairs])
    scatter = float(by_block.std(ddof=1))
    return PairedComparison(
        difference=difference.value,
        interval=difference.interval(level),
        p_value=difference.p_value(),
        test="t test over reaches and seeds",
        pairs=len(by_block),
        smallest_p=None,
        effect_size=float(by_block.mean()) / scatter if scatter else 0.0,
        effect="Cohen's d_z of reaches",
    )


def rank_biserial(differences: Sequence[float]) -> float:
    """The matched-pairs rank-biserial correlation; D. S. Kerby (2014), Comprehensive Psychology 3.

    Differences of 0 are left out, as the test leaves them out.
    """
    told = np.array([each for each in differences if each != 0])
    if not told.size:
        return 0.0
    ranks = stats.rankdata(np.abs(told))
    return float((ranks * np.sign(told)).sum() / ranks.sum())


def holm(p_values: Sequence[float]) -> list[float]:
    """P of several tests, so corrected that 5 % of *families* of tests err: Holm (1979)."""
    order = np.argsort(p_values)
    factors = len(p_values) - np.arange(len(p_values))
    ordered = np.minimum(np.maximum.accumulate(np.asarray(p_values)[order] * factors), 1.0)
    corrected = np.empty(len(p_values))
    corrected[order] = ordered
    return [float(each) for each in corrected]


def _wilcoxon(differences: Sequence[float]) -> float:
    """P of the exact test, of tied differences too; 1 where nothing differs.

    SciPy's own is exact without ties only, and beyond that approximates: of few sessions its p is
    then below what any outcome can have.
    """
    told = np.array([each for each in differences if each != 0])
    if not told.size:
        return 1.0
    doubled = np.rint(2 * stats.rankdata(np.abs(told))).astype(np.int64)  # whole, ties or not
    chances = np.zeros(int(doubled.sum()) + 1)  # of each sum of the ranks of positive differences
    chances[0] = 1.0
    for rank in doubled:
        chances /= 2
        chances[rank:] += chances[:-rank].copy()
    found = int(doubled[told > 0].sum())
    return min(1.0, 2 * float(min(chances[: found + 1].sum(), chances[found:].sum())))


def _difference(first: BlockErrors, second: BlockErrors) -> Uncertain:
    """The difference of R2 on one recording."""
    draws = draw_blocks(len(first))
    drawn = drawn_errors(second, draws) - drawn_errors(first, draws)
    variances = [variance_by_blocks(drawn, len(first))]
    variances += [
        of_mean(each.r2().tolist()).variance for each in (first, second) if each.seeds > 1
    ]
    return Uncertain(float(first.r2().mean() - second.r2().mean()), summed(variances))


def _block_differences(first: BlockErrors, second: BlockErrors) -> Blocks:
    """What each block adds to the difference of R2, times the number of blocks."""
    errors = second.errors.mean(0) - first.errors.mean(0)
    return np.asarray((errors / first.scatter()).mean(-1) * len(first))
