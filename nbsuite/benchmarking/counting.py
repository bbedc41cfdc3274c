"""What NeuroBench's hooks record of a decoder's connections and neurons, and the check on it.

NeuroBench counts synaptic operations by passing the recorded input of each connection through a
copy of the connection with every non-zero weight set to 1, and summing what comes out. Sums in
float16 overflow and sums in float32 err past 2^24, so the copy is made of a stand-in that counts
exactly.

Operations are accumulations (ACs) where all inputs of a call are 0, 1 or -1, and multiplications
with accumulation (MACs) otherwise. So that this holds for calls that are presented together, those
of the one sort are presented apart from those of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from neurobench.hooks.layer import LayerHook
from neurobench.hooks.neuron import NeuronHook
from torch import Tensor, nn

from nbsuite.errors import BenchmarkError
from nbsuite.models.decoder import LayerInputs


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


class OperationTally(Protocol):
    """What the operations of a layer are held against, counted in integers."""

    @property
    def acs(self) -> int:
        """Accumulations."""

    @property
    def macs(self) -> int:
        """Multiplications with accumulation."""

    @property
    def dense(self) -> int:
        """Operations if no input and no weight were zero."""


@dataclass
class ConnectionTally:
    """The events that connections of one source were shown, counted in integers.

    Attributes:
        fan_out: (fan-in,) number of non-zero weights that leave each input.
        weights: number of all weights.
        calls: number of calls.
        accumulated: (fan-in,) non-zero inputs in calls that count as ACs.
        multiplied: (fan-in,) non-zero inputs in calls that count as MACs.
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

    def add(self, spikes: Tensor, values: Tensor) -> None:
        """Count calls (calls, fan-in), those that are spikes and those that are not."""
        self.calls += len(spikes) + len(values)
        self.accumulated = self.accumulated + _events(spikes)
        self.multiplied = self.multiplied + _events(values)

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
class ActivationTally:
    """What neurons emitted: how many values, and how many of them were not zero."""

    values: int = 0
    non_zero: int = 0

    def add(self, outputs: Tensor) -> None:
        """Count outputs of any shape."""
        self.values += outputs.numel()
        self.non_zero += int(torch.count_nonzero(outputs))


class ConnectionRecord(LayerHook):  # type: ignore[misc]
    """Inputs of one connection, recorded from its calls as NeuroBench does."""

    def __init__(self, connection: nn.Linear) -> None:
        super().__init__(None)
        self.layer = SynapseCounter([connection])
        self.tally = ConnectionTally.of([connection])
        self._connection = connection
        self.register_hook()

    def register_hook(self) -> None:
        """Called by NeuroBench after each count, and once at the start."""
        self.hook = self._connection.register_forward_pre_hook(self.hook_fn)

    def hook_fn(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Called before the connection is."""
        super().hook_fn(module, inputs)
        self.tally.add(*_apart(inputs[0].detach().cpu()))


class SourceRecord(LayerHook):  # type: ignore[misc]
    """Inputs from one source, handed over by :meth:`present` for all connections that leave it."""

    def __init__(self, connections: Sequence[nn.Linear]) -> None:
        super().__init__(SynapseCounter(connections))
        self.tally = ConnectionTally.of(connections)

    def present(self, inputs: LayerInputs) -> None:
        """Record calls (calls, fan-in) as if the connections had been called with them."""
        assert isinstance(inputs, Tensor)  # noqa: S101 - a connection takes nothing else
        spikes, values = _apart(inputs.cpu())
        self.tally.add(spikes, values)
        for calls in (spikes, values):
            if len(calls):
                # NeuroBench's masks take longest of all, and of all dtypes least on int16.
                self.hook_fn(self.layer, (calls.to(torch.int16),))


class SpikeRecord(NeuronHook):  # type: ignore[misc]
    """Outputs of one layer of neurons, handed over by :meth:`present`."""

    def __init__(self, name: str) -> None:
        super().__init__(None, name)
        self.tally = ActivationTally()

    def present(self, outputs: Tensor) -> None:
        """Record outputs (calls, neurons) as if the layer had returned them."""
        if len(outputs):  # a layer that is not called leaves no record
            self.activation_outputs.append(outputs)
            self.tally.add(outputs)


class NeuronRecord(NeuronHook):  # type: ignore[misc]
    """Outputs of one layer of neurons, recorded from its calls as NeuroBench does."""

    def __init__(self, layer: nn.Module, name: str) -> None:
        super().__init__(layer, name)
        self.tally = ActivationTally()

    def hook_fn(self, layer: nn.Module, inputs: Any, output: Any) -> None:
        """Called after the layer is."""
        super().hook_fn(layer, inputs, output)
        self.tally.add(self.activation_outputs[-1])


class Records(NamedTuple):
    """How the operations of a type of layer are recorded, with a ``tally`` of each record.

    Attributes:
        of_calls: makes the record of a layer that is called.
        of_source: makes the record of layers of one source, whose inputs are handed over.
    """

    of_calls: Callable[[Any], LayerHook]
    of_source: Callable[[Sequence[Any]], LayerHook]


RECORDS: dict[type[nn.Module], Records] = {
    nn.Linear: Records(ConnectionRecord, SourceRecord),
}


def records_of(layer: nn.Module) -> Records:
    """How the operations of a layer are recorded, which its type decides.

    Raises:
        BenchmarkError: they cannot be counted.
    """
    for kind in type(layer).__mro__:
        if kind in RECORDS:
            return RECORDS[kind]
    raise BenchmarkError(
        f"The operations of a layer {type(layer).__name__} cannot be counted; counted are those of "
        f"{', '.join(kind.__name__ for kind in RECORDS)}."
    )


def _apart(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Calls of which all inputs are 0, 1 or -1, and the others, of which no value matters.

    Returns:
        The former as they are; of the latter, 2 in place of each input that is not zero.
    """
    calls = inputs.reshape(-1, inputs.shape[-1])
    if calls.dtype == torch.int8:
        return calls, calls[:0]
    plain = ((calls == 0) | (calls.abs() == 1)).all(dim=1)
    return calls[plain].to(torch.int8), 2 * (calls[~plain] != 0).to(torch.int8)


def _events(calls: Tensor) -> Tensor:
    """(fan-in,) int64, non-zero entries of calls (calls, fan-in)."""
    return (calls != 0).sum(dim=0, dtype=torch.int32).long()
