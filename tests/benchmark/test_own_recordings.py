"""Recordings of one's own in the benchmark: counts, gaps, and any number of outputs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from neurobench.benchmarks import Benchmark
from neurobench.metrics import workload
from neurobench.models import TorchModel
from sklearn.metrics import r2_score
from torch import nn

from nbsuite.benchmarking.r2 import R2
from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.benchmarking.session import check_fit
from nbsuite.data.recording import Recording
from nbsuite.data.sample_dataset import SampleDataset
from nbsuite.errors import CheckpointError
from nbsuite.models.checkpoint import load_checkpoint, save_checkpoint
from nbsuite.models.linear import LinearDecoder
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec
from nbsuite.training.ridge import train_ridge
from tests.data.own_arrays import own_arrays


def own_recording(outputs: int = 3, most: int = 5, gaps: bool = False) -> Recording:
    spikes, targets = own_arrays(steps=400, outputs=outputs, most=most)
    segments = [(0, 130), (130, 320), (320, 337), (340, 400)] if gaps else None
    return Recording.from_arrays(spikes, targets, 0.05, segments=segments)


def recurrent_decoder(recording: Recording) -> RecurrentDecoder:
    spec = ModelSpec(
        *("rsnn", recording.channels, 16, (0.2, 0.1), ((0.3, 0.1),)),
        outputs=recording.outputs,
        step=recording.task.step,
    )
    decoder = RecurrentDecoder(spec)
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in decoder.named_parameters():
            value.normal_(0, 1 if "weight" in name else 0.5, generator=random)
    return decoder.eval()


DECODERS = {
    "recurrent": recurrent_decoder,
    "ridge": lambda recording: train_ridge(recording).decoder,
}


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("kind", DECODERS)
def test_chunks_and_steps_agree(kind, outputs, gaps):
    recording = own_recording(outputs, gaps=gaps)
    decoder = DECODERS[kind](recording)
    samples = SampleDataset(recording, recording.test)
    assert (samples.restarts == ()) is not gaps
    chunks = run_benchmark(decoder, samples, chunk_steps=13)
    steps = run_per_step(decoder, samples, batch_steps=29)
    np.testing.assert_allclose(chunks.outputs, steps.outputs, rtol=1e-5, atol=1e-5)
    for name, value in steps.values.items():
        rounding = 1e-6 if name == "r2" else 1e-12  # of outputs in float32
        assert chunks.values[name] == pytest.approx(value, rel=rounding, abs=rounding), name


@pytest.mark.parametrize("kind", DECODERS)
def test_a_decoder_starts_afresh_after_a_gap(kind):
    recording = own_recording(gaps=True)
    decoder = DECODERS[kind](recording)
    samples = SampleDataset(recording, recording.test)
    assert samples.restarts
    whole = run_benchmark(decoder, samples).outputs
    for start, stop in pairwise([0, *samples.restarts, len(samples)]):
        first = recording.test.start + start
        spikes = torch.from_numpy(recording.spikes(first, first + stop - start))
        torch.testing.assert_close(whole[start:stop], decoder.decode(spikes).outputs)


def test_r2_is_the_mean_over_outputs():
    for outputs in (1, 2, 3, 7):
        random = np.random.default_rng(outputs)
        true = random.normal(size=(90, outputs))
        decoded = true + random.normal(size=(90, outputs))
        metric = R2()
        metric.reset()
        for part in np.array_split(np.arange(90), 4):
            batch = (None, torch.tensor(true[part]))
            value = metric(None, torch.tensor(decoded[part]), batch)
        assert value == metric.compute() == pytest.approx(r2_score(true, decoded), rel=1e-6)


class _FirstLayer(nn.Module):
    """The input's connection alone, which NeuroBench itself hooks."""

    def __init__(self, decoder: RecurrentDecoder) -> None:
        super().__init__()
        self.layer = nn.Linear(*reversed(decoder.input.weight.shape), bias=False)
        self.layer.weight = decoder.input.weight

    def forward(self, batch: Any) -> Any:
        return torch.cat([self.layer(sample.float()) for sample in batch])


@pytest.mark.parametrize("most", [1, 4])
def test_operations_on_counts_are_macs_as_neurobench_counts_them(most):
    """NeuroBench decides call by call: a step without a count above 1 is of accumulations."""
    recording = own_recording(outputs=2, most=most)
    decoder = recurrent_decoder(recording)
    samples = SampleDataset(recording, recording.test)
    ours = run_benchmark(decoder, samples, metrics=["synaptic_operations"]).values
    hidden = decoder.decode(torch.from_numpy(recording.spikes(300, 400))).spikes
    weights = torch.cat([decoder.hidden.recurrent.weight, decoder.output[0].weight])
    later = float((hidden.double() @ (weights != 0).double().sum(dim=0)).sum()) / len(samples)
    batches = [(samples.__getitems__(range(start, start + 1))) for start in range(len(samples))]
    data = [(spikes.float(), labels) for spikes, labels in batches]
    model = TorchModel(_FirstLayer(decoder))

    class Loader(list):
        dataset = samples

    metrics = [[], [workload.SynapticOperations]]
    with torch.no_grad():
        theirs = Benchmark(model, Loader(data), [], [], metrics).run(quiet=True)
    first = theirs["SynapticOperations"]
    assert ours["macs"] == pytest.approx(first["Effective_MACs"], rel=1e-12)
    assert ours["acs"] == pytest.approx(first["Effective_ACs"] + later, rel=1e-12)
    assert (ours["macs"] > 0) == (most > 1)


def test_a_decoder_of_other_outputs_does_not_fit(tmp_path):
    fitted = train_ridge(own_recording(outputs=3))
    save_checkpoint(tmp_path / "x.safetensors", fitted.decoder, fitted.header)
    checkpoint = load_checkpoint(tmp_path / "x.safetensors")
    assert checkpoint.header.spec == fitted.decoder.spec
    check_fit(checkpoint, own_recording(outputs=3))
    with pytest.raises(CheckpointError, match="decodes 3 outputs, but mine"):
        check_fit(checkpoint, own_recording(outputs=2))


def test_a_decoder_of_another_step_does_not_fit(tmp_path):
    fitted = train_ridge(own_recording())
    save_checkpoint(tmp_path / "x.safetensors", fitted.decoder, fitted.header)
    checkpoint, recording = load_checkpoint(tmp_path / "x.safetensors"), own_recording()
    check_fit(checkpoint, recording)
    slower = replace(recording, task=replace(recording.task, step=2 * recording.task.step))
    with pytest.raises(CheckpointError, match=r"in steps of .* ms, but mine.* has steps of"):
        check_fit(checkpoint, slower)


def test_the_window_takes_two_bytes_for_counts():
    decoders = [train_ridge(own_recording(most=most)).decoder for most in (1, 5)]
    assert [each.history.element_size() for each in decoders] == [1, 2]
    assert all(isinstance(each, LinearDecoder) for each in decoders)
    spec = decoders[0].spec
    assert spec.to_json() == {
        "kind": "linear",
        "name": "ridge",
        "channels": 7,
        "bins": 10,
        "bin_steps": 1,
        "outputs": 3,
        "step": 0.05,
    }
