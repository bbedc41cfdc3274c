"""Dropout of spikes whose masks are computed, not stored.

Whether a spike is dropped is a hash of where and when it occurs, so that a kernel can look it up
for a single event in the forward pass and compute it again in the backward pass. The functions
here define the masks; compiled kernels repeat them and are tested against them.

    row(step, window) = mix(mix(key_low + step * GOLDEN) ^ key_high ^ window * STRIDE)
    word(row, lane)   = mix(row + lane * GOLDEN),   lane = unit mod ceil(units / 2)

all modulo 2^32. The lower 16 bits of a word decide on the first half of the units, the upper 16
bits on the second half: a unit is dropped where they are below ``rate * 2^16``. ``mix`` is a
two-round xorshift-multiply hash with the constants that C. Wellons found to have the lowest bias
("Prospecting for hash functions", 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from nbsuite.errors import UsageError

if TYPE_CHECKING:
    from nbsuite.shapes import EventFlags, EventNumbers, StepsWindowsUnits, Words


GOLDEN = 0x9E3779B9
STRIDE = 0x85EBCA6B
MIX_1 = 0x7FEB352D
MIX_2 = 0x846CA68B
LEVELS = 1 << 16
_WORD = 0xFFFFFFFF
_INPUT, _HIDDEN = 0, 1


@dataclass(frozen=True)
class LayerDropout:
    """Dropout of one layer's spikes in one batch.

    Attributes:
        threshold: a spike is dropped where its 16 random bits are below this.
        key_low: the key's lower 32 bits.
        key_high: the key's upper 32 bits.
    """

    threshold: int
    key_low: int
    key_high: int

    @property
    def scale(self) -> float:
        """What the spikes that remain are multiplied by, so that their expected sum stays."""
        return LEVELS / (LEVELS - self.threshold)


@dataclass(frozen=True)
class Dropout:
    """Dropout of input and hidden spikes in one batch, a fresh mask each time step.

    Attributes:
        input: probability that an input spike is dropped, in [0, 1).
        hidden: probability that a hidden spike is dropped, in [0, 1).
        key: any non-negative number; batches of different keys have independent masks.
    """

    input: float
    hidden: float
    key: int

    def __post_init__(self) -> None:
        for rate in (self.input, self.hidden):
            if not 0 <= rate < 1:
                raise UsageError(
                    f"A dropout rate of {rate:g} is not in [0, 1); choose one that is."
                )

    def of_input(self) -> LayerDropout:
        """Dropout of the input spikes."""
        return self._layer(self.input, _INPUT)

    def of_hidden(self, layer: int = 0) -> LayerDropout:
        """Dropout of the spikes of a hidden layer, counted from 0."""
        return self._layer(self.hidden, _HIDDEN + layer)

    def _layer(self, rate: float, layer: int) -> LayerDropout:
        low, high = np.random.SeedSequence([self.key, layer]).generate_state(2, np.uint32)
        return LayerDropout(min(round(rate * LEVELS), LEVELS - 1), int(low), int(high))


NO_DROPOUT = Dropout(input=0.0, hidden=0.0, key=0)


def dropout_mask(
    dropout: LayerDropout, steps: int, windows: int, units: int, like: Tensor
) -> StepsWindowsUnits:
    """The whole mask: 0 where a spike is dropped, else ``dropout.scale``.

    Args:
        dropout: the layer's dropout.
        steps: number of time steps.
        windows: number of windows in the batch.
        units: number of channels or neurons.
        like: a tensor of the wanted dtype on the wanted device.

    Returns:
        (steps, windows, units).
    """
    device = like.device
    half = (units + 1) // 2
    step = torch.arange(steps, device=device)[:, None]
    row = _row(dropout, step, torch.arange(windows, device=device))
    words = mix(row[:, :, None] + torch.arange(half, device=device) * GOLDEN)
    bits = torch.cat([words & (LEVELS - 1), words >> 16], dim=2)[:, :, :units]
    return (bits >= dropout.threshold).to(like.dtype) * dropout.scale


def kept_spikes(
    dropout: LayerDropout,
    step: EventNumbers,
    window: EventNumbers,
    unit: EventNumbers,
    units: int,
) -> EventFlags:
    """Which of some spikes are kept: the mask, looked up where they occur.

    Args:
        dropout: the layer's dropout.
        step: the time step of each, on any device.
        window: the window of each.
        unit: the channel or neuron of each.
        units: number of channels or neurons.

    Returns:
        True or False for each.
    """
    half = (units + 1) // 2
    in_lower = unit < half
    lane = torch.where(in_lower, unit, unit - half)
    word = mix(_row(dropout, step, window) + lane * GOLDEN)
    return torch.where(in_lower, word & (LEVELS - 1), word >> 16) >= dropout.threshold


def _row(dropout: LayerDropout, step: Tensor, window: Tensor) -> Tensor:
    """The hash that all units share at one step of one window."""
    return mix(mix(dropout.key_low + step * GOLDEN) ^ dropout.key_high ^ (window * STRIDE & _WORD))


def mix(word: Words) -> Words:
    """Hash 32-bit words, held as int64; higher bits of the input are ignored."""
    word = word & _WORD
    word = ((word ^ (word >> 16)) * MIX_1) & _WORD
    word = ((word ^ (word >> 15)) * MIX_2) & _WORD
    return word ^ (word >> 16)
