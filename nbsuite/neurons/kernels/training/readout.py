"""The numba kernel for training: the readout units, a linear filter in time, and its adjoint.

o and y being the readouts' membrane potential and synaptic current, j = U s~ the current of the
spikes that dropout kept,

    o(t+1) = beta o(t) + (1 - beta) y(t), which is put out at step t
    y(t+1) = alpha y(t) + j(t),   j(t+1) = U s~(t)

and, with d(z) the derivative of the loss with respect to z,

    d(o(t+1)) = d(output(t)) + beta d(o(t+2))
    d(y(t))   = alpha d(y(t+1)) + (1 - beta) d(o(t+1))
    d(U)     += d(y(t+2)) s~(t)^T
    d(alpha) += d(y(t+1)) y(t),   d(beta) += d(o(t+1)) (o(t) - y(t))
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nbsuite.neurons.kernels.training.arrays import (
    ALPHA,
    BETA,
    GAIN,
    Floats,
    Readout,
    ReadoutTrace,
    Spikes,
)
from nbsuite.neurons.kernels.vectors import LANES, load, splat, store


@njit(cache=True, nogil=True)
def readout_forward(arriving: Spikes, readout: Readout, trace: ReadoutTrace) -> None:
    """Run the readout units of a group from rest.

    Args:
        arriving: spikes of the last hidden layer.
        readout: the units.
        trace: receives synaptic currents and outputs.
    """
    steps, windows, units = trace.outputs.shape
    width = readout.weights.shape[1]
    alpha, beta, gain = readout.decays[ALPHA], readout.decays[BETA], readout.decays[GAIN]
    zero = trace.outputs.dtype.type(0)
    currents = np.zeros((windows, width), trace.outputs.dtype)
    membranes = np.full((windows, units), readout.initial, trace.outputs.dtype)
    trace.synapses[0] = 0
    for step in range(steps):
        for window in range(windows):
            for unit in range(units):
                synapse = trace.synapses[step, window, unit]
                membrane = beta[unit] * membranes[window, unit]
                membrane += gain[unit] * synapse
                trace.outputs[step, window, unit] = membranes[window, unit] = membrane
                decayed = alpha[unit] * synapse
                decayed += currents[window, unit]
                trace.synapses[step + 1, window, unit] = decayed
            place = step * windows + window
            for block in range(0, width, LANES):
                total = splat(zero)
                for event in range(arriving.borders[place], arriving.borders[place + 1]):
                    source = arriving.sources[event] * width
                    total = total + load(readout.weights, source + block)
                store(currents, window * width + block, total)


@njit(cache=True, nogil=True)
def readout_backward(
    arriving: Spikes, readout: Readout, trace: ReadoutTrace, output_errors: Floats
) -> None:
    """Propagate the errors of a group's outputs back to the readouts' synaptic currents.

    Args:
        arriving: spikes of the last hidden layer.
        readout: the units.
        trace: kept by the forward pass; receives errors and gradients.
        output_errors: (steps, windows, units) derivative by the outputs.
    """
    steps, windows, units = trace.outputs.shape
    width = trace.gradient.shape[1]
    alpha, beta, gain = readout.decays[ALPHA], readout.decays[BETA], readout.decays[GAIN]
    start = trace.outputs.dtype.type(readout.initial)
    membrane_errors = np.zeros((windows, units), trace.outputs.dtype)
    errors, gradient = trace.errors, trace.gradient
    errors[steps:] = 0
    for step in range(steps - 1, -1, -1):
        for window in range(windows):
            for unit in range(units):
                error = output_errors[step, window, unit]
                error += beta[unit] * membrane_errors[window, unit]
                membrane_errors[window, unit] = error
                later = errors[step + 1, window, unit]
                errors[step, window, unit] = alpha[unit] * later + gain[unit] * error
                synapse = trace.synapses[step, window, unit]
                before = trace.outputs[step - 1, window, unit] if step > 0 else start
                trace.decay_gradients[ALPHA, unit] += later * synapse
                trace.decay_gradients[BETA, unit] += error * (before - synapse)
            place = step * windows + window
            arrived = ((step + 2) * windows + window) * width
            for event in range(arriving.borders[place], arriving.borders[place + 1]):
                for block in range(0, width, LANES):
                    row = arriving.sources[event] * width + block
                    store(gradient, row, load(gradient, row) + load(errors, arrived + block))
