"""Published results on the task, which the package carries in ``published/``.

``leaderboard.json`` holds every method with its means and, as far as they are published, its
sessions; ``runs.json`` the five seeds a session of tinyRSNN and bigRSNN, from which those two are
averaged here. Every group of figures, and every remark, names its source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from nbsuite.benchmarking.quantities import Values
from nbsuite.submissions.results.challenge import Results
from nbsuite.submissions.results.summaries import summarise
from nbsuite.untrusted.fields import decode


@dataclass(frozen=True)
class Remark:
    """What a reader of a published figure should know.

    Attributes:
        text: sentences.
        source: where that stands, or what it was derived from; None for where the figures stand.
        metric: the metric it is about, if it is about one.
    """

    text: str
    source: str | None = None
    metric: str | None = None


@dataclass(frozen=True)
class PublishedMethod:
    """A method as it was published.

    Attributes:
        method: its name.
        team: who entered it into the challenge, if anyone did.
        seeds: training runs averaged, if known.
        source: where the figures stand.
        remarks: what is known to be wrong or doubtful about them.
        means: metric to mean over the six sessions.
        sessions: session id to metric to value; sessions and metrics not published are left out.
    """

    method: str
    team: str | None
    seeds: int | None
    source: str
    remarks: tuple[Remark, ...]
    means: Values = field(default_factory=dict)
    sessions: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True)
class FilteredMethod:
    """A decoder as it was published with and without a filter on its output.

    Attributes:
        method: its name.
        plain: without the filter: ``r2``, ``footprint`` in bytes, and what it computes a step,
            ``macs`` or, where their kind is not told, ``operations``.
        filtered: the same with the filter, as far as it is published.
        marks: what is doubtful about it beside what is about the whole section.
    """

    method: str
    plain: Values
    filtered: Values
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnrankedSection:
    """Published methods that stand below the ranking, since they may not compare with it.

    Attributes:
        title: what they are.
        source: where the figures stand.
        marks: what is doubtful about each of them, in a few words.
        remarks: the same in sentences, each with its source.
        methods: the methods, in the order of R2 with the filter.
    """

    title: str
    source: str
    marks: tuple[str, ...]
    remarks: tuple[Remark, ...]
    methods: tuple[FilteredMethod, ...]


@dataclass(frozen=True)
class Misprint:
    """A figure of the publication's tables that its own results contradict.

    Attributes:
        table: 1 or 2.
        method: the row or column.
        session: the session's id, or ``mean``.
        metric: the metric.
        due: what the results give.
        printed: what is printed there instead.
        why: what that is.
    """

    table: int
    method: str
    session: str
    metric: str
    due: str
    printed: str
    why: str


@dataclass(frozen=True)
class _Published:
    """The content of ``leaderboard.json``."""

    methods: tuple[PublishedMethod, ...]
    section: UnrankedSection
    misprints: tuple[Misprint, ...]


@cache
def published_methods() -> tuple[PublishedMethod, ...]:
    """Every method published on the task that can be ranked, the most accurate first."""
    return tuple(map(_with_averages, _published().methods))


def unranked_section() -> UnrankedSection:
    """Methods published on the task of which it is not known whether they compare."""
    return _published().section


@cache
def published_runs() -> Mapping[str, Mapping[str, Results]]:
    """Model to session id to the published lists over seeds.

    The lists of one session belong together, but the order of the seeds is not told.
    """
    models: dict[str, dict[str, Results]] = _read("runs")["models"]
    return models


def published_misprints() -> tuple[Misprint, ...]:
    """The figures that the publication's Tables 1 and 2 got wrong."""
    return _published().misprints


def runs_source() -> str:
    """Where the lists of :func:`published_runs` stand."""
    return str(_read("runs")["source"])


@cache
def _published() -> _Published:
    return decode(_Published, _read("leaderboard"))


def _with_averages(method: PublishedMethod) -> PublishedMethod:
    """The method itself, or, where it gives no means, with those of its runs."""
    if method.means:
        return method
    sessions = summarise(published_runs()[method.method])
    means = sessions.pop("average")
    return replace(method, means=means, sessions=sessions)


def _read(name: str) -> Any:
    file = resources.files("nbsuite.submissions") / "published" / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8"))
