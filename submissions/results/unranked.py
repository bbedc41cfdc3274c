"""What is published on the task and may not compare: a table of its own, below the ranking."""

from __future__ import annotations

from collections.abc import Mapping

from nbsuite.benchmarking.quantities import FOOTPRINT, OPERATIONS, R2, Quantity, Values
from nbsuite.submissions.results.formats import Cell, Column, Table, text_cell
from nbsuite.submissions.results.published import (
    FilteredMethod,
    UnrankedSection,
    unranked_section,
)

_COLUMNS = (
    Column("method", "Method", figures=False),
    Column(R2.key, R2.heading),
    Column("r2_filtered", "R2 with filter"),
    Column(FOOTPRINT.key, FOOTPRINT.heading),
    Column("operations", "Operations a step"),
    Column("operations_filtered", "Operations with filter"),
    Column("counted_as", "Counted as", figures=False),
    Column("source", "Source", figures=False),
    Column("remarks", "Remarks", figures=False),
)


def unranked_table() -> Table:
    """R2 and operations a step with and without a filter, footprint, and what is doubtful."""
    section = unranked_section()
    sources = [section.source, *(each.source or section.source for each in section.remarks)]
    marks = [*section.marks, *(mark for each in section.methods for mark in each.marks)]
    numbers = {
        text: f"[{number}]" for number, text in enumerate(dict.fromkeys([*sources, *marks]), 1)
    }
    rows = [_cells(each, section, numbers) for each in section.methods]
    notes = [f"{each.text} {numbers[each.source or section.source]}" for each in section.remarks]
    notes += [f"{number} {text}" for text, number in numbers.items()]
    return Table(section.title, _COLUMNS, rows, notes)


def _cells(
    method: FilteredMethod, section: UnrankedSection, numbers: Mapping[str, str]
) -> list[Cell]:
    marks = [*section.marks, *method.marks]
    return [
        text_cell(method.method),
        _figure(R2, method.plain.get("r2")),
        _figure(R2, method.filtered.get("r2")),
        _figure(FOOTPRINT, method.plain.get("footprint")),
        _figure(OPERATIONS, _operations(method.plain)),
        _figure(OPERATIONS, _operations(method.filtered)),
        text_cell("MACs" if "macs" in method.plain else None),
        Cell(numbers[section.source], section.source),
        Cell(" ".join(numbers[mark] for mark in marks), "; ".join(marks)),
    ]


def _operations(values: Values) -> float | None:
    return values.get("macs", values.get("operations"))


def _figure(quantity: Quantity, value: float | None) -> Cell:
    return Cell(quantity.text(value), value)
