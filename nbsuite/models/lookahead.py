"""How far a decoder looks ahead: measured by changing its input from some sample on.

A decoder looks ahead by L samples if the input of sample t + L changes the output of sample t, and
that of no later one does. One sequence is decoded as it is, and again with every input from sample
c on changed; the earliest output that differs, of sample t, shows that L is at least c - t. The
largest value of many places c is L: exactly so, if each sample within reach changes the output
where it is changed, which for spiking decoders depends on the weights. A decoder that takes pieces
of equal length looks farthest ahead from where one begins: the places are last samples of pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

STEPS = 400
_ENDS = (204, 216, 222, 228, 246, 258, 264, 276, 282, 288, 294, 312, 336, 348, 350, 360, 372)
"""Each length up to 50 divides one of them."""
PLACES = tuple(end - 1 for end in _ENDS)
"""Samples from which on the input is changed: the last ones of pieces of any length up to 50."""
_RATE = 0.1


@dataclass(frozen=True)
class Lookahead:
    """How far a decoder looks ahead.

    Attributes:
        samples: the largest number of samples by which an input changed an earlier output.
        whole: whether it reached back to the first sample wherever the input was changed, so that
            the decoder has to be thought to see the whole sequence.
    """

    samples: int
    whole: bool

    def seconds(self, step: float) -> float:
        """The time that the samples take, of ``step`` seconds each."""
        return self.samples * step

    def sentence(self, step: float) -> str:
        """What was found, for people."""
        if self.whole:
            return "looks ahead to the end of whatever sequence it is given"
        if not self.samples:
            return "looks at no sample before it is there"
        samples = f"{self.samples} sample{'s' * (self.samples != 1)}"
        return f"looks {samples} ({1e3 * self.seconds(step):g} ms) ahead"


@torch.no_grad()
def lookahead_of(decode: Callable[[Tensor], Tensor], channels: int) -> Lookahead:
    """Measure how far a function of sequences looks ahead.

    Args:
        decode: outputs (steps, ...) of spikes (steps, channels), from the start of a recording.
        channels: number of input channels.
    """
    random = torch.Generator().manual_seed(0)
    spikes = (torch.rand(STEPS, channels, generator=random) < _RATE).to(torch.int8)
    outputs = decode(spikes)
    reaches = []
    for place in PLACES:
        changed = spikes.clone()
        changed[place:] = 1 - changed[place:]
        differs = (decode(changed) != outputs).reshape(STEPS, -1).any(dim=1)
        earliest = int(differs.nonzero()[0]) if bool(differs.any()) else place
        reaches.append(max(0, place - earliest))
    whole = all(reach == place for reach, place in zip(reaches, PLACES, strict=True))
    return Lookahead(max(reaches), whole)
