"""The loop as the original runs it: one trial after the other, with its random numbers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nbsuite.closed_loop.decoders import LoopDecoder
from nbsuite.closed_loop.draws import (
    NEURONS_SEED,
    TARGETS_SEED,
    Draws,
    Targets,
    draws_of,
    neuron_seeds,
)
from nbsuite.closed_loop.neurons import TunedNeurons
from nbsuite.closed_loop.settings import CHALLENGE, LoopSettings
from nbsuite.closed_loop.steps import constants_of, demand, fire_with, intend, move, tuning_of
from nbsuite.closed_loop.trials import Trials
from nbsuite.errors import UsageError


def run_exact(
    decoder: LoopDecoder,
    neurons: TunedNeurons,
    trials: int,
    settings: LoopSettings = CHALLENGE,
    *,
    seeds: tuple[int, int] = (NEURONS_SEED, TARGETS_SEED),
) -> Trials:
    """Run trials with the random numbers of the original.

    Args:
        decoder: what moves the cursor.
        neurons: what it sees.
        trials: how many; those of fewer are the first of those of more.
        settings: of the loop; the original has no dropped steps, which are refused.
        seeds: of the neurons' generators and of the targets; the defaults are the original's.

    Raises:
        UsageError: the decoder, the neurons and the settings do not fit each other.
    """
    check_loop(decoder, neurons, trials, settings)
    if settings.dropped:
        raise UsageError("Steps are dropped at random in the fast mode only; choose that.")
    draws = draws_of(neuron_seeds(len(neurons), seeds[0]))
    targets = Targets(settings.target_distance, seeds[1])
    loop = _Loop(decoder, neurons, settings, draws)
    for trial in range(trials):
        loop.run_trial(trial, targets.draw())
    return loop.record()


def check_loop(
    decoder: LoopDecoder, neurons: TunedNeurons, trials: int, settings: LoopSettings
) -> None:
    """Make sure that a loop can be run.

    Raises:
        UsageError: it cannot.
    """
    if trials < 1:
        raise UsageError(f"{trials} trials cannot be run; give at least 1.")
    if decoder.channels != len(neurons):
        raise UsageError(
            f"{decoder.name} takes {decoder.channels} channels, but there are {len(neurons)} "
            "neurons; give as many."
        )
    neurons.check_rates(settings.step)


class _Loop:
    """Trials under way."""

    def __init__(
        self, decoder: LoopDecoder, neurons: TunedNeurons, settings: LoopSettings, draws: Draws
    ) -> None:
        self._decoder, self._settings, self._draws = decoder, settings, draws
        self._constants, self._tuning = constants_of(settings), tuning_of(neurons)
        self._position, self._velocity, self._intended, self._demanded = np.zeros(
            (4, 2), dtype=np.float32
        )
        self._probabilities = np.zeros(len(neurons), dtype=np.float32)
        self._lengths: list[int] = []
        self._succeeded: list[bool] = []
        self._targets: list[NDArray[np.float32]] = []
        self._positions: list[NDArray[np.float32]] = []
        self._outputs: list[NDArray[np.float32]] = []
        self._spikes: list[NDArray[np.int8]] = []

    def run_trial(self, trial: int, target: NDArray[np.float32]) -> None:
        """Bring the cursor to a target, or fail."""
        settings = self._settings
        self._position[:] = self._velocity[:] = 0
        self._decoder.begin_trial(trial)
        delayed = [np.zeros(2, dtype=np.float32)] * settings.delay_steps
        inside = length = 0
        spikes = self._fire(target)
        while True:
            output = self._decoder.step(spikes)
            delayed.append(output)
            if length == settings.jump_step:
                target = turned(target, settings.jump_degrees)
            arrived = move(delayed.pop(0), self._position, self._velocity, target, self._constants)
            length += 1
            inside = inside + 1 if arrived else 0
            self._spikes.append(spikes)
            self._outputs.append(output)
            self._targets.append(target)
            self._positions.append(self._position.copy())
            spikes = self._fire(target)  # after the last step, too: the original draws it
            if inside >= settings.hold_steps or length >= settings.most_steps:
                break
        self._lengths.append(length)
        self._succeeded.append(inside >= settings.hold_steps)

    def _fire(self, target: NDArray[np.float32]) -> NDArray[np.int8]:
        intend(self._position, target, self._constants, self._intended)
        demand(self._intended, self._velocity, self._constants, self._demanded)
        fire_with(self._demanded, self._tuning, self._constants, self._probabilities)
        return self._draws.fire(self._probabilities)

    def record(self) -> Trials:
        """What happened."""
        spikes = np.array(self._spikes)
        return Trials(
            settings=self._settings,
            lengths=np.array(self._lengths, dtype=np.int64),
            succeeded=np.array(self._succeeded),
            targets=np.array(self._targets),
            positions=np.array(self._positions),
            outputs=np.array(self._outputs, dtype=np.float32),
            counts=spikes.sum(axis=1, dtype=np.int64),
            spikes=np.packbits(spikes.view(np.uint8), axis=1),
            neurons=spikes.shape[1],
        )


def turned(target: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    """A target turned around the origin, against the clock."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = (float(each) for each in target)
    return np.array([x * cosine - y * sine, x * sine + y * cosine], dtype=np.float32)
