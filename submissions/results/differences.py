"""Whether decoders' R2 differ significantly: in pairs, and corrected for the number of pairs.

Two questions have an answer each, see ``nbsuite.statistics.paired``: over sessions, and on these
recordings. The first tells more, but can tell nothing of too few sessions: then the second decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbsuite.submissions.results.decoders import DecoderR2

if TYPE_CHECKING:
    from nbsuite.statistics.paired import PairedComparison


@dataclass(frozen=True)
class Finding:
    """The answer to one question about a pair.

    Attributes:
        comparison: difference, interval, test and effect size.
        corrected: its p, corrected by Holm's method for all pairs of which the same is asked.
        attainable: the smallest p that the test can give so corrected; None where any can be.
    """

    comparison: PairedComparison
    corrected: float
    attainable: float | None

    @property
    def significant(self) -> bool:
        """Whether a difference can be claimed."""
        from nbsuite.statistics.paired import SIGNIFICANT

        return self.corrected < SIGNIFICANT

    @property
    def in_reach(self) -> bool:
        """Whether any difference, however large, could be significant."""
        from nbsuite.statistics.paired import SIGNIFICANT

        return self.attainable is None or self.attainable < SIGNIFICANT


@dataclass(frozen=True)
class Difference:
    """How the R2 of two decoders differ, the first less the second.

    Attributes:
        first: the first decoder.
        second: the second.
        over_sessions: the answer for sessions like these; None of fewer than two.
        on_recordings: the answer for these very recordings; None where errors are not told reach by
            reach, or not of the same reaches.
        recordings: the sessions that the second answer is about.
    """

    first: DecoderR2
    second: DecoderR2
    over_sessions: Finding | None
    on_recordings: Finding | None
    recordings: tuple[str, ...]

    @property
    def decisive(self) -> Finding | None:
        """The answer that decides: over sessions, where that is in reach."""
        if self.over_sessions is not None and self.over_sessions.in_reach:
            return self.over_sessions
        return self.on_recordings or self.over_sessions


def differences(pairs: Sequence[tuple[DecoderR2, DecoderR2]]) -> list[Difference]:
    """Compare decoders in pairs, on the sessions that both of a pair have.

    Args:
        pairs: the decoders, all on real recordings or all on the same twins, and under one task.
    """
    from nbsuite.statistics.paired import compare_on_recordings, compare_sessions

    over = _corrected([compare_sessions(one.r2, other.r2) for one, other in pairs])
    within = _corrected([compare_on_recordings(one.blocks, other.blocks) for one, other in pairs])
    return [
        Difference(one, other, of_sessions, of_reaches, _shared(one, other))
        for (one, other), of_sessions, of_reaches in zip(pairs, over, within, strict=True)
    ]


def _corrected(comparisons: Sequence[PairedComparison | None]) -> list[Finding | None]:
    """Correct p for the number of comparisons that there are."""
    from nbsuite.statistics.paired import holm

    told = [each for each in comparisons if each is not None]
    corrected = iter(holm([each.p_value for each in told]) if told else [])
    return [
        None
        if each is None
        else Finding(
            each,
            next(corrected),
            None if each.smallest_p is None else min(1.0, each.smallest_p * len(told)),
        )
        for each in comparisons
    ]


def _shared(one: DecoderR2, other: DecoderR2) -> tuple[str, ...]:
    return tuple(name for name in one.blocks if name in other.blocks)


def all_pairs(decoders: Sequence[DecoderR2]) -> list[tuple[DecoderR2, DecoderR2]]:
    """Every two decoders, of each pair the one with the higher R2 on shared sessions first."""
    return [
        _better_first(one, other)
        for number, one in enumerate(decoders)
        for other in decoders[number + 1 :]
    ]


def pairs_with(
    decoders: Sequence[DecoderR2], reference: DecoderR2
) -> list[tuple[DecoderR2, DecoderR2]]:
    """Every other decoder, paired with one of them, which is the second."""
    return [(each, reference) for each in decoders if each is not reference]


def _better_first(one: DecoderR2, other: DecoderR2) -> tuple[DecoderR2, DecoderR2]:
    shared = [name for name in one.r2 if name in other.r2]
    if shared and one.on(shared).mean < other.on(shared).mean:
        return other, one
    return one, other


def renamed(decoder: DecoderR2, name: str) -> DecoderR2:
    """A decoder by another name."""
    return replace(decoder, name=name)
