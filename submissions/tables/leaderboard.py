"""The leaderboard: published methods beside results of one's own, in one ranking a task.

Results on twins have a ranking of their own, without the published methods: what a decoder scores
on a twin compares with nothing that was measured on a brain. Results under a task of one's own have
theirs: nothing is published on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nbsuite.benchmarking.quantities import R2, Quantity, Values, quantity_named
from nbsuite.errors import UsageError
from nbsuite.submissions.results.model_results import ModelResults, by_task
from nbsuite.submissions.results.protocols import CHALLENGE_TASK, means_over, sessions_of
from nbsuite.submissions.results.scores import SCORE, score, score_quantity
from nbsuite.submissions.tables.entries import MEAN, Entry, own_entries, published_entries
from nbsuite.suggestions import did_you_mean

METHOD = "method"


@dataclass(frozen=True)
class Row:
    """An entry as it stands in a ranking.

    Attributes:
        entry: the entry.
        values: its figures on the session, or their means; with its score, where one is asked for.
        rank: its place; None where the figure that is ranked is not known.
    """

    entry: Entry
    values: Values
    rank: int | None


@dataclass(frozen=True)
class Ranking:
    """Entries in order, all under one task, and all on real recordings or all on twins.

    Attributes:
        rows: the best first; those without the figure last.
        session: the session's short name, or ``mean``.
        by: the figure ranked; None for the order of the alphabet.
        score: name of the score shown, if any.
        task: name and version of the task.
        sessions: the sessions that means are over.
    """

    rows: Sequence[Row]
    session: str
    by: Quantity | None
    score: str | None = None
    task: str = CHALLENGE_TASK
    sessions: tuple[str, ...] = ()

    @property
    def twin(self) -> bool:
        """Whether these are twins."""
        return any(row.entry.twin is not None for row in self.rows)

    @property
    def measured_on(self) -> tuple[str, ...]:
        """The sessions that the figures are of."""
        return self.sessions if self.session == MEAN else (self.session,)

    @property
    def place(self) -> str:
        """What the figures are on: a session, or the mean over some."""
        return means_over(self.sessions) if self.session == MEAN else f"session {self.session}"


def rank(
    entries: Sequence[Entry],
    *,
    session: str = MEAN,
    sort: str | Quantity = R2,
    score_name: str | None = None,
) -> Ranking:
    """Put entries in order.

    Args:
        entries: entries under one task, on real recordings or on twins.
        session: a session's short name, or ``mean``.
        sort: a figure, or its key, ``score``, or ``method`` for the order of the alphabet.
        score_name: the score to compute, if any; needed to sort by it.

    Raises:
        ValueError: twins and real recordings, or tasks, were mixed.
        UsageError: it is not known which direction of the figure is better.
    """
    if len({entry.twin is not None for entry in entries}) > 1:
        raise ValueError("results on twins and on real recordings cannot be ranked together")
    if len({entry.task for entry in entries}) > 1:
        raise ValueError("results under several tasks cannot be ranked together")
    rows = [Row(each, _figures(each, session, score_name), None) for each in entries]
    rows.sort(key=lambda row: row.entry.method.lower())
    by = _figure_of(sort, score_name)
    if by is not None:
        rows = _ranked(rows, by)
    task = entries[0].task if entries else CHALLENGE_TASK
    return Ranking(
        rows,
        session,
        by,
        score_name,
        task,
        _sessions(task, entries),
    )


def _figure_of(sort: str | Quantity, score_name: str | None) -> Quantity | None:
    """What is ranked; None for the order of the alphabet."""
    if isinstance(sort, Quantity):
        return sort
    if sort == METHOD:
        return None
    return score_quantity(score_name) if sort == SCORE and score_name else quantity_named(sort)


def rankings(
    models: Sequence[ModelResults],
    *,
    twins: bool = False,
    session: str = MEAN,
    sort: str | Quantity = R2,
    score_name: str | None = None,
) -> list[Ranking]:
    """A ranking a task, the challenge's first; published methods stand in it, but not with twins.

    Args:
        models: one's own results, on real recordings or on twins.
        twins: which of the two.
        session: a session's short name, in capitals or not, or ``mean``; tasks without the session
            are left out.
        sort: see :func:`rank`.
        score_name: see :func:`rank`.

    Raises:
        UsageError: no task has the session, or see :func:`rank`.
    """
    groups = {task: own_entries(each) for task, each in by_task(models).items()}
    if not twins:
        groups = {CHALLENGE_TASK: [*published_entries(), *groups.pop(CHALLENGE_TASK, [])]} | groups
    known = {task: _sessions(task, entries) for task, entries in groups.items()}
    names = dict.fromkeys([MEAN, *(name for sessions in known.values() for name in sessions)])
    session = {name.lower(): name for name in names}.get(session.lower(), session)
    if session not in names:
        raise UsageError(f"No results are on a session '{session}'; {did_you_mean(session, names)}")
    chosen = [task for task in groups if session in (MEAN, *known[task])]
    return [
        rank(groups[task], session=session, sort=sort, score_name=score_name) for task in chosen
    ]


def _sessions(task: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    """The sessions that means are over."""
    listed = tuple(each.label for each in sessions_of(task))
    found = (session for entry in entries for session in entry.values if session != MEAN)
    return listed or tuple(dict.fromkeys(found))


def _ranked(rows: Sequence[Row], by: Quantity) -> list[Row]:
    """The best first, equals on one rank; those without the figure last, without a rank.

    Raises:
        UsageError: it is not known which direction is better.
    """
    if by.more_is_better is None:
        raise UsageError(
            f"Nothing says whether more or less of '{by.key}' is better: sort by another figure, or"
            " give its metric an attribute more_is_better and measure again."
        )
    sign = -1.0 if by.more_is_better else 1.0
    known = sorted(
        (row for row in rows if by.key in row.values), key=lambda row: sign * row.values[by.key]
    )
    figures = [row.values[by.key] for row in known]
    return [
        *(replace(row, rank=1 + figures.index(row.values[by.key])) for row in known),
        *(row for row in rows if by.key not in row.values),
    ]


def _figures(entry: Entry, session: str, score_name: str | None) -> Values:
    values = dict(entry.values.get(session, {}))
    if score_name is not None and (value := score(score_name, values)) is not None:
        values[SCORE] = value
    return values
