"""The numba kernel for training, forward: a group of windows through one hidden layer.

It runs the equations of ``cells.lif`` and ``cells.adaptive`` and touches a weight only where a
spike occurs, as the inference kernel does. Step by step and not window by window, it writes memory
in order. It keeps what the backward pass needs: the membrane potential before every step, and lists
of spikes. The spikes that dropout kept are the next layer's input, which waits for the end of this
pass: no layer acts back on the one before.
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
    Mask,
    Spikes,
    Trace,
    Weights,
)
from nbsuite.neurons.kernels.vectors import (
    WIDE_LANES,
    bits_of,
    load_wide,
    splat_wide,
    store,
    where,
)


@njit(cache=True, nogil=True, error_model="numpy")
def forward(
    first_window: int,
    arriving: Spikes,
    weights: Weights,
    mask: Mask,
    trace: Trace,
    sent: Spikes,
    adaptation: Adaptation | None,
) -> None:
    """Run a group of windows from rest.

    Args:
        first_window: index in the batch of the group's first window, for the dropout.
        arriving: spikes of the channels or of the layer before.
        weights: the layer's weights and decays.
        mask: dropout of the layer's spikes.
        trace: receives what happens.
        sent: receives the layer's spikes, as far as they are kept.
        adaptation: the layer's, whose traces are received; None where it has none. The compiler
            makes one pass for each case.
    """
    windows, neurons = trace.membranes.shape[1:]
    steps = trace.membranes.shape[0] - 1
    kind = trace.membranes.dtype.type
    zero, threshold = kind(0), kind(THRESHOLD)
    membranes, decays, fired = trace.membranes, weights.decays, trace.fired
    connected = weights.recurrent.shape[0] > 0
    currents = np.zeros((windows, neurons), membranes.dtype)
    synapses = np.zeros((windows, neurons), membranes.dtype)
    flat = membranes.reshape(-1)
    membranes[0] = 0
    if adaptation is not None:
        adaptation.traces[0] = 0
    trace.counts[:] = 0
    kept = spikes = 0
    sent.borders[0] = trace.fired_borders[0] = 0
    for step in range(steps):
        for window in range(windows):
            place = step * windows + window
            first_spike, first_kept = spikes, kept
            for block in range(0, neurons, WIDE_LANES):
                here, there = place * neurons + block, window * neurons + block
                membrane, synapse = load_wide(membranes, here), load_wide(synapses, there)
                integrated = load_wide(decays, BETA * neurons + block) * membrane
                integrated = integrated + load_wide(decays, GAIN * neurons + block) * synapse
                store(membranes, here + windows * neurons, integrated)
                decayed = load_wide(decays, ALPHA * neurons + block) * synapse
                store(synapses, there, decayed + load_wide(currents, there))
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
            row = row_of(mask.key, step, first_window + window)
            for event in range(first_spike, spikes):
                trace.counts[window, fired[event]] += 1
                # Without a branch, as for input spikes.
                sent.sources[kept] = fired[event]
                kept += is_kept(row, fired[event], mask.half, mask.threshold)
            trace.fired_borders[place + 1] = spikes
            sent.borders[place + 1] = kept

            first, end = arriving.borders[place], arriving.borders[place + 1]
            recurrent_end = kept if connected else first_kept
            for block in range(0, neurons, WIDE_LANES):
                total = splat_wide(zero)
                for event in range(first, end):
                    source = arriving.sources[event] * neurons
                    total = total + load_wide(weights.input, source + block)
                for event in range(first_kept, recurrent_end):
                    source = sent.sources[event] * neurons
                    total = total + load_wide(weights.recurrent, source + block)
                store(currents, window * neurons + block, total)
