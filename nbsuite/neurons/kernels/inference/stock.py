"""snnTorch's ``Leaky`` and ``Synaptic`` neurons through time, compiled.

For each neuron and step, as snnTorch computes it, with its rounding after each operation:

    r  = [m - threshold > 0]                 the reset of a spike in the step before
    c' = alpha c + i                         (Synaptic; for Leaky, c' = i)
    m' = beta m + c'                         where the reset is to zero, beta (1 - r) m for Leaky,
    m' = m' - r threshold                    (reset by subtraction)    and m' (1 - r) for Synaptic
    s' = [m' - threshold > 0]

Sums and products are not fused, so that the results are those of snnTorch to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

SUBTRACT, ZERO = 0, 1
"""snnTorch's numbers of the ways to reset; 2 is none."""

Floats = NDArray[np.floating[Any]]


@njit(cache=True, error_model="numpy")
def run_leaky(
    currents: Floats,
    membrane: Floats,
    beta: Floats,
    threshold: Floats,
    reset: int,
    membranes: Floats,
    spikes: NDArray[np.float32],
) -> None:
    """Run ``Leaky`` neurons.

    Args:
        currents: (steps, neurons) input currents.
        membrane: (neurons,) membranes before the first step; those after the last one replace them.
        beta: (neurons,) decays.
        threshold: (neurons,) thresholds.
        reset: 0 by subtraction, 1 to zero, 2 none.
        membranes: (steps, neurons) receives the membranes.
        spikes: (steps, neurons) receives the spikes, 0 or 1.
    """
    kind = membrane.dtype.type
    for step in range(currents.shape[0]):
        for neuron in range(currents.shape[1]):
            fired = membrane[neuron] - threshold[neuron] > 0
            if fired and reset == ZERO:
                membrane[neuron] *= kind(0)  # so that an overflow becomes NaN, as in snnTorch
            after = beta[neuron] * membrane[neuron] + currents[step, neuron]
            if fired and reset == SUBTRACT:
                after = after - threshold[neuron]
            membrane[neuron] = after
            membranes[step, neuron] = after
            spikes[step, neuron] = after - threshold[neuron] > 0


@njit(cache=True, error_model="numpy")
def run_synaptic(
    currents: Floats,
    synapse: Floats,
    membrane: Floats,
    alpha: Floats,
    beta: Floats,
    threshold: Floats,
    reset: int,
    membranes: Floats,
    spikes: NDArray[np.float32],
) -> None:
    """Run ``Synaptic`` neurons; see :func:`run_leaky`.

    Args:
        currents: (steps, neurons) input currents.
        synapse: (neurons,) synaptic currents before the first step, replaced by those after.
        membrane: (neurons,) membranes before the first step, replaced by those after.
        alpha: (neurons,) decays of the synaptic currents.
        beta: (neurons,) decays of the membranes.
        threshold: (neurons,) thresholds.
        reset: 0 by subtraction, 1 to zero, 2 none.
        membranes: (steps, neurons) receives the membranes.
        spikes: (steps, neurons) receives the spikes, 0 or 1.
    """
    kind = membrane.dtype.type
    for step in range(currents.shape[0]):
        for neuron in range(currents.shape[1]):
            fired = membrane[neuron] - threshold[neuron] > 0
            current = alpha[neuron] * synapse[neuron] + currents[step, neuron]
            after = beta[neuron] * membrane[neuron] + current
            if fired and reset == SUBTRACT:
                after = after - threshold[neuron]
            if reset == ZERO:
                after = after - kind(fired) * after  # so that an overflow becomes NaN here too
            synapse[neuron] = current
            membrane[neuron] = after
            membranes[step, neuron] = after
            spikes[step, neuron] = after - threshold[neuron] > 0
