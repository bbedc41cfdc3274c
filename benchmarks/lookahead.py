"""What measuring lookahead and delay adds to a benchmark, for each kind of decoder.

    python benchmarks/lookahead.py [--repeats 5]

Runs NeuroBench's metrics on the test set of I1's twin, and after each run what measures when the
decoder answers; processor time of both, of one thread, medians. Decoders have random weights under
which about as many neurons fire as in trained ones.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import click
from decoders import KINDS, random_decoder
from machine import describe_machine, machine_line

from nbsuite.cli.frame.options import data_dir_option
from nbsuite.cli.frame.output import note, print_table

FOLDER = Path(__file__).resolve().parents[1] / "tests"


def decoders(recording: Any) -> Iterator[tuple[str, Any]]:
    """The decoders, by their names."""
    import torch

    spikes = torch.from_numpy(recording.spikes(0, 5000))[:, None]
    for kind in KINDS:
        yield kind.label, random_decoder(kind, spikes)
    own = importlib.import_module("benchmark.official_run")
    for name in ("gru", "leaky"):
        yield f"own {name}", own.own_decoder(name, recording.channels)


@click.command()
@click.option("--repeats", default=5, show_default=True, help="Runs; medians count.")
@data_dir_option()
def main(repeats: int, data_dir: Path) -> None:
    """Time the benchmark and what is measured after it, side by side."""
    import torch

    from nbsuite.benchmarking.runner import run_benchmark
    from nbsuite.benchmarking.timing import measure_timing
    from nbsuite.data.sample_dataset import SampleDataset
    from nbsuite.tasks.targets import load_target

    torch.set_num_threads(1)
    sys.path.insert(0, str(FOLDER))
    machine = describe_machine()
    recording = load_target("I1", data_dir, "twin")
    samples = SampleDataset(recording, recording.test)
    rows = []
    for name, decoder in decoders(recording):
        note(f"measuring {name} ...")
        measure_timing(decoder, run_benchmark(decoder, samples))  # compiles
        seconds: tuple[list[float], list[float]] = ([], [])
        for _ in range(repeats):
            start = time.process_time()
            measurement = run_benchmark(decoder, samples)
            middle = time.process_time()
            found = measure_timing(decoder, measurement)
            seconds[0].append(middle - start)
            seconds[1].append(time.process_time() - middle)
        run, added = map(median, seconds)
        told = [str(found.lookahead.samples), str(found.delay)]
        rows.append([name, *told, f"{run:.2f}", f"{added:.3f}", f"{100 * added / run:.1f}"])
    columns = ["decoder", "lookahead", "delay", "benchmark, s", "added, s", "added, %"]
    print_table(columns, rows, right=columns[1:], caption=machine_line(machine))


if __name__ == "__main__":
    main()
