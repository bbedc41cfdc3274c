"""The numba kernel for training, forward: a group of windows through a hidden layer.

It runs the equations of ``cells.lif`` and ``cells.adaptive`` and touches a weight only where a
spike occurs, as the inference kernel does. Step by step and not window by window, it writes memory
in order. It keeps what the backward pass needs: the membrane potential before every step, and lists
of spikes. The spikes that dropout kept are the events of the next layer, whose pass waits for the
end of this one: no layer acts back on the one before. The last one's pass runs the readout units
too.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nbsuite.neurons.cells.lif import THRESHOLD
from nbsuite.neurons.kernels.bits import trailing_zeros
from nbsuite.neurons.kernels.hashing import is_kept, row_of
from nbsuite.neurons.kernels.training.arrays import (
    ALPHA,
    BETA,
    GAIN,
    RHO,
    RISE,
    STRENGTH,
    Adaptation,
    Events,
    Mask,
    Readout,
    Spikes,
    Trace,
    Weights,
)
from nbsuite.neurons.kernels.vectors import (
    LANES,
    WIDE_LANES,
    bits_of,
    load,
    load_wide,
    splat,
    splat_wide,
    store,
    where,
)


@njit(cache=True, nogil=True, error_model="numpy")
def forward(
    first_window: int,
    events: Events,
    input_mask: Mask,
    weights: Weights,
    mask: Mask,
    inputs: Spikes,
    trace: Trace,
    sent: Spikes,
    readout: Readout,
    adaptation: Adaptation | None,
) -> None:
    """Run a group of windows from rest.

    Args:
        first_window: index in the batch of the group's first window, for the dropout.
        events: spikes of the channels or of the layer before. Several of one channel at one place
            are kept or dropped together.
        input_mask: their dropout.
        weights: the layer's weights and decays.
        mask: dropout of the layer's spikes.
        inputs: receives the events that are kept.
        trace: receives what happens.
        sent: receives the layer's spikes, as far as they are kept.
        readout: the readout units; none where the layer is not the last.
        adaptation: the layer's, whose traces are received; None where it has none. The compiler
            makes one pass for each case.
    """
    windows, neurons = trace.membranes.shape[1:]
    steps = trace.membranes.shape[0] - 1
    units, width = readout.outputs.shape[2], weights.sent.shape[1]
    kind = trace.membranes.dtype.type
    zero, threshold = kind(0), kind(THRESHOLD)
    membranes, decays, fired = trace.membranes, weights.decays, trace.fired
    currents = np.zeros((windows, width), membranes.dtype)
    synapses = np.zeros((windows, neurons), membranes.dtype)
    readouts = np.full((windows, units), readout.initial, membranes.dtype)
    flat = membranes.reshape(-1)
    membranes[0] = 0
    readout.synapses[0] = 0
    if adaptation is not None:
        adaptation.traces[0] = 0
    trace.counts[:] = 0
    arrived = spikes = kept = 0
    inputs.borders[0] = trace.fired_borders[0] = sent.borders[0] = 0
    for step in range(steps):
        for window in range(windows):
            place = step * windows + window
            first_input, first_spike, first_kept = arrived, spikes, kept
            for block in range(0, neurons, WIDE_LANES):
                here, there = place * neurons + block, window * neurons + block
                membrane, synapse = load_wide(membranes, here), load_wide(synapses, there)
                integrated = load_wide(decays, BETA * neurons + block) * membrane
                integrated = integrated + load_wide(decays, GAIN * neurons + block) * synapse
                store(membranes, here + windows * neurons, integrated)
                decayed = load_wide(decays, ALPHA * neurons + block) * synapse
                store(synapses, there, decayed + load_wide(currents, window * width + block))
                if adaptation is None:
                    fires = membrane > splat_wide(threshold)
                else:
                    parameters = adaptation.parameters
                    adapted = load_wide(adaptation.traces, here)
                    raised = load_wide(parameters, STRENGTH * neurons + block) * adapted
                    fires = membrane > splat_wide(threshold) + raised
                    adapted = load_wide(parameters, RHO * neurons + block) * adapted
                    rise = load_wide(parameters, RISE * neurons + block)
                    adapted = adapted + where(fires, rise, splat_wide(zero))
                    store(adaptation.traces, here + windows * neurons, adapted)
                here += windows * neurons
                word = bits_of(fires)
                while word:
                    lane = trailing_zeros(word)
                    fired[spikes] = block + lane
                    trace.fired_membranes[spikes] = flat[here + lane]
                    flat[here + lane] = 0
                    spikes += 1
                    word &= word - np.uint64(1)
            for unit in range(units):
                synaptic = readout.synapses[step, window, unit]
                integrated_readout = readout.decays[BETA, unit] * readouts[window, unit]
                integrated_readout += readout.decays[GAIN, unit] * synaptic
                readout.outputs[step, window, unit] = integrated_readout
                readouts[window, unit] = integrated_readout
                decayed_readout = readout.decays[ALPHA, unit] * synaptic
                decayed_readout += currents[window, neurons + unit]
                readout.synapses[step + 1, window, unit] = decayed_readout

            sample = events.begins[window] + step * events.stride
            row = row_of(input_mask.key, step, first_window + window)
            for event in range(events.offsets[sample], events.offsets[sample + 1]):
                # Without a branch, which the processor would guess wrong for every third spike.
                source = events.sources[event]
                inputs.sources[arrived] = source
                arrived += is_kept(row, source, input_mask.half, input_mask.threshold)
            row = row_of(mask.key, step, first_window + window)
            for event in range(first_spike, spikes):
                neuron = fired[event]
                trace.counts[window, neuron] += 1
                sent.sources[kept] = neuron
                kept += is_kept(row, neuron, mask.half, mask.threshold)
            inputs.borders[place + 1] = arrived
            trace.fired_borders[place + 1] = spikes
            sent.borders[place + 1] = kept

            connected = kept if weights.connected else first_kept
            for block in range(0, neurons, WIDE_LANES):
                total = splat_wide(zero)
                for event in range(first_input, arrived):
                    place_of = inputs.sources[event] * neurons
                    total = total + load_wide(weights.input, place_of + block)
                for event in range(first_kept, connected):
                    place_of = sent.sources[event] * width
                    total = total + load_wide(weights.sent, place_of + block)
                store(currents, window * width + block, total)
            for block in range(neurons, width, LANES):
                onward = splat(zero)
                for event in range(first_kept, kept):
                    place_of = sent.sources[event] * width
                    onward = onward + load(weights.sent, place_of + block)
                store(currents, window * width + block, onward)
