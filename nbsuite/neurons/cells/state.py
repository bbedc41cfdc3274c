"""What a cell has: the parameters of its neurons, and their state between two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from nbsuite.shapes import BatchNeurons, Neurons


class NeuronParameters(NamedTuple):
    """What the equations of a layer's neurons take.

    Attributes:
        alpha: decay of the synaptic current.
        beta: decay of the membrane potential.
        rho: decay of the adaptation; None where the cell does not adapt.
        strength: by how much the adaptation raises the threshold; None where there is none.
    """

    alpha: Neurons
    beta: Neurons
    rho: Neurons | None = None
    strength: Neurons | None = None


class SynapticState(NamedTuple):
    """State of a layer of neurons or readout units.

    Attributes:
        membrane: the membrane potential.
        synapse: the synaptic current.
        current: what has arrived and acts in the next step.
    """

    membrane: BatchNeurons
    synapse: BatchNeurons
    current: BatchNeurons


class AdaptiveState(NamedTuple):
    """State of a layer of adaptive neurons.

    Attributes:
        membrane: the membrane potential.
        synapse: the synaptic current.
        current: what has arrived and acts in the next step.
        adaptation: a trace of the neuron's own spikes, which raises its threshold.
    """

    membrane: BatchNeurons
    synapse: BatchNeurons
    current: BatchNeurons
    adaptation: BatchNeurons


LayerState: TypeAlias = SynapticState | AdaptiveState
