"""Decoders measured in several processes at once, with the same results in the same order."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.benchmarking.runner import Measurement
from nbsuite.benchmarking.session import RunSettings, measure_checkpoint
from nbsuite.data.sessions import Session
from nbsuite.errors import BenchmarkError
from nbsuite.interrupts import interrupts_blocked
from nbsuite.models.checkpoint import load_checkpoint
from nbsuite.tasks.opening import load_recording

_AHEAD = 2
"""Jobs handed out for each process that were not asked for yet."""

Outcome = tuple[BenchmarkResult, Measurement | None]


@dataclass(frozen=True)
class JobFiles:
    """A job by its files, which another process opens itself.

    Attributes:
        checkpoint: the file of weights.
        recording: the file of the recording.
        session: the session that it is of, if it is a public one.
    """

    checkpoint: Path
    recording: Path
    session: Session | None


def measure_in_processes(
    jobs: Sequence[JobFiles], settings: RunSettings, workers: int, *, with_decoding: bool
) -> Generator[Outcome, None, None]:
    """Measure jobs, so many at a time; results come in the order of the jobs.

    Args:
        jobs: what to measure.
        settings: how.
        workers: how many processes.
        with_decoding: give what was decoded too, which takes time to bring over.

    Raises:
        NbsuiteError: a job cannot be measured, or a process was killed.
    """
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context)
    try:
        waiting: deque[Future[Outcome]] = deque()
        for job in jobs:
            with interrupts_blocked():  # a task may start a process
                waiting.append(pool.submit(_measure, job, settings, with_decoding))
            if len(waiting) > _AHEAD * workers:  # what was decoded takes memory
                yield waiting.popleft().result()
        while waiting:
            outcome = waiting.popleft().result()
            if not waiting:
                pool.shutdown()  # before whoever has all results asks for no more
            yield outcome
    except BrokenProcessPool as error:
        raise BenchmarkError(
            "A process that measured was killed: see that there is enough memory, or measure with"
            " fewer --workers."
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.kill()  # it has nothing to keep


def _measure(job: JobFiles, settings: RunSettings, with_decoding: bool) -> Outcome:
    checkpoint = load_checkpoint(job.checkpoint)
    recording = load_recording(job.recording, session=job.session)
    result, measurement = measure_checkpoint(checkpoint, recording, settings)
    return result, measurement if with_decoding else None
