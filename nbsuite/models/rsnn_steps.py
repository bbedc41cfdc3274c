"""A recurrent spiking decoder one sample at a time."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from nbsuite.models.decoder import Decoder
from nbsuite.models.stepwise import State, Step, StepwiseNetwork
from nbsuite.neurons.layers import SpikingLayer


class RecurrentSteps(StepwiseNetwork):
    """A recurrent spiking decoder sample by sample.

    The hidden neurons alone count as activations: readout units do not spike.

    Args:
        decoder: the decoder.
        layers: its hidden layers, in the order of its ``activation_layers``.
    """

    def __init__(self, decoder: Decoder, layers: Iterable[SpikingLayer]) -> None:
        self.network = decoder
        self.neurons = tuple(zip(decoder.activation_layers, layers, strict=True))
        self._decoder = decoder
        self._state: State = None

    def step(self, sample: Tensor) -> Step:
        """Decode the next sample (1, channels)."""
        chunk = self._decoder.decode(sample, self._state, kernel="reference")
        self._state = chunk.state
        return Step(chunk.outputs, chunk.spikes)

    def reset(self) -> None:
        """Return to where every recording starts."""
        self._state = None

    @property
    def state(self) -> State:
        """State of the layers."""
        return self._state
