"""The official metrics of decoders that are not recurrent, fast and step by step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neurobench.benchmarks import Benchmark
from neurobench.metrics.static import ConnectionSparsity, Footprint
from neurobench.metrics.workload import R2, ActivationSparsity, SynapticOperations
from neurobench.models import NeuroBenchModel
from snntorch import SpikingNeuron
from torch.utils.data import DataLoader, TensorDataset

from nbsuite.benchmarking import counting_synapses
from nbsuite.benchmarking.quantities import METRIC_NAMES, QUANTITIES
from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.benchmarking.verification import compare_with_per_step
from nbsuite.errors import BenchmarkError
from nbsuite.models.decoder import VECTORISED
from tests.models.random_decoders import NAMES, random_decoder


@given(
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 1000),
    steps=st.integers(2, 110),
    chunk_steps=st.integers(1, 120),
)
@settings(max_examples=12)
def test_chunks_and_steps_agree_on_every_metric(
    draw_samples: Any, name: str, seed: int, steps: int, chunk_steps: int
) -> None:
    decoder, samples = random_decoder(name, seed=seed), draw_samples(steps, 20, seed)
    chunked = run_benchmark(decoder, samples, metrics=METRIC_NAMES, chunk_steps=chunk_steps)
    per_step = run_per_step(decoder, samples, metrics=METRIC_NAMES, batch_steps=steps)
    assert chunked.kernel == VECTORISED
    assert chunked.values.keys() == per_step.values.keys()
    for key, value in chunked.values.items():
        allowed = QUANTITIES[key].rounding
        assert value == pytest.approx(per_step.values[key], rel=allowed, abs=allowed), key


class _UntouchedModel(NeuroBenchModel):  # type: ignore[misc]
    """Stock layers in float32 under NeuroBench's own hooks, as its examples run them."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network
        self.add_activation_module(SpikingNeuron)

    def __net__(self) -> torch.nn.Module:
        return self.network

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.network(sample) for sample in batch[:, 0].split(1)])


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_neurobench_left_untouched(draw_samples: Any, name: str) -> None:
    """Rounding in float32 tips no neuron in so few steps."""
    decoder, samples = random_decoder(name), draw_samples(120, 20, 7)
    network = decoder.stepwise().network.float()
    loader = DataLoader(TensorDataset(samples.spikes.float(), samples.labels), batch_size=120)
    metrics = [[Footprint, ConnectionSparsity], [ActivationSparsity, SynapticOperations, R2]]
    with torch.no_grad():
        official = Benchmark(_UntouchedModel(network), loader, [], [], metrics).run(quiet=True)
    ours = run_benchmark(decoder, samples).values
    operations = official["SynapticOperations"]
    if name != "linear":  # whose stock network keeps its buffer in float32, not in bytes
        assert ours["footprint"] == official["Footprint"]
    assert ours["connection_sparsity"] == official["ConnectionSparsity"] > 0.05
    assert ours["activation_sparsity"] == pytest.approx(official["ActivationSparsity"], rel=1e-12)
    assert ours["acs"] == operations["Effective_ACs"]
    assert ours["macs"] == operations["Effective_MACs"]
    assert ours["dense"] == operations["Dense"]
    assert ours["r2"] == pytest.approx(official["R2"], rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_connection_is_counted(name: str) -> None:
    decoder = random_decoder(name)
    shown = [id(connection) for source in decoder.sources() for connection in source]
    assert sorted(shown) == sorted(
        id(layer) for layer in decoder.modules() if isinstance(layer, torch.nn.Linear)
    )


def test_ann2d_is_counted_once_its_buffer_is_full(draw_samples: Any) -> None:
    decoder, samples = random_decoder("ANN2D"), draw_samples(100, 20, 0)
    per_window = 20 * 32 + 32 * 48 + 48 * 2
    assert run_benchmark(decoder, samples).values["dense"] == per_window * 51 / 100


def test_windows_of_zeros_and_ones_count_as_accumulations(draw_samples: Any) -> None:
    """NeuroBench calls a call spiking when all of its inputs are: an empty window is, too."""
    decoder, samples = random_decoder("linear"), draw_samples(40, 20, 0, rate=0.0)
    samples.spikes[10, 0, 3] = 1
    values = run_benchmark(decoder, samples).values
    connections = int(torch.count_nonzero(decoder.readout.weight[:, 3::20]))
    assert values["macs"] == 0
    assert values["acs"] == connections * 5 / 40  # 4 bins of 5 samples, each seen in full
    samples.spikes[11, 0, 3] = 1
    both = run_benchmark(decoder, samples).values
    assert both["macs"] > 0
    assert both == run_per_step(decoder, samples).values | {"r2": both["r2"]}


@pytest.mark.parametrize("batch_steps", [30, 64])
def test_sparsity_is_held_against_the_mean_over_batches(
    draw_samples: Any, batch_steps: int
) -> None:
    """The first batch of ANN2D has fewer outputs than samples, and weighs as much as any."""
    decoder, samples = random_decoder("ANN2D"), draw_samples(130, 20, 0)
    whole = run_per_step(decoder, samples, batch_steps=130).values
    batched = run_per_step(decoder, samples, batch_steps=batch_steps).values
    assert whole["activation_sparsity"] != batched["activation_sparsity"]
    assert whole["dense"] == batched["dense"]


def test_a_miscount_is_an_error(draw_samples: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = counting_synapses.SynapseCounter.forward

    def off(self: Any, inputs: torch.Tensor) -> torch.Tensor:
        counts = exact(self, inputs)
        counts[0] += 1
        return counts

    monkeypatch.setattr(counting_synapses.SynapseCounter, "forward", off)
    with pytest.raises(BenchmarkError, match="not exact"):
        run_benchmark(random_decoder("ANN3D"), draw_samples(60, 20, 0))


def test_hidden_spikes_are_reported_where_there_are_some(draw_samples: Any) -> None:
    samples = draw_samples(30, 20, 0)
    spikes = run_benchmark(random_decoder("SNN2"), samples).spikes
    assert spikes is not None
    assert spikes.shape == (30, 50)
    assert run_benchmark(random_decoder("ANN3D"), samples).spikes is None


def test_verification(draw_samples: Any) -> None:
    compared = compare_with_per_step(random_decoder("SNN3"), draw_samples(60, 20, 1))
    assert all(each.agrees for each in compared)
    assert {each.name for each in compared} >= {"acs", "macs", "dense", "r2"}


@pytest.mark.parametrize("name", ["recurrent", *NAMES])
def test_decoders_start_afresh_where_samples_say_so(
    draw_decoder: Any, draw_samples: Any, name: str
) -> None:
    """As if each stretch had been decoded alone, in batches and chunks of any length."""
    recurrent = name == "recurrent"
    decoder = draw_decoder(channels=20, neurons=8) if recurrent else random_decoder(name)
    samples = draw_samples(150, 20, 3)
    samples.restarts = (0, 40, 97)
    runs = (
        run_benchmark(decoder, samples, metrics=METRIC_NAMES, chunk_steps=32),
        run_per_step(decoder, samples, metrics=METRIC_NAMES, batch_steps=64),
    )
    parts = samples.spikes[:, 0].tensor_split([40, 97])
    alone = torch.cat([decoder.decode(part).outputs for part in parts])
    whole = decoder.decode(samples.spikes[:, 0]).outputs
    assert not torch.equal(alone, whole)
    for run in runs:
        assert torch.allclose(run.outputs, alone, rtol=0, atol=1e-6)
    assert runs[0].values["acs"] == runs[1].values["acs"]
