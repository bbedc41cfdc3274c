"""The numba kernel for inference: the compiled loops.

Both functions run ``dynamics``' equations over time, item by item of the batch, and touch a
weight only where a spike occurs: the weights of one source neuron lie side by side, so that an
event adds one contiguous row. Sums run over events in ascending order of their source, whatever
the chunk, which makes results independent of how a recording is cut into chunks.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.dynamics import THRESHOLD
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
    steps, batch, channels = spikes.shape
    neurons = recurrent_weights.shape[0]
    units = output_weights.shape[1]
    alpha, beta, gain = decays[ALPHA], decays[BETA], decays[ONE_MINUS_BETA]
    from_input = np.empty(neurons, dtype=state.dtype)
    from_neurons = np.empty(neurons, dtype=state.dtype)
    sources = np.empty(max(neurons, channels), dtype=np.int64)
    for item in range(batch):
        membrane, synapse = state[MEMBRANE, item], state[SYNAPSE, item]
        current = state[CURRENT, item]
        for step in range(steps):
            # Input current of this step, kept apart until the old current has been used.
            from_input[:] = 0
            for channel in range(channels):
                if spikes[step, item, channel]:
                    row = input_weights[channel]
                    for neuron in range(neurons):
                        from_input[neuron] += row[neuron]
            count = 0
            for neuron in range(neurons):
                if membrane[neuron] > THRESHOLD:
                    sources[count] = neuron
                    count += 1
            from_neurons[:] = 0
            for event in range(count):
                row = recurrent_weights[sources[event]]
                for neuron in range(neurons):
                    from_neurons[neuron] += row[neuron]

            for neuron in range(neurons):
                membrane[neuron] = beta[neuron] * membrane[neuron] + gain[neuron] * synapse[neuron]
                synapse[neuron] = alpha[neuron] * synapse[neuron] + current[neuron]
                current[neuron] = from_input[neuron] + from_neurons[neuron]
            for event in range(count):
                membrane[sources[event]] = 0
                emitted[step, item, sources[event]] = 1

            for unit in range(units):
                readout_state[MEMBRANE, item, unit] = (
                    readout_decays[BETA, unit] * readout_state[MEMBRANE, item, unit]
                    + readout_decays[ONE_MINUS_BETA, unit] * readout_state[SYNAPSE, item, unit]
                )
                readout_state[SYNAPSE, item, unit] = (
                    readout_decays[ALPHA, unit] * readout_state[SYNAPSE, item, unit]
                    + readout_state[CURRENT, item, unit]
                )
                outputs[step, item, unit] = readout_state[MEMBRANE, item, unit]
                readout_state[CURRENT, item, unit] = 0
            for event in range(count):
                row = output_weights[sources[event]]
                for unit in range(units):
                    readout_state[CURRENT, item, unit] += row[unit]


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
    steps, batch, channels = spikes.shape
    neurons = recurrent_weights.shape[0]
    units = output_weights.shape[1]
    alpha, beta, gain = decays[ALPHA], decays[BETA], decays[ONE_MINUS_BETA]
    from_input = np.empty(neurons, dtype=np.float64)
    from_neurons = np.empty(neurons, dtype=np.float64)
    from_hidden = np.empty(units, dtype=np.float64)
    sources = np.empty(max(neurons, channels), dtype=np.int64)
    for item in range(batch):
        membrane, synapse = state[MEMBRANE, item], state[SYNAPSE, item]
        current = state[CURRENT, item]
        for step in range(steps):
            from_input[:] = 0
            for channel in range(channels):
                if spikes[step, item, channel]:
                    row = input_weights[channel]
                    for neuron in range(neurons):
                        from_input[neuron] += row[neuron]
            count = 0
            for neuron in range(neurons):
                if membrane[neuron] > THRESHOLD:
                    sources[count] = neuron
                    count += 1
            from_neurons[:] = 0
            for event in range(count):
                row = recurrent_weights[sources[event]]
                for neuron in range(neurons):
                    from_neurons[neuron] += row[neuron]

            for neuron in range(neurons):
                membrane[neuron] = round_to_half(
                    round_to_half(beta[neuron] * membrane[neuron])
                    + round_to_half(gain[neuron] * synapse[neuron])
                )
                synapse[neuron] = round_to_half(
                    round_to_half(alpha[neuron] * synapse[neuron]) + current[neuron]
                )
                current[neuron] = round_to_half(
                    round_to_half(np.float32(from_input[neuron]))
                    + round_to_half(np.float32(from_neurons[neuron]))
                )
            for event in range(count):
                membrane[sources[event]] = 0
                emitted[step, item, sources[event]] = 1

            from_hidden[:] = 0
            for event in range(count):
                row = output_weights[sources[event]]
                for unit in range(units):
                    from_hidden[unit] += row[unit]
            for unit in range(units):
                readout_state[MEMBRANE, item, unit] = round_to_half(
                    round_to_half(readout_decays[BETA, unit] * readout_state[MEMBRANE, item, unit])
                    + round_to_half(
                        readout_decays[ONE_MINUS_BETA, unit] * readout_state[SYNAPSE, item, unit]
                    )
                )
                readout_state[SYNAPSE, item, unit] = round_to_half(
                    round_to_half(readout_decays[ALPHA, unit] * readout_state[SYNAPSE, item, unit])
                    + readout_state[CURRENT, item, unit]
                )
                outputs[step, item, unit] = readout_state[MEMBRANE, item, unit]
                readout_state[CURRENT, item, unit] = round_to_half(np.float32(from_hidden[unit]))
