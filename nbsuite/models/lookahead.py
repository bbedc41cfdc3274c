"""How far a decoder looks ahead: measured by changing its input at some sample.

A decoder looks ahead by L samples if the input of sample t + L changes the output of sample t, and
that of no later one does. One sequence is decoded as it is, and again with all inputs of sample c
and the three after it changed; the earliest output that differs, of sample t, shows that L is at
least c - t. The largest value of many places c is L: exactly so, if each sample within reach
changes the output where it is changed, which for spiking decoders depends on the weights. A decoder
that takes pieces of equal length looks farthest ahead from where one begins: the places are last
samples of pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_ENDS = (
    *(74, 76, 78, 80, 82, 84, 86, 87, 88, 90, 92),
    *(93, 94, 96, 98, 99, 100, 102, 105, 108),
)
"""Each length up to 50 divides one of them."""
_FAR = 400
PROBES = ((_ENDS[-1] + 1, tuple(end - 1 for end in _ENDS)), (_FAR, (_FAR - 29,)))
"""Lengths of sequences, and the samples where the input is changed.

They are the last samples of pieces of any length up to 50, and one that tells what reaches farther.
"""
_CHANGED = 4
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


NOTHING_AHEAD = Lookahead(0, whole=False)
"""Of what is given one sample at a time."""


@torch.no_grad()
def lookahead_of(decode: Callable[[Tensor], Tensor], channels: int) -> Lookahead:
    """Measure how far a function of sequences looks ahead.

    Args:
        decode: outputs (steps, ...) of spikes (steps, channels), from the start of a recording.
        channels: number of input channels.
    """
    return lookahead_of_many(lambda sequences: torch.stack([*map(decode, sequences)]), channels)


@torch.no_grad()
def lookahead_of_many(decode: Callable[[Tensor], Tensor], channels: int) -> Lookahead:
    """The same of a function that decodes several sequences at once.

    Args:
        decode: outputs (sequences, steps, ...) of spikes (sequences, steps, channels).
        channels: number of input channels.
    """
    random = torch.Generator().manual_seed(0)
    spikes = (torch.rand(_FAR, channels, generator=random) < _RATE).to(torch.int8)
    reaches = [
        reach for steps, places in PROBES for reach in _reaches(decode, spikes[:steps], places)
    ]
    places = [place for _, places in PROBES for place in places]
    return Lookahead(max(reaches), whole=reaches == places)


def _reaches(
    decode: Callable[[Tensor], Tensor], spikes: Tensor, places: Sequence[int]
) -> Iterator[int]:
    """By how many samples what changes at each place changed an earlier output."""
    changed = spikes.expand(len(places), -1, -1).clone()
    for sequence, place in zip(changed, places, strict=True):
        there = slice(place, place + _CHANGED)
        sequence[there] = 1 - sequence[there]
    outputs = decode(torch.cat([spikes[None], changed]))
    for output, place in zip(outputs[1:], places, strict=True):
        differs = (output != outputs[0])[:place].flatten(1).any(dim=1)
        yield place - int(differs.int().argmax()) if bool(differs.any()) else 0
