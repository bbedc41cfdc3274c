"""Who stands on the leaderboard: published methods, and results of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from nbsuite.benchmarking.quantities import R2, Values, with_operations
from nbsuite.submissions.results.model_results import ModelResults, labels_of
from nbsuite.submissions.results.protocols import CHALLENGE_TASK
from nbsuite.submissions.results.published import PublishedMethod, Remark, published_methods

MEAN = "mean"


@dataclass(frozen=True)
class Entry:
    """A method of the leaderboard.

    Attributes:
        method: its name.
        seeds: training runs averaged, if known.
        source: where its figures stand: a publication, or a folder.
        values: session's short name, or ``mean`` over all of the task, to figure to value; what is
            not known is left out.
        published: whether it was published, or is one's own.
        twin: None for real recordings; otherwise which twins, e.g. ``twin-seed1``.
        remarks: what a reader should know.
        task: name and version of the task.
    """

    method: str
    seeds: int | None
    source: str
    values: Mapping[str, Values]
    published: bool
    twin: str | None = None
    remarks: tuple[Remark, ...] = ()
    task: str = CHALLENGE_TASK


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
    """Entries for one's own results; a mean only where all sessions of the task are there."""
    return [_own_entry(each, label) for each, label in zip(models, labels_of(models), strict=True)]


def _own_entry(results: ModelResults, label: str) -> Entry:
    values = {
        session: with_operations({key: fmean(values) for key, values in lists.items()})
        for session, lists in results.sessions.items()
    }
    remarks = [Remark(each) for each in results.remarks]
    if results.missing:
        remarks.append(Remark(f"No results on {', '.join(results.missing)}, hence no mean."))
    else:
        values[MEAN] = _mean(list(values.values()))
    counts = {len(lists[R2.key]) for lists in results.sessions.values()}
    return Entry(
        method=label,
        seeds=None if results.averaged else max(counts),
        source=str(results.origin),
        values=values,
        published=False,
        twin=results.twin,
        remarks=tuple(remarks),
        task=results.task,
    )


def _mean(sessions: Sequence[Values]) -> dict[str, float]:
    """The mean over sessions of each figure that all of them have."""
    return {
        key: fmean(each[key] for each in sessions)
        for key in sessions[0]
        if all(key in each for each in sessions)
    }
