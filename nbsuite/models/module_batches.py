"""How a user's module decodes several windows of time at once, differentiably.

Modules are asked for single samples and, if they like, for sequences of one recording. Training has
hundreds of windows to decode, of which each starts afresh. Most modules take them side by side, as
(steps, windows, channels) or step by step as (windows, channels); whether one does is found out by
comparing it with itself on one window and one sample at a time, which is the last of the ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor, nn

from nbsuite.errors import DecoderError
from nbsuite.models.module_interface import Interface, Model, dtype_of, net_of
from nbsuite.models.module_run import copy_of, reset
from nbsuite.models.module_state import (
    ModuleState,
    as_all_neurons,
    attributes_of,
    put_state,
    take_state,
)

if TYPE_CHECKING:
    from nbsuite.shapes import WindowOutputs, WindowSpikes


Way: TypeAlias = Callable[[Model, Interface, Tensor], Tensor]
"""From spikes (steps, windows, channels) to outputs (steps, windows, outputs)."""

_PROBE_STEPS, _PROBE_WINDOWS, _PROBE_RATE = 12, 3, 0.3
_RELATIVE, _ABSOLUTE = 1e-4, 1e-5


def _sequences(model: Model, interface: Interface, spikes: WindowSpikes) -> WindowOutputs:
    """All windows and all steps in one call."""
    decoded, _ = _answer(model, interface, spikes, None)
    return decoded.reshape(*spikes.shape[:2], interface.outputs)


def _samples(
    model: Model, interface: Interface, spikes: WindowSpikes, state: Any = None
) -> WindowOutputs:
    """The samples of all windows side by side, step by step."""
    outputs = []
    for sample in spikes:
        given = sample[None] if interface.sample_axis else sample
        decoded, state = _answer(model, interface, given, state)
        outputs.append(decoded.reshape(spikes.shape[1], interface.outputs))
    return torch.stack(outputs)


def _widened_samples(model: Model, interface: Interface, spikes: WindowSpikes) -> WindowOutputs:
    """The samples of all windows side by side, of a module whose state begins as one window's."""
    net, windows = net_of(model), spikes.shape[1]
    for module in net.modules():
        module._buffers.update(_widened(dict(module._buffers), windows))
        module.__dict__.update(_widened(attributes_of(module), windows))
    return _samples(model, interface, spikes)


def _joined_samples(model: Model, interface: Interface, spikes: WindowSpikes) -> WindowOutputs:
    """The first samples one by one, after which the states that they leave are put side by side."""
    decoded, states = zip(
        *(interface.call(model, sample, None) for sample in torch.split(spikes[0], 1)), strict=True
    )
    first = torch.cat(decoded)[None]
    return torch.cat([first, _samples(model, interface, spikes[1:], _joined(states))])


def _joined(states: tuple[Any, ...]) -> Any:
    """The states of several windows as one."""
    if isinstance(states[0], Tensor):
        return torch.cat(states)
    return type(states[0])(_joined(each) for each in zip(*states, strict=True))


def _widened(value: Any, windows: int) -> Any:
    """State of one window for each of several; what is no state of one window stays."""
    if isinstance(value, Tensor):
        alone = value.is_floating_point() and value.ndim > 1 and len(value) == 1
        return value.repeat(windows, *(1 for _ in value.shape[1:])) if alone else value
    if isinstance(value, dict):
        return {key: _widened(each, windows) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_widened(each, windows) for each in value)
    return value


def _single_sequences(model: Model, interface: Interface, spikes: WindowSpikes) -> WindowOutputs:
    """One window after the other, each in one call."""
    start = take_state(net_of(model))
    outputs = []
    for window in spikes.unbind(1):
        carried = restart(net_of(model), start)
        outputs.append(interface.call(model, window, carried)[0])
    return torch.stack(outputs, 1)


def _single_samples(model: Model, interface: Interface, spikes: WindowSpikes) -> WindowOutputs:
    """One window after the other, one sample at a time: how the module is measured."""
    start = take_state(net_of(model))
    outputs = []
    for window in spikes.unbind(1):
        carried = restart(net_of(model), start)
        decoded = []
        for sample in torch.split(window, 1):
            one, carried = interface.call(model, sample, carried)
            decoded.append(one)
        outputs.append(torch.cat(decoded))
    return torch.stack(outputs, 1)


WAYS: Mapping[str, Way] = {
    "all together": _sequences,
    "all together, sample by sample": _samples,
    "all together, sample by sample, each with a state": _widened_samples,
    "all together, sample by sample, after the first": _joined_samples,
    "one after the other": _single_sequences,
    "one after the other, sample by sample": _single_samples,
}
"""From the fastest way to the one that every module takes."""


def find_way(model: Model, interface: Interface, channels: int) -> str:
    """The fastest way that gives what single samples of single windows give.

    Args:
        model: the module; copies of it are called.
        interface: how it is called with one window.
        channels: number of input channels.
    """
    random = torch.Generator().manual_seed(0)
    shape = (_PROBE_STEPS, _PROBE_WINDOWS, channels)
    spikes = (torch.rand(shape, generator=random) < _PROBE_RATE).to(dtype_of(model))
    names = list(WAYS)
    due = _tried(WAYS[names[-1]], model, interface, spikes)
    for name in names[:-1]:
        try:
            found = _tried(WAYS[name], model, interface, spikes)
        except Exception:  # noqa: S112 - whatever a user's module raises: not in this way
            continue
        scale = float(due.abs().max())
        if torch.allclose(found, due, rtol=_RELATIVE, atol=_ABSOLUTE * scale):
            return name
    return names[-1]


@torch.no_grad()
def _tried(way: Way, model: Model, interface: Interface, spikes: WindowSpikes) -> WindowOutputs:
    tried = copy_of(model)
    net = net_of(tried).cpu().eval()
    reset(net)
    with as_all_neurons(net):
        return way(tried, interface, spikes)


def _answer(model: Model, interface: Interface, given: Tensor, state: Any) -> tuple[Tensor, Any]:
    """What a module answers to windows side by side: the outputs and the state after them."""
    passes = interface.passes_state and (state is not None or interface.needs_state)
    answer = model(given, state) if passes else model(given)
    if isinstance(answer, tuple | list):
        return answer[0], answer[1] if interface.passes_state else None
    return answer, None


def restart(net: nn.Module, start: ModuleState) -> Any:
    """Put a module back to its start; what batch normalisation has learnt is no state, and stays.

    Returns:
        What it had returned as its state.
    """
    learnt = [
        (layer, {name: value for name, value in layer._buffers.items() if value is not None})
        for layer in net.modules()
        if isinstance(layer, nn.modules.batchnorm._NormBase)
    ]
    carried = put_state(net, start)
    for layer, values in learnt:
        layer._buffers.update(values)
    return carried


def require_gradient(outputs: Tensor, name: str) -> None:
    """Make sure that outputs depend on the weights differentiably.

    Raises:
        DecoderError: they do not.
    """
    if torch.is_grad_enabled() and not outputs.requires_grad:
        raise DecoderError(
            f"{name} decodes without a gradient, so that it cannot be trained; leave torch.no_grad,"
            " detach and numpy out of its forward()."
        )
