"""The decoders of tests/own_decoders, built, and measured by NeuroBench itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from neurobench.benchmarks import Benchmark
from neurobench.metrics.static import ConnectionSparsity, Footprint
from neurobench.metrics.workload import R2, ActivationSparsity, SynapticOperations
from neurobench.models import NeuroBenchModel
from snntorch import SpikingNeuron
from torch.utils.data import DataLoader, TensorDataset

from nbsuite.models.factory import load_factory
from nbsuite.models.module import ModuleDecoder, ModuleSpec

FOLDER = Path(__file__).parents[1] / "own_decoders"
CARRYING = ("gru_cell", "leaky")
METRICS = [[Footprint, ConnectionSparsity], [ActivationSparsity, SynapticOperations, R2]]
BATCH_STEPS = 60


def build(name: str, channels: int) -> Any:
    """The module, or NeuroBench's wrapper around it."""
    factory = load_factory(f"{FOLDER / name}.py:build")
    return factory.build(channels=channels, outputs=2, step=0.004)


def own_decoder(name: str, channels: int) -> ModuleDecoder:
    """The same as a decoder of nbsuite's."""
    return ModuleDecoder(build(name, channels), ModuleSpec(name, channels, 2, 0.004))


class OneByOne(NeuroBenchModel):  # type: ignore[misc]
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


def official_run(name: str, samples: Any, channels: int) -> dict[str, Any]:
    """What NeuroBench reports; of an ``nn.GRU``, which it cannot count, as its cell."""
    known_to_neurobench = "gru_cell" if name == "gru" else name
    model = build(known_to_neurobench, channels)
    if not isinstance(model, NeuroBenchModel):
        model = OneByOne(model, carries=known_to_neurobench in CARRYING)
    spikes, labels = samples.__getitems__(range(len(samples)))
    loader = DataLoader(TensorDataset(spikes.float(), labels), batch_size=BATCH_STEPS)
    with torch.no_grad():
        reported: dict[str, Any] = Benchmark(model, loader, [], [], METRICS).run(quiet=True)
    operations = reported["SynapticOperations"]
    return {
        "footprint": reported["Footprint"],
        "connection_sparsity": reported["ConnectionSparsity"],
        "activation_sparsity": reported["ActivationSparsity"],
        "dense": operations["Dense"],
        "macs": operations["Effective_MACs"],
        "acs": operations["Effective_ACs"],
        "r2": reported["R2"],
    }
