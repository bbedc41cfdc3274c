"""What NeuroBench's hooks record of a decoder's layers, and the tallies it is held against.

NeuroBench counts synaptic operations by passing the recorded input of each layer through a copy of
the layer with every non-zero weight set to 1, and summing what comes out. Sums in float16 overflow
and sums in float32 err past 2^24, so the copy is made of a stand-in that counts exactly.

Operations are accumulations (ACs) where all inputs of a call are 0, 1 or -1, and multiplications
with accumulation (MACs) otherwise. So that this holds for calls that are presented together, those
of the one sort are presented apart from those of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from neurobench.hooks.layer import LayerHook
from neurobench.hooks.neuron import NeuronHook
from torch import Tensor, nn

from nbsuite.benchmarking.counting_cells import CELLS, CellTally, calls_at_once, cell_counter
from nbsuite.benchmarking.counting_synapses import (
    CONVOLUTIONS,
    ConnectionTally,
    ConvolutionCounter,
    ConvolutionTally,
    SynapseCounter,
)
from nbsuite.models.decoder import Calls, Group


class LayerTally(Protocol):
    """The operations of layers that have their inputs in common, by a closed form in integers."""

    @property
    def acs(self) -> int:
        """Accumulations."""

    @property
    def macs(self) -> int:
        """Multiplications with accumulation."""

    @property
    def dense(self) -> int:
        """Operations if no input and no weight were zero."""

    def add(self, group: Group, *, spiking: bool) -> None:
        """Count calls, which are all spikes or all not."""


def stand_in(layers: Sequence[nn.Module]) -> nn.Module:
    """What NeuroBench counts with in place of layers that have their inputs in common.

    Raises:
        TypeError: NeuroBench counts no such layer, or not several of them at once.
    """
    if all(isinstance(layer, nn.Linear) for layer in layers):
        return SynapseCounter(cast("Sequence[nn.Linear]", layers))
    layer = _alone(layers)
    if isinstance(layer, CONVOLUTIONS):
        return ConvolutionCounter(layer)
    return cell_counter(_as_cell(layer))


def empty_tally(layers: Sequence[nn.Module]) -> LayerTally:
    """An empty tally of layers that have their inputs in common.

    Raises:
        TypeError: as :func:`stand_in`.
    """
    if all(isinstance(layer, nn.Linear) for layer in layers):
        return ConnectionTally.of(cast("Sequence[nn.Linear]", layers))
    layer = _alone(layers)
    if isinstance(layer, CONVOLUTIONS):
        return ConvolutionTally(layer)
    return CellTally(_as_cell(layer))


def _alone(layers: Sequence[nn.Module]) -> nn.Module:
    if len(layers) != 1:
        raise TypeError(f"{len(layers)} layers that are not all linear cannot be counted at once")
    return layers[0]


def _as_cell(layer: nn.Module) -> nn.RNNCellBase:
    if not isinstance(layer, CELLS):
        raise TypeError(f"no operations are counted for a layer {type(layer).__name__}")
    return layer


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
    """Inputs of one layer, recorded from its calls as NeuroBench does."""

    def __init__(self, connection: nn.Module) -> None:
        super().__init__(None)
        self.layer = stand_in([connection])
        self.tally = empty_tally([connection])
        self._connection = connection
        self.register_hook()

    def register_hook(self) -> None:
        """Called by NeuroBench after each count, and once at the start."""
        self.hook = self._connection.register_forward_pre_hook(self.hook_fn)

    def hook_fn(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Called before the connection is."""
        for part, spiking in _apart(as_group(module, inputs)):
            self.tally.add(part, spiking=spiking)
            for shown in _shown(part, self.layer):
                super().hook_fn(module, shown)


class SourceRecord(LayerHook):  # type: ignore[misc]
    """Inputs from one source, handed over by :meth:`present` for all layers that take them."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__(stand_in(layers))
        self.tally = empty_tally(layers)

    def present(self, inputs: Calls) -> None:
        """Record calls as if the layers had been called with them."""
        for group in ((inputs,),) if isinstance(inputs, Tensor) else inputs:
            for part, spiking in _apart(tuple(value.cpu() for value in group)):
                self.tally.add(part, spiking=spiking)
                for shown in _shown(part, self.layer):
                    self.hook_fn(self.layer, shown)


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


def as_group(layer: nn.Module, inputs: tuple[Any, ...]) -> Group:
    """The arguments of one call of a layer as a group of one call, on the CPU.

    Raises:
        ValueError: they are not what NeuroBench counts such a layer's operations from.
    """
    nested = len(inputs) == 2 and isinstance(inputs[1], tuple)
    values = (inputs[0], *inputs[1]) if nested else inputs
    states = len(values) - 1
    due = 1 + isinstance(layer, nn.LSTMCell) if isinstance(layer, nn.RNNCellBase) else 0
    if states != due or not all(isinstance(value, Tensor) for value in values):
        wanted = "its input and state" if due else "its input alone"
        raise ValueError(f"NeuroBench counts calls that are given {wanted}, by position")
    return tuple(value.detach()[None].cpu() for value in values)


def _apart(group: Group) -> Iterator[tuple[Group, bool]]:
    """Calls of which all inputs are 0, 1 or -1, and the others; empty ones are left out.

    Yields:
        The former as they are; of the latter, 1 in place of each input that is not zero, and in
        each call 2 in place of one of them, for NeuroBench to see what they are. States are as they
        are. Then, whether they are spikes.
    """
    inputs, states = group[0], group[1:]
    if inputs.dtype == torch.int8:
        yield group, True
        return
    plain = _plain(inputs.flatten(start_dim=1))
    for spiking, chosen in ((True, plain), (False, ~plain)):
        if not chosen.any():
            continue
        calls = inputs if chosen.all() else inputs[chosen]
        if spiking:
            calls = calls.to(torch.int16)
        else:
            calls = (calls != 0).to(torch.int16)
            flat = calls.flatten(start_dim=1)
            flat.scatter_(1, flat.argmax(dim=1, keepdim=True), 2)
        yield (calls, *(each[chosen] for each in states)), spiking


def _plain(calls: Tensor) -> Tensor:
    """Which calls (calls, inputs) are all 0, 1 and -1."""
    first = calls[:, 0]
    plain = (first == 0) | (first.abs() == 1)  # which settles it for most calls that are not
    if plain.all():
        return (calls.abs() == (calls != 0)).all(dim=1)
    if plain.any():
        some = calls[plain]
        plain[plain.clone()] = (some.abs() == (some != 0)).all(dim=1)
    return plain


def _shown(group: Group, layer: nn.Module) -> Iterator[tuple[Any, ...]]:
    """A group as the arguments of calls that NeuroBench is shown, of a stand-in for the layer."""
    if not isinstance(layer, nn.RNNCellBase):
        # NeuroBench's masks take longest of all, and of all dtypes least on int16.
        yield (group[0].to(torch.int16),)
        return
    dtype, most = layer.weight_hh.dtype, calls_at_once(layer) or len(group[0])
    flat = [each.reshape(-1, each.shape[-1]).to(dtype) for each in group]
    for part in zip(*(torch.split(each, most) for each in flat), strict=True):
        yield (part[0], part[1]) if len(part) == 2 else (part[0], part[1:])
