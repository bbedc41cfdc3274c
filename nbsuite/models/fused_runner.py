"""Recurrent spiking decoders sample by sample, by the numba kernel.

The weights are copied into the kernel's layout once: a step is one call of compiled code on arrays
that stay where they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nbsuite.models.sample_runner import SampleRunner
from nbsuite.neurons import kernels
from nbsuite.neurons.kernels.parameters import MOST_EVENTS, NetworkParameters, NetworkState


class FusedRunner(SampleRunner):
    """A network laid out for the numba kernel.

    Args:
        parameters: the network.
        start: the state that every recording starts from.

    Raises:
        UsageError: the network is not on the CPU, or its cell is not one that the kernel runs.
    """

    most_events = MOST_EVENTS

    def __init__(self, parameters: NetworkParameters, start: NetworkState) -> None:
        channels = parameters.layers[0].input.shape[1]
        self._network = kernels.lay_out(parameters)
        self._start = self._network.copy_state(start)
        self._state = self._network.copy_state(start)
        self._spikes = np.zeros((1, 1, channels), dtype=np.int8)
        self._hidden = np.zeros((1, 1, self._network.neurons), dtype=np.int8)
        self._dtype = torch.empty(0, dtype=self._network.dtype).numpy().dtype

    def step(self, sample: NDArray[Any], *, binary: bool) -> NDArray[np.floating]:
        """See ``SampleRunner``; in the weights' dtype."""
        if not binary and sample.max() > np.iinfo(self._spikes.dtype).max:
            self._spikes = self._spikes.astype(np.int16)  # for which the kernel is compiled anew
        self._spikes[0, 0] = sample
        self._hidden[...] = 0
        outputs = self._network.run(self._spikes, self._state, self._hidden)
        return _mean_of_heads(outputs.astype(self._dtype).reshape(self._network.heads, -1))

    def reset(self) -> None:
        """See ``SampleRunner``."""
        self._state.assign(self._start)
        self._hidden[...] = 0

    @property
    def hidden_spikes(self) -> NDArray[np.int8]:
        """See ``SampleRunner``; of all layers, one beside the other."""
        return np.array(self._hidden[0, 0])


def _mean_of_heads(heads: NDArray[np.floating]) -> NDArray[np.floating]:
    """Add in order, then divide, as ``RecurrentDecoder`` does: the order decides rounding."""
    summands = heads.astype(np.float32) if heads.dtype == np.float16 else heads
    total: NDArray[np.floating] = summands[0]
    for other in summands[1:]:
        total = total + other
    mean: NDArray[np.floating] = np.divide(total, len(heads)).astype(heads.dtype)
    return mean
