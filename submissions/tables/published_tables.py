"""Tables 1 and 2 of the publication, from any results folder.

Table 1 is R2 by session; its last line is the mean over the sessions, with the deviation of the
sessions' means. Table 2 is computational demand; its mean has the deviation of all runs. Each is of
one task; that of one's own has its sessions, and nothing published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isclose
from typing import Literal

from nbsuite.benchmarking.quantities import CHALLENGE, QUANTITIES, R2, Quantity, Values
from nbsuite.submissions.results.decoders import DecoderR2, decoder_of
from nbsuite.submissions.results.formats import EMPTY, Cell, Column, Table, text_cell
from nbsuite.submissions.results.model_results import ModelResults, labels_of
from nbsuite.submissions.results.protocols import CHALLENGE_TASK, task_heading
from nbsuite.submissions.results.published import (
    Misprint,
    PublishedMethod,
    published_methods,
    published_misprints,
)
from nbsuite.submissions.results.statistics import Spread, over_runs, over_seeds, over_sessions
from nbsuite.submissions.tables.intervals import (
    UNKNOWN,
    interval_notes,
    interval_text,
    interval_values,
)
from nbsuite.twin_labels import TWINS_HEADING

BASELINES = ("SNN2", "SNN3")
MEAN = "mean"

DEMAND = tuple(quantity for quantity in CHALLENGE if quantity is not R2)
"""The figures of Table 2."""


def accuracy_table(
    models: Sequence[ModelResults], figure: Quantity = R2, *, intervals: bool = False
) -> Table:
    """Table 1: R2 by session, with mean and spread over seeds.

    Args:
        models: results under one task, on real recordings or on twins.
        figure: what to show in place of R2.
        intervals: show the 95 % interval of each R2; of other figures there is none.
    """
    models = _in_order(models)
    baselines = _baselines(models)
    columns = [
        Column("session", "Session", figures=False),
        *(Column(f"Baseline {each.method}", f"Baseline {each.method}") for each in baselines),
        *(Column(label, label) for label in labels_of(models)),
    ]
    rows = [
        [
            text_cell(session),
            *(_published_cell(figure, each.sessions.get(session, {})) for each in baselines),
            *(_cell(figure, over_seeds(each, session, figure.key)) for each in models),
        ]
        for session in models[0].reported
    ]
    rows.append(
        [
            Cell("Mean", MEAN),
            *(_published_cell(figure, each.means) for each in baselines),
            *(_cell(figure, over_sessions(each, figure.key)) for each in models),
        ]
    )
    title = f"Table 1: Model performance across sessions ({figure.full_name} values)"
    table = Table(f"{_mark(models)}{title}", columns, rows, _notes(1, models, baselines, [figure]))
    return _with_intervals(table, models, baselines) if intervals and figure is R2 else table


def _with_intervals(
    table: Table, models: Sequence[ModelResults], baselines: Sequence[PublishedMethod]
) -> Table:
    """Table 1 with the interval of each R2 in its cell."""
    decoders = [
        *(DecoderR2(each.method, _r2_by_session(each)) for each in baselines),
        *(decoder_of(each, each.model) for each in models),
    ]
    sessions = models[0].reported
    places = [*((session,) for session in sessions), sessions]
    rows = [
        [
            row[0],
            *(
                _cell_with_interval(cell, each.on(place))
                for cell, each in zip(row[1:], decoders, strict=True)
            ),
        ]
        for row, place in zip(table.rows, places, strict=True)
    ]
    missing = any(cell.text.endswith(UNKNOWN) for row in rows for cell in row)
    notes = interval_notes([1, len(sessions)], missing=missing, sign="[low, high]")
    return replace(table, rows=rows, notes=[*table.notes, *notes])


def _r2_by_session(method: PublishedMethod) -> dict[str, float]:
    found = ((session, values.get(R2.key)) for session, values in method.sessions.items())
    return {session: value for session, value in found if value is not None}


def _cell_with_interval(cell: Cell, decoder: DecoderR2) -> Cell:
    """A figure's cell with its interval; the decoder is that on the sessions that it is over."""
    if not isinstance(cell.value, Mapping):
        return cell
    interval = decoder.interval() if decoder.r2 else None
    return Cell(
        f"{cell.text} {interval_text(interval)}", {**cell.value, **interval_values(interval)}
    )


def demand_table(models: Sequence[ModelResults], figures: Sequence[Quantity] = DEMAND) -> Table:
    """Table 2: computational demand by model and session, with mean and spread over seeds.

    Args:
        models: results under one task, on real recordings or on twins.
        figures: what to show in place of the publication's columns.
    """
    models = _in_order(models)
    baselines = _baselines(models)
    columns = [
        Column("model", "Model", figures=False),
        Column("session", "Session", figures=False),
        *(Column(each.key, each.full_name) for each in figures),
    ]
    rows = [
        row
        for each, label in zip(models, labels_of(models), strict=True)
        for row in _demand_rows(each, label, figures)
    ]
    rows += [
        [
            text_cell(f"Baseline {each.method}"),
            text_cell(MEAN),
            *(_published_cell(figure, each.means) for figure in figures),
        ]
        for each in baselines
    ]
    title = f"{_mark(models)}Table 2: Computational demand across sessions"
    return Table(title, columns, rows, _notes(2, models, baselines, figures), naming=2)


def _demand_rows(
    model: ModelResults, label: str, figures: Sequence[Quantity]
) -> Iterator[list[Cell]]:
    """A line a session, and their mean; the model's name stands in the first, as published."""
    for number, session in enumerate([*model.reported, MEAN]):
        yield [
            Cell(label if number == 0 else "", label),
            text_cell(session),
            *(_cell(figure, _found(model, session, figure.key)) for figure in figures),
        ]


def _found(model: ModelResults, session: str, metric: str) -> Spread | None:
    return over_runs(model, metric) if session == MEAN else over_seeds(model, session, metric)


def _in_order(models: Sequence[ModelResults]) -> list[ModelResults]:
    """Small models first, as published."""

    def size(model: ModelResults) -> float:
        return max(max(lists["footprint"]) for lists in model.sessions.values())

    return sorted(models, key=size)


def _baselines(models: Sequence[ModelResults]) -> list[PublishedMethod]:
    """The published baselines; none beside twins or another task, where they do not compare."""
    if any(model.twin is not None or model.task != CHALLENGE_TASK for model in models):
        return []
    known = {each.method: each for each in published_methods()}
    return [known[name] for name in BASELINES]


def _mark(models: Sequence[ModelResults]) -> str:
    """What a title says first: of which task, unless it is the challenge's, and of twins."""
    task = models[0].task
    of_task = "" if task == CHALLENGE_TASK else f"{task_heading(task)}. "
    return of_task + (f"{TWINS_HEADING}. " if any(each.twin for each in models) else "")


def _cell(figure: Quantity, found: Spread | None) -> Cell:
    if found is None:
        return EMPTY
    value = {"mean": found.mean, "deviation": found.deviation}
    if found.deviation is None or not figure.scatters or not (found.mean or found.deviation):
        return Cell(_text(figure, found.mean), value)
    return Cell(
        f"{_text(figure, found.mean)} ± {_text(figure, found.deviation, zero=False)}", value
    )


def _published_cell(figure: Quantity, values: Values) -> Cell:
    value = values.get(figure.key)
    return EMPTY if value is None else Cell(_text(figure, value), {"mean": value})


def _text(figure: Quantity, value: float, *, zero: bool = True) -> str:
    """A figure with as many digits as the publication gives it; a sparsity of nothing is 0.0."""
    digits = figure.published_digits
    return "0.0" if zero and digits and value == 0 else f"{value:.{digits}f}"


def _notes(
    number: Literal[1, 2],
    models: Sequence[ModelResults],
    baselines: Sequence[PublishedMethod],
    figures: Sequence[Quantity],
) -> list[str]:
    shown = [figure.key for figure in figures]
    parts = "the sessions' means" if number == 1 else "all runs"
    notes = [f"± is the standard deviation of the seeds; in means, that of {parts}."]
    for each, label in zip(models, labels_of(models), strict=True):
        if each.missing:
            notes.append(f"{label} lacks {', '.join(each.missing)}, hence has no mean.")
        notes += [f"{label}: {remark}" for remark in each.remarks]
        if each.averaged:
            notes.append(f"{label} stands in a summary alone, which does not tell the seeds.")
    for misprint in published_misprints():
        if misprint.table == number and misprint.metric in shown:
            notes += _misprint_notes(misprint, models, baselines)
    for baseline in baselines:
        for remark in baseline.remarks:
            if remark.metric in shown:
                source = remark.source or baseline.source
                notes.append(f"Baseline {baseline.method}: {remark.text} ({source})")
    return notes


def _misprint_notes(
    misprint: Misprint, models: Sequence[ModelResults], baselines: Sequence[PublishedMethod]
) -> Iterator[str]:
    """That the publication prints another figure, where the same results are shown."""
    published = {each.method: each for each in published_methods()}[misprint.method]
    due = {**published.sessions, MEAN: published.means}[misprint.session][misprint.metric]
    shown = [due for each in baselines if each.method == misprint.method]
    for model in models:
        if model.model == misprint.method and model.twin is None:
            found = _found(model, misprint.session, misprint.metric)
            shown += [] if found is None else [found.mean]
    if any(isclose(value, due) for value in shown):
        heading = QUANTITIES[misprint.metric].heading
        yield (
            f"{heading} of {misprint.method}, {misprint.session}: {misprint.due};"
            f" the publication prints {misprint.printed}, {misprint.why}."
        )
