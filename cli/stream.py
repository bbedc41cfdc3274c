"""``nbsuite stream``: decode sample by sample as a device would, and time every step."""

from __future__ import annotations

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
    )
)
@click.argument("checkpoint", type=click.Path(path_type=Path))
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
    checkpoint: Path,
    session: tuple[str, ...],
    data: Source,
    data_dir: Path,
    steps: int | None,
    as_json: bool,
) -> None:
    """Decode a test set sample by sample and time every step.

    As a device would, the decoder of CHECKPOINT gets one sample of 4 ms at a time. The latency of
    a step is the time of one call from Python on one core, against the 4 ms until the next sample;
    compilation and a short warm-up come before. The delay from input to output is measured, too,
    and every velocity is compared with that of one run over the whole.
    """
    from nbsuite.benchmarking.jobs import plan_jobs
    from nbsuite.benchmarking.latency import stream_checkpoint
    from nbsuite.cli.frame.observing import shown_progress

    with shown_progress(quiet=as_json) as observer:
        jobs = plan_jobs((checkpoint,), session, data_dir, data, observer)
    # No progress display: the thread that draws it would delay the steps that are timed.
    reports = [(job, stream_checkpoint(job.checkpoint, job.recording, steps)) for job in jobs]
    if as_json:
        output.print_json([_as_json(job, report) for job, report in reports])
    else:
        _print_table(reports)
    for job, report in reports:
        if not report.agrees:
            raise BenchmarkError(
                f"{job.checkpoint.path} decodes {job.recording.path.name} differently sample by "
                "sample than at once; report this with the output of `nbsuite env`."
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
    output.print_table(COLUMNS, rows, right=COLUMNS[3:10], naming=3)
    job, report = reports[0]  # the same decoder on every recording
    delay, step = report.delay, job.recording.task.step
    to_spikes = f"to hidden spikes: {_steps(delay.hidden, step)}; " if report.has_spikes else ""
    output.note(
        f"From input {to_spikes}to the output: {_steps(delay.readout, step)}. A step is late when "
        f"it takes longer than {1000 * step:g} ms. Compilation and warm-up are not in the times; "
        "whatever else ran on this machine is."
    )


def _agreement(report: StreamReport) -> str:
    if report.equals_batch:
        return "yes"
    return f"within {report.largest_difference:.0e}" if report.agrees else "NO"


def _steps(delay: int | None, step: float) -> str:
    return "never" if delay is None else f"{delay} steps ({1000 * delay * step:g} ms)"
