"""How many steps an input takes to reach the hidden spikes and what is decoded: measured.

One impulse on all channels goes into one of two equal decoders; the delay is the number of steps
until their answers differ. Whether an impulse gets through depends on the weights, when it does on
the equations alone. So it is put into a decoder of the same equations through which it gets, where
one can be made. Elsewhere it comes at rest and amid random spikes, and the shorter delay counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from nbsuite.models.decoder import Decoder
from nbsuite.models.stepwise import State

LONGEST_DELAY = 100
"""Steps after which an answer is no longer waited for."""
_BEFORE = 150
"""Steps before the impulse, in which buffers fill."""
_RATE = 0.1
"""Spikes of a channel and step amid which the impulse comes, where it does not come at rest."""
_PIECE = 10
"""Steps after which it is asked whether the answer is there."""


class Delay(NamedTuple):
    """Steps from an input sample to the first sample of the answer; None where there is none.

    Attributes:
        hidden: to the spikes of the hidden neurons, where there are any.
        readout: to what is decoded.
    """

    hidden: int | None
    readout: int | None


def measure_delay(decoder: Decoder) -> Delay:
    """Measure the delays of a decoder, which is left as it is."""
    driven = decoder.easily_driven()
    at_rest = _delay_amid(driven, 0.0)
    if at_rest.readout == 0 or (driven is not decoder and at_rest.readout is not None):
        return at_rest  # no answer comes sooner
    found = (at_rest, _delay_amid(driven, _RATE))
    return Delay(
        _shortest(each.hidden for each in found), _shortest(each.readout for each in found)
    )


@torch.no_grad()
def _delay_amid(decoder: Decoder, rate: float) -> Delay:
    random = torch.Generator().manual_seed(0)
    shape = (_BEFORE + LONGEST_DELAY, decoder.spec.channels)
    spikes = (torch.rand(shape, generator=random) < rate).to(torch.int8)
    changed = spikes.clone()
    changed[_BEFORE] = 1 - changed[_BEFORE]
    states: list[State] = [decoder.decode(each[:_BEFORE]).state for each in (spikes, changed)]
    hidden = readout = None
    for start in range(0, LONGEST_DELAY, _PIECE):
        piece = slice(_BEFORE + start, _BEFORE + start + _PIECE)
        one, other = (
            decoder.decode(each[piece], state)
            for each, state in zip((spikes, changed), states, strict=True)
        )
        states = [one.state, other.state]
        if hidden is None:
            hidden = _first_unlike(one.spikes, other.spikes, start)
        if readout is None:
            readout = _first_unlike(one.outputs, other.outputs, start)
        if readout is not None and (hidden is not None or one.spikes is None):
            break
    return Delay(hidden, readout)


def _first_unlike(one: Tensor | None, other: Tensor | None, start: int) -> int | None:
    """The first step at which two answers differ, of those that begin at step ``start``."""
    if one is None or other is None:
        return None
    differs = (one != other).flatten(1).any(dim=1)
    return start + int(differs.int().argmax()) if bool(differs.any()) else None


def _shortest(delays: Iterable[int | None]) -> int | None:
    return min((delay for delay in delays if delay is not None), default=None)
