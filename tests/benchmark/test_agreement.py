"""Our benchmark against NeuroBench's own per-step run, and against NeuroBench left untouched."""

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
from torch.utils.data import DataLoader, TensorDataset

from nbsuite.benchmarking.quantities import METRIC_NAMES, QUANTITIES
from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.benchmarking.verification import compare_with_per_step
from nbsuite.neurons.layers import SpikingLayer

MODELS = st.sampled_from([(64, 1), (48, 5), (150, 2)])


def _prune(decoder: Any, fraction: float, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in decoder.named_parameters():
            if name.endswith("weight"):
                value[torch.rand(value.shape, generator=random) < fraction] = 0


@given(
    model=MODELS,
    dtype=st.sampled_from(["float16", "float32"]),
    seed=st.integers(0, 1000),
    steps=st.integers(2, 120),
    chunk_steps=st.integers(1, 130),
    fraction=st.sampled_from([0.0, 0.5]),
)
@settings(max_examples=25)
def test_chunks_and_steps_agree_on_every_metric(
    draw_decoder: Any,
    draw_samples: Any,
    model: tuple[int, int],
    dtype: str,
    seed: int,
    steps: int,
    chunk_steps: int,
    fraction: float,
) -> None:
    neurons, heads = model
    decoder = draw_decoder(channels=20, neurons=neurons, heads=heads, seed=seed, dtype=dtype)
    _prune(decoder, fraction, seed)
    samples = draw_samples(steps, 20, seed)
    chunked = run_benchmark(decoder, samples, metrics=METRIC_NAMES, chunk_steps=chunk_steps)
    per_step = run_per_step(decoder, samples, metrics=METRIC_NAMES)
    assert chunked.values.keys() == per_step.values.keys()
    for name, value in chunked.values.items():
        allowed = QUANTITIES[name].rounding
        assert value == pytest.approx(per_step.values[name], rel=allowed, abs=allowed), name


class _UntouchedModel(NeuroBenchModel):  # type: ignore[misc]
    """A decoder under NeuroBench's own hooks, one step at a time, as a user would write it."""

    def __init__(self, decoder: Any) -> None:
        super().__init__()
        self.decoder = decoder
        self.state = None
        self.activation_modules = [SpikingLayer]

    def __net__(self) -> Any:
        return self.decoder

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        outputs = []
        for sample in batch.split(1):
            decoded = self.decoder(sample, self.state)
            self.state = decoded.state
            outputs.append(decoded.outputs[:, 0])
        return torch.cat(outputs)


@pytest.mark.parametrize(
    "architecture",
    [
        {"neurons": 64},
        {"neurons": 256, "heads": 5},
        {"neurons": 20, "layers": 2, "cell": "adaptive"},
        {"neurons": 20, "layers": 3, "recurrent": False},
        {"neurons": 20, "layers": 2, "cell": "stock"},
    ],
)
def test_agrees_with_neurobench_left_untouched(
    draw_decoder: Any, draw_samples: Any, architecture: dict[str, Any]
) -> None:
    """In float32 a step's count is exact, so that NeuroBench needs no stand-in."""
    decoder = draw_decoder(**architecture)
    _prune(decoder, 0.4, 0)
    samples = draw_samples(300, 96, 7)
    loader = DataLoader(TensorDataset(samples.spikes.float(), samples.labels), batch_size=64)
    metrics = [[Footprint, ConnectionSparsity], [ActivationSparsity, SynapticOperations, R2]]
    with torch.no_grad():
        official = Benchmark(_UntouchedModel(decoder), loader, [], [], metrics).run(quiet=True)
    ours = run_benchmark(decoder, samples).values
    assert ours["footprint"] == official["Footprint"]
    assert ours["connection_sparsity"] == official["ConnectionSparsity"]
    assert ours["activation_sparsity"] == pytest.approx(official["ActivationSparsity"], rel=1e-12)
    assert ours["activation_sparsity"] < 1
    assert ours["acs"] == official["SynapticOperations"]["Effective_ACs"]
    assert ours["macs"] == official["SynapticOperations"]["Effective_MACs"] == 0
    assert ours["dense"] == official["SynapticOperations"]["Dense"]
    assert ours["r2"] == pytest.approx(official["R2"], abs=1e-6)


def test_kernels_agree(draw_decoder: Any, draw_samples: Any) -> None:
    decoder, samples = draw_decoder(dtype="float16"), draw_samples(200, 96, 3)
    fused, reference = (
        run_benchmark(decoder, samples, kernel=kernel) for kernel in ("numba", "reference")
    )
    assert (fused.kernel, reference.kernel) == ("numba", "reference")
    assert fused.values == reference.values


def test_r2_is_that_of_scikit_learn(draw_decoder: Any, draw_samples: Any) -> None:
    from sklearn.metrics import r2_score

    samples = draw_samples(500, 96, 11)
    measured = run_benchmark(draw_decoder(), samples, metrics=["r2", "mse"])
    truth, decoded = samples.labels.double(), measured.outputs.double()
    assert measured.values["r2"] == pytest.approx(r2_score(truth, decoded), abs=1e-9)


def test_comparison_finds_a_difference(
    draw_decoder: Any, draw_samples: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbsuite.benchmarking.verification as verification

    decoder, samples = draw_decoder(), draw_samples(50, 96, 1)
    assert all(each.agrees for each in compare_with_per_step(decoder, samples))

    def other(*arguments: Any, **options: Any) -> Any:
        measured = run_per_step(*arguments, **options)
        measured.values["acs"] += 1 / 50
        return measured

    monkeypatch.setattr(verification, "run_per_step", other)
    differing = [e.name for e in compare_with_per_step(decoder, samples) if not e.agrees]
    assert differing == ["acs"]


def test_a_second_run_gives_the_same(draw_decoder: Any, draw_samples: Any) -> None:
    decoder, samples = draw_decoder(), draw_samples(100, 96, 5)
    assert run_benchmark(decoder, samples).values == run_benchmark(decoder, samples).values
