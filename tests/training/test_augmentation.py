"""Augmentation: what it leaves alone, its bounds and its statistics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.spike_events import SpikeEvents
from nbsuite.training.augmentation import augment
from nbsuite.training.recipe import AugmentationRecipe

SAMPLES, CHANNELS, STEPS = 400, 24, 50


def _events(rate: float = 0.1, seed: int = 0) -> SpikeEvents:
    random = np.random.default_rng(seed)
    return SpikeEvents.from_dense((random.random((SAMPLES, CHANNELS)) < rate).astype(np.int8))


def _augmented(events, starts, recipe, seed=0, steps=STEPS):
    """Dense windows before and after, each (steps, windows, channels)."""
    starts = np.asarray(starts, dtype=np.int64)
    changed, firsts = augment(events, starts, steps, recipe, np.random.default_rng(seed))
    assert changed.samples == len(starts) * steps
    assert changed.channels == events.channels
    assert changed.sources.dtype == np.uint16
    # In order of time, then of channel, each once: as made from a dense array.
    again = SpikeEvents.from_dense(changed.dense(np.zeros(1, np.int64), changed.samples)[:, 0])
    np.testing.assert_array_equal(changed.sources, again.sources)
    np.testing.assert_array_equal(changed.offsets, again.offsets)
    return events.dense(starts, steps), changed.dense(firsts, steps)


def test_off_by_default():
    events, starts = _events(), np.array([3, 10])
    generator = np.random.default_rng(0)
    unchanged = augment(events, starts, STEPS, AugmentationRecipe(), generator)
    assert unchanged == (events, starts)
    assert generator.bit_generator.state == np.random.default_rng(0).bit_generator.state


@given(
    starts=st.lists(st.integers(0, SAMPLES - STEPS), min_size=1, max_size=6),
    jitter=st.floats(0.001, 0.05),
)
def test_windows_are_gathered_as_they_are(starts, jitter):
    """Jitter that rounds to nothing shows that the rest changes nothing."""
    before, after = _augmented(_events(), starts, AugmentationRecipe(jitter=jitter))
    np.testing.assert_array_equal(before, after)


def _assert_rate(hits: int, trials: int, rate: float) -> None:
    assert abs(hits - trials * rate) <= 5 * math.sqrt(trials * rate * (1 - rate))


@pytest.mark.parametrize("rate", [0.1, 0.7])
def test_events_are_dropped(rate):
    before, after = _augmented(_events(), range(0, 350, 5), AugmentationRecipe(drop=rate))
    assert (after <= before).all()
    _assert_rate(int((before - after).sum()), int(before.sum()), rate)
    # Overlapping windows lose other events: 5 samples further on, what both hold differs.
    assert (after[5:, :-1] != after[:-5, 1:]).mean() > 0.01


@pytest.mark.parametrize("rate", [0.002, 0.3])
def test_events_are_inserted(rate):
    before, after = _augmented(_events(), range(0, 350, 5), AugmentationRecipe(insert=rate))
    assert (after >= before).all()
    spurious = (after - before)[before == 0]
    _assert_rate(int(spurious.sum()), len(spurious), rate)
    first_half, second_half = np.split((after - before).astype(int), 2, axis=2)
    _assert_rate(int(first_half.sum()), int((before[:, :, :12] == 0).sum()), rate)
    _assert_rate(int(second_half.sum()), int((before[:, :, 12:] == 0).sum()), rate)


def test_events_are_moved_in_time_alone():
    spikes = np.zeros((SAMPLES, CHANNELS), np.int8)
    spikes[25::50] = 1  # in the middle of each window
    events = SpikeEvents.from_dense(spikes)
    starts = np.arange(0, SAMPLES, STEPS)
    moved = []
    for seed in range(20):
        _, after = _augmented(events, starts, AugmentationRecipe(jitter=3.0), seed)
        assert (after.sum(axis=0) == 1).all()
        moved.append(after.argmax(axis=0).ravel() - 25)
    shifts = np.concatenate(moved)
    deviation = math.sqrt(3.0**2 + 1 / 12)  # rounding adds its own variance
    assert shifts.mean() == pytest.approx(0, abs=5 * deviation / math.sqrt(shifts.size))
    assert shifts.std() == pytest.approx(deviation, rel=5 / math.sqrt(2 * shifts.size))


def test_events_do_not_leave_their_window_and_merge():
    before, after = _augmented(_events(0.3), [0, 40, 350], AugmentationRecipe(jitter=1000.0))
    # Nearly all events come to lie on one of the ends, where those of a channel are one.
    assert after[1:-1].sum() < 0.06 * before.sum()
    assert after[[0, -1]].all()


@given(
    drop=st.floats(0, 0.9),
    insert=st.floats(0, 0.2),
    jitter=st.floats(0, 30),
    starts=st.lists(st.integers(0, SAMPLES - STEPS), min_size=1, max_size=4),
    seed=st.integers(0, 99),
)
def test_the_generator_decides(drop, insert, jitter, starts, seed):
    recipe = AugmentationRecipe(drop, insert, jitter)
    if recipe == AugmentationRecipe():
        return
    _, first = _augmented(_events(), starts, recipe, seed)
    _, again = _augmented(_events(), starts, recipe, seed)
    np.testing.assert_array_equal(first, again)


def test_a_window_without_events():
    silent = SpikeEvents.from_dense(np.zeros((STEPS, CHANNELS), np.int8))
    _, after = _augmented(silent, [0], AugmentationRecipe(drop=0.5, jitter=2.0))
    assert not after.any()


def test_counts_stay_counts():
    random = np.random.default_rng(5)
    events = SpikeEvents.from_dense(random.integers(0, 4, (SAMPLES, CHANNELS)))
    before, after = _augmented(events, range(0, 350, 50), AugmentationRecipe(drop=0.5))
    assert (after <= before).all()
    _assert_rate(int((before - after).sum()), int(before.sum()), 0.5)
    before, after = _augmented(events, range(0, 350, 50), AugmentationRecipe(jitter=3.0))
    np.testing.assert_array_equal(before.sum(axis=0), after.sum(axis=0))
    assert (before != after).any()
