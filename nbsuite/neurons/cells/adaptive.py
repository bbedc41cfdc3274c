"""The leaky integrate-and-fire neuron with an adapting threshold: ``adaptive``.

Each spike of a neuron raises its threshold for a while. Bellec, Salaj, Subramoney, Legenstein and
Maass (2018), "Long short-term memory and learning-to-learn in networks of spiking neurons", with
a the trace of the neuron's own spikes; all else is ``lif``'s. All values on the right are those
from before the step:

    s  = [m > 1 + strength a]
    m' = (beta m + (1 - beta) c) (1 - s)
    a' = rho a + (1 - rho) s
    c' = alpha c + i
    i' = W x + V s

The decay rho = exp(-dt / (0.2 s softplus(p))) and the strength are learnable for each neuron. The
paper's strength starts at 1.8 and its adaptation lasts from 0.2 s on. A gradient flows through the
trace into the spikes that left it; the reset carries none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from torch import Tensor

from nbsuite.neurons.cells.cell import Fire, Send
from nbsuite.neurons.cells.lif import THRESHOLD, leaky_integration
from nbsuite.neurons.cells.state import AdaptiveState, LayerState, NeuronParameters
from nbsuite.neurons.unit_work import UnitUpdate

if TYPE_CHECKING:
    from nbsuite.shapes import BatchNeurons


TIME_CONSTANT = 0.2
INITIAL_STRENGTH = 1.8

UPDATE = UnitUpdate(multiplies=4, adds=7, reads=8, writes=4)
"""``lif``'s, with a product and a sum more for the threshold, and for the trace as rho (a - s) + s:
a, rho and the strength are read besides, a is written."""


def adaptive_step(
    state: LayerState, neurons: NeuronParameters, current: BatchNeurons, send: Send, fire: Fire
) -> tuple[BatchNeurons, AdaptiveState]:
    """Advance adaptive neurons by one time step; see ``Cell.advance``."""
    membrane, synapse, arrived, adaptation = cast("AdaptiveState", state)
    alpha, beta, rho, strength = cast("tuple[Tensor, Tensor, Tensor, Tensor]", neurons)
    spikes = fire(membrane - (THRESHOLD + strength * adaptation))
    integrated = leaky_integration(membrane, synapse, beta)
    return spikes, AdaptiveState(
        membrane=integrated * (1 - spikes.detach()),
        synapse=alpha * synapse + arrived,
        current=send(spikes, current),
        adaptation=rho * adaptation + (1 - rho) * spikes,
    )
