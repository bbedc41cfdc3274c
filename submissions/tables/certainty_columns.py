"""Columns of the leaderboard that say how far R2 can be trusted, and whether it differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbsuite.submissions.results.formats import EMPTY, Cell, Column
from nbsuite.submissions.tables.against import Against, against, decoder_interval
from nbsuite.submissions.tables.intervals import HEADING, interval_cell, interval_notes
from nbsuite.submissions.tables.leaderboard import Ranking
from nbsuite.submissions.tables.significance import UNKNOWN, explanations, finding_values

MARK = "*"
HERE = "(*)"
"""Marks of what is significant, over sessions and on these recordings alone."""


@dataclass(frozen=True)
class CertaintyColumns:
    """Columns to add to a ranking.

    Attributes:
        columns: the columns.
        cells: for each row of the ranking its cells in them.
        notes: what they mean.
    """

    columns: Sequence[Column]
    cells: Sequence[Sequence[Cell]]
    notes: Sequence[str]


def certainty_columns(ranking: Ranking, reference: str | None = None) -> CertaintyColumns:
    """The interval of each R2, and its difference from that of a reference.

    Args:
        ranking: the ranking.
        reference: a method's name in the ranking; the best that can be compared by default.
    """
    intervals = [decoder_interval(ranking, row) for row in ranking.rows]
    cells = [[interval_cell(each)] for each in intervals]
    columns = [Column("r2_interval", HEADING)]
    notes = interval_notes([len(ranking.measured_on)], missing=None in intervals, sign=HEADING)
    compared = against(ranking, reference)
    if compared is None:
        other = "others" if reference is None else reference
        notes.append(f"Whether R2 of yours differs significantly from that of {other} {UNKNOWN}")
        return CertaintyColumns(columns, cells, notes)
    columns.append(Column("against", f"vs {compared.reference}"))
    for row, added in zip(ranking.rows, cells, strict=True):
        added.append(_cell(row.entry.shown, compared))
    return CertaintyColumns(columns, cells, [*notes, *_notes(compared, twin=ranking.twin)])


def _cell(name: str, compared: Against) -> Cell:
    difference = compared.differences.get(name)
    if difference is None or (found := difference.decisive) is None:
        return EMPTY
    mark = MARK if found is difference.over_sessions else HERE
    mark = mark if found.significant else ""
    return Cell(f"{found.comparison.difference:+.3f}{mark}", finding_values(found))


def _notes(compared: Against, *, twin: bool) -> list[str]:
    meaning = (
        f"vs {compared.reference}: the difference of R2 from {compared.reference}; {MARK} is"
        f" significant at .05 on sessions like these, {HERE} on these recordings alone; without"
        " either no difference can be claimed."
    )
    return [meaning, *explanations(list(compared.differences.values()), twin=twin)]
