"""How well trials of a closed loop went, in the field's figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nbsuite.benchmarking.quantities import Quantity
from nbsuite.closed_loop.smoothness import spectral_arc_length
from nbsuite.closed_loop.trials import Trials

QUANTITIES = {
    each.key: each
    for each in (
        Quantity(
            "success_rate",
            "Success",
            more_is_better=True,
            title="Success rate",
            digits=3,
            highest=1,
        ),
        Quantity(
            "trial_seconds",
            "Time (s)",
            more_is_better=False,
            title="Mean time of all trials",
            unit="s",
            digits=4,
        ),
        Quantity(
            "time_to_target",
            "To target (s)",
            more_is_better=False,
            title="Mean time to the target, successful trials",
            unit="s",
            digits=3,
        ),
        Quantity(
            "path_efficiency",
            "Path eff.",
            more_is_better=True,
            title="Path efficiency, successful trials",
            digits=3,
            highest=1,
        ),
        Quantity(
            "smoothness",
            "Smoothness",
            more_is_better=True,
            title="Spectral arc length",
            digits=2,
            lowest=None,
            highest=0,
        ),
        Quantity(
            "throughput",
            "Bits/s",
            more_is_better=True,
            title="Throughput (Fitts)",
            unit="bits/s",
            digits=2,
        ),
        Quantity(
            "time_on_target",
            "On target",
            more_is_better=True,
            title="Share of time on the target",
            digits=3,
            highest=1,
        ),
    )
}


@dataclass(frozen=True)
class LoopFigures:
    """Figures of trials; None where there is nothing that they could be told of.

    Attributes:
        trials: number of trials.
        successes: how many ended in the target.
        success_rate: share of the trials that ended in the target.
        trial_seconds: mean time of all trials, failed ones included, as the original tells it.
        time_to_target: mean seconds until the cursor came to the target to stay there, of
            successful trials: the time held is not part of it.
        path_efficiency: mean ratio of the straight way to the way taken until then, of successful
            trials that moved at all.
        smoothness: mean spectral arc length of the cursor's speed, of trials that moved.
        throughput: bits of the reached targets, by Shannon's form of Fitts' index of difficulty,
            ``log2(distance / width + 1)`` with the target's diameter as width, for each second of
            all trials until the target was reached or the trial failed.
        time_on_target: share of all time for which the cursor was in the target.
    """

    trials: int
    successes: int
    success_rate: float
    trial_seconds: float
    time_to_target: float | None
    path_efficiency: float | None
    smoothness: float | None
    throughput: float
    time_on_target: float


def figures_of(trials: Trials) -> LoopFigures:
    """The figures of trials."""
    settings = trials.settings
    won = trials.succeeded
    # Until the cursor came to stay; all of a trial where it failed.
    steps = trials.lengths - np.where(won, settings.hold_steps - 1, 0)
    reached = steps.astype(np.float64) * settings.step
    moves = [_moves(trials.positions[start:stop]) for start, stop in trials.bounds]
    bits = math.log2(settings.target_distance / (2 * settings.target_size) + 1)
    total = float(reached.sum())
    return LoopFigures(
        trials=len(trials),
        successes=int(won.sum()),
        success_rate=trials.success_rate,
        trial_seconds=float(trials.seconds.mean()),
        time_to_target=float(reached[won].mean()) if won.any() else None,
        path_efficiency=_mean(
            [_path_efficiency(moves[trial][: steps[trial]]) for trial in np.flatnonzero(won)]
        ),
        smoothness=_mean([spectral_arc_length(np.hypot(*each.T), settings.step) for each in moves]),
        throughput=bits * float(won.sum()) / total if total > 0 else 0.0,
        time_on_target=float(on_target(trials).mean()),
    )


def on_target(trials: Trials) -> NDArray[np.bool_]:
    """(steps,) whether the cursor was in the target after each step."""
    apart = trials.positions.astype(np.float64) - trials.targets
    inside: NDArray[np.bool_] = np.hypot(apart[:, 0], apart[:, 1]) < trials.settings.target_size
    return inside


def _moves(positions: NDArray[np.float32]) -> NDArray[np.float64]:
    """(steps, 2) by how much the cursor moved in each step of a trial."""
    return np.diff(positions.astype(np.float64), axis=0, prepend=0.0)


def _path_efficiency(moves: NDArray[np.float64]) -> float | None:
    """The straight way to where moves lead, by the way that they take."""
    way = float(np.hypot(*moves.T).sum())
    return float(np.hypot(*moves.sum(axis=0))) / way if way > 0 else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
