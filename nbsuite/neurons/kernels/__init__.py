"""The same recurrence at several speeds, behind one function.

``reference``
    torch, one step at a time, differentiable, any device and dtype: the layers themselves
    (``RecurrentDecoder.forward``), any cell. It defines the truth.
``numba``
    fused and event-driven, on a CPU, for networks of any number of layers whose cell says that it
    is ``fused``: inference over chunks of time
    (``run``; ``lay_out`` for many short ones of the same weights) and training on batches of
    windows, with gradients (``run_windows``).
``triton``
    fused over all time steps, on an NVIDIA GPU, for one small recurrent layer of the cell ``lif``:
    training only (``run_windows``).

A kernel is chosen by name and never falls back silently to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from nbsuite.errors import UsageError
from nbsuite.neurons.dropout import Dropout
from nbsuite.neurons.kernels.parameters import NetworkParameters, NetworkState
from nbsuite.spike_events import SpikeEvents

if TYPE_CHECKING:  # numba takes long to import
    from nbsuite.neurons.kernels.inference.network import LaidOutNetwork
    from nbsuite.shapes import HiddenSpikes, StepsHeadsBatchOutputs, WindowsNeurons, WindowStarts

KernelName = Literal["reference", "numba"]
KERNEL_NAMES: tuple[KernelName, ...] = ("reference", "numba")
TrainingKernelName = Literal["reference", "numba", "triton"]
TRAINING_KERNEL_NAMES: tuple[TrainingKernelName, ...] = ("reference", "numba", "triton")


def run_windows(
    kernel: str,
    parameters: NetworkParameters,
    events: SpikeEvents,
    starts: WindowStarts,
    steps: int,
    initial_readout: float,
    dropout: Dropout,
) -> tuple[StepsHeadsBatchOutputs, WindowsNeurons]:
    """Run a fused kernel over a batch of windows, each from the initial state; differentiable.

    Args:
        kernel: name of a fused kernel.
        parameters: the network.
        events: input spikes of consecutive samples.
        starts: the first sample of each window.
        steps: the windows' length in samples.
        initial_readout: the readouts' membrane potential before the first step.
        dropout: dropout of input and hidden spikes.

    Returns:
        Outputs of each head, the windows being the batch, and counts of hidden spikes of the
        neurons of all layers.

    Raises:
        UsageError: no such kernel, it is not installed, or it cannot take this network or input.
    """
    if len(starts) == 0 or starts.min() < 0 or starts.max() + steps > events.samples:
        raise UsageError(
            f"Windows of {steps} steps do not all lie within {events.samples} samples; "
            "choose others."
        )
    if kernel == "triton":
        require_triton()
        from nbsuite.neurons.kernels.gpu.training import run_on_gpu

        return run_on_gpu(parameters, events, starts, steps, initial_readout, dropout)
    _require_numba(kernel, parameters, TRAINING_KERNEL_NAMES)
    from nbsuite.neurons.kernels.training.function import run_training

    return run_training(parameters, events, starts, steps, initial_readout, dropout)


def run(
    kernel: str, parameters: NetworkParameters, spikes: Tensor, state: NetworkState
) -> tuple[HiddenSpikes, StepsHeadsBatchOutputs, NetworkState]:
    """Run a fused kernel over a chunk of time.

    Args:
        kernel: name of a fused kernel.
        parameters: the network.
        spikes: (steps, batch, channels) input spikes, 0 or 1 or counts.
        state: the state before the chunk; it is left as it is.

    Returns:
        Hidden spikes of all layers, outputs of each head in the weights' dtype, and the state after
        the chunk.

    Raises:
        UsageError: no such kernel, or it cannot take this network or input.
    """
    _require_numba(kernel, parameters)
    if torch.is_grad_enabled() and any(weight.requires_grad for weight in parameters.outputs):
        raise UsageError(
            "The numba kernel computes no gradients over chunks of time; "
            "call it under torch.no_grad() or use the reference kernel."
        )
    if spikes.device.type != "cpu":
        raise UsageError("The numba kernel runs on the CPU only; move the spikes there.")
    from nbsuite.neurons.kernels.inference.run import run_inference

    return run_inference(parameters, spikes, state)


def lay_out(parameters: NetworkParameters) -> LaidOutNetwork:
    """Lay a network out for the numba kernel once, for many runs of the same weights.

    The weights are copied: those that change later are not seen.

    Raises:
        UsageError: the network is not on the CPU, or its cell is not one that the kernel runs.
    """
    _require_numba("numba", parameters)
    from nbsuite.neurons.kernels.inference.network import lay_out_network

    return lay_out_network(parameters)


def require_triton() -> None:
    """Make sure that the triton kernel can be imported.

    Raises:
        UsageError: the package triton is not installed.
    """
    if find_spec("triton") is None:
        raise UsageError(
            "The triton kernel needs the package triton, which is not installed: on Linux, "
            "pip install 'nbsuite[gpu]'; elsewhere, use the reference kernel."
        )


def _require_numba(
    kernel: str, parameters: NetworkParameters, names: Sequence[str] = KERNEL_NAMES
) -> None:
    if kernel != "numba":
        raise UsageError(f"No kernel is called '{kernel}'; known are {', '.join(names)}.")
    if not parameters.cell.fused:
        raise UsageError(
            f"The numba kernel does not run neurons of the cell '{parameters.cell.name}'; "
            "use the reference kernel."
        )
    if parameters.layers[0].input.device.type != "cpu":
        raise UsageError(
            "The numba kernel runs on the CPU only; "
            "move the decoder there or use the reference kernel."
        )
