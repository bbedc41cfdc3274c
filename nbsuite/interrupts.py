"""Ctrl-C kept from threads and processes that are started: it is the main thread's alone."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Let threads and processes that are started meanwhile, and theirs, be deaf to Ctrl-C.

    What comes meanwhile is not lost: it interrupts afterwards, or at once where a thread that was
    started before takes it.
    """
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
