from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from nbsuite.closed_loop.neurons import TunedNeurons

FOLDER = Path(__file__).parent


class PopulationVector:
    """Adds up the preferred directions of the neurons that fire: it brings the cursor there.

    Sums are in order, so that their bits are the same on every machine.
    """

    name = "population vector"

    def __init__(self, neurons: TunedNeurons, *, resets: bool = True) -> None:
        self.channels = len(neurons)
        self.weights = neurons.preferred * np.float32(30 / self.channels)
        self.velocity = np.zeros(2, dtype=np.float32)
        self.begun: list[int] = []
        self.resets = resets

    def begin_trial(self, trial: int) -> None:
        self.begun.append(trial)
        if self.resets:
            self.velocity = np.zeros(2, dtype=np.float32)

    def step(self, spikes: NDArray[np.int8]) -> NDArray[np.float32]:
        total = np.zeros(2, dtype=np.float32)
        for channel in np.flatnonzero(spikes):
            total = total + self.weights[channel]
        self.velocity = np.float32(0.9) * self.velocity + np.float32(0.1) * total
        return self.velocity


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
def population_vector() -> type[PopulationVector]:
    return PopulationVector
