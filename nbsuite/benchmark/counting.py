"""What NeuroBench's hooks record of a decoder's connections and spikes.

NeuroBench counts synaptic operations by passing the recorded input of each connection through a
copy of the connection with every non-zero weight set to 1, and summing what comes out. Sums in
float16 overflow and sums in float32 err past 2^24, so the copy is made of a stand-in that counts
exactly.
"""

from __future__ import annotations

from typing import Any

import torch
from neurobench.hooks.layer import LayerHook
from neurobench.hooks.neuron import NeuronHook
from torch import Tensor, nn

from nbsuite.neurons.connection import Connection


class SynapseCounter(nn.Linear):
    """Stands in for a connection in NeuroBench's arithmetic, sharing its weights.

    Returns the operations of each step, summed over the connection's outputs: the spikes times
    the number of weights they meet. Given spikes and weights of 0 and 1, that is at most the
    size of the matrix, which float32 holds exactly up to 4096 x 4096; float64 then holds every
    sum over steps exactly.
    """

    def __init__(self, connection: nn.Linear) -> None:
        nn.Module.__init__(self)
        self.in_features = connection.in_features
        self.out_features = connection.out_features
        self.weight = connection.weight
        self.register_parameter("bias", None)

    def forward(self, spikes: Tensor) -> Tensor:
        """Operations (...) in float64 of steps (..., fan-in)."""
        fan_out = self.weight.sum(dim=0, dtype=torch.float32)
        return (spikes.float() @ fan_out).double()


class _NoHandle:
    """Stands in for the handle of a registered hook where nothing is registered."""

    def remove(self) -> None:
        """Nothing to remove."""


class ConnectionRecord(LayerHook):  # type: ignore[misc]
    """Inputs of one connection, in the form that NeuroBench's metrics read.

    Args:
        connection: the connection.
        listen: register on the connection and record its calls, as NeuroBench does; otherwise
            inputs are handed over by :meth:`present`.
    """

    def __init__(self, connection: Connection, *, listen: bool) -> None:
        super().__init__(None)
        self.layer = SynapseCounter(connection)
        self._connection = connection
        self._listen = listen
        self.register_hook()

    def register_hook(self) -> None:
        """Called by NeuroBench after each count, and once at the start."""
        self.hook: Any = (
            self._connection.register_forward_pre_hook(self.hook_fn)
            if self._listen
            else _NoHandle()
        )

    def present(self, spikes: Tensor) -> None:
        """Record ``spikes`` (steps, fan-in) as if the connection had been called with them."""
        self.hook_fn(self._connection, (spikes,))


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
