"""Chunks of a split, against NeuroBench's own samples."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from nbsuite.data.recording import Recording
from nbsuite.data.sample_dataset import SampleDataset, Stretches
from nbsuite.tasks.opening import load_recording


@pytest.fixture(scope="module")
def recording(tiny_recording_path) -> Recording:
    return load_recording(tiny_recording_path, use_cache=False)


@settings(max_examples=40, deadline=None)
@given(
    chunk_steps=st.integers(1, 3000),
    name=st.sampled_from(["train", "validation", "test"]),
)
def test_chunks_make_up_the_split(recording, chunk_steps, name):
    split = getattr(recording, name)
    dataset, steps = SampleDataset(recording, split), len(split)
    stretches = Stretches(len(dataset), chunk_steps)
    chunks = [dataset.__getitems__(stretch) for stretch in stretches]
    assert len(dataset) == steps
    assert len(stretches) == len(chunks) == -(-steps // chunk_steps)
    assert all(len(spikes) == len(labels) == chunk_steps for spikes, labels in chunks[:-1])
    spikes = torch.cat([spikes for spikes, _ in chunks])
    labels = torch.cat([labels for _, labels in chunks])
    assert (spikes.dtype, labels.dtype) == (torch.int8, torch.float32)
    np.testing.assert_array_equal(spikes[:, 0].numpy(), recording.spikes(split.start, split.stop))
    np.testing.assert_array_equal(labels.numpy(), recording.labels[split.start : split.stop])
    assert spikes.shape == (steps, 1, 96)


def test_samples_are_those_of_neurobench(recording, oracle, tiny_recording_path):
    theirs = oracle(tiny_recording_path)
    ours = SampleDataset(recording, recording.test)
    assert len(ours) == len(theirs.ind_test)
    for position in (0, 1, 77, len(ours) - 1):
        wanted_spikes, wanted_label = theirs[theirs.ind_test[position]]
        spikes, label = ours[position]
        assert (spikes.dtype, label.dtype) == (wanted_spikes.dtype, wanted_label.dtype)
        assert torch.equal(spikes, wanted_spikes)
        assert torch.equal(label, wanted_label)
    assert torch.equal(ours[-1][1], ours[len(ours) - 1][1])
    for outside in (len(ours), -len(ours) - 1):
        with pytest.raises(IndexError):
            ours[outside]


def test_usual_data_loader_works_too(recording):
    """Shuffled batches, as for training: any indices, PyTorch's own collating."""
    split = recording.train
    loader = DataLoader(SampleDataset(recording, split), batch_size=32, shuffle=True)
    spikes, labels = next(iter(loader))
    assert (spikes.shape, labels.shape) == ((32, 1, 96), (32, 2))
    assert spikes.dtype == torch.float32


def test_stretch_outside_the_split_is_an_error(recording):
    dataset = SampleDataset(recording, recording.train)
    with pytest.raises(IndexError):
        dataset.__getitems__(range(len(dataset) - 1, len(dataset) + 1))


def test_chunks_are_writable_copies(recording):
    before = np.array(recording.labels)
    spikes, labels = SampleDataset(recording, recording.test).__getitems__(range(100))
    spikes += 1
    labels += 1
    np.testing.assert_array_equal(recording.labels, before)


def test_a_decoder_starts_afresh_after_each_gap(recording):
    assert SampleDataset(recording, recording.test).restarts == ()
    first = recording.test.start
    gaps = (first - 7, first, first + 3, first + 40)
    cut = replace(recording, segments=tuple(pairwise((0, *gaps, recording.steps))))
    assert SampleDataset(cut, cut.test).restarts == (3, 40)
    assert SampleDataset(cut, replace(cut.test, stop=first + 4)).restarts == (3,)
    stretches = cut.stretches(cut.test)
    assert [stretch.start for stretch in stretches] == [first, first + 3, first + 40]
    assert {stretch.name for stretch in stretches} == {"test"}
