"""The numba kernel for training: a network and a batch as the compiled passes take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.data.events import SpikeEvents
from nbsuite.neurons.dropout import Dropout, LayerDropout
from nbsuite.neurons.kernels import LayerParameters
from nbsuite.neurons.kernels.hashing import lanes_of
from nbsuite.neurons.kernels.training.arrays import Lanes, Mask, Readout, Weights
from nbsuite.neurons.kernels.training.product import panels_of
from nbsuite.neurons.kernels.vectors import LANES, WIDE_LANES

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


class Network(NamedTuple):
    """The network as the compiled passes take it.

    Attributes:
        input_mask: dropout of the input spikes.
        layers: the hidden layers.
        readout: the readout units.
        units: number of them.
    """

    input_mask: Mask
    layers: tuple[Layer, ...]
    readout: Readout
    units: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of weights and arithmetic."""
        return self.readout.weights.dtype


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
    described, units = [], len(output)
    arriving = of_input
    for index, layer in enumerate(layers):
        leaving = batch.dropout.of_hidden(index)
        targets = output if index + 1 == len(layers) else layers[index + 1].input
        described.append(_describe_layer(layer, targets, arriving, leaving))
        arriving = leaving
    weights = (_array(output) * arriving.scale).T
    return Network(
        input_mask=_mask(of_input, batch.events.channels),
        layers=tuple(described),
        readout=Readout(
            _filled_up(weights, _filled(len(weights)), _next_multiple(units, LANES)),
            _three_rows(*readout_decays),
            batch.initial_readout,
        ),
        units=units,
    )


def _describe_layer(
    layer: LayerParameters, targets: Tensor, arriving: LayerDropout, leaving: LayerDropout
) -> Layer:
    neurons, sources = layer.input.shape
    filled = _filled(neurons)
    alpha, beta, rho, strength = layer.neurons
    connections = []
    recurrent = np.zeros((0, filled), _array(layer.input).dtype)
    if layer.recurrent is not None:
        scaled = _array(layer.recurrent) * leaving.scale
        recurrent = _filled_up(scaled.T, filled, filled)
        connections.append(_filled_up(scaled, filled, filled))
    connections.append(_filled_up(_array(targets) * leaving.scale, len(targets), filled))
    adaptation = None
    if rho is not None and strength is not None:
        rows = torch.stack([rho, 1 - rho, strength]).detach().numpy()
        adaptation = _filled_up(rows, 3, filled)
    return Layer(
        neurons=neurons,
        weights=Weights(
            _filled_up((_array(layer.input) * arriving.scale).T, sources, filled),
            recurrent,
            _filled_up(_three_rows(alpha, beta), 3, filled),
        ),
        adaptation=adaptation,
        panels=panels_of(np.concatenate(connections)),
        mask=_mask(leaving, neurons),
        lanes=Lanes(*lanes_of(neurons, filled)),
        input_scale=arriving.scale,
        scale=leaving.scale,
    )


def _filled(neurons: int) -> int:
    """What a number of neurons is filled up to."""
    return _next_multiple(neurons, WIDE_LANES)


def _next_multiple(count: int, factor: int) -> int:
    return -(-count // factor) * factor


def _filled_up(rows: Array, count: int, columns: int) -> Array:
    """A contiguous copy of rows with zeros up to so many rows and columns."""
    copy = np.zeros((count, columns), rows.dtype)
    copy[: len(rows), : rows.shape[1]] = rows
    return copy


def _mask(dropout: LayerDropout, units: int) -> Mask:
    key = np.array([dropout.key_low, dropout.key_high], dtype=np.uint32)
    return Mask(key, np.uint32(dropout.threshold), (units + 1) // 2)


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().numpy()
    return array


def _three_rows(alpha: Tensor, beta: Tensor) -> Array:
    return _array(torch.stack([alpha, beta, 1 - beta]))
