"""The neurons of a twin: how often each unit fires, and what for.

The rate of a unit at sample k, with the drive of `nbsuite.data.twins.drive` and a lead of its own
for each of the first four terms, is

    rate(k) = mean * [1 + c f(k + lead)]
                   * exp(b . e(k + lead) + g . h(k + lead) + q . p(k + lead) + w . z(k) + drift(k))
                   * what keeps the mean
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.mat_format import SAMPLE_SECONDS
from nbsuite.data.twins.drive import Array, Drive, FloatArray
from nbsuite.data.twins.plan import ChannelRates
from nbsuite.data.twins.tuning import draw_tuning

UNIT_ROWS = 4
"""Units a channel: the hash of unsorted spikes, and up to three sorted ones."""

_SECOND_UNIT_HERTZ, _THIRD_UNIT_HERTZ = 22.0, 45.0
_HASH_SHARE, _SHARE_EVENNESS = (0.08, 0.25), 4.0
_HASH_TUNING = 0.5  # the hash averages over cells and is tuned less
_REGULARITY = 2.5

_LEAST_SPEED_FACTOR = 0.05
_DRIFT_KNOTS, _DRIFT_DEPTH = 8, 0.10
_HIGHEST_PER_STEP = 1.0
_AVERAGED_SAMPLES = 20_000


@dataclass(frozen=True)
class Unit:
    """One unit and its tuning; see the equation above.

    Attributes:
        channel: the channel it is recorded on.
        row: its row in the file; 0 is the channel's hash.
        hertz: mean rate.
        leads: (4,) samples by which it leads speed, direction, axis and position.
        speed: weight c.
        directed: (6,) weights b, g and q.
        latents: (LATENTS,) weights w.
        drift: (knots,) values of the drift, evenly spaced over the recording.
    """

    channel: int
    row: int
    hertz: float
    leads: NDArray[np.int64]
    speed: float
    directed: FloatArray
    latents: FloatArray
    drift: FloatArray

    @property
    def regularity(self) -> float:
        """Shape of the gamma distribution of intervals; the hash of many cells is Poisson."""
        return 1.0 if self.row == 0 else _REGULARITY


def draw_population(
    channels: int, mean_hertz: float, rates: ChannelRates, rng: np.random.Generator
) -> list[Unit]:
    """Units for ``channels`` channels which together fire at ``mean_hertz`` a channel."""
    hertz = _channel_hertz(channels, mean_hertz, rates)
    rng.shuffle(hertz)
    split = [
        (channel, row, float(rate))
        for channel in np.flatnonzero(hertz).tolist()
        for row, rate in _split(hertz[channel], rates, rng)
    ]
    rows = np.array([row for _, row, _ in split])
    tuning = draw_tuning(
        np.array([rate for _, _, rate in split]), np.where(rows == 0, _HASH_TUNING, 1.0), rng
    )
    return [
        Unit(
            channel=channel,
            row=row,
            hertz=rate,
            leads=tuning.leads[number],
            speed=float(tuning.speed[number]),
            directed=tuning.directed[number],
            latents=tuning.latents[number],
            drift=_DRIFT_DEPTH * rng.standard_normal(_DRIFT_KNOTS),
        )
        for number, (channel, row, rate) in enumerate(split)
    ]


def _channel_hertz(channels: int, mean_hertz: float, rates: ChannelRates) -> FloatArray:
    """Mean rates of the channels, increasing; 0 where one is silent."""
    quantile = (np.arange(channels) + 0.5) / channels
    hertz = np.interp(quantile, rates.quantiles, rates.hertz)
    hertz[quantile < rates.silent] = 0.0
    hertz *= mean_hertz / hertz.mean()
    # Spikes that fall together in one bin are one event, so that busy channels need more spikes.
    return np.asarray(-np.log1p(-hertz * SAMPLE_SECONDS) / SAMPLE_SECONDS)


def _split(hertz: float, rates: ChannelRates, rng: np.random.Generator) -> list[tuple[int, float]]:
    """Row and rate of each unit of a channel: its hash and its sorted units."""
    if rates.single:
        return [(1, hertz)]
    sorted_units = 1 + int(hertz > _SECOND_UNIT_HERTZ) + int(hertz > _THIRD_UNIT_HERTZ)
    hash_share = rng.uniform(*_HASH_SHARE)
    shares = (1 - hash_share) * rng.dirichlet(np.full(sorted_units, _SHARE_EVENNESS))
    return list(enumerate([hertz * hash_share, *(hertz * shares)]))


def unit_rate(unit: Unit, drive: Drive, stride: int = 1) -> Array:
    """Expected spikes of ``unit`` a step, at every ``stride``-th sample."""
    coarse = max(stride, drive.steps // _AVERAGED_SAMPLES)
    average = float(_relative_rate(unit, drive, coarse).mean(dtype=np.float64))
    rate = _relative_rate(unit, drive, stride)
    rate *= unit.hertz * SAMPLE_SECONDS / average
    return np.asarray(np.minimum(rate, np.float32(_HIGHEST_PER_STEP)))


def _relative_rate(unit: Unit, drive: Drive, stride: int) -> Array:
    """The rate, but for its mean, at every ``stride``-th sample."""
    fast, *ahead = (slice(lead, lead + drive.steps, stride) for lead in unit.leads.tolist())
    exponent = _weighted(unit.latents, drive.latents[:, ::stride])
    directed = (drive.direction, drive.axis, drive.position)
    weights = unit.directed.reshape(len(directed), 2)
    for weight, signal, part in zip(weights, directed, ahead, strict=True):
        exponent += _weighted(weight, signal[:, part])
    knots = np.linspace(0, drive.steps - 1, len(unit.drift))
    exponent += np.interp(np.arange(0, drive.steps, stride), knots, unit.drift).astype(np.float32)
    factor = np.maximum(1 + np.float32(unit.speed) * drive.speed[fast], _LEAST_SPEED_FACTOR)
    factor *= np.exp(exponent)
    return np.asarray(factor)


def _weighted(weights: FloatArray, rows: Array) -> Array:
    """The sum of ``rows`` (k, n) under ``weights`` (k,); too little work for BLAS's threads."""
    return np.asarray(np.einsum("k,kn->n", weights.astype(np.float32), rows))
