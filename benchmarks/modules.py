"""Decoders of one's own, measured by NeuroBench itself and by nbsuite, side by side.

    python benchmarks/modules.py [--official-steps 1500] [--repeats 3] [--json]

The decoders are those of tests/own_decoders, 20 to 30 lines each. NeuroBench's own Benchmark calls
them one sample at a time, under its own hooks, as its examples do; nbsuite gives those that take
sequences whole chunks, and the others one sample at a time. Both start from loaded samples of I1's
twin and use one thread of torch; they take turns. On the steps that both see, all figures are
compared: equal to the last digit but for R2 (1e-6) and the mean over batches (1e-12).
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import click
from machine import describe_machine, machine_line

from nbsuite.cli.frame.options import data_dir_option, json_option
from nbsuite.cli.frame.output import note, print_json, print_table

FOLDER = Path(__file__).resolve().parents[1] / "tests"
NAMES = ("gru", "leaky", "gru_cell", "lstm", "perceptron", "rsynaptic", "snn2")
SEQUENCES = ("gru", "leaky")
STEPS_OF_SEQUENCES, STEPS = 60_000, 6_000
"""Steps that nbsuite is timed on, of decoders that take sequences and of others."""


class Comparison(NamedTuple):
    """What both ways gave.

    Attributes:
        official: figures by NeuroBench itself.
        ours: the same of nbsuite, on the same steps.
        rates: steps per second of either.
    """

    official: dict[str, Any]
    ours: dict[str, Any]
    rates: tuple[float, float]


def compare(name: str, recording: Any, official_steps: int, repeats: int) -> Comparison:
    """Measure a decoder both ways, taking turns."""
    from dataclasses import replace

    from nbsuite.benchmarking.runner import run_benchmark
    from nbsuite.data.sample_dataset import SampleDataset

    own_decoders = importlib.import_module("benchmark.official_run")

    def first(steps: int) -> SampleDataset:
        test = recording.test
        return SampleDataset(recording, replace(test, stop=min(test.stop, test.start + steps)))

    steps = STEPS_OF_SEQUENCES if name in SEQUENCES else STEPS
    decoder = own_decoders.own_decoder(name, recording.channels)
    ours = run_benchmark(decoder, first(official_steps)).values
    official, rates = {}, ([], [])
    for _repeat in range(repeats):
        start = time.perf_counter()
        official = own_decoders.official_run(name, first(official_steps), recording.channels)
        rates[0].append(official_steps / (time.perf_counter() - start))
        rates[1].append(steps / run_benchmark(decoder, first(steps)).seconds)
    return Comparison(official, ours, (median(rates[0]), median(rates[1])))


@click.command()
@click.option("--official-steps", default=1500, show_default=True, help="Steps of NeuroBench's.")
@click.option("--repeats", default=3, show_default=True, help="Runs each way; medians count.")
@data_dir_option()
@json_option()
def main(official_steps: int, repeats: int, data_dir: Path, as_json: bool) -> None:
    """Time NeuroBench's own run of decoders of one's own and nbsuite's, side by side."""
    import torch

    from nbsuite.tasks.targets import load_target

    torch.set_num_threads(1)
    sys.path.insert(0, str(FOLDER))
    machine = describe_machine()
    recording = load_target("I1", data_dir, "twin")
    compared = {}
    for name in NAMES:
        note(f"measuring {name} ...")
        compared[name] = compare(name, recording, official_steps, repeats)
    if as_json:
        print_json({"machine": machine, "decoders": {k: v._asdict() for k, v in compared.items()}})
        return
    keys = ["footprint", "connection_sparsity", "activation_sparsity", "dense", "macs", "acs", "r2"]
    rows = []
    for name, each in compared.items():
        for way, values, rate in (
            ("NeuroBench", each.official, each.rates[0]),
            ("nbsuite", each.ours, each.rates[1]),
        ):
            figures = [f"{values[key]:,.6g}" if key == "r2" else f"{values[key]}" for key in keys]
            times = "1" if way == "NeuroBench" else f"{each.rates[1] / each.rates[0]:.1f}"
            rows.append([name, way, *figures, f"{rate:,.0f}", times])
    columns = ["decoder", "by", *keys, "steps/s", "times"]
    print_table(columns, rows, right=columns[2:], caption=machine_line(machine))


if __name__ == "__main__":
    main()
