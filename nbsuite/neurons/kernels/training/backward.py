"""The numba kernel for training, backward: the adjoint of ``training.forward``, by hand.

With d(z) the derivative of the loss with respect to z, in the notation of ``cells.lif``, x~ and s~
the spikes that dropout kept, k the mask, i(t+1) = W x~(t) + V s~(t), and j(t+1) = U s~(t) the
current of what the layer projects onto: the next layer or the readout units,

    d(s(t)) = k(t) (V^T d(i(t+1)) + U^T d(j(t+1))) + d(count)
    d(n)    = d(m(t+1)) (1 - s(t))                            the reset carries no gradient
    d(m(t)) = beta d(n) + d(s(t)) / (20 |m(t) - 1| + 1)^2     SuperSpike
    d(c(t)) = alpha d(c(t+1)) + (1 - beta) d(n)
    d(i(t)) = d(c(t+1)),   d(W) += d(i(t+1)) x~(t)^T,   d(V) += d(i(t+1)) s~(t)^T
    d(beta) += d(n) (m(t) - c(t)),   d(alpha) += d(c(t+1)) c(t)

Where the threshold adapts (``cells.adaptive``) it is 1 + g a instead of 1, and, with D(t) the
second term of d(m(t)),

    d(s(t)) has (1 - rho) d(a(t+1)) besides
    d(a(t)) = rho d(a(t+1)) - g D(t)
    d(rho) += d(a(t+1)) (a(t) - s(t)),   d(g) -= a(t) D(t)

The synaptic current is not kept. Where no spike resets the membrane,

    (1 - beta) c(t) = m(t+1) - beta m(t),    (1 - beta) (m(t) - c(t)) = m(t) - m(t+1)

and where one does, what m(t+1) would have been is kept with the spike, for d(alpha); d(n) is zero.

What flows back along the connections at step t is d(i(t+1)) = d(c(t+2)), which is known two steps
before it is needed. So one matrix product serves two steps and all windows of the group.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.cells.lif import THRESHOLD
from nbsuite.neurons.kernels.hashing import is_kept, kept_lanes, row_of
from nbsuite.neurons.kernels.training.arrays import (
    ALPHA,
    BETA,
    BY_RHO,
    BY_STRENGTH,
    GAIN,
    RHO,
    RISE,
    STRENGTH,
    Adaptation,
    Floats,
    Gradients,
    Lanes,
    Mask,
    Spikes,
    Trace,
)
from nbsuite.neurons.kernels.training.product import ROWS, multiply
from nbsuite.neurons.kernels.vectors import (
    LANES,
    WIDE_LANES,
    absolute,
    in_double_precision,
    load,
    load_wide,
    multiply_add,
    prefetch,
    splat,
    store,
    where,
)
from nbsuite.neurons.surrogate import STEEPNESS


@njit(cache=True, nogil=True, error_model="numpy")
def backward(
    first_window: int,
    panels: Floats,
    decays: Floats,
    mask: Mask,
    lanes: Lanes,
    trace: Trace,
    connected: bool,
    inputs: Spikes,
    target_errors: Floats,
    count_errors: Floats,
    gradients: Gradients,
    synapse_errors: Floats,
    adaptation: Adaptation | None,
) -> None:
    """Propagate a group's errors back through time and add up its gradients.

    Args:
        first_window: as in the forward pass.
        panels: the recurrent weights, if there are any, and below them those onto the layer's
            targets, times the dropout's scale, as ``product.panels_of`` lays them out.
        decays: (3, neurons), see ``ALPHA``.
        mask: dropout of the layer's spikes.
        lanes: where the neurons stand in its masks.
        trace: kept by the forward pass.
        connected: whether there are recurrent weights.
        inputs: the events that were kept.
        target_errors: (steps + 2, windows, targets) derivative by the targets' synaptic currents;
            zero from the end on.
        count_errors: (windows, neurons) derivative by the number of spikes.
        gradients: zeros; receives the gradients.
        synapse_errors: (steps + 2, windows, neurons) receives the derivative by the layer's own
            synaptic currents; of no steps where nobody wants it.
        adaptation: the layer's, whose gradients are received; None where it has none.
    """
    windows, neurons = trace.membranes.shape[1:]
    steps = trace.membranes.shape[0] - 1
    first_column, end_column = 0 if connected else neurons, gradients.sent.shape[1]
    end_target = neurons + target_errors.shape[2]
    width = max(end_column, end_target)
    wanted = synapse_errors.shape[0] > 0
    kind = trace.membranes.dtype
    rows = windows + windows % (ROWS // 2)  # products come in ROWS rows at a time
    known = np.zeros((2, rows, width), kind)
    coming = np.zeros((2, rows, width), kind)
    products = np.empty((2 * rows, neurons), kind)
    membrane_errors = np.zeros((windows, neurons), kind)
    trace_errors = np.zeros((windows, 0 if adaptation is None else neurons), kind)
    mask_rows = np.empty((2, windows), np.uint32)
    if wanted:
        synapse_errors[steps:] = 0
    last = steps - 1
    while last >= 0:
        slots = min(2, last + 1)
        known[0, :windows, neurons:end_target] = target_errors[last + 2]
        known[1, :windows, neurons:end_target] = target_errors[last + 1]
        multiply(known.reshape(2 * rows, width), panels, products, first_column)
        for slot in range(slots):
            for window in range(windows):
                mask_rows[slot, window] = row_of(mask.key, last - slot, first_window + window)
        _step_back(
            last,
            slots,
            decays,
            trace.membranes,
            products,
            count_errors,
            mask_rows,
            mask.threshold,
            lanes,
            known,
            membrane_errors,
            coming,
            gradients.decays,
            trace_errors,
            adaptation,
        )
        for slot in range(slots):
            # The derivative by the synaptic current one step on.
            later = known[1] if slot == 0 else coming[0]
            if wanted:
                synapse_errors[last - slot] = coming[slot, :windows, :neurons]
            for window in range(windows):
                place = (last - slot) * windows + window
                errors = (slot * rows + window) * width
                first, end = inputs.borders[place], inputs.borders[place + 1]
                for block in range(0, neurons, WIDE_LANES):
                    error = load_wide(known, errors + block)
                    for event in range(first, end):
                        row = inputs.sources[event] * neurons + block
                        store(gradients.input, row, load_wide(gradients.input, row) + error)
                for event in range(trace.fired_borders[place], trace.fired_borders[place + 1]):
                    neuron = trace.fired[event]
                    by_alpha = later[window, neuron] * trace.fired_membranes[event]
                    gradients.decays[ALPHA, neuron] += by_alpha
                    if is_kept(mask_rows[slot, window], neuron, mask.half, mask.threshold):
                        row = neuron * end_column
                        for block in range(first_column, end_column, LANES):
                            total = load(gradients.sent, row + block)
                            store(gradients.sent, row + block, total + load(known, errors + block))
        known, coming = coming, known
        last -= 2
    for neuron in range(neurons):
        gradients.decays[:, neuron] /= decays[GAIN, neuron]


@njit(inline="always")
def _step_back(
    last: int,
    slots: int,
    decays: Floats,
    membranes: Floats,
    products: Floats,
    count_errors: Floats,
    mask_rows: NDArray[np.uint32],
    threshold: np.uint32,
    lanes: Lanes,
    known: Floats,
    membrane_errors: Floats,
    coming: Floats,
    decay_gradients: NDArray[np.float64],
    trace_errors: Floats,
    adaptation: Adaptation | None,
) -> None:
    """d(m), d(c), d(a) and the neurons' parameters of two steps, for all windows."""
    windows, neurons = membrane_errors.shape
    rows, width = known.shape[1], known.shape[2]
    kind = membranes.dtype.type
    zero, one = splat(kind(0)), splat(kind(1))
    firing, steepness = splat(kind(THRESHOLD)), splat(kind(STEEPNESS))
    for block in range(0, neurons, LANES):
        alpha = load(decays, ALPHA * neurons + block)
        beta = load(decays, BETA * neurons + block)
        gain = load(decays, GAIN * neurons + block)
        hashed, shift = load(lanes.hashed, block), load(lanes.shifts, block)
        by_alpha, by_beta = zero, zero
        if adaptation is not None:
            rho = load(adaptation.parameters, RHO * neurons + block)
            rise = load(adaptation.parameters, RISE * neurons + block)
            strength = load(adaptation.parameters, STRENGTH * neurons + block)
            by_rho, by_strength = zero, zero
        for window in range(windows):
            here = (last * windows + window) * neurons + block
            place = window * neurons + block
            there = window * width + block
            new_membrane = load(membranes, here + windows * neurons)
            synapse_error = load(known, rows * width + there)
            membrane_error = load(membrane_errors, place)
            count_error = load(count_errors, place)
            if adaptation is not None:
                trace_error = load(trace_errors, place)
            for slot in range(slots):
                membrane = load(membranes, here - slot * windows * neurons)
                prefetch(membranes, here - (slot + 2) * windows * neurons)
                if adaptation is None:
                    level = firing
                else:
                    adapted = load(adaptation.traces, here - slot * windows * neurons)
                    prefetch(adaptation.traces, here - (slot + 2) * windows * neurons)
                    level = firing + strength * adapted
                # A spike resets the membrane, and the reset carries no gradient.
                fires = membrane > level
                membrane_error = where(fires, zero, membrane_error)
                synapse = multiply_add(zero - beta, membrane, new_membrane)
                by_alpha = multiply_add(synapse_error, synapse, by_alpha)
                by_beta = multiply_add(membrane_error, membrane - new_membrane, by_beta)
                kept = kept_lanes(mask_rows[slot, window], hashed, shift, threshold)
                product = load(products, (slot * rows + window) * neurons + block)
                slope = multiply_add(steepness, absolute(membrane - level), one)
                spike_error = where(kept, product, zero) + count_error
                if adaptation is None:
                    spike_error = spike_error / (slope * slope)
                else:
                    spike_error = multiply_add(rise, trace_error, spike_error) / (slope * slope)
                    by_rho = multiply_add(trace_error, adapted - where(fires, one, zero), by_rho)
                    by_strength = by_strength - adapted * spike_error
                    trace_error = rho * trace_error - strength * spike_error
                synapse_error = multiply_add(gain, membrane_error, alpha * synapse_error)
                store(coming, slot * rows * width + there, synapse_error)
                membrane_error = multiply_add(beta, membrane_error, spike_error)
                new_membrane = membrane
            store(membrane_errors, place, membrane_error)
            if adaptation is not None:
                store(trace_errors, place, trace_error)
        _add_up(decay_gradients, ALPHA * neurons + block, by_alpha)
        _add_up(decay_gradients, BETA * neurons + block, by_beta)
        if adaptation is not None:
            _add_up(adaptation.gradients, BY_RHO * neurons + block, by_rho)
            _add_up(adaptation.gradients, BY_STRENGTH * neurons + block, by_strength)


@njit(inline="always")
def _add_up(gradients: NDArray[np.float64], place: int, sums: Floats) -> None:
    """Add a vector of sums over windows to a gradient in double precision."""
    store(gradients, place, load(gradients, place) + in_double_precision(sums))
