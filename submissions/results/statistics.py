"""Means and spreads of results over seeds and sessions, as the publication's tables have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from nbsuite.submissions.results.folder import ModelResults


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
    if session not in results.sessions:
        return None
    return _spread(results.sessions[session][metric])


def over_sessions(results: ModelResults, metric: str) -> Spread | None:
    """Mean over the six sessions, and the deviation of the sessions' means; None if one lacks."""
    if results.missing:
        return None
    return _spread([fmean(lists[metric]) for lists in results.sessions.values()])


def over_runs(results: ModelResults, metric: str) -> Spread | None:
    """Mean over the six sessions, and the deviation of all seeds' results; None if one lacks."""
    means = over_sessions(results, metric)
    if means is None:
        return None
    runs = [value for lists in results.sessions.values() for value in lists[metric]]
    return Spread(means.mean, _spread(runs).deviation)


def _spread(values: Sequence[float]) -> Spread:
    return Spread(fmean(values), pstdev(values) if len(values) > 1 else None)
