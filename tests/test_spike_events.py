"""Input spikes as events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nbsuite.spike_events import SpikeEvents
from nbsuite.tasks.opening import load_recording

spike_trains = arrays(
    np.int8, st.tuples(st.integers(1, 40), st.integers(1, 9)), elements=st.integers(0, 1)
)


@given(spike_trains)
def test_dense_is_the_inverse_of_from_dense(spikes):
    events = SpikeEvents.from_dense(spikes)
    assert (events.samples, events.channels) == spikes.shape
    np.testing.assert_array_equal(events.dense(np.array([0]), len(spikes))[:, 0], spikes)


@given(spike_trains, st.data())
def test_windows_are_stretches(spikes, data):
    steps = data.draw(st.integers(1, len(spikes)))
    starts = data.draw(st.lists(st.integers(0, len(spikes) - steps), min_size=1, max_size=4))
    windows = SpikeEvents.from_dense(spikes).dense(np.array(starts), steps)
    for window, start in enumerate(starts):
        np.testing.assert_array_equal(windows[:, window], spikes[start : start + steps])


@given(
    arrays(np.int16, st.tuples(st.integers(1, 20), st.integers(1, 5)), elements=st.integers(0, 300))
)
def test_a_count_of_n_is_n_events(counts):
    events = SpikeEvents.from_dense(counts)
    assert events.sources.size == counts.sum()
    assert events.binary == (counts.max() <= 1)
    assert events.rows(0, len(counts)).dtype == (np.int8 if counts.max() <= 1 else np.int16)
    np.testing.assert_array_equal(events.rows(0, len(counts)), counts)
    np.testing.assert_array_equal(events.rows(1, len(counts)), counts[1:])


@given(spike_trains)
def test_concatenation(spikes):
    cut = len(spikes) // 2
    parts = [SpikeEvents.from_dense(part) for part in (spikes[:cut], spikes[cut:])]
    whole, joined = SpikeEvents.from_dense(spikes), SpikeEvents.concatenate(parts)
    np.testing.assert_array_equal(joined.sources, whole.sources)
    np.testing.assert_array_equal(joined.offsets, whole.offsets)


def test_parts_of_different_channels_do_not_fit():
    parts = [SpikeEvents.from_dense(np.zeros((2, channels), np.int8)) for channels in (3, 4)]
    with pytest.raises(ValueError, match="channels"):
        SpikeEvents.concatenate(parts)


def test_a_recordings_events(tiny_recording_path, monkeypatch):
    monkeypatch.setattr("nbsuite.spike_events._CHUNK_SAMPLES", 300)
    recording = load_recording(tiny_recording_path)
    events = SpikeEvents.from_recording(recording, 10, recording.steps - 5)
    expected = recording.spikes(10, recording.steps - 5)
    np.testing.assert_array_equal(events.dense(np.array([0]), events.samples)[:, 0], expected)
    assert events.sources.size == expected.sum() > 0
