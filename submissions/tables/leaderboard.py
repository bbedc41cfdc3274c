"""The leaderboard: published methods beside results of one's own, in one ranking.

Results on twins have a ranking of their own, without the published methods: what a decoder scores
on a twin compares with nothing that was measured on a brain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nbsuite.benchmarking.quantities import QUANTITIES, Quantity, Values, with_operations
from nbsuite.submissions.results.challenge import summarise
from nbsuite.submissions.results.folder import ModelResults, labels_of
from nbsuite.submissions.results.published import (
    PublishedMethod,
    Remark,
    published_methods,
)
from nbsuite.submissions.results.scores import score, score_quantity

MEAN = "mean"
METHOD = "method"


@dataclass(frozen=True)
class Entry:
    """A method of the leaderboard.

    Attributes:
        method: its name.
        seeds: training runs averaged, if known.
        source: where its figures stand: a publication, or a folder.
        values: session id, or ``mean`` over all six, to metric to value; what is not known is
            left out.
        published: whether it was published, or is one's own.
        twin: None for real recordings; otherwise which twins, e.g. ``twin-seed1``.
        remarks: what a reader should know.
    """

    method: str
    seeds: int | None
    source: str
    values: Mapping[str, Values]
    published: bool
    twin: str | None = None
    remarks: tuple[Remark, ...] = ()


def published_entries() -> list[Entry]:
    """All published methods that can be ranked."""
    return [_published_entry(each) for each in published_methods()]


def _published_entry(method: PublishedMethod) -> Entry:
    source = f"{method.team}; {method.source}" if method.team else method.source
    means = {**method.sessions, MEAN: method.means}
    return Entry(
        method=method.method,
        seeds=method.seeds,
        source=source,
        values={name: with_operations(values) for name, values in means.items()},
        published=True,
        remarks=tuple(replace(each, source=each.source or source) for each in method.remarks),
    )


def own_entries(models: Sequence[ModelResults]) -> list[Entry]:
    """Entries for one's own results; a mean only where all six sessions are there."""
    return [_own_entry(each, label) for each, label in zip(models, labels_of(models), strict=True)]


def _own_entry(results: ModelResults, label: str) -> Entry:
    values = summarise(results.sessions)
    values[MEAN] = values.pop("average")
    remarks = []
    if results.missing:
        del values[MEAN]
        remarks.append(Remark(f"No results on {', '.join(results.missing)}, hence no mean."))
    counts = {len(lists["r2"]) for lists in results.sessions.values()}
    return Entry(
        method=label,
        seeds=None if results.averaged else max(counts),
        source=str(results.origin),
        values={name: with_operations(each) for name, each in values.items()},
        published=False,
        twin=results.twin,
        remarks=tuple(remarks),
    )


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
    """Entries in order, all on real recordings or all on twins.

    Attributes:
        rows: the best first; those without the figure last.
        session: the session's id, or ``mean``.
        by: the figure ranked; None for the order of the alphabet.
        score: name of the score shown, if any.
    """

    rows: Sequence[Row]
    session: str
    by: Quantity | None
    score: str | None = None

    @property
    def twin(self) -> bool:
        """Whether these are twins."""
        return any(row.entry.twin is not None for row in self.rows)


def rank(
    entries: Sequence[Entry],
    *,
    session: str = MEAN,
    sort: str = "r2",
    score_name: str | None = None,
) -> Ranking:
    """Put entries in order.

    Args:
        entries: entries on real recordings, or on twins.
        session: a session's id, or ``mean``.
        sort: a key of QUANTITIES, ``score``, or ``method`` for the order of the alphabet.
        score_name: the score to compute, if any; needed to sort by it.

    Raises:
        ValueError: twins and real recordings were mixed.
    """
    if len({entry.twin is not None for entry in entries}) > 1:
        raise ValueError("results on twins and on real recordings cannot be ranked together")
    rows = [Row(each, _figures(each, session, score_name), None) for each in entries]
    rows.sort(key=lambda row: row.entry.method.lower())
    if sort == METHOD:
        return Ranking(rows, session, None, score_name)
    by = score_quantity(score_name) if sort == "score" and score_name else QUANTITIES[sort]
    return Ranking(_ranked(rows, by), session, by, score_name)


def _ranked(rows: Sequence[Row], by: Quantity) -> list[Row]:
    """The best first, equals on one rank; those without the figure last, without a rank."""
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
        values["score"] = value
    return values
