"""The equations of the neurons, as pure functions: the truth that every kernel is held against.

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

from typing import NamedTuple

from torch import Tensor

THRESHOLD = 1.0


class SynapticState(NamedTuple):
    """State of a layer of neurons between two steps, each field of shape (batch, neurons)."""

    membrane: Tensor
    synapse: Tensor
    current: Tensor


def spiking_step(
    state: SynapticState, spikes: Tensor, current: Tensor, alpha: Tensor, beta: Tensor
) -> SynapticState:
    """Advance spiking neurons by one time step.

    Args:
        state: the state before the step.
        spikes: (batch, neurons) spikes emitted in this step, a function of ``state.membrane``.
        current: (batch, neurons) input current W x + V s of this step, which acts in the next.
        alpha: (neurons,) decay of the synaptic current.
        beta: (neurons,) decay of the membrane potential.

    Returns:
        The state after the step. The reset carries no gradient.
    """
    integrated = leaky_integration(state, beta)
    return SynapticState(
        membrane=integrated * (1 - spikes.detach()),
        synapse=alpha * state.synapse + state.current,
        current=current,
    )


def readout_step(
    state: SynapticState, current: Tensor, alpha: Tensor, beta: Tensor
) -> SynapticState:
    """Advance readout units by one time step; ``membrane`` of the result is their output."""
    return SynapticState(
        membrane=leaky_integration(state, beta),
        synapse=alpha * state.synapse + state.current,
        current=current,
    )


def leaky_integration(state: SynapticState, beta: Tensor) -> Tensor:
    """The membrane equation without reset: beta m + (1 - beta) c."""
    return beta * state.membrane + (1 - beta) * state.synapse
