"""The numba kernel for training, forward: a group of windows through the whole network.

It runs the equations of ``cells.lif`` and touches a weight only where a spike occurs, as the
inference kernel does. Step by step and not window by window, it writes memory in order. It keeps
what the backward pass needs: the membrane potential before every step, and lists of spikes.

The number of neurons is a multiple of ``WIDE_LANES`` here: those that fill it up have no weights
and decays of 0, and stay silent.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.cells.lif import THRESHOLD
from nbsuite.neurons.kernels.bits import trailing_zeros
from nbsuite.neurons.kernels.hashing import is_kept, row_of
from nbsuite.neurons.kernels.vectors import (
    LANES,
    WIDE_LANES,
    bits_of,
    load,
    load_wide,
    splat,
    splat_wide,
    store,
)

Floats = NDArray[np.floating]
ALPHA, BETA, GAIN = 0, 1, 2


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
    half: int,
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
        source_weights: (neurons, width): a row a source neuron, its recurrent and its readout
            weights side by side, times the dropout's scale; filled up with zeros to a multiple
            of ``LANES``.
        decays: (3, neurons): alpha, beta and 1 - beta.
        readout_decays: (3, units), likewise.
        initial_readout: the readouts' membrane potential before the first step.
        half: half the number of neurons that the network has, rounded up, see ``is_kept``.
        keys: (2, 2) the dropout's keys: input, hidden.
        thresholds: (2,) its thresholds.
        membranes: (steps + 1, windows, neurons) receives the membrane potential before each step,
            and after the last.
        sent_inputs: receives the channels of all input spikes that were kept.
        input_borders: (steps * windows + 1,) receives where the entries of each window of each
            step begin, and the end.
        fired: receives the neurons of all hidden spikes.
        fired_membranes: receives what their membrane potential would be without the reset.
        fired_borders: likewise, for the hidden spikes.
        counts: (windows, neurons) receives the number of all hidden spikes.
        readout_synapses: (steps + 1, windows, units) receives the readouts' current, likewise.
        outputs: (steps, windows, units) receives the readouts' membrane potentials after a step.
    """
    steps, windows, units = outputs.shape
    neurons, width = source_weights.shape
    half_channels = (input_weights.shape[0] + 1) // 2
    zero, threshold = membranes.dtype.type(0), membranes.dtype.type(THRESHOLD)
    currents = np.zeros((windows, width), membranes.dtype)
    synapses = np.zeros((windows, neurons), membranes.dtype)
    readout = np.full((windows, units), initial_readout, membranes.dtype)
    kept = np.empty(neurons, np.int64)
    flat = membranes.reshape(-1)
    membranes[0] = 0
    readout_synapses[0] = 0
    counts[:] = 0
    sent = spikes = 0
    input_borders[0] = fired_borders[0] = 0
    for step in range(steps):
        for window in range(windows):
            place = step * windows + window
            first_spike, first_sent = spikes, sent
            for block in range(0, neurons, WIDE_LANES):
                here, there = place * neurons + block, window * neurons + block
                membrane, synapse = load_wide(membranes, here), load_wide(synapses, there)
                integrated = load_wide(decays, BETA * neurons + block) * membrane
                integrated = integrated + load_wide(decays, GAIN * neurons + block) * synapse
                here += windows * neurons
                store(membranes, here, integrated)
                decayed = load_wide(decays, ALPHA * neurons + block) * synapse
                store(synapses, there, decayed + load_wide(currents, window * width + block))
                word = bits_of(membrane > splat_wide(threshold))
                while word:
                    lane = trailing_zeros(word)
                    fired[spikes] = block + lane
                    fired_membranes[spikes] = flat[here + lane]
                    flat[here + lane] = 0
                    spikes += 1
                    word &= word - np.uint64(1)
            for unit in range(units):
                synaptic = readout_synapses[step, window, unit]
                integrated_readout = readout_decays[BETA, unit] * readout[window, unit]
                integrated_readout += readout_decays[GAIN, unit] * synaptic
                outputs[step, window, unit] = readout[window, unit] = integrated_readout
                decayed_readout = readout_decays[ALPHA, unit] * synaptic
                decayed_readout += currents[window, neurons + unit]
                readout_synapses[step + 1, window, unit] = decayed_readout

            sample = starts[window] + step
            row = row_of(keys[0], step, first_window + window)
            for event in range(offsets[sample], offsets[sample + 1]):
                # Without a branch, which the processor would guess wrong for every third spike.
                sent_inputs[sent] = sources[event]
                sent += is_kept(row, sources[event], half_channels, thresholds[0])
            row = row_of(keys[1], step, first_window + window)
            arriving = 0
            for event in range(first_spike, spikes):
                counts[window, fired[event]] += 1
                kept[arriving] = fired[event]
                arriving += is_kept(row, fired[event], half, thresholds[1])
            input_borders[place + 1] = sent
            fired_borders[place + 1] = spikes

            for block in range(0, neurons, WIDE_LANES):
                total = splat_wide(zero)
                for event in range(first_sent, sent):
                    total = total + load_wide(input_weights, sent_inputs[event] * neurons + block)
                for event in range(arriving):
                    total = total + load_wide(source_weights, kept[event] * width + block)
                store(currents, window * width + block, total)
            for block in range(neurons, width, LANES):
                arrived = splat(zero)
                for event in range(arriving):
                    arrived = arrived + load(source_weights, kept[event] * width + block)
                store(currents, window * width + block, arrived)
