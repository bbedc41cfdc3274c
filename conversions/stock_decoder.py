"""A recurrent spiking decoder of finger velocity in stock snnTorch layers.

This file needs torch, snntorch and safetensors only. Use it with the weights beside it:

    decoder = StockDecoder.load("weights.safetensors")
    velocity = decoder(spikes)      # (steps, batch, channels) to (steps, batch, 2)

One step is 4 ms; spikes are 0 or 1, velocity is in mm per step.

The original's equations for a hidden neuron and a readout unit are, all values on the right from
before the step,

    s = [m > 1]    m' = (beta m + (1 - beta) c) (1 - s)    c' = alpha c + i    i' = W x + V s
                   o' = beta o + (1 - beta) y              y' = alpha y + j    j' = U s

snnTorch has no factor (1 - beta) and no delays: a current acts on the membrane in the step in
which it arrives. So the factor is folded into the rows of W, V and U, the recurrent bias is zero,
and hidden spikes come out 3 steps early. They wait in a line: the recurrent connection takes the
spikes of 3 calls ago, the readout those of 5 calls ago, and the output is the original's step by
step. (A readout fed with the spikes of 3 calls ago would shift the output by 2 steps, fed with
new ones by 5: the same velocities 8 or 20 ms earlier than the decoder was trained for.)

Keep the dtype at float32 or float64: snnTorch's spikes are float32, which half precision refuses.
"""

from __future__ import annotations

from collections import deque
from os import PathLike

import snntorch as snn
import torch
from safetensors.torch import load_file
from snntorch import surrogate
from torch import Tensor, nn

INITIAL_READOUT = -0.01
RECURRENT_DELAY = 3
READOUT_DELAY = 5


class StockDecoder(nn.Module):
    """Input spikes, a layer of ``snn.RSynaptic``, and the mean of ``snn.Synaptic`` readouts.

    Args:
        channels: number of input channels.
        neurons: number of hidden neurons.
        heads: number of readouts.
        outputs: number of units of each; of a velocity x and y.
    """

    def __init__(self, channels: int, neurons: int, heads: int, outputs: int = 2) -> None:
        super().__init__()
        self.outputs = outputs
        self.input = nn.Linear(channels, neurons, bias=False)
        self.hidden = snn.RSynaptic(
            alpha=torch.zeros(neurons),
            beta=torch.zeros(neurons),
            linear_features=neurons,
            learn_alpha=True,
            learn_beta=True,
            spike_grad=surrogate.fast_sigmoid(slope=20),
            reset_mechanism="zero",
        )
        nn.init.zeros_(self.hidden.recurrent.bias)
        self.output = nn.ModuleList(nn.Linear(neurons, outputs, bias=False) for _ in range(heads))
        self.readout = nn.ModuleList(
            snn.Synaptic(
                alpha=torch.zeros(outputs),
                beta=torch.zeros(outputs),
                learn_alpha=True,
                learn_beta=True,
                reset_mechanism="none",
            )
            for _ in range(heads)
        )

    @classmethod
    def load(cls, path: str | PathLike[str]) -> StockDecoder:
        """The decoder whose weights are in a safetensors file, in evaluation mode."""
        tensors = load_file(path)
        neurons, channels = tensors["input.weight"].shape
        heads = sum(name.startswith("output.") for name in tensors)
        outputs = len(tensors["output.0.weight"])
        decoder = cls(channels, neurons, heads, outputs).to(tensors["input.weight"].dtype)
        decoder.load_state_dict(tensors)
        return decoder.eval()

    def forward(self, spikes: Tensor) -> Tensor:
        """Decode a recording from its start.

        Args:
            spikes: (steps, batch, channels) of 0 and 1, or counts.

        Returns:
            What is decoded, such as a velocity: (steps, batch, outputs).
        """
        current = self.input(spikes.to(self.input.weight.dtype))
        zeros = torch.zeros_like(current[0])
        hidden = (zeros, zeros)
        # Readouts keep their state themselves: snnTorch 0.9 takes a `syn` passed to it for `mem`.
        for readout in self.readout:
            start = zeros.new_zeros(len(zeros), self.outputs)
            readout.syn, readout.mem = start, start + INITIAL_READOUT
        delayed = deque([zeros] * READOUT_DELAY, maxlen=READOUT_DELAY)
        velocity = []
        for step_current in current:
            fired, *hidden = self.hidden(step_current, delayed[-RECURRENT_DELAY], *hidden)
            heads = [
                readout(output(delayed[-READOUT_DELAY]))[-1]
                for output, readout in zip(self.output, self.readout, strict=True)
            ]
            velocity.append(torch.stack(heads).mean(0))
            delayed.append(fired.to(zeros.dtype))
        return torch.stack(velocity)
