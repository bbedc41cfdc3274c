"""The numba kernel for training, forward: a group of windows through the whole network.

It runs the equations of ``dynamics`` and touches a weight only where a spike occurs, as the
inference kernel does. Step by step and not window by window, it writes memory in order. It keeps
what the backward pass needs: the membrane potential and synaptic current before every step, and
lists of the spikes that dropout kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.dynamics import THRESHOLD
from nbsuite.neurons.kernels.bits import trailing_zeros
from nbsuite.neurons.kernels.hashing import is_kept, row_of

Floats = NDArray[np.floating]
ALPHA, BETA, GAIN = 0, 1, 2
WORD = 32


@njit(cache=True, nogil=True, error_model="numpy")
def forward(
    sources: NDArray[np.uint16],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int64],
    first_window: int,
    input_weights: Floats,
    source_weights: Floats,
    decays: Floats,
    readout_decays: Floats,
    initial_readout: float,
    keys: NDArray[np.uint32],
    thresholds: NDArray[np.uint32],
    membranes: Floats,
    sent_inputs: NDArray[np.uint16],
    input_borders: NDArray[np.int64],
    fired: NDArray[np.uint16],
    fired_membranes: Floats,
    fired_borders: NDArray[np.int64],
    counts: Floats,
    readout_synapses: Floats,
    outputs: Floats,
) -> None:
    """Run a group of windows from rest.

    Args:
        sources: the input events, see ``SpikeEvents``.
        offsets: likewise.
        starts: (windows,) first sample of each window.
        first_window: index in the batch of the group's first window, for the dropout.
        input_weights: (channels, neurons), times the dropout's scale.
        source_weights: (neurons, neurons + units): a row a source neuron, its recurrent and its
            readout weights side by side, times the dropout's scale.
        decays: (3, neurons): alpha, beta and 1 - beta.
        readout_decays: (3, units), likewise.
        initial_readout: the readouts' membrane potential before the first step.
        keys: (2, 2) the dropout's keys: input, hidden.
        thresholds: (2,) its thresholds.
        membranes: (steps, windows, neurons) receives the membrane potential before each step.
        sent_inputs: receives the channels of all input spikes that were kept.
        input_borders: (steps * windows + 1,) receives where the entries of each window of each
            step begin, and the end.
        fired: receives the neurons of all hidden spikes.
        fired_membranes: receives what their membrane potential would be without the reset.
        fired_borders: likewise, for the hidden spikes.
        counts: (windows, neurons) receives the number of all hidden spikes.
        readout_synapses: (steps, windows, units) receives the readouts' current before each step.
        outputs: (steps, windows, units) receives the readouts' membrane potentials after it.
    """
    steps, windows, neurons = membranes.shape
    units, half = outputs.shape[2], (neurons + 1) // 2
    half_channels = (input_weights.shape[0] + 1) // 2
    currents = np.zeros((windows, neurons + units), membranes.dtype)
    readout = np.full((windows, units), initial_readout, membranes.dtype)
    readout_current = np.zeros((windows, units), membranes.dtype)
    synapses = np.zeros((windows, neurons), membranes.dtype)
    integrated = np.empty(neurons, membranes.dtype)
    membranes[0] = 0
    counts[:] = 0
    readout_synapses[0] = 0
    inputs_sent = spikes = 0
    input_borders[0] = fired_borders[0] = 0
    for step in range(steps):
        is_last = step + 1 == steps
        for window in range(windows):
            membrane, current = membranes[step, window], currents[window]
            first, spikes = spikes, _append_fired(membrane, fired, spikes)
            new_membrane = integrated if is_last else membranes[step + 1, window]
            _integrate(decays, membrane, synapses[window], current, new_membrane)
            for event in range(first, spikes):
                fired_membranes[event] = new_membrane[fired[event]]
                new_membrane[fired[event]] = 0
            current[:] = 0

            sample = starts[window] + step
            row = row_of(keys[0], step, first_window + window)
            for event in range(offsets[sample], offsets[sample + 1]):
                source = sources[event]
                if thresholds[0] == 0 or is_kept(row, source, half_channels, thresholds[0]):
                    sent_inputs[inputs_sent] = source
                    inputs_sent += 1
                    _add_row(input_weights[source], current)
            row = row_of(keys[1], step, first_window + window)
            for event in range(first, spikes):
                source = fired[event]
                counts[window, source] += 1
                if thresholds[1] == 0 or is_kept(row, source, half, thresholds[1]):
                    _add_row(source_weights[source], current)
            input_borders[step * windows + window + 1] = inputs_sent
            fired_borders[step * windows + window + 1] = spikes

            for unit in range(units):
                synaptic = readout_synapses[step, window, unit]
                new_readout = readout_decays[BETA, unit] * readout[window, unit]
                new_readout += readout_decays[GAIN, unit] * synaptic
                outputs[step, window, unit] = readout[window, unit] = new_readout
                if not is_last:
                    decayed = readout_decays[ALPHA, unit] * synaptic
                    decayed += readout_current[window, unit]
                    readout_synapses[step + 1, window, unit] = decayed
                readout_current[window, unit] = current[neurons + unit]


@njit(inline="always")
def _append_fired(membrane: Floats, fired: NDArray[np.uint16], count: int) -> int:
    """Append the neurons above threshold to a list of ``count``; returns its new length."""
    threshold = membrane.dtype.type(THRESHOLD)
    for first in range(0, membrane.size, WORD):
        word: Any = np.uint32(0)
        for bit in range(min(WORD, membrane.size - first)):
            word |= np.uint32(np.uint32(membrane[first + bit] > threshold) << np.uint32(bit))
        while word:
            fired[count] = first + trailing_zeros(word)
            word &= np.uint32(word - np.uint32(1))
            count += 1
    return count


@njit(inline="always")
def _integrate(
    decays: Floats, membrane: Floats, synapse: Floats, current: Floats, new_membrane: Floats
) -> None:
    """Membrane and synapse one step on, without reset."""
    alpha, beta, gain = decays[ALPHA], decays[BETA], decays[GAIN]
    for neuron in range(membrane.size):
        new_membrane[neuron] = beta[neuron] * membrane[neuron] + gain[neuron] * synapse[neuron]
    for neuron in range(membrane.size):
        synapse[neuron] = alpha[neuron] * synapse[neuron] + current[neuron]


@njit(inline="always")
def _add_row(row: Floats, total: Floats) -> None:
    for target in range(row.size):
        total[target] += row[target]
