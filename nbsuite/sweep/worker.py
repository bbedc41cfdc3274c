"""What a worker does with a task: one at a time, and none that another process is at work on."""

from __future__ import annotations

import os
import socket
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from nbsuite.errors import NbsuiteError
from nbsuite.sweep.graph import Work
from nbsuite.sweep.study_folder import StudyFolder

LOCK_NAME = ".sweep.lock"

# The kernels share buffers within a process, and torch has one number of threads.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Call:
    """An attempt at a task.

    Attributes:
        key: the task's key.
        attempt: what tells this attempt from others.
        work: what the task does.
        folder: the task's folder.
        study: the study's folder.
    """

    key: str
    attempt: str
    work: Work
    folder: Path
    study: StudyFolder


@dataclass(frozen=True)
class Ended:
    """How an attempt ended that was not lost.

    Attributes:
        seconds: how long it took.
        error: what went wrong, in a sentence; None where nothing did.
    """

    seconds: float
    error: str | None = None


def perform(call: Call) -> Ended:
    """Do a task's work, unless it is finished by now; errors are logged, not raised."""
    begun = time.perf_counter()
    with _one_at_a_time:
        mark = call.study.mark(call.key, call.attempt)
        try:
            _work(call)
        except Exception as error:
            where = f"{socket.gethostname()}, process {os.getpid()}"
            call.study.add_failure(call.key, where, traceback.format_exc())
            return Ended(time.perf_counter() - begun, _sentence(error))
        finally:
            mark.unlink(missing_ok=True)
    return Ended(time.perf_counter() - begun)


def _work(call: Call) -> None:
    """Do it once no other process does, such as one that the scheduler lost sight of."""
    call.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(call.folder / LOCK_NAME):
        if not call.work.is_finished():
            call.work()


def _sentence(error: Exception) -> str:
    if isinstance(error, NbsuiteError):
        return str(error)
    return f"{type(error).__name__}: {error}"
