"""Fixtures for all tests: folders of their own, small recordings, reference data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from nbsuite.data.folders import CACHE_VARIABLE, DATA_VARIABLE
from nbsuite.data.matfile import FloatArray, write_recording
from nbsuite.models.training_data import TrainedOn, TrainingData
from nbsuite.twin_info import TwinInfo
from tests import shape_checks

shape_checks.install()

# Threads that wait for each other are slow on a busy machine, and tests' tensors are small.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Kernels for GPUs run in Triton's interpreter, for which no GPU is needed.
os.environ.setdefault("TRITON_INTERPRET", "1")

STEP_SECONDS = 0.004

# Compilation and a busy machine make single examples slow; a slow example is no failure.
settings.register_profile("nbsuite", deadline=None, max_examples=50)
settings.load_profile("nbsuite")


@pytest.fixture(scope="session", autouse=True)
def _own_folders_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures that tests share do not touch the user's recordings and cache."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DATA_VARIABLE, str(folder / "data"))
        patch.setenv(CACHE_VARIABLE, str(folder / "cache"))
        yield


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do tests, each of which begins without any."""
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "own-data"))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "own-cache"))
    for name in ("COLUMNS", "LINES"):  # tables are as wide as they need to be
        monkeypatch.delenv(name, raising=False)
    # Programs that a test starts here find the installed package, not the repository's ./nbsuite.
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """The folder of recordings of this test."""
    folder = tmp_path / "own-data"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def cache_folder(tmp_path: Path) -> Path:
    """The cache of this test."""
    folder = tmp_path / "own-cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def small_files() -> Iterator[int]:
    """The bytes beyond which no file may grow while the test runs, as on a disk that is full."""
    resource = pytest.importorskip("resource", reason="limits the size of files as Unix does")
    limit, hard = 20_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference data that lies beside the repository on its developers' machines."""
    folder = Path(__file__).parents[2] / "shared"
    if not (folder / "published").is_dir():
        pytest.skip("the reference data (../shared) is not on this machine")
    return folder


@dataclass
class TinyRecording:
    """The parts of a recording, to be changed at will before it is written."""

    spike_times: list[list[FloatArray]]
    cursor: FloatArray
    target: FloatArray
    time: FloatArray
    attributes: dict[str, str] | None = None

    def write(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_recording(path, **vars(self))
        return path


DrawRecording = Callable[..., TinyRecording]


@pytest.fixture(scope="session")
def draw_recording() -> DrawRecording:
    """Function that draws a small recording: see ``_draw_recording`` for its arguments."""
    return _draw_recording


@pytest.fixture(scope="session")
def tiny_recording_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 20 s, 96 channels and 12 reaches, named after Indy, that decoders can learn from.

    Shared by all tests: copy it before changing it.
    """
    folder = tmp_path_factory.mktemp("recordings")
    return _draw_recording().write(folder / "indy_20990101_01.mat")


def _draw_recording(
    *,
    channels: int = 96,
    units: int = 2,
    steps: int = 5000,
    reaches: int = 12,
    seed: int = 0,
    start: float = 100.0,
) -> TinyRecording:
    """Reaches on a grid, and spikes whose rates follow the velocity."""
    rng = np.random.default_rng(seed)
    time = start + STEP_SECONDS * np.arange(steps)
    target = _draw_targets(rng, steps, reaches)
    kernel = np.hanning(41) / np.hanning(41).sum()
    padded = np.pad(target, ((0, 0), (20, 20)), mode="edge")
    cursor = np.stack([np.convolve(axis, kernel, mode="valid") for axis in padded])
    cursor += np.cumsum(rng.normal(0, 0.01, cursor.shape), axis=1)
    velocity = np.gradient(cursor, axis=1)
    spike_times = [
        [_draw_spikes(rng, velocity, time) for _channel in range(channels)]
        for _unit in range(units)
    ]
    spike_times[-1][0] = np.empty(0)
    return TinyRecording(spike_times, cursor, target, time)


def _draw_targets(rng: np.random.Generator, steps: int, reaches: int) -> FloatArray:
    """Positions on a grid of 15 mm, each another than the one before; (2, steps)."""
    positions = 15.0 * np.cumsum(rng.integers(1, 7, (2, reaches)), axis=1) % 120
    moves = np.sort(rng.choice(np.arange(2, steps - 2), reaches - 1, replace=False))
    return np.repeat(positions, np.diff([0, *moves, steps]), axis=1)


def _draw_spikes(rng: np.random.Generator, velocity: FloatArray, time: FloatArray) -> FloatArray:
    hertz = rng.gamma(1.5, 5.0) * np.exp(rng.normal(0, 0.6, 2) @ velocity)
    spikes = rng.random(time.size) < np.minimum(hertz * STEP_SECONDS, 0.5)
    return time[spikes] + STEP_SECONDS * rng.random(int(spikes.sum()))


@pytest.fixture(scope="session")
def twin_trained() -> TrainingData:
    """What weights say that were trained on a twin of I1."""
    twin = TwinInfo("indy_20160622_01", fraction=1.0, seed=1, generator=1)
    trained_on = TrainedOn("indy_20160622_01-twin-seed1.mat", "ef" * 32, twin)
    return TrainingData((trained_on,), complete=True)


DrawDecoder = Callable[..., Any]


@pytest.fixture(scope="session")
def draw_decoder() -> DrawDecoder:
    """Function that draws a decoder with random weights: see ``_draw_decoder``."""
    return _draw_decoder


def _draw_decoder(
    *,
    channels: int = 96,
    neurons: int = 64,
    heads: int = 1,
    seed: int = 0,
    dtype: str = "float32",
    name: str = "tinyRSNN",
    **architecture: Any,
) -> Any:
    """A decoder in evaluation mode whose hidden neurons fire now and then."""
    import torch

    from nbsuite.models.rsnn import RecurrentDecoder
    from nbsuite.models.spec import ModelSpec

    random = torch.Generator().manual_seed(seed)
    taus = tuple((0.05 / (head + 1), 0.01) for head in range(heads))
    decoder = RecurrentDecoder(
        ModelSpec(name, channels, neurons, (0.02, 0.01), taus, **architecture)
    )
    with torch.no_grad():
        for key, value in decoder.named_parameters():
            scale = 1.0 if "weight" in key else 0.5
            value.normal_(0.0, scale, generator=random)
    return decoder.to(getattr(torch, dtype)).eval()
