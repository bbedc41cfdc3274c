"""Whether one's own results differ significantly from those of one method of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbsuite.benchmarking.quantities import R2
from nbsuite.errors import UsageError
from nbsuite.submissions.results.decoders import DecoderR2
from nbsuite.submissions.results.differences import Difference, differences, pairs_with
from nbsuite.submissions.tables.entries import Entry
from nbsuite.submissions.tables.leaderboard import Ranking, Row
from nbsuite.suggestions import did_you_mean

if TYPE_CHECKING:
    from nbsuite.statistics.uncertain import Interval


@dataclass(frozen=True)
class Against:
    """Differences from one method of a ranking.

    Attributes:
        reference: the method's name as tables show it.
        differences: the same of another method to its difference.
    """

    reference: str
    differences: Mapping[str, Difference]


def against(ranking: Ranking, name: str | None = None) -> Against | None:
    """Compare one's own results with one method of the ranking.

    Args:
        ranking: the ranking.
        name: that method, as tables show it; the one with the highest R2 with which anything can be
            compared by default.

    Returns:
        None where nothing can be compared, or no method is called so.
    """
    if name is not None:
        named = _by_name(ranking).get(name)
        return None if named is None else _compared(ranking, named)
    known = [row for row in ranking.rows if R2.key in row.values]
    for row in sorted(known, key=lambda row: -row.values[R2.key]):
        found = _compared(ranking, row)
        if found is not None:
            return found
    return None


def require_method(rankings: Sequence[Ranking], name: str) -> None:
    """Make sure that a method is in one of several rankings.

    Raises:
        UsageError: no method is called so.
    """
    if not any(name in _by_name(ranking) for ranking in rankings):
        shown = [row.entry.shown for ranking in rankings for row in ranking.rows]
        raise UsageError(
            f"No method of the ranking is called '{name}'; {did_you_mean(name, shown)}"
        )


def _by_name(ranking: Ranking) -> dict[str, Row]:
    """The rows by the names that tables show and, where that is no other's, without an addition."""
    rows = {row.entry.method: row for row in ranking.rows}
    return rows | {row.entry.shown: row for row in ranking.rows}


def _compared(ranking: Ranking, reference: Row) -> Against | None:
    """Differences from a method; those of published methods from each other are not asked for."""
    second = decoder_in(ranking, reference)
    if second is None:
        return None
    others = [
        decoder
        for row in ranking.rows
        if row is not reference and _comparable(row.entry, reference.entry)
        if (decoder := decoder_in(ranking, row)) is not None
    ]
    found = differences(pairs_with(others, second))
    told = {each.first.name: each for each in found if each.decisive is not None}
    return Against(second.name, told) if told else None


def _comparable(entry: Entry, reference: Entry) -> bool:
    """Whether an entry is one's own, and on the same recordings or the same twins."""
    return not entry.published and entry.twin == reference.twin


def decoder_interval(ranking: Ranking, row: Row) -> Interval | None:
    """The 95 % interval of the R2 that stands in a row; None where it cannot be told."""
    decoder = decoder_in(ranking, row)
    return None if decoder is None else decoder.interval()


def decoder_in(ranking: Ranking, row: Row) -> DecoderR2 | None:
    """What is known of the R2 that stands in a row; None where not that of all sessions is."""
    decoder = row.entry.decoder(ranking.measured_on)
    return decoder if decoder.r2 and set(decoder.r2) == set(ranking.measured_on) else None
