"""Decoders one sample at a time, made of layers that are really called.

This is how NeuroBench's own examples run a decoder, with its hooks on the layers: slow, and the
check on what decodes whole chunks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from torch import Tensor, nn

if TYPE_CHECKING:
    from nbsuite.shapes import SampleOutputs, SampleSpikes


State: TypeAlias = Any
"""What a decoder remembers: tensors, or nested tuples of them. None stands for the start."""


class Step(NamedTuple):
    """What comes of a sample.

    Attributes:
        outputs: what is decoded, on the CPU.
        spikes: hidden spikes; None where there is no such thing.
    """

    outputs: SampleOutputs
    spikes: SampleSpikes | None


class StepwiseNetwork(ABC):
    """A decoder that runs sample by sample and remembers where it is.

    Attributes:
        network: the module in which NeuroBench finds the layers of synapses.
        neurons: the layers whose outputs count as activations, with their names.
    """

    network: nn.Module
    neurons: tuple[tuple[str, nn.Module], ...]

    @abstractmethod
    def step(self, sample: Tensor) -> Step:
        """Decode the next sample (1, channels)."""

    @abstractmethod
    def reset(self) -> None:
        """Return to where every recording starts."""

    @property
    def state(self) -> State:
        """What it remembers, as far as it can be looked at from outside."""
        return ()
