"""The numba kernel for training: the arrays that its compiled passes work on, by what they mean.

A *group* is some windows of a batch that run together. A *place* is a step of a window: places are
in order of steps, then of windows. Neurons are filled up to a multiple of ``WIDE_LANES``, readout
units to one of ``LANES``: what fills them up has no weights and decays of 0, and stays silent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
ALPHA, BETA, GAIN = 0, 1, 2
"""Rows of decays: alpha, beta and 1 - beta."""

RHO, RISE, STRENGTH = 0, 1, 2
"""Rows of an adaptation's parameters: rho, 1 - rho and the strength."""

BY_RHO, BY_STRENGTH = 0, 1
"""Rows of an adaptation's gradients."""


class Events(NamedTuple):
    """What a layer is sent: events of samples, of which each place takes one sample's.

    Attributes:
        sources: the channels or neurons that fired, sample after sample.
        offsets: (samples + 1,) where the events of each sample begin, and the end.
        begins: (windows,) the sample of each window's first step.
        stride: samples from one step to the next.
    """

    sources: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    begins: NDArray[np.int64]
    stride: int


class Spikes(NamedTuple):
    """Spikes of a group, as far as dropout kept them.

    Attributes:
        sources: the channels or neurons that fired, place after place.
        borders: (places + 1,) where the spikes of each place begin, and the end.
    """

    sources: NDArray[np.uint16]
    borders: NDArray[np.int64]


class Mask(NamedTuple):
    """Dropout of a layer's spikes, see ``nbsuite.neurons.dropout``.

    Attributes:
        key: (2,) the lower and the upper 32 bits of its key.
        threshold: its threshold.
        half: half the number of units, rounded up.
    """

    key: NDArray[np.uint32]
    threshold: np.uint32
    half: int


class Lanes(NamedTuple):
    """Where in the masks the neurons of a layer stand, see ``hashing.lanes_of``; (neurons,) each.

    Attributes:
        hashed: what a neuron's lane adds to the hash.
        shifts: by how much its bits are shifted.
    """

    hashed: NDArray[np.uint32]
    shifts: NDArray[np.uint32]


class Weights(NamedTuple):
    """A hidden layer's weights, times the dropout's scale, and decays.

    Attributes:
        input: (sources, neurons) from the channels or the layer before, a row a source.
        sent: (neurons, width) a row a neuron: its recurrent weights, and those onto the readout
            units, if there are any, side by side.
        connected: whether there are recurrent weights; otherwise their place is empty.
        decays: (3, neurons), see ``ALPHA``.
    """

    input: Floats
    sent: Floats
    connected: bool
    decays: Floats


class Trace(NamedTuple):
    """What the forward pass of a hidden layer keeps.

    Attributes:
        membranes: (steps + 1, windows, neurons) the membrane potential before each step, and after
            the last.
        fired: the neurons of all spikes, place after place.
        fired_membranes: what their membrane potential would be without the reset.
        fired_borders: (places + 1,) where the spikes of each place begin, and the end.
        counts: (windows, neurons) the number of all spikes.
    """

    membranes: Floats
    fired: NDArray[np.uint16]
    fired_membranes: Floats
    fired_borders: NDArray[np.int64]
    counts: Floats


class Adaptation(NamedTuple):
    """The adapting thresholds of a hidden layer.

    Attributes:
        parameters: (3, neurons), see ``RHO``.
        traces: (steps + 1, windows, neurons) the adaptation before each step, and after the last.
        gradients: (2, neurons) zeros; receives the derivatives, see ``BY_RHO``.
    """

    parameters: Floats
    traces: Floats
    gradients: NDArray[np.float64]


class Gradients(NamedTuple):
    """Derivatives by a hidden layer's weights, without the dropout's scale, and decays.

    Attributes:
        input: as ``Weights.input``.
        sent: as ``Weights.sent``.
        decays: (2, neurons) by alpha and beta.
    """

    input: Floats
    sent: Floats
    decays: NDArray[np.float64]


class Readout(NamedTuple):
    """The units of all readout heads, side by side: none of a layer that is not the last.

    Attributes:
        decays: (3, units), see ``ALPHA``.
        initial: the membrane potential before the first step.
        synapses: (steps + 1, windows, units) receives the synaptic current before each step.
        outputs: (steps, windows, units) receives the membrane potential after it.
    """

    decays: Floats
    initial: float
    synapses: Floats
    outputs: Floats


class ReadoutErrors(NamedTuple):
    """What the readout units' backward pass makes.

    Attributes:
        synapses: (steps + 2, windows, units) receives the derivative by the synaptic current before
            each step; zero from the end on.
        decays: (2, units) zeros; receives the derivatives by alpha and beta.
    """

    synapses: Floats
    decays: NDArray[np.float64]
