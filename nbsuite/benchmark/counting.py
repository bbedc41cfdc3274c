"""What NeuroBench's hooks record of a decoder's connections and spikes.

NeuroBench counts synaptic operations by passing the recorded input of each connection through a
copy of the connection with every non-zero weight set to 1, and summing what comes out. Sums in
float16 overflow and sums in float32 err past 2^24, so the copy is made of a stand-in that counts
exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from neurobench.hooks.layer import LayerHook
from neurobench.hooks.neuron import NeuronHook
from torch import Tensor, nn

from nbsuite.neurons.connection import Connection


class SynapseCounter(nn.Linear):
    """Stands in for connections in NeuroBench's arithmetic: all those of one source, side by side.

    Returns the operations of each step, summed over the outputs: the spikes times the number of
    weights they meet. Given spikes and weights of 0 and 1, that is at most the size of the
    matrix, which float32 holds exactly up to 4096 x 4096; float64 then holds every sum over
    steps exactly.

    Args:
        connections: connections with the same fan-in.
    """

    def __init__(self, connections: Sequence[nn.Linear]) -> None:
        nn.Module.__init__(self)
        weight = torch.cat([connection.weight.detach() for connection in connections])
        self.out_features, self.in_features = weight.shape
        self.weight = nn.Parameter(weight.cpu(), requires_grad=False)
        self.register_parameter("bias", None)

    def forward(self, spikes: Tensor) -> Tensor:
        """Operations (...) in float64 of steps (..., fan-in)."""
        fan_out = self.weight.sum(dim=0, dtype=torch.float32)
        return (spikes.float() @ fan_out).double()


class ConnectionRecord(LayerHook):  # type: ignore[misc]
    """Inputs of one connection, recorded from its calls as NeuroBench does."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(None)
        self.layer = SynapseCounter([connection])
        self._connection = connection
        self.register_hook()

    def register_hook(self) -> None:
        """Called by NeuroBench after each count, and once at the start."""
        self.hook = self._connection.register_forward_pre_hook(self.hook_fn)


class SourceRecord(LayerHook):  # type: ignore[misc]
    """Spikes of one source, handed over by :meth:`present` for all connections that leave it."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        super().__init__(SynapseCounter(connections))

    def present(self, spikes: Tensor) -> None:
        """Record ``spikes`` (steps, fan-in) as if the connections had been called with them."""
        # NeuroBench's masks take longest of all, and of all dtypes least on int16.
        self.hook_fn(self.layer, (spikes.to(torch.int16),))


class SpikeRecord(NeuronHook):  # type: ignore[misc]
    """Output spikes of one layer, handed over by :meth:`present`."""

    def __init__(self, name: str) -> None:
        super().__init__(None, name)

    def present(self, spikes: Tensor) -> None:
        """Record ``spikes`` (steps, neurons)."""
        self.activation_outputs.append(spikes)


def count_events(spikes: Tensor) -> Tensor:
    """Spikes of each source (sources,) int64 in a chunk (steps, sources) of 0 and 1."""
    return spikes.sum(dim=0, dtype=torch.int32).long()


def count_operations(connection: nn.Linear, events: Tensor) -> int:
    """Effective operations of a connection in closed form: spikes times non-zero fan-out.

    Args:
        connection: the connection.
        events: (fan-in,) spikes of each source, int64.
    """
    return int(torch.count_nonzero(connection.weight, dim=0).cpu() @ events)
