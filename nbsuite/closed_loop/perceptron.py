"""The decoder of the challenge's example: three layers, ReLU, one sample at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nbsuite.closed_loop.settings import LoopSettings
from nbsuite.models.module import ModuleDecoder
from nbsuite.models.module_spec import ModuleSpec

NAME = "perceptron"


class Perceptron(nn.Module):
    """Channels to 16 to 32 units to velocity.

    Batch norms and the buffer do not act, but count in the footprint, as in the example.

    >>> Perceptron(96)(torch.zeros(1, 96)).shape
    torch.Size([1, 2])
    """

    data_buffer: Tensor

    def __init__(self, channels: int, first: int = 16, second: int = 32) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, first)
        self.fc2 = nn.Linear(first, second)
        self.fc3 = nn.Linear(second, 2)
        self.batchnorm1 = nn.BatchNorm1d(first)
        self.batchnorm2 = nn.BatchNorm1d(second)
        self.activation = nn.ReLU()
        self.register_buffer("data_buffer", torch.zeros(1, 1, channels), persistent=False)

    def forward(self, sample: Tensor) -> Tensor:
        """Decode one sample (1, channels)."""
        hidden = self.activation(self.fc1(sample))
        velocity: Tensor = self.fc3(self.activation(self.fc2(hidden)))
        return velocity


def perceptron_decoder(tensors: dict[str, Tensor]) -> ModuleDecoder:
    """The example's decoder of its state dict, which has been read.

    Raises:
        RuntimeError: the tensors are not of such a decoder.
    """
    first, channels = tensors["fc1.weight"].shape
    second = len(tensors["fc2.weight"])
    module = Perceptron(channels, first, second)
    module.load_state_dict(tensors)
    spec = ModuleSpec(NAME, channels, 2, LoopSettings().step)
    return ModuleDecoder(module.eval(), spec)
