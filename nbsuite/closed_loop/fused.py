"""The whole loop compiled: neurons, a recurrent spiking decoder and the cursor, trial by trial."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.closed_loop.hashing import fire_hashed
from nbsuite.closed_loop.steps import Constants, Tuning, demand, fire_with, intend, move
from nbsuite.neurons.kernels.inference.forward import (
    Adaptation,
    Floats,
    State,
    Weights,
    run_full_precision,
    run_half_precision,
)
from nbsuite.neurons.kernels.rounding import round_to_half


class Faults(NamedTuple):
    """What goes wrong between brain and cursor.

    Attributes:
        delay_steps: see ``LoopSettings``.
        dropped: see ``LoopSettings``.
        jump_step: see ``LoopSettings``; -1 where the target stays.
    """

    delay_steps: int
    dropped: np.float32
    jump_step: int


class Record(NamedTuple):
    """What happened in trials, each padded to the longest there can be.

    Attributes:
        lengths: (trials,) steps.
        succeeded: (trials,).
        positions: (trials, steps, 2).
        outputs: (trials, steps, 2).
        counts: (trials, steps) spikes of all neurons.
        spikes: (trials, steps, neurons) 0 or 1; (trials, 0, neurons) where they are not kept.
    """

    lengths: NDArray[np.int64]
    succeeded: NDArray[np.bool_]
    positions: NDArray[np.float32]
    outputs: NDArray[np.float32]
    counts: NDArray[np.int64]
    spikes: NDArray[np.int8]


class Network(NamedTuple):
    """A network as the compiled loops take it.

    Attributes:
        weights: and decays.
        start: the state that every trial starts from.
        heads: zeros (heads,).
        scale: what the heads' mean is multiplied by.
    """

    weights: Weights
    start: State
    heads: NDArray[np.int8]
    scale: np.float32


@njit(cache=True, nogil=True)
def run_full_trials(
    first: int,
    key: NDArray[np.uint32],
    tuning: Tuning,
    constants: Constants,
    faults: Faults,
    targets: NDArray[np.float32],
    network: Network,
    adaptation: Adaptation | None,
    record: Record,
) -> None:
    """Run trials of a network in its own precision.

    Args:
        first: number of the first trial.
        key: of all draws.
        tuning: the neurons.
        constants: of the loop.
        faults: of the loop.
        targets: (trials, 2, 2) where the cursor is to go, before and after the jump.
        network: the decoder.
        adaptation: of its thresholds; None where there is none.
        record: receives what happens.
    """
    _run(False, first, key, tuning, constants, faults, targets, network, adaptation, record)


@njit(cache=True, nogil=True)
def run_half_trials(
    first: int,
    key: NDArray[np.uint32],
    tuning: Tuning,
    constants: Constants,
    faults: Faults,
    targets: NDArray[np.float32],
    network: Network,
    adaptation: Adaptation | None,
    record: Record,
) -> None:
    """As :func:`run_full_trials`, of a network in half precision held as float32."""
    _run(True, first, key, tuning, constants, faults, targets, network, adaptation, record)


@njit(inline="always")
def _run(
    half: bool,
    first: int,
    key: NDArray[np.uint32],
    tuning: Tuning,
    constants: Constants,
    faults: Faults,
    targets: NDArray[np.float32],
    network: Network,
    adaptation: Adaptation | None,
    record: Record,
) -> None:
    neurons = tuning.low.size
    position, velocity = np.zeros(2, np.float32), np.zeros(2, np.float32)
    intended, demanded = np.zeros(2, np.float32), np.zeros(2, np.float32)
    probabilities = np.zeros(neurons, np.float32)
    spikes = np.zeros((1, 1, neurons), np.int8)
    layers, _, _, hidden = network.start.hidden.shape
    emitted = np.zeros((1, 1, layers * hidden), np.int8)
    state = State(network.start.hidden.copy(), network.start.readouts.copy())
    decoded = np.zeros((1, 1, network.weights.output.shape[1]), network.weights.output.dtype)
    still = np.zeros(2, np.float32)
    for index in range(len(targets)):
        position[:], velocity[:] = 0, 0
        state.hidden[:], state.readouts[:] = network.start.hidden, network.start.readouts
        if adaptation is not None:
            adaptation.traces[:] = 0
        target = targets[index, 0]
        inside, length = 0, 0
        while inside < constants.hold_steps and length < constants.most_steps:
            intend(position, target, constants, intended)
            demand(intended, velocity, constants, demanded)
            fire_with(demanded, tuning, constants, probabilities)
            fire_hashed(key, length, first + index, faults.dropped, probabilities, spikes[0, 0])
            emitted[:] = 0
            if half:
                run_half_precision(spikes, network.weights, state, adaptation, emitted, decoded)
            else:
                run_full_precision(spikes, network.weights, state, adaptation, emitted, decoded)
            _mean_of_heads(half, decoded[0, 0], network, record.outputs[index, length])
            if length == faults.jump_step:
                target = targets[index, 1]
            late = length - faults.delay_steps
            output = record.outputs[index, late] if late >= 0 else still
            arrived = move(output, position, velocity, target, constants)
            inside = inside + 1 if arrived else 0
            record.positions[index, length] = position
            record.counts[index, length] = spikes.sum()
            if length < record.spikes.shape[1]:
                record.spikes[index, length] = spikes[0, 0]
            length += 1
        record.lengths[index] = length
        record.succeeded[index] = inside >= constants.hold_steps


@njit(inline="always")
def _mean_of_heads(
    half: bool, decoded: Floats, network: Network, output: NDArray[np.float32]
) -> None:
    """Add in order, then divide, as a decoder's own runner does, and scale."""
    heads = network.heads.size
    for axis in range(2):
        total = decoded[axis]
        for head in range(1, heads):
            total = total + decoded[2 * head + axis]
        mean = total / decoded.dtype.type(heads)
        if half:
            mean = round_to_half(mean)
        output[axis] = np.float32(mean) * network.scale
