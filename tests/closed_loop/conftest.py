from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

FOLDER = Path(__file__).parent


class LinearDecoder:
    """Outputs are a matrix times the spikes, added up in order: the same bits on every machine."""

    name = "linear"

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.weights = 20 * np.random.default_rng(3).normal(size=(channels, 2)).astype(np.float32)
        self.begun: list[int] = []

    def begin_trial(self, trial: int) -> None:
        self.begun.append(trial)

    def step(self, spikes: NDArray[np.int8]) -> NDArray[np.float32]:
        total = np.zeros(2, dtype=np.float32)
        for channel in np.flatnonzero(spikes):
            total = total + self.weights[channel] / np.float32(self.channels)
        return total


@pytest.fixture(scope="session")
def original() -> ModuleType:
    """The transcription of the original's loop, which the benchmark compares with."""
    path = FOLDER.parents[1] / "benchmarks" / "closed_loop_original.py"
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def linear() -> type[LinearDecoder]:
    return LinearDecoder
