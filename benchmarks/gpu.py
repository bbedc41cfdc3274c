"""How many windows a second does a GPU train on, by the triton kernel, plain torch, stock snnTorch?

    python benchmarks/gpu.py
    python benchmarks/gpu.py --windows 1000 --rounds 20 --json

One batch is 500 steps with dropout and regularisers, forward, backward and the optimiser's step.
All run in one process, in turns, from the same weights on the same windows of I1's twin. Before,
the triton kernel's gradients are held against those of plain torch in float64.
"""

from __future__ import annotations

import copy
import json
import statistics
import sys
from typing import Any

import click
import torch
from machine import MEBIBYTE, describe_machine, machine_line
from training import DROPOUT, STEPS, Batch, Problem, our_batch, seconds, stock_batch

from nbsuite.data.folders import data_folder
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.neurons.dropout import Dropout
from nbsuite.neurons.kernels import TrainingKernelName
from nbsuite.tasks.locate import locate
from nbsuite.tasks.opening import load_recording
from nbsuite.training.families import find_family
from nbsuite.training.windows import cut_windows

MODEL = "tinyRSNN"
TOLERANCE = 1e-10
PASSES = 100 * 3 + 200 + 4 * 100
"""Epochs of a whole run on one recording, as if three to pretrain on were as long as I1: 100 on
these, 200 of fine-tuning, 100 at each of four sparsities."""


def gradients(
    decoder: RecurrentDecoder, problem: Problem, kernel: TrainingKernelName
) -> list[torch.Tensor]:
    """Gradients of the summed squares of what is decoded and counted in a batch."""
    decoder = copy.deepcopy(decoder)
    starts, _ = problem.draw(0)
    dropout = Dropout(DROPOUT, DROPOUT, key=0)
    decoded = decoder.decode_windows(
        problem.events, starts, problem.steps, dropout=dropout, kernel=kernel
    )
    (decoded.outputs.square().sum() + decoded.counts.square().mean()).backward()
    return [value.grad for value in decoder.parameters() if value.grad is not None]


def largest_difference(problem: Problem) -> float:
    """Norm of the gradients' difference relative to their norm, at worst of a parameter."""
    decoder = copy.deepcopy(problem.decoder).double()
    found, expected = (gradients(decoder, problem, kernel) for kernel in ("triton", "reference"))
    return max(
        float((ours - theirs).norm() / theirs.norm().clamp(min=1e-12))
        for ours, theirs in zip(found, expected, strict=True)
    )


def timed(batch: Batch, turn: int, device: str) -> float:
    """Wall-clock time of one batch, until the device has finished it."""

    def run(turn: int) -> None:
        batch(turn)
        if device != "cpu":
            torch.cuda.synchronize(device)

    return seconds(run, turn)


def peak_mebibytes(batch: Batch, device: str) -> int | None:
    """Most memory of the device that a batch takes; None on the CPU, which does not count."""
    if device == "cpu":
        batch(0)
        return None
    torch.cuda.reset_peak_memory_stats(device)
    batch(0)
    return round(torch.cuda.max_memory_allocated(device) / MEBIBYTE)


def compare(problem: Problem, rounds: int) -> dict[str, Any]:
    """All contenders in turns: medians, windows a second, and memory."""
    batches = {
        "triton": our_batch(problem, "triton"),
        "reference": our_batch(problem, "reference"),
        "stock": stock_batch(problem),
    }
    # The first batch compiles, too.
    memory = {name: peak_mebibytes(batch, problem.device) for name, batch in batches.items()}
    turns = [
        {name: timed(batch, turn, problem.device) for name, batch in batches.items()}
        for turn in range(1, rounds + 1)
    ]
    medians = {name: statistics.median(turn[name] for turn in turns) for name in batches}
    return {
        name: {
            "milliseconds": 1000 * median,
            "windows_per_second": problem.windows / median,
            "mebibytes": memory[name],
        }
        for name, median in medians.items()
    }


def windows_of_a_session() -> int:
    """Training windows of I1's twin by the published recipe."""
    recording = load_recording(locate("I1", data_folder(None), "twin").path)
    return len(cut_windows(recording, find_family(MODEL).recipe.windows))


def require_gpu(device: str) -> None:
    """Stop where there is nothing to measure."""
    if device != "cpu" and not torch.cuda.is_available():
        raise click.ClickException(
            f"torch {torch.__version__} finds no NVIDIA GPU on this machine, so that there is"
            " nothing to measure."
        )


@click.command()
@click.option("--windows", default=250, show_default=True, help="Windows of a batch.")
@click.option("--steps", default=STEPS, show_default=True, help="Steps of a window.")
@click.option("--rounds", default=7, show_default=True, help="Batches of each contender.")
@click.option("--device", default="cuda", show_default=True, help="Torch device.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(windows: int, steps: int, rounds: int, device: str, as_json: bool) -> None:
    """Time a training batch of tinyRSNN on a GPU."""
    require_gpu(device)
    machine = describe_machine()
    name = "Triton's interpreter" if device == "cpu" else torch.cuda.get_device_name(device)
    problem = Problem(MODEL, windows, steps, device)
    difference = largest_difference(problem)
    results = compare(problem, rounds)
    visits = PASSES * windows_of_a_session()
    minutes = {name: visits / each["windows_per_second"] / 60 for name, each in results.items()}
    if as_json:
        report = {"machine": machine, "device": name, "gradient_difference": difference}
        click.echo(json.dumps(report | {"results": results, "run_minutes": minutes}, indent=2))
    else:
        click.echo(f"{name}; {machine_line(machine)}")
        click.echo(f"gradients of triton and reference in float64 differ by {difference:.1e}")
        for contender, each in results.items():
            memory = "" if each["mebibytes"] is None else f", {each['mebibytes']} MiB"
            click.echo(
                f"{contender}: {each['milliseconds']:.2f} ms a batch,"
                f" {each['windows_per_second']:,.0f} windows/s{memory};"
                f" training of a whole run {minutes[contender]:,.1f} minutes"
            )
    if difference > TOLERANCE:
        sys.exit("The triton kernel's gradients are WRONG on this device: please report it.")


if __name__ == "__main__":
    main()
