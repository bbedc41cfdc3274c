"""``nbsuite benchmark`` as a whole process on a full-length recording: wall-clock time and memory.

    python benchmarks/end_to_end.py [--repeats 3] [--json]

What a person waits for once a session's twin is generated and in the cache: the start of Python,
the imports, loading, the official metrics, and the results written. The goals: tinyRSNN under
10 s, bigRSNN under 60 s, both under 1.5 GB, on two cores.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import click
from machine import describe_machine, machine_line, peak_mebibytes
from preparation import in_own_process, prepare

from nbsuite.cli.frame.options import data_dir_option, json_option
from nbsuite.cli.frame.output import note, print_json, print_table

GOAL_SECONDS = {"tinyRSNN": 10.0, "bigRSNN": 60.0}
GOAL_MEBIBYTES = 1.5e9 / (1 << 20)


@dataclass(frozen=True)
class Process:
    """One run of the command: its wall-clock time, processor time and peak memory."""

    seconds: float
    processor_seconds: float
    peak_mebibytes: float


def run_command(arguments: list[str]) -> Process:
    """Run ``nbsuite`` with arguments and measure the process.

    Raises:
        click.ClickException: the command failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "nbsuite", *arguments], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise click.ClickException(f"nbsuite {' '.join(arguments)} failed; its message is above.")
    return Process(seconds, usage.ru_utime + usage.ru_stime, peak_mebibytes(usage))


def measure(checkpoint: Path, recording: Path, repeats: int) -> list[Process]:
    """Benchmark a checkpoint on a recording several times, each in a process of its own."""
    with tempfile.TemporaryDirectory() as results:
        arguments = ["benchmark", str(checkpoint), "--session", str(recording), "--json"]
        return [run_command([*arguments, "-o", results, "--force"]) for _repeat in range(repeats)]


def print_figures(figures: dict[str, list[Process]], machine: str) -> None:
    """One row a decoder: medians, the highest memory, and whether the goals are met."""
    rows = []
    for label, runs in figures.items():
        seconds = median(run.seconds for run in runs)
        peak = max(run.peak_mebibytes for run in runs)
        goal = GOAL_SECONDS[label.split()[0]]
        rows.append(
            [
                label,
                f"{seconds:.1f}",
                f"{median(run.processor_seconds for run in runs):.1f}",
                f"{goal:.0f}",
                f"{peak:,.0f}",
                f"{GOAL_MEBIBYTES:,.0f}",
                "yes" if seconds < goal and peak < GOAL_MEBIBYTES else "NO",
            ]
        )
    columns = ["decoder", "s", "processor s", "goal s", "MiB at peak", "goal MiB", "met"]
    print_table(columns, rows, right=columns[1:-1], caption=machine)


@click.command()
@click.option("--repeats", default=3, show_default=True, help="Runs of each decoder.")
@click.option("--session", default="I1", show_default=True, help="Session whose twin to use.")
@data_dir_option()
@json_option()
def main(repeats: int, session: str, data_dir: Path, as_json: bool) -> None:
    """Time `nbsuite benchmark` as a whole process."""
    machine = describe_machine()
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        recording, checkpoints = in_own_process(prepare, Path(folder), data_dir, session)
        for label, checkpoint in checkpoints.items():
            note(f"measuring {label} ...")
            figures[label] = measure(checkpoint, recording, repeats)
    if as_json:
        runs = {label: [asdict(run) for run in each] for label, each in figures.items()}
        print_json({"machine": machine, "recording": recording.name, "runs": runs})
    else:
        print_figures(figures, machine_line(machine))


if __name__ == "__main__":
    main()
