"""How many steps an input takes to reach the hidden spikes and the decoded velocity: measured.

One impulse on all channels goes into one of two equal decoders at rest; the delay is the number of
steps until their answers differ. Whether an impulse gets through depends on the weights, when it
does on the equations alone. So it is put into a copy of the decoder in which every synapse from
the input is strong enough to make its neuron fire: pruned synapses stay pruned.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import torch

from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.models.streaming import StreamingDecoder
from nbsuite.neurons.cells.lif import THRESHOLD

LONGEST_DELAY = 100
"""Steps after which an answer is no longer waited for."""


class Delay(NamedTuple):
    """Steps from an input sample to the first sample of the answer; None where there is none.

    Attributes:
        hidden: to the spikes of the hidden neurons.
        readout: to the decoded velocity.
    """

    hidden: int | None
    readout: int | None


def measure_delay(decoder: RecurrentDecoder) -> Delay:
    """Measure the delays of a decoder on the CPU, which is left as it is."""
    driven = _strongly_driven(decoder)
    resting, struck = StreamingDecoder(driven), StreamingDecoder(driven)
    silence = np.zeros(decoder.spec.channels, dtype=np.int8)
    hidden = readout = None
    for step in range(LONGEST_DELAY):
        answers = resting.step(silence), struck.step(silence if step else silence + 1)
        spikes = resting.hidden_spikes, struck.hidden_spikes
        if hidden is None and not np.array_equal(*spikes):
            hidden = step
        if readout is None and not np.array_equal(*answers):
            readout = step
    return Delay(hidden, readout)


@torch.no_grad()
def _strongly_driven(decoder: RecurrentDecoder) -> RecurrentDecoder:
    """A copy in which the current of one input spike takes a neuron to twice its threshold."""
    driven = copy.deepcopy(decoder).double()
    weight = driven.input.weight
    strength = 2 * THRESHOLD / (1 - driven.layers()[0][1].beta)
    weight.copy_(torch.where(weight != 0, strength[:, None], 0.0))
    return driven
