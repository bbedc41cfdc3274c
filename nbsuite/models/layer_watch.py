"""What the layers of a module are called with, and what its neurons emit, noted by hooks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from neurobench.models import NeuroBenchModel, TorchModel
from snntorch import SpikingNeuron
from torch import Tensor, nn

from nbsuite.errors import DecoderError
from nbsuite.models.decoder import Group
from nbsuite.models.module_interface import Model
from nbsuite.models.recurrent_cells import RecurrentCells


class SeenLayers(NamedTuple):
    """The layers in which NeuroBench puts its hooks.

    Attributes:
        connections: those whose operations it counts, with their names.
        activations: those whose outputs it counts, with their names.
    """

    connections: tuple[tuple[str, nn.Module], ...]
    activations: tuple[tuple[str, nn.Module], ...]


def seen_layers(model: Model) -> SeenLayers:
    """What NeuroBench itself finds, to which its examples add snnTorch's neurons."""
    finder = model if isinstance(model, NeuroBenchModel) else TorchModel(model)
    if SpikingNeuron not in finder.activation_modules:
        finder.add_activation_module(SpikingNeuron)
    names = {id(layer): name for name, layer in finder.__net__().named_modules()}
    connections = tuple((names[id(each)], each) for each in finder.connection_layers())
    activations = tuple((each["layer_name"], each["layer"]) for each in finder.activation_layers())
    return SeenLayers(connections, activations)


class _Call(NamedTuple):
    values: Group
    steps: bool
    """Whether the first dimension are calls, rather than parts of one call."""


class LayerWatch:
    """Notes the calls of layers while it is open.

    Args:
        net: the module.
        layers: its layers.
        sequence: the sequence (steps, channels) that the module is given; None where it is given
            one sample at a time.
    """

    def __init__(self, net: nn.Module, layers: SeenLayers, sequence: Tensor | None = None) -> None:
        self._net, self._layers, self._through_time = net, layers, sequence is not None
        self._spikes = sequence if sequence is not None and sequence.dtype == torch.int8 else None
        self._given: Tensor | None = None
        self._calls: dict[int, list[_Call]] = defaultdict(list)
        self._outputs: list[list[Tensor]] = [[] for _ in layers.activations]

    @contextmanager
    def open(self) -> Iterator[None]:
        """Watch the layers within the block."""
        handles = []
        for index, (name, layer) in enumerate(self._layers.connections):

            def called(
                layer: nn.Module, inputs: tuple[Any, ...], index: int = index, name: str = name
            ) -> None:
                first, *states = _arguments(layer, inputs, name)
                values = (self._kept(first), *map(_copied, states))
                self._calls[index].append(_Call(values, steps=False))

            handles.append(layer.register_forward_pre_hook(called))
        for index, (_, layer) in enumerate(self._layers.activations):

            def answered(layer: nn.Module, _: Any, output: Any, index: int = index) -> None:
                self._outputs[index].append(_emitted(layer, output).detach().clone())

            handles.append(layer.register_forward_hook(answered))
        stacks = [each for each in self._net.modules() if isinstance(each, RecurrentCells)]
        places = {id(layer): place for place, (_, layer) in enumerate(self._layers.connections)}

        def watcher(cell: nn.Module, values: Group) -> None:
            first, *states = values
            values = (self._kept(first), *map(_copied, states))
            self._calls[places[id(cell)]].append(_Call(values, steps=True))

        try:
            for stack in stacks:
                stack.watcher = watcher if self._through_time else None
            yield
        finally:
            for stack in stacks:
                stack.watcher = None
            for handle in handles:
                handle.remove()

    def _kept(self, inputs: Tensor) -> Tensor:
        """A copy of a layer's inputs; spikes as they are, where it is given the decoder's own."""
        if self._spikes is not None and inputs.numel() == self._spikes.numel():
            if self._given is None:
                self._given = self._spikes.to(inputs.dtype)
            if torch.equal(inputs.reshape(self._given.shape), self._given):
                return self._spikes.reshape(inputs.shape).cpu()
        return _copied(inputs)

    def inputs(self, steps: int) -> tuple[list[Group], ...]:
        """The calls of each connection in so many steps, in groups of equal shapes.

        Raises:
            DecoderError: calls of whole sequences cannot be told apart by step.
        """
        return tuple(
            _grouped(self._calls[index], steps if self._through_time else 1, name)
            for index, (name, _) in enumerate(self._layers.connections)
        )

    def outputs(self) -> tuple[Tensor, ...]:
        """All values that each layer of neurons emitted, (values, 1)."""
        return tuple(
            torch.cat([each.reshape(-1, 1) for each in emitted]).cpu()
            if emitted
            else torch.zeros(0, 1)
            for emitted in self._outputs
        )


def _arguments(layer: nn.Module, inputs: tuple[Any, ...], name: str) -> Group:
    """The tensors that a layer is called with.

    Raises:
        DecoderError: NeuroBench could not count the call.
    """
    nested = len(inputs) == 2 and isinstance(inputs[1], tuple)
    values = (inputs[0], *inputs[1]) if nested else inputs
    states = 1 + isinstance(layer, nn.LSTMCell) if isinstance(layer, nn.RNNCellBase) else 0
    if len(values) != 1 + states or not all(isinstance(each, Tensor) for each in values):
        wanted = "its state, which may be zeros," if states else "its input alone,"
        raise DecoderError(
            f"NeuroBench cannot count a call of the layer '{name}' ({type(layer).__name__}) as it "
            f"is made; pass it {wanted} by position in every step."
        )
    if isinstance(layer, nn.GRUCell | nn.LSTMCell) and values[0].ndim != 2:
        raise DecoderError(
            f"NeuroBench cannot count a call of the layer '{name}' ({type(layer).__name__}) without"
            " a batch; pass it inputs of shape (1, features)."
        )
    return tuple(each.detach() for each in values)


def _copied(values: Tensor) -> Tensor:
    """A copy on the CPU: what a layer is given may be overwritten later."""
    return values.to("cpu", copy=True)


def _emitted(layer: nn.Module, output: Any) -> Tensor:
    """What NeuroBench's hook takes for a layer's outputs."""
    if isinstance(layer, SpikingNeuron):
        hidden = layer.init_hidden and not layer.output and not isinstance(output, tuple)
        output = output if hidden else output[0]
    emitted: Tensor = output
    return emitted


def _grouped(calls: Sequence[_Call], steps: int, name: str) -> list[Group]:
    by_shape: dict[tuple[Any, ...], list[Group]] = defaultdict(list)
    in_steps = [each for each in calls if not each.steps]
    one_each = len(in_steps) % steps == 0
    for call in calls:
        values = call.values
        if not call.steps and one_each:
            values = tuple(each[None] for each in values)
        elif not call.steps and all(each.shape[:2] == (1, steps) for each in values):
            values = tuple(each[0] for each in values)  # of a batch of one, which comes first
        elif not call.steps and any(len(each) != steps for each in values):
            raise DecoderError(
                f"The layer '{name}' is called {len(in_steps)} times in {steps} steps with inputs "
                f"of shape {tuple(values[0].shape)}; call it once a step, or with all steps first."
            )
        by_shape[tuple(each.shape[1:] for each in values)].append(values)
    return [
        groups[0] if len(groups) == 1 else tuple(map(torch.cat, zip(*groups, strict=True)))
        for groups in by_shape.values()
    ]
