"""What a user's module has to hold to before its figures mean anything."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nbsuite.errors import DecoderError
from nbsuite.models.module_interface import Interface, Model, device_of
from nbsuite.models.module_run import ModuleRun, reset
from nbsuite.models.unseen_operations import check_parameters, no_unseen_operations

STEPS = 24
RATE = 0.1


def random_spikes(channels: int, steps: int = STEPS) -> Tensor:
    """Spikes (steps, channels) of 0 and 1, the same each time."""
    random = torch.Generator().manual_seed(0)
    return (torch.rand(steps, channels, generator=random) < RATE).to(torch.int8)


@torch.no_grad()
def check_operations(model: Model, interface: Interface, channels: int) -> None:
    """Make sure that NeuroBench sees all that a module does.

    Raises:
        DecoderError: it cannot be copied or reset, or names what would not be counted.
    """
    run = ModuleRun(model, interface, device_of(model))
    connections = [layer for _, layer in run.layers.connections]
    check_parameters(run.net, connections)
    neurons = [layer for _, layer in run.layers.activations]
    with no_unseen_operations(run.net, connections, neurons):
        _decode(run, random_spikes(channels, steps=3))
    run.decode(random_spikes(channels, steps=3).to(run.device), None, at_once=False)


@torch.no_grad()
def check_repetition(model: Model, interface: Interface, channels: int) -> None:
    """Make sure that a module decodes the same samples alike, whatever it decoded before.

    Raises:
        DecoderError: it does not, or its ``reset()`` leaves something behind.
    """
    spikes = random_spikes(channels)
    run, other = (ModuleRun(model, interface, device_of(model)) for _ in range(2))
    name = type(run.net).__name__
    first = _decode(run, spikes)
    if not _alike(first, _decode(other, spikes)):
        raise DecoderError(
            f"{name} decodes the same samples in two ways: it draws random numbers, or keeps state "
            "outside of itself that leaks from one run into the next; keep all of it in buffers or "
            "attributes, and draw nothing in evaluation mode."
        )
    if callable(getattr(run.net, "reset", None)):
        reset(run.net)
        if not _alike(first, _decode(run, spikes)):
            raise DecoderError(
                f"{name}.reset() leaves state behind, which leaks from one run into the next; reset"
                " all that it remembers."
            )


def returns_to_its_start(model: Model, interface: Interface, channels: int) -> bool:
    """Whether a module that has decoded can be brought back to its start from outside."""
    spikes = random_spikes(channels)
    run = ModuleRun(model, interface, device_of(model))
    first = _decode(run, spikes)
    reset(run.net)
    return _alike(first, _decode(run, spikes))


def _alike(first: Tensor, second: Tensor) -> bool:
    """Whether outputs are equal to the bit; those that are no numbers are another fault's."""
    return torch.allclose(first, second, rtol=0, atol=0, equal_nan=True)


def _decode(run: ModuleRun, spikes: Tensor) -> Tensor:
    """Outputs of single samples, from where the module is."""
    outputs = []
    carried: Any = None
    for sample in torch.split(spikes.to(run.device), 1):
        decoded, carried = run.step(sample, carried)
        outputs.append(decoded)
    return torch.cat(outputs)
