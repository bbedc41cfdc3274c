"""A step of the loop, compiled: what the neurons are asked for, how they fire, how it moves.

The arithmetic is the original's to the bit: float32 where its tensors are, float64 where Python
computes. Its two norms differ: torch's, of which the direction is, adds the second square without
rounding it (a fused multiply-add), NumPy's, which speed and distance are computed from, does not.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.closed_loop.neurons import TunedNeurons
from nbsuite.closed_loop.settings import LoopSettings

Pair = NDArray[np.float32]
_TUNING = np.float32(1.5)
"""Demand at which a neuron reaches its highest rate: 1 / 1.5 of the largest."""


class Constants(NamedTuple):
    """Settings as the compiled loops take them.

    Attributes:
        speed_factor: intended speed for the square root of the distance, a step.
        top_speed: largest intended speed a step.
        acceleration: see ``LoopSettings``.
        most_demand: largest acceleration.
        velocity_scale: see ``LoopSettings``.
        step: seconds.
        target_size: see ``LoopSettings``.
        hold_steps: steps in the target that end a trial.
        most_steps: steps after which a trial ends.
    """

    speed_factor: np.float64
    top_speed: np.float64
    acceleration: np.float32
    most_demand: np.float32
    velocity_scale: np.float32
    step: np.float32
    target_size: np.float64
    hold_steps: np.int64
    most_steps: np.int64


class Tuning(NamedTuple):
    """Neurons as the compiled loops take them.

    Attributes:
        x: (neurons,) preferred directions' first coordinates.
        y: (neurons,) their second ones.
        low: (neurons,) lowest rates in Hz.
        range: (neurons,) highest minus lowest, subtracted in double precision.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    low: NDArray[np.float32]
    range: NDArray[np.float32]


def constants_of(settings: LoopSettings) -> Constants:
    """The constants of a loop."""
    top_speed = settings.top_speed * settings.step
    return Constants(
        speed_factor=np.float64(top_speed / np.sqrt(2 * settings.target_size)),
        top_speed=np.float64(top_speed),
        acceleration=np.float32(settings.acceleration),
        most_demand=np.float32(top_speed * settings.acceleration),
        velocity_scale=np.float32(settings.velocity_scale),
        step=np.float32(settings.step),
        target_size=np.float64(settings.target_size),
        hold_steps=np.int64(settings.hold_steps),
        most_steps=np.int64(settings.most_steps),
    )


def tuning_of(neurons: TunedNeurons) -> Tuning:
    """Neurons laid out for the loops."""
    x, y = np.ascontiguousarray(neurons.preferred.T)
    spread = (neurons.high - neurons.low).astype(np.float32)
    return Tuning(x, y, neurons.low.astype(np.float32), spread)


@njit(cache=True, nogil=True)
def intend(position: Pair, target: Pair, constants: Constants, intended: Pair) -> None:
    """The intended velocity, in distance a step: towards the target, slower near it.

    Args:
        position: of the cursor.
        target: where it is to go.
        constants: of the loop.
        intended: receives the velocity.
    """
    x, y = np.float32(target[0] - position[0]), np.float32(target[1] - position[1])
    distance = np.float32(math.sqrt(np.float32(np.float32(x * x) + np.float32(y * y))))
    squares = np.float32(np.float64(y) * np.float64(y) + np.float64(np.float32(x * x)))
    length = np.float32(math.sqrt(squares))
    root = np.float32(math.sqrt(distance))
    speed = np.float32(min(constants.speed_factor * np.float64(root), constants.top_speed))
    if length != 0:
        x, y = np.float32(x / length), np.float32(y / length)
    intended[0], intended[1] = np.float32(speed * x), np.float32(speed * y)


@njit(cache=True, nogil=True)
def demand(intended: Pair, velocity: Pair, constants: Constants, demanded: Pair) -> None:
    """The change of velocity that the neurons are asked for in a step."""
    for axis in range(2):
        change = np.float32(intended[axis] - velocity[axis])
        demanded[axis] = np.float32(change * constants.acceleration)


@njit(cache=True, nogil=True)
def fire_with(
    demanded: Pair, tuning: Tuning, constants: Constants, probabilities: NDArray[np.float32]
) -> None:
    """The probability with which each neuron fires in this step.

    Args:
        demanded: the change of velocity.
        tuning: the neurons.
        constants: of the loop.
        probabilities: (neurons,) receives them.
    """
    for neuron in range(probabilities.size):
        inner = np.float32(
            np.float32(tuning.x[neuron] * demanded[0]) + np.float32(tuning.y[neuron] * demanded[1])
        )
        drive = max(np.float32(0), np.float32(_TUNING * inner))
        drive = min(np.float32(1), np.float32(drive / constants.most_demand))
        rate = np.float32(np.float32(tuning.range[neuron] * drive) + tuning.low[neuron])
        probabilities[neuron] = np.float32(rate * constants.step)


@njit(cache=True, nogil=True)
def move(output: Pair, position: Pair, velocity: Pair, target: Pair, constants: Constants) -> bool:
    """Move the cursor by a decoder's output; returns whether it is in the target then.

    Args:
        output: what was decoded.
        position: of the cursor, changed in place.
        velocity: receives what was moved.
        target: where it is to go.
        constants: of the loop.
    """
    for axis in range(2):
        scaled = np.float32(output[axis] * constants.velocity_scale)
        velocity[axis] = np.float32(scaled * constants.step)
        position[axis] = np.float32(position[axis] + velocity[axis])
    x, y = np.float32(position[0] - target[0]), np.float32(position[1] - target[1])
    distance = math.sqrt(np.float32(np.float32(x * x) + np.float32(y * y)))
    return bool(np.float32(distance) < constants.target_size)
