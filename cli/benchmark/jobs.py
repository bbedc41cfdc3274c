"""What the benchmark commands do: load checkpoints and recordings, measure, write, draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.runner import Measurement
from nbsuite.benchmarking.session import RunSettings, check_fit, measure_checkpoint
from nbsuite.cli.frame import output
from nbsuite.data.recording import Recording
from nbsuite.data.twins.info import TWIN_MARK
from nbsuite.errors import ResultsError, UsageError
from nbsuite.files import ensure_writable
from nbsuite.models.checkpoint import Checkpoint, load_checkpoint
from nbsuite.submissions.results import challenge
from nbsuite.tasks.known import means_a_path
from nbsuite.tasks.locate import Source, locate
from nbsuite.tasks.opening import load_recording


@dataclass(frozen=True)
class Job:
    """One checkpoint to be measured on one recording."""

    checkpoint: Checkpoint
    recording: Recording

    @property
    def description(self) -> str:
        """Model, seed and session, and whether it is a twin."""
        header = self.checkpoint.header
        seed = "" if header.seed is None else f" seed {header.seed}"
        return f"{header.spec.name}{seed} on {data_label(self.recording)}"


def data_label(recording: Recording) -> str:
    """The session's name for people, and TWIN where it is one."""
    return f"{recording.session.label}{' (TWIN)' if recording.twin else ''}"


def plan_jobs(
    checkpoints: Sequence[Path],
    sessions: Sequence[str],
    data_dir: Path,
    data: Source,
    *,
    quiet: bool,
) -> list[Job]:
    """Load all checkpoints and recordings, each once, and say which data is used.

    Raises:
        UsageError: a checkpoint names no session and none was given.
        CheckpointError, DataError: a file cannot be used.
    """
    loaded = [load_checkpoint(path) for path in checkpoints]
    wanted = [(each, target) for each in loaded for target in sessions or (own_session(each),)]
    recordings = {
        target: load_target(target, data_dir, data, quiet=quiet)
        for target in dict.fromkeys(target for _, target in wanted)
    }
    jobs = [Job(each, recordings[target]) for each, target in wanted]
    for job in jobs:
        check_fit(job.checkpoint, job.recording)
        for remark in _remarks(job):
            output.note(f"Note: {remark}")
    return jobs


def _remarks(job: Job) -> Iterator[str]:
    """What a person should know before reading the job's figures."""
    header, path = job.checkpoint.header, job.checkpoint.path
    if header.session not in (None, job.recording.session.name):
        yield f"{path} was trained for {header.session}, not for {job.recording.session.name}."
    if job.recording.twin is None and header.trained_on.on_twin:
        yield (
            f"{path} was trained on a TWIN ({', '.join(header.trained_on.twins)}): its R2 on a"
            " real recording is none of a decoder that was trained on real ones."
        )
    if job.recording.twin and header.source is not None:
        yield (
            f"{path} was converted, so it was hardly trained on this twin: its R2 here says "
            "nothing about it, its footprint and operations do."
        )


def own_session(checkpoint: Checkpoint) -> str:
    """The session that a checkpoint was trained for.

    Raises:
        UsageError: its header names none.
    """
    if checkpoint.header.session is None:
        raise UsageError(
            f"{checkpoint.path} does not say which session it was trained for; name one with "
            "--session."
        )
    return checkpoint.header.session


def load_target(target: str, data_dir: Path, data: Source, *, quiet: bool) -> Recording:
    """Load the recording that a session's name or a path means, and say which data it is.

    Raises:
        UsageError, DataError: as `locate` and `load_recording`.
    """
    with output.stage_progress(quiet=quiet) as report:
        location = locate(target, data_dir, data, report)
        report(f"Loading {location.path.name}", 0.0)
        recording = load_recording(location.path, session=location.session)
    if means_a_path(target):
        kind = f"a TWIN of {recording.session.label}" if recording.twin else "a real recording"
        output.note(f"{target}: {kind}")
    else:
        kind = "its TWIN" if recording.twin else "the real recording"
        output.note(f"{target}: {kind}, {location.path}")
    for warning in recording.warnings:
        output.note(f"Warning: {warning}")
    return recording


def run_jobs(
    jobs: Sequence[Job],
    settings: RunSettings,
    folder: Path | None,
    *,
    plot: Path | None = None,
    name_plots: bool = False,
    force: bool = False,
    quiet: bool = False,
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
        quiet: show no progress.

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
        measured = [_measure(job, settings, quiet=quiet) for job in group]
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
    for model, twin in dict.fromkeys((model, TWIN_MARK in name) for model, name in groups):
        measured = [name for each, name in groups if each == model and (TWIN_MARK in name) is twin]
        challenge.check_summary(folder, model, measured, twin=twin, force=force)


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


def _measure(
    job: Job, settings: RunSettings, *, quiet: bool
) -> tuple[BenchmarkResult, Measurement]:
    with output.progress(quiet=quiet) as display:
        task = display.add_task(job.description, total=len(job.recording.test))
        return measure_checkpoint(
            job.checkpoint, job.recording, settings, lambda steps: display.advance(task, steps)
        )


def _write(folder: Path, results: Sequence[BenchmarkResult]) -> list[Path]:
    path = challenge.write_results(folder, results)
    summary = challenge.write_summary(folder, results[0].model, twin=TWIN_MARK in path.stem)
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
