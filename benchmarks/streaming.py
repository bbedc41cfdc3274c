"""How long does a device wait for one decoded sample?

    python benchmarks/streaming.py
    python benchmarks/streaming.py --checkpoint mine.safetensors --steps 20000

A decoder gets the test set of a session's twin sample by sample, as `nbsuite stream` does it. Every
run has a process of its own, which keeps to one processor where the system lets it choose. The
times are those of single calls of ``StreamingDecoder.step`` from Python; compilation and a warm-up
come before. Nothing is left out of them, so that the worst step tells of the machine: of Python's
garbage collector, and of whatever else ran.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click
from machine import describe_machine, machine_line
from preparation import in_own_process, prepare

from nbsuite.cli.frame.options import data_dir_option, json_option
from nbsuite.cli.frame.output import note, print_json, print_table

if TYPE_CHECKING:
    from nbsuite.benchmarking.latency import StreamReport

COLUMNS = ("decoder", "steps", "median, µs", "p99, µs", "worst, µs", "late", "steps/s", "as batch")
MICROSECONDS = 1e6


def stream(recording_path: Path, checkpoint: Path, steps: int | None) -> StreamReport:
    """Stream a recording once, in a process that keeps to one processor."""
    import torch

    from nbsuite.benchmarking.latency import stream_checkpoint
    from nbsuite.models.checkpoint import load_checkpoint
    from nbsuite.tasks.opening import load_recording

    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return stream_checkpoint(load_checkpoint(checkpoint), load_recording(recording_path), steps)


def print_reports(reports: dict[str, list[StreamReport]], machine: dict[str, Any]) -> None:
    """One row a decoder: medians over the runs, and the worst step of all."""
    rows = []
    for label, runs in reports.items():
        latencies = [run.latency for run in runs]
        rows.append(
            [
                label,
                f"{runs[0].steps:,}",
                f"{MICROSECONDS * median(each.median for each in latencies):,.1f}",
                f"{MICROSECONDS * median(each.p99 for each in latencies):,.1f}",
                f"{MICROSECONDS * max(each.worst for each in latencies):,.0f}",
                str(max(each.late for each in latencies)),
                f"{median(each.steps_per_second for each in latencies):,.0f}",
                "yes" if all(run.equals_batch for run in runs) else "NO",
            ]
        )
    print_table(COLUMNS, rows, right=COLUMNS[1:-1], caption=machine_line(machine))


@click.command()
@click.option("--steps", type=click.IntRange(min=1), help="Steps of a run.  [default: all]")
@click.option("--repeats", default=3, show_default=True, help="Runs; medians count.")
@click.option(
    "--checkpoint",
    "given",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="Measure these instead of random decoders.",
)
@click.option("--session", default="I1", show_default=True, help="Session whose twin to use.")
@data_dir_option()
@json_option()
def main(
    steps: int | None,
    repeats: int,
    given: tuple[Path, ...],
    session: str,
    data_dir: Path,
    as_json: bool,
) -> None:
    """Time decoders sample by sample."""
    machine = describe_machine()
    with tempfile.TemporaryDirectory() as folder:
        recording, checkpoints = in_own_process(prepare, Path(folder), data_dir, session)
        checkpoints = {path.stem: path for path in given} or checkpoints
        reports: dict[str, list[StreamReport]] = {}
        for label, checkpoint in checkpoints.items():
            note(f"streaming {label} ...")
            reports[label] = [
                in_own_process(stream, recording, checkpoint, steps) for _repeat in range(repeats)
            ]
    if as_json:
        runs = {label: [asdict(run) for run in each] for label, each in reports.items()}
        print_json({"machine": machine, "recording": recording.name, "runs": runs})
    else:
        print_reports(reports, machine)


if __name__ == "__main__":
    main()
