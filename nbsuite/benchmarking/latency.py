"""A decoder timed sample by sample, and held against the benchmark's run of whole chunks.

The latency of a step is the wall-clock time of one call of ``StreamingDecoder.step`` from Python:
checks of the sample, the decoder, and its output as a new array. Nothing that happens meanwhile is
left out, neither Python's garbage collector nor other programs on the machine, which is where
the longest times come from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from nbsuite.benchmarking.delay import Delay, measure_delay
from nbsuite.benchmarking.runner import run_benchmark
from nbsuite.benchmarking.session import check_fit
from nbsuite.data.recording import Recording, Split
from nbsuite.data.sample_dataset import SampleDataset, Stretches
from nbsuite.models.checkpoint import Checkpoint
from nbsuite.models.streaming import StreamingDecoder

WARM_UP_STEPS = 200
"""Steps that are decoded before any is timed, to fill the processor's caches."""
ROUNDING = 1e-4
"""Of the largest output: what float32 makes of sums in another order, step after step."""
_UNPACKED_STEPS = 8192


@dataclass(frozen=True)
class Latency:
    """Wall-clock time of single steps, in seconds.

    Attributes:
        median: half of the steps took no longer.
        p99: 99 of 100 steps took no longer.
        worst: the longest step.
        late: number of steps that took longer than there is until the next sample.
        steps_per_second: steps by the sum of their times.
    """

    median: float
    p99: float
    worst: float
    late: int
    steps_per_second: float

    @classmethod
    def of(cls, seconds: NDArray[np.float64], budget: float) -> Latency:
        """Of the steps' times (steps,), there being ``budget`` seconds for each.

        >>> Latency.of(np.array([0.001, 0.001, 0.005]), budget=0.004).late
        1
        """
        return cls(
            median=float(np.median(seconds)),
            p99=float(np.quantile(seconds, 0.99, method="higher")),
            worst=float(seconds.max()),
            late=int((seconds > budget).sum()),
            steps_per_second=float(len(seconds) / seconds.sum()),
        )


@dataclass(frozen=True)
class StreamReport:
    """What came of streaming a test set.

    Attributes:
        steps: number of samples decoded.
        latency: time of the steps.
        delay: steps from input to answer.
        r2: NeuroBench's R2 of the run of whole chunks over these samples; None where it is
            undefined, as without movement.
        equals_batch: whether every output is that of the run of whole chunks, to the bit of
            float32, in which the benchmark keeps outputs.
        largest_difference: the largest difference from it.
        agrees: whether that is no more than sums in another order may make of it.
        has_spikes: whether the decoder tells its hidden spikes.
    """

    steps: int
    latency: Latency
    delay: Delay
    r2: float | None
    equals_batch: bool
    largest_difference: float
    agrees: bool
    has_spikes: bool


def stream_checkpoint(
    checkpoint: Checkpoint, recording: Recording, steps: int | None = None
) -> StreamReport:
    """Decode a recording's test set sample by sample.

    Args:
        checkpoint: the decoder.
        recording: the recording.
        steps: decode the first so many samples; None decodes all.

    Raises:
        CheckpointError: the decoder does not fit the recording, or decodes values that are not
            finite.
    """
    decoder = checkpoint.decoder
    check_fit(checkpoint, recording)
    part = recording.test
    if steps is not None:
        part = replace(part, stop=min(part.stop, part.start + steps))
    with np.errstate(over="ignore", invalid="ignore"):  # the run over the whole refuses it
        outputs, seconds = time_steps(StreamingDecoder(decoder), recording, part)
    batch = run_benchmark(decoder, SampleDataset(recording, part), metrics=("r2",))
    streamed = torch.from_numpy(outputs).float()
    difference = float((streamed - batch.outputs).abs().max())
    undefined = recording.still(part)
    r2 = float(batch.values["r2"])
    return StreamReport(
        steps=len(part),
        latency=Latency.of(seconds, recording.task.step),
        delay=measure_delay(decoder),
        r2=None if undefined or not np.isfinite(r2) else r2,
        equals_batch=torch.equal(streamed, batch.outputs),
        largest_difference=difference,
        agrees=difference <= ROUNDING * max(1.0, float(batch.outputs.abs().max())),
        has_spikes=batch.spikes is not None,
    )


def time_steps(
    decoder: StreamingDecoder, recording: Recording, part: Split
) -> tuple[NDArray[np.floating], NDArray[np.float64]]:
    """Decode a part from the initial state, after a warm-up on its first samples.

    After a gap in the recording it starts afresh.

    Returns:
        What was decoded (steps, outputs), and the time of every step (steps,), seconds.
    """
    for sample in recording.spikes(part.start, min(part.stop, part.start + WARM_UP_STEPS)):
        decoder.step(sample)
    outputs, seconds = [], []
    for stretch in recording.stretches(part):
        decoder.reset()
        for piece in Stretches(len(stretch), _UNPACKED_STEPS):
            samples = recording.spikes(stretch.start + piece.start, stretch.start + piece.stop)
            for sample in samples:
                start = perf_counter()
                decoded = decoder.step(sample)
                seconds.append(perf_counter() - start)
                outputs.append(decoded)
    return np.stack(outputs), np.array(seconds)
