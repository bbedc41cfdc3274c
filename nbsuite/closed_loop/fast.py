"""Many trials at once, with random numbers of their own: see ``hashing``.

Trials are independent of each other: each starts its decoder afresh. A recurrent spiking decoder
whose cell the kernels run is compiled together with the loop; any other is run step by step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from nbsuite.closed_loop.decoders import LoopDecoder, SuiteDecoder
from nbsuite.closed_loop.fused import (
    Faults,
    Network,
    Record,
    run_full_trials,
    run_half_trials,
)
from nbsuite.closed_loop.hashing import HashedDraws, hashed_target, loop_key
from nbsuite.closed_loop.loop import Loop, check_loop, turned
from nbsuite.closed_loop.neurons import TunedNeurons
from nbsuite.closed_loop.settings import CHALLENGE, LoopSettings
from nbsuite.closed_loop.steps import constants_of, tuning_of
from nbsuite.closed_loop.trials import Trials, join_trials
from nbsuite.errors import UsageError
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.neurons import kernels
from nbsuite.neurons.kernels.threads import run_in_parallel

_TRIALS_AT_ONCE = 32
"""Trials that a thread runs before it lays by what happened: about 1 MiB of 96 neurons."""


def run_fast(
    decoder: LoopDecoder,
    neurons: TunedNeurons,
    trials: int,
    settings: LoopSettings = CHALLENGE,
    *,
    seed: int = 0,
    first: int = 0,
    keep_spikes: bool = True,
) -> Trials:
    """Run trials, each from the decoder's start.

    Args:
        decoder: what moves the cursor; one of the suite has to be told to start each trial afresh.
        neurons: what it sees.
        trials: how many.
        settings: of the loop.
        seed: of all draws.
        first: number of the first trial; what happens in one depends on its number alone.
        keep_spikes: whether to keep which neurons fired.

    Raises:
        UsageError: the decoder, the neurons and the settings do not fit each other, or the decoder
            is to remember one trial in the next.
    """
    check_loop(decoder, neurons, trials, settings)
    if not 0 <= first <= first + trials < 1 << 31:
        raise UsageError("A trial's number is out of range; give fewer, or a smaller first one.")
    if isinstance(decoder, SuiteDecoder):
        if not decoder.rules.reset:
            raise UsageError(
                f"{decoder.name} is to go on from trial to trial, but in the fast mode each trial "
                "stands alone; let it be reset, or choose the exact mode."
            )
        if isinstance(decoder.decoder, RecurrentDecoder) and "numba" in decoder.decoder.kernels:
            return _run_fused(
                decoder.decoder,
                decoder.rules.scale,
                neurons,
                trials,
                settings,
                seed,
                first,
                keep_spikes,
            )
    key = loop_key(seed)
    loop = Loop(decoder, neurons, settings, HashedDraws(key, settings.dropped))
    for trial in range(first, first + trials):
        loop.run_trial(trial, hashed_target(key, trial, settings.target_distance))
    return loop.record(keep_spikes=keep_spikes)


def _run_fused(
    decoder: RecurrentDecoder,
    scale: float,
    neurons: TunedNeurons,
    trials: int,
    settings: LoopSettings,
    seed: int,
    first: int,
    keep_spikes: bool,
) -> Trials:
    """Blocks of trials, on all threads."""
    laid_out = kernels.lay_out(decoder.parameters_for_kernel())
    start = decoder.initial_state()
    constants, tuning, key = constants_of(settings), tuning_of(neurons), loop_key(seed)
    jump = -1 if settings.jump_step is None else settings.jump_step
    faults = Faults(settings.delay_steps, np.float32(settings.dropped), jump)
    loops: Callable[..., None] = (
        run_half_trials if laid_out.dtype == torch.float16 else run_full_trials
    )
    blocks = -(-trials // _TRIALS_AT_ONCE)
    parts: list[Trials | None] = [None] * blocks

    def run_block(block: int) -> None:
        begin = block * _TRIALS_AT_ONCE
        count = min(_TRIALS_AT_ONCE, trials - begin)
        numbers = range(first + begin, first + begin + count)
        targets = _targets(key, numbers, settings)
        record = _empty_record(count, settings.most_steps, len(neurons), keep_spikes)
        state = laid_out.copy_state(start)
        network = Network(
            laid_out.weights,
            state.arrays,
            np.zeros(laid_out.heads, np.int8),
            np.float32(scale),
        )
        loops(
            numbers.start,
            key,
            tuning,
            constants,
            faults,
            targets,
            network,
            state.adaptation,
            record,
        )
        parts[block] = _compact(record, targets, settings)

    run_block(0)  # compiles
    run_in_parallel(lambda block: run_block(block + 1), blocks - 1)
    return join_trials([part for part in parts if part is not None])


def _targets(
    key: NDArray[np.uint32], numbers: range, settings: LoopSettings
) -> NDArray[np.float32]:
    """(trials, 2, 2) targets before and after the jump."""
    before = [hashed_target(key, number, settings.target_distance) for number in numbers]
    return np.array([(target, turned(target, settings.jump_degrees)) for target in before])


def _empty_record(trials: int, steps: int, neurons: int, keep_spikes: bool) -> Record:
    return Record(
        lengths=np.zeros(trials, np.int64),
        succeeded=np.zeros(trials, np.bool_),
        positions=np.empty((trials, steps, 2), np.float32),
        outputs=np.empty((trials, steps, 2), np.float32),
        counts=np.empty((trials, steps), np.int64),
        spikes=np.empty((trials, steps if keep_spikes else 0, neurons), np.int8),
    )


def _compact(record: Record, targets: NDArray[np.float32], settings: LoopSettings) -> Trials:
    """The steps that there were, one trial after the other."""
    steps = np.arange(record.positions.shape[1])
    ran = steps < record.lengths[:, None]
    jumped = steps >= (len(steps) if settings.jump_step is None else settings.jump_step)
    aims = targets[:, jumped.astype(np.int64)]
    kept = record.spikes.shape[1] > 0
    return Trials(
        settings=settings,
        lengths=record.lengths,
        succeeded=record.succeeded,
        targets=aims[ran],
        positions=record.positions[ran],
        outputs=record.outputs[ran],
        counts=record.counts[ran],
        spikes=np.packbits(record.spikes[ran].view(np.uint8), axis=1) if kept else None,
        neurons=record.spikes.shape[2],
    )
