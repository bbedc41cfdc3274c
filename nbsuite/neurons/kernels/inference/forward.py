"""The numba kernel for inference: the compiled loops.

They run the equations of ``cells.lif`` and ``cells.adaptive`` over time, item by item of the batch,
and touch a weight only where a spike occurs: the weights of one source neuron lie side by side, so
that an event adds one contiguous row. Sums run over events in ascending order of their source,
whatever the chunk, which makes results independent of how a recording is cut into chunks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.cells.lif import THRESHOLD
from nbsuite.neurons.kernels.rounding import round_to_half

Floats = NDArray[np.floating]
Counts = NDArray[np.int8] | NDArray[np.int16]
MEMBRANE, SYNAPSE, CURRENT = 0, 1, 2
ALPHA, BETA, ONE_MINUS_BETA = 0, 1, 2
RHO, ONE_MINUS_RHO, STRENGTH = 0, 1, 2


class Weights(NamedTuple):
    """A network's weights, a row a source, and decays.

    Attributes:
        input: (channels, neurons) onto the first layer.
        between: (layers - 1, neurons, neurons) onto each of the others from the layer before.
        recurrent: (layers, neurons, neurons) within each; (0, neurons, neurons) where there are
            none.
        output: (neurons, units) onto the readout units, the heads side by side.
        decays: (layers, 3, neurons): alpha, beta and 1 - beta.
        readout_decays: (3, units): those of the readout units.
    """

    input: Floats
    between: Floats
    recurrent: Floats
    output: Floats
    decays: Floats
    readout_decays: Floats


class State(NamedTuple):
    """A network's state, which the loops update in place.

    Attributes:
        hidden: (layers, 3, batch, neurons): membrane, synapse and current.
        readouts: (3, batch, units): those of the readout units.
    """

    hidden: Floats
    readouts: Floats


class Adaptation(NamedTuple):
    """The adapting thresholds of a network.

    Attributes:
        parameters: (layers, 3, neurons): rho, 1 - rho and the strength.
        traces: (layers, batch, neurons) how far each neuron has adapted; updated in place.
    """

    parameters: Floats
    traces: Floats


@njit(cache=True, nogil=True)
def run_full_precision(
    spikes: Counts,
    weights: Weights,
    state: State,
    adaptation: Adaptation | None,
    emitted: NDArray[np.int8],
    outputs: Floats,
) -> None:
    """Run in the arrays' own precision, float32 or float64.

    Args:
        spikes: (steps, batch, channels) number of events of each channel.
        weights: the network.
        state: updated in place.
        adaptation: None where no threshold adapts. The compiler makes loops for each case.
        emitted: (steps, batch, neurons of all layers) zeros, which receive the hidden spikes.
        outputs: (steps, batch, units), which receive the readouts' membrane potentials.
    """
    largest = max(weights.input.shape[1], weights.output.shape[1])
    sums = np.empty((3, largest), state.hidden.dtype)
    _run(False, sums, spikes, weights, state, adaptation, emitted, outputs)


@njit(cache=True, nogil=True)
def run_half_precision(
    spikes: Counts,
    weights: Weights,
    state: State,
    adaptation: Adaptation | None,
    emitted: NDArray[np.int8],
    outputs: Floats,
) -> None:
    """Run half-precision arithmetic on half-precision values held as float32.

    Arguments as in :func:`run_full_precision`, all float32. Every operation rounds to half; sums
    over events are exact (float64) and round once, as in ``Connection``.
    """
    largest = max(weights.input.shape[1], weights.output.shape[1])
    sums = np.empty((3, largest), np.float64)
    _run(True, sums, spikes, weights, state, adaptation, emitted, outputs)


@njit(inline="always")
def _run(
    half: bool,
    sums: Floats,
    spikes: Counts,
    weights: Weights,
    state: State,
    adaptation: Adaptation | None,
    emitted: NDArray[np.int8],
    outputs: Floats,
) -> None:
    """The loops; ``half`` rounds the result of every operation to half precision.

    It is a constant in both callers, so that the compiler drops the branch not taken. ``sums``
    holds the currents from input, from hidden neurons, and to the readouts while they add up.
    """
    steps, batch, channels = spikes.shape
    neurons, units = weights.output.shape
    layers, connected = weights.decays.shape[0], weights.recurrent.shape[0] > 0
    from_before, from_neurons, to_readout = sums[0, :neurons], sums[1, :neurons], sums[2, :units]
    from_neurons[:] = 0
    sources = np.empty(max(neurons, channels), dtype=np.int64)
    for item in range(batch):
        readout = state.readouts[MEMBRANE, item]
        readout_synapse, readout_current = (
            state.readouts[SYNAPSE, item],
            state.readouts[CURRENT, item],
        )
        # No layer acts back on the one before, so that each can run through all steps by itself.
        for layer in range(layers):
            is_first, is_last = layer == 0, layer == layers - 1
            first = layer * neurons
            decays = weights.decays[layer]
            membrane = state.hidden[layer, MEMBRANE, item]
            synapse, current = (
                state.hidden[layer, SYNAPSE, item],
                state.hidden[layer, CURRENT, item],
            )
            before = weights.input if is_first else weights.between[layer - 1]
            recurrent = weights.recurrent[layer] if connected else weights.output
            for step in range(steps):
                if is_first:
                    events = spikes[step, item]
                    count = _indices_above(events, 0, sources)
                    _add_counted_rows(before, events, sources, count, from_before)
                else:
                    count = _indices_above(emitted[step, item, first - neurons : first], 0, sources)
                    _add_rows(before, sources, count, from_before)
                if adaptation is None:
                    count = _indices_above(membrane, THRESHOLD, sources)
                else:
                    count = _fire_and_adapt(
                        half,
                        membrane,
                        adaptation.traces[layer, item],
                        adaptation.parameters[layer],
                        sources,
                    )
                if connected:
                    _add_rows(recurrent, sources, count, from_neurons)
                if is_last:
                    _add_rows(weights.output, sources, count, to_readout)
                _integrate(half, decays, membrane, synapse, current)
                for neuron in range(neurons):
                    arrived = _rounded(from_before[neuron], half)
                    current[neuron] = _rounded(arrived + _rounded(from_neurons[neuron], half), half)
                for event in range(count):
                    membrane[sources[event]] *= 0  # an overflow becomes NaN, as in the cells
                    emitted[step, item, first + sources[event]] = 1
                if is_last:
                    _integrate(
                        half, weights.readout_decays, readout, readout_synapse, readout_current
                    )
                    for unit in range(units):
                        readout_current[unit] = _rounded(to_readout[unit], half)
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
def _fire_and_adapt(
    half: bool, membrane: Floats, trace: Floats, parameters: Floats, indices: NDArray[np.int64]
) -> int:
    """As :func:`_indices_above`, of neurons whose adaptation raises their threshold.

    The adaptation then decays, and rises where a neuron fired.
    """
    rho, rise, strength = parameters[RHO], parameters[ONE_MINUS_RHO], parameters[STRENGTH]
    count, base = 0, membrane.dtype.type(THRESHOLD)
    for neuron in range(membrane.size):
        raised = _rounded(strength[neuron] * trace[neuron], half)
        trace[neuron], fires = (
            _rounded(rho[neuron] * trace[neuron], half),
            membrane[neuron] > _rounded(base + raised, half),
        )
        if fires:
            indices[count] = neuron
            count += 1
    for event in range(count):
        neuron = indices[event]
        trace[neuron] = _rounded(trace[neuron] + rise[neuron], half)
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
def _add_counted_rows(
    weights: Floats, times: Any, sources: NDArray[np.int64], count: int, total: Floats
) -> None:
    """Sum the rows of the first ``count`` sources, each as often as it has events."""
    total[:] = 0
    for event in range(count):
        row, events = weights[sources[event]], times[sources[event]]
        if events == 1:
            for target in range(total.size):
                total[target] += row[target]
        else:
            for target in range(total.size):
                total[target] += total.dtype.type(events) * row[target]


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
