"""The numba kernel for training: the adjoint of the readout units, a linear filter in time.

In the notation of ``training_backward``, o and y being the readouts' membrane potential and
synaptic current, y(t+1) = alpha y(t) + j(t) and o(t+1) = beta o(t) + (1 - beta) y(t), which is
what is put out at step t:

    d(o(t+1)) = d(output(t)) + beta d(o(t+2))
    d(y(t))   = alpha d(y(t+1)) + (1 - beta) d(o(t+1))
    d(alpha) += d(y(t+1)) y(t),   d(beta) += d(o(t+1)) (o(t) - y(t))
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.kernels.training.forward import ALPHA, BETA, GAIN

Floats = NDArray[np.floating]


@njit(cache=True, nogil=True)
def readout_backward(
    decays: Floats,
    initial: float,
    synapses: Floats,
    outputs: Floats,
    output_errors: Floats,
    synapse_errors: Floats,
    decay_gradients: NDArray[np.float64],
) -> None:
    """Propagate the errors of a group's outputs back to the readouts' synaptic currents.

    Args:
        decays: (3, units): alpha, beta and 1 - beta.
        initial: the membrane potential before the first step.
        synapses: (steps, windows, units) the synaptic current before each step.
        outputs: (steps, windows, units) the membrane potential after it.
        output_errors: (steps, windows, units) derivative by the outputs.
        synapse_errors: (steps + 2, windows, units) receives the derivative by the synaptic
            current before each step; zero from the end on.
        decay_gradients: (2, units) zeros; receives the derivatives by alpha and beta.
    """
    steps, windows, units = outputs.shape
    alpha, beta, gain = decays[ALPHA], decays[BETA], decays[GAIN]
    start = outputs.dtype.type(initial)
    membrane_errors = np.zeros((windows, units), outputs.dtype)
    synapse_errors[steps:] = 0
    for step in range(steps - 1, -1, -1):
        for window in range(windows):
            for unit in range(units):
                error = output_errors[step, window, unit]
                error += beta[unit] * membrane_errors[window, unit]
                membrane_errors[window, unit] = error
                later = synapse_errors[step + 1, window, unit]
                synapse_errors[step, window, unit] = alpha[unit] * later + gain[unit] * error
                synapse = synapses[step, window, unit]
                before = outputs[step - 1, window, unit] if step > 0 else start
                decay_gradients[ALPHA, unit] += later * synapse
                decay_gradients[BETA, unit] += error * (before - synapse)
