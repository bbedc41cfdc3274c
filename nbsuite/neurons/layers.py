"""snnTorch layers that run whole sequences and keep no state of their own.

Each is a subclass of the snnTorch layer it corresponds to and shows the same learnable ``alpha``
and ``beta``, one per neuron, but follows ``dynamics`` (see there) instead of stock snnTorch's
``forward``: state is passed in and out, one call takes a whole chunk of time, and nothing but
weights and time constants is stored on the layer, so that a model's footprint is exactly these.
"""

from __future__ import annotations

import snntorch as snn
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nbsuite.neurons.connection import Connection
from nbsuite.neurons.dynamics import THRESHOLD, SynapticState, readout_step, spiking_step
from nbsuite.neurons.surrogate import superspike
from nbsuite.neurons.timescales import Decay, TimeConstants, decay

INITIAL_PARAMETER = 1.0


class RecurrentSynaptic(snn.RSynaptic):  # type: ignore[misc]
    """Recurrently connected leaky integrate-and-fire neurons with synaptic currents.

    Args:
        neurons: number of neurons.
        time_constants: base time constants; ``beta`` and ``alpha`` derive from them.
    """

    alpha: Tensor
    beta: Tensor

    def __init__(self, neurons: int, time_constants: TimeConstants) -> None:
        alpha, beta = _initial_decays(neurons, time_constants)
        super().__init__(
            alpha=alpha,
            beta=beta,
            linear_features=neurons,
            learn_alpha=True,
            learn_beta=True,
            threshold=THRESHOLD,
            spike_grad=superspike,
            reset_mechanism="zero",
        )
        _strip_stock_state(self)
        _make_decays_learnable(self, time_constants)
        self.recurrent = Connection(neurons, neurons)

    def forward(
        self, current: Tensor, state: SynapticState, mask: Tensor | None = None
    ) -> tuple[Tensor, SynapticState]:
        """Run a chunk of time.

        Args:
            current: (steps, batch, neurons) current from the layer's inputs.
            state: the state before the chunk, each field (batch, neurons).
            mask: (steps, batch, neurons) factors of the spikes that travel along the recurrent
                connection (dropout); the reset is by the spikes themselves.

        Returns:
            Spikes (steps, batch, neurons) of 0 and 1, before the mask, and the state after the
            chunk.
        """
        alpha, beta = self.alpha, self.beta
        masks = [None] * len(current) if mask is None else mask.unbind()
        spikes = []
        for step_current, step_mask in zip(current.unbind(), masks, strict=True):
            emitted = self.fire(state.membrane)
            sent = emitted if step_mask is None else emitted * step_mask
            total = step_current + self.recurrent(sent)
            state = spiking_step(state, emitted, total, alpha, beta)
            spikes.append(emitted)
        return torch.stack(spikes), state

    def initial_state(self, batch: int) -> SynapticState:
        """The state at rest: zeros."""
        zeros = self.alpha.detach().new_zeros(batch, self.alpha.numel())
        return SynapticState(zeros, zeros, zeros)

    def reset_mem(self) -> None:
        """Nothing to reset: the layer stores no state (called by ``snntorch.utils.reset``)."""


class LeakyReadout(snn.Synaptic):  # type: ignore[misc]
    """Leaky integrator units with synaptic currents: no spikes, no reset.

    Args:
        units: number of units.
        time_constants: base time constants; ``beta`` and ``alpha`` derive from them.
        initial_membrane: membrane potential at the start of a sequence.
    """

    alpha: Tensor
    beta: Tensor

    def __init__(
        self, units: int, time_constants: TimeConstants, initial_membrane: float = 0.0
    ) -> None:
        alpha, beta = _initial_decays(units, time_constants)
        super().__init__(
            alpha=alpha, beta=beta, learn_alpha=True, learn_beta=True, reset_mechanism="none"
        )
        _strip_stock_state(self)
        _make_decays_learnable(self, time_constants)
        self.initial_membrane = initial_membrane

    def forward(self, current: Tensor, state: SynapticState) -> tuple[Tensor, SynapticState]:
        """Run a chunk of time.

        Args:
            current: (steps, batch, units) current from the hidden spikes.
            state: the state before the chunk, each field (batch, units).

        Returns:
            Membrane potentials (steps, batch, units), and the state after the chunk.
        """
        alpha, beta = self.alpha, self.beta
        outputs = []
        for step_current in current.unbind():
            state = readout_step(state, step_current, alpha, beta)
            outputs.append(state.membrane)
        return torch.stack(outputs), state

    def initial_state(self, batch: int) -> SynapticState:
        """Zeros, but for the membrane potential."""
        zeros = self.alpha.detach().new_zeros(batch, self.alpha.numel())
        return SynapticState(torch.full_like(zeros, self.initial_membrane), zeros, zeros)

    def reset_mem(self) -> None:
        """Nothing to reset: the layer stores no state (called by ``snntorch.utils.reset``)."""


def _initial_decays(neurons: int, time_constants: TimeConstants) -> tuple[Tensor, Tensor]:
    parameter = torch.full((neurons,), INITIAL_PARAMETER)
    return decay(parameter, time_constants.synapse), decay(parameter, time_constants.membrane)


def _make_decays_learnable(layer: nn.Module, time_constants: TimeConstants) -> None:
    """Keep the unconstrained value as the parameter and show the decay as the attribute."""
    for name, tau in (("alpha", time_constants.synapse), ("beta", time_constants.membrane)):
        parametrize.register_parametrization(layer, name, Decay(tau))
        # The round trip through the decay's inverse is not exact to the last bit.
        unconstrained = layer.get_parameter(f"parametrizations.{name}.original")
        nn.init.constant_(unconstrained, INITIAL_PARAMETER)


def _strip_stock_state(layer: snn.SpikingNeuron) -> None:
    """Drop what snnTorch stores besides weights and time constants.

    State buffers and constants would count in NeuroBench's footprint (and the states stay at the
    largest batch's size), and ``SpikingNeuron.instances`` keeps every layer alive for ever.
    """
    for name in list(layer._buffers):
        delattr(layer, name)
    layer.threshold = THRESHOLD
    layer.graded_spikes_factor = 1.0
    snn.SpikingNeuron.instances[:] = [
        other for other in snn.SpikingNeuron.instances if other is not layer
    ]
