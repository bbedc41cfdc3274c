"""What is to be measured: checkpoints, each with a recording that fits it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from nbsuite.benchmarking.observer import JobBegun, JobDone, Observer, StepsDone
from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.runner import Measurement
from nbsuite.benchmarking.session import (
    RunSettings,
    check_fit,
    measure_checkpoint,
    verify_checkpoint,
)
from nbsuite.benchmarking.verification import Comparison
from nbsuite.data.recording import Recording
from nbsuite.errors import CodeNotNamedError, UsageError
from nbsuite.models.checkpoint import Checkpoint, load_checkpoint
from nbsuite.observer import Observer as BaseObserver
from nbsuite.observer import Remark, ignore
from nbsuite.tasks.locate import Source
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.tasks.targets import load_target
from nbsuite.twin_labels import marked


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
    return marked(recording.session.label, twin=recording.twin is not None)


def plan_jobs(
    checkpoints: Sequence[Path],
    sessions: Sequence[str],
    data_dir: Path,
    data: Source = "auto",
    observer: BaseObserver = ignore,
    *,
    named: Collection[Path] | None = None,
) -> list[Job]:
    """Load all checkpoints and recordings, each once, and say which data is used.

    Args:
        checkpoints: the files of weights.
        sessions: sessions or files to measure each of them on; none for the session that each
            was trained for.
        data_dir: the folder of recordings.
        data: real recordings or twins, see ``locate``.
        observer: told of progress and of what a person should know.
        named: those of the files that a person named, where others lie in folders that were; None
            for all. Of the others, decoders of a user's own are left out, for want of their code,
            as long as any remain.

    Raises:
        UsageError: a checkpoint names no session and none was given.
        CheckpointError, DataError: a file cannot be used.
    """
    loaded = _load_all(checkpoints, checkpoints if named is None else named, observer)
    wanted = [(each, target) for each in loaded for target in sessions or (own_session(each),)]
    recordings = {
        target: load_target(target, data_dir, data, observer)
        for target in dict.fromkeys(target for _, target in wanted)
    }
    jobs = [Job(each, recordings[target]) for each, target in wanted]
    for job in jobs:
        check_fit(job.checkpoint, job.recording)
    for remark in _each_kind_once(jobs):
        observer(Remark(f"Note: {remark}"))
    return jobs


def _load_all(
    files: Sequence[Path], named: Collection[Path], observer: BaseObserver
) -> list[Checkpoint]:
    """All checkpoints, without those that :func:`_load` leaves out, which the observer is told.

    Raises:
        CheckpointError: a file cannot be used, or none is left.
    """
    tried = [_load(path, named) for path in files]
    loaded = [each for each in tried if isinstance(each, Checkpoint)]
    left_out = [each for each in tried if isinstance(each, CodeNotNamedError)]
    if left_out:
        if not loaded:
            raise left_out[0]
        more = f", and {len(left_out) - 1} more with it" if len(left_out) > 1 else ""
        observer(Remark(f"Note: {left_out[0]} It is left out{more}."))
    return loaded


def _load(path: Path, named: Collection[Path]) -> Checkpoint | CodeNotNamedError:
    """A checkpoint; of a decoder of a user's own that nobody named, what is said of it."""
    try:
        return load_checkpoint(path)
    except CodeNotNamedError as error:
        if path in named:
            raise
        return error


def _each_kind_once(jobs: Sequence[Job]) -> Iterator[str]:
    """The remarks on all jobs: the first of each kind, and of how many more the same is true."""
    first: dict[str, str] = {}
    count: Counter[str] = Counter()
    for job in jobs:
        for kind, text in _remarks(job):
            first.setdefault(kind, text)
            count[kind] += 1
    for kind, text in first.items():
        more = count[kind] - 1
        yield f"{text} So it is with {more} more." if more else text


def _remarks(job: Job) -> Iterator[tuple[str, str]]:
    """What a person should know before reading the job's figures, and of what kind it is."""
    header, path = job.checkpoint.header, job.checkpoint.path
    if header.session not in (None, job.recording.session.name):
        trained, measured = header.session, job.recording.session.name
        yield f"{trained} {measured}", f"{path} was trained for {trained}, not for {measured}."
    if job.recording.twin is None and header.trained_on.on_twin:
        yield (
            "trained on a twin",
            f"{path} was trained on a TWIN ({', '.join(header.trained_on.twins)}): its R2 on a"
            " real recording is none of a decoder that was trained on real ones.",
        )
    if job.recording.twin and header.source is not None:
        yield (
            "converted",
            f"{path} was converted, so it was hardly trained on this twin: its R2 here says "
            "nothing about it, its footprint and operations do.",
        )


def own_session(checkpoint: Checkpoint) -> str:
    """The session that a checkpoint was trained for.

    Raises:
        UsageError: its header names none, or a recording of one's own, whose file it does not name.
    """
    header = checkpoint.header
    if header.session is not None and header.task != PRIMATE_REACHING.protocol:
        raise UsageError(
            f"{checkpoint.path} was trained for {header.session}, a recording of your own: name its"
            " file with --session."
        )
    if checkpoint.header.session is None:
        raise UsageError(
            f"{checkpoint.path} does not say which session it was trained for; name one with "
            "--session."
        )
    return checkpoint.header.session


def measure_jobs(
    jobs: Sequence[Job],
    settings: RunSettings,
    observer: Observer = ignore,
    *,
    workers: int = 1,
    with_decoding: bool = True,
) -> Generator[tuple[BenchmarkResult, Measurement | None], None, None]:
    """Run the benchmark of jobs, in their order.

    Args:
        jobs: what to measure.
        settings: how.
        observer: told of progress.
        workers: processes to measure in; with 1 it is done in this one, as it is with decoders
            that no checkpoint holds.
        with_decoding: give what was decoded too.

    Raises:
        NbsuiteError: as :func:`nbsuite.benchmarking.session.measure_checkpoint`, or a process was
            killed.
    """
    in_files = all(job.checkpoint.in_file for job in jobs)
    if workers > 1 and not in_files:
        observer(
            Remark("Note: decoders of your own are measured in one process, one after the other.")
        )
    if workers > 1 and len(jobs) > 1 and in_files:
        from nbsuite.benchmarking.processes import JobFiles, measure_in_processes

        files = [
            JobFiles(job.checkpoint.path, job.recording.path, job.recording.session) for job in jobs
        ]
        outcomes = measure_in_processes(files, settings, workers, with_decoding=with_decoding)
        with closing(outcomes):
            for job, outcome in zip(jobs, outcomes, strict=True):
                observer(JobDone(job.description, len(job.recording.test)))
                yield outcome
        return
    for job in jobs:
        steps = len(job.recording.test)
        observer(JobBegun(job.description))
        outcome = measure_checkpoint(
            job.checkpoint, job.recording, settings, lambda done: observer(StepsDone(done))
        )
        observer(JobDone(job.description, steps))
        yield outcome


def verify_jobs(
    jobs: Sequence[Job], steps: int, settings: RunSettings
) -> list[tuple[Job, Sequence[Comparison]]]:
    """Measure the first ``steps`` test samples of each job both ways and compare.

    Raises:
        NbsuiteError: as :func:`nbsuite.benchmarking.session.verify_checkpoint`.
    """
    return [
        (job, verify_checkpoint(job.checkpoint, job.recording, steps, settings)) for job in jobs
    ]
