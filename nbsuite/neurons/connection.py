"""A connection between layers: a matrix of synaptic weights without bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import linear

if TYPE_CHECKING:
    from nbsuite.shapes import FanIns, FanOuts


class Connection(nn.Linear):
    """Dense synaptic weights (fan-out, fan-in): ``current = spikes @ weight.T``.

    In half precision the products are summed exactly and rounded once. Sums of half-precision
    weights fit into float64 without error (1024 terms, exponents -24 to 15), so the order of
    summation cannot change the result and every kernel can agree to the bit.
    """

    def __init__(self, fan_in: int, fan_out: int) -> None:
        super().__init__(fan_in, fan_out, bias=False)

    def forward(self, spikes: FanIns) -> FanOuts:
        """Currents (..., fan-out) caused by spikes (..., fan-in), in the weights' dtype."""
        if self.weight.dtype == torch.float16:
            exact = linear(spikes.double(), self.weight.double())
            return exact.float().half()
        return linear(spikes, self.weight)
