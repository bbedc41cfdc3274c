"""The numba kernel for training, backward: the adjoint of ``training_forward``, by hand.

With d(z) the derivative of the loss with respect to z, in the notation of ``cells.lif``, x~ and s~
the spikes that dropout kept, k the mask, and i(t+1) = W x~(t) + V s~(t), j(t+1) = U s~(t):

    d(s(t)) = k(t) (V^T d(i(t+1)) + U^T d(j(t+1))) + d(count)
    d(n)    = d(m(t+1)) (1 - s(t))                            the reset carries no gradient
    d(m(t)) = beta d(n) + d(s(t)) / (20 |m(t) - 1| + 1)^2     SuperSpike
    d(c(t)) = alpha d(c(t+1)) + (1 - beta) d(n)
    d(i(t)) = d(c(t+1)),   d(W) += d(i(t+1)) x~(t)^T,   d(V) += d(i(t+1)) s~(t)^T
    d(beta) += d(n) (m(t) - c(t)),   d(alpha) += d(c(t+1)) c(t)

The synaptic current is not kept. Where no spike resets the membrane,

    (1 - beta) c(t) = m(t+1) - beta m(t),    (1 - beta) (m(t) - c(t)) = m(t) - m(t+1)

and where one does, what m(t+1) would have been is kept with the spike, for d(alpha); d(n) is zero.

What flows back along the connections at step t is d(i(t+1)) = d(c(t+2)), which is known two steps
before it is needed. So one matrix product serves two steps and all windows of the group.

Neurons are filled up to a multiple of ``WIDE_LANES`` as in the forward pass.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.cells.lif import THRESHOLD
from nbsuite.neurons.kernels.hashing import is_kept, kept_lanes, row_of
from nbsuite.neurons.kernels.training.forward import ALPHA, BETA, GAIN
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

Floats = NDArray[np.floating]


@njit(cache=True, nogil=True, error_model="numpy")
def backward(
    first_window: int,
    panels: Floats,
    decays: Floats,
    key: NDArray[np.uint32],
    threshold: np.uint32,
    half: int,
    hashed_lanes: NDArray[np.uint32],
    shifts: NDArray[np.uint32],
    membranes: Floats,
    sent_inputs: NDArray[np.uint16],
    input_borders: NDArray[np.int64],
    fired: NDArray[np.uint16],
    fired_membranes: Floats,
    fired_borders: NDArray[np.int64],
    readout_errors: Floats,
    count_errors: Floats,
    input_gradient: Floats,
    source_gradient: Floats,
    decay_gradients: NDArray[np.float64],
) -> None:
    """Propagate a group's errors back through time and add up its gradients.

    Args:
        first_window: as in the forward pass.
        panels: recurrent and readout weights below each other, times the dropout's scale, as
            ``training_product.panels_of`` lays them out.
        decays: (3, neurons): alpha, beta and 1 - beta.
        key: (2,) the key of the hidden spikes' dropout.
        threshold: its threshold.
        half: half the number of neurons that the network has, rounded up.
        hashed_lanes: (neurons,) see ``hashing.lanes_of``, as are the shifts.
        shifts: (neurons,) likewise.
        membranes: kept by the forward pass, as are the next five.
        sent_inputs: likewise.
        input_borders: likewise.
        fired: likewise.
        fired_membranes: likewise.
        fired_borders: likewise.
        readout_errors: (steps + 2, windows, units) derivative by the readouts' synaptic currents.
        count_errors: (windows, neurons) derivative by the number of spikes.
        input_gradient: (channels, neurons) zeros; receives dW^T without the dropout's scale.
        source_gradient: (neurons, width) zeros; receives dV^T and dU^T, likewise.
        decay_gradients: (2, neurons) zeros; receives the derivatives by alpha and beta.
    """
    steps, windows, neurons = len(membranes) - 1, membranes.shape[1], membranes.shape[2]
    units, width = readout_errors.shape[2], source_gradient.shape[1]
    rows = windows + windows % (ROWS // 2)  # products come in ROWS rows at a time
    known = np.zeros((2, rows, width), membranes.dtype)
    coming = np.zeros((2, rows, width), membranes.dtype)
    products = np.empty((2 * rows, neurons), membranes.dtype)
    membrane_errors = np.zeros((windows, neurons), membranes.dtype)
    mask_rows = np.empty((2, windows), np.uint32)
    last = steps - 1
    while last >= 0:
        slots = min(2, last + 1)
        known[0, :windows, neurons : neurons + units] = readout_errors[last + 2]
        known[1, :windows, neurons : neurons + units] = readout_errors[last + 1]
        multiply(known.reshape(2 * rows, width), panels, products)
        for slot in range(slots):
            for window in range(windows):
                mask_rows[slot, window] = row_of(key, last - slot, first_window + window)
        _step_back(
            last,
            slots,
            decays,
            membranes,
            products,
            count_errors,
            mask_rows,
            threshold,
            hashed_lanes,
            shifts,
            known,
            membrane_errors,
            coming,
            decay_gradients,
        )
        for slot in range(slots):
            # The derivative by the synaptic current one step on.
            later = known[1] if slot == 0 else coming[0]
            for window in range(windows):
                place = (last - slot) * windows + window
                arriving = (slot * rows + window) * width
                _add_input_gradient(
                    known,
                    arriving,
                    sent_inputs,
                    input_borders[place],
                    input_borders[place + 1],
                    input_gradient,
                )
                for event in range(fired_borders[place], fired_borders[place + 1]):
                    neuron = fired[event]
                    decay_gradients[ALPHA, neuron] += later[window, neuron] * fired_membranes[event]
                    if is_kept(mask_rows[slot, window], neuron, half, threshold):
                        _add_source_gradient(known, arriving, neuron, source_gradient)
        known, coming = coming, known
        last -= 2
    for neuron in range(neurons):
        decay_gradients[:, neuron] /= decays[GAIN, neuron]


@njit(inline="always")
def _add_input_gradient(
    errors: Floats,
    arriving: int,
    sent_inputs: NDArray[np.uint16],
    first: int,
    end: int,
    gradient: Floats,
) -> None:
    """Add a window's errors to the rows of the channels whose spikes it was sent."""
    neurons = gradient.shape[1]
    for block in range(0, neurons, WIDE_LANES):
        error = load_wide(errors, arriving + block)
        for event in range(first, end):
            place = sent_inputs[event] * neurons + block
            store(gradient, place, load_wide(gradient, place) + error)


@njit(inline="always")
def _add_source_gradient(errors: Floats, arriving: int, neuron: int, gradient: Floats) -> None:
    """Add a window's errors to the row of a neuron whose spike was kept."""
    width = gradient.shape[1]
    for block in range(0, width, LANES):
        place = neuron * width + block
        store(gradient, place, load(gradient, place) + load(errors, arriving + block))


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
    hashed_lanes: NDArray[np.uint32],
    shifts: NDArray[np.uint32],
    known: Floats,
    membrane_errors: Floats,
    coming: Floats,
    decay_gradients: NDArray[np.float64],
) -> None:
    """d(m), d(c), d(alpha) and d(beta) of two steps, for all windows."""
    windows, neurons = membrane_errors.shape
    rows, width = known.shape[1], known.shape[2]
    kind = membranes.dtype.type
    zero, one = splat(kind(0)), splat(kind(1))
    firing, steepness = splat(kind(THRESHOLD)), splat(kind(STEEPNESS))
    for block in range(0, neurons, LANES):
        alpha = load(decays, ALPHA * neurons + block)
        beta = load(decays, BETA * neurons + block)
        gain = load(decays, GAIN * neurons + block)
        lanes, shift = load(hashed_lanes, block), load(shifts, block)
        by_alpha, by_beta = zero, zero
        for window in range(windows):
            here = (last * windows + window) * neurons + block
            place = window * neurons + block
            there = window * width + block
            new_membrane = load(membranes, here + windows * neurons)
            synapse_error = load(known, rows * width + there)
            membrane_error = load(membrane_errors, place)
            count_error = load(count_errors, place)
            for slot in range(slots):
                membrane = load(membranes, here - slot * windows * neurons)
                prefetch(membranes, here - (slot + 2) * windows * neurons)
                # A spike resets the membrane, and the reset carries no gradient.
                fires = membrane > firing
                membrane_error = where(fires, zero, membrane_error)
                synapse = multiply_add(zero - beta, membrane, new_membrane)
                by_alpha = multiply_add(synapse_error, synapse, by_alpha)
                by_beta = multiply_add(membrane_error, membrane - new_membrane, by_beta)
                kept = kept_lanes(mask_rows[slot, window], lanes, shift, threshold)
                product = load(products, (slot * rows + window) * neurons + block)
                slope = multiply_add(steepness, absolute(membrane - firing), one)
                spike_error = (where(kept, product, zero) + count_error) / (slope * slope)
                synapse_error = multiply_add(gain, membrane_error, alpha * synapse_error)
                store(coming, slot * rows * width + there, synapse_error)
                membrane_error = multiply_add(beta, membrane_error, spike_error)
                new_membrane = membrane
            store(membrane_errors, place, membrane_error)
        place = ALPHA * neurons + block
        store(decay_gradients, place, load(decay_gradients, place) + in_double_precision(by_alpha))
        place = BETA * neurons + block
        store(decay_gradients, place, load(decay_gradients, place) + in_double_precision(by_beta))
