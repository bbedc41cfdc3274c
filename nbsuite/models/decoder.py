"""What a decoder is, whatever its kind: a specification, weights, and a way through a stream.

A recording is decoded chunk by chunk. What a decoder remembers between chunks is passed in and
out explicitly, and no result depends on where the chunks end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from nbsuite.errors import UsageError


class DecoderSpec(Protocol):
    """Everything that fixes a decoder but its weights."""

    @property
    def name(self) -> str:
        """The decoder's name, as results print it."""

    @property
    def channels(self) -> int:
        """Number of input channels."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, from which ``nbsuite.models.kinds`` makes it again."""


class DecodedChunk(NamedTuple):
    """What a decoder makes of a chunk of time, and what its layers saw meanwhile.

    A *call* is one presentation of one input vector to a layer: one a step in most decoders, none
    in a step that is not computed, several where a decoder has inner steps.

    Attributes:
        velocity: (steps, 2) float32, decoded velocity in mm per 4 ms step.
        inputs: for each group of ``connections()``, its inputs (calls, fan-in): int8 where they
            are spikes of 0 and 1 by construction.
        outputs: for each of ``activation_layers``, its outputs (calls, units).
        spikes: (steps, neurons) int8 hidden spikes; None where there is no such thing.
        state: what to pass to the next chunk.
    """

    velocity: Tensor
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    spikes: Tensor | None
    state: Tensor | tuple[Tensor, ...]


class StreamDecoder(nn.Module, ABC):
    """A decoder that runs whole chunks of one recording, batch 1, for inference.

    Weights are float32, as they are stored and as their footprint is counted; arithmetic is
    float64. So a neuron near its threshold decides alike however many steps are computed at once,
    and whether a matrix product adds up its terms in one order or another.

    Attributes:
        activation_layers: names of the layers of neurons, in the order in which they act; one
            that acts twice is named twice.
        origin: the file that its weights are from, for messages; None where there is none.
    """

    activation_layers: ClassVar[tuple[str, ...]]
    spec: DecoderSpec
    origin: str | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the weights."""
        return torch.float32

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.parameters()).device

    @abstractmethod
    def connections(self) -> tuple[nn.Linear, ...]:
        """The layers of synapses, in the order in which they act."""

    @abstractmethod
    def decode(
        self, spikes: Tensor, state: Tensor | tuple[Tensor, ...] | None = None
    ) -> DecodedChunk:
        """Decode a chunk of time.

        Args:
            spikes: (steps, channels) input spikes, 0 or 1.
            state: what the chunk before returned; None starts afresh.

        Raises:
            UsageError: the input's shape does not fit.
        """

    def forward(self, spikes: Tensor) -> Tensor:
        """Velocity (steps, 2) of a recording (steps, channels) from its start."""
        return self.decode(spikes).velocity

    def _check(self, spikes: Tensor) -> Tensor:
        """The chunk as int8 on the weights' device."""
        channels = self.spec.channels
        if spikes.ndim != 2 or spikes.shape[1] != channels or len(spikes) == 0:
            raise UsageError(
                f"{self.spec.name} takes spikes of shape (steps, {channels}), "
                f"not {tuple(spikes.shape)}; pass a recording of {channels} channels."
            )
        return spikes.to(self.device, torch.int8)


def apply(layer: nn.Linear, inputs: Tensor) -> Tensor:
    """A layer of synapses in float64: (calls, fan-in) to (calls, fan-out)."""
    bias = None if layer.bias is None else layer.bias.double()
    return nn.functional.linear(inputs.double(), layer.weight.double(), bias)
