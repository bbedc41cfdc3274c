"""The numba kernel for training: a network and a batch as the compiled passes take them.

The passes take neurons in vectors, so that arrays have room for a multiple of ``WIDE_LANES`` of
them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.neurons.dropout import LayerDropout
from nbsuite.neurons.kernels.hashing import lanes_of
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
        dropout: of the input and of the hidden spikes.
    """

    events: SpikeEvents
    starts: NDArray[np.int64]
    steps: int
    initial_readout: float
    dropout: tuple[LayerDropout, LayerDropout]


class Network(NamedTuple):
    """The network as the compiled passes take it (see there), and its real size."""

    neurons: int
    units: int
    input_weights: Array
    source_weights: Array
    panels: Array
    decays: Array
    readout_decays: Array
    hashed_lanes: Array
    shifts: Array


def describe_network(
    weights: tuple[Tensor, Tensor, Tensor],
    decays: tuple[Tensor, Tensor],
    readout_decays: tuple[Tensor, Tensor],
    batch: Batch,
) -> Network:
    """Lay a network out for a batch.

    Args:
        weights: of the input (neurons, channels), the recurrent (neurons, neurons) and the readout
            connections (units, neurons).
        decays: alpha and beta of the neurons.
        readout_decays: likewise of the units.
        batch: the batch, whose dropout scales the weights.
    """
    of_input, of_hidden = (dropout.scale for dropout in batch.dropout)
    from_input, recurrent, output = (weight.detach().numpy() for weight in weights)
    units, neurons = output.shape
    filled = _next_multiple(neurons, WIDE_LANES)
    hashed_lanes, shifts = lanes_of(neurons, filled)
    targets = np.zeros((_next_multiple(filled + units, LANES), filled), recurrent.dtype)
    targets[:neurons, :neurons] = recurrent * of_hidden
    targets[filled : filled + units, :neurons] = output * of_hidden
    return Network(
        neurons=neurons,
        units=units,
        input_weights=filled_up((from_input * of_input).T, columns=filled),
        source_weights=np.ascontiguousarray(targets.T),
        panels=panels_of(targets[: filled + units]),
        decays=filled_up(_three_rows(*decays), columns=filled),
        readout_decays=_three_rows(*readout_decays),
        hashed_lanes=hashed_lanes,
        shifts=shifts,
    )


def _next_multiple(count: int, factor: int) -> int:
    return -(-count // factor) * factor


def filled_up(rows: Array, columns: int) -> Array:
    """A contiguous copy of rows with zeros up to so many columns."""
    copy = np.zeros((len(rows), columns), rows.dtype)
    copy[:, : rows.shape[1]] = rows
    return copy


def _three_rows(alpha: Tensor, beta: Tensor) -> Array:
    rows: Array = torch.stack([alpha, beta, 1 - beta]).detach().numpy()
    return rows
