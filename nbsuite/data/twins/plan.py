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
class TwinPlan:
    """The figures a twin meets exactly, as NeuroBench's loader counts them.

    Attributes:
        channels: recording channels.
        steps: samples of the whole recording.
        segments: stretches with one target each; a reach is a segment.
        test_steps: samples in the test split.
        test_events: input events (one bit a channel and step) in the test split.
    """

    channels: int
    steps: int
    segments: int
    test_steps: int
    test_events: int

    @property
    def test_start(self) -> int:
        """First sample of the test split, which runs to the end."""
        return self.steps - self.test_steps

    @property
    def test_segments(self) -> int:
        """Segments of the test split: the loader rounds training and validation down."""
        training = self.segments // 2
        return self.segments - training - (self.segments - training) // 2


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
