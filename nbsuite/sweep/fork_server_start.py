"""What the process that local workers are forked off imports first: it and they end with the study.

By itself it would look for that only between two imports and two workers, so that it, and whoever
reads what it might still write, would outlive a command that was interrupted or killed by seconds.

Nor do they write about their own ends among the study's lines: what goes wrong in a task is logged,
and that a worker cannot start is told to the study.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

STUDY_VARIABLE = "NBSUITE_SWEEP_PROCESS"
"""Names the process of the study to the one that it starts."""

_PR_SET_PDEATHSIG = 1  # prctl(2): a signal to this process when the thread that started it ends


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


# Another process may start one, too, in a thread that ends before.
if (study := os.environ.pop(STUDY_VARIABLE, None)) is not None:
    _end_with_parent()
    if os.getppid() != int(study):  # it has ended by now
        os._exit(1)
    os.register_at_fork(after_in_child=_end_with_parent)
    sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as it lives
