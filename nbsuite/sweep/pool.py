"""The workers, as the study sees them: attempts go in, and how they ended comes out."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from nbsuite.errors import TrainingError
from nbsuite.sweep.worker import Call, Ended, perform


@dataclass(frozen=True)
class Lost:
    """An attempt whose worker went away before it ended."""


class Pool(Protocol):
    """Workers that attempts are handed out to."""

    def submit(self, call: Call, priority: float) -> None:
        """Hand out an attempt; those of higher priority come first."""

    def wait(self, seconds: float) -> Iterator[tuple[str, Ended | Lost]]:
        """Tasks, by key, whose attempts ended; empty where none did for so long.

        Raises:
            TrainingError: no more attempts can be handed out.
        """

    def workers(self) -> int:
        """How many attempts are made at a time, at present.

        Raises:
            TrainingError: no more attempts can be handed out.
        """


class DaskPool:
    """Workers of a Dask cluster.

    Args:
        client: the connection to its scheduler, a ``distributed.Client``.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._ended: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._handed_out: dict[str, Any] = {}
        for name in ("distributed", "distributed.client"):  # those that Dask gives a level
            logging.getLogger(name).setLevel(logging.CRITICAL)  # it is our view that tells

    def submit(self, call: Call, priority: float) -> None:
        """Hand out an attempt."""
        future = self._client.submit(
            perform, call, key=f"{call.key}-{call.attempt}", pure=False, priority=priority
        )
        self._handed_out[call.key] = future
        future.add_done_callback(lambda done: self._ended.put((call.key, done)))

    def wait(self, seconds: float) -> Iterator[tuple[str, Ended | Lost]]:
        """Attempts that ended.

        Raises:
            TrainingError: the scheduler is gone.
        """
        deadline = time.monotonic() + seconds
        while True:
            if self._client.status != "running":
                raise self._gone()
            try:
                key, future = self._ended.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return
            del self._handed_out[key]
            yield key, self._outcome(future)
            deadline = 0.0  # what else ended by now, without waiting for more

    def workers(self) -> int:
        """Workers of the cluster.

        Raises:
            TrainingError: the scheduler is gone.
        """
        try:
            return len(self._client.nthreads())
        except OSError as error:
            raise self._gone() from error

    def _outcome(self, future: Any) -> Ended | Lost:
        from distributed.scheduler import KilledWorker

        if future.status == "finished":
            ended: Ended = future.result()
            return ended
        if future.status != "error":
            raise self._gone()
        error = future.exception()
        if isinstance(error, KilledWorker):
            return Lost()
        return Ended(0.0, f"{type(error).__name__} on the way to the worker: {error}")

    def _gone(self) -> TrainingError:
        address = self._client.scheduler.address if self._client.scheduler else "nowhere"
        return TrainingError(
            f"The scheduler at {address} is gone: start it again and give the same command; what"
            " is finished is kept."
        )
