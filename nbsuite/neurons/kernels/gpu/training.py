"""The triton kernel for training: a batch of windows on a GPU, differentiable.

The only thing that has to run step by step is the recurrence. It is one launch forward and one
back; all else works on all steps at once, as products of large matrices.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import linear
from triton.runtime.interpreter import InterpretedFunction

from nbsuite.errors import UsageError
from nbsuite.neurons.dropout import Dropout
from nbsuite.neurons.kernels.gpu.hidden import forward
from nbsuite.neurons.kernels.gpu.inputs import dense_windows
from nbsuite.neurons.kernels.gpu.layers import HiddenWindows, ReadoutWindows
from nbsuite.neurons.kernels.gpu.limits import require_size
from nbsuite.neurons.kernels.parameters import NetworkParameters, is_simple
from nbsuite.spike_events import SpikeEvents


def run_on_gpu(
    parameters: NetworkParameters,
    events: SpikeEvents,
    starts: NDArray[np.int64],
    steps: int,
    initial_readout: float,
    dropout: Dropout,
) -> tuple[Tensor, Tensor]:
    """See :func:`nbsuite.neurons.kernels.run_windows`."""
    if not is_simple(parameters):
        raise UsageError(
            "The triton kernel trains one recurrent layer of the cell 'lif'; use another kernel."
        )
    layer = parameters.layers[0]
    _require_fit(layer.input)
    of_input, of_hidden = dropout.of_input(), dropout.of_hidden()
    spikes = dense_windows(events, starts, steps, of_input, layer.input)
    sent, counts = HiddenWindows.apply(  # type: ignore[no-untyped-call]
        linear(spikes, layer.input * of_input.scale),
        cast("Tensor", layer.recurrent) * of_hidden.scale,
        layer.neurons.alpha,
        layer.neurons.beta,
        of_hidden,
    )
    outputs = ReadoutWindows.apply(  # type: ignore[no-untyped-call]
        linear(sent, torch.cat(parameters.outputs) * of_hidden.scale),
        torch.cat([alpha for alpha, _ in parameters.readouts]),
        torch.cat([beta for _, beta in parameters.readouts]),
        initial_readout,
    )
    heads = len(parameters.outputs)
    return outputs.unflatten(2, (heads, -1)).transpose(1, 2), counts


def _require_fit(weight: Tensor) -> None:
    """Make sure that the kernel can run the network where it is.

    Raises:
        UsageError: it cannot, for its dtype, device or size.
    """
    if weight.dtype not in (torch.float32, torch.float64):
        raise UsageError(
            f"The triton kernel trains in float32 or float64, not in {weight.dtype}; "
            "convert the decoder with .float()."
        )
    if weight.device.type != "cuda" and not isinstance(forward, InterpretedFunction):
        raise UsageError(
            f"The triton kernel runs on an NVIDIA GPU, not on {weight.device.type}; "
            "move the decoder to 'cuda' or use another kernel."
        )
    require_size(len(weight), weight.dtype)
