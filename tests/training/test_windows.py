"""Training windows, against slices of the recording itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.data.recording import Recording, Split
from nbsuite.data.sessions import Session
from nbsuite.errors import DataError
from nbsuite.spike_events import SpikeEvents
from nbsuite.tasks.opening import load_recording
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.training.recipe import WindowRecipe
from nbsuite.training.windows import cut_windows, join_windows, validation_split


@pytest.fixture(scope="module")
def recording(tiny_recording_path) -> Recording:
    return load_recording(tiny_recording_path, use_cache=False)


def _blank(
    samples: int, test: int, channels: int = 3, gaps: tuple[int, ...] = (), most: int = 1
) -> Recording:
    """A recording with a random spike pattern, and gaps before some of its samples."""
    rng = np.random.default_rng(samples)
    spikes = (rng.random((samples, channels)) < 0.2) * rng.integers(
        1, most + 1, (samples, channels)
    )
    half = (samples - test) // 2
    return Recording(
        task=PRIMATE_REACHING,
        session=Session("session", channels),
        path=Path("session.mat"),
        digest="",
        twin=None,
        warnings=(),
        stored=SpikeEvents.from_dense(spikes),
        labels=rng.normal(size=(samples, 2)).astype(np.float32),
        train=Split("training", 0, half),
        validation=Split("validation", half, samples - test),
        test=Split("test", samples - test, samples),
        segments=tuple(pairwise((0, *gaps, samples))),
    )


@given(
    samples=st.integers(320, 1200),
    test_share=st.floats(0.0, 0.4),
    steps=st.integers(1, 60),
    offset=st.integers(1, 60),
    share=st.floats(0.02, 0.3),
)
def test_windows_fill_what_is_not_held_out(samples, test_share, steps, offset, share):
    recipe = WindowRecipe(steps, min(offset, steps), share)
    recording = _blank(samples, round(test_share * samples))
    held_out = validation_split(recording, recipe)
    assert held_out.stop == recording.test.start
    assert len(held_out) == round(share / 0.75 * samples)
    windows = cut_windows(recording, recipe)
    assert windows.starts.min() == 0
    assert (windows.starts + steps).max() <= held_out.start
    assert windows.events.samples == len(windows.labels) == held_out.start
    passes = range(0, steps, recipe.offset_steps)
    assert len(windows) == sum((held_out.start - first) // steps for first in passes)
    expected = {
        start for first in passes for start in range(first, held_out.start - steps + 1, steps)
    }
    assert expected == set(windows.starts.tolist())
    assert len(expected) == len(windows)


def test_published_cutting(recording):
    """5000 samples: 667 are held out, and each of five passes loses its incomplete window."""
    recipe = WindowRecipe()
    stop = recording.test.start - 667
    windows = cut_windows(recording, recipe)
    assert validation_split(recording, recipe) == Split("validation", stop, recording.test.start)
    passes = [
        windows.starts[windows.starts % 500 == offset].tolist()
        for offset in (0, 100, 200, 300, 400)
    ]
    assert [starts[0] for starts in passes] == [0, 100, 200, 300, 400]
    for offset, starts in zip((0, 100, 200, 300, 400), passes, strict=True):
        assert set(np.diff(starts)) == {500}
        assert stop - 500 < starts[-1] + 500 <= stop
        assert len(starts) == (stop - offset) // 500


def test_windows_hold_the_recording(recording):
    windows = cut_windows(recording, WindowRecipe(steps=200, offset_steps=70))
    chosen = np.array([0, 7, len(windows) - 1])
    spikes = windows.events.dense(windows.starts[chosen], windows.steps)
    velocity = windows.velocity(chosen)
    assert velocity.shape == (200, 3, 2)
    for place, start in enumerate(windows.starts[chosen]):
        np.testing.assert_array_equal(spikes[:, place], recording.spikes(start, start + 200))
        np.testing.assert_array_equal(velocity[:, place], recording.labels[start : start + 200])


@given(lengths=st.lists(st.integers(120, 300), min_size=1, max_size=4))
def test_joined_windows_stay_within_their_recordings(lengths):
    recordings = [_blank(length, length // 5) for length in lengths]
    parts = [cut_windows(recording, WindowRecipe(30, 10)) for recording in recordings]
    joined = join_windows(parts)
    assert len(joined) == sum(map(len, parts))
    place = 0
    for part in parts:
        chosen = np.arange(len(part))
        np.testing.assert_array_equal(joined.velocity(chosen + place), part.velocity(chosen))
        np.testing.assert_array_equal(
            joined.events.dense(joined.starts[chosen + place], 30),
            part.events.dense(part.starts, 30),
        )
        place += len(part)


def test_recordings_that_differ_cannot_be_joined():
    part = cut_windows(_blank(200, 20), WindowRecipe(30, 10))
    other_steps = cut_windows(_blank(200, 20), WindowRecipe(20, 10))
    other_channels = cut_windows(_blank(200, 20, channels=4), WindowRecipe(30, 10))
    with pytest.raises(ValueError, match=r"20, 30"):
        join_windows([part, other_steps])
    with pytest.raises(ValueError, match=r"3, 4"):
        join_windows([part, other_channels])


@pytest.mark.parametrize(
    ("samples", "changes", "message"),
    [
        (5000, {"steps": 4000}, "less than one window of 16 s: use a longer recording"),
        (40, {}, "less than one window"),
        (5000, {"validation_share": 0.7}, "leaves none to train on: lower it"),
        (5000, {"validation_share": 1e-6}, "leaves none to validate on: raise it"),
    ],
)
def test_recordings_too_short_are_named(samples, changes, message):
    recipe = replace(WindowRecipe(), **changes)
    with pytest.raises(DataError, match=message) as caught:
        cut_windows(_blank(samples, samples // 4), recipe)
    assert str(caught.value).startswith("session.mat ")


def test_one_window_is_enough():
    recording = _blank(1000, 250)
    left = validation_split(recording, WindowRecipe()).start
    assert len(cut_windows(recording, WindowRecipe(steps=left))) == 1
    with pytest.raises(DataError):
        cut_windows(recording, WindowRecipe(steps=left + 1))


@given(
    gaps=st.sets(st.integers(1, 399), max_size=6),
    steps=st.integers(1, 40),
    offset=st.integers(1, 40),
)
def test_windows_lie_in_one_segment_each(gaps, steps, offset):
    recording = _blank(400, 100, gaps=tuple(sorted(gaps)))
    recipe = WindowRecipe(steps, min(offset, steps), 0.1)
    stop = validation_split(recording, recipe).start
    edges = [0, *sorted(gap for gap in gaps if gap < stop), stop]
    if max(np.diff(edges)) < steps:
        with pytest.raises(DataError, match="without a gap to train on, less than one window"):
            cut_windows(recording, recipe)
        return
    expected = {
        start
        for first, last in pairwise(edges)
        for begin in range(0, steps, recipe.offset_steps)
        for start in range(first + begin, last - steps + 1, steps)
    }
    starts = cut_windows(recording, recipe).starts.tolist()
    assert len(starts) == len(set(starts))
    assert set(starts) == expected


def test_windows_hold_counts():
    recording = _blank(600, 100, most=300)
    assert not recording.binary
    windows = cut_windows(recording, WindowRecipe(steps=50, offset_steps=25))
    spikes = windows.events.dense(windows.starts[:2], 50)
    assert spikes.max() > 127
    np.testing.assert_array_equal(spikes[:, 1], recording.spikes(50, 100))
    assert windows.events.sources.size == recording.spikes(0, windows.events.samples).sum()
