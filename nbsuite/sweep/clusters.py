"""Where a study runs: processes of this machine, a scheduler's address, or a cluster file.

A cluster file names a class of Dask's, such as ``dask_jobqueue.SLURMCluster``, and what to make it
with; docs/scaling.md has examples.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.errors import TrainingError, UsageError
from nbsuite.sweep.local_workers import CAN_FORK, LocalWorkers, local_cluster
from nbsuite.sweep.starting import close_cluster, start_cluster
from nbsuite.sweep.toml_file import Entries, read_toml

PACKAGES = (
    "dask_cloudprovider",
    "dask_cuda",
    "dask_jobqueue",
    "dask_kubernetes",
    "distributed",
)
"""Where a cluster file's class may come from: Dask's own packages of clusters."""

_CONNECT_SECONDS = 30
_START_SECONDS = 600
_MOST_WORKERS = 100_000
_SETTINGS = {
    # A task whose worker is killed comes back at once; the study decides what to do with it.
    "distributed.scheduler.allowed-failures": 0,
    # Looking at a worker's stack every 10 ms costs it a tenth of its time.
    "distributed.worker.profile.enabled": False,
    # The dashboard can be read by every user of the machine: it shall not do more.
    "distributed.scheduler.http.routes": [
        "distributed.http.scheduler.prometheus",
        "distributed.http.scheduler.info",
        "distributed.http.scheduler.json",
        "distributed.http.health",
        "distributed.http.statics",
    ],
    "distributed.worker.http.routes": ["distributed.http.health"],
}


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
    if name.partition(".")[0] not in PACKAGES:
        due = f"a class of {', '.join(PACKAGES)}; start others yourself and give --scheduler"
        raise entries.refusal("class", due)
    options, bounds = entries.table("options").values, entries.table("adapt")
    if ("workers" in entries.values) == bool(bounds.values):
        raise UsageError(f"{path} must give either workers or [adapt] with minimum and maximum.")
    if "workers" in entries.values:
        workers = entries.whole("workers", 1, least=1, most=_MOST_WORKERS)
        return ClusterFile(path, name, dict(options), workers)
    bounds.check_keys(("minimum", "maximum"))
    least = bounds.whole("minimum", 0, least=0, most=_MOST_WORKERS)
    most = bounds.whole("maximum", 0, least=max(least, 1), most=_MOST_WORKERS)
    return ClusterFile(path, name, dict(options), None, least, most)


def require_distributed() -> Any:
    """The module ``distributed``, which an extra of nbsuite installs.

    Raises:
        UsageError: it is not, or Dask's own configuration cannot be read.
    """
    try:
        if CAN_FORK:
            config = importlib.import_module("dask.config")
            config.set({"distributed.worker.multiprocessing-method": "forkserver"})
        return importlib.import_module("distributed")
    except ImportError as error:
        raise UsageError(
            f"Studies run on Dask, which cannot be imported ({error}): install it with"
            " `pip install 'nbsuite[sweep]'`."
        ) from error
    except ValueError as error:
        raise UsageError(f"Dask cannot be used ({error}): correct its configuration.") from error


@contextmanager
def connected(place: Place) -> Iterator[Any]:
    """A connection to the place's scheduler, a ``distributed.Client``.

    A cluster that is made for it ends with it.

    Raises:
        UsageError: Dask or the cluster's class is not there, or cannot be made so.
        TrainingError: the workers do not start, or nothing answers at the scheduler's address.
    """
    distributed = require_distributed()
    with ExitStack() as stack:
        stack.enter_context(importlib.import_module("dask").config.set(_SETTINGS))
        if isinstance(place, str):
            target: Any = place
        elif isinstance(place, LocalWorkers):
            target = stack.enter_context(local_cluster(place))
        else:
            target = stack.enter_context(_cluster(place))
        try:
            client = distributed.Client(target, set_as_default=False, timeout=_CONNECT_SECONDS)
        except Exception as error:
            where = place if isinstance(place, str) else "the cluster's address"
            raise TrainingError(
                f"No Dask scheduler answers at {where} ({type(error).__name__}: {error}): check"
                " the address, that it runs and, for tls://, Dask's certificates."
            ) from error
        yield stack.enter_context(client)


@contextmanager
def _cluster(place: ClusterFile) -> Iterator[Any]:
    """The cluster that a file describes, with its workers asked for; it ends with the block.

    Raises:
        UsageError: there is no such class, or it cannot be made so.
    """
    cls = _cluster_class(place)
    try:
        made = start_cluster(lambda: _make(cls, place), _START_SECONDS, close_cluster)
    except Exception as error:
        raise UsageError(
            f"{place.path} asks for a {place.class_name}, which cannot be made"
            f" ({type(error).__name__}: {error}): correct its options."
        ) from error
    try:
        yield made
    finally:
        close_cluster(made)


def _make(cls: Any, place: ClusterFile) -> Any:
    made = cls(**place.options)
    if place.workers is None:
        made.adapt(minimum=place.least, maximum=place.most)
    else:
        made.scale(place.workers)
    return made


def _cluster_class(place: ClusterFile) -> type:
    """The class that a file names.

    Raises:
        UsageError: it is not there, or is none of Dask's clusters.
    """
    asks = f"{place.path} asks for {place.class_name}, which"
    module, _, name = place.class_name.rpartition(".")
    package = module.partition(".")[0].replace("_", "-")
    try:
        cls = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise UsageError(
            f"{asks} cannot be imported ({error}): install its package, such as {package}."
        ) from error
    except AttributeError as error:
        raise UsageError(f"{asks} is not there: correct its name, or update {package}.") from error
    interface = importlib.import_module("distributed.deploy.cluster").Cluster
    if not isinstance(cls, type) or not issubclass(cls, interface):
        raise UsageError(f"{asks} is no cluster of Dask's: name a class of clusters.")
    return cls
