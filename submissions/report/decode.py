"""A decoder run for a report."""

from __future__ import annotations

from nbsuite.benchmarking.jobs import Job, measure_job
from nbsuite.benchmarking.observer import Observer
from nbsuite.benchmarking.session import RunSettings
from nbsuite.observer import ignore
from nbsuite.submissions.report.decoding import Decoding


def run_decoding(job: Job, observer: Observer = ignore) -> Decoding:
    """Decode the test set of a job's recording.

    Raises:
        NbsuiteError: as :func:`nbsuite.benchmarking.jobs.measure_job`.
    """
    test = job.recording.test
    result, measurement = measure_job(job, RunSettings(metrics=("r2",)), observer)
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
