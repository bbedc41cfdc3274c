"""Networks of stock layers that take a sample at a time and keep their state in buffers."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from snntorch import SpikingNeuron
from torch import Tensor, nn

from nbsuite.models.decoder import Decoder
from nbsuite.models.stepwise import Step, StepwiseNetwork


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
