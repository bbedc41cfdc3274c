"""What a cell has: the parameters of its neurons, and their state between two steps."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from torch import Tensor


class NeuronParameters(NamedTuple):
    """What the equations of a layer's neurons take, each of shape (neurons,).

    Attributes:
        alpha: decay of the synaptic current.
        beta: decay of the membrane potential.
        rho: decay of the adaptation; None where the cell does not adapt.
        strength: by how much the adaptation raises the threshold; None where there is none.
    """

    alpha: Tensor
    beta: Tensor
    rho: Tensor | None = None
    strength: Tensor | None = None


class SynapticState(NamedTuple):
    """State of a layer of neurons or readout units, each field of shape (batch, neurons).

    Attributes:
        membrane: the membrane potential.
        synapse: the synaptic current.
        current: what has arrived and acts in the next step.
    """

    membrane: Tensor
    synapse: Tensor
    current: Tensor


class AdaptiveState(NamedTuple):
    """State of a layer of adaptive neurons, each field of shape (batch, neurons).

    Attributes:
        membrane: the membrane potential.
        synapse: the synaptic current.
        current: what has arrived and acts in the next step.
        adaptation: a trace of the neuron's own spikes, which raises its threshold.
    """

    membrane: Tensor
    synapse: Tensor
    current: Tensor
    adaptation: Tensor


LayerState: TypeAlias = SynapticState | AdaptiveState
