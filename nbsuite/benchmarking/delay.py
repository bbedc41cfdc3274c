"""How many steps an input takes to reach the hidden spikes and what is decoded: measured.

One impulse on all channels goes into one of two equal decoders; the delay is the number of steps
until their answers differ. Whether an impulse gets through depends on the weights, when it does on
the equations alone. So it is put into a decoder of the same equations through which it gets, where
one can be made, at rest and amid random spikes: the shortest delay counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nbsuite.models.decoder import Decoder
from nbsuite.models.streaming import StreamingDecoder

LONGEST_DELAY = 100
"""Steps after which an answer is no longer waited for."""
_BEFORE = 150
"""Steps before the impulse, in which buffers fill."""
_RATES = (0.0, 0.1)
"""Spikes of a channel and step amid which the impulse comes."""


class Delay(NamedTuple):
    """Steps from an input sample to the first sample of the answer; None where there is none.

    Attributes:
        hidden: to the spikes of the hidden neurons, where there are any.
        readout: to what is decoded.
    """

    hidden: int | None
    readout: int | None


def measure_delay(decoder: Decoder) -> Delay:
    """Measure the delays of a decoder on the CPU, which is left as it is."""
    driven = decoder.easily_driven()
    found = [_delay_amid(driven, rate) for rate in _RATES]
    return Delay(
        _shortest(each.hidden for each in found), _shortest(each.readout for each in found)
    )


def _delay_amid(decoder: Decoder, rate: float) -> Delay:
    one, other = StreamingDecoder(decoder), StreamingDecoder(decoder)
    random = np.random.default_rng(0)
    spikes = random.random((_BEFORE + LONGEST_DELAY, decoder.spec.channels)) < rate
    hidden = readout = None
    for step, sample in enumerate(spikes, start=-_BEFORE):
        answers = one.step(sample), other.step(sample if step else ~sample)
        if readout is None and not np.array_equal(*answers):
            readout = step
        if hidden is None and _differ(one.hidden_spikes, other.hidden_spikes):
            hidden = step
        if readout is not None and (hidden is not None or one.hidden_spikes is None):
            break
    return Delay(hidden, readout)


def _differ(first: NDArray[Any] | None, second: NDArray[Any] | None) -> bool:
    return first is not None and second is not None and not np.array_equal(first, second)


def _shortest(delays: Iterable[int | None]) -> int | None:
    return min((delay for delay in delays if delay is not None), default=None)
