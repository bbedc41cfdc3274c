"""Recurrent neurons with synaptic currents, which keep their state themselves."""

import snntorch as snn
import torch
from torch import nn


class RSynaptic(nn.Module):
    def __init__(self, channels: int, outputs: int, neurons: int = 48) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, neurons)
        self.hidden = snn.RSynaptic(
            *(0.8, 0.9), linear_features=neurons, init_hidden=True, reset_mechanism="zero"
        )
        self.fc2 = nn.Linear(neurons, outputs)

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        return self.fc2(self.hidden(self.fc1(sample)))


def build(channels: int = 96, outputs: int = 2) -> nn.Module:
    torch.manual_seed(5)
    return RSynaptic(channels, outputs)
