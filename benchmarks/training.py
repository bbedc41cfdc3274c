"""How long does one training batch take, ours against a plain loop of stock snnTorch layers?

    python benchmarks/training.py
    python benchmarks/training.py --threads 1 --model tinyRSNN

One batch is 500 steps with dropout and regularisers, forward, backward and the optimiser's step.
Both run in one process, in turns, from the same weights on the same windows of I1's twin. Peak
memory is that of a process that runs one of them alone.
"""

from __future__ import annotations

import copy
import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import click
import numpy as np
import torch
from decoders import Kind, random_decoder
from machine import describe_machine, machine_line, peak_mebibytes
from numpy.typing import NDArray
from stock_training import StockTraining
from torch import Tensor

from nbsuite.data.folders import data_folder
from nbsuite.models.spec import ModelSpec
from nbsuite.neurons.dropout import Dropout
from nbsuite.neurons.kernels import TrainingKernelName
from nbsuite.spike_events import SpikeEvents
from nbsuite.tasks.locate import locate
from nbsuite.tasks.opening import load_recording
from nbsuite.training.compute import Compute
from nbsuite.training.families import find_family
from nbsuite.training.losses import loss_function
from nbsuite.training.regularizers import spike_count_penalty
from nbsuite.training.smorms3 import SMORMS3

STEPS = 500
SAMPLES = 100_000
BATCHES = {"tinyRSNN": 250, "bigRSNN": 50}
KINDS = {
    "tinyRSNN": Kind("tinyRSNN", "float32", 0.0162),
    "bigRSNN": Kind("bigRSNN", "float32", 0.0378),
}
DROPOUT = 0.3
Batch = Callable[[int], None]


class Problem:
    """Windows of a recording and a decoder that is as active on them as the published one."""

    def __init__(
        self,
        model: str,
        windows: int,
        steps: int = STEPS,
        device: str = "cpu",
        spec: ModelSpec | None = None,
    ) -> None:
        recording = load_recording(locate("I1", data_folder(None), "twin").path)
        self.events = SpikeEvents.from_recording(recording, 0, SAMPLES)
        self.labels = recording.labels[:SAMPLES]
        start = torch.from_numpy(recording.spikes(0, 4000))[:, None]
        self.decoder = random_decoder(KINDS[model], start, spec=spec).to(device)
        self.recipe = find_family(model).recipe
        self.windows, self.steps, self.device = windows, steps, device

    def draw(self, turn: int) -> tuple[NDArray[np.int64], Tensor]:
        """Starts of the windows of a batch, and their velocities (steps, windows, 2)."""
        starts = np.random.default_rng(turn).integers(0, SAMPLES - self.steps, self.windows)
        samples = starts[None, :] + np.arange(self.steps)[:, None]
        velocity = np.take(self.labels, samples, axis=0)
        return starts, torch.from_numpy(velocity).to(self.device)

    def update(self, optimiser: SMORMS3, decoded: Tensor, counts: Tensor, velocity: Tensor) -> None:
        """Loss, penalty, backward pass and a step of the optimiser."""
        loss = loss_function(self.recipe.loss)(decoded, velocity)
        loss = loss + spike_count_penalty(counts, self.recipe.regularisation)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def our_batch(problem: Problem, kernel: TrainingKernelName = "numba") -> Batch:
    """A batch by one of nbsuite's kernels, with as many threads as torch is set to by now."""
    decoder = copy.deepcopy(problem.decoder)
    optimiser = SMORMS3(decoder.parameters())
    compute = Compute(kernel, problem.device, torch.get_num_threads())

    def run(turn: int) -> None:
        with compute.limited():
            starts, velocity = problem.draw(turn)
            dropout = Dropout(DROPOUT, DROPOUT, key=turn)
            decoded = decoder.decode_windows(
                problem.events, starts, problem.steps, dropout=dropout, kernel=kernel
            )
            problem.update(optimiser, decoded.outputs, decoded.counts, velocity)

    return run


def stock_batch(problem: Problem) -> Batch:
    """A batch by stock snnTorch layers."""
    stock = StockTraining.of(problem.decoder).to(problem.device)
    optimiser = SMORMS3(stock.parameters())

    def run(turn: int) -> None:
        starts, velocity = problem.draw(turn)
        dense = problem.events.dense(starts, problem.steps)
        spikes = torch.from_numpy(dense).to(problem.device).float()
        problem.update(optimiser, *stock.decode(spikes, DROPOUT), velocity)

    return run


CONTENDERS: dict[str, Callable[[Problem], Batch]] = {"nbsuite": our_batch, "stock": stock_batch}


def seconds(batch: Batch, turn: int) -> float:
    """Wall-clock time of one batch."""
    start = time.perf_counter()
    batch(turn)
    return time.perf_counter() - start


def peak_memory(contender: str, model: str, windows: int, threads: int) -> float:
    """Peak resident memory of a process that runs a few batches of one contender, in MiB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run_alone, (contender, model, windows, threads))


def _run_alone(contender: str, model: str, windows: int, threads: int) -> float:
    torch.set_num_threads(threads)
    batch = CONTENDERS[contender](Problem(model, windows))
    for turn in range(3):
        batch(turn)
    return peak_mebibytes(resource.getrusage(resource.RUSAGE_SELF))


def compare(model: str, windows: int, threads: int, rounds: int) -> dict[str, Any]:
    """Both contenders in turns: medians and their ratio."""
    torch.set_num_threads(threads)
    problem = Problem(model, windows)
    batches = {name: make(problem) for name, make in CONTENDERS.items()}
    for batch in batches.values():
        batch(0)  # compiles, and touches the memory once
    timed = [
        {name: seconds(batch, turn) for name, batch in batches.items()}
        for turn in range(1, rounds + 1)
    ]
    medians = {name: statistics.median(each[name] for each in timed) for name in batches}
    return {
        "model": model,
        "windows": windows,
        "threads": threads,
        "rounds": rounds,
        "milliseconds": {name: round(1000 * value, 1) for name, value in medians.items()},
        "fastest": {name: round(1000 * min(each[name] for each in timed), 1) for name in batches},
        "times": round(statistics.median(each["stock"] / each["nbsuite"] for each in timed), 1),
    }


@click.command()
@click.option("--model", type=click.Choice(list(BATCHES)), multiple=True, help="Default: both.")
@click.option("--threads", type=int, multiple=True, help="Default: 2 and 1.")
@click.option("--rounds", default=7, show_default=True, help="Batches of each contender.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(model: tuple[str, ...], threads: tuple[int, ...], rounds: int, as_json: bool) -> None:
    """Time a training batch of nbsuite's kernel against stock snnTorch layers."""
    machine = describe_machine()
    runs = [(name, count) for name in model or BATCHES for count in threads or (2, 1)]
    # First, while this process is small: a new process begins with its parent's peak.
    memory = [
        {name: round(peak_memory(name, each, BATCHES[each], count)) for name in CONTENDERS}
        for each, count in runs
    ]
    results = [
        {**compare(each, BATCHES[each], count, rounds), "mebibytes": peak}
        for (each, count), peak in zip(runs, memory, strict=True)
    ]
    if as_json:
        click.echo(json.dumps({"machine": machine, "results": results}, indent=2))
        return
    click.echo(machine_line(machine))
    for each in results:
        ours, stock = each["milliseconds"]["nbsuite"], each["milliseconds"]["stock"]
        click.echo(
            f"{each['model']} B={each['windows']} threads={each['threads']}: "
            f"nbsuite {ours:.1f} ms, stock {stock:.0f} ms, {each['times']} times faster; "
            f"peak {each['mebibytes']['nbsuite']} against {each['mebibytes']['stock']} MiB"
        )


if __name__ == "__main__":
    main()
