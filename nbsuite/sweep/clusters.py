"""Where a study runs: processes of this machine, a scheduler's address, or a cluster file.

A cluster file names a class of Dask's, such as ``dask_jobqueue.SLURMCluster``, and what to make it
with; docs/scaling.md has examples.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from nbsuite.errors import TrainingError, UsageError
from nbsuite.sweep.toml_file import Entries, read_toml

_CONNECT_SECONDS = 30
_CAN_FORK = sys.platform == "linux"
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""What libraries begin with in workers; a task then sets the study's number of threads."""


@dataclass(frozen=True)
class LocalWorkers:
    """Processes of this machine, each for one task at a time.

    Attributes:
        count: how many.
    """

    count: int


@dataclass(frozen=True)
class ClusterFile:
    """A cluster to be made.

    Attributes:
        path: the file that describes it.
        class_name: its class, with its module.
        options: what the class is made with.
        workers: how many workers to ask for; None lets Dask ask for between the bounds.
        least: lower bound of the workers.
        most: upper bound of the workers.
    """

    path: Path
    class_name: str
    options: dict[str, Any]
    workers: int | None
    least: int = 0
    most: int = 1


Place = LocalWorkers | ClusterFile | str
"""Processes here, a cluster to be made, or a scheduler's address."""


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
    return LocalWorkers(workers or max(1, min(cores() // threads, tasks)))


def read_cluster_file(path: Path) -> ClusterFile:
    """Read a cluster file.

    Raises:
        UsageError: it is missing or no TOML, or a key or value in it is not possible.
    """
    entries = Entries(read_toml(path), str(path))
    entries.check_keys(("class", "workers", "adapt", "options"))
    name = entries.text("class", "")
    if not all(part.isidentifier() for part in name.split(".")) or "." not in name:
        raise entries.refusal("class", "a class with its module, as dask_jobqueue.SLURMCluster")
    options, bounds = entries.table("options").values, entries.table("adapt")
    if ("workers" in entries.values) == bool(bounds.values):
        raise UsageError(f"{path} must give either workers or [adapt] with minimum and maximum.")
    if "workers" in entries.values:
        return ClusterFile(path, name, dict(options), entries.whole("workers", 1, least=1))
    bounds.check_keys(("minimum", "maximum"))
    least = bounds.whole("minimum", 0, least=0)
    most = bounds.whole("maximum", 0, least=max(least, 1))
    return ClusterFile(path, name, dict(options), None, least, most)


def require_distributed() -> Any:
    """The module ``distributed``, which an extra of nbsuite installs.

    Raises:
        UsageError: it is not.
    """
    try:
        if _CAN_FORK:
            config = importlib.import_module("dask.config")
            config.set({"distributed.worker.multiprocessing-method": "forkserver"})
        return importlib.import_module("distributed")
    except ImportError as error:
        raise UsageError(
            f"Studies run on Dask, which cannot be imported ({error}): install it with"
            " `pip install 'nbsuite[sweep]'`."
        ) from error


@contextmanager
def connected(place: Place) -> Iterator[Any]:
    """A connection to the place's scheduler, a ``distributed.Client``.

    A cluster that is made for it ends with it.

    Raises:
        UsageError: Dask or the cluster's class is not there, or cannot be made so.
        TrainingError: nothing answers at the scheduler's address.
    """
    distributed = require_distributed()
    settings = {
        # A task whose worker is killed comes back at once; the study decides what to do with it.
        "distributed.scheduler.allowed-failures": 0,
        # Looking at a worker's stack every 10 ms costs it a tenth of its time.
        "distributed.worker.profile.enabled": False,
    }
    with ExitStack() as stack:
        stack.enter_context(importlib.import_module("dask").config.set(settings))
        if isinstance(place, str):
            target: Any = place
        elif isinstance(place, LocalWorkers):
            target = stack.enter_context(_local_cluster(place))
        else:
            target = stack.enter_context(_cluster(place))
        try:
            client = distributed.Client(target, set_as_default=False, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise TrainingError(
                f"No Dask scheduler answers at {place} ({error}): check the address and that it"
                " runs."
            ) from error
        yield stack.enter_context(client)


def start_fork_server(modules: Sequence[str]) -> None:
    """Let local workers be forked off a process that has done their imports, once for all of them.

    So workers start at once, those that replace killed ones too. It returns at once, and what it
    starts ends with this process; on other systems than Linux it does nothing.

    Args:
        modules: what to import.
    """
    if not _CAN_FORK:
        return
    before, folder = {name: os.environ.get(name) for name in _ONE_THREAD}, Path.cwd()
    forkserver.set_forkserver_preload(list(modules))
    os.environ.update(_ONE_THREAD)  # which counts from the import of numpy and torch on
    os.chdir(sys.prefix)  # it imports from where it starts, and that may have a folder nbsuite
    try:
        forkserver.ensure_running()
    finally:
        os.chdir(folder)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _local_cluster(place: LocalWorkers) -> Any:
    return require_distributed().LocalCluster(
        n_workers=place.count,
        threads_per_worker=1,  # one task at a time
        processes=True,
        memory_limit=0,  # a task that needs much memory should have it
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        env=_ONE_THREAD,
    )


def _cluster(place: ClusterFile) -> Any:
    module, _, name = place.class_name.rpartition(".")
    try:
        made = getattr(importlib.import_module(module), name)(**place.options)
    except ImportError as error:
        raise UsageError(
            f"{place.path} asks for {place.class_name}, which cannot be imported ({error}): install"
            f" its package, such as {module.partition('.')[0].replace('_', '-')}."
        ) from error
    except Exception as error:
        raise UsageError(
            f"{place.path} asks for a {place.class_name} that cannot be made"
            f" ({type(error).__name__}: {error}): correct its options."
        ) from error
    if place.workers is None:
        made.adapt(minimum=place.least, maximum=place.most)
    else:
        made.scale(place.workers)
    return made
