"""A user's module sample by sample where nobody watches its layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nbsuite.models.module_run import ModuleRun
from nbsuite.models.sample_runner import SampleRunner


class ModuleRunner(SampleRunner):
    """A copy of a module on its way through a recording.

    Args:
        run: the copy, which is this runner's own.
    """

    def __init__(self, run: ModuleRun) -> None:
        self._run = run
        self._carried = run.restart()

    def step(self, sample: NDArray[Any], *, binary: bool) -> NDArray[np.floating]:
        """See ``SampleRunner``; in float32."""
        del binary  # a module takes numbers of its own dtype
        given = torch.from_numpy(sample.astype(np.float32))
        outputs, self._carried = self._run.step(given[None], self._carried)
        decoded: NDArray[np.floating] = outputs[0].to(torch.float32).numpy().copy()
        return decoded

    def reset(self) -> None:
        """See ``SampleRunner``."""
        self._carried = self._run.restart()

    @property
    def hidden_spikes(self) -> None:
        """None: its spiking neurons, if there are any, are its own affair."""
        return None
