"""The numba kernel for inference: the compiled loops.

They run ``cells.lif``' equations over time, item by item of the batch, and touch a weight only
where a spike occurs: the weights of one source neuron lie side by side, so that an event adds one
contiguous row. Sums run over events in ascending order of their source, whatever the chunk, which
makes results independent of how a recording is cut into chunks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.cells.lif import THRESHOLD
from nbsuite.neurons.kernels.rounding import round_to_half

Floats = NDArray[np.floating]
MEMBRANE, SYNAPSE, CURRENT = 0, 1, 2
ALPHA, BETA, ONE_MINUS_BETA = 0, 1, 2


@njit(cache=True, nogil=True)
def run_full_precision(
    spikes: NDArray[np.int8],
    input_weights: Floats,
    recurrent_weights: Floats,
    output_weights: Floats,
    decays: Floats,
    readout_decays: Floats,
    state: Floats,
    readout_state: Floats,
    emitted: NDArray[np.int8],
    outputs: Floats,
) -> None:
    """Run in the arrays' own precision, float32 or float64.

    Args:
        spikes: (steps, batch, channels) input spikes.
        input_weights: (channels, neurons).
        recurrent_weights: (neurons, neurons), a row a source.
        output_weights: (neurons, readout units).
        decays: (3, neurons): alpha, beta and 1 - beta.
        readout_decays: (3, readout units), likewise.
        state: (3, batch, neurons): membrane, synapse, current; updated in place.
        readout_state: (3, batch, readout units), likewise.
        emitted: (steps, batch, neurons) zeros, which receive the hidden spikes.
        outputs: (steps, batch, readout units), which receive the readouts' membrane potentials.
    """
    sums = np.empty((3, max(recurrent_weights.shape[0], output_weights.shape[1])), state.dtype)
    weights = (input_weights, recurrent_weights, output_weights)
    _run(
        False,
        sums,
        spikes,
        weights,
        decays,
        readout_decays,
        state,
        readout_state,
        emitted,
        outputs,
    )


@njit(cache=True, nogil=True)
def run_half_precision(
    spikes: NDArray[np.int8],
    input_weights: Floats,
    recurrent_weights: Floats,
    output_weights: Floats,
    decays: Floats,
    readout_decays: Floats,
    state: Floats,
    readout_state: Floats,
    emitted: NDArray[np.int8],
    outputs: Floats,
) -> None:
    """Run half-precision arithmetic on half-precision values held as float32.

    Arguments as in :func:`run_full_precision`, all float32. Every operation rounds to half; sums
    over events are exact (float64) and round once, as in ``Connection``.
    """
    sums = np.empty((3, max(recurrent_weights.shape[0], output_weights.shape[1])), np.float64)
    weights = (input_weights, recurrent_weights, output_weights)
    _run(
        True,
        sums,
        spikes,
        weights,
        decays,
        readout_decays,
        state,
        readout_state,
        emitted,
        outputs,
    )


@njit(inline="always")
def _run(
    half: bool,
    sums: Floats,
    spikes: NDArray[np.int8],
    weights: tuple[Floats, Floats, Floats],
    decays: Floats,
    readout_decays: Floats,
    state: Floats,
    readout_state: Floats,
    emitted: NDArray[np.int8],
    outputs: Floats,
) -> None:
    """The loops; ``half`` rounds the result of every operation to half precision.

    It is a constant in both callers, so that the compiler drops the branch not taken. ``sums``
    holds the currents from input, from hidden neurons, and to the readouts while they add up.
    """
    input_weights, recurrent_weights, output_weights = weights
    steps, batch, channels = spikes.shape
    neurons, units = output_weights.shape
    from_input, from_neurons, to_readout = sums[0, :neurons], sums[1, :neurons], sums[2, :units]
    sources = np.empty(max(neurons, channels), dtype=np.int64)
    for item in range(batch):
        membrane = state[MEMBRANE, item]
        for step in range(steps):
            count = _indices_above(spikes[step, item], 0, sources)
            _add_rows(input_weights, sources, count, from_input)
            count = _indices_above(membrane, THRESHOLD, sources)
            _add_rows(recurrent_weights, sources, count, from_neurons)
            _add_rows(output_weights, sources, count, to_readout)

            _integrate(half, decays, membrane, state[SYNAPSE, item], state[CURRENT, item])
            for neuron in range(neurons):
                state[CURRENT, item, neuron] = _rounded(
                    _rounded(from_input[neuron], half) + _rounded(from_neurons[neuron], half), half
                )
            for event in range(count):
                membrane[sources[event]] *= 0  # an overflow becomes NaN, as in cells.lif
                emitted[step, item, sources[event]] = 1

            readout = readout_state[MEMBRANE, item]
            synapse, current = readout_state[SYNAPSE, item], readout_state[CURRENT, item]
            _integrate(half, readout_decays, readout, synapse, current)
            for unit in range(units):
                current[unit] = _rounded(to_readout[unit], half)
                outputs[step, item, unit] = readout[unit]


@njit(inline="always")
def _indices_above(values: Any, threshold: float, indices: NDArray[np.int64]) -> int:
    """Write the indices of all values above the threshold; returns how many there are."""
    count = 0
    for index in range(values.size):
        if values[index] > threshold:
            indices[count] = index
            count += 1
    return count


@njit(inline="always")
def _add_rows(weights: Floats, sources: NDArray[np.int64], count: int, total: Floats) -> None:
    """Sum the rows of the first ``count`` sources."""
    total[:] = 0
    for event in range(count):
        row = weights[sources[event]]
        for target in range(total.size):
            total[target] += row[target]


@njit(inline="always")
def _integrate(
    half: bool, decays: Floats, membrane: Floats, synapse: Floats, current: Floats
) -> None:
    """Membrane and synapse of one layer, one step on, without reset."""
    alpha, beta, gain = decays[ALPHA], decays[BETA], decays[ONE_MINUS_BETA]
    for neuron in range(membrane.size):
        leaked = _rounded(beta[neuron] * membrane[neuron], half)
        membrane[neuron] = _rounded(leaked + _rounded(gain[neuron] * synapse[neuron], half), half)
        decayed = _rounded(alpha[neuron] * synapse[neuron], half)
        synapse[neuron] = _rounded(decayed + current[neuron], half)


@njit(inline="always")
def _rounded(value: Any, half: bool) -> Any:
    return round_to_half(value) if half else value
