"""Pictures of what measured decoders decoded, a file each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from nbsuite.benchmarking.jobs import Job
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.runner import Measurement
from nbsuite.errors import UsageError


def picture_paths(plot: Path, jobs: Sequence[Job], *, always_named: bool = False) -> list[Path]:
    """The picture of each job: the file asked for, or with several one each, named after them.

    Args:
        plot: the file asked for.
        jobs: the jobs.
        always_named: name a picture after its decoder even where it is the only one.

    Raises:
        UsageError: two pictures would be one file.
    """
    if len(jobs) == 1 and not always_named:
        return [plot]
    paths = [plot.with_stem(f"{plot.stem}_{_name(job)}") for job in jobs]
    for path, count in Counter(paths).items():
        if count > 1:
            raise UsageError(f"Two pictures would be {path}; rename one of their checkpoints.")
    return paths


def _name(job: Job) -> str:
    header = job.checkpoint.header
    seed = job.checkpoint.path.stem if header.seed is None else f"seed{header.seed}"
    return f"{header.spec.name}_{job.recording.name}_{seed}"


def draw_job(path: Path, job: Job, result: BenchmarkResult, measurement: Measurement) -> None:
    """Draw what a job decoded.

    Raises:
        OSError: the file cannot be written, or the disk is full.
    """
    from nbsuite.pictures import save_picture
    from nbsuite.plots import draw_decoding

    test, spikes = job.recording.test, measurement.spikes
    figure = draw_decoding(
        task=job.recording.task,
        true=job.recording.labels[test.start : test.stop],
        decoded=measurement.outputs.numpy(),
        spikes=None if spikes is None else spikes.numpy(),
        r2=result.values.get("r2"),
        model=result.model,
        session=job.recording.session.label,
        twin=result.twin,
        trained_on_twin=result.trained_on_twin is True,
    )
    save_picture(path, figure)
