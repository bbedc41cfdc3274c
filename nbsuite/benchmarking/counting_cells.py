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

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nbsuite.benchmarking.counting_synapses import unhooked_copy

CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)
_EXACT_IN_FLOAT32 = 1 << 24


def cell_counter(cell: nn.RNNCellBase) -> nn.RNNCellBase:
    """Stands in for a cell in NeuroBench's arithmetic, in a precision in which sums are exact."""
    counter = unhooked_copy(cell).cpu()
    counter = counter.float() if calls_at_once(cell) else counter.double()

    def copied(_: Any) -> nn.RNNCellBase:
        """What NeuroBench copies to set other weights: its parameters can stay what they are."""
        twin = copy.copy(counter)
        twin._parameters = dict(counter._parameters)
        return twin

    counter.__dict__["__deepcopy__"] = copied
    return counter


def calls_at_once(cell: nn.RNNCellBase) -> int:
    """How many calls NeuroBench may count at once in float32; 0 where one is too many.

    They are also few enough to stay in the processor's caches.
    """
    most = cell.weight_ih.numel() + cell.weight_hh.numel() + 4 * len(cell.weight_hh)
    return _EXACT_IN_FLOAT32 // most


@dataclass(frozen=True)
class _Binary:
    """Weights and biases of 0 and 1 in float64, (gates x units, ...).

    Attributes:
        biased: whether no bias is zero, so that no gate is.
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor
    bias_hh: Tensor
    biased: bool

    @classmethod
    def of(cls, cell: nn.RNNCellBase) -> _Binary:
        """Those of a cell."""
        weights = (cell.weight_ih, cell.weight_hh)
        zeros = torch.zeros(len(cell.weight_ih))
        biases = (cell.bias_ih, cell.bias_hh) if cell.bias else (zeros, zeros)
        values = [(each.detach().cpu() != 0).double() for each in (*weights, *biases)]
        weight_ih, weight_hh, bias_ih, bias_hh = values
        biased = bool(bias_ih.all()) and bool(bias_hh.all())
        return cls(weight_ih, weight_hh, bias_ih, bias_hh, biased)


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
        inputs, *states = (each.reshape(-1, each.shape[-1]) != 0 for each in group)
        operations = self._operations(inputs, states)
        if spiking:
            self.acs += operations
        else:
            self.macs += operations
        self.dense += self._dense(states)

    def _dense(self, states: list[Tensor]) -> int:
        """Operations of calls without zeros, but for those of an LSTM's states."""
        calls, units = states[0].shape
        products = calls * (self.cell.weight_ih.numel() + self.cell.weight_hh.numel())
        if isinstance(self.cell, nn.LSTMCell):
            products -= 4 * units * int(torch.count_nonzero(~states[0]))
            return products + 2 * calls * units + int(torch.count_nonzero(states[1]))
        return products + 3 * calls * units * isinstance(self.cell, nn.GRUCell)

    def _operations(self, inputs: Tensor, states: list[Tensor]) -> int:
        """Operations of calls, whose inputs and states are given by whether they are not zero."""
        weights = self._weights
        products = (weights.weight_ih.sum(0) * torch.count_nonzero(inputs, dim=0)).sum()
        products += (weights.weight_hh.sum(0) * torch.count_nonzero(states[0], dim=0)).sum()
        if isinstance(self.cell, nn.RNNCell):
            return int(products)
        if weights.biased:  # no gate is zero, nor is what they let through
            kept = int(torch.count_nonzero(states[-1]))
            return int(products) + 2 * states[0].numel() + kept
        from_state = states[0].double() @ weights.weight_hh.T
        sums = inputs.double() @ weights.weight_ih.T + from_state
        if isinstance(self.cell, nn.LSTMCell):
            return int(products) + _lstm_products(sums, weights, states[1])
        return int(products) + _gru_products(sums, from_state, weights, states[0])


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
    kept, renewed = (z != 0) & state, (1 - z != 0) & n
    return int(m.sum() + kept.sum() + renewed.sum())
