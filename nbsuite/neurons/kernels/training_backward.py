"""The numba kernel for training, backward: the adjoint of ``training_forward``, by hand.

With d(z) the derivative of the loss with respect to z, in the notation of ``dynamics``, x~ and s~
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
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.dynamics import THRESHOLD
from nbsuite.neurons.kernels.hashing import fill_kept, row_of
from nbsuite.neurons.kernels.training_forward import ALPHA, BETA, GAIN
from nbsuite.neurons.surrogate import STEEPNESS

Floats = NDArray[np.floating]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def backward(
    first_window: int,
    target_weights: Floats,
    decays: Floats,
    key: NDArray[np.uint32],
    threshold: np.uint32,
    lanes: NDArray[np.uint32],
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
        target_weights: (neurons + units, neurons): recurrent and readout weights below each
            other, times the dropout's scale.
        decays: (3, neurons): alpha, beta and 1 - beta.
        key: (2,) the key of the hidden spikes' dropout.
        threshold: its threshold.
        lanes: see :func:`nbsuite.neurons.kernels.hashing.fill_kept`.
        membranes: kept by the forward pass, as are the next five.
        sent_inputs: likewise.
        input_borders: likewise.
        fired: likewise.
        fired_membranes: likewise.
        fired_borders: likewise.
        readout_errors: (steps + 2, windows, units) derivative by the readouts' synaptic currents.
        count_errors: (windows, neurons) derivative by the number of spikes.
        input_gradient: (channels, neurons) zeros; receives dW^T without the dropout's scale.
        source_gradient: (neurons, neurons + units) zeros; receives dV^T and dU^T, likewise.
        decay_gradients: (2, neurons) zeros; receives the derivatives by alpha and beta.
    """
    steps, windows, neurons = membranes.shape
    width = target_weights.shape[0]
    dtype = membranes.dtype
    known = np.zeros((2, windows, width), dtype)
    coming = np.zeros((2, windows, width), dtype)
    products = np.empty((2, windows, neurons), dtype)
    membrane_errors = np.zeros((windows, neurons), dtype)
    kept = np.ones(2 * lanes.size, dtype)
    spike_errors = np.empty(neurons, dtype)
    at_rest = np.zeros(neurons, dtype)
    sums = np.empty((2, neurons), dtype)
    last = steps - 1
    while last >= 0:
        known[0, :, neurons:] = readout_errors[last + 2]
        known[1, :, neurons:] = readout_errors[last + 1]
        np.dot(
            known.reshape(2 * windows, width),
            target_weights,
            products.reshape(2 * windows, neurons),
        )
        for slot in range(min(2, last + 1)):
            step = last - slot
            sums[:] = 0
            for window in range(windows):
                membrane = membranes[step, window]
                new_membrane = membranes[step + 1, window] if step + 1 < steps else at_rest
                synapse_errors = (known[1, window] if slot == 0 else coming[0, window])[:neurons]
                arriving = known[slot, window]
                place = step * windows + window
                for event in range(input_borders[place], input_borders[place + 1]):
                    _add_row(arriving[:neurons], input_gradient[sent_inputs[event]])
                if threshold > 0:
                    row = row_of(key, step, first_window + window)
                    fill_kept(row, lanes, threshold, kept)
                for event in range(fired_borders[place], fired_borders[place + 1]):
                    neuron = fired[event]
                    membrane_errors[window, neuron] = 0
                    sums[ALPHA, neuron] += synapse_errors[neuron] * fired_membranes[event]
                    if kept[neuron] > 0:
                        _add_row(arriving, source_gradient[neuron])
                _differentiate_spikes(
                    products[slot, window], kept, count_errors[window], membrane, spike_errors
                )
                _differentiate_decays(
                    decays, membrane, new_membrane, membrane_errors[window], synapse_errors, sums
                )
                _step_back(
                    decays,
                    spike_errors,
                    membrane_errors[window],
                    synapse_errors,
                    coming[slot, window],
                )
            decay_gradients += sums
        known, coming = coming, known
        last -= 2
    for neuron in range(neurons):
        decay_gradients[:, neuron] /= decays[GAIN, neuron]


@njit(inline="always")
def _add_row(row: Floats, total: Floats) -> None:
    for target in range(row.size):
        total[target] += row[target]


@njit(inline="always")
def _differentiate_spikes(
    products: Floats, kept: Floats, count_errors: Floats, membrane: Floats, spike_errors: Floats
) -> None:
    """d(s) times the surrogate derivative."""
    one = membrane.dtype.type(1)
    threshold, steepness = membrane.dtype.type(THRESHOLD), membrane.dtype.type(STEEPNESS)
    for neuron in range(membrane.size):
        width = steepness * abs(membrane[neuron] - threshold) + one
        error = products[neuron] * kept[neuron] + count_errors[neuron]
        spike_errors[neuron] = error / (width * width)


@njit(inline="always")
def _differentiate_decays(
    decays: Floats,
    membrane: Floats,
    new_membrane: Floats,
    membrane_errors: Floats,
    synapse_errors: Floats,
    sums: Floats,
) -> None:
    """The step's part of d(alpha) and d(beta), times 1 - beta."""
    beta, of_alpha, of_beta = decays[BETA], sums[ALPHA], sums[BETA]
    for neuron in range(membrane.size):
        of_beta[neuron] += membrane_errors[neuron] * (membrane[neuron] - new_membrane[neuron])
    for neuron in range(membrane.size):
        scaled_synapse = new_membrane[neuron] - beta[neuron] * membrane[neuron]
        of_alpha[neuron] += synapse_errors[neuron] * scaled_synapse


@njit(inline="always")
def _step_back(
    decays: Floats,
    spike_errors: Floats,
    membrane_errors: Floats,
    synapse_errors: Floats,
    new_synapse_errors: Floats,
) -> None:
    """d(m) and d(c) one step back."""
    alpha, beta, gain = decays[ALPHA], decays[BETA], decays[GAIN]
    # Two loops over few arrays each: the compiler vectorises what it can check for overlaps.
    for neuron in range(spike_errors.size):
        decayed = alpha[neuron] * synapse_errors[neuron]
        new_synapse_errors[neuron] = decayed + gain[neuron] * membrane_errors[neuron]
    for neuron in range(spike_errors.size):
        membrane_errors[neuron] = beta[neuron] * membrane_errors[neuron] + spike_errors[neuron]
