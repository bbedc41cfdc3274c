"""Tables 1 and 2 of the publication, from any results folder.

Table 1 is R2 by session; its last line is the mean over the six sessions, with the deviation of
the sessions' means. Table 2 is computational demand; its mean has the deviation of all runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isclose
from typing import Literal

from nbsuite.benchmarking.quantities import CHALLENGE, QUANTITIES, R2
from nbsuite.submissions.results.folder import ModelResults, labels_of
from nbsuite.submissions.results.formats import EMPTY, Cell, Column, Table, text_cell
from nbsuite.submissions.results.published import (
    Misprint,
    PublishedMethod,
    published_methods,
    published_misprints,
)
from nbsuite.submissions.results.statistics import Spread, over_runs, over_seeds, over_sessions
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

BASELINES = ("SNN2", "SNN3")
MEAN = "mean"

_SESSIONS = tuple(session.label for session in PRIMATE_REACHING.sessions)
_DEMAND = tuple(quantity.key for quantity in CHALLENGE if quantity is not R2)


def accuracy_table(models: Sequence[ModelResults]) -> Table:
    """Table 1: R2 by session, with mean and spread over seeds.

    Args:
        models: results on real recordings, or on twins.
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
            *(
                _published_cell("r2", each.sessions.get(session, {}).get("r2"))
                for each in baselines
            ),
            *(_cell("r2", over_seeds(each, session, "r2")) for each in models),
        ]
        for session in _SESSIONS
    ]
    rows.append(
        [
            Cell("Mean", MEAN),
            *(_published_cell("r2", each.means.get("r2")) for each in baselines),
            *(_cell("r2", over_sessions(each, "r2")) for each in models),
        ]
    )
    title = f"{_twin_mark(models)}Table 1: Model performance across sessions (R2 values)"
    return Table(title, columns, rows, _notes(1, models, baselines))


def demand_table(models: Sequence[ModelResults]) -> Table:
    """Table 2: computational demand by model and session, with mean and spread over seeds.

    Args:
        models: results on real recordings, or on twins.
    """
    models = _in_order(models)
    baselines = _baselines(models)
    columns = [
        Column("model", "Model", figures=False),
        Column("session", "Session", figures=False),
        *(Column(metric, QUANTITIES[metric].full_name) for metric in _DEMAND),
    ]
    rows = [
        row
        for each, label in zip(models, labels_of(models), strict=True)
        for row in _demand_rows(each, label)
    ]
    rows += [
        [
            text_cell(f"Baseline {each.method}"),
            text_cell(MEAN),
            *(_published_cell(metric, each.means.get(metric)) for metric in _DEMAND),
        ]
        for each in baselines
    ]
    title = f"{_twin_mark(models)}Table 2: Computational demand across sessions"
    return Table(title, columns, rows, _notes(2, models, baselines))


def _demand_rows(model: ModelResults, label: str) -> Iterator[list[Cell]]:
    """A line a session, and their mean; the model's name stands in the first, as published."""
    for number, session in enumerate([*_SESSIONS, MEAN]):
        yield [
            Cell(label if number == 0 else "", label),
            text_cell(session),
            *(_cell(metric, _found(model, session, metric)) for metric in _DEMAND),
        ]


def _found(model: ModelResults, session: str, metric: str) -> Spread | None:
    return over_runs(model, metric) if session == MEAN else over_seeds(model, session, metric)


def _in_order(models: Sequence[ModelResults]) -> list[ModelResults]:
    """Small models first, as published."""

    def size(model: ModelResults) -> float:
        return max(max(lists["footprint"]) for lists in model.sessions.values())

    return sorted(models, key=size)


def _baselines(models: Sequence[ModelResults]) -> list[PublishedMethod]:
    """The published baselines; none beside twins, with which they do not compare."""
    if any(model.twin is not None for model in models):
        return []
    known = {each.method: each for each in published_methods()}
    return [known[name] for name in BASELINES]


def _twin_mark(models: Sequence[ModelResults]) -> str:
    return "TWINS, synthetic recordings. " if any(each.twin for each in models) else ""


def _cell(metric: str, found: Spread | None) -> Cell:
    if found is None:
        return EMPTY
    value = {"mean": found.mean, "deviation": found.deviation}
    if (
        found.deviation is None
        or not QUANTITIES[metric].scatters
        or not (found.mean or found.deviation)
    ):
        return Cell(_text(metric, found.mean), value)
    return Cell(
        f"{_text(metric, found.mean)} ± {_text(metric, found.deviation, zero=False)}", value
    )


def _published_cell(metric: str, value: float | None) -> Cell:
    return EMPTY if value is None else Cell(_text(metric, value), {"mean": value})


def _text(metric: str, value: float, *, zero: bool = True) -> str:
    """A figure with as many digits as the publication gives it; a sparsity of nothing is 0.0."""
    digits = QUANTITIES[metric].published_digits
    return "0.0" if zero and digits and value == 0 else f"{value:.{digits}f}"


def _notes(
    number: Literal[1, 2], models: Sequence[ModelResults], baselines: Sequence[PublishedMethod]
) -> list[str]:
    parts = "the sessions' means" if number == 1 else "all runs"
    notes = [f"± is the standard deviation of the seeds; in means, that of {parts}."]
    for each, label in zip(models, labels_of(models), strict=True):
        if each.missing:
            notes.append(f"{label} lacks {', '.join(each.missing)}, hence has no mean.")
        if each.averaged:
            notes.append(f"{label} stands in a summary alone, which does not tell the seeds.")
    for misprint in published_misprints():
        if misprint.table == number:
            notes += _misprint_notes(misprint, models, baselines)
    for baseline in baselines:
        for remark in baseline.remarks:
            if remark.metric in (("r2",) if number == 1 else _DEMAND):
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
