"""Means and spreads of results over seeds and sessions, as the publication's tables have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from nbsuite.submissions.results.model_results import ModelResults


@dataclass(frozen=True)
class Spread:
    """A mean and how its parts scatter about it.

    Attributes:
        mean: the mean.
        deviation: standard deviation of the parts, divided by their number and not by one less,
            as the publication has it; None for a single part.
    """

    mean: float
    deviation: float | None = None


def over_seeds(results: ModelResults, session: str, metric: str) -> Spread | None:
    """Mean over seeds and their deviation; None without results on the session."""
    values = results.sessions.get(session, {}).get(metric)
    return None if values is None else _spread(values)


def over_sessions(results: ModelResults, metric: str) -> Spread | None:
    """Mean over a task's sessions, and the deviation of their means; None if one lacks."""
    lists = _of_all_sessions(results, metric)
    return _spread([fmean(values) for values in lists]) if lists else None


def over_runs(results: ModelResults, metric: str) -> Spread | None:
    """Mean over the sessions, and the deviation of all seeds' results; None if one lacks."""
    lists = _of_all_sessions(results, metric)
    if not lists:
        return None
    runs = [value for values in lists for value in values]
    return Spread(fmean(map(fmean, lists)), _spread(runs).deviation)


def _of_all_sessions(results: ModelResults, metric: str) -> list[list[float]]:
    """The lists over seeds of all the task's sessions; none where one lacks."""
    lists = [results.sessions.get(session, {}).get(metric) for session in results.reported]
    return [] if None in lists else [values for values in lists if values is not None]


def _spread(values: Sequence[float]) -> Spread:
    return Spread(fmean(values), pstdev(values) if len(values) > 1 else None)
