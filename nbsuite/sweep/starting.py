"""Clusters that are started in the background, so that Ctrl-C is the main thread's alone.

A terminal sends Ctrl-C to all processes of a command. Those that have it blocked, as what starts
them has, never hear of it: they end when the command ends them.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nbsuite.interrupts import interrupts_blocked

CLOSE_SECONDS = 10.0


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
    outcome: queue.SimpleQueue[Any] = queue.SimpleQueue()
    abandoned = threading.Event()

    def run() -> None:
        try:
            outcome.put(make())
        except Exception as error:
            outcome.put(error)
        if abandoned.is_set():
            end()

    def end() -> None:
        with suppress(queue.Empty):  # who comes second finds nothing
            if not isinstance(made := outcome.get_nowait(), Exception):
                close(made)

    try:
        with interrupts_blocked():
            threading.Thread(target=run, daemon=True, name="start of the workers").start()
        made = outcome.get(timeout=seconds)
    except BaseException as error:
        abandoned.set()
        end()
        if isinstance(error, queue.Empty):
            raise TimeoutError(f"they are not there after {seconds:.0f} s") from None
        raise
    if isinstance(made, Exception):
        raise made
    return made


def close_cluster(cluster: Any) -> None:
    """Close a cluster; what may go wrong with it then is of no consequence."""
    with suppress(Exception):
        cluster.close(timeout=CLOSE_SECONDS)
