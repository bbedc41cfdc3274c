"""Who stands on the leaderboard: published methods, and results of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import TYPE_CHECKING

from nbsuite.benchmarking.quantities import R2, Values, with_operations
from nbsuite.submissions.results.decoders import DecoderR2
from nbsuite.submissions.results.model_results import ModelResults, labels_of
from nbsuite.submissions.results.protocols import CHALLENGE_TASK
from nbsuite.submissions.results.published import PublishedMethod, Remark, published_methods

if TYPE_CHECKING:
    from nbsuite.statistics.block_errors import BlockErrors

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
        blocks: session's short name to what its R2 is made of, where that is told.
    """

    method: str
    seeds: int | None
    source: str
    values: Mapping[str, Values]
    published: bool
    twin: str | None = None
    remarks: tuple[Remark, ...] = ()
    task: str = CHALLENGE_TASK
    blocks: Mapping[str, BlockErrors] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The method's name as tables show it."""
        return self.method + ("" if self.published else " (yours)")

    def decoder(self, sessions: Sequence[str]) -> DecoderR2:
        """What is known of its R2 on some sessions."""
        r2 = {name: values[R2.key] for name, values in self.values.items() if R2.key in values}
        return DecoderR2(self.shown, r2, self.blocks).on(sessions)


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
        blocks=results.blocks,
    )


def _mean(sessions: Sequence[Values]) -> dict[str, float]:
    """The mean over sessions of each figure that all of them have."""
    return {
        key: fmean(each[key] for each in sessions)
        for key in sessions[0]
        if all(key in each for each in sessions)
    }
