"""Trials one after the other, of any decoder and with random numbers of any kind."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nbsuite.closed_loop.decoders import LoopDecoder
from nbsuite.closed_loop.draws import Draws
from nbsuite.closed_loop.neurons import TunedNeurons
from nbsuite.closed_loop.settings import LoopSettings
from nbsuite.closed_loop.steps import constants_of, demand, fire_with, intend, move, tuning_of
from nbsuite.closed_loop.trials import Trials
from nbsuite.errors import UsageError


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


class Loop:
    """Trials under way.

    Args:
        decoder: what moves the cursor.
        neurons: what it sees.
        settings: of the loop.
        draws: which neurons fire.
    """

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
        self._draws.begin_trial(trial)
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

    def record(self, *, keep_spikes: bool = True) -> Trials:
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
            spikes=np.packbits(spikes.view(np.uint8), axis=1) if keep_spikes else None,
            neurons=spikes.shape[1],
        )


def turned(target: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    """A target turned around the origin, against the clock."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = (float(each) for each in target)
    return np.array([x * cosine - y * sine, x * sine + y * cosine], dtype=np.float32)
