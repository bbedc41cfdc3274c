"""Synaptic operations of layers without state, ``nn.Linear`` and convolutions, counted exactly.

Both are linear in their inputs, so that with all non-zero weights set to 1 a call takes

    operations = sum over inputs j of [x_j != 0] fan_out_j

fan_out_j being the number of non-zero weights that input j meets: the column sums of a matrix, and
for a convolution the gradient of the sum of its outputs by its inputs.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

Convolution: TypeAlias = nn.Conv1d | nn.Conv2d | nn.Conv3d
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
Layer = TypeVar("Layer", bound=nn.Module)


class SynapseCounter(nn.Linear):
    """Stands in for connections in NeuroBench's arithmetic: all those of one source, side by side.

    Returns the operations of each call, summed over the outputs: the non-zero inputs times the
    number of weights they meet. Given inputs and weights of 0 and 1, that is at most the size of
    the matrix, which float32 holds exactly up to 4096 x 4096; float64 then holds every sum over
    calls exactly.

    Args:
        connections: connections with the same fan-in.
    """

    def __init__(self, connections: Sequence[nn.Linear]) -> None:
        nn.Module.__init__(self)
        weight = torch.cat([connection.weight.detach() for connection in connections])
        self.out_features, self.in_features = weight.shape
        self.weight = nn.Parameter(weight.cpu(), requires_grad=False)
        self.register_parameter("bias", None)

    def forward(self, inputs: Tensor) -> Tensor:
        """Operations (...) in float64 of calls (..., fan-in)."""
        fan_out = self.weight.sum(dim=0, dtype=torch.float32)
        return (inputs.float() @ fan_out).double()


class ConvolutionCounter(nn.Linear):
    """Stands in for a convolution in NeuroBench's arithmetic; see ``SynapseCounter``.

    NeuroBench takes it for a layer without state, whose weight it sets to 0 and 1.
    """

    def __init__(self, convolution: Convolution) -> None:
        nn.Module.__init__(self)
        self._convolution = unhooked_copy(convolution).cpu().double()
        self._convolution.register_parameter("bias", None)
        self.weight = nn.Parameter(self._convolution.weight.detach(), requires_grad=False)
        self.register_parameter("bias", None)

    def forward(self, inputs: Tensor) -> Tensor:
        """Operations (calls,) in float64 of calls (..., channels, positions...)."""
        shape = inputs.shape[1 - self.weight.ndim :]
        calls = inputs.reshape(-1, *shape).double() * self.fan_out(shape)
        return calls.flatten(start_dim=1).sum(dim=1)

    def fan_out(self, shape: Sequence[int]) -> Tensor:
        """Sum of the weights that each input of a call (channels, positions...) meets."""
        with torch.enable_grad():
            inputs = torch.zeros(1, *shape, dtype=torch.float64, requires_grad=True)
            outputs = functional_call(self._convolution, {"weight": self.weight}, (inputs,))
            (gradient,) = torch.autograd.grad(outputs.sum(), inputs)
        return gradient[0]


def unhooked_copy(layer: Layer) -> Layer:
    """A copy of a layer without its hooks, which may hold on to whatever they record."""
    bare = copy.copy(layer)
    bare._forward_hooks, bare._forward_pre_hooks = OrderedDict(), OrderedDict()
    return copy.deepcopy(bare)


@dataclass
class ConnectionTally:
    """The events that connections of one source were shown, counted in integers.

    Attributes:
        fan_out: (fan-in...) number of non-zero weights that leave each input.
        weights: number of all weights, as often as they are used in a call.
        calls: number of calls.
        accumulated: (fan-in...) non-zero inputs in calls that count as ACs.
        multiplied: (fan-in...) non-zero inputs in calls that count as MACs.
    """

    fan_out: Tensor
    weights: int
    calls: int = 0
    accumulated: Tensor | int = 0
    multiplied: Tensor | int = 0

    @classmethod
    def of(cls, connections: Sequence[nn.Linear]) -> ConnectionTally:
        """An empty tally of connections with the same fan-in."""
        fan_out = sum(torch.count_nonzero(each.weight, dim=0).cpu() for each in connections)
        return cls(torch.as_tensor(fan_out), sum(each.weight.numel() for each in connections))

    def add(self, group: tuple[Tensor, ...], *, spiking: bool) -> None:
        """Count calls (..., fan-in...), which are all spikes or all not."""
        inputs = group[0].reshape(-1, *self.fan_out.shape)
        self.calls += len(inputs)
        events = (inputs != 0).sum(dim=0, dtype=torch.int32).long()
        if spiking:
            self.accumulated = self.accumulated + events
        else:
            self.multiplied = self.multiplied + events

    @property
    def acs(self) -> int:
        """Accumulations: events times non-zero fan-out."""
        return int((self.fan_out * self.accumulated).sum())

    @property
    def macs(self) -> int:
        """Multiplications with accumulation: events times non-zero fan-out."""
        return int((self.fan_out * self.multiplied).sum())

    @property
    def dense(self) -> int:
        """Operations if no input and no weight were zero."""
        return self.calls * self.weights


@dataclass
class ConvolutionTally:
    """The events that a convolution was shown, a tally for each shape of its inputs."""

    convolution: Convolution
    _tallies: dict[tuple[int, ...], ConnectionTally] = field(default_factory=dict)

    def add(self, group: tuple[Tensor, ...], *, spiking: bool) -> None:
        """Count calls (..., channels, positions...), which are all spikes or all not."""
        shape = tuple(group[0].shape[1 - self.convolution.weight.ndim :])
        if shape not in self._tallies:
            self._tallies[shape] = self._empty(shape)
        self._tallies[shape].add(group, spiking=spiking)

    def _empty(self, shape: tuple[int, ...]) -> ConnectionTally:
        counter = ConvolutionCounter(self.convolution)
        fan_outs = []
        for weight in ((counter.weight != 0).double(), torch.ones_like(counter.weight)):
            counter.weight.data = weight
            fan_outs.append(counter.fan_out(shape).round().long())
        return ConnectionTally(fan_outs[0], int(fan_outs[1].sum()))

    @property
    def acs(self) -> int:
        """Accumulations."""
        return sum(each.acs for each in self._tallies.values())

    @property
    def macs(self) -> int:
        """Multiplications with accumulation."""
        return sum(each.macs for each in self._tallies.values())

    @property
    def dense(self) -> int:
        """Operations if no input and no weight were zero; padding is none."""
        return sum(each.dense for each in self._tallies.values())
