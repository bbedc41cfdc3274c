"""What training ended with, measured beside other seeds of the same settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbsuite.benchmarking.jobs import Job
from nbsuite.benchmarking.observer import Observer
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.session import RunSettings
from nbsuite.observer import ignore
from nbsuite.submissions.results.measuring import run_jobs
from nbsuite.training.run_plan import RunPlan
from nbsuite.training.seeds import finished_seeds, one_of_each

RESULTS_NAME = "results"
PICTURE_NAME = "decoding.png"


def measure_runs(
    plans: Sequence[RunPlan], folder: Path, observer: Observer = ignore
) -> tuple[list[BenchmarkResult], list[Path]]:
    """Benchmark what the runs ended with, beside other seeds of the same settings.

    Args:
        plans: the runs, which are finished.
        folder: where the results go.
        observer: told of progress.

    Returns:
        The results, and the files written.

    Raises:
        NbsuiteError: a decoder cannot be measured.
        OSError: the folder cannot be written, or the disk is full.
    """
    found = {path: plan for plan in one_of_each(plans) for path in finished_seeds(plan)}
    jobs = [Job(plan.load_checkpoint(path), plan.recording) for path, plan in found.items()]
    return measure_trained(jobs, folder, observer) if jobs else ([], [])


def measure_trained(
    jobs: Sequence[Job], folder: Path, observer: Observer = ignore
) -> tuple[list[BenchmarkResult], list[Path]]:
    """Benchmark decoders into the runs' folder of results, with a picture of each.

    The folder is the runs' own, so that earlier results of theirs need no protection.
    """
    return run_jobs(
        jobs,
        RunSettings(),
        folder,
        name_plots=True,
        plot=folder / PICTURE_NAME,
        force=True,
        observer=observer,
    )
