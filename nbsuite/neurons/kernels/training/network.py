"""The numba kernel for training: a network and a batch as the compiled passes take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.neurons.dropout import Dropout, LayerDropout
from nbsuite.neurons.kernels.hashing import lanes_of
from nbsuite.neurons.kernels.parameters import LayerParameters
from nbsuite.neurons.kernels.training.arrays import Lanes, Mask, Weights
from nbsuite.neurons.kernels.training.product import panels_of
from nbsuite.neurons.kernels.vectors import LANES, WIDE_LANES
from nbsuite.spike_events import SpikeEvents

Array = NDArray[Any]


class Batch(NamedTuple):
    """What a pass runs on besides the network.

    Attributes:
        events: input spikes.
        starts: (windows,) first sample of each window.
        steps: the windows' length.
        initial_readout: the readouts' membrane potential before the first step.
        dropout: of the spikes.
    """

    events: SpikeEvents
    starts: NDArray[np.int64]
    steps: int
    initial_readout: float
    dropout: Dropout


class Layer(NamedTuple):
    """A hidden layer as the compiled passes take it, and its real size.

    Attributes:
        neurons: number of neurons.
        weights: its weights and decays.
        adaptation: (3, filled-up neurons) parameters of its adaptation; None where it has none.
        panels: its recurrent weights and those onto its targets, for the backward pass.
        mask: dropout of its spikes.
        lanes: where its neurons stand in the masks.
        input_scale: by how much dropout scales the spikes that it is sent.
        scale: by how much dropout scales its own.
    """

    neurons: int
    weights: Weights
    adaptation: Array | None
    panels: Array
    mask: Mask
    lanes: Lanes
    input_scale: float
    scale: float

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of weights and arithmetic."""
        return self.weights.decays.dtype


class Network(NamedTuple):
    """The network as the compiled passes take it.

    Attributes:
        input_mask: dropout of the input spikes.
        layers: the hidden layers.
        readout_decays: (3, units): alpha, beta and 1 - beta of the readout units.
        no_decays: (3, 0) in place of them where a layer is not the last.
    """

    input_mask: Mask
    layers: tuple[Layer, ...]
    readout_decays: Array
    no_decays: Array

    @property
    def units(self) -> int:
        """Number of readout units."""
        return int(self.readout_decays.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of weights and arithmetic."""
        return self.readout_decays.dtype


def describe_network(
    layers: Sequence[LayerParameters],
    output: Tensor,
    readout_decays: tuple[Tensor, Tensor],
    batch: Batch,
) -> Network:
    """Lay a network out for a batch.

    Args:
        layers: the hidden layers.
        output: (units, neurons) weights of the readout connections.
        readout_decays: alpha and beta of the units.
        batch: the batch, whose dropout scales the weights.
    """
    of_input = batch.dropout.of_input()
    described, arriving = [], of_input
    for index, layer in enumerate(layers):
        leaving = batch.dropout.of_hidden(index)
        is_last = index + 1 == len(layers)
        targets = output if is_last else layers[index + 1].input
        described.append(_describe_layer(layer, targets, arriving, leaving, is_last=is_last))
        arriving = leaving
    decays = _three_rows(*readout_decays)
    return Network(
        input_mask=_mask(of_input, batch.events.channels),
        layers=tuple(described),
        readout_decays=decays,
        no_decays=np.empty((3, 0), decays.dtype),
    )


def _describe_layer(
    layer: LayerParameters,
    targets: Tensor,
    arriving: LayerDropout,
    leaving: LayerDropout,
    *,
    is_last: bool,
) -> Layer:
    """A layer, and ``targets`` (targets, neurons), the weights onto what comes after it."""
    neurons = len(layer.input)
    filled, end = _next_multiple(neurons, WIDE_LANES), len(targets)
    alpha, beta, rho, strength = layer.neurons
    onto = np.zeros((filled + _next_multiple(end, LANES), filled), _array(layer.input).dtype)
    if layer.recurrent is not None:
        onto[:neurons, :neurons] = _array(layer.recurrent) * leaving.scale
    onto[filled : filled + end, :neurons] = _array(targets) * leaving.scale
    first = filled if layer.recurrent is None else 0
    adaptation = None
    if rho is not None and strength is not None:
        rows = torch.stack([rho, 1 - rho, strength]).detach().numpy()
        adaptation = filled_up(rows, filled)
    return Layer(
        neurons=neurons,
        weights=Weights(
            filled_up((_array(layer.input) * arriving.scale).T, filled),
            np.ascontiguousarray((onto if is_last else onto[:filled]).T),
            layer.recurrent is not None,
            filled_up(_three_rows(alpha, beta), filled),
        ),
        adaptation=adaptation,
        panels=panels_of(onto[first : filled + end]),
        mask=_mask(leaving, neurons),
        lanes=Lanes(*lanes_of(neurons, filled)),
        input_scale=arriving.scale,
        scale=leaving.scale,
    )


def _next_multiple(count: int, factor: int) -> int:
    return -(-count // factor) * factor


def filled_up(rows: Array, columns: int) -> Array:
    """A contiguous copy of rows with zeros up to so many columns."""
    copy = np.zeros((len(rows), columns), rows.dtype)
    copy[:, : rows.shape[1]] = rows
    return copy


def _mask(dropout: LayerDropout, units: int) -> Mask:
    key = np.array([dropout.key_low, dropout.key_high], dtype=np.uint32)
    return Mask(key, np.uint32(dropout.threshold), (units + 1) // 2)


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().numpy()
    return array


def _three_rows(alpha: Tensor, beta: Tensor) -> Array:
    return _array(torch.stack([alpha, beta, 1 - beta]))
