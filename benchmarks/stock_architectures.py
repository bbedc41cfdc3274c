"""Any of our architectures as snnTorch's users would write it: a loop of layers over time.

Layers of the cell ``lif`` are snnTorch's own; snnTorch has none whose threshold adapts, so that one
is written out. In the notation of ``nbsuite.neurons.cells.lif``, spikes come out three steps early
and wait in a line, as ``nbsuite.conversions.stock_decoder`` explains.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import snntorch as snn
import torch
from snntorch import surrogate
from torch import Tensor, nn
from torch.nn.functional import dropout

from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.spec import INITIAL_READOUT
from nbsuite.neurons.layers import LeakyReadout, SpikingLayer

HIDDEN_DELAY = 3
READOUT_DELAY = 5
SPIKE = surrogate.fast_sigmoid(slope=20)


class StockLayer(nn.Module):
    """A hidden layer of stock snnTorch neurons."""

    def __init__(self, source: nn.Linear, layer: SpikingLayer) -> None:
        super().__init__()
        gain = 1 - layer.beta.detach()
        self.source = nn.Linear(source.in_features, source.out_features, bias=False)
        self.source.weight.data = gain[:, None] * source.weight.detach()
        options = _decays(layer) | {"reset_mechanism": "zero"}
        if layer.recurrent is None:
            self.neurons: nn.Module = snn.Synaptic(**options, spike_grad=SPIKE)
        else:
            size = source.out_features
            self.neurons = snn.RSynaptic(linear_features=size, **options, spike_grad=SPIKE)
            self.neurons.recurrent.bias = None
            self.neurons.recurrent.weight.data = gain[:, None] * layer.recurrent.weight.detach()

    def start(self, zeros: Tensor) -> tuple[Tensor, ...]:
        """State at rest."""
        return zeros, zeros

    def step(
        self, current: Tensor, before: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Spikes of a step, and the state after it."""
        sent = (before,) if isinstance(self.neurons, snn.RSynaptic) else ()
        fired, *state_after = self.neurons(current, *sent, *state)
        return fired, tuple(state_after)


class AdaptiveLayer(StockLayer):
    """A hidden layer whose thresholds adapt, written out."""

    def __init__(self, source: nn.Linear, layer: SpikingLayer) -> None:
        super().__init__(source, layer)
        self.rho = nn.Parameter(layer.rho.detach().clone())
        self.strength = nn.Parameter(layer.strength.detach().clone())

    def start(self, zeros: Tensor) -> tuple[Tensor, ...]:
        """State at rest: synapse, membrane, spikes, adaptation."""
        return zeros, zeros, zeros, zeros

    def step(
        self, current: Tensor, before: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Spikes of a step, and the state after it."""
        synapse, membrane, fired, adaptation = state
        if isinstance(self.neurons, snn.RSynaptic):
            current = current + self.neurons.recurrent(before)
        synapse = self.neurons.alpha * synapse + current
        membrane = (self.neurons.beta * membrane + synapse) * (1 - fired.detach())
        fired = SPIKE(membrane - (1 + self.strength * adaptation))
        adaptation = self.rho * adaptation + (1 - self.rho) * fired
        return fired, (synapse, membrane, fired, adaptation)


class StockNetwork(nn.Module):
    """The network of a decoder, to be run and trained in a loop over time.

    Args:
        decoder: the decoder of the cell ``lif`` or ``adaptive`` whose weights it gets.
    """

    def __init__(self, decoder: RecurrentDecoder) -> None:
        super().__init__()
        make = AdaptiveLayer if decoder.cell.adapts else StockLayer
        self.hidden = nn.ModuleList(make(*pair) for pair in decoder.layers())
        self.output, self.readout = nn.ModuleList(), nn.ModuleList()
        for connection, readout in decoder.heads():
            output = nn.Linear(connection.in_features, connection.out_features, bias=False)
            gain = 1 - readout.beta.detach()
            output.weight.data = gain[:, None] * connection.weight.detach()
            self.output.append(output)
            self.readout.append(snn.Synaptic(**_decays(readout), reset_mechanism="none"))

    def decode(self, spikes: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        """Decode windows with dropout.

        Args:
            spikes: (steps, batch, channels) float32.
            rate: dropout of input and hidden spikes.

        Returns:
            Outputs (steps, batch, outputs), and counts (batch, neurons of all layers).
        """
        # A product over all steps at once, as a person who knows torch would write it.
        current = self.hidden[0].source(dropout(spikes, rate, self.training))
        zeros = torch.zeros_like(current[0])
        states = [layer.start(zeros) for layer in self.hidden]
        lines = [deque([zeros] * READOUT_DELAY, maxlen=READOUT_DELAY) for _ in self.hidden]
        start = zeros.new_zeros(len(zeros), self.output[0].out_features)
        for readout in self.readout:
            readout.syn, readout.mem = start, start + INITIAL_READOUT
        outputs, emitted = [], []
        for step_current in current.unbind():
            arriving, fired_now = step_current, []
            for index, layer in enumerate(self.hidden):
                if index:
                    arriving = layer.source(lines[index - 1][-HIDDEN_DELAY - 1])
                before = lines[index][-HIDDEN_DELAY]
                fired, states[index] = layer.step(arriving, before, states[index])
                fired_now.append(fired)
                if index + 1 == len(self.hidden):
                    heads = [
                        readout(output(lines[index][-READOUT_DELAY]))[-1]
                        for output, readout in zip(self.output, self.readout, strict=True)
                    ]
                lines[index].append(dropout(fired, rate, self.training))
            outputs.append(torch.stack(heads).mean(0))
            emitted.append(torch.cat(fired_now, dim=1))
        return torch.stack(outputs), torch.stack(emitted).sum(0)


def _decays(layer: SpikingLayer | LeakyReadout) -> dict[str, Any]:
    """The learnable decays of a layer as snnTorch takes them."""
    decays = {"alpha": layer.alpha.detach().clone(), "beta": layer.beta.detach().clone()}
    return {**decays, "learn_alpha": True, "learn_beta": True}
