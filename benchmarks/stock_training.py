"""The decoder to be trained as its users would write it: a plain loop of stock snnTorch layers.

It is the network of ``nbsuite.conversions.stock_decoder`` (the same equations), with dropout and
with the spike counts that the regularisers need, differentiated by torch.
"""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor
from torch.nn.functional import dropout

from nbsuite.conversions.stock import to_stock
from nbsuite.conversions.stock_decoder import (
    INITIAL_READOUT,
    READOUT_DELAY,
    RECURRENT_DELAY,
    StockDecoder,
)
from nbsuite.models.rsnn import RecurrentDecoder


class StockTraining(StockDecoder):
    """Stock snnTorch layers in a loop over time, to be trained."""

    @classmethod
    def of(cls, decoder: RecurrentDecoder) -> StockTraining:
        """The same network as ``decoder``."""
        spec = decoder.spec
        made = cls(spec.channels, spec.neurons, len(spec.readouts), spec.outputs)
        made.load_state_dict(to_stock(decoder).state_dict())
        made.hidden.recurrent.bias = None  # the network has none
        return made.train()

    def decode(self, spikes: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        """Decode windows with dropout.

        Args:
            spikes: (steps, batch, channels) float32.
            rate: dropout of input and hidden spikes.

        Returns:
            Outputs (steps, batch, outputs), and counts of hidden spikes (batch, neurons).
        """
        current = self.input(dropout(spikes, rate))
        zeros = torch.zeros_like(current[0])
        hidden = (zeros, zeros)
        start = zeros.new_zeros(len(zeros), self.outputs)
        for readout in self.readout:
            readout.syn, readout.mem = start, start + INITIAL_READOUT
        delayed = deque([zeros] * READOUT_DELAY, maxlen=READOUT_DELAY)
        velocity, emitted = [], []
        for step_current in current.unbind():
            fired, *hidden = self.hidden(step_current, delayed[-RECURRENT_DELAY], *hidden)
            heads = [
                readout(output(delayed[-READOUT_DELAY]))[-1]
                for output, readout in zip(self.output, self.readout, strict=True)
            ]
            velocity.append(torch.stack(heads).mean(0))
            emitted.append(fired)
            delayed.append(dropout(fired, rate))
        return torch.stack(velocity), torch.stack(emitted).sum(0)
