"""A gated recurrent unit that takes sequences, state in and out."""

import torch
from torch import nn


class GRU(nn.Module):
    def __init__(self, channels: int, outputs: int, units: int = 32) -> None:
        super().__init__()
        self.gru = nn.GRU(channels, units)
        self.fc = nn.Linear(units, outputs)

    def forward(self, spikes: torch.Tensor, state: torch.Tensor | None = None) -> tuple:
        hidden, state = self.gru(spikes, state)
        return self.fc(hidden), state


def build(channels: int = 96, outputs: int = 2) -> nn.Module:
    torch.manual_seed(1)
    return GRU(channels, outputs)
