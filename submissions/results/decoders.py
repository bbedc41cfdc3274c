"""What is known of a decoder's R2 on each session, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from nbsuite.benchmarking.quantities import R2
from nbsuite.submissions.results.model_results import ModelResults, labels_of

if TYPE_CHECKING:
    from nbsuite.statistics.block_errors import BlockErrors
    from nbsuite.statistics.uncertain import Interval

REMEDY = (
    "Results of earlier versions, and published ones, do not tell their errors reach by reach;"
    " measure again with `nbsuite benchmark --force` where the decoder is there."
)
"""Why an interval or a comparison is missing, and what to do."""


@dataclass(frozen=True)
class DecoderR2:
    """A decoder's R2 by session.

    Attributes:
        name: the decoder's name.
        r2: a session's short name to R2, mean over seeds.
        blocks: a session's short name to what R2 is made of, where that is told.
    """

    name: str
    r2: Mapping[str, float]
    blocks: Mapping[str, BlockErrors] = field(default_factory=dict)

    def on(self, sessions: Sequence[str]) -> DecoderR2:
        """The same on some sessions."""
        return DecoderR2(
            self.name,
            {name: self.r2[name] for name in sessions if name in self.r2},
            {name: self.blocks[name] for name in sessions if name in self.blocks},
        )

    @property
    def mean(self) -> float:
        """Mean over the sessions."""
        return fmean(self.r2.values())

    def interval(self) -> Interval | None:
        """The 95 % interval of the mean: of one session over reaches and seeds, else over sessions.

        Returns:
            None where it cannot be told.
        """
        from nbsuite.statistics.intervals import LEVEL, session_interval  # scipy takes a second
        from nbsuite.statistics.uncertain import of_mean

        if len(self.r2) > 1:
            return of_mean(list(self.r2.values())).interval(LEVEL)
        blocks = [self.blocks[name] for name in self.r2 if name in self.blocks]
        return session_interval(blocks[0]) if blocks else None


def decoders_of(models: Sequence[ModelResults]) -> list[DecoderR2]:
    """The decoders that results are of, by the names that tell them apart."""
    return [decoder_of(each, label) for each, label in zip(models, labels_of(models), strict=True)]


def decoder_of(results: ModelResults, name: str) -> DecoderR2:
    """The decoder that results are of."""
    r2 = {session: fmean(lists[R2.key]) for session, lists in results.sessions.items()}
    return DecoderR2(name, r2, results.blocks)
