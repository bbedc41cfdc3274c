"""A decoder run for a report."""

from __future__ import annotations

from collections.abc import Sequence

from nbsuite.benchmarking.jobs import Job, measure_jobs
from nbsuite.benchmarking.observer import MeasuringBegun, Observer
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.runner import Measurement
from nbsuite.benchmarking.session import RunSettings
from nbsuite.observer import ignore
from nbsuite.submissions.report.decoding import Decoding


def run_decodings(jobs: Sequence[Job], observer: Observer = ignore) -> list[Decoding]:
    """Decode the test set of each job's recording.

    Raises:
        NbsuiteError: as :func:`nbsuite.benchmarking.jobs.measure_jobs`.
    """
    observer(MeasuringBegun(len(jobs), sum(len(job.recording.test) for job in jobs)))
    measured = measure_jobs(jobs, RunSettings(metrics=("r2",)), observer)
    return [
        _decoding(job, result, measurement)
        for job, (result, measurement) in zip(jobs, measured, strict=True)
        if measurement is not None
    ]


def _decoding(job: Job, result: BenchmarkResult, measurement: Measurement) -> Decoding:
    test = job.recording.test
    return Decoding(
        model=result.model,
        seed=result.seed,
        session=job.recording.session.label,
        twin=result.twin,
        trained_on_twin=result.trained_on_twin is True,
        task=job.recording.task,
        true=job.recording.labels[test.start : test.stop],
        decoded=measurement.outputs.numpy(),
        spikes=None if measurement.spikes is None else measurement.spikes.numpy(),
        r2=result.values["r2"],
        checkpoint=str(job.checkpoint.path),
    )
