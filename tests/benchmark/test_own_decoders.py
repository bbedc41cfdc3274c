"""Decoders defined outside the package against NeuroBench's own run of them, left untouched."""

from __future__ import annotations

from typing import Any

import pytest

from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from tests.benchmark.official_run import official_run, own_decoder

CHANNELS, STEPS = 20, 300
NAMES = ("gru", "gru_cell", "lstm", "perceptron", "leaky", "rsynaptic", "snn2")
SEQUENCES = ("gru", "leaky", "snn2")
WITHOUT_NEURONS = ("gru", "gru_cell", "lstm")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("run", [run_benchmark, run_per_step], ids=["chunks", "per step"])
def test_every_metric_is_neurobenchs_own(draw_samples: Any, name: str, run: Any) -> None:
    samples = draw_samples(STEPS, CHANNELS, 11)
    official = official_run(name, samples, CHANNELS)
    ours = run(own_decoder(name, CHANNELS), samples).values
    assert ours["footprint"] > 1000
    assert ours["dense"] > 1000
    assert (ours["activation_sparsity"] > 0) == (name not in WITHOUT_NEURONS)
    tolerances = {"activation_sparsity": 1e-12, "r2": 1e-6}
    for key, value in official.items():
        assert ours[key] == pytest.approx(value, abs=tolerances.get(key, 0), rel=0), key


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("chunk_steps", [1, 7, 290])
def test_chunks_do_not_matter(draw_samples: Any, name: str, chunk_steps: int) -> None:
    samples = draw_samples(STEPS, CHANNELS, 5)
    decoder = own_decoder(name, CHANNELS)
    whole = run_benchmark(decoder, samples).values
    parts = run_benchmark(decoder, samples, chunk_steps=chunk_steps).values
    assert parts.pop("r2") == pytest.approx(whole.pop("r2"), abs=1e-6)
    assert parts == whole
    assert ("was given sequences" in decoder.remark) == (name in SEQUENCES)
