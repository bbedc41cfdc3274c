"""Decoders measured, and what comes out written in challenge format and drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from nbsuite.benchmarking.jobs import Job, measure_job
from nbsuite.benchmarking.observer import Observer
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.runner import Measurement
from nbsuite.benchmarking.session import RunSettings
from nbsuite.data.twins.info import TWIN_MARK
from nbsuite.errors import ResultsError, UsageError
from nbsuite.files import ensure_writable
from nbsuite.observer import ignore
from nbsuite.submissions.results import challenge, summaries


def run_jobs(
    jobs: Sequence[Job],
    settings: RunSettings,
    folder: Path | None,
    *,
    plot: Path | None = None,
    name_plots: bool = False,
    force: bool = False,
    observer: Observer = ignore,
) -> tuple[list[BenchmarkResult], list[Path]]:
    """Measure all jobs; write and draw what came out.

    Each results file is written as soon as its last seed is measured, so that an interruption
    costs no more than one file.

    Args:
        jobs: the jobs.
        settings: how to run the benchmark.
        folder: where to write results; None writes none.
        plot: the picture to draw; None draws none.
        name_plots: name a picture after its decoder even where it is the only one.
        force: replace results that are there already.
        observer: told of progress.

    Returns:
        The results, and the files written.

    Raises:
        ResultsError: results are there already, or a value is not finite.
        UsageError: two checkpoints claim the same seed, or hold the same weights.
    """
    groups = _grouped(jobs)
    if folder is not None:
        _prepare_folder(folder, groups, force=force)
    results: list[BenchmarkResult] = []
    files: list[Path] = []
    alone = len(jobs) == 1 and not name_plots
    if plot is not None:
        _check_plots([_plot_path(plot, job, alone=alone) for job in jobs])
    for group in groups.values():
        measured = [measure_job(job, settings, observer) for job in group]
        results += [result for result, _ in measured]
        if folder is not None:
            files += _write(folder, [result for result, _ in measured])
        if plot is not None:
            files += [
                _draw(_plot_path(plot, job, alone=alone), job, result, measurement)
                for job, (result, measurement) in zip(group, measured, strict=True)
            ]
    return results, sorted(set(files))


def _grouped(jobs: Sequence[Job]) -> dict[tuple[str, str], list[Job]]:
    """Jobs by model and recording: each group becomes one results file."""
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        key = (job.checkpoint.header.spec.name, job.recording.name)
        groups.setdefault(key, []).append(job)
    return groups


def _prepare_folder(folder: Path, groups: dict[tuple[str, str], list[Job]], *, force: bool) -> None:
    """Make sure that results can be written before anything is computed."""
    paths = [challenge.results_path(folder, *key) for key in groups]
    ensure_writable(folder)
    for path, ((model, recording), group) in zip(paths, groups.items(), strict=True):
        if paths.count(path) > 1:
            raise ResultsError(
                f"The results of two models on two recordings would both be {path}; rename one of"
                " the recordings, or measure them into two folders with --output."
            )
        _check_runs(group, f"{model} on {recording}")
    if not force:
        challenge.check_absent(paths)
    summarised: dict[tuple[str, bool, str], list[str]] = {}
    for (model, recording), group in groups.items():
        key = model, TWIN_MARK in recording, group[0].recording.task.protocol
        summarised.setdefault(key, []).append(recording)
    for (model, twin, task), measured in summarised.items():
        summaries.check_summary(folder, model, measured, twin=twin, task=task, force=force)


def _check_runs(group: Sequence[Job], what: str) -> None:
    """Make sure that each checkpoint is a run of its own, and all are on one recording."""
    if len({job.recording.digest for job in group}) > 1:
        raise UsageError(
            f"Results for {what} would be on two recordings of that name; rename one of them, or"
            " measure on them one after the other with another --output."
        )
    seeds = [job.checkpoint.header.seed for job in group]
    weights = [job.checkpoint.digest for job in group]
    challenge.check_seeds(seeds, what)
    challenge.check_distinct_weights(list(zip(seeds, weights, strict=True)), what)


def _write(folder: Path, results: Sequence[BenchmarkResult]) -> list[Path]:
    path = challenge.write_results(folder, results)
    first = results[0]
    twin = TWIN_MARK in first.recording
    summary = summaries.write_summary(folder, first.model, twin=twin, task=first.task)
    return [path, challenge.provenance_path(path), summary]


def _plot_path(plot: Path, job: Job, *, alone: bool) -> Path:
    """The file asked for; with several results, one file each, named after them."""
    if alone:
        return plot
    header = job.checkpoint.header
    seed = job.checkpoint.path.stem if header.seed is None else f"seed{header.seed}"
    return plot.with_stem(f"{plot.stem}_{header.spec.name}_{job.recording.name}_{seed}")


def _check_plots(paths: Sequence[Path]) -> None:
    """Make sure that each picture is a file of its own.

    Raises:
        UsageError: names the path of two.
    """
    for path, count in Counter(paths).items():
        if count > 1:
            raise UsageError(f"Two pictures would be {path}; rename one of their checkpoints.")


def _draw(path: Path, job: Job, result: BenchmarkResult, measurement: Measurement) -> Path:
    from nbsuite.plots import plot_decoding

    test, spikes = job.recording.test, measurement.spikes
    plot_decoding(
        path,
        velocity_true=job.recording.labels[test.start : test.stop],
        velocity_decoded=measurement.velocity.numpy(),
        spikes=None if spikes is None else spikes.numpy(),
        r2=result.values.get("r2"),
        model=result.model,
        session=job.recording.session.label,
        twin=result.twin,
        trained_on_twin=result.trained_on_twin is True,
    )
    return path
