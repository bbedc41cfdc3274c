"""Recordings whose clock began long ago, against the same ones whose clock has just begun."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from nbsuite.data.clock import LATEST_START
from nbsuite.errors import DataError
from nbsuite.tasks.info import inspect
from nbsuite.tasks.opening import load_recording

SINCE_1970 = 1.7e9


def _drawn(draw_recording, steps: int, start: float):
    """Spikes in the middle half of their bins, which the rounding of no clock moves."""
    drawn = draw_recording(units=2, steps=steps, start=0.0)
    rng = np.random.default_rng(1)
    for unit in drawn.spike_times:
        for channel in range(96):
            samples = np.flatnonzero(rng.random(steps - 1) < 0.05)
            unit[channel] = 0.004 * (samples + rng.uniform(0.25, 0.75, samples.size)) + start
    drawn.time = 0.004 * np.arange(steps) + start
    return drawn


@pytest.mark.parametrize("start", [1e3, LATEST_START + 1, SINCE_1970, -SINCE_1970])
def test_bins_do_not_depend_on_the_clock(draw_recording, tmp_path, start):
    steps = 30_000  # until when bins of a clock since 1970 drift by a third of their length
    truth = load_recording(_drawn(draw_recording, steps, 0.0).write(tmp_path / "indy_x.mat"))
    path = _drawn(draw_recording, steps, start).write(tmp_path / "indy_y.mat")
    recording = load_recording(path)
    np.testing.assert_array_equal(recording.stored.packed, truth.stored.packed)
    np.testing.assert_array_equal(recording.labels, truth.labels)
    assert recording.test == truth.test
    moved = [warning for warning in recording.warnings if "begins at" in warning]
    assert len(moved) == (abs(start) > LATEST_START)
    assert set(moved) <= set(inspect(path).warnings)
    assert load_recording(path).warnings == recording.warnings  # from the cache


def test_usual_clocks_are_left_as_they_are(draw_recording, oracle, tmp_path):
    path = draw_recording(start=LATEST_START - 100).write(tmp_path / "indy_x.mat")
    recording, dataset = load_recording(path), oracle(path)
    np.testing.assert_array_equal(
        recording.spikes(0, recording.steps), dataset.samples[:, : recording.steps].numpy().T
    )


def _in_single_precision(path, names):
    with h5py.File(path, "r+") as file:
        for name in names:
            numbers = file[name][()]
            del file[name]
            file.create_dataset(name, data=numbers, dtype="f4")


@pytest.mark.parametrize(("start", "said"), [(100.0, False), (3000.0, True)])
def test_times_in_single_precision_are_told(draw_recording, tmp_path, start, said):
    path = draw_recording(units=1, steps=400, start=start).write(tmp_path / "indy_x.mat")
    _in_single_precision(path, ["t"])
    warnings = load_recording(path).warnings
    assert any("rounded to 0.24 ms" in warning for warning in warnings) == said


def test_spike_times_in_single_precision_long_after(draw_recording, tmp_path):
    path = draw_recording(units=1, steps=400, start=20_000.0).write(tmp_path / "indy_x.mat")
    with h5py.File(path, "r+") as file:
        cell = file.create_dataset("x", data=file["#refs#/u0c1"][()], dtype="f4")
        file["spikes"][0, 1] = cell.ref
    with pytest.raises(DataError, match="rounded to 2 ms where bins have 4 ms: store t and"):
        load_recording(path)


def test_clock_too_late_for_its_own_steps(draw_recording, tmp_path):
    path = draw_recording(units=1, steps=400, start=1.3e13).write(tmp_path / "indy_x.mat")
    with pytest.raises(DataError, match=r"rounded to 2 ms|not 4 ms"):
        load_recording(path)


@pytest.mark.parametrize(
    ("odd", "outside"),
    [
        ([np.nan], 1),
        ([np.inf, -np.inf], 2),
        ([-5.0, 1e300, -1e300], 3),
        ([101.0] * 50, 0),
        ([101.5, 101.1, 101.3], 0),
    ],
    ids=["nan", "infinite", "far", "equal", "unsorted"],
)
def test_odd_spike_times_are_told_or_harmless(draw_recording, oracle, tmp_path, odd, outside):
    drawn = draw_recording(units=1, steps=900)
    drawn.spike_times[0][7] = np.array(odd)
    path = drawn.write(tmp_path / "indy_x.mat")
    recording, dataset = load_recording(path), oracle(path)
    np.testing.assert_array_equal(
        recording.spikes(0, 900)[:, 1:], dataset.samples[1:, :900].numpy().T
    )
    told = [warning for warning in recording.warnings if "outside" in warning]
    assert [f"has {outside} of" in warning for warning in told] == [True] * bool(outside)


@pytest.mark.parametrize("value", [1e308, -1e308])
def test_time_stamp_beyond_all_bounds(draw_recording, tmp_path, value):
    drawn = draw_recording(units=1, steps=400)
    drawn.time[100] = value
    with pytest.raises(DataError, match="not 4 ms"):
        load_recording(drawn.write(tmp_path / "indy_x.mat"))
