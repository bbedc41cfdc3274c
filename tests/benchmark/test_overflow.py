"""A decoder that leaves the range of its numbers is refused wherever it decodes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nbsuite.benchmarking.latency import stream_checkpoint
from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.benchmarking.session import RunSettings, measure_checkpoint, verify_checkpoint
from nbsuite.conversions.parity import check_parity
from nbsuite.data.recording import Recording
from nbsuite.errors import CheckpointError
from nbsuite.models.baselines.by_name import baseline_decoder
from nbsuite.models.baselines.spec import BaselineSpec
from nbsuite.models.checkpoint import (
    Checkpoint,
    CheckpointHeader,
    load_checkpoint,
    save_checkpoint,
)
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import ModelSpec
from nbsuite.tasks.opening import load_recording


@pytest.fixture
def recording(tiny_recording_path: Path) -> Recording:
    return load_recording(tiny_recording_path)


def _checkpoint(path: Path, decoder: Any, weight: torch.Tensor, value: float) -> Checkpoint:
    with torch.no_grad():
        weight[:] = value
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, seed=1))
    return load_checkpoint(path)


@pytest.fixture
def too_large(tmp_path: Path, draw_decoder: Any) -> Checkpoint:
    """Two input spikes together are more than half precision holds."""
    decoder = draw_decoder(dtype="float16")
    return _checkpoint(tmp_path / "large.safetensors", decoder, decoder.input.weight, 60_000)


@pytest.mark.parametrize(
    "settings",
    [RunSettings(kernel="numba"), RunSettings(kernel="reference"), RunSettings(per_step=True)],
    ids=["numba", "reference", "per step"],
)
def test_benchmark(too_large: Checkpoint, recording: Recording, settings: RunSettings) -> None:
    with pytest.raises(
        CheckpointError, match=r"large\.safetensors decodes .* too large for float16"
    ):
        measure_checkpoint(too_large, recording, settings)


def test_verification(too_large: Checkpoint, recording: Recording) -> None:
    with pytest.raises(CheckpointError, match=r"large\.safetensors decodes"):
        verify_checkpoint(too_large, recording, 50, RunSettings())


def test_stream(too_large: Checkpoint, recording: Recording) -> None:
    with pytest.raises(CheckpointError, match=r"large\.safetensors decodes"):
        stream_checkpoint(too_large, recording, 50)


def test_heads_whose_sum_is_too_large(
    tmp_path: Path, draw_decoder: Any, recording: Recording
) -> None:
    """Each head alone is finite, and so is their state."""
    decoder = draw_decoder(heads=3)
    for connection, _ in decoder.heads():
        torch.nn.init.constant_(connection.weight, 1)
    spikes = torch.from_numpy(recording.spikes(recording.test.start, recording.test.stop))
    with torch.no_grad():
        largest = float(decoder(spikes[:, None], kernel="numba").heads.abs().max())
        for connection, _ in decoder.heads():
            torch.nn.init.constant_(connection.weight, 2e38 / largest)
        assert decoder(spikes[:, None], kernel="numba").heads.isfinite().all()
    checkpoint = _checkpoint(tmp_path / "heads.safetensors", decoder, torch.empty(0), 0)
    with pytest.raises(CheckpointError, match=r"heads\.safetensors decodes"):
        measure_checkpoint(checkpoint, recording)
    with pytest.raises(CheckpointError, match=r"heads\.safetensors decodes"):
        stream_checkpoint(checkpoint, recording)


def test_parity(tmp_path: Path, too_large: Checkpoint) -> None:
    zeros = np.zeros((20, 2))
    arrays = {"input": np.ones((20, 96), np.uint8), "spikes": np.zeros((20, 64)), "readout": zeros}
    arrays |= {"spikes_half": arrays["spikes"], "readout_half": zeros}
    np.savez(tmp_path / "trace.npz", **arrays)
    with pytest.raises(CheckpointError, match=r"large\.safetensors decodes .* for float16"):
        check_parity(too_large.decoder, tmp_path / "trace.npz")  # type: ignore[arg-type]


def test_baselines(draw_samples: Any) -> None:
    """A variance below zero, whose root is no number; there is no file to name."""
    decoder = baseline_decoder(BaselineSpec("ANN3D", 20)).eval()
    torch.nn.init.constant_(decoder.batchnorm1.running_var, -1.0)  # type: ignore[arg-type, union-attr]
    for run in (run_benchmark, run_per_step):
        with pytest.raises(CheckpointError, match="ANN3D decodes values that are infinite"):
            run(decoder, draw_samples(80, 20, 0))


@pytest.mark.parametrize("tau", [math.nan, -0.02])
def test_decays(tau: float) -> None:
    spec = ModelSpec("tinyRSNN", 8, 4, (0.02, 0.01), ((0.05, 0.01), (0.05, tau)))
    assert not spec.is_possible()
    assert "decay is not from 0 to 1" in str(RecurrentDecoder(spec).fault())
    for parameter in (-6e4, -20.0, 0.0, 20.0, 6e4):
        for dtype in (torch.float16, torch.float32, torch.float64):
            possible = RecurrentDecoder(ModelSpec("tinyRSNN", 8, 4, (0.02, 0.01), ((1e3, 1e-9),)))
            for value in possible.parameters():
                torch.nn.init.constant_(value, parameter)
            assert possible.to(dtype).fault() is None
