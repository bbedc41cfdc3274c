"""The layers of a recurrent decoder run one after the other in torch: its reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch

from nbsuite.neurons.connection import Connection
from nbsuite.neurons.dropout import Dropout, dropout_mask
from nbsuite.neurons.kernels.parameters import NetworkState
from nbsuite.neurons.layers import LeakyReadout, SpikingLayer

if TYPE_CHECKING:
    from nbsuite.shapes import (
        StepsBatchChannels,
        StepsBatchNeurons,
        StepsBatchOutputs,
        StepsBatchSpikes,
        StepsHeadsBatchOutputs,
        WindowsNeurons,
    )

Hidden: TypeAlias = Sequence[tuple[Connection, SpikingLayer]]
"""Hidden layers: each its connection from the spikes before it, and its neurons."""
Heads: TypeAlias = Sequence[tuple[Connection, LeakyReadout]]
"""Readout heads: each a connection from the last hidden layer, and its units."""


def run_layers(
    layers: Hidden,
    heads: Heads,
    spikes: StepsBatchChannels,
    state: NetworkState,
    masks: Sequence[StepsBatchNeurons] | None = None,
) -> tuple[StepsBatchSpikes, StepsHeadsBatchOutputs, NetworkState]:
    """Spikes of all layers, outputs of all heads, and the state after the chunk."""
    emitted, after, sent = [], [], spikes
    for index, (connection, layer) in enumerate(layers):
        mask = None if masks is None else masks[index]
        hidden, layer_state = layer(connection(sent), state.hidden[index], mask)
        sent = hidden if mask is None else hidden * mask
        emitted.append(hidden)
        after.append(layer_state)
    results = [
        readout(connection(sent), before)
        for (connection, readout), before in zip(heads, state.readouts, strict=True)
    ]
    outputs = torch.stack([output for output, _ in results], dim=1)
    heads_after = tuple(head_state for _, head_state in results)
    return torch.cat(emitted, dim=2), outputs, NetworkState(tuple(after), heads_after)


def run_windows(
    layers: Hidden,
    heads: Heads,
    spikes: StepsBatchChannels,
    state: NetworkState,
    dropout: Dropout,
) -> tuple[StepsHeadsBatchOutputs, WindowsNeurons]:
    """Outputs of all heads in training windows, and number of spikes of every hidden neuron.

    Args:
        layers: the hidden layers.
        heads: the readout heads.
        spikes: input of all windows, in the weights' dtype.
        state: where windows start.
        dropout: dropout of input and hidden spikes; the counts are of all spikes.
    """
    steps, windows, channels = spikes.shape
    if dropout.input:
        spikes = spikes * dropout_mask(dropout.of_input(), steps, windows, channels, spikes)
    masks = None
    if dropout.hidden:
        masks = [
            dropout_mask(
                dropout.of_hidden(index), steps, windows, connection.weight.shape[0], spikes
            )
            for index, (connection, _) in enumerate(layers)
        ]
    hidden, outputs, _ = run_layers(layers, heads, spikes, state, masks)
    return outputs, hidden.sum(dim=0)


def mean_of_heads(heads: StepsHeadsBatchOutputs) -> StepsBatchOutputs:
    """Sum over heads in order, then divide: the order that stork adds them in.

    Half precision is added in float32 and rounded once, as ``torch.mean`` does.
    """
    if heads.shape[1] == 1:
        return heads[:, 0]
    summands = heads.float() if heads.dtype == torch.float16 else heads
    total = summands[:, 0]
    for index in range(1, heads.shape[1]):
        total = total + summands[:, index]
    return (total / heads.shape[1]).to(heads.dtype)
