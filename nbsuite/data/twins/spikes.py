"""Spikes of a twin, and as many input events in its test set as its plan says, exactly.

Spikes are a renewal process in operational time: with Lambda the running sum of a unit's rate,
they fall where Lambda passes the running sum of gamma-distributed intervals of mean 1.

NeuroBench's loader puts a spike between t[k-2] and t[k-1] into sample k, and one bit stands for
all spikes of a channel in it: an event. All rates share one gain, a little too high on purpose;
the events above the plan are then struck out at random, in the test set and, at the same rate,
outside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from nbsuite.data.twins.drive import Drive
from nbsuite.data.twins.plan import TwinPlan
from nbsuite.data.twins.population import Unit, unit_rate

FloatArray = NDArray[np.float64]

_BIN_MARGIN = 0.02  # no spike closer than this to the edge of its bin: rounding cannot move it
_GAIN_SAMPLES = 4_000


@dataclass(frozen=True)
class UnitSpikes:
    """Spikes of one unit.

    Attributes:
        unit: the unit.
        position: (n,) increasing times in samples of NeuroBench's loader: 7.5 is in sample 7.
    """

    unit: Unit
    position: FloatArray


def draw_spikes(
    plan: TwinPlan,
    units: Sequence[Unit],
    drive: Drive,
    seeds: np.random.SeedSequence,
    progress: Callable[[float], None],
) -> list[UnitSpikes]:
    """Spikes of all units with exactly ``plan.test_events`` events in the test split."""
    gain = _gain(plan, units, drive)
    *unit_seeds, last_seed = seeds.spawn(len(units) + 1)
    while True:
        spikes = []
        for index, (unit, seed) in enumerate(zip(units, unit_seeds, strict=True)):
            rng = np.random.Generator(np.random.PCG64(seed))
            position = _renewal(gain * unit_rate(unit, drive), unit.regularity, rng)
            spikes.append(UnitSpikes(unit, position))
            progress((index + 1) / len(units))
        events = _channel_events(spikes, plan)
        found = sum(int(np.count_nonzero(event >= plan.test_start)) for event in events)
        if found >= plan.test_events:
            break
        gain *= 1.02 * plan.test_events / found if found else 2.0
    return _strike_out(plan, spikes, events, np.random.Generator(np.random.PCG64(last_seed)))


def _gain(plan: TwinPlan, units: Sequence[Unit], drive: Drive) -> float:
    """The common factor of all rates that brings slightly more test events than planned.

    The expected number of events, the sum of 1 - exp(-rate of the channel), is taken at samples
    spread evenly over the test split.
    """
    stride = max(1, plan.test_steps // _GAIN_SAMPLES)
    first = -(-plan.test_start // stride)
    rates = np.zeros((plan.channels, -(-plan.steps // stride) - first))
    for unit in units:
        rates[unit.channel] += unit_rate(unit, drive, stride)[first:]
    spare = 1.003 + 4 / np.sqrt(plan.test_events)
    wanted = spare * plan.test_events / plan.test_steps * rates.shape[1]

    def surplus(gain: float) -> float:
        return float(-np.expm1(-gain * rates).sum() - wanted)

    return float(brentq(surplus, 0.0, 20.0, xtol=1e-6))


def _renewal(rate: NDArray[np.float32], shape: float, rng: np.random.Generator) -> FloatArray:
    """Positions of a renewal process with ``rate`` expected spikes a step; none in sample 0."""
    operational = np.cumsum(rate, dtype=np.float64)
    operational -= operational[0]
    total = operational[-1]
    spare = total + 6 * np.sqrt(total) + 10  # intervals have a variance of at most 1
    passes = np.cumsum(rng.gamma(shape, 1 / shape, int(spare)))
    passes = passes[passes < total] - rng.uniform(0, 1)
    passes = passes[passes > 0]
    position = 1 + np.interp(passes, operational, np.arange(len(rate)))
    sample = np.minimum(np.floor(position), len(rate) - 1)
    return np.asarray(sample + np.clip(position - sample, _BIN_MARGIN, 1 - _BIN_MARGIN))


def _channel_events(spikes: Sequence[UnitSpikes], plan: TwinPlan) -> list[NDArray[np.int64]]:
    """The samples in which each channel has an event, increasing."""
    positions: list[list[FloatArray]] = [[] for _ in range(plan.channels)]
    for unit in spikes:
        positions[unit.unit.channel].append(unit.position)
    events = []
    for channel in positions:
        marked = np.zeros(plan.steps, dtype=bool)
        for position in channel:
            marked[position.astype(np.int64)] = True
        events.append(np.flatnonzero(marked))
    return events


def _strike_out(
    plan: TwinPlan,
    spikes: Sequence[UnitSpikes],
    events: Sequence[NDArray[np.int64]],
    rng: np.random.Generator,
) -> list[UnitSpikes]:
    """Remove whole events at random until the test split holds exactly the planned number."""
    in_test = np.concatenate(events) >= plan.test_start
    test = np.flatnonzero(in_test)
    earlier = np.flatnonzero(~in_test)
    excess = len(test) - plan.test_events
    same_share = round(len(earlier) * excess / max(len(test), 1))
    removed = np.zeros(len(in_test), dtype=bool)
    removed[rng.permutation(test)[:excess]] = True
    removed[rng.permutation(earlier)[:same_share]] = True
    borders = np.cumsum([len(event) for event in events])[:-1]
    struck = [event[gone] for event, gone in zip(events, np.split(removed, borders), strict=True)]
    return [_without(unit, struck[unit.unit.channel]) for unit in spikes]


def _without(spikes: UnitSpikes, samples: NDArray[np.int64]) -> UnitSpikes:
    """``spikes`` less those in ``samples``."""
    kept = ~np.isin(spikes.position.astype(np.int64), samples)
    return UnitSpikes(spikes.unit, spikes.position[kept])
