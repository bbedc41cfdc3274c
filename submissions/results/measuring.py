"""Decoders measured, and what comes out written in challenge format and drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from nbsuite.benchmarking.jobs import Job, measure_jobs
from nbsuite.benchmarking.observer import MeasuringBegun, Observer
from nbsuite.benchmarking.repetition import is_result_of
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.runner import Measurement
from nbsuite.benchmarking.session import RunSettings
from nbsuite.errors import ResultsError, UsageError
from nbsuite.files import ensure_writable
from nbsuite.observer import Remark, ignore
from nbsuite.submissions.results import challenge, summaries
from nbsuite.submissions.results.decoding_pictures import draw_job, picture_paths
from nbsuite.submissions.results.recorded import recorded_results
from nbsuite.submissions.results.results_file import read_lists
from nbsuite.twin_info import TWIN_MARK


@dataclass(frozen=True)
class _File:
    """A results file to be written: the jobs of one model on one recording.

    Attributes:
        path: the file; None where nothing is written.
        model: what the results are of.
        jobs: its jobs.
        pictures: the picture of each job; empty where none is drawn.
        finished: the results, where all of it is there already.
    """

    path: Path | None
    model: str
    jobs: Sequence[Job]
    pictures: Sequence[Path]
    finished: Sequence[BenchmarkResult] | None


def run_jobs(
    jobs: Sequence[Job],
    settings: RunSettings,
    folder: Path | None,
    *,
    plot: Path | None = None,
    name_plots: bool = False,
    force: bool = False,
    workers: int = 1,
    observer: Observer = ignore,
) -> tuple[list[BenchmarkResult], list[Path]]:
    """Measure all jobs; write and draw what came out.

    Each results file is written as soon as its last seed is measured, so that an interruption
    costs no more than one file. A file that is there and is of the same weights, data, metrics and
    settings is done already: it is kept, and the observer is told.

    Args:
        jobs: the jobs.
        settings: how to run the benchmark.
        folder: where to write results; None writes none.
        plot: the picture to draw; None draws none.
        name_plots: name a picture after its decoder even where it is the only one.
        force: measure anew, and replace results that are there already.
        workers: processes to measure in; with 1 it is done in this one.
        observer: told of progress.

    Returns:
        The results, and the files written.

    Raises:
        ResultsError: other results are there already, or a value is not finite.
        UsageError: two checkpoints claim the same seed, or hold the same weights.
    """
    pictures = [] if plot is None else picture_paths(plot, jobs, always_named=name_plots)
    files = _files(jobs, pictures, settings, folder, force=force)
    if folder is not None:
        _prepare_folder(folder, files, force=force)
    todo = [file for file in files if file.finished is None]
    steps = sum(len(job.recording.test) for file in todo for job in file.jobs)
    for file in files:
        if file.finished is not None:
            observer(
                Remark(
                    f"{file.path} is there already, of these weights, data and settings: it is"
                    " kept; measure anew with --force."
                )
            )
    observer(MeasuringBegun(sum(len(file.jobs) for file in todo), steps))
    measured = measure_jobs(
        [job for file in todo for job in file.jobs],
        settings,
        observer,
        workers=workers,
        with_decoding=plot is not None,
    )
    results: list[BenchmarkResult] = []
    written: list[Path] = []
    with closing(measured):
        for file in files:
            results += file.finished or _measure_file(file, measured, written)
    return results, sorted(set(written))


def _measure_file(
    file: _File,
    measured: Iterator[tuple[BenchmarkResult, Measurement | None]],
    written: list[Path],
) -> list[BenchmarkResult]:
    """Take the results of a file's jobs, draw each and write them; names what was written."""
    results = []
    drawn = []
    for job, picture in zip_longest(file.jobs, file.pictures):
        result, measurement = next(measured)
        results.append(result)
        if picture is not None and measurement is not None:
            draw_job(picture, job, result, measurement)
            drawn.append(picture)
    if file.path is not None:
        written += write_file(file.path.parent, results)
    written += drawn
    return results


def _files(
    jobs: Sequence[Job],
    pictures: Sequence[Path],
    settings: RunSettings,
    folder: Path | None,
    *,
    force: bool,
) -> list[_File]:
    """Jobs by model and recording: each group becomes one results file."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, job in enumerate(jobs):
        key = (settings.named(job.checkpoint.header.spec.name), job.recording.name)
        groups.setdefault(key, []).append(number)
    files = []
    for key, numbers in groups.items():
        path = None if folder is None else challenge.results_path(folder, *key)
        own = [jobs[number] for number in numbers]
        drawn = [pictures[number] for number in numbers] if pictures else []
        wanted = path is not None and not force and all(map(Path.is_file, drawn))
        finished = _finished(path, own, settings) if wanted and path is not None else None
        files.append(_File(path, key[0], own, drawn, finished))
    return files


def _finished(
    path: Path, jobs: Sequence[Job], settings: RunSettings
) -> Sequence[BenchmarkResult] | None:
    """The results of jobs where they are there already; None where others are, or none."""
    try:
        found = recorded_results(path)
        whole = challenge.challenge_results(found) == read_lists(path)
    except (ResultsError, OSError):
        return None
    own = settings.own_code()
    ordered = sorted(jobs, key=lambda job: _seed_order(job.checkpoint.header.seed))
    same = len(found) == len(ordered) and all(
        is_result_of(result, job, settings, own) for result, job in zip(found, ordered, strict=True)
    )
    return found if whole and same else None


def _seed_order(seed: int | None) -> tuple[bool, int]:
    return seed is None, seed or 0


def _prepare_folder(folder: Path, files: Sequence[_File], *, force: bool) -> None:
    """Make sure that results can be written before anything is computed."""
    ensure_writable(folder)
    paths = [file.path for file in files]
    for path, file in zip(paths, files, strict=True):
        model, recording = _model_and_recording(file)
        if paths.count(path) > 1:
            raise ResultsError(
                f"The results of two models on two recordings would both be {path}; rename one of"
                " the recordings, or measure them into two folders with --output."
            )
        _check_runs(file.jobs, f"{model} on {recording}")
    if not force:
        challenge.check_absent(
            file.path for file in files if file.path is not None and file.finished is None
        )
    summarised: dict[tuple[str, bool, str], list[str]] = {}
    for file in files:
        model, recording = _model_and_recording(file)
        key = model, TWIN_MARK in recording, file.jobs[0].recording.task.protocol
        summarised.setdefault(key, []).append(recording)
    for (model, twin, task), measured in summarised.items():
        summaries.check_summary(folder, model, measured, twin=twin, task=task, force=force)


def _model_and_recording(file: _File) -> tuple[str, str]:
    return file.model, file.jobs[0].recording.name


def _check_runs(group: Sequence[Job], what: str) -> None:
    """Make sure that each checkpoint is a run of its own, and all are on one recording.

    Raises:
        UsageError: they are not, or are decoders of different size under one name.
    """
    if len({job.recording.digest for job in group}) > 1:
        raise UsageError(
            f"Results for {what} would be on two recordings of that name; rename one of them, or"
            " measure on them one after the other with another --output."
        )
    sizes = {sum(each.numel() for each in job.checkpoint.decoder.parameters()) for job in group}
    if len(sizes) > 1:
        raise UsageError(
            f"The decoders for {what} have {' and '.join(f'{size:,}' for size in sorted(sizes))}"
            " parameters, so that they are no runs of one model; name them apart, or measure them"
            " one after the other with another --output."
        )
    seeds = [job.checkpoint.header.seed for job in group]
    weights = [job.checkpoint.digest for job in group]
    challenge.check_seeds(seeds, what)
    challenge.check_distinct_weights(list(zip(seeds, weights, strict=True)), what)


def write_file(folder: Path, results: Sequence[BenchmarkResult]) -> list[Path]:
    """Write the results of one model on one recording, and the model's summary.

    Returns:
        The results file, its provenance and the summary.

    Raises:
        ResultsError: a metric is missing or a value is not finite.
        UsageError: two of the results are of the same weights.
        OSError: the folder cannot be written, or the disk is full.
    """
    path = challenge.write_results(folder, results)
    first = results[0]
    twin = TWIN_MARK in first.recording
    summary = summaries.write_summary(folder, first.model, twin=twin, task=first.task)
    return [path, challenge.provenance_path(path), summary]
