"""The numba kernel for training: compiled passes over groups of windows, as one torch function.

A batch is cut into groups of windows that do not depend on the number of threads; threads work on
groups, and gradients are added up in the order of the groups. So a run can be repeated to the bit.
The threads are Python's: the compiled passes release the interpreter, and need no second pool of
OpenMP threads beside torch's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.errors import UsageError
from nbsuite.neurons.cells.state import NeuronParameters
from nbsuite.neurons.dropout import Dropout
from nbsuite.neurons.kernels.parameters import LayerParameters, NetworkParameters
from nbsuite.neurons.kernels.threads import run_in_parallel
from nbsuite.neurons.kernels.training.arrays import BY_RHO, BY_STRENGTH, Events, Readout
from nbsuite.neurons.kernels.training.backward import backward
from nbsuite.neurons.kernels.training.forward import forward
from nbsuite.neurons.kernels.training.network import Batch, Layer, Network, describe_network
from nbsuite.neurons.kernels.training.readout import readout_backward
from nbsuite.neurons.kernels.training.workspace import (
    LayerSpace,
    Workspace,
    borrow_workspace,
    return_workspaces,
)
from nbsuite.spike_events import SpikeEvents

Array = NDArray[Any]
_LARGEST_GROUP = 32
"""Windows of a group: few enough that a step's arrays stay in the cache."""

_LAYER_TENSORS = 2 + len(NeuronParameters._fields)
"""Tensors that make up a layer: input and recurrent weights, and its neurons' parameters."""


def run_training(
    parameters: NetworkParameters,
    events: SpikeEvents,
    starts: NDArray[np.int64],
    steps: int,
    initial_readout: float,
    dropout: Dropout,
) -> tuple[Tensor, Tensor]:
    """See :func:`nbsuite.neurons.kernels.run_windows`."""
    dtype = parameters.layers[0].input.dtype
    if dtype not in (torch.float32, torch.float64):
        raise UsageError(
            f"The numba kernel trains in float32 or float64, not in {dtype}; "
            "convert the decoder with .float()."
        )
    starts = np.ascontiguousarray(starts, dtype=np.int64)
    outputs, counts = _FusedWindows.apply(  # type: ignore[no-untyped-call]
        Batch(events, starts, steps, initial_readout, dropout),
        torch.cat(parameters.outputs),
        torch.cat([alpha for alpha, _ in parameters.readouts]),
        torch.cat([beta for _, beta in parameters.readouts]),
        *(each for layer in parameters.layers for each in _tensors_of(layer)),
    )
    heads = len(parameters.outputs)
    return outputs.unflatten(2, (heads, -1)).transpose(1, 2), counts


class _FusedWindows(torch.autograd.Function):
    """Weights and decays to outputs (steps, windows, units) and counts (windows, neurons)."""

    @staticmethod
    def forward(
        ctx: Any,
        batch: Batch,
        output: Tensor,
        readout_alpha: Tensor,
        readout_beta: Tensor,
        *tensors: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        network = describe_network(
            list(_layers_of(tensors)), output, (readout_alpha, readout_beta), batch
        )
        groups = _groups(len(batch.starts))
        spaces = [borrow_workspace(network, batch, group) for group in groups]
        run_in_parallel(
            lambda index: _run_forward(network, batch, groups[index], spaces[index]), len(groups)
        )
        outputs = np.concatenate([space.outputs for space in spaces], axis=1)
        counts = np.concatenate([_counts(network, space) for space in spaces])
        if any(ctx.needs_input_grad):
            ctx.network, ctx.batch, ctx.groups, ctx.spaces = network, batch, groups, spaces
        else:
            return_workspaces(network, batch, spaces)
        return torch.from_numpy(outputs), torch.from_numpy(counts)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *errors: Tensor) -> tuple[Tensor | None, ...]:
        network, batch, groups, spaces = ctx.network, ctx.batch, ctx.groups, ctx.spaces
        output_errors, count_errors = (error.detach().numpy() for error in errors)
        run_in_parallel(
            lambda index: _run_backward(
                network,
                batch,
                groups[index],
                spaces[index],
                np.ascontiguousarray(output_errors[:, groups[index]]),
                count_errors[groups[index]],
            ),
            len(groups),
        )
        gradients = _gradients(network, spaces)
        return_workspaces(network, batch, spaces)
        del ctx.spaces
        return (None, *gradients)


def _tensors_of(layer: LayerParameters) -> tuple[Tensor | None, ...]:
    return (layer.input, layer.recurrent, *layer.neurons)


def _layers_of(tensors: Sequence[Tensor | None]) -> Iterator[LayerParameters]:
    """The inverse of :func:`_tensors_of`, of all layers one after another."""
    for first in range(0, len(tensors), _LAYER_TENSORS):
        weights, recurrent, *neurons = tensors[first : first + _LAYER_TENSORS]
        yield LayerParameters(weights, recurrent, NeuronParameters(*neurons))  # type: ignore[arg-type]


def _run_forward(network: Network, batch: Batch, group: slice, space: Workspace) -> None:
    """Layer after layer, each through all steps."""
    windows = group.stop - group.start
    events = Events(batch.events.sources, batch.events.offsets, batch.starts[group], 1)
    mask = network.input_mask
    for index, (layer, own) in enumerate(zip(network.layers, space.layers, strict=True)):
        forward(
            group.start,
            events,
            mask,
            layer.weights,
            layer.mask,
            own.inputs,
            own.trace,
            own.sent,
            _readout(network, batch, space, of_last=index + 1 == len(network.layers)),
            own.adaptation(layer),
        )
        events = Events(*own.sent, np.arange(windows), windows)
        mask = mask._replace(threshold=np.uint32(0))  # what arrives from there is kept


def _readout(network: Network, batch: Batch, space: Workspace, *, of_last: bool) -> Readout:
    """The readout units of the last layer; none of another."""
    if of_last:
        return Readout(network.readout_decays, batch.initial_readout, space.synapses, space.outputs)
    nothing = space.outputs[:, :, :0].copy()
    return Readout(network.no_decays, 0.0, space.synapses[:, :, :0].copy(), nothing)


def _run_backward(
    network: Network,
    batch: Batch,
    group: slice,
    space: Workspace,
    output_errors: Array,
    count_errors: Array,
) -> None:
    """Layer after layer from the last on, each through all steps."""
    space.clear_gradients()
    readout = _readout(network, batch, space, of_last=True)
    readout_backward(readout, output_errors, space.readout_errors)
    target_errors = space.readout_errors.synapses
    end = count_errors.shape[1]
    for layer, own in zip(reversed(network.layers), reversed(space.layers), strict=True):
        by_count = np.zeros(own.trace.counts.shape, network.dtype)
        by_count[:, : layer.neurons] = count_errors[:, end - layer.neurons : end]
        end -= layer.neurons
        backward(
            group.start,
            layer.panels,
            layer.weights.decays,
            layer.mask,
            layer.lanes,
            own.trace,
            layer.weights.connected,
            own.inputs,
            target_errors,
            by_count,
            own.gradients,
            own.synapse_errors,
            own.adaptation(layer),
        )
        target_errors = own.synapse_errors


def _counts(network: Network, space: Workspace) -> Array:
    """Spikes of a group (windows, neurons of all layers)."""
    layers = zip(network.layers, space.layers, strict=True)
    return np.concatenate([own.trace.counts[:, : layer.neurons] for layer, own in layers], axis=1)


def _gradients(network: Network, spaces: list[Workspace]) -> list[Tensor | None]:
    """The groups' gradients added up in order, in the order of the function's arguments."""
    layers = [
        _layer_gradients(layer, [space.layers[index] for space in spaces])
        for index, layer in enumerate(network.layers)
    ]
    decays = np.sum([space.readout_errors.decays for space in spaces], axis=0)
    gradients = [
        layers[-1][0][: network.units],
        *decays.astype(network.dtype),
        *(gradient for _, of_layer in layers for gradient in of_layer),
    ]
    return [
        None if each is None else torch.from_numpy(np.ascontiguousarray(each)) for each in gradients
    ]


def _layer_gradients(layer: Layer, spaces: list[LayerSpace]) -> tuple[Array, list[Array | None]]:
    """Gradients by the weights onto the readout, and those in the order of :func:`_tensors_of`."""
    neurons, dtype = layer.neurons, layer.dtype
    by_input = _sum([space.gradients.input for space in spaces])
    by_sent = _sum([space.gradients.sent for space in spaces])[:neurons].T * dtype.type(layer.scale)
    decays = np.sum([space.gradients.decays for space in spaces], axis=0).astype(dtype)
    by_rho = by_strength = None
    if layer.adaptation is not None:
        sums = np.sum([space.adaptation_gradients for space in spaces], axis=0).astype(dtype)
        by_rho, by_strength = sums[BY_RHO, :neurons], sums[BY_STRENGTH, :neurons]
    return by_sent[by_input.shape[1] :], [
        by_input[:, :neurons].T * dtype.type(layer.input_scale),
        by_sent[:neurons] if layer.weights.connected else None,
        *decays[:, :neurons],
        by_rho,
        by_strength,
    ]


def _sum(gradients: Sequence[Array]) -> Array:
    """The sum of the groups' gradients: of all but the first in order, then of the first."""
    total: Array = sum(gradients[1:]) + gradients[0]
    return total


def _groups(windows: int) -> list[slice]:
    """Nearly equal groups, an even number where possible so that two threads share the work."""
    count = -(-windows // _LARGEST_GROUP)
    count = min(windows, count + count % 2)
    borders = [windows * index // count for index in range(count + 1)]
    return [slice(*pair) for pair in pairwise(borders)]
