"""Ctrl-C is the main thread's: what is started meanwhile is deaf to it, and it is not lost."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from nbsuite.interrupts import interrupts_blocked

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are blocked on POSIX only")


def _blocked() -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_what_comes_in_the_block_interrupts_after_it() -> None:
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    reached: list[bool] = []
    try:
        with pytest.raises(KeyboardInterrupt):
            _interrupt_in_the_block(reached)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert reached == [True]
    assert not _blocked()


def _interrupt_in_the_block(reached: list[bool]) -> None:
    with interrupts_blocked():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        reached.append(_blocked())  # threads and processes that are started here begin with it


def test_what_was_blocked_before_stays_so() -> None:
    with interrupts_blocked():
        with interrupts_blocked():
            pass
        assert _blocked()
    assert not _blocked()
