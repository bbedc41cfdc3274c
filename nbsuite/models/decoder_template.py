"""A decoder of your own: a spiking network of snnTorch neurons with a learnable decay each.

    nbsuite check my_decoder.py:build                      does it hold to what decoders have to?
    nbsuite train my_decoder.py:build -s I1 -o runs        train it
    nbsuite benchmark my_decoder.py:build --weights w.pt -s I1 -o results

Change it as you like, or write another from scratch: any nn.Module will do that is called as

    forward(spikes, state=None) -> (outputs, state)        spikes (steps, channels); state anything
    forward(sample) -> outputs                             sample (1, channels); it keeps its state

and gives outputs of shape (steps, outputs). The second is called once a step, which is slow.
"""

import math
from typing import Any

import snntorch as snn
import torch
from torch import nn

from nbsuite import through_time


class Network(nn.Module):
    """Input spikes, one layer of leaky integrate-and-fire neurons, and a leaky readout."""

    def __init__(self, channels: int, outputs: int, step: float, neurons: int = 64) -> None:
        super().__init__()
        # NeuroBench counts the operations of nn.Linear, nn.Conv1d and recurrent cells, and the
        # spikes of snnTorch's neurons: what is computed elsewhere cannot be counted.
        self.encoder = nn.Linear(channels, neurons, bias=False)
        self.hidden = snn.Leaky(
            beta=torch.full((neurons,), math.exp(-step / 0.020)),  # one decay a neuron: 20 ms
            learn_beta=True,
            reset_mechanism="zero",
        )
        self.decoder = nn.Linear(neurons, outputs, bias=False)
        self.readout = snn.Leaky(
            beta=torch.full((outputs,), math.exp(-step / 0.100)),  # 100 ms
            learn_beta=True,
            reset_mechanism="none",  # its membrane is the output
        )
        # Strong enough for some spikes from the start; a silent layer does not learn.
        nn.init.normal_(self.encoder.weight, std=2 / math.sqrt(channels))
        nn.init.normal_(self.decoder.weight, std=0.1 / math.sqrt(neurons))

    def forward(self, spikes: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Decode spikes (steps, channels), or (steps, batch, channels) in training."""
        hidden_state, readout_state = state or (None, None)
        # through_time() runs a layer of neurons over all steps; without gradients it is compiled.
        hidden = through_time(self.hidden, self.encoder(spikes), hidden_state)
        readout = through_time(self.readout, self.decoder(hidden.spikes), readout_state)
        return readout.membranes, (hidden.state, readout.state)


def build(channels: int, outputs: int, step: float) -> nn.Module:
    """The decoder for a recording; nbsuite passes these by name, and only those you ask for.

    Args:
        channels: number of input channels.
        outputs: number of decoded values a step, such as x and y.
        step: length of a step in seconds.
    """
    return Network(channels, outputs, step)
