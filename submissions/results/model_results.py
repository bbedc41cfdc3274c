"""Results of models as tables show them: by task, and never of two tasks together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbsuite.benchmarking.quantities import Quantity
from nbsuite.submissions.results.challenge import Results
from nbsuite.submissions.results.protocols import CHALLENGE_TASK, sessions_of
from nbsuite.twin_labels import REAL

if TYPE_CHECKING:
    from nbsuite.statistics.block_errors import BlockErrors


@dataclass(frozen=True)
class ModelResults:
    """Results of one model under one task.

    Attributes:
        model: the model's name.
        twin: None for results on real recordings; otherwise which twins, e.g. ``twin-seed1``.
        origin: the folder or file read.
        sessions: a session's short name to lists over seeds: those of the challenge format, and
            further ones that each run's provenance gives.
        averaged: the lists hold means out of a summary, not single runs.
        task: name and version of the task.
        reported: the sessions that a mean is over, by their short names.
        own: figures of metrics of one's own, by key.
        remarks: what a reader should know of how they were measured.
        blocks: a session's short name to what its R2 is made of, reach by reach; sessions whose
            provenance does not tell it are left out.
    """

    model: str
    twin: str | None
    origin: Path
    sessions: Mapping[str, Results]
    averaged: bool = False
    task: str = CHALLENGE_TASK
    reported: tuple[str, ...] = tuple(each.label for each in sessions_of(CHALLENGE_TASK))
    own: Mapping[str, Quantity] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    blocks: Mapping[str, BlockErrors] = field(default_factory=dict)

    def __repr__(self) -> str:
        kind = "" if self.twin is None else f" ({self.twin})"
        return f"<ModelResults {self.model}{kind} on {', '.join(self.sessions)}>"

    @property
    def missing(self) -> list[str]:
        """The task's sessions without results, by their short names."""
        return [each for each in self.reported if each not in self.sessions]


def by_task(models: Iterable[ModelResults]) -> dict[str, list[ModelResults]]:
    """Models by task, the challenge's first.

    A task of one's own has no list of sessions: its means are over all on which any of the models
    has results.
    """
    groups: dict[str, list[ModelResults]] = {}
    for each in models:
        groups.setdefault(each.task, []).append(each)
    order = sorted(groups, key=lambda task: (task != CHALLENGE_TASK, task))
    return {task: _same_sessions(groups[task]) for task in order}


def _same_sessions(models: Sequence[ModelResults]) -> list[ModelResults]:
    if sessions_of(models[0].task):
        return list(models)
    found = tuple(sorted({session for each in models for session in each.sessions}))
    return [replace(each, reported=found) for each in models]


def labels_of(models: Iterable[ModelResults]) -> list[str]:
    """The models' names, told apart by their folders where two share one.

    Where that does not tell them apart, their twins do, or their places in the row.
    """
    models = list(models)
    labels = [each.model for each in models]
    for told in (
        [str(each.origin) for each in models],
        [each.twin or REAL for each in models],
        [f"{number} of {len(models)}" for number in range(1, 1 + len(models))],
    ):
        counts = Counter(labels)
        labels = [
            f"{label} ({more})" if counts[label] > 1 else label
            for label, more in zip(labels, told, strict=True)
        ]
    return labels
