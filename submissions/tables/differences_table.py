"""Differences of decoders' R2 as a table, and in sentences below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nbsuite.submissions.results.differences import Difference, Finding
from nbsuite.submissions.results.formats import Cell, Column, Table, text_cell
from nbsuite.submissions.results.protocols import CHALLENGE_TASK, task_heading
from nbsuite.submissions.tables.intervals import HEADING, interval_values
from nbsuite.submissions.tables.significance import explanations, p_text, sentence
from nbsuite.twin_labels import TWINS_HEADING, kind_of

SESSIONS = "sessions"
REACHES = "reaches"


def differences_table(
    found: Sequence[Difference], *, twin: bool, task: str = CHALLENGE_TASK
) -> Table:
    """The differences as a table.

    Args:
        found: the differences, all under one task, on real recordings or on twins.
        twin: which of the two.
        task: name and version of the task.
    """
    columns = [
        Column("first", "First", figures=False),
        Column("second", "Second", figures=False),
        Column("data", "Data", figures=False),
        Column("over", "Over"),
        Column("difference", "Difference"),
        Column("interval", HEADING),
        Column("p", "p"),
        Column("p_corrected", "p (Holm)"),
        Column("significant", "Sig.", figures=False),
        Column("effect", "Effect"),
    ]
    rows = [row for each in found for row in _rows(each, twin=twin)]
    notes = [*map(sentence, found), *explanations(found, twin=twin)]
    marks = [TWINS_HEADING] if twin else []
    marks += [] if task == CHALLENGE_TASK else [task_heading(task)]
    title = ". ".join(
        [*marks, "Differences of R2, first less second, and whether they are significant"]
    )
    return Table(title, columns, rows, notes, naming=2)


def _rows(difference: Difference, *, twin: bool) -> Iterator[list[Cell]]:
    """A line for each question that has an answer."""
    if difference.over_sessions is not None:
        yield _row(difference, difference.over_sessions, SESSIONS, twin=twin)
    if difference.on_recordings is not None:
        yield _row(difference, difference.on_recordings, REACHES, twin=twin)


def _row(difference: Difference, finding: Finding, pairs: str, *, twin: bool) -> list[Cell]:
    told = finding.comparison
    return [
        text_cell(difference.first.name),
        text_cell(difference.second.name),
        text_cell(kind_of(twin=twin)),
        Cell(f"{told.pairs} {pairs}", {"pairs": told.pairs, "of": pairs, "test": told.test}),
        Cell(f"{told.difference:+.3f}", told.difference),
        Cell(
            f"[{told.interval.low:+.3f}, {told.interval.high:+.3f}]",
            interval_values(told.interval),
        ),
        Cell(p_text(told.p_value), told.p_value),
        Cell(p_text(finding.corrected), finding.corrected),
        Cell("yes" if finding.significant else "no", finding.significant),
        Cell(f"{told.effect_size:+.2f}", {"name": told.effect, "size": told.effect_size}),
    ]
