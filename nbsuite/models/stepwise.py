"""Decoders one sample at a time, made of layers that are really called.

This is how NeuroBench's own examples run a decoder, with its hooks on the layers: slow, and the
check on what decodes whole chunks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import NamedTuple

import torch
from snntorch import SpikingNeuron
from torch import Tensor, nn

from nbsuite.models.decoder import Decoder, State


class Step(NamedTuple):
    """What comes of a sample.

    Attributes:
        outputs: (1, outputs) float32 on the CPU.
        spikes: (1, neurons) int8 hidden spikes; None where there is no such thing.
    """

    outputs: Tensor
    spikes: Tensor | None


class StepwiseNetwork(ABC):
    """A decoder that runs sample by sample and remembers where it is.

    Attributes:
        network: the module in which NeuroBench finds the layers of synapses.
        neurons: the layers whose outputs count as activations, with their names.
    """

    network: nn.Module
    neurons: tuple[tuple[str, nn.Module], ...]

    @abstractmethod
    def step(self, sample: Tensor) -> Step:
        """Decode the next sample (1, channels)."""

    @abstractmethod
    def reset(self) -> None:
        """Return to where every recording starts."""

    @property
    def state(self) -> State:
        """What it remembers, as far as it can be looked at from outside."""
        return ()


class BufferedNetwork(StepwiseNetwork):
    """A network that takes a sample and keeps what it remembers in buffers of its layers.

    Weights and arithmetic are float64, since a sum in float32 is rounded differently one sample at
    a time than many at once, which now and then tips a neuron over its threshold.

    Args:
        decoder: the decoder whose weights it gets.
        network: layers of the same names; it is changed.
    """

    def __init__(self, decoder: Decoder, network: nn.Module) -> None:
        network.load_state_dict(decoder.state_dict())
        release_neurons(network.modules())
        self.network = network.to(decoder.device).double().eval()
        self.neurons = tuple(
            (name, network.get_submodule(name)) for name in dict.fromkeys(decoder.activation_layers)
        )
        self._device = decoder.device
        self._start = {name: value.clone() for name, value in network.named_buffers()}

    def step(self, sample: Tensor) -> Step:
        """Decode the next sample (1, channels)."""
        outputs = self.network(sample.to(self._device, torch.float64))
        return Step(outputs.to("cpu", torch.float32), None)

    def reset(self) -> None:
        """Return to where every recording starts."""
        for name, value in self._start.items():
            layer, _, buffer = name.rpartition(".")
            setattr(self.network.get_submodule(layer), buffer, value.clone())


def release_neurons(layers: Iterable[nn.Module]) -> None:
    """Take layers off snnTorch's list of all neurons, on which they would never be freed."""
    for layer in layers:
        if isinstance(layer, SpikingNeuron) and layer in SpikingNeuron.instances:
            SpikingNeuron.instances.remove(layer)
