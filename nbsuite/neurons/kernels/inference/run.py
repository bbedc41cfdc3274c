"""The numba kernel for inference: torch tensors in and out around the compiled loops."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.errors import UsageError
from nbsuite.neurons.kernels.inference.prepared import prepare_network
from nbsuite.neurons.kernels.parameters import NetworkParameters, NetworkState


def run_inference(
    parameters: NetworkParameters, spikes: Tensor, state: NetworkState
) -> tuple[Tensor, Tensor, NetworkState]:
    """See :func:`nbsuite.neurons.kernels.run`."""
    network = prepare_network(parameters)
    arrays = network.copy_state(state)
    steps, batch, _ = spikes.shape
    emitted = np.zeros((steps, batch, len(network.recurrent)), dtype=np.int8)
    outputs = network.run(_binary(spikes), arrays, emitted)
    by_head = torch.from_numpy(outputs).to(network.dtype).view(steps, batch, network.heads, -1)
    return torch.from_numpy(emitted), by_head.transpose(1, 2), network.restore_state(arrays)


def _binary(spikes: Tensor) -> NDArray[np.int8]:
    """Input spikes as bytes of 0 and 1."""
    graded = spikes.is_floating_point() and not bool((spikes == spikes.round()).all())
    if graded or spikes.max() > 1 or spikes.min() < 0:
        raise UsageError(
            "The numba kernel takes spike trains of 0 and 1 only; "
            "use the reference kernel for graded input."
        )
    array: NDArray[np.int8] = np.ascontiguousarray(spikes.to(torch.int8).numpy())
    return array
