"""Counter-based dropout: rate, independence, and the compiled masks against their definition."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from nbsuite.errors import UsageError
from nbsuite.neurons.dropout import LEVELS, Dropout, dropout_mask
from nbsuite.neurons.kernels.hashing import is_kept, kept_lanes, lanes_of, row_of
from nbsuite.neurons.kernels.vectors import LANES, bits_of, load

STEPS, WINDOWS, UNITS = 200, 40, 64
DRAWN = STEPS * WINDOWS * UNITS


def kept(dropout, steps=STEPS, windows=WINDOWS, units=UNITS):
    mask = dropout_mask(dropout, steps, windows, units, torch.ones(1, dtype=torch.float64))
    return (mask > 0).numpy()


def correlation(first, second):
    return np.corrcoef(first.ravel(), second.ravel())[0, 1]


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
def test_rate(rate):
    share = 1 - kept(Dropout(rate, 0, key=3).of_input()).mean()
    assert abs(share - rate) < 4 * (rate * (1 - rate) / DRAWN) ** 0.5


def test_what_remains_is_scaled_so_that_the_mean_stays():
    mask = dropout_mask(Dropout(0.3, 0, 5).of_input(), STEPS, WINDOWS, UNITS, torch.ones(1))
    assert mask.unique().tolist() == pytest.approx([0, 1 / 0.7], rel=1e-4)
    assert float(mask.mean()) == pytest.approx(1, abs=0.005)


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["time", "batch", "units"])
@pytest.mark.parametrize("lag", [1, 2, 3, 32])
def test_independence_of_neighbours(axis, lag):
    mask = kept(Dropout(0, 0.3, key=11).of_hidden())
    size = mask.shape[axis]
    earlier, later = mask.take(range(size - lag), axis), mask.take(range(lag, size), axis)
    assert abs(correlation(earlier, later)) < 5 / earlier.size**0.5


def test_every_unit_window_and_step_has_the_rate():
    mask = kept(Dropout(0, 0.3, key=2).of_hidden())
    for axes in ((0, 1), (0, 2), (1, 2)):
        count = np.prod([mask.shape[axis] for axis in axes])
        assert np.abs(mask.mean(axis=axes) - 0.7).max() < 5 * (0.21 / count) ** 0.5


def test_counts_of_dropped_units_are_binomial():
    dropped = UNITS - kept(Dropout(0, 0.3, key=8).of_hidden()).sum(axis=2)
    assert dropped.var() == pytest.approx(UNITS * 0.21, rel=0.05)


def test_layers_and_keys_differ():
    masks = [
        kept(Dropout(0.3, 0.3, key=0).of_input()),
        kept(Dropout(0.3, 0.3, key=0).of_hidden()),
        kept(Dropout(0.3, 0.3, key=1).of_input()),
        kept(Dropout(0.3, 0.3, key=1 << 60).of_input()),
    ]
    for index, first in enumerate(masks):
        for second in masks[index + 1 :]:
            assert abs(correlation(first, second)) < 5 / DRAWN**0.5


def test_a_key_gives_the_same_mask_again():
    assert (kept(Dropout(0.3, 0.3, 7).of_input()) == kept(Dropout(0.3, 0.3, 7).of_input())).all()


@njit
def kept_words(row, lanes, shifts, threshold):
    words = np.empty(lanes.size // LANES, np.uint64)
    for index in range(words.size):
        lane, shift = load(lanes, index * LANES), load(shifts, index * LANES)
        words[index] = bits_of(kept_lanes(row, lane, shift, threshold))
    return words


@given(units=st.integers(1, 70), rate=st.floats(0.01, 0.99), key=st.integers(0, 2**64 - 1))
@np.errstate(over="ignore")  # as intended: words are modulo 2^32
def test_compiled_masks_are_the_defined_ones(units, rate, key):
    dropout = Dropout(rate, 0, key).of_input()
    words = np.array([dropout.key_low, dropout.key_high], dtype=np.uint32)
    threshold, half = np.uint32(dropout.threshold), (units + 1) // 2
    expected = kept(dropout, steps=3, windows=2, units=units)
    filled = -(-units // LANES) * LANES
    for step, window in np.ndindex(3, 2):
        row = row_of.py_func(words, step, window)
        found = kept_words(row, *lanes_of(units, filled), threshold)
        bits = np.unpackbits(found.view(np.uint8).reshape(-1, 8)[:, :2], bitorder="little")
        np.testing.assert_array_equal(bits[:units], expected[step, window])
        single = [is_kept.py_func(row, unit, half, threshold) for unit in range(units)]
        np.testing.assert_array_equal(single, expected[step, window])


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_impossible_rates(rate):
    with pytest.raises(UsageError, match=r"dropout rate of \S+ is not in \[0, 1\)"):
        Dropout(0.3, rate, key=0)


def test_a_rate_just_below_one_keeps_something():
    assert Dropout(0.999999, 0, key=0).of_input().threshold < LEVELS
