"""Leaky integrate-and-fire neurons with a learnable decay each; it takes sequences."""

import snntorch as snn
import torch
from torch import nn

from nbsuite import through_time


class Leaky(nn.Module):
    def __init__(self, channels: int, outputs: int, neurons: int = 64) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, neurons, bias=False)
        self.lif = snn.Leaky(beta=0.7 + 0.3 * torch.rand(neurons), learn_beta=True, threshold=0.2)
        self.fc2 = nn.Linear(neurons, outputs, bias=False)
        self.readout = snn.Leaky(beta=torch.full((outputs,), 0.9), reset_mechanism="none")

    def forward(self, spikes: torch.Tensor, state: tuple | None = None) -> tuple:
        hidden_state, readout_state = state or (None, None)
        hidden = through_time(self.lif, self.fc1(spikes), hidden_state)
        readout = through_time(self.readout, self.fc2(hidden.spikes), readout_state)
        return readout.membranes, (hidden.state, readout.state)


def build(channels: int = 96, outputs: int = 2) -> nn.Module:
    torch.manual_seed(4)
    return Leaky(channels, outputs)
