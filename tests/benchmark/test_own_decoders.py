"""Decoders defined outside the package against NeuroBench's own run of them, left untouched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from neurobench.benchmarks import Benchmark
from neurobench.metrics.static import ConnectionSparsity, Footprint
from neurobench.metrics.workload import R2, ActivationSparsity, SynapticOperations
from neurobench.models import NeuroBenchModel
from snntorch import SpikingNeuron
from torch.utils.data import DataLoader, TensorDataset

from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.models.factory import load_factory
from nbsuite.models.module import ModuleDecoder
from nbsuite.models.module_spec import ModuleSpec

FOLDER = Path(__file__).parents[1] / "own_decoders"
CHANNELS, STEPS = 20, 300
NAMES = ("gru", "gru_cell", "lstm", "perceptron", "leaky", "rsynaptic", "snn2")
SEQUENCES = ("gru", "leaky", "snn2")
METRICS = [[Footprint, ConnectionSparsity], [ActivationSparsity, SynapticOperations, R2]]


def _build(name: str) -> Any:
    factory = load_factory(f"{FOLDER / name}.py:build")
    return factory.build(channels=CHANNELS, outputs=2, step=0.004)


def _decoder(name: str) -> ModuleDecoder:
    return ModuleDecoder(_build(name), ModuleSpec(name, CHANNELS, 2, 0.004))


class _OneByOne(NeuroBenchModel):  # type: ignore[misc]
    """A module under NeuroBench's own hooks, one sample at a time, as a user would write it."""

    def __init__(self, module: torch.nn.Module, *, carries: bool) -> None:
        super().__init__()
        self.module, self.carries, self.state = module, carries, None
        self.add_activation_module(SpikingNeuron)

    def __net__(self) -> torch.nn.Module:
        return self.module

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        outputs = []
        for sample in batch[:, 0].split(1):
            if self.carries:
                decoded, self.state = self.module(sample, self.state)
            else:
                decoded = self.module(sample)
            outputs.append(decoded)
        return torch.cat(outputs)


def _official(name: str, samples: Any) -> dict[str, Any]:
    """What NeuroBench reports; of an ``nn.GRU``, which it cannot count, as its cell."""
    model = _build("gru_cell" if name == "gru" else name)
    if not isinstance(model, NeuroBenchModel):
        model = _OneByOne(model, carries=name in ("gru", "gru_cell", "leaky"))
    loader = DataLoader(TensorDataset(samples.spikes.float(), samples.labels), batch_size=60)
    with torch.no_grad():
        reported: dict[str, Any] = Benchmark(model, loader, [], [], METRICS).run(quiet=True)
    return reported


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("run", [run_benchmark, run_per_step], ids=["chunks", "per step"])
def test_every_metric_is_neurobenchs_own(draw_samples: Any, name: str, run: Any) -> None:
    samples = draw_samples(STEPS, CHANNELS, 11)
    official, ours = _official(name, samples), run(_decoder(name), samples).values
    operations = official["SynapticOperations"]
    assert ours["footprint"] == official["Footprint"] > 1000
    assert ours["connection_sparsity"] == official["ConnectionSparsity"]
    assert ours["activation_sparsity"] == pytest.approx(official["ActivationSparsity"], rel=1e-12)
    assert (ours["activation_sparsity"] > 0) == (name not in ("gru", "gru_cell", "lstm"))
    assert ours["acs"] == operations["Effective_ACs"]
    assert ours["macs"] == operations["Effective_MACs"]
    assert ours["dense"] == operations["Dense"] > 1000
    assert ours["r2"] == pytest.approx(official["R2"], abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("chunk_steps", [1, 7, 290])
def test_chunks_do_not_matter(draw_samples: Any, name: str, chunk_steps: int) -> None:
    samples = draw_samples(STEPS, CHANNELS, 5)
    decoder = _decoder(name)
    whole = run_benchmark(decoder, samples).values
    parts = run_benchmark(decoder, samples, chunk_steps=chunk_steps).values
    assert parts.pop("r2") == pytest.approx(whole.pop("r2"), abs=1e-6)
    assert parts == whole
    assert ("was given sequences" in decoder.remark) == (name in SEQUENCES)
