"""What a session twin has to come out as: its length, its segments, its events.

NeuroBench's loader cuts a recording where the target moves, and calls the first half of those
segments training, half of the rest validation, and what remains test. The plan therefore lays out
the segments first, so that the test segments hold exactly the test steps wanted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.mat_format import SAMPLE_SECONDS
from nbsuite.data.sessions import Session
from nbsuite.errors import UsageError

# Samples and reaches of the whole recordings. Where no length is published: I3 and L2 follow from
# the length of the test set and its share of the reaches, L1 and L3 are four times the test set.
# The reaches of Indy's sessions are counts that nobody has confirmed.
_STEPS = {"I1": 612_500, "I2": 365_809, "I3": 204_000, "L1": 550_180, "L2": 273_500, "L3": 454_544}
_REACHES = {"I1": 970, "I2": 1_023, "I3": 635, "L1": 587, "L2": 409, "L3": 472}

SHORTEST_STEPS = 1_000
"""Samples of the shortest twin, 4 s: less leaves no segment to test on."""

_FEWEST_REACHES = 4  # two to train on, one to validate, one to test

# Seconds between targets while the monkey works: a lognormal distribution shifted to its shortest
# interval, through the measured median (1.16), 5th (.90) and 95th percentile (1.68).
_SHORTEST_INTERVAL, _TYPICAL_INTERVAL, _INTERVAL_SPREAD = 0.64, 0.52, 0.421
_MEAN_INTERVAL = _SHORTEST_INTERVAL + _TYPICAL_INTERVAL * math.exp(_INTERVAL_SPREAD**2 / 2)

_PAUSES_PER_REACH = 0.025
_LARGEST_IDLE_SHARE = 0.55


@dataclass(frozen=True)
class ChannelRates:
    """How the rates of channels are distributed; the session has its own mean.

    Attributes:
        silent: share of channels without a spike.
        quantiles: shares of all channels, increasing.
        hertz: the rate that so many channels do not exceed.
        single: whether a channel holds one sorted unit and nothing else.
    """

    silent: float
    quantiles: tuple[float, ...]
    hertz: tuple[float, ...]
    single: bool = False


# I2's are the one session's whose rates are known with all units of a channel together.
_ALL_UNITS = ChannelRates(
    6 / 96,
    (6 / 96, 9 / 96, 0.25, 0.5, 0.75, 0.95, 1.0),
    (0.3, 1.0, 3.5, 6.6, 21.3, 44.3, 51.7),
)


@dataclass(frozen=True)
class TwinPlan:
    """The figures a twin meets exactly, as NeuroBench's loader counts them.

    Attributes:
        channels: recording channels.
        steps: samples of the whole recording.
        segments: stretches with one target each; a reach is a segment.
        test_steps: samples in the test split.
        test_events: input events (one bit a channel and step) in the test split.
        rates: how the rates of its channels are distributed.
    """

    channels: int
    steps: int
    segments: int
    test_steps: int
    test_events: int
    rates: ChannelRates = _ALL_UNITS

    @property
    def test_start(self) -> int:
        """First sample of the test split, which runs to the end."""
        return self.steps - self.test_steps

    @property
    def test_segments(self) -> int:
        """Segments of the test split: the loader rounds training and validation down."""
        training = self.segments // 2
        return self.segments - training - (self.segments - training) // 2


SORTED_SESSION = "indy_20160927_04"
"""The public session of 30 sorted units which twins are held against, figure by figure."""


def plan_of_sorted_session() -> TwinPlan:
    """The plan of a twin of `SORTED_SESSION`, which is no challenge session.

    Thirty channels hold a unit each, of 2.3 to 48.8 Hz, and 66 are silent.
    """
    live = 30 / 96
    return TwinPlan(
        channels=96,
        steps=97_340,
        segments=321,
        test_steps=24_106,
        test_events=39_541,
        rates=ChannelRates(
            1 - live,
            tuple(1 - live * (1 - share) for share in (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)),
            (2.3, 6.9, 10.4, 18.8, 29.4, 48.0),
            single=True,
        ),
    )


def plan_twin(session: Session, fraction: float) -> TwinPlan:
    """Scale the real session's figures to ``fraction`` of its length, each rounded.

    Raises:
        UsageError: not one of the six challenge sessions, or a fraction out of (0, 1] or so small
            that no test set is left.
    """
    if session.id not in _STEPS or session.test_steps is None or session.test_events is None:
        raise UsageError(
            f"There is no twin of {session.name}, only of the challenge sessions: choose one of"
            f" {', '.join(_STEPS)}."
        )
    if not 0 < fraction <= 1:
        raise UsageError(
            f"A twin cannot have {fraction:g} times the session's length: choose a fraction above"
            " 0 and at most 1."
        )
    full = _STEPS[session.id]
    steps = round(fraction * full)
    if steps < SHORTEST_STEPS:
        raise UsageError(
            f"The fraction {fraction:g} of {session.label} leaves {steps} samples, too few to"
            f" test on: choose at least {math.ceil(1e4 * SHORTEST_STEPS / full) / 1e4:g}."
        )
    return TwinPlan(
        channels=session.channels,
        steps=steps,
        segments=max(_FEWEST_REACHES, round(fraction * _REACHES[session.id])),
        test_steps=round(fraction * session.test_steps),
        test_events=round(fraction * session.test_events),
    )


def draw_segments(plan: TwinPlan, rng: np.random.Generator) -> NDArray[np.int64]:
    """Where the segments begin, and the end: (segments + 1,) increasing samples.

    Reaches follow one another as in the session whose intervals are known. Time that those do not
    fill goes to a few long pauses, as monkeys take them, in each split on its own.
    """
    earlier = _draw_lengths(plan.segments - plan.test_segments, plan.test_start, rng)
    test = _draw_lengths(plan.test_segments, plan.test_steps, rng)
    starts = np.concatenate([[0.0], np.cumsum(earlier), plan.test_start + np.cumsum(test)])
    return np.asarray(np.rint(starts), dtype=np.int64)


def _draw_lengths(count: int, steps: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Lengths of ``count`` segments in samples, which add up to ``steps``."""
    spread = rng.lognormal(np.log(_TYPICAL_INTERVAL), _INTERVAL_SPREAD, count)
    lengths = (_SHORTEST_INTERVAL + spread) / SAMPLE_SECONDS
    slowness = (1 - _LARGEST_IDLE_SHARE) * steps * SAMPLE_SECONDS / (count * _MEAN_INTERVAL)
    lengths *= max(1.0, slowness)
    pauses = rng.permutation(count)[: round(_PAUSES_PER_REACH * count)]
    shares = rng.gamma(4.0, size=len(pauses))
    idle = steps - lengths.sum()
    if idle > 0 and len(pauses):
        lengths[pauses] += idle * shares / shares.sum()
    return np.asarray(lengths * (steps / lengths.sum()))
