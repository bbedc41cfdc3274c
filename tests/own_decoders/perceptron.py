"""A perceptron on the spikes of the last 200 ms, in 10 bins that a convolution sums."""

import torch
from torch import nn


class Perceptron(nn.Module):
    def __init__(self, channels: int, outputs: int, samples: int) -> None:
        super().__init__()
        self.register_buffer("window", torch.zeros(1, channels, samples))
        bins = nn.Conv1d(channels, 16, kernel_size=samples // 10, stride=samples // 10)
        self.layers = nn.Sequential(
            *(bins, nn.ReLU(), nn.Flatten(), nn.Linear(160, 32), nn.ReLU(), nn.Linear(32, outputs))
        )

    def reset(self) -> None:
        self.window.zero_()

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        self.window = torch.cat([self.window[:, :, 1:], sample[:, :, None]], dim=2)
        return self.layers(self.window)


def build(channels: int = 96, outputs: int = 2, step: float = 0.004) -> nn.Module:
    torch.manual_seed(3)
    return Perceptron(channels, outputs, samples=round(0.2 / step))
