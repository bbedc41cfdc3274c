"""snnTorch layers that run whole sequences and keep no state of their own.

Each is a subclass of the snnTorch layer it corresponds to and shows the same learnable ``alpha``
and ``beta``, one per neuron, but follows the equations of its cell (see ``cells``) instead of stock
snnTorch's ``forward``: state is passed in and out, one call takes a whole chunk of time, and
nothing but weights and the neurons' parameters is stored on the layer, so that a model's footprint
is exactly these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import snntorch as snn
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nbsuite.neurons.cells import CELLS
from nbsuite.neurons.cells.adaptive import INITIAL_STRENGTH
from nbsuite.neurons.cells.cell import Cell
from nbsuite.neurons.cells.lif import THRESHOLD
from nbsuite.neurons.cells.state import (
    AdaptiveState,
    LayerState,
    NeuronParameters,
    SynapticState,
)
from nbsuite.neurons.connection import Connection
from nbsuite.neurons.surrogate import superspike
from nbsuite.neurons.timescales import Decay, TimeConstants, decay

if TYPE_CHECKING:
    from nbsuite.shapes import Neurons, StepsBatchNeurons


INITIAL_PARAMETER = 1.0
LIF = CELLS["lif"]


class SpikingLayer(nn.Module):
    """What layers of spiking neurons have in common, with a recurrent connection and without.

    Args:
        neurons: number of neurons.
        time_constants: base time constants; ``beta`` and ``alpha`` derive from them.
        step: the time step in seconds.
        cell: the neuron model.
        stock: what else the stock layer needs to be told.

    Attributes:
        cell: the neuron model.
        recurrent: the connection among the neurons; None where there is none.
    """

    alpha: Tensor
    beta: Tensor
    rho: Tensor
    strength: Tensor
    recurrent: Connection | None
    spike_grad: Any

    def __init__(
        self,
        neurons: int,
        time_constants: TimeConstants,
        step: float,
        cell: Cell = LIF,
        **stock: Any,
    ) -> None:
        alpha, beta = _initial_decays(neurons, time_constants, step)
        super().__init__(
            alpha=alpha,
            beta=beta,
            learn_alpha=True,
            learn_beta=True,
            threshold=THRESHOLD,
            spike_grad=superspike,
            reset_mechanism="zero",
            **stock,
        )
        self.cell = cell
        _strip_stock_state(self)
        _make_decays_learnable(self, time_constants, step)
        if cell.adaptation is not None:
            self.rho = nn.Parameter(decay(torch.ones(neurons), cell.adaptation, step))
            _make_decay_learnable(self, "rho", cell.adaptation, step)
            self.strength = nn.Parameter(torch.full((neurons,), INITIAL_STRENGTH))

    def neurons(self) -> NeuronParameters:
        """The parameters of the neurons."""
        if not self.cell.adapts:
            return NeuronParameters(self.alpha, self.beta)
        return NeuronParameters(self.alpha, self.beta, self.rho, self.strength)

    def forward(
        self,
        current: StepsBatchNeurons,
        state: LayerState,
        mask: StepsBatchNeurons | None = None,
    ) -> tuple[StepsBatchNeurons, LayerState]:
        """Run a chunk of time.

        Args:
            current: current from the layer's inputs.
            state: the state before the chunk, each field (batch, neurons).
            mask: factors of the spikes that travel along the recurrent
                connection (dropout); the reset is by the spikes themselves.

        Returns:
            Spikes of 0 and 1, before the mask, and the state after the
            chunk.
        """
        neurons, advance, recurrent = self.neurons(), self.cell.advance, self.recurrent
        masks = [None] * len(current) if mask is None else mask.unbind()
        spikes = []
        for step_current, step_mask in zip(current.unbind(), masks, strict=True):

            def send(emitted: Tensor, total: Tensor, mask: Tensor | None = step_mask) -> Tensor:
                if recurrent is None:
                    return total
                sent: Tensor = recurrent(emitted if mask is None else emitted * mask)
                return total + sent

            emitted, state = advance(state, neurons, step_current, send, self.spike_grad)
            spikes.append(emitted)
        return torch.stack(spikes), state

    def initial_state(self, batch: int) -> LayerState:
        """The state at rest: zeros."""
        zeros = self.alpha.detach().new_zeros(batch, self.alpha.numel())
        if self.cell.adapts:
            return AdaptiveState(zeros, zeros, zeros, zeros)
        return SynapticState(zeros, zeros, zeros)

    def reset_mem(self) -> None:
        """Nothing to reset: the layer stores no state (called by ``snntorch.utils.reset``)."""


class RecurrentSynaptic(SpikingLayer, snn.RSynaptic):  # type: ignore[misc]
    """Recurrently connected spiking neurons with synaptic currents; see ``SpikingLayer``."""

    def __init__(
        self, neurons: int, time_constants: TimeConstants, step: float, cell: Cell = LIF
    ) -> None:
        super().__init__(neurons, time_constants, step, cell, linear_features=neurons)
        self.recurrent = Connection(neurons, neurons)


class FeedForwardSynaptic(SpikingLayer, snn.Synaptic):  # type: ignore[misc]
    """Spiking neurons with synaptic currents that are not connected; see ``SpikingLayer``."""

    recurrent = None


class LeakyReadout(snn.Synaptic):  # type: ignore[misc]
    """Leaky integrator units with synaptic currents: no spikes, no reset.

    Args:
        units: number of units.
        time_constants: base time constants; ``beta`` and ``alpha`` derive from them.
        step: the time step in seconds.
        initial_membrane: membrane potential at the start of a sequence.
        cell: the neuron model of the hidden neurons, whose timing the units share.
    """

    alpha: Tensor
    beta: Tensor

    def __init__(
        self,
        units: int,
        time_constants: TimeConstants,
        step: float,
        initial_membrane: float = 0.0,
        cell: Cell = LIF,
    ) -> None:
        alpha, beta = _initial_decays(units, time_constants, step)
        super().__init__(
            alpha=alpha, beta=beta, learn_alpha=True, learn_beta=True, reset_mechanism="none"
        )
        _strip_stock_state(self)
        _make_decays_learnable(self, time_constants, step)
        self.initial_membrane, self.cell = initial_membrane, cell

    def forward(
        self, current: StepsBatchNeurons, state: SynapticState
    ) -> tuple[StepsBatchNeurons, SynapticState]:
        """Run a chunk of time.

        Args:
            current: current from the hidden spikes.
            state: the state before the chunk, each field (batch, units).

        Returns:
            Membrane potentials, and the state after the chunk.
        """
        alpha, beta = self.alpha, self.beta
        outputs = []
        for step_current in current.unbind():
            state = self.cell.advance_readout(state, step_current, alpha, beta)
            outputs.append(state.membrane)
        return torch.stack(outputs), state

    def initial_state(self, batch: int) -> SynapticState:
        """Zeros, but for the membrane potential."""
        zeros = self.alpha.detach().new_zeros(batch, self.alpha.numel())
        return SynapticState(torch.full_like(zeros, self.initial_membrane), zeros, zeros)

    def reset_mem(self) -> None:
        """Nothing to reset: the layer stores no state (called by ``snntorch.utils.reset``)."""


def _initial_decays(
    neurons: int, time_constants: TimeConstants, step: float
) -> tuple[Neurons, Neurons]:
    parameter = torch.full((neurons,), INITIAL_PARAMETER)
    return (
        decay(parameter, time_constants.synapse, step),
        decay(parameter, time_constants.membrane, step),
    )


def _make_decays_learnable(layer: nn.Module, time_constants: TimeConstants, step: float) -> None:
    _make_decay_learnable(layer, "alpha", time_constants.synapse, step)
    _make_decay_learnable(layer, "beta", time_constants.membrane, step)


def _make_decay_learnable(layer: nn.Module, name: str, tau: float, step: float) -> None:
    """Keep the unconstrained value as the parameter and show the decay as the attribute."""
    parametrize.register_parametrization(layer, name, Decay(tau, step))
    # The round trip through the decay's inverse is not exact to the last bit.
    unconstrained = layer.get_parameter(f"parametrizations.{name}.original")
    nn.init.constant_(unconstrained, INITIAL_PARAMETER)


def _strip_stock_state(layer: Any) -> None:
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
