"""What streaming reports, apart from how fast this machine is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nbsuite.benchmarking.latency import Latency, stream_checkpoint
from nbsuite.benchmarking.runner import run_benchmark
from nbsuite.data.recording import Recording
from nbsuite.data.sample_dataset import SampleDataset
from nbsuite.errors import CheckpointError
from nbsuite.models.checkpoint import (
    Checkpoint,
    CheckpointHeader,
    load_checkpoint,
    save_checkpoint,
)
from nbsuite.models.streaming import StreamingDecoder
from nbsuite.tasks.opening import load_recording


@pytest.fixture
def recording(tiny_recording_path: Path) -> Recording:
    return load_recording(tiny_recording_path)


def _checkpoint(folder: Path, decoder: Any) -> Checkpoint:
    path = folder / "tiny.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec))
    return load_checkpoint(path)


def test_latencies_are_summarised() -> None:
    milliseconds = np.array([1.0] * 60 + [2.0] * 139 + [50.0])
    latency = Latency.of(np.random.default_rng(0).permutation(milliseconds) / 1000, 0.004)
    assert (latency.median, latency.p99, latency.worst) == (0.002, 0.002, 0.05)
    assert latency.late == 1
    assert latency.steps_per_second == pytest.approx(200 / 0.388)


def test_a_step_of_the_hundredth_longest_is_above_p99() -> None:
    seconds = np.arange(1.0, 1001.0)
    assert int((seconds > Latency.of(seconds, 0.004).p99).sum()) <= 10


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_streaming_is_the_benchmarks_run(
    tmp_path: Path, recording: Recording, draw_decoder: Any, dtype: str
) -> None:
    decoder = draw_decoder(dtype=dtype, heads=2)
    report = stream_checkpoint(_checkpoint(tmp_path, decoder), recording)
    benchmark = run_benchmark(decoder, SampleDataset(recording, recording.test), metrics=("r2",))
    assert report.equals_batch
    assert report.r2 == benchmark.values["r2"]
    assert report.steps == len(recording.test)
    assert report.delay == (3, 5)
    assert 0 < report.latency.median <= report.latency.p99 <= report.latency.worst


@pytest.mark.parametrize(("asked", "due"), [(1, 1), (250, 250), (10**6, None)])
def test_the_first_steps_alone(
    tmp_path: Path, recording: Recording, draw_decoder: Any, asked: int, due: int | None
) -> None:
    report = stream_checkpoint(_checkpoint(tmp_path, draw_decoder()), recording, asked)
    assert report.steps == (due or len(recording.test))
    assert report.equals_batch
    assert (report.r2 is None) == (asked == 1)  # one sample has no spread


def test_a_difference_is_seen(
    tmp_path: Path, recording: Recording, draw_decoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = StreamingDecoder.step
    monkeypatch.setattr(
        StreamingDecoder, "step", lambda self, spikes: np.nextafter(step(self, spikes), np.inf)
    )
    assert not stream_checkpoint(_checkpoint(tmp_path, draw_decoder()), recording, 10).equals_batch


def test_a_decoder_of_other_channels_is_refused(
    tmp_path: Path, recording: Recording, draw_decoder: Any
) -> None:
    with pytest.raises(CheckpointError, match="decodes 192 channels"):
        stream_checkpoint(_checkpoint(tmp_path, draw_decoder(channels=192)), recording)
