"""The leaky integrate-and-fire neuron in the timing of stock snnTorch: ``stock``.

It is ``lif`` without its waits: a current acts on the membrane in the step in which it arrives, as
in ``snn.Synaptic`` and ``snn.RSynaptic`` with ``reset_mechanism="zero"``, whose weights take the
factor (1 - beta) here. With s the spikes of the step before and [m > 1] from before the step:

    c' = alpha c + W x + V s
    m' = (beta m + (1 - beta) c') (1 - [m > 1])   a spike zeroes the membrane in the next step
    s' = [m' > 1]                                 a spike, from the new membrane potential

A spike takes no step from input to hidden neuron (``lif``: 3), one along the recurrent connection
(3), and none from hidden neuron to readout (2), whose units follow c' = alpha c + U s',
o' = beta o + (1 - beta) c'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from nbsuite.neurons.cells.cell import Fire, Send
from nbsuite.neurons.cells.lif import THRESHOLD, leaky_integration
from nbsuite.neurons.cells.state import LayerState, NeuronParameters, SynapticState

if TYPE_CHECKING:
    from nbsuite.shapes import BatchNeurons, Neurons


def stock_step(
    state: LayerState, neurons: NeuronParameters, current: BatchNeurons, send: Send, fire: Fire
) -> tuple[BatchNeurons, SynapticState]:
    """Advance spiking neurons by one time step; see ``Cell.advance``."""
    synapse = neurons.alpha * state.synapse + (current + state.current)
    integrated = leaky_integration(state.membrane, synapse, neurons.beta)
    membrane = integrated * (state.membrane <= THRESHOLD).to(integrated.dtype)
    spikes = fire(membrane - THRESHOLD)
    return spikes, SynapticState(membrane, synapse, send(spikes, torch.zeros_like(current)))


def stock_readout_step(
    state: SynapticState, current: BatchNeurons, alpha: Neurons, beta: Neurons
) -> SynapticState:
    """Advance readout units by one time step; see ``lif.readout_step``."""
    synapse = alpha * state.synapse + current
    membrane = leaky_integration(state.membrane, synapse, beta)
    return SynapticState(membrane, synapse, state.current)
