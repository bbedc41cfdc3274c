"""How do training's time and memory grow, and how far is that from what the machine can do?

    python benchmarks/scaling.py                                    # print, about 5 minutes
    python benchmarks/scaling.py -o benchmarks/scaling.json --plot docs/scaling.png
    python benchmarks/cost.py --write docs/cost.md                  # tables made of the JSON

Around a batch of tinyRSNN (250 windows) and one of bigRSNN (50), of 96 channels and 500 steps on
one thread, one size at a time is changed. Every figure comes from a process of its own, and the
whole is gone through twice, the second time backwards. The limits of the machine are measured in
the same run: STREAM's triad and BLAS's matrix product. Needs Linux, which tells the memory.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import click
from energy import WATTS_PER_CORE
from limits import measure_limits
from machine import describe_machine
from preparation import in_own_process
from scaling_picture import plot_scaling
from scaling_points import (
    BASE,
    Point,
    measure_batches,
    measure_epoch,
    measure_evaluation,
    meet_at,
    train_seeds,
)
from scaling_tables import TABLES, as_text

from nbsuite.cli.frame.output import note
from nbsuite.cli.sweep.command import WORKER_MODULES
from nbsuite.files import atomic_write
from nbsuite.sweep.local_workers import cores, start_fork_server

FORKED = "forkserver"
AXES: dict[str, dict[str, tuple[int, ...]]] = {
    "tinyRSNN": {
        "channels": (24, 48, 96, 192, 384),
        "neurons": (16, 32, 64, 128, 256),
        "windows": (10, 25, 50, 100, 250, 500),
        "steps": (125, 250, 500, 1000, 2000),
    },
    "bigRSNN": {
        "channels": (96, 192, 384),
        "neurons": (256, 512, 1024),
        "windows": (10, 25, 50, 100),
        "steps": (125, 250, 500, 1000),
    },
}
SESSION_SAMPLES = (23_600, 94_400, 377_700)
"""A sixteenth, a quarter and all of the samples that I1 is trained on."""
SEED_BATCHES = {"tinyRSNN": 20, "bigRSNN": 2}
SEEDS = (1, 2, 4)


def points(model: str, *, quick: bool) -> Iterable[Point]:
    """The points of all curves of a model, each once."""
    axes = {**AXES[model], "threads": tuple(range(1, cores() + 1))}
    found = {BASE[model]: None}
    for axis, values in axes.items():
        chosen = (values[0], values[-1]) if quick else values
        found |= dict.fromkeys(replace(BASE[model], **{axis: value}) for value in chosen)
    return found


def measure_curves(
    models: Sequence[str], seconds: float, watts: float, *, quick: bool
) -> list[dict[str, Any]]:
    """Every point twice, once when quick: medians of times, the highest memory."""
    order = [point for model in models for point in points(model, quick=quick)]
    found: dict[Point, list[dict[str, Any]]] = {point: [] for point in order}
    for sequence in (order,) if quick else (order, order[::-1]):
        for point in sequence:
            note(str(point))
            run = in_own_process(measure_batches, point, seconds, watts, start=FORKED)
            found[point].append(run)
    return [_merged(runs) for runs in found.values()]


def _merged(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    middle = {key: median(run[key] for run in runs) for key in ("seconds", "smallest", "joules")}
    fastest, most = min(run["fastest"] for run in runs), max(run["bytes"] for run in runs)
    return {**runs[0], **middle, "fastest": fastest, "bytes": most}


def measure_seeds(models: Sequence[str], *, quick: bool) -> list[dict[str, Any]]:
    """Wall-clock time of several seeds on one worker and on as many as there are cores."""
    rows = []
    for model in models:
        for workers in sorted({1, cores()}):
            for seeds in SEEDS[:1] if quick else SEEDS:
                batches = 1 if quick else SEED_BATCHES[model]
                note(f"{seeds} seeds of {model} on {workers} workers")
                seconds = _train_seeds(model, seeds, workers, batches)
                row = {"model": model, "workers": workers, "seeds": seeds, "batches": batches}
                rows.append({**row, "seconds": seconds})
    return rows


def _train_seeds(model: str, seeds: int, workers: int, batches: int) -> float:
    """Wall-clock time from the moment when all workers are ready, without preparations."""
    busy, context = min(workers, seeds), get_context(FORKED)
    barrier = (context.Barrier(busy),)
    with ProcessPoolExecutor(busy, context, initializer=meet_at, initargs=barrier) as pool:
        shares = [range(seeds)[worker::busy] for worker in range(busy)]
        futures = [pool.submit(train_seeds, model, share, batches) for share in shares]
        spans = [future.result() for future in futures]
    return max(end for _, end in spans) - min(begun for begun, _ in spans)


def measure(watts: float, *, quick: bool) -> dict[str, Any]:
    """All figures, as JSON values."""
    begun, models = time.perf_counter(), list(AXES)[: 1 if quick else None]
    seconds = 0.05 if quick else 1.0
    machine = describe_machine()
    start_fork_server(WORKER_MODULES)
    in_own_process(measure_batches, BASE["tinyRSNN"], 0.05, watts, start=FORKED)  # compiles
    sizes = sorted({point.neurons for model in models for point in points(model, quick=quick)})
    limits = in_own_process(measure_limits, sizes, cores(), seconds / 2, start=FORKED)
    samples = SESSION_SAMPLES[:1] if quick else SESSION_SAMPLES
    sessions = [in_own_process(measure_epoch, "tinyRSNN", each, start=FORKED) for each in samples]
    evaluations = [in_own_process(measure_evaluation, model, start=FORKED) for model in models]
    return {
        "machine": {**machine, "cores": cores()},
        "watts_per_core": watts,
        "limits": limits,
        "points": measure_curves(models, seconds, watts, quick=quick),
        "sessions": sessions,
        "evaluations": evaluations,
        "seeds": measure_seeds(models, quick=quick),
        "minutes": (time.perf_counter() - begun) / 60,
    }


@click.command()
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="JSON file.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Picture.")
@click.option(
    "--watts-per-core",
    default=WATTS_PER_CORE,
    show_default=True,
    help="Assumed power of a busy core, where the processor does not tell its energy.",
)
@click.option("--quick", is_flag=True, help="A few points of tinyRSNN, to see that it runs.")
def main(output: Path | None, plot: Path | None, watts_per_core: float, quick: bool) -> None:
    """Measure how training scales."""
    figures = measure(watts_per_core, quick=quick)
    if output is not None:
        with atomic_write(output) as temporary:
            temporary.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if plot is not None:
        plot_scaling(plot, figures)
    for name in ("limits", "parts", "growth", "sessions", "seeds"):
        click.echo(as_text(TABLES[name](figures)))


if __name__ == "__main__":
    main()
