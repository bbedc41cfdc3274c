from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.models.window import Window, slide
from tests.models.random_decoders import random_spikes

WINDOWS = st.builds(
    lambda parts, width, rest: Window(parts * width + rest, parts, width),
    st.integers(1, 5),
    st.integers(1, 6),
    st.integers(0, 3),
)


@given(
    window=WINDOWS,
    rows=st.integers(0, 40),
    steps=st.integers(1, 60),
    every=st.integers(1, 7),
    seed=st.integers(0, 1000),
)
def test_counts_are_those_of_a_buffer_that_slides_row_by_row(
    window: Window, rows: int, steps: int, every: int, seed: int
) -> None:
    spikes = random_spikes(steps, 3, seed, rate=0.5)
    before = random_spikes(min(rows, window.samples), 3, seed + 1, rate=0.5)
    slid = slide(window, before, spikes, every=every)
    buffer = before
    for step, sample in enumerate(spikes.split(1)):
        buffer = torch.cat([buffer, sample])
        slides = len(buffer) > window.samples
        buffer = buffer[1:] if slides else buffer
        if step % every:
            continue
        assert bool(slid.slides[step // every]) == slides
        for part, counts in enumerate(slid.counts[step // every]):
            first = part * window.part_samples
            assert torch.equal(counts, buffer[first : first + window.part_samples].sum(0).int())
    assert torch.equal(slid.buffer, buffer)


def test_counts_do_not_overflow() -> None:
    window = Window(300, 1, 300)
    counts = slide(window, torch.zeros(1, 2, dtype=torch.int8), torch.ones(400, 2).char()).counts
    assert counts[-1].tolist() == [[300, 300]]
