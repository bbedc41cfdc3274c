"""The neurons of a twin: how often each unit fires, and what for.

The rate of a unit at sample k, with v the intended velocity, s its speed, L the unit's lead, p
posture and z shared latents, is

    f(s) = s / (s + s_s),   e(v) = v / (|v| + s_e)
    rate(k) = mean * [1 + c (f(s) - average of f)]  at k + L
                   * exp(b . (e(v at k + L) + p(k)) + w . z(k) + drift(k)) * what keeps the mean

Speed and direction saturate, so that the size of a movement has to be read from both together, and
posture p turns the same units as movement does, so that rest has to be told by the speed: a linear
decoder can do neither. The other latents (arousal, whatever else the monkey does) are shared too,
so that averaging over units does not remove them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from nbsuite.data.mat_format import SAMPLE_SECONDS

FloatArray = NDArray[np.float64]

UNIT_ROWS = 4
"""Units a channel: the hash of unsorted spikes, and up to three sorted ones."""

LATENTS = 4

# Rates of channels at quantiles of the channels, from the one session where they are known;
# other sessions have the same shape and their own mean.
_QUANTILES = np.array([6 / 96, 9 / 96, 0.25, 0.5, 0.75, 0.95, 1.0])
_CHANNEL_HERTZ = np.array([0.3, 1.0, 3.5, 6.6, 21.3, 44.3, 51.7])
_SILENT_SHARE = 6 / 96

_SECOND_UNIT_HERTZ, _THIRD_UNIT_HERTZ = 22.0, 45.0
_HASH_SHARE = (0.08, 0.25)

_LEAD_SECONDS, _LEAD_SPREAD, _LONGEST_LEAD = 0.145, 0.015, 100  # the last in samples
_DIRECTION_DEPTH = (0.3, 0.95)
_SPEED_DEPTH, _SPEED_DEPTH_SPREAD, _LEAST_SPEED_FACTOR = 1.5, 0.4, 0.05
_DIRECTION_HALF_MM, _SPEED_HALF_MM = 80.0, 22.0  # speeds in mm/s where each is half saturated
_HASH_TUNING = 0.5
_REGULARITY = 2.5

_POSTURE_SECONDS, _POSTURE_DEPTH = 0.3, 0.25
_LATENT_SECONDS = np.array([0.4, 0.4, 0.3, 0.3])
_LATENT_DEPTH = np.array([0.15, 0.18, 0.15, 0.12])
_COMMON_LATENT_MEAN = 0.30  # the first latent moves nearly all units the same way

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
        lead: samples by which it leads the movement.
        direction: (2,) weights b.
        speed: weight c.
        latents: (LATENTS,) weights w.
        drift: (knots,) values of the drift, evenly spaced over the recording.
    """

    channel: int
    row: int
    hertz: float
    lead: int
    direction: FloatArray
    speed: float
    latents: FloatArray
    drift: FloatArray

    @property
    def regularity(self) -> float:
        """Shape of the gamma distribution of intervals; the hash of many cells is Poisson."""
        return 1.0 if self.row == 0 else _REGULARITY


@dataclass(frozen=True)
class Drive:
    """What drives all units.

    Attributes:
        direction: (2, T + longest lead) the saturated velocity e, its last value held.
        speed: (T + longest lead,) the saturated speed f, less its average.
        posture: (2, T) p.
        latents: (LATENTS, T) z.
    """

    direction: NDArray[np.float32]
    speed: NDArray[np.float32]
    posture: NDArray[np.float32]
    latents: NDArray[np.float32]


def draw_population(channels: int, mean_hertz: float, rng: np.random.Generator) -> list[Unit]:
    """Units for ``channels`` channels which together fire at ``mean_hertz`` a channel."""
    quantile = (np.arange(channels) + 0.5) / channels
    hertz = np.interp(quantile, _QUANTILES, _CHANNEL_HERTZ)
    hertz[quantile < _SILENT_SHARE] = 0.0
    hertz *= mean_hertz / hertz.mean()
    # Spikes that fall together in one bin are one event, so that busy channels need more spikes.
    hertz = -np.log1p(-hertz * SAMPLE_SECONDS) / SAMPLE_SECONDS
    rng.shuffle(hertz)
    return [
        unit for channel in range(channels) for unit in _draw_units(channel, hertz[channel], rng)
    ]


def _draw_units(channel: int, hertz: float, rng: np.random.Generator) -> list[Unit]:
    """The hash and the sorted units of one channel; none where it is silent."""
    if hertz == 0.0:
        return []
    sorted_units = 1 + int(hertz > _SECOND_UNIT_HERTZ) + int(hertz > _THIRD_UNIT_HERTZ)
    hash_share = rng.uniform(*_HASH_SHARE)
    shares = (1 - hash_share) * rng.dirichlet(np.full(sorted_units, 6.0))
    rates = hertz * np.concatenate([[hash_share], shares])
    return [_draw_unit(channel, row, float(rate), rng) for row, rate in enumerate(rates)]


def _draw_unit(channel: int, row: int, hertz: float, rng: np.random.Generator) -> Unit:
    """One unit with random tuning; the hash averages over cells and is tuned less."""
    tuning = _HASH_TUNING if row == 0 else 1.0
    angle = rng.uniform(0, 2 * np.pi)
    depth = tuning * rng.uniform(*_DIRECTION_DEPTH)
    latents = _LATENT_DEPTH * rng.standard_normal(LATENTS)
    latents[0] += _COMMON_LATENT_MEAN
    lead = round(rng.normal(_LEAD_SECONDS, _LEAD_SPREAD) / SAMPLE_SECONDS)
    return Unit(
        channel=channel,
        row=row,
        hertz=hertz,
        lead=min(max(lead, 0), _LONGEST_LEAD),
        direction=depth * np.array([np.cos(angle), np.sin(angle)]),
        speed=float(rng.normal(_SPEED_DEPTH, _SPEED_DEPTH_SPREAD)),
        latents=latents,
        drift=_DRIFT_DEPTH * rng.standard_normal(_DRIFT_KNOTS),
    )


def draw_drive(intent: FloatArray, rng: np.random.Generator) -> Drive:
    """The drive of all units over a recording, from the intended velocity (2, T) in mm/s."""
    steps = intent.shape[1]
    intent = np.pad(intent, ((0, 0), (0, _LONGEST_LEAD)), mode="edge")
    speed = np.hypot(*intent)
    saturated = speed / (speed + _SPEED_HALF_MM)
    posture = _POSTURE_DEPTH * _draw_latents(np.full(2, _POSTURE_SECONDS), steps, rng)
    return Drive(
        direction=(intent / (speed + _DIRECTION_HALF_MM)).astype(np.float32),
        speed=(saturated - saturated.mean()).astype(np.float32),
        posture=posture.astype(np.float32),
        latents=_draw_latents(_LATENT_SECONDS, steps, rng).astype(np.float32),
    )


def _draw_latents(seconds: FloatArray, steps: int, rng: np.random.Generator) -> FloatArray:
    """(n, steps) Ornstein-Uhlenbeck processes of unit variance and time constants ``seconds``."""
    decay = np.exp(-SAMPLE_SECONDS / seconds)
    noise = rng.standard_normal((len(seconds), steps))
    noise[:, 1:] *= np.sqrt(1 - decay**2)[:, np.newaxis]  # the first value is drawn at rest
    return np.stack([lfilter([1.0], [1.0, -a], row) for a, row in zip(decay, noise, strict=True)])


def unit_rate(unit: Unit, drive: Drive, stride: int = 1) -> NDArray[np.float32]:
    """Expected spikes of ``unit`` a step, at every ``stride``-th sample."""
    coarse = max(stride, drive.latents.shape[1] // _AVERAGED_SAMPLES)
    average = float(_relative_rate(unit, drive, coarse).mean(dtype=np.float64))
    rate = _relative_rate(unit, drive, stride)
    rate *= unit.hertz * SAMPLE_SECONDS / average
    return np.asarray(np.minimum(rate, np.float32(_HIGHEST_PER_STEP)))


def _relative_rate(unit: Unit, drive: Drive, stride: int) -> NDArray[np.float32]:
    """The rate, but for its mean, at every ``stride``-th sample."""
    steps = drive.latents.shape[1]
    ahead = slice(unit.lead, unit.lead + steps, stride)
    weights = unit.direction.astype(np.float32)
    exponent = weights @ drive.direction[:, ahead]
    exponent += weights @ drive.posture[:, ::stride]
    exponent += unit.latents.astype(np.float32) @ drive.latents[:, ::stride]
    knots = np.linspace(0, steps - 1, len(unit.drift))
    exponent += np.interp(np.arange(0, steps, stride), knots, unit.drift).astype(np.float32)
    factor = np.maximum(1 + np.float32(unit.speed) * drive.speed[ahead], _LEAST_SPEED_FACTOR)
    factor *= np.exp(exponent)
    return np.asarray(factor)
