"""Synaptic operations of recurrent cells, by NeuroBench's rules, counted in integers.

NeuroBench counts a cell's products of weights and inputs, and the element-wise products of its
gates, on copies of inputs, states, weights and biases in which all that is not zero is 1. With
a = W_ih x and b = W_hh h of such copies, a step of h units takes

    RNNCell    sum(a + b)
    LSTMCell   sum(a + b) + sum(c) + sum(o [c != 0]),    c = f h_c + i g
    GRUCell    sum(a + b) + sum(r m) + sum([(z' n) + (z h) != 0 each])

i, f, g, o, r, z being whether a gate's a + b and biases are not zero, m whether b and its bias are
not, n whether the candidate is not, and z' whether 1 - (a + b + biases) is not. They are ACs where
x is all 0, 1 and -1, whatever the state is. In the count of dense operations weights, biases and
inputs are 1, and so are an RNNCell's and a GRUCell's states; an LSTMCell's, which come as a tuple
within the tuple, keep their zeros.

Source: ``neurobench.metrics.utils.layers``, version 2.3.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nbsuite.benchmarking.counting_synapses import unhooked_copy

CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)


def cell_counter(cell: nn.RNNCellBase) -> nn.RNNCellBase:
    """Stands in for a cell in NeuroBench's arithmetic: in float64, sums are exact."""
    return unhooked_copy(cell).cpu().double()


class _Binary(NamedTuple):
    """Weights and biases of 0 and 1, (gates x units, ...) in float64."""

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor
    bias_hh: Tensor

    @classmethod
    def of(cls, cell: nn.RNNCellBase) -> _Binary:
        zeros = torch.zeros(len(cell.weight_ih))
        biases = (cell.bias_ih, cell.bias_hh) if cell.bias else (zeros, zeros)
        values = (cell.weight_ih, cell.weight_hh, *biases)
        return cls(*((value.detach().cpu() != 0).double() for value in values))

    def ones(self) -> _Binary:
        """All of them one."""
        return _Binary(*map(torch.ones_like, self))


@dataclass
class CellTally:
    """Operations of a recurrent cell, in integers.

    Attributes:
        cell: the cell.
        acs: accumulations: the operations of calls whose inputs are 0, 1 or -1.
        macs: multiplications with accumulation.
        dense: operations if no input, no weight and no bias were zero.
    """

    cell: nn.RNNCellBase
    acs: int = 0
    macs: int = 0
    dense: int = 0

    def __post_init__(self) -> None:
        self._weights = _Binary.of(self.cell)

    def add(self, group: tuple[Tensor, ...], *, spiking: bool) -> None:
        """Count calls: inputs (..., fan-in), then one state or two, (..., units) each."""
        flat = (value.reshape(-1, value.shape[-1]) for value in group)
        inputs, *states = ((value != 0).double() for value in flat)
        operations = self._operations(self._weights, inputs, states)
        if spiking:
            self.acs += operations
        else:
            self.macs += operations
        if not isinstance(self.cell, nn.LSTMCell):
            states = [torch.ones_like(state) for state in states]
        self.dense += self._operations(self._weights.ones(), torch.ones_like(inputs), states)

    def _operations(self, weights: _Binary, inputs: Tensor, states: list[Tensor]) -> int:
        from_inputs = inputs @ weights.weight_ih.T
        from_state = states[0] @ weights.weight_hh.T
        total = int((from_inputs + from_state).sum())
        if isinstance(self.cell, nn.LSTMCell):
            total += _lstm_products(from_inputs + from_state, weights, states[1])
        if isinstance(self.cell, nn.GRUCell):
            total += _gru_products(from_inputs + from_state, from_state, weights, states[0])
        return total


def _lstm_products(sums: Tensor, weights: _Binary, cell_state: Tensor) -> int:
    gates = (sums + weights.bias_ih + weights.bias_hh != 0).double()
    i, f, g, o = gates.chunk(4, dim=1)
    c = f * cell_state + i * g
    return int(c.sum() + (o * (c != 0)).sum())


def _gru_products(sums: Tensor, from_state: Tensor, weights: _Binary, state: Tensor) -> int:
    biased = sums + weights.bias_ih + weights.bias_hh
    r, z, _ = biased.chunk(3, dim=1)
    bias_hn = weights.bias_hh.chunk(3)[2]
    bias_in = weights.bias_ih[2]  # NeuroBench's bias of all candidates is that of one gate
    from_state_n = from_state.chunk(3, dim=1)[2]
    m = ((r != 0) & (from_state_n + bias_hn != 0)).double()
    n = from_state_n + bias_in + m != 0
    kept, renewed = (z != 0) & (state != 0), (1 - z != 0) & n
    return int(m.sum() + kept.sum() + renewed.sum())
