"""One point of a scaling curve: training batches of one size, in a process of its own.

Input spikes are random, as many as on session I1; weights are random and scaled until as many
neurons spike as in the published decoder. A batch is forward, backward and the optimiser's step.
On one thread its time is that of the processor, which other programs hardly lengthen; on several
it is wall-clock time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from decoders import KINDS, Kind, random_decoder
from energy import EnergyMeter
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.benchmarking.runner import run_benchmark
from nbsuite.neurons.dropout import Dropout
from nbsuite.spike_events import SpikeEvents
from nbsuite.training.compute import Compute
from nbsuite.training.epochs import EpochPlan, run_epoch
from nbsuite.training.families import find_family, model_spec
from nbsuite.training.losses import loss_function
from nbsuite.training.regularizers import spike_count_penalty
from nbsuite.training.smorms3 import SMORMS3
from nbsuite.training.windows import TrainingWindows

INPUT_RATE = 0.0826
"""Events a channel and step on I1: 1,052,847 on 96 channels in 132,745 steps."""
SAMPLES = 20_000
CALIBRATION_STEPS = 2_000
LEAST_BATCHES = 3
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Point:
    """What a batch is made of.

    Attributes:
        model: the decoder's kind, which decides the readouts, penalties and activity.
        channels: input channels.
        neurons: hidden neurons.
        windows: windows in a batch.
        steps: steps of a window.
        threads: threads.
    """

    model: str
    channels: int
    neurons: int
    windows: int
    steps: int
    threads: int = 1


BASE = {
    "tinyRSNN": Point("tinyRSNN", channels=96, neurons=64, windows=250, steps=500),
    "bigRSNN": Point("bigRSNN", channels=96, neurons=1024, windows=50, steps=500),
}


class Problem:
    """Random windows, and a decoder with its optimiser."""

    def __init__(self, point: Point, samples: int, seed: int = 1) -> None:
        self.point = point
        self.recipe = find_family(point.model).recipe
        generator = np.random.default_rng(seed)
        spikes = generator.random((samples, point.channels), dtype=np.float32) < INPUT_RATE
        self.events = SpikeEvents.from_dense(spikes)
        self.labels = generator.standard_normal((samples, 2), dtype=np.float32)
        start = torch.from_numpy(spikes[:CALIBRATION_STEPS, None])
        spec = replace(model_spec(point.model, point.channels), neurons=point.neurons)
        self.decoder = random_decoder(_kind(point.model), start, seed, spec)
        self.optimiser = SMORMS3(self.decoder.parameters())

    def batch(self, turn: int, windows: int, steps: int) -> None:
        """Train on a batch of random windows."""
        generator = np.random.default_rng(turn)
        starts = generator.integers(0, self.events.samples - steps, windows)
        samples = starts[None, :] + np.arange(steps)[:, None]
        velocity = torch.from_numpy(np.take(self.labels, samples, axis=0))
        rates = self.recipe.dropout
        dropout = Dropout(rates.input, rates.hidden, key=turn)
        decoded = self.decoder.decode_windows(self.events, starts, steps, dropout=dropout)
        loss = loss_function(self.recipe.loss)(decoded.outputs, velocity)
        loss = loss + spike_count_penalty(decoded.counts, self.recipe.regularisation)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()


def _kind(model: str) -> Kind:
    return next(kind for kind in KINDS if (kind.model, kind.precision) == (model, "float32"))


def measure_batches(point: Point, seconds: float, watts_per_core: float) -> dict[str, Any]:
    """Times of batches for that many seconds, memory, and energy."""
    with Compute(threads=point.threads).limited():
        problem = Problem(point, max(SAMPLES, 2 * point.steps))
        for turn in range(2):  # loads what is compiled, and leaves it out of the memory
            problem.batch(turn, 1, 8)
        clock = time.process_time if point.threads == 1 else time.perf_counter
        smallest = _times(lambda turn: problem.batch(turn, 1, 8), 0.1, clock)
        resident = reset_peak()
        problem.batch(0, point.windows, point.steps)
        meter = EnergyMeter(watts_per_core)
        times = _times(lambda turn: problem.batch(turn, point.windows, point.steps), seconds, clock)
        energy = meter.read()
        return {
            **asdict(point),
            "seconds": median(times),
            "fastest": min(times),
            "smallest": median(smallest),
            "joules": energy.joules / len(times),
            "energy_measured": energy.measured,
            "bytes": peak() - resident,
        }


def measure_epoch(model: str, samples: int) -> dict[str, Any]:
    """Time and memory of a real epoch on a session of so many samples to train on."""
    point = BASE[model]
    with Compute(threads=1).limited():
        resident = reset_peak()
        problem = Problem(point, samples)
        starts = np.concatenate(
            [
                np.arange(offset, samples - point.steps + 1, point.steps)
                for offset in range(0, point.steps, problem.recipe.windows.offset_steps)
            ]
        )
        windows = TrainingWindows(problem.events, problem.labels, starts, point.steps, 0.004)
        plan = EpochPlan(problem.recipe, 0.001, 1, ("finetune", 0), "numba")
        run_epoch(problem.decoder, problem.optimiser, windows, plan)
        begun = time.process_time()
        run_epoch(problem.decoder, problem.optimiser, windows, plan)
        seconds = time.process_time() - begun
    held = sum(each.nbytes for each in (problem.events.sources, problem.events.offsets))
    return {
        "model": model,
        "samples": samples,
        "windows": len(starts),
        "seconds": seconds,
        "bytes": peak() - resident,
        "recording_bytes": held + problem.labels.nbytes,
    }


class RandomSamples:
    """Test samples of random spikes and velocities."""

    def __init__(self, events: SpikeEvents, labels: NDArray[np.float32]) -> None:
        self.spikes = torch.from_numpy(events.dense(np.zeros(1, np.int64), len(labels))[:, 0])
        self.labels = torch.from_numpy(labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitems__(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The samples of a range."""
        chosen = slice(indices[0], indices[-1] + 1)
        return self.spikes[chosen, None], self.labels[chosen]


def measure_evaluation(model: str) -> dict[str, Any]:
    """Steps a second of NeuroBench's official run, which a benchmark of a decoder is."""
    with Compute(threads=1).limited():
        problem = Problem(BASE[model], SAMPLES)
        samples = RandomSamples(problem.events, problem.labels)
        run_benchmark(problem.decoder, samples)
        begun = time.process_time()
        run_benchmark(problem.decoder, samples)
        return {"model": model, "steps_per_second": SAMPLES / (time.process_time() - begun)}


_barriers: list[Barrier] = []


def meet_at(barrier: Barrier) -> None:
    """Let :func:`train_seeds` in this process wait for those in others."""
    _barriers.append(barrier)


def train_seeds(model: str, seeds: Sequence[int], batches: int) -> tuple[float, float]:
    """Train some batches of each seed; begin and end by a clock that processes share."""
    with Compute(threads=1).limited():
        problems = [Problem(BASE[model], SAMPLES, seed) for seed in seeds]
        size = problems[0].point
        problems[0].batch(0, size.windows, size.steps)
        _barriers[0].wait()
        begun = time.monotonic()
        for problem in problems:
            for turn in range(1, batches + 1):
                problem.batch(turn, size.windows, size.steps)
        return begun, time.monotonic()


def _times(batch: Callable[[int], None], seconds: float, clock: Callable[[], float]) -> list[float]:
    """Times of batches for that many seconds, at least a few."""
    times: list[float] = []
    while len(times) < LEAST_BATCHES or sum(times) < seconds:
        begun = clock()
        batch(len(times) + 1)
        times.append(clock() - begun)
    return times


def reset_peak() -> int:
    """Let the peak of this process' memory begin anew; returns what is resident, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> int:
    """The peak of this process' resident memory, in bytes."""
    return _status("VmHWM")


def _status(key: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(key))
    return 1024 * int(line.split()[1])
