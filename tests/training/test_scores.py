"""R2 as it is added up, against scikit-learn's and NeuroBench's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from nbsuite.benchmarking.runner import run_benchmark
from nbsuite.data.recording import Split
from nbsuite.data.sample_dataset import SampleDataset
from nbsuite.tasks.opening import load_recording
from nbsuite.training import scores
from nbsuite.training.scores import R2Score, StretchScore, mean_r2, score_stretch


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 5), st.floats(-3, 3))
def test_r2_is_that_of_scikit_learn(seed: int, samples: int, parts: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    true = rng.normal(offset, [1.0, 0.2], (samples, 2))
    decoded = true + rng.normal(0, 0.5, (samples, 2))
    score = R2Score()
    for chosen in np.array_split(np.arange(samples), parts):
        score.add(decoded=torch.tensor(decoded[chosen]), true=torch.tensor(true[chosen]))
    assert score.r2() == pytest.approx(r2_score(true, decoded), rel=1e-9, abs=1e-9)


def test_shape_does_not_matter() -> None:
    true, decoded = torch.randn(2, 30, 4, 2, generator=torch.Generator().manual_seed(1))
    whole, flat = R2Score(), R2Score()
    whole.add(decoded=decoded, true=true)
    flat.add(decoded=decoded.reshape(-1, 2), true=true.reshape(-1, 2))
    assert whole.r2() == flat.r2()


def test_r2_is_undefined_without_movement() -> None:
    score = R2Score()
    assert score.r2() is None
    still = torch.tensor([[1.0, 0.0], [2.0, 0.0]])
    score.add(decoded=still, true=still)
    assert score.r2() is None
    assert mean_r2([StretchScore(0.5, 1.0), StretchScore(None, 1.0)]) is None
    assert mean_r2([StretchScore(0.5, 1.0), StretchScore(0.7, 1.0)]) == pytest.approx(0.6)


@given(st.floats(-50, 50, width=32), st.integers(2, 500), st.integers(1, 5))
def test_r2_of_a_constant_velocity_is_undefined(value: float, samples: int, parts: int) -> None:
    score, decoded = R2Score(), torch.linspace(0, 1, 2 * samples).reshape(-1, 2)
    true = torch.full((samples, 2), value)
    for begin in range(parts):
        score.add(decoded=decoded[begin::parts], true=true[begin::parts])
    assert score.r2() is None


@pytest.mark.parametrize("decoded", [float("nan"), float("inf")])
def test_r2_of_what_is_not_finite_is_undefined(decoded: float) -> None:
    score = R2Score()
    score.add(decoded=torch.full((3, 2), decoded), true=torch.arange(6.0).reshape(3, 2))
    assert score.r2() is None


def test_a_stretch_is_scored_as_neurobench_does(
    tiny_recording_path: Path, draw_decoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "_CHUNK_STEPS", 300)  # several chunks, the last one shorter
    recording = load_recording(tiny_recording_path)
    decoder, part = draw_decoder(), Split("part", 1000, 2000)
    measured = run_benchmark(
        decoder, SampleDataset(recording, part), metrics=["r2", "activation_sparsity"]
    ).values
    score = score_stretch(decoder, recording, part)
    assert score.r2 == pytest.approx(measured["r2"], rel=1e-5)
    assert score.hertz * 0.004 == pytest.approx(1 - measured["activation_sparsity"], rel=1e-9)
