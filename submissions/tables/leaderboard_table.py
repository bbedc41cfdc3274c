"""The leaderboard as a table: the ranking, and below it what may not compare.

Sources and remarks stand under the table; numbers in its last columns refer to them.
"""

from __future__ import annotations

from collections.abc import Sequence

from nbsuite.benchmarking.quantities import CHALLENGE, OPERATIONS, R2, Quantity
from nbsuite.submissions.results.formats import EMPTY, Cell, Column, Table, text_cell
from nbsuite.submissions.results.protocols import task_heading
from nbsuite.submissions.results.published import Remark
from nbsuite.submissions.results.scores import formula, score_quantity
from nbsuite.submissions.results.unranked import unranked_table
from nbsuite.submissions.tables.certainty_columns import certainty_columns
from nbsuite.submissions.tables.entries import MEAN
from nbsuite.submissions.tables.leaderboard import Ranking, Row
from nbsuite.twin_labels import TWINS_HEADING, kind_of, with_variant

USUAL = (R2, *(each for each in CHALLENGE if each is not R2), OPERATIONS)
"""The figures that a leaderboard shows unless others are asked for."""


def leaderboard_table(
    ranking: Ranking,
    figures: Sequence[Quantity] = USUAL,
    *,
    intervals: bool = False,
    reference: str | None = None,
) -> Table:
    """The ranking as a table, and below published means what may not compare with them.

    Args:
        ranking: the ranking.
        figures: what to show of each method.
        intervals: show the 95 % interval of each R2, and whether it differs significantly.
        reference: the method that it is compared with, by its name in the table; by default the
            best one that can be compared.
    """
    quantities = [*figures]
    if ranking.score is not None:
        quantities.append(score_quantity(ranking.score))
    columns = [
        Column("rank", "#"),
        Column("method", "Method", figures=False),
        Column("data", "Data", figures=False),
        Column("seeds", "Seeds"),
        *(Column(quantity.key, quantity.heading) for quantity in quantities),
        Column("source", "Source", figures=False),
        Column("remarks", "Remarks", figures=False),
    ]
    references = _References(ranking.rows)
    rows = [_cells(row, quantities, references) for row in ranking.rows]
    notes = _notes(ranking, quantities, references)
    if intervals:
        place = 4 + (quantities.index(R2) + 1 if R2 in quantities else 0)
        added = certainty_columns(ranking, reference)
        columns[place:place] = added.columns
        for row, cells in zip(rows, added.cells, strict=True):
            row[place:place] = cells
        notes = [*added.notes, *notes]
    published = any(row.entry.published for row in ranking.rows)
    section = unranked_table() if published and ranking.session == MEAN else None
    return Table(_title(ranking), columns, rows, notes, section, naming=2)


class _References:
    """The numbers under which sources, and after them remarks, stand below the table."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.methods: dict[Remark, list[str]] = {}
        for row in rows:
            for remark in row.entry.remarks:
                self.methods.setdefault(remark, []).append(row.entry.method)
        cited = [remark.source for remark in self.methods if remark.source is not None]
        keys: list[str | Remark] = [*(row.entry.source for row in rows), *cited, *self.methods]
        self.marks = {key: f"[{n}]" for n, key in enumerate(dict.fromkeys(keys), start=1)}

    def notes(self) -> list[str]:
        """A line each, in the order of the numbers."""
        return [f"{mark} {self._text(key)}" for key, mark in self.marks.items()]

    def _text(self, key: str | Remark) -> str:
        if isinstance(key, str):
            return key
        source = "" if key.source is None else f" {self.marks[key.source]}"
        return f"{', '.join(self.methods[key])}: {key.text}{source}"


def _cells(row: Row, quantities: Sequence[Quantity], references: _References) -> list[Cell]:
    entry, marks = row.entry, references.marks
    figures = [_figure(quantity, row.values.get(quantity.key)) for quantity in quantities]
    remarks = " ".join(remark.text for remark in entry.remarks)
    return [
        EMPTY if row.rank is None else Cell(str(row.rank), row.rank),
        text_cell(entry.shown),
        Cell(with_variant(entry.twin), kind_of(twin=entry.twin is not None)),
        EMPTY if entry.seeds is None else Cell(str(entry.seeds), entry.seeds),
        *figures,
        Cell(marks[entry.source], entry.source),
        Cell(" ".join(marks[each] for each in entry.remarks), remarks) if remarks else EMPTY,
    ]


def _figure(quantity: Quantity, value: float | None) -> Cell:
    return Cell(quantity.text(value), value)


def _title(ranking: Ranking) -> str:
    kind = TWINS_HEADING if ranking.twin else task_heading(ranking.task)
    return f"{kind}: {ranking.place}, by {ranking.by.heading if ranking.by else 'name'}"


def _notes(ranking: Ranking, quantities: Sequence[Quantity], references: _References) -> list[str]:
    notes = []
    if OPERATIONS in quantities:
        notes.append("Eff. operations: MACs and ACs per sample, counted alike.")
    if ranking.score is not None:
        notes.append(
            f"The score, {formula(ranking.score)}, is ours: the challenge's was never published."
        )
    return notes + references.notes()
