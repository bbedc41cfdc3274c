"""Ctrl-C ends a command for certain, wherever it is, and once.

Python raises ``KeyboardInterrupt`` wherever the main thread happens to be. In a callback of its own
or of a library that goes no further: it is printed, and the command goes on. A second one would
break up what the first one tidies up.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from nbsuite.cli.frame.errors import STATUS_INTERRUPTED

END_SECONDS = 20.0
"""How long the command may take to tidy up."""

_AGAIN_SECONDS = 0.05
_STANDARD_ERROR = 2


@contextmanager
def ended_by_interrupt(seconds: float = END_SECONDS) -> Iterator[None]:
    """Let the first Ctrl-C end what is in the block and its process, and ignore those that follow.

    Where the process is not gone so many seconds after it, it ends as it is. Who ignores Ctrl-C, as
    shells let commands in the background do, and who is not the main thread, is left alone.

    Args:
        seconds: how long tidying up may take.

    Raises:
        KeyboardInterrupt: it came, whatever became of it in the block.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    interruption = _Interruption(seconds)
    interruption.begin()
    try:
        yield
    except BaseException:
        if not interruption.came:
            raise
    finally:
        interruption.end()
    if interruption.came:
        raise KeyboardInterrupt


class _Interruption:
    """A handler of SIGINT, and a thread that waits for it to see to the end.

    Attributes:
        came: whether there was one.
    """

    def __init__(self, seconds: float) -> None:
        self.came = False
        self._seconds = seconds
        self._left = False
        self._hook: Callable[[Any], object] = sys.unraisablehook
        self._over, self._lost = threading.Event(), threading.Event()

    def begin(self) -> None:
        """Handle signals from now on."""
        # Not started in the handler: that may interrupt what holds a lock of threading's.
        threading.Thread(target=self._watch, daemon=True, name="end after Ctrl-C").start()
        sys.unraisablehook = self._take_unraisable
        signal.signal(signal.SIGINT, self)

    def end(self) -> None:
        """The block is left: who catches the interrupt reports it."""
        self._left = True
        sys.unraisablehook = self._hook
        if not self.came:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._over.set()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take a signal up."""
        del frame
        signal.signal(number, signal.SIG_IGN)
        self.came = True
        self._over.set()
        raise KeyboardInterrupt

    def _take_unraisable(self, unraisable: Any) -> None:
        """Take up an exception that goes no further; Ctrl-C is given again."""
        if unraisable.exc_type is not KeyboardInterrupt:
            self._hook(unraisable)
        elif not self._left:
            signal.signal(signal.SIGINT, self)
            self._lost.set()

    def _watch(self) -> None:
        self._over.wait()
        if not self.came:
            return
        deadline = time.monotonic() + self._seconds
        while self._lost.wait(max(0.0, deadline - time.monotonic())):
            self._lost.clear()
            time.sleep(_AGAIN_SECONDS)  # the main thread leaves the callback
            os.kill(os.getpid(), signal.SIGINT)
        if not self._left:
            os.write(_STANDARD_ERROR, b"Interrupted.\n")
        os._exit(STATUS_INTERRUPTED)
