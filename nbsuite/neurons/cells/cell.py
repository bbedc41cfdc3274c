"""A cell: one neuron model, as a layer of neurons runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from nbsuite.neurons.cells.state import LayerState, NeuronParameters, SynapticState
from nbsuite.neurons.unit_work import UnitUpdate

Fire: TypeAlias = Callable[[Tensor], Tensor]
"""Spikes of neurons that lie so far above their threshold."""

Send: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Spikes (batch, neurons) and a current: that current with the spikes' recurrent one added."""

Advance: TypeAlias = Callable[
    [LayerState, NeuronParameters, Tensor, Send, Fire], tuple[Tensor, LayerState]
]
AdvanceReadout: TypeAlias = Callable[[SynapticState, Tensor, Tensor, Tensor], SynapticState]


@dataclass(frozen=True)
class Cell:
    """One neuron model.

    Attributes:
        name: by which specifications name it.
        summary: what it is, in a few words.
        advance: ``advance(state, neurons, current, send, fire) -> (spikes, state)``, one time step
            of a layer: from the state before the step and the current (batch, neurons) of the
            layer's inputs in it, the spikes (batch, neurons) emitted in the step and the state
            after it. The reset carries no gradient.
        advance_readout: ``advance_readout(state, current, alpha, beta) -> state``, the same of the
            readout units of a network of such cells, whose output is their new membrane potential.
        update: what ``advance`` takes for a neuron, without synapses.
        readout_update: what ``advance_readout`` takes for a readout unit.
        adaptation: base time constant of the adaptation in seconds; None where there is none.
        fused: whether the numba kernel runs it; otherwise only the reference does.
    """

    name: str
    summary: str
    advance: Advance
    advance_readout: AdvanceReadout
    update: UnitUpdate
    readout_update: UnitUpdate
    adaptation: float | None = None
    fused: bool = False

    @property
    def adapts(self) -> bool:
        """Whether its neurons have an adapting threshold."""
        return self.adaptation is not None
