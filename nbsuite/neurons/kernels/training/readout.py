"""The numba kernel for training: the adjoint of the readout units, a linear filter in time.

In the notation of ``training.backward``, o and y being the readouts' membrane potential and
synaptic current, y(t+1) = alpha y(t) + j(t) and o(t+1) = beta o(t) + (1 - beta) y(t), which is
what is put out at step t:

    d(o(t+1)) = d(output(t)) + beta d(o(t+2))
    d(y(t))   = alpha d(y(t+1)) + (1 - beta) d(o(t+1))
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
    ReadoutErrors,
)


@njit(cache=True, nogil=True)
def readout_backward(readout: Readout, output_errors: Floats, errors: ReadoutErrors) -> None:
    """Propagate the errors of a group's outputs back to the readouts' synaptic currents.

    Args:
        readout: the units after the forward pass.
        output_errors: (steps, windows, units) derivative by the outputs.
        errors: receives what is found.
    """
    steps, windows, units = readout.outputs.shape
    alpha, beta, gain = readout.decays[ALPHA], readout.decays[BETA], readout.decays[GAIN]
    start = readout.outputs.dtype.type(readout.initial)
    membrane_errors = np.zeros((windows, units), readout.outputs.dtype)
    errors.synapses[steps:] = 0
    for step in range(steps - 1, -1, -1):
        for window in range(windows):
            for unit in range(units):
                error = output_errors[step, window, unit]
                error += beta[unit] * membrane_errors[window, unit]
                membrane_errors[window, unit] = error
                later = errors.synapses[step + 1, window, unit]
                errors.synapses[step, window, unit] = alpha[unit] * later + gain[unit] * error
                synapse = readout.synapses[step, window, unit]
                before = readout.outputs[step - 1, window, unit] if step > 0 else start
                errors.decays[ALPHA, unit] += later * synapse
                errors.decays[BETA, unit] += error * (before - synapse)
