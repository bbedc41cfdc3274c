"""The leaky integrate-and-fire neuron with synaptic currents, in stork's timing: ``lif``.

Continuous time: a membrane potential m follows a synaptic current c, which decays by itself and
jumps with each incoming spike,

    tau_mem dm/dt = -m + c,        tau_syn dc/dt = -c + (incoming spikes).

Discrete time, as in stork, the library behind every published tinyRSNN and bigRSNN number. All
values on the right are those from before the step; i is the input current computed one step
earlier, which makes three steps from an input spike to a hidden spike:

    s  = [m > 1]                                  a spike, from the old membrane potential
    m' = (beta m + (1 - beta) c) (1 - s)          a spike zeroes the new membrane potential
    c' = alpha c + i                              no factor (1 - alpha)
    i' = W x + V s

Readout units follow the same equations with neither spike nor reset; what they emit is their new
membrane potential.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbsuite.neurons.cells.cell import Fire, Send
from nbsuite.neurons.cells.state import LayerState, NeuronParameters, SynapticState
from nbsuite.neurons.unit_work import UnitUpdate

if TYPE_CHECKING:
    from nbsuite.shapes import BatchNeurons, Neurons


THRESHOLD = 1.0

UPDATE = UnitUpdate(multiplies=2, adds=4, reads=5, writes=3)
"""With beta m + (1 - beta) c as c + beta (m - c). Read are m, c, i, alpha and beta, written m, c
and i, which begins anew. The same in ``stock``, which has them in another order."""
READOUT_UPDATE = UnitUpdate(multiplies=2, adds=3, reads=5, writes=3)
"""The same without a threshold."""


def lif_step(
    state: LayerState, neurons: NeuronParameters, current: BatchNeurons, send: Send, fire: Fire
) -> tuple[BatchNeurons, SynapticState]:
    """Advance spiking neurons by one time step; see ``Cell.advance``."""
    spikes = fire(state.membrane - THRESHOLD)
    integrated = leaky_integration(state.membrane, state.synapse, neurons.beta)
    return spikes, SynapticState(
        membrane=integrated * (1 - spikes.detach()),
        synapse=neurons.alpha * state.synapse + state.current,
        current=send(spikes, current),
    )


def readout_step(
    state: SynapticState, current: BatchNeurons, alpha: Neurons, beta: Neurons
) -> SynapticState:
    """Advance readout units by one time step; ``membrane`` of the result is their output.

    Args:
        state: the state before the step.
        current: input current of this step, which acts in the next.
        alpha: decay of the synaptic current.
        beta: decay of the membrane potential.
    """
    return SynapticState(
        membrane=leaky_integration(state.membrane, state.synapse, beta),
        synapse=alpha * state.synapse + state.current,
        current=current,
    )


def leaky_integration(membrane: BatchNeurons, synapse: BatchNeurons, beta: Neurons) -> BatchNeurons:
    """The membrane equation without reset: beta m + (1 - beta) c."""
    return beta * membrane + (1 - beta) * synapse
