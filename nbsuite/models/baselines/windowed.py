"""ANN2D, ANN3D and SNN3: functions of the last 50 samples (200 ms).

They see them through a buffer that begins as one row of zeros and grows with each sample until it
is full.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, layer_norm, relu

from nbsuite.models.baselines.leaky import Leaky
from nbsuite.models.baselines.sizes import PARTED, SINGLE, UNITS
from nbsuite.models.baselines.spec import Baseline, BaselineSpec
from nbsuite.models.baselines.stock import StockDense, StockSNN3
from nbsuite.models.buffered import BufferedNetwork
from nbsuite.models.decoder import DecodedChunk, apply
from nbsuite.models.spec import OUTPUTS
from nbsuite.models.stepwise import State, StepwiseNetwork
from nbsuite.models.window import Window, slide


class Response(NamedTuple):
    """What a decoder makes of windows: outputs, and what its layers saw; see ``DecodedChunk``."""

    outputs: Tensor
    inputs: tuple[Tensor, ...]
    activations: tuple[Tensor, ...]


class WindowBaseline(Baseline):
    """A decoder that is a function of the last 50 samples.

    Attributes:
        window: how it sums them.
        waits: whether it decodes zeros until the buffer is full.
    """

    window: ClassVar[Window] = PARTED
    waits: ClassVar[bool] = False
    data_buffer: Tensor

    def __init__(self, spec: BaselineSpec) -> None:
        super().__init__(spec)
        self.register_buffer("data_buffer", torch.zeros(1, spec.channels), persistent=False)

    @torch.no_grad()
    def decode(
        self, spikes: Tensor, state: State = None, *, kernel: str | None = None
    ) -> DecodedChunk:
        """Decode a chunk of time; see ``Decoder``. The state is the buffer."""
        del kernel  # all steps are computed at once
        spikes = self.check_input(spikes)
        buffer = self.data_buffer.to(torch.int8) if state is None else state
        slid = slide(self.window, buffer, spikes)
        outputs = torch.zeros(len(spikes), OUTPUTS)
        decoded = slid.slides if self.waits else torch.ones_like(slid.slides)
        response = self.respond(slid.counts[decoded])
        outputs[decoded.cpu()] = response.outputs.float().cpu()
        return DecodedChunk(outputs, response.inputs, response.activations, None, slid.buffer)

    @abstractmethod
    def respond(self, counts: Tensor) -> Response:
        """Decode each of the windows (windows, parts, channels)."""


class _Dense(WindowBaseline):
    """Two layers of rectified units, each followed by batch normalisation, and a linear readout."""

    activation_layers = ("activation", "activation")

    def __init__(self, spec: BaselineSpec) -> None:
        super().__init__(spec)
        self.fc1 = nn.Linear(self.window.parts * spec.channels, UNITS[0])
        self.fc2 = nn.Linear(*UNITS)
        self.fc3 = nn.Linear(UNITS[1], OUTPUTS)
        self.batchnorm1 = nn.BatchNorm1d(UNITS[0])
        self.batchnorm2 = nn.BatchNorm1d(UNITS[1])

    def respond(self, counts: Tensor) -> Response:
        """Decode windows; a window's inputs are its channels' parts, one channel after another."""
        inputs = counts.transpose(1, 2).flatten(start_dim=1)
        first = relu(apply(self.fc1, inputs))
        normed = _normalise(self.batchnorm1, first)
        second = relu(apply(self.fc2, normed))
        last = _normalise(self.batchnorm2, second)
        return Response(apply(self.fc3, last), (inputs, normed, last), (first, second))

    def stepwise(self) -> StepwiseNetwork:
        """The same decoder of stock layers."""
        parted = self.window.parts > 1
        return BufferedNetwork(self, StockDense(self.spec.channels, parted=parted))


class ANN2D(_Dense):
    """A dense network on the sum of the last 50 samples; it decodes zeros until there are 50.

    >>> ANN2D(BaselineSpec("ANN2D", channels=96)).decode(torch.zeros(250, 96)).outputs.shape
    torch.Size([250, 2])
    """

    window = SINGLE
    waits = True


class ANN3D(_Dense):
    """A dense network on 7 sums over 7 samples each.

    >>> ANN3D(BaselineSpec("ANN3D", channels=96)).decode(torch.zeros(250, 96)).outputs.shape
    torch.Size([250, 2])
    """


class SNN3(WindowBaseline):
    """Three layers of leaky neurons that run 7 inner steps, from rest, on 7 normalised sums.

    >>> SNN3(BaselineSpec("SNN3", channels=96)).decode(torch.zeros(250, 96)).outputs.shape
    torch.Size([250, 2])
    """

    activation_layers = ("lif1", "lif2", "lif3")

    def __init__(self, spec: BaselineSpec) -> None:
        super().__init__(spec)
        self.fc1 = nn.Linear(spec.channels, UNITS[0])
        self.fc2 = nn.Linear(*UNITS)
        self.fc3 = nn.Linear(UNITS[1], OUTPUTS)
        self.norm_layer = nn.LayerNorm([self.window.parts, spec.channels])
        self.lif1 = Leaky(0.5, 0.5, "subtract", learnable=True)
        self.lif2 = Leaky(0.5, 0.5, "subtract", learnable=True)
        self.lif3 = Leaky(0.5, 0.5, "none", learnable=True)
        self.v_x = nn.Parameter(torch.ones(1))
        self.v_y = nn.Parameter(torch.ones(1))

    def respond(self, counts: Tensor) -> Response:
        """Decode windows, all of them in each inner step."""
        norm = self.norm_layer
        inputs = layer_norm(
            counts.double(), counts.shape[1:], norm.weight.double(), norm.bias.double(), norm.eps
        )
        layers = ((self.fc1, self.lif1), (self.fc2, self.lif2), (self.fc3, self.lif3))
        membranes = [inputs.new_zeros(len(inputs), fc.out_features) for fc, _ in layers]
        emitted: list[list[Tensor]] = [[], [], []]
        for signal in inputs.unbind(dim=1):
            for layer, (connection, neurons) in enumerate(layers):
                current = apply(connection, signal)
                membranes[layer], spikes = neurons.step(membranes[layer], current)
                emitted[layer].append(spikes.to(torch.int8))
                signal = emitted[layer][-1]
        activations = tuple(torch.cat(spikes) for spikes in emitted)
        scale = torch.cat([self.v_x, self.v_y]).double()
        calls = inputs.transpose(0, 1).flatten(end_dim=1)
        return Response(scale * membranes[-1], (calls, *activations[:2]), activations)

    def stepwise(self) -> StepwiseNetwork:
        """The same decoder of stock layers."""
        return BufferedNetwork(self, StockSNN3(self.spec.channels))


def _normalise(layer: nn.BatchNorm1d, inputs: Tensor) -> Tensor:
    """Batch normalisation by the stored moments, in float64."""
    stored = (layer.running_mean, layer.running_var, layer.weight, layer.bias)
    mean, variance, weight, bias = (cast("Tensor", each).double() for each in stored)
    return batch_norm(inputs, mean, variance, weight, bias, eps=layer.eps)
