"""What a module remembers in its buffers and attributes: kept, and put back in place.

So a module can go on from any state that it had, while hooks stay on its layers.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from snntorch import SpikingNeuron
from torch import Tensor, nn

_OF_EVERY_MODULE = frozenset(vars(nn.Module()))


@dataclass(frozen=True)
class ModuleState:
    """The state of a module, within it and passed out of it.

    Attributes:
        inside: for each of its modules, buffers and further attributes.
        carried: what it returned as its state.
    """

    inside: tuple[tuple[dict[str, Any], dict[str, Any]], ...]
    carried: Any = None

    def __iter__(self) -> Iterator[Tensor]:
        """No tensors, for who looks whether they are finite: their author knows what they mean."""
        return iter(())


def take_state(net: nn.Module, carried: Any = None) -> ModuleState:
    """A copy of what a module remembers."""
    memo = _kept(net)
    inside = tuple(
        (copy.deepcopy(dict(module._buffers), memo), copy.deepcopy(attributes_of(module), memo))
        for module in net.modules()
    )
    return ModuleState(inside, copy.deepcopy(carried, memo))


def put_state(net: nn.Module, state: ModuleState) -> Any:
    """Put back what a module remembered; the state stays as it is.

    Returns:
        What it had returned as its state.
    """
    memo = _kept(net)
    for module, (buffers, attributes) in zip(net.modules(), state.inside, strict=True):
        module._buffers.clear()
        module._buffers.update(copy.deepcopy(buffers, memo))
        for name in attributes_of(module).keys() - attributes.keys():
            del module.__dict__[name]
        module.__dict__.update(copy.deepcopy(attributes, memo))
    return copy.deepcopy(state.carried, memo)


@contextmanager
def as_all_neurons(net: nn.Module) -> Iterator[None]:
    """Let snnTorch's resets, which reset all neurons that there are, reset those of a module."""
    before = SpikingNeuron.instances
    SpikingNeuron.instances = [each for each in net.modules() if isinstance(each, SpikingNeuron)]
    try:
        yield
    finally:
        SpikingNeuron.instances = before


def attributes_of(module: nn.Module) -> dict[str, Any]:
    """What a module's class has put into it besides parameters, buffers and modules."""
    others = _OF_EVERY_MODULE | getattr(module, "stateless_attributes", frozenset())
    return {name: value for name, value in vars(module).items() if name not in others}


def _kept(net: nn.Module) -> dict[int, Any]:
    """A memo with which copies share parameters and modules."""
    return {id(each): each for each in (*net.modules(), *net.parameters())}
