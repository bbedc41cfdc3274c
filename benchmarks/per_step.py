"""NeuroBench's per-step run and ours, side by side: steps per second and peak memory.

    python benchmarks/per_step.py [--steps-per-step 2000] [--repeats 3] [--json]

Both run NeuroBench's official ``Benchmark`` with the challenge's metrics on the same decoder and
recording. Per step, the layers are called one step at a time, as NeuroBench's own models do; ours
shows them whole chunks. Every run has a process of its own, which gives its peak memory, and the
two ways take turns. The time is that of the whole run, collation included, from a loaded
recording; a short run before it loads the compiled kernel. Both use one thread of torch: NeuroBench
works on small tensors, over which more threads wait for each other.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import click
from machine import describe_machine, machine_line
from preparation import in_own_process, prepare

from nbsuite.cli.frame.options import data_dir_option, json_option
from nbsuite.cli.frame.output import note, print_json, print_table

WARM_UP_STEPS = 100


@dataclass(frozen=True)
class Run:
    """One run of the benchmark.

    Attributes:
        steps: number of test samples.
        seconds: time of the run.
        start_mebibytes: peak memory before the run: Python, the libraries, the recording.
        peak_mebibytes: peak memory after it.
    """

    steps: int
    seconds: float
    start_mebibytes: float
    peak_mebibytes: float

    @property
    def rate(self) -> float:
        """Steps per second."""
        return self.steps / self.seconds


def measure(recording_path: Path, checkpoint: Path, steps: int | None) -> Run:
    """Run the benchmark once.

    Args:
        recording_path: the recording.
        checkpoint: the decoder.
        steps: run per step on so many test samples; None runs ours on all.
    """
    # Imported here: what the process that starts this one occupies would count in its memory.
    import resource
    import time
    from dataclasses import replace

    import torch
    from machine import peak_mebibytes

    from nbsuite.benchmarking.runner import run_benchmark, run_per_step
    from nbsuite.data.sample_dataset import SampleDataset
    from nbsuite.models.checkpoint import load_checkpoint
    from nbsuite.tasks.opening import load_recording

    def first(count: int) -> SampleDataset:
        test = recording.test
        return SampleDataset(recording, replace(test, stop=min(test.stop, test.start + count)))

    torch.set_num_threads(1)
    recording = load_recording(recording_path)
    decoder = load_checkpoint(checkpoint).decoder
    run = run_benchmark if steps is None else run_per_step
    samples = first(len(recording.test) if steps is None else steps)
    run(decoder, first(WARM_UP_STEPS))
    before = peak_mebibytes(resource.getrusage(resource.RUSAGE_SELF))
    start = time.perf_counter()
    run(decoder, samples)
    seconds = time.perf_counter() - start
    after = peak_mebibytes(resource.getrusage(resource.RUSAGE_SELF))
    return Run(len(samples), seconds, before, after)


def compare(recording: Path, checkpoint: Path, steps: int, repeats: int) -> dict[str, list[Run]]:
    """Runs both ways, taking turns."""
    runs: dict[str, list[Run]] = {"per step": [], "nbsuite": []}
    for _repeat in range(repeats):
        runs["per step"].append(in_own_process(measure, recording, checkpoint, steps))
        runs["nbsuite"].append(in_own_process(measure, recording, checkpoint, None))
    return runs


def summarise(runs: list[Run]) -> dict[str, float]:
    """Medians over the repeats; the peak memory is the highest of all."""
    return {
        "steps": runs[0].steps,
        "steps_per_second": median(run.rate for run in runs),
        "start_mebibytes": median(run.start_mebibytes for run in runs),
        "peak_mebibytes": max(run.peak_mebibytes for run in runs),
    }


def print_comparison(comparison: dict[str, dict[str, list[Run]]], machine: dict[str, Any]) -> None:
    """One row a decoder and way."""
    rows = []
    for label, runs in comparison.items():
        slow, fast = (summarise(runs[way]) for way in ("per step", "nbsuite"))
        ratio = fast["steps_per_second"] / slow["steps_per_second"]
        for way, figures, times in (("per step", slow, "1"), ("nbsuite", fast, f"{ratio:,.0f}")):
            rows.append(
                [
                    label,
                    way,
                    f"{figures['steps']:,}",
                    f"{figures['steps_per_second']:,.0f}",
                    times,
                    f"{figures['start_mebibytes']:,.0f}",
                    f"{figures['peak_mebibytes']:,.0f}",
                ]
            )
    columns = ["decoder", "way", "steps", "steps/s", "times", "MiB at start", "MiB at peak"]
    print_table(columns, rows, right=columns[2:], caption=machine_line(machine))


@click.command()
@click.option("--steps-per-step", default=2000, show_default=True, help="Steps of per-step runs.")
@click.option("--repeats", default=3, show_default=True, help="Runs each way; medians count.")
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
    steps_per_step: int,
    repeats: int,
    given: tuple[Path, ...],
    session: str,
    data_dir: Path,
    as_json: bool,
) -> None:
    """Time NeuroBench's per-step run and ours side by side."""
    machine = describe_machine()
    with tempfile.TemporaryDirectory() as folder:
        recording, checkpoints = in_own_process(prepare, Path(folder), data_dir, session)
        checkpoints = {path.stem: path for path in given} or checkpoints
        comparison = {}
        for label, checkpoint in checkpoints.items():
            note(f"measuring {label} ...")
            comparison[label] = compare(recording, checkpoint, steps_per_step, repeats)
    if as_json:
        runs = {
            label: {way: [asdict(run) for run in each] for way, each in ways.items()}
            for label, ways in comparison.items()
        }
        print_json({"machine": machine, "recording": recording.name, "runs": runs})
    else:
        print_comparison(comparison, machine)


if __name__ == "__main__":
    main()
