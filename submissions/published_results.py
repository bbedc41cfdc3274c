"""Published results on the task, which the package carries in ``published/``.

``leaderboard.json`` holds every method with its means and, as far as they are published, its
sessions; ``runs.json`` the five seeds a session of tinyRSNN and bigRSNN, from which those two are
averaged here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from nbsuite.submissions.challenge import Results, summarise
from nbsuite.submissions.quantities import Values


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
    remarks: tuple[str, ...]
    means: Values
    sessions: Mapping[str, Values]


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


@cache
def published_methods() -> tuple[PublishedMethod, ...]:
    """Every method published on the task that we know of, the most accurate first."""
    return tuple(_method(**entry) for entry in _read("leaderboard")["methods"])


@cache
def published_runs() -> Mapping[str, Mapping[str, Results]]:
    """Model to session id to the published lists over seeds.

    The lists of one session belong together, but the order of the seeds is not told.
    """
    models: dict[str, dict[str, Results]] = _read("runs")["models"]
    return models


@cache
def published_misprints() -> tuple[Misprint, ...]:
    """The figures that the publication's Tables 1 and 2 got wrong."""
    return tuple(Misprint(**entry) for entry in _read("leaderboard")["misprints"])


def runs_source() -> str:
    """Where the lists of :func:`published_runs` stand."""
    return str(_read("runs")["source"])


def _method(
    method: str,
    remarks: list[str],
    means: Values | None = None,
    sessions: Mapping[str, Values] | None = None,
    **rest: Any,
) -> PublishedMethod:
    if means is None or sessions is None:
        sessions = summarise(published_runs()[method])
        means = sessions.pop("average")
    return PublishedMethod(
        method=method, remarks=tuple(remarks), means=means, sessions=sessions, **rest
    )


def _read(name: str) -> Any:
    file = resources.files("nbsuite.submissions") / "published" / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8"))
