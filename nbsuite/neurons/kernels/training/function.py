"""The numba kernel for training: compiled passes over groups of windows, as one torch function.

A batch is cut into groups of windows that do not depend on the number of threads; threads work on
groups, and gradients are added up in the order of the groups. So a run can be repeated to the bit.
The threads are Python's: the compiled passes release the interpreter, and need no second pool of
OpenMP threads beside torch's.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.errors import UsageError
from nbsuite.neurons.dropout import Dropout, LayerDropout
from nbsuite.neurons.kernels import NetworkParameters
from nbsuite.neurons.kernels.threads import run_in_parallel
from nbsuite.neurons.kernels.training.backward import backward
from nbsuite.neurons.kernels.training.forward import forward
from nbsuite.neurons.kernels.training.network import (
    Batch,
    Network,
    describe_network,
    filled_up,
)
from nbsuite.neurons.kernels.training.readout import readout_backward
from nbsuite.neurons.kernels.training.workspace import Workspace, borrow_workspace, return_workspace
from nbsuite.spike_events import SpikeEvents

Array = NDArray[Any]
_LARGEST_GROUP = 32
"""Windows of a group: few enough that a step's arrays stay in the cache."""


def run_training(
    parameters: NetworkParameters,
    events: SpikeEvents,
    starts: NDArray[np.int64],
    steps: int,
    initial_readout: float,
    dropout: Dropout,
) -> tuple[Tensor, Tensor]:
    """See :func:`nbsuite.neurons.kernels.run_windows`."""
    layer = parameters.layers[0]
    if layer.input.dtype not in (torch.float32, torch.float64):
        raise UsageError(
            f"The numba kernel trains in float32 or float64, not in {layer.input.dtype}; "
            "convert the decoder with .float()."
        )
    batch = Batch(
        events,
        np.ascontiguousarray(starts, dtype=np.int64),
        steps,
        initial_readout,
        (dropout.of_input(), dropout.of_hidden()),
    )
    outputs, counts = _FusedWindows.apply(  # type: ignore[no-untyped-call]
        layer.input,
        layer.recurrent,
        torch.cat(parameters.outputs),
        layer.neurons.alpha,
        layer.neurons.beta,
        torch.cat([alpha for alpha, _ in parameters.readouts]),
        torch.cat([beta for _, beta in parameters.readouts]),
        batch,
    )
    heads = len(parameters.outputs)
    return outputs.unflatten(2, (heads, -1)).transpose(1, 2), counts


class _FusedWindows(torch.autograd.Function):
    """Weights and decays to outputs (steps, windows, units) and counts (windows, neurons)."""

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,  # noqa: A002 - the connection's name
        recurrent: Tensor,
        output: Tensor,
        alpha: Tensor,
        beta: Tensor,
        readout_alpha: Tensor,
        readout_beta: Tensor,
        batch: Batch,
    ) -> tuple[Tensor, Tensor]:
        network = describe_network(
            (input, recurrent, output), (alpha, beta), (readout_alpha, readout_beta), batch
        )
        groups = _groups(len(batch.starts))
        spaces = [borrow_workspace(network, batch, group) for group in groups]
        run_in_parallel(
            lambda index: _run_forward(network, batch, groups[index], spaces[index]), len(groups)
        )
        outputs = np.concatenate([space.outputs for space in spaces], axis=1)
        counts = np.concatenate([space.counts[:, : network.neurons] for space in spaces])
        if any(ctx.needs_input_grad):
            ctx.network, ctx.batch, ctx.groups, ctx.spaces = network, batch, groups, spaces
        else:
            return_workspace(spaces)
        return torch.from_numpy(outputs), torch.from_numpy(counts)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *errors: Tensor) -> tuple[Tensor | None, ...]:
        network, batch, groups, spaces = ctx.network, ctx.batch, ctx.groups, ctx.spaces
        output_errors, count_errors = (error.detach().numpy() for error in errors)
        count_errors = filled_up(count_errors, columns=network.decays.shape[1])
        run_in_parallel(
            lambda index: _run_backward(
                network,
                batch,
                groups[index],
                spaces[index],
                np.ascontiguousarray(output_errors[:, groups[index]]),
                np.ascontiguousarray(count_errors[groups[index]]),
            ),
            len(groups),
        )
        gradients = _gradients(network, batch, spaces)
        return_workspace(spaces)
        del ctx.spaces
        return (*gradients, None)


def _run_forward(network: Network, batch: Batch, group: slice, space: Workspace) -> None:
    of_input, of_hidden = batch.dropout
    forward(
        batch.events.sources,
        batch.events.offsets,
        batch.starts[group],
        group.start,
        network.input_weights,
        network.source_weights,
        network.decays,
        network.readout_decays,
        batch.initial_readout,
        (network.neurons + 1) // 2,
        np.array([_key(of_input), _key(of_hidden)], dtype=np.uint32),
        np.array([of_input.threshold, of_hidden.threshold], dtype=np.uint32),
        space.membranes,
        space.sent_inputs,
        space.input_borders,
        space.fired,
        space.fired_membranes,
        space.fired_borders,
        space.counts,
        space.readout_synapses,
        space.outputs,
    )


def _run_backward(
    network: Network,
    batch: Batch,
    group: slice,
    space: Workspace,
    output_errors: Array,
    count_errors: Array,
) -> None:
    space.clear_gradients()
    readout_backward(
        network.readout_decays,
        batch.initial_readout,
        space.readout_synapses,
        space.outputs,
        output_errors,
        space.readout_errors,
        space.readout_decay_gradients,
    )
    of_hidden = batch.dropout[1]
    backward(
        group.start,
        network.panels,
        network.decays,
        np.array(_key(of_hidden), dtype=np.uint32),
        np.uint32(of_hidden.threshold),
        (network.neurons + 1) // 2,
        network.hashed_lanes,
        network.shifts,
        space.membranes,
        space.sent_inputs,
        space.input_borders,
        space.fired,
        space.fired_membranes,
        space.fired_borders,
        space.readout_errors,
        count_errors,
        space.input_gradient,
        space.source_gradient,
        space.decay_gradients,
    )


def _gradients(network: Network, batch: Batch, spaces: list[Workspace]) -> list[Tensor]:
    """The groups' gradients added up in order, in the order of the function's arguments."""
    neurons, filled, dtype = network.neurons, network.decays.shape[1], network.decays.dtype
    by_input = sum(space.input_gradient for space in spaces[1:]) + spaces[0].input_gradient
    by_source = sum(space.source_gradient for space in spaces[1:]) + spaces[0].source_gradient
    decays = np.sum([space.decay_gradients for space in spaces], axis=0).astype(dtype)
    readout_decays = np.sum([space.readout_decay_gradients for space in spaces], axis=0)
    of_input, of_hidden = (dtype.type(dropout.scale) for dropout in batch.dropout)
    by_source = by_source[:neurons].T * of_hidden
    arrays = (
        by_input[:, :neurons].T * of_input,
        by_source[:neurons],
        by_source[filled : filled + network.units],
        *decays[:, :neurons],
        *readout_decays.astype(dtype),
    )
    return [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]


def _key(dropout: LayerDropout) -> tuple[int, int]:
    return dropout.key_low, dropout.key_high


def _groups(windows: int) -> list[slice]:
    """Nearly equal groups, an even number where possible so that two threads share the work."""
    count = -(-windows // _LARGEST_GROUP)
    count = min(windows, count + count % 2)
    borders = [windows * index // count for index in range(count + 1)]
    return [slice(*pair) for pair in pairwise(borders)]
