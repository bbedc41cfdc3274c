"""Test samples without a recording behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor


class Samples:
    """Random spikes and labels, taken by contiguous ranges."""

    def __init__(self, steps: int, channels: int, seed: int, rate: float = 0.08) -> None:
        random = torch.Generator().manual_seed(seed)
        self.spikes = (torch.rand(steps, 1, channels, generator=random) < rate).to(torch.int8)
        self.labels = torch.randn(steps, 2, generator=random) * 0.3

    def __len__(self) -> int:
        return len(self.spikes)

    def __getitems__(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        assert isinstance(indices, range)
        part = slice(indices.start, indices.stop)
        return self.spikes[part], self.labels[part]


@pytest.fixture(scope="session")
def draw_samples() -> Callable[..., Samples]:
    """Function that draws samples: ``(steps, channels, seed, rate=0.08)``."""
    return Samples
