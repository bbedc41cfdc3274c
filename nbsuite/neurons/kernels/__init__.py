"""The same recurrence at several speeds, behind one function.

``reference``
    torch, one step at a time, differentiable, any device and dtype: the layers themselves
    (``RecurrentDecoder.forward``). It defines the truth.
``numba``
    fused over the whole network and event-driven, for inference on a CPU.

A kernel is chosen by name and never falls back silently to another.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from nbsuite.errors import UsageError
from nbsuite.neurons.dynamics import SynapticState

KernelName = Literal["reference", "numba"]
KERNEL_NAMES: tuple[KernelName, ...] = ("reference", "numba")


class NetworkParameters(NamedTuple):
    """Weights (fan-out, fan-in) and decays (alpha, beta) of a recurrent decoder."""

    input: Tensor
    recurrent: Tensor
    outputs: tuple[Tensor, ...]
    hidden: tuple[Tensor, Tensor]
    readouts: tuple[tuple[Tensor, Tensor], ...]


class NetworkState(NamedTuple):
    """State of a recurrent decoder between two steps: the hidden layer's and each head's."""

    hidden: SynapticState
    readouts: tuple[SynapticState, ...]


def run(
    kernel: str, parameters: NetworkParameters, spikes: Tensor, state: NetworkState
) -> tuple[Tensor, Tensor, NetworkState]:
    """Run a fused kernel over a chunk of time.

    Args:
        kernel: name of a fused kernel.
        parameters: the network.
        spikes: (steps, batch, channels) input spikes of 0 and 1.
        state: the state before the chunk; it is left as it is.

    Returns:
        Hidden spikes (steps, batch, neurons) int8, outputs (steps, heads, batch, 2) in the
        weights' dtype, and the state after the chunk.

    Raises:
        UsageError: no such kernel, or it cannot take this network or input.
    """
    if kernel != "numba":
        raise UsageError(f"No kernel is called '{kernel}'; known are {', '.join(KERNEL_NAMES)}.")
    if torch.is_grad_enabled() and any(weight.requires_grad for weight in parameters.outputs):
        raise UsageError(
            "The numba kernel computes no gradients; "
            "call it under torch.no_grad() or use the reference kernel."
        )
    if spikes.device.type != "cpu" or parameters.input.device.type != "cpu":
        raise UsageError(
            "The numba kernel runs on the CPU only; "
            "move the decoder there or use the reference kernel."
        )
    from nbsuite.neurons.kernels.inference import run_inference

    return run_inference(parameters, spikes, state)
