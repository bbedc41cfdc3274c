"""The baselines of stock layers, one sample at a time.

This is how NeuroBench's own examples run them: a buffer that slides by one row a call, layers of
torch and snnTorch, state inside.
"""

from __future__ import annotations

import snntorch as snn
import torch
from torch import Tensor, nn

from nbsuite.models.baselines.sizes import BUFFER_SAMPLES, NEURONS, PARTED, UNITS
from nbsuite.models.spec import OUTPUTS


class StockSNN2(nn.Module):
    """SNN2 of ``snn.Leaky`` layers."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, NEURONS, bias=False)
        self.fc_out = nn.Linear(NEURONS, OUTPUTS, bias=False)
        self.lif1 = snn.Leaky(beta=0.96, threshold=1, reset_mechanism="zero", init_hidden=True)
        self.lif_out = snn.Leaky(beta=0.96, threshold=1, reset_mechanism="none", init_hidden=True)

    def forward(self, sample: Tensor) -> Tensor:
        """Outputs (1, 2) after a sample (1, channels)."""
        spikes = self.lif1(self.fc1(sample))
        self.lif_out(self.fc_out(spikes.to(sample)))
        membrane: Tensor = self.lif_out.mem
        return membrane


class _Buffered(nn.Module):
    """A buffer of the last samples, which begins as one row of zeros."""

    data_buffer: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("data_buffer", torch.zeros(1, channels), persistent=False)

    def push(self, sample: Tensor) -> bool:
        """Take in a sample (1, channels); whether the oldest had to go."""
        self.data_buffer = torch.cat([self.data_buffer, sample])
        was_full = len(self.data_buffer) > BUFFER_SAMPLES
        self.data_buffer = self.data_buffer[-BUFFER_SAMPLES:]
        return was_full

    def part_sums(self) -> Tensor:
        """Sums of 7 samples each, (7, channels), from the oldest sample on."""
        edges = range(0, PARTED.parts * PARTED.part_samples, PARTED.part_samples)
        parts = [self.data_buffer[edge : edge + PARTED.part_samples] for edge in edges]
        return torch.stack([part.sum(dim=0) for part in parts])


class StockDense(_Buffered):
    """ANN2D or ANN3D of stock layers.

    Args:
        channels: number of input channels.
        parted: whether it is ANN3D.
    """

    def __init__(self, channels: int, *, parted: bool) -> None:
        super().__init__(channels)
        self.parted = parted
        self.fc1 = nn.Linear((PARTED.parts if parted else 1) * channels, UNITS[0])
        self.fc2 = nn.Linear(*UNITS)
        self.fc3 = nn.Linear(UNITS[1], OUTPUTS)
        self.batchnorm1 = nn.BatchNorm1d(UNITS[0])
        self.batchnorm2 = nn.BatchNorm1d(UNITS[1])
        self.activation = nn.ReLU()

    def forward(self, sample: Tensor) -> Tensor:
        """Outputs (1, 2) after a sample (1, channels)."""
        was_full = self.push(sample)
        if self.parted:
            counts = self.part_sums().T.reshape(1, -1)
        elif was_full:
            counts = self.data_buffer.sum(dim=0, keepdim=True)
        else:
            return sample.new_zeros(1, OUTPUTS)
        hidden = self.batchnorm1(self.activation(self.fc1(counts)))
        hidden = self.batchnorm2(self.activation(self.fc2(hidden)))
        outputs: Tensor = self.fc3(hidden)
        return outputs


class StockSNN3(_Buffered):
    """SNN3 of ``snn.Leaky`` layers."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.fc1 = nn.Linear(channels, UNITS[0])
        self.fc2 = nn.Linear(*UNITS)
        self.fc3 = nn.Linear(UNITS[1], OUTPUTS)
        self.norm_layer = nn.LayerNorm([PARTED.parts, channels])
        learnt = {"beta": 0.5, "threshold": 0.5, "learn_beta": True, "learn_threshold": True}
        self.lif1 = snn.Leaky(**learnt, init_hidden=True)
        self.lif2 = snn.Leaky(**learnt, init_hidden=True)
        self.lif3 = snn.Leaky(**learnt, init_hidden=True, reset_mechanism="none")
        self.v_x = nn.Parameter(torch.ones(1))
        self.v_y = nn.Parameter(torch.ones(1))

    def forward(self, sample: Tensor) -> Tensor:
        """Outputs (1, 2) after a sample (1, channels)."""
        self.push(sample)
        for neurons in (self.lif1, self.lif2, self.lif3):
            neurons.reset_mem()
        for row in self.norm_layer(self.part_sums()).split(1):
            spikes = self.lif1(self.fc1(row)).to(sample)
            spikes = self.lif2(self.fc2(spikes)).to(sample)
            self.lif3(self.fc3(spikes))
        outputs: Tensor = self.lif3.mem * torch.cat([self.v_x, self.v_y])
        return outputs
