"""The numba kernel for inference: torch tensors in and out around the compiled loops."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nbsuite.errors import UsageError
from nbsuite.neurons.kernels.inference.forward import Counts
from nbsuite.neurons.kernels.inference.network import lay_out_network
from nbsuite.neurons.kernels.parameters import MOST_EVENTS, NetworkParameters, NetworkState


def run_inference(
    parameters: NetworkParameters, spikes: Tensor, state: NetworkState
) -> tuple[Tensor, Tensor, NetworkState]:
    """See :func:`nbsuite.neurons.kernels.run`."""
    network = lay_out_network(parameters)
    arrays = network.copy_state(state)
    steps, batch, _ = spikes.shape
    emitted = np.zeros((steps, batch, network.neurons), dtype=np.int8)
    outputs = network.run(_counts(spikes), arrays, emitted)
    by_head = torch.from_numpy(outputs).to(network.dtype).view(steps, batch, network.heads, -1)
    return torch.from_numpy(emitted), by_head.transpose(1, 2), network.restore_state(arrays)


def _counts(spikes: Tensor) -> Counts:
    """Input events as whole numbers, as narrow as they fit.

    Raises:
        UsageError: they are none.
    """
    graded = spikes.is_floating_point() and not bool((spikes == spikes.round()).all())
    fewest, most = (float(each) for each in spikes.aminmax())
    if graded or not 0 <= fewest <= most <= MOST_EVENTS:
        raise UsageError(
            f"The numba kernel takes whole numbers of events, 0 to {MOST_EVENTS:,}; "
            "use the reference kernel for graded input."
        )
    dtype = torch.int8 if most <= np.iinfo(np.int8).max else torch.int16
    array: Counts = spikes.to(dtype).contiguous().numpy()
    return array
