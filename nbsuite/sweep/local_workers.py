"""Workers of this machine: processes that nobody but the study can reach, and that start at once.

Dask's processes talk over TCP, which every user of a machine can connect to, and they run whatever
they are sent. So scheduler and workers talk by TLS, with a certificate that is made for the study,
kept in memory, and asked of everybody who connects.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any

from nbsuite.errors import TrainingError, UsageError
from nbsuite.interrupts import interrupts_blocked
from nbsuite.sweep import fork_server_start
from nbsuite.sweep.fork_server_start import STUDY_VARIABLE
from nbsuite.sweep.starting import close_cluster, start_cluster

MOST_WORKERS = 1024
START_SECONDS = 300.0
"""How long workers may take until they are there: they import torch, on a busy machine perhaps."""

# Before these versions, multiprocessing's fork server took orders of every user of the machine
# (CVE-2022-42919).
_FORK_SERVER_IS_SAFE = sys.version_info >= (3, 11, 1) or (3, 10, 9) <= sys.version_info < (3, 11)
CAN_FORK = sys.platform == "linux" and _FORK_SERVER_IS_SAFE

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""What libraries begin with in workers; a task then sets the study's number of threads."""


@dataclass(frozen=True)
class LocalWorkers:
    """Processes of this machine, each for one task at a time.

    Attributes:
        count: how many.
    """

    count: int


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def local_workers(threads: int, tasks: int, workers: int | None = None) -> LocalWorkers:
    """As many workers as make use of the cores without sharing one.

    Args:
        threads: threads of a task.
        tasks: how many tasks there are; more workers would be idle.
        workers: how many to have instead.
    """
    return LocalWorkers(workers or max(1, min(cores() // threads, tasks, MOST_WORKERS)))


def start_fork_server(modules: Sequence[str]) -> None:
    """Let local workers be forked off a process that has done their imports, once for all of them.

    So workers start at once, those that replace killed ones too. It returns at once, and what it
    starts ends with this process; on other systems than Linux it does nothing.

    Args:
        modules: what to import.

    Raises:
        TrainingError: the machine has no room for it.
    """
    if not CAN_FORK:
        return
    # One thread counts from the import of numpy and torch on.
    variables = {**_ONE_THREAD, STUDY_VARIABLE: str(os.getpid())}
    before, folder = {name: os.environ.get(name) for name in variables}, Path.cwd()
    forkserver.set_forkserver_preload([fork_server_start.__name__, *modules])
    os.environ.update(variables)
    os.chdir(sys.prefix)  # it imports from where it starts, and that may have a folder nbsuite
    try:
        resource_tracker.ensure_running()  # which would unblock what is blocked below
        with interrupts_blocked():
            forkserver.ensure_running()
    except OSError as error:
        raise _cannot_start(error) from error
    finally:
        os.chdir(folder)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def local_cluster(place: LocalWorkers) -> Iterator[Any]:
    """A ``distributed.LocalCluster`` of so many workers, which ends with the block.

    Raises:
        UsageError: what makes certificates is not installed.
        TrainingError: the workers do not start.
    """
    security = _certificates()
    try:
        cluster = start_cluster(lambda: _make_cluster(place, security), START_SECONDS, _end)
    except Exception as error:
        raise _cannot_start(error) from error
    try:
        yield cluster
    except BaseException:  # nobody waits for what the workers are at
        _end(cluster)
        raise
    close_cluster(cluster)


def _make_cluster(place: LocalWorkers, security: Any) -> Any:
    distributed = importlib.import_module("distributed")
    # A cluster that ends would let what breaks off with it be told on the terminal.
    for handler in logging.getLogger(distributed.__name__).handlers:
        handler.setLevel(logging.CRITICAL)
    return distributed.LocalCluster(
        n_workers=place.count,
        threads_per_worker=1,  # one task at a time
        processes=True,
        security=security,
        memory_limit=0,  # a task that needs much memory should have it
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        env=_ONE_THREAD,
    )


def _certificates() -> Any:
    """A certificate that scheduler, workers and client show each other.

    Raises:
        UsageError: what makes it is not installed.
    """
    security = importlib.import_module("distributed.security")
    try:
        return security.Security.temporary()
    except ImportError as error:
        raise UsageError(
            "Workers on this machine keep strangers out by TLS, for which the package"
            f" cryptography is needed ({error}): install it with `pip install 'nbsuite[sweep]'`."
        ) from error


def _end(cluster: Any) -> None:
    """End a cluster at once: what the workers have finished of a task is on disk."""
    for nanny in list(cluster.workers.values()):
        nanny.auto_restart = False
        if nanny.pid is not None:
            with suppress(OSError):
                os.kill(nanny.pid, signal.SIGKILL)
    close_cluster(cluster)


def _cannot_start(error: BaseException) -> TrainingError:
    while (origin := _origin(error)) is not None:
        error = origin
    return TrainingError(
        f"The workers on this machine cannot start ({type(error).__name__}: {error}): see that"
        " memory, /dev/shm and the folder of temporary files have room and that more processes may"
        " be started, or ask for fewer with --workers."
    )


def _origin(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)
