"""Old and new results as a table."""

from __future__ import annotations

from nbsuite.submissions.results.changes import Change, Comparison
from nbsuite.submissions.results.formats import EMPTY, Cell, Column, Table, text_cell


def comparison_table(comparison: Comparison) -> Table:
    """The comparison as a table."""
    columns = [
        Column("results", "Results", figures=False),
        Column("metric", "Metric", figures=False),
        Column("old", "Old"),
        Column("new", "New"),
        Column("change", "Change"),
        Column("tolerance", "Tolerance"),
        Column("verdict", "Verdict", figures=False),
    ]
    rows = [_row(change) for change in comparison.changes]
    return Table("Old and new results", columns, rows, comparison.remarks, naming=2)


def _row(change: Change) -> list[Cell]:
    return [
        Cell(change.label, change.results),
        EMPTY if change.figure is None else Cell(change.figure.heading, change.figure.key),
        _figure(change.old),
        _figure(change.new),
        EMPTY
        if change.old is None or change.new is None
        else Cell(f"{change.new - change.old:+.6g}", change.new - change.old),
        EMPTY if change.tolerance is None else text_cell(str(change.tolerance)),
        text_cell(change.verdict.value),
    ]


def _figure(value: float | None) -> Cell:
    return EMPTY if value is None else Cell(f"{value:.8g}", value)
