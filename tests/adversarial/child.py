"""One command in a process of its own, forked from this one, under limits.

A fork costs milliseconds where starting Python and torch costs seconds, so that a hundred thousand
commands take minutes. What is forked has to have one thread: see :mod:`tests.adversarial.warm`.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

SECONDS = 10.0
"""Longest that a command may take."""

MEMORY_BYTES = 2 << 30
"""Most that a command may take up beyond what this process has taken up already."""

FILE_BYTES = 64 << 20
"""Largest file that a command may write: the inputs here are thousands of times smaller."""


@dataclass(frozen=True)
class Outcome:
    """What became of a command.

    Attributes:
        status: exit status; minus the signal's number where one ended it.
        stdout: what it printed.
        stderr: what it printed there.
        seconds: how long it took.
        peak: most bytes of memory that were resident at a time, with those of this process.
    """

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float
    peak: int


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], logs: Path
) -> Outcome:
    """Run nbsuite's command line in a fork.

    Args:
        arguments: of the command line.
        folder: the working directory.
        environment: variables to set.
        logs: a folder for what it prints.
    """
    streams = [logs / "stdout", logs / "stderr"]
    started = monotonic()
    process = start(arguments, folder, environment, streams, limited=True, prepare=_be_impatient)
    _, ended, usage = os.wait4(process, 0)
    seconds = monotonic() - started
    _end_group(process)
    status = os.waitstatus_to_exitcode(ended)
    printed = [stream.read_bytes() for stream in streams]
    return Outcome(status, printed[0], printed[1], seconds, usage.ru_maxrss * 1024)


def start(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    streams: Sequence[Path],
    *,
    limited: bool,
    prepare: Callable[[], None] | None = None,
) -> int:
    """Begin a command in a fork, which leads a group of processes; returns its number."""
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            os.setpgid(0, 0)
            _redirect(streams)
            os.environ.update(environment)
            os.chdir(folder)
            if prepare is not None:
                prepare()
            if limited:
                _limit()
            status = _call(arguments)
        finally:
            os._exit(status)
    return process


def _redirect(streams: Sequence[Path]) -> None:
    for number, path in enumerate([Path(os.devnull), *streams]):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(path, flags, 0o600), number)


def _be_impatient() -> None:
    """Wait for servers as little as makes a difference, where people wait for minutes."""
    from nbsuite.data.fetch.download import DEFAULT_POLICY
    from nbsuite.data.fetch.retries import RetryPolicy

    hasty = RetryPolicy(2, 0.001, 0.001, 0.01, 1.0, 0.1)
    vars(DEFAULT_POLICY).update(vars(hasty))


def _limit() -> None:
    signal.setitimer(signal.ITIMER_REAL, SECONDS)  # whose signal ends what does not heed it
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _call(arguments: Sequence[str]) -> int:
    """Run the command as Python would: the status, and the traceback where there is one."""
    from nbsuite.cli.main import main

    status: object = 0
    try:
        main(list(arguments), prog_name="nbsuite")
    except SystemExit as error:
        status = error.code
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    if status is None:
        return 0
    return status & 0xFF if isinstance(status, int) else 1


def _end_group(process: int) -> None:
    """End what the command may have left running."""
    try:
        os.killpg(process, signal.SIGKILL)
    except ProcessLookupError:
        return
