"""The loop as the original runs it: one trial after the other, with its random numbers."""

from __future__ import annotations

from nbsuite.closed_loop.decoders import LoopDecoder
from nbsuite.closed_loop.draws import (
    NEURONS_SEED,
    TARGETS_SEED,
    Targets,
    draws_of,
    neuron_seeds,
)
from nbsuite.closed_loop.loop import Loop, check_loop
from nbsuite.closed_loop.neurons import TunedNeurons
from nbsuite.closed_loop.settings import CHALLENGE, LoopSettings
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
    loop = Loop(decoder, neurons, settings, draws)
    for trial in range(trials):
        loop.run_trial(trial, targets.draw())
    return loop.record()
