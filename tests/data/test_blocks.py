"""The blocks of a test set: reaches, trials, or stretches of time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from nbsuite.data.blocks import blocks_of
from nbsuite.data.recording import Recording
from nbsuite.tasks.opening import load_recording


def _own(segments: list[tuple[int, int]] | None = None, steps: int = 2000) -> Recording:
    rng = np.random.default_rng(1)
    return Recording.from_arrays(
        rng.integers(0, 2, (steps, 4)),
        rng.normal(size=(steps, 2)),
        0.01,
        segments=segments,
        split=None if segments is None else "segments",
    )


def test_reaches_are_those_that_neurobench_splits_by(tiny_recording_path: Path) -> None:
    from nbsuite.data.contents import read_contents

    recording = load_recording(tiny_recording_path, use_cache=False)
    moves = read_contents(tiny_recording_path).target_moves
    assert recording.reaches.tolist() == [0, *moves]
    for part in (recording.train, recording.validation, recording.test):
        assert part.start in recording.reaches
        blocks = blocks_of(recording, part, most=500)
        assert blocks.kind == "reaches"
        own = [r - part.start for r in recording.reaches if part.start <= r < part.stop]
        assert blocks.starts.tolist() == own


def test_the_cache_keeps_them(tiny_recording_path: Path, tmp_path: Path) -> None:
    fresh = load_recording(tiny_recording_path, use_cache=False)
    kept = [load_recording(tiny_recording_path, cache=tmp_path) for _ in range(2)]
    assert [each.reaches.tolist() for each in kept] == [fresh.reaches.tolist()] * 2


def test_trials_are_blocks() -> None:
    borders = list(range(0, 2001, 20))
    recording = _own(list(pairwise(borders)))
    blocks = blocks_of(recording, recording.test, most=500)
    assert blocks.kind == "segments"
    assert blocks.starts.tolist() == list(range(0, len(recording.test), 20))


def test_a_recording_without_trials_is_cut_into_seconds() -> None:
    recording = _own()
    blocks = blocks_of(recording, recording.test, most=500)
    assert blocks.kind == "stretches of time"
    assert blocks.starts.tolist() == list(range(0, len(recording.test), 100))


def test_no_stretch_goes_on_over_a_gap() -> None:
    recording = replace(_own(), segments=((0, 1730), (1730, 2000)))
    blocks = blocks_of(recording, recording.test, most=500)
    assert recording.test.start == 1500
    # What is shorter than half a second at the end belongs to the stretch before it.
    assert blocks.starts.tolist() == [0, 100, 230, 330, 430]


@pytest.mark.parametrize(("most", "due"), [(5, 5), (3, 3), (2, 2), (1, 1)])
def test_of_many_neighbours_are_put_together(most: int, due: int) -> None:
    recording = _own()
    blocks = blocks_of(recording, recording.test, most=most)
    assert len(blocks.starts) == due
    assert blocks.starts[0] == 0
