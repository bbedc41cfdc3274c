"""Recordings of one's own, made of arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.data.own.segments import kept_segments
from nbsuite.data.own.spikes import from_times, spread
from nbsuite.data.recording import Recording
from nbsuite.errors import DataError, UsageError
from nbsuite.spike_events import SpikeEvents
from nbsuite.untrusted.fault import FormatFault
from tests.data.own_arrays import own_arrays


def test_counts_and_targets():
    spikes, targets = own_arrays(outputs=3)
    recording = Recording.from_arrays(
        spikes, targets, step=0.05, name="finger", names=("a", "b", "c"), units="deg"
    )
    np.testing.assert_array_equal(recording.spikes(0, 600), spikes)
    np.testing.assert_array_equal(recording.labels, targets.astype(np.float32))
    assert recording.spikes(0, 1).dtype == np.int16
    assert not recording.binary
    assert (recording.channels, recording.outputs, recording.steps) == (7, 3, 600)
    assert (recording.name, recording.task.protocol, recording.task.step) == (
        *("finger", "finger/1", 0.05),
    )
    assert [(each.name, each.unit) for each in recording.task.outputs] == [
        *(("a", "deg"), ("b", "deg"), ("c", "deg")),
    ]
    assert recording.segments == ((0, 600),)
    assert (recording.train.stop, recording.validation.stop, recording.test.stop) == (300, 450, 600)
    assert recording.twin is None
    assert recording.warnings == ()


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32, np.int64])
def test_any_kind_of_numbers(kind):
    spikes, targets = own_arrays(most=1)
    recording = Recording.from_arrays(spikes.astype(kind), targets[:, 0], step=0.01)
    assert recording.binary
    assert recording.spikes(0, 1).dtype == np.int8
    np.testing.assert_array_equal(recording.spikes(0, 600), spikes)
    assert [output.name for output in recording.task.outputs] == ["output1"]


def test_lists_of_counts_in_pieces(monkeypatch):
    monkeypatch.setattr("nbsuite.data.own.spikes._CELLS_AT_ONCE", 50)
    spikes, targets = own_arrays()
    recording = Recording.from_arrays(np.asfortranarray(spikes), targets.tolist(), step=0.01)
    np.testing.assert_array_equal(recording.spikes(0, 600), spikes)


def test_spike_times():
    """A spike belongs to the step whose time stamp is the last one not after it."""
    _, targets = own_arrays(steps=8)
    units = [np.array([1.0, 1.0, 1.2, 1.79, 1.81]), np.array([0.5, 1.1, 9.0]), np.array([])]
    recording = Recording.from_arrays(units, targets, step=0.1, start=1.0)
    expected = np.zeros((8, 3))
    expected[0, 0], expected[2, 0], expected[7, 0], expected[1, 1] = 2, 1, 1, 1
    np.testing.assert_array_equal(recording.spikes(0, 8), expected)
    assert recording.origin is not None
    assert recording.origin.made == "spike times, 3 outside of its steps left out"


@given(
    st.lists(st.lists(st.floats(-1, 12), max_size=30), min_size=1, max_size=4),
    st.sets(st.integers(1, 19), max_size=3),
)
def test_spike_times_against_histograms(units, gaps):
    time = np.cumsum([0.0] + [3.5 if step in gaps else 0.5 for step in range(1, 20)])
    events, outside = from_times([np.array(each) for each in units], time, 0.5)
    for channel, times in enumerate(units):
        expected = [sum(first <= each < first + 0.5 for each in times) for first in time]
        assert events.rows(0, 20)[:, channel].tolist() == expected
    assert outside == sum(map(len, units)) - events.sources.size


def test_gaps_in_time_are_segments():
    spikes, targets = own_arrays(steps=100)
    time = 5 + 0.05 * np.arange(100)
    time[40:] += 2.0
    time[70:] += 0.05
    time += np.random.default_rng(0).uniform(-0.01, 0.01, 100)
    recording = Recording.from_arrays(spikes, targets, time=time)
    assert recording.task.step == pytest.approx(0.05, rel=0.1)
    recording = Recording.from_arrays(spikes, targets, step=0.05, time=time)
    assert recording.segments == ((0, 40), (40, 70), (70, 100))
    assert recording.steps == 100


def test_trials_and_what_is_left_out():
    spikes, targets = own_arrays(steps=100)
    targets[50] = np.nan
    recording = Recording.from_arrays(
        spikes, targets, step=0.05, segments=[(0, 20), (30, 60), (60, 90)], skip_nan=True
    )
    assert recording.segments == ((0, 20), (20, 40), (40, 49), (49, 79))
    kept = np.r_[0:20, 30:50, 51:90]
    np.testing.assert_array_equal(recording.spikes(0, 79), spikes[kept])
    np.testing.assert_array_equal(recording.labels, targets[kept].astype(np.float32))


def test_a_number_for_each_step():
    numbers = [3, 3, -1, 3, 3, 5, 5, np.nan, 5, 0]
    assert kept_segments(10, chosen=numbers) == ((0, 2), (3, 5), (5, 7), (8, 9), (9, 10))
    assert kept_segments(4, gaps=np.array([2])) == ((0, 2), (2, 4))
    assert kept_segments(4, left_out=np.array([1, 0, 0, 1], dtype=bool)) == ((1, 3),)


def test_split_by_segments_or_by_time():
    spikes, targets = own_arrays(steps=1200)
    trials = [(start, start + 90) for start in range(0, 1200, 100)]

    def ends(**options):
        recording = Recording.from_arrays(spikes, targets, step=0.05, **options)
        return recording.origin.split_by, [recording.train.stop, recording.validation.stop]

    assert ends(segments=trials) == ("segments", [540, 810])
    assert ends(segments=trials, split="time") == ("time", [540, 810])
    ten = [(start, start + 100) for start in range(0, 1000, 100)]
    assert ends(segments=ten) == ("segments", [500, 800])
    uneven = [(0, 600), (600, 700), (700, 800), (800, 900)]
    assert ends(segments=uneven) == ("time", [450, 675])
    assert ends(segments=uneven, split="segments") == ("segments", [700, 800])


@given(st.integers(2, 7), st.integers(0, 5))
def test_substeps_keep_every_spike(parts, seed):
    counts = np.random.default_rng(seed).integers(0, 9, (12, 3))
    cut = spread(SpikeEvents.from_dense(counts), parts).rows(0, 12 * parts)
    cut = cut.reshape(12, parts, 3)
    np.testing.assert_array_equal(cut.sum(axis=1), counts)
    assert (cut.max(axis=1) - cut.min(axis=1)).max() <= 1  # as evenly as can be
    assert not np.array_equal(cut[:, 0], cut[:, 1])


def test_substeps_of_a_recording():
    spikes, targets = own_arrays(steps=90)
    recording = Recording.from_arrays(
        spikes, targets, step=0.05, substeps=10, segments=[(0, 30), (40, 90)]
    )
    assert recording.task.step == 0.005
    assert recording.binary
    assert recording.segments == ((0, 300), (300, 800))
    np.testing.assert_array_equal(
        recording.labels[::10], np.delete(targets, range(30, 40), 0).astype("f4")
    )
    assert (recording.labels[305] == recording.labels[300]).all()
    assert recording.origin.made == "counts, spread at random over 10 substeps a step"


def test_binary():
    spikes, targets = own_arrays()
    recording = Recording.from_arrays(spikes, targets, step=0.05, binary=True)
    assert recording.binary
    np.testing.assert_array_equal(recording.spikes(0, 600), np.minimum(spikes, 1))
    assert recording.origin.made == "counts, counts above 1 as 1"


SPIKES, TARGETS = own_arrays(steps=40, channels=3)
HUGE = np.broadcast_to(np.uint8(1), (1 << 28, 1 << 17))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": None}, "has no step: give the seconds"),
        ({"step": 0.0}, "has a step of 0 s"),
        ({"step": float("nan")}, "has a step of nan s"),
        ({"spikes": SPIKES[:-1]}, "has 39 steps of spikes and 40 of targets: give as many"),
        ({"spikes": SPIKES.T}, "has 3 steps of spikes and 40 of targets: transpose the spikes"),
        ({"spikes": -SPIKES}, "has negative spike counts, the first in step"),
        ({"spikes": SPIKES + 0.5}, "has fractional spike counts, the first in step 0 of channel 0"),
        ({"spikes": SPIKES * np.nan}, "has NaN or infinite spike counts"),
        ({"spikes": SPIKES * 40_000}, "has above 32,767 spike counts"),
        ({"spikes": 0 * SPIKES}, "has no spikes in its steps"),
        ({"spikes": SPIKES[:, 0]}, "has spikes of shape (40,): give counts (steps, channels)"),
        ({"spikes": SPIKES.astype(object)}, "has spikes in an array of objects"),
        ({"spikes": SPIKES.astype(str)}, "has spikes of type"),
        ({"spikes": SPIKES.astype(complex)}, "has spikes of type complex128: give real numbers"),
        ({"spikes": [np.array([0.1]), np.array([0.2])]}, "has spike times without a time base"),
        (
            {"spikes": [np.array([np.nan])], "start": 0.0},
            "has spike times of channel 0 that are not finite numbers",
        ),
        ({"spikes": [], "start": 0.0}, "has no channels"),
        ({"spikes": HUGE, "targets": np.broadcast_to(0.0, (1 << 28, 2))}, "more than the"),
        ({"spikes": HUGE[:40]}, "has 131,072 channels, more than the 65,536 that are read"),
        ({"targets": np.zeros((40, 1000))}, "has 1,000 outputs, more than the 64"),
        ({"targets": TARGETS.astype(object)}, "has targets in an array of objects"),
        ({"targets": [[1, 2], [3]]}, "has targets that make no array"),
        ({"targets": TARGETS[:, :, None]}, "has targets of shape (40, 2, 1)"),
        ({"targets": TARGETS * 1e300}, "has targets larger than 3.4e38"),
        (
            {"targets": np.where(np.arange(40)[:, None] == 7, np.nan, TARGETS)},
            "has NaN or infinite targets in 1 of 40 steps, the first being step 7: fill them",
        ),
        ({"targets": TARGETS * [1, 0]}, "has the target y, which never changes"),
        ({"names": ["a"]}, "has 2 outputs and 1 names for them"),
        ({"units": ["a", "b", "c"]}, "has 2 outputs and 3 units for them"),
        ({"name": "primate-reaching"}, "which is NeuroBench's"),
        ({"time": np.arange(39) * 0.05}, "has 39 time stamps and 40 steps"),
        ({"time": np.arange(40) * 0.02}, "where a step is 50 ms"),
        ({"time": np.arange(40) * 0.051}, "where a step is 50 ms"),
        ({"time": -np.arange(40) * 0.05}, "where a step is 50 ms"),
        ({"time": np.full(40, np.nan)}, "has time stamps that are not finite"),
        ({"start": float("inf")}, "begins at inf s"),
        ({"segments": [(0, 20), (10, 40)]}, "has segments that overlap"),
        ({"segments": [(0, 41)]}, "do not lie within its 40 steps"),
        ({"segments": [(0, 1.5)]}, "whose steps are not whole numbers"),
        ({"segments": [1, 2, 3]}, "has segments of shape (3,)"),
        ({"segments": -np.ones(40)}, "has no step that is in a segment"),
        ({"segments": [(0, 20), (20, 40)], "split": "segments"}, "has 2 segments, too few"),
        ({"split": "trials"}, "cannot be split by 'trials': give 'segments' or 'time'"),
        ({"segments": [(0, 3)]}, "has 3 steps, too few to train, validate and test on: give more."),
        ({"substeps": 0}, "cannot be cut into 0 substeps"),
    ],
)
def test_what_makes_no_recording(changes, message):
    arguments = {"spikes": SPIKES, "targets": TARGETS, "step": 0.05, "name": "mine"} | changes
    with pytest.raises(DataError) as caught:
        Recording.from_arrays(**arguments)
    text = str(caught.value)
    assert text.startswith(f"The recording {arguments['name']} ")
    assert text.endswith(".")
    assert message in text
    assert text.count(". ") == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"names": ("x", "x")}, "each with a name of its own"), ({"name": "a/b"}, "rename it")],
)
def test_names_that_make_no_task(changes, message):
    with pytest.raises(UsageError, match=message):
        Recording.from_arrays(SPIKES, TARGETS, step=0.05, **changes)


def test_faults_of_segments_are_faults_of_format():
    with pytest.raises(FormatFault, match="not numbers"):
        kept_segments(4, chosen=["a", "b", "c", "d"])
