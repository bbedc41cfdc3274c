"""How fast are the architectures that a specification can name, against loops of snnTorch layers?

    python benchmarks/architectures.py
    python benchmarks/architectures.py --threads 1 --only "two layers"

Training: one batch of 250 windows of 500 steps with dropout and regularisers, forward, backward and
the optimiser's step. Inference: decoding one recording. Both contenders run in one process, in
turns, from the same weights, and decode the same before they are timed.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import click
import torch
from machine import describe_machine, machine_line
from stock_architectures import StockNetwork
from training import DROPOUT, Batch, Problem, our_batch, seconds

from nbsuite.models.spec import ModelSpec
from nbsuite.training.smorms3 import SMORMS3

WINDOWS = 250
CHECKED_STEPS = 400
DECODED_STEPS = {"nbsuite": 50_000, "snntorch": 1_000}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "one layer": {},
    "two layers": {"layers": 2},
    "two layers, feed-forward": {"layers": 2, "recurrent": False},
    "adaptive": {"cell": "adaptive"},
    "two layers, adaptive": {"layers": 2, "cell": "adaptive"},
}


def stock_batch(problem: Problem, stock: StockNetwork) -> Batch:
    """A training batch in a loop of snnTorch layers."""
    optimiser = SMORMS3(stock.parameters())

    def run(turn: int) -> None:
        starts, velocity = problem.draw(turn)
        spikes = torch.from_numpy(problem.events.dense(starts, problem.steps)).float()
        problem.update(optimiser, *stock.decode(spikes, DROPOUT), velocity)

    return run


@torch.no_grad()
def require_same(problem: Problem, stock: StockNetwork) -> float:
    """Share of hidden spikes by which the two differ, for rounding: a few in a thousand at most."""
    rows = problem.events.rows(0, CHECKED_STEPS)
    spikes = torch.from_numpy(rows)[:, None]
    ours = problem.decoder(spikes, kernel="numba").spikes.float().sum(0)
    theirs = stock.eval().decode(spikes.float(), 0.0)[1]
    layers = problem.decoder.spec.layers
    pairs = zip(ours.chunk(layers, 1), theirs.chunk(layers, 1), strict=True)
    for index, (mine, other) in enumerate(pairs):
        # The last steps' spikes are still in the line there.
        if abs(float(mine.sum() - other.sum())) > 0.1 * float(other.sum()) + 3:
            raise SystemExit(f"Layer {index + 1} fires {mine.sum()} and {other.sum()} times.")
    stock.train()
    return float((ours - theirs).abs().sum() / theirs.sum())


@torch.no_grad()
def steps_per_second(decode: Callable[[torch.Tensor], Any], problem: Problem, steps: int) -> float:
    """How fast a recording is decoded."""
    spikes = torch.from_numpy(problem.events.rows(0, steps))[:, None]
    begun = time.perf_counter()
    decode(spikes)
    return steps / (time.perf_counter() - begun)


def compare(name: str, threads: int, rounds: int) -> dict[str, Any]:
    """Both contenders in turns: medians and their ratio."""
    torch.set_num_threads(threads)
    spec = ModelSpec(name, 96, 64, (0.02, 0.01), ((0.05, 0.01),), **ARCHITECTURES[name])
    problem = Problem("tinyRSNN", WINDOWS, spec=spec)
    stock = StockNetwork(problem.decoder)
    differs = require_same(problem, stock)
    decoders: dict[str, Callable[[torch.Tensor], Any]] = {
        "nbsuite": lambda spikes: problem.decoder(spikes, kernel="numba"),
        "snntorch": lambda spikes: stock.decode(spikes.float(), 0.0),
    }
    rates = {
        key: statistics.median(
            steps_per_second(decode, problem, DECODED_STEPS[key]) for _ in range(rounds)
        )
        for key, decode in decoders.items()
    }
    batches = {"nbsuite": our_batch(problem), "snntorch": stock_batch(problem, stock)}
    for batch in batches.values():
        batch(0)  # compiles, and touches the memory once
    timed = [
        {key: seconds(batch, turn) for key, batch in batches.items()}
        for turn in range(1, rounds + 1)
    ]
    medians = {key: statistics.median(each[key] for each in timed) for key in batches}
    times = statistics.median(each["snntorch"] / each["nbsuite"] for each in timed)
    return {
        "architecture": name,
        "threads": threads,
        "rounds": rounds,
        "milliseconds": {key: round(1000 * value, 1) for key, value in medians.items()},
        "times": round(times, 1),
        "steps_per_second": {key: round(value) for key, value in rates.items()},
        "spikes_that_differ": round(differs, 4),
    }


@click.command()
@click.option("--only", type=click.Choice(list(ARCHITECTURES)), multiple=True, help="Default: all.")
@click.option("--threads", default=2, show_default=True)
@click.option("--rounds", default=5, show_default=True, help="Batches of each contender.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(only: tuple[str, ...], threads: int, rounds: int, as_json: bool) -> None:
    """Time training and decoding of architectures against loops of snnTorch layers."""
    machine = describe_machine()
    results = [compare(name, threads, rounds) for name in only or ARCHITECTURES]
    if as_json:
        click.echo(json.dumps({"machine": machine, "results": results}, indent=2))
        return
    click.echo(machine_line(machine))
    for each in results:
        batch, decoded = each["milliseconds"], each["steps_per_second"]
        click.echo(
            f"{each['architecture']}: training {batch['nbsuite']:.0f} against"
            f" {batch['snntorch']:.0f} ms, {each['times']} times faster; decoding"
            f" {decoded['nbsuite']:,} against {decoded['snntorch']:,} steps/s"
        )


if __name__ == "__main__":
    main()
