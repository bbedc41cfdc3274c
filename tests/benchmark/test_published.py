"""NeuroBench's figures of the published checkpoints, where these are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.conversions.stork import read_stork

FOLDERS = {
    "indy01": "indy_20160622_01",
    "indy02": "indy_20160630_01",
    "indy03": "indy_20170131_02",
    "loco01": "loco_20170210_03",
    "loco02": "loco_20170215_02",
    "loco03": "loco_20170301_05",
}
CHECKPOINTS = [(folder, seed) for folder in FOLDERS for seed in (1, 2)]


def _samples(draw_samples: Any, trace: Path) -> tuple[Any, Any]:
    """The input of a reference trace, and the hidden spikes that stork computed for it."""
    with np.load(trace) as arrays:
        spikes = torch.from_numpy(arrays["input"].astype(np.int8))[:, None]
        hidden = arrays["spikes_half" if "spikes_half" in arrays else "spikes"]
    samples = draw_samples(len(spikes), spikes.shape[2], 0)
    samples.spikes = spikes
    return samples, hidden


@pytest.mark.parametrize(("folder", "seed"), CHECKPOINTS)
def test_tiny_checkpoints(shared: Path, draw_samples: Any, folder: str, seed: int) -> None:
    decoder, header = read_stork(shared / "stork_checkpoints" / folder / f"tinyRSNN-{seed}.pth")
    samples, hidden = _samples(draw_samples, shared / "traces" / f"{folder}-{seed}.npz")
    values = run_benchmark(decoder, samples).values
    published = json.loads(
        (shared / "published/zenkelab" / f"results_tinyRSNN_{FOLDERS[folder]}.json").read_text()
    )
    assert header.session == FOLDERS[folder]
    assert values["footprint"] == (21_000 if "indy" in folder else 33_288)
    assert values["dense"] == (10_368 if "indy" in folder else 16_512)
    assert values["connection_sparsity"] in published["connection_sparsity"]
    assert values["macs"] == 0
    assert values["activation_sparsity"] == 1 - hidden.sum() / hidden.size


def test_big_checkpoint(shared: Path, draw_samples: Any) -> None:
    decoder, _ = read_stork(shared / "stork_checkpoints" / "bigRSNN-random-loco.pth")
    samples, hidden = _samples(draw_samples, shared / "traces" / "bigRSNN-random-loco.npz")
    values = run_benchmark(decoder, samples).values
    assert values["footprint"] == 5_029_968
    assert values["dense"] == 1_255_424
    assert values["activation_sparsity"] == 1 - hidden.sum() / hidden.size
    per_step = run_per_step(decoder, samples).values
    assert values.pop("r2") == pytest.approx(per_step.pop("r2"), abs=1e-6)
    assert values == per_step


def test_half_precision_checkpoint_step_by_step(shared: Path, draw_samples: Any) -> None:
    decoder, _ = read_stork(shared / "stork_checkpoints" / "indy01" / "tinyRSNN-1.pth")
    samples, _ = _samples(draw_samples, shared / "traces" / "indy01-1.npz")
    values, per_step = (run(decoder, samples).values for run in (run_benchmark, run_per_step))
    assert values.pop("r2") == pytest.approx(per_step.pop("r2"), abs=1e-6)
    assert values == per_step
