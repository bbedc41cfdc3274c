"""A spiking decoder and its state, as the kernels take them."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from nbsuite.neurons.cells.cell import Cell
from nbsuite.neurons.cells.state import LayerState, NeuronParameters, SynapticState

MOST_EVENTS = 32_767
"""Of a channel in a step: what recordings of counts hold."""


class LayerParameters(NamedTuple):
    """A hidden layer: weights (fan-out, fan-in) and what its neurons' equations take.

    Attributes:
        input: (neurons, sources) weights of the channels' or of the layer before's spikes.
        recurrent: (neurons, neurons) weights among the neurons; None where there are none.
        neurons: the neurons' parameters.
    """

    input: Tensor
    recurrent: Tensor | None
    neurons: NeuronParameters


class NetworkParameters(NamedTuple):
    """Weights and parameters of a spiking decoder.

    Attributes:
        cell: the neuron model.
        layers: the hidden layers, in order.
        outputs: (units, neurons) weights of each readout head.
        readouts: decays (alpha, beta) of the units of each head.
    """

    cell: Cell
    layers: tuple[LayerParameters, ...]
    outputs: tuple[Tensor, ...]
    readouts: tuple[tuple[Tensor, Tensor], ...]


class NetworkState(NamedTuple):
    """State of a spiking decoder between two steps: each hidden layer's and each head's."""

    hidden: tuple[LayerState, ...]
    readouts: tuple[SynapticState, ...]


def is_simple(parameters: NetworkParameters) -> bool:
    """Whether a network is one recurrent layer of the cell ``lif``."""
    return (
        parameters.cell.name == "lif"
        and len(parameters.layers) == 1
        and parameters.layers[0].recurrent is not None
    )
