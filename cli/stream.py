"""``nbsuite stream``: decode sample by sample as a device would, and time every step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbsuite.cli.frame import options, output
from nbsuite.cli.frame.examples import examples
from nbsuite.errors import BenchmarkError
from nbsuite.twin_labels import kind_of

if TYPE_CHECKING:  # importing torch takes longer than printing the help page
    from nbsuite.benchmarking.jobs import Job
    from nbsuite.benchmarking.latency import StreamReport
    from nbsuite.tasks.locate import Source

COLUMNS = (
    "Model",
    "Seed",
    "Recording",
    "Data",
    "Steps",
    "Median, µs",
    "p99, µs",
    "Worst, µs",
    "Late",
    "Steps/s",
    "R2",
    "As in one run",
)
MICROSECONDS = 1e6


@click.command(
    epilog=examples(
        "nbsuite stream tinyRSNN-1.safetensors --session I1",
        "nbsuite stream tinyRSNN-1.safetensors -s I1 --data twin --steps 10000 --json",
        "nbsuite stream my_decoder.py:build --weights w.pt -s I1",
    )
)
@click.argument(
    "checkpoints", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="CHECKPOINT..."
)
@options.own_decoder_options
@options.session_option()
@options.data_option()
@options.data_dir_option()
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    help="Decode the first so many test samples.  [default: all]",
)
@options.json_option()
def stream(
    checkpoints: tuple[Path, ...],
    weights: tuple[Path, ...],
    name: str | None,
    session: tuple[str, ...],
    data: Source,
    data_dir: Path,
    steps: int | None,
    as_json: bool,
) -> None:
    """Decode a test set sample by sample and time every step.

    As a device would, the decoder of each CHECKPOINT gets one sample at a time. The latency of a
    step is the time of one call from Python, against the time until the next sample (4 ms of the
    challenge's); compilation and a short warm-up come before. The delay from input to output is
    measured, too, and every output is compared with that of one run over the whole. A folder stands
    for the checkpoints in it: of a run of `nbsuite train` for what it ended with.

    A decoder of your own stands in place of a CHECKPOINT as my_decoder.py:build, as
    package.module:name, or by the name of an installed entry point: its code is run.
    """
    from nbsuite.benchmarking.latency import stream_checkpoint
    from nbsuite.cli.frame.planning import planned_jobs

    jobs = planned_jobs(checkpoints, weights, name, session, data_dir, data, quiet=as_json)
    # No progress display: the thread that draws it would delay the steps that are timed.
    reports = [(job, stream_checkpoint(job.checkpoint, job.recording, steps)) for job in jobs]
    if as_json:
        output.print_json([_as_json(job, report) for job, report in reports])
    else:
        _print_table(reports)
    for job, report in reports:
        if not report.agrees:
            remedy = (
                "report this with the output of `nbsuite env`"
                if job.checkpoint.in_file
                else "ask `nbsuite check` what does not hold"
            )
            raise BenchmarkError(
                f"{job.checkpoint.path} decodes {job.recording.path.name} differently sample by "
                f"sample than at once; {remedy}."
            )


def _as_json(job: Job, report: StreamReport) -> dict[str, Any]:
    latency, delay = report.latency, report.delay
    return {
        "model": job.checkpoint.header.spec.name,
        "seed": job.checkpoint.header.seed,
        "precision": str(job.checkpoint.decoder.dtype).removeprefix("torch."),
        "recording": job.recording.name,
        "twin": job.recording.twin is not None,
        "trained_on_twin": job.checkpoint.header.trained_on.on_twin,
        "steps": report.steps,
        "latency_seconds": {
            "median": latency.median,
            "p99": latency.p99,
            "worst": latency.worst,
        },
        "budget_seconds": job.recording.task.step,
        "late_steps": latency.late,
        "steps_per_second": latency.steps_per_second,
        "delay_steps": {"hidden": delay.hidden, "readout": delay.readout},
        "r2": report.r2,
        "equals_batch": report.equals_batch,
        "largest_difference": report.largest_difference,
    }


def _print_table(reports: list[tuple[Job, StreamReport]]) -> None:
    rows = [
        [
            job.checkpoint.header.spec.name,
            "-" if job.checkpoint.header.seed is None else str(job.checkpoint.header.seed),
            job.recording.session.label,
            kind_of(twin=job.recording.twin is not None),
            f"{report.steps:,}",
            *(
                f"{MICROSECONDS * seconds:,.1f}"
                for seconds in (report.latency.median, report.latency.p99, report.latency.worst)
            ),
            str(report.latency.late),
            f"{report.latency.steps_per_second:,.0f}",
            "-" if report.r2 is None else f"{report.r2:.4f}",
            _agreement(report),
        ]
        for job, report in reports
    ]
    output.print_table(COLUMNS, rows, right=("Seed", *COLUMNS[4:11]), naming=4)
    for line in dict.fromkeys(line for job, report in reports for line in _notes(job, report)):
        output.note(line)
    output.note(
        "A step is late when it takes longer than there is until the next sample. Compilation and "
        "warm-up are not in the times; whatever else ran on this machine is."
    )


def _notes(job: Job, report: StreamReport) -> Iterator[str]:
    """How long an answer takes, and what else people should know of the decoder."""
    delay, step, decoder = report.delay, job.recording.task.step, job.checkpoint.decoder
    to_spikes = f"to hidden spikes: {_steps(delay.hidden, step)}; " if report.has_spikes else ""
    yield (
        f"{decoder.spec.name}: from input {to_spikes}to the output: "
        f"{_steps(delay.readout, step)}. A sample comes every {1000 * step:g} ms."
    )
    for remark in decoder.notes().get("remarks", ()):
        yield f"In the run over the whole, {remark}"


def _agreement(report: StreamReport) -> str:
    if report.equals_batch:
        return "yes"
    return f"within {report.largest_difference:.0e}" if report.agrees else "NO"


def _steps(delay: int | None, step: float) -> str:
    if delay is None:
        return "never"
    return f"{delay} step{'s' * (delay != 1)} ({1000 * delay * step:g} ms)"
