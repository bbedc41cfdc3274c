"""Clusters that are started in the background, so that Ctrl-C is the main thread's alone.

A terminal sends Ctrl-C to all processes of a command. Those that have it blocked, as what starts
them has, never hear of it: they end when the command ends them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nbsuite.interrupts import interrupts_blocked

CLOSE_SECONDS = 10.0
_LOOK_SECONDS = 0.1  # an interrupt that another thread took does not end a wait of this thread


def start_cluster(make: Callable[[], Any], seconds: float, close: Callable[[Any], None]) -> Any:
    """Make a cluster of Dask's in a thread of its own, and wait for it.

    Its threads and processes are deaf to Ctrl-C, but waiting for it can be interrupted.

    Args:
        make: makes the cluster.
        seconds: how long that may take.
        close: ends a cluster that is there when nobody waits for it any more.

    Raises:
        TimeoutError: it takes longer.
        Exception: whatever ``make`` raises.
    """
    start = _Start(make, close)
    try:
        with interrupts_blocked():
            threading.Thread(target=start.run, daemon=True, name="start of the workers").start()
        return start.result(seconds)
    except BaseException:
        start.abandon()
        raise


class _Start:
    """A cluster that one thread makes, and that another takes or gives up: it is never lost."""

    def __init__(self, make: Callable[[], Any], close: Callable[[Any], None]) -> None:
        self._over = threading.Event()
        self._make, self._close = make, close
        self._abandoned, self._turn = False, threading.Lock()
        self._made: list[Any] = []
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            made = [self._make()]
        except Exception as error:
            made, self._error = [], error
        with self._turn:
            self._made = made
            self._over.set()
            if not self._abandoned:
                return
        self._end()

    def result(self, seconds: float) -> Any:
        until = time.monotonic() + seconds
        while not self._over.wait(_LOOK_SECONDS):
            if time.monotonic() > until:
                raise TimeoutError(f"they are not there after {seconds:.0f} s")
        if self._error is not None:
            raise self._error
        return self._made[0]

    def abandon(self) -> None:
        with self._turn:
            self._abandoned = True
        self._end()

    def _end(self) -> None:
        with suppress(IndexError):  # who comes second finds nothing
            self._close(self._made.pop())


def close_cluster(cluster: Any) -> None:
    """Close a cluster; what may go wrong with it then is of no consequence."""
    with suppress(Exception):
        cluster.close(timeout=CLOSE_SECONDS)
