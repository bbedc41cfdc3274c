"""What becomes of an error that reaches the command line.

=====================================  =================================================  ======
what happened                          what the person sees                               status
=====================================  =================================================  ======
an error that a person can mend        one sentence                                       1 or 2
Ctrl-C                                 "Interrupted."                                     130
SIGTERM                                nothing                                            143
anything else, that is a bug of ours   the traceback, and where to take it                1
=====================================  =================================================  ======

A bug's traceback is never hidden: a run of an hour should not have to be repeated to see it.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from nbsuite.errors import NbsuiteError

STATUS_INTERRUPTED = 128 + signal.SIGINT
STATUS_TERMINATED = 128 + signal.SIGTERM

_DISK_FULL = "the disk is full: free some space or choose another folder"
_TOO_LARGE = "a file would be larger than is allowed here: raise the limit or choose another folder"
_DENIED = "permission denied: choose a place that you may read and write"
_REMEDIES = {
    errno.EACCES: _DENIED,
    errno.EDQUOT: _DISK_FULL,
    errno.EFBIG: _TOO_LARGE,
    errno.EEXIST: "it exists already: choose another name",
    errno.EISDIR: "it is a folder where a file is needed: choose another path",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    errno.ENOENT: "there is no such file or folder: check the path",
    errno.ENOSPC: _DISK_FULL,
    errno.ENOTDIR: "a part of the path is a file, not a folder: choose another path",
    errno.EPERM: _DENIED,
    errno.EROFS: "the file system is read-only: choose another folder",
}


@contextmanager
def reported_errors(*, debug: bool) -> Iterator[None]:
    """Print the sentence of an error that a person can mend, and leave with its status.

    Args:
        debug: print the traceback of mendable errors too.

    Raises:
        click.exceptions.Exit: with the error's status, or 130 after Ctrl-C.
        Exception: what was not expected, unchanged.
    """
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        raise click.exceptions.Exit(STATUS_INTERRUPTED) from None
    except BrokenPipeError:
        raise  # the reader of a pipe has left (`nbsuite sessions | head`): Click ends quietly
    except Exception as error:
        sentence = mendable(error)
        if sentence is None:
            click.echo(
                "nbsuite met an error that it did not expect: please report the lines below"
                " together with the output of `nbsuite env`.",
                err=True,
            )
            raise
        if debug:
            traceback.print_exc(file=sys.stderr)
        click.echo(f"Error: {sentence}", err=True)
        status = error.exit_code if isinstance(error, NbsuiteError) else 1
        raise click.exceptions.Exit(status) from error


def mendable(error: Exception) -> str | None:
    """The sentence that tells a person how to mend ``error``; None where it is a bug."""
    if isinstance(error, NbsuiteError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory: close other programs or choose a smaller task."
    if isinstance(error, OSError) and error.errno in _REMEDIES and error.filename is not None:
        return f"Cannot use {error.filename2 or error.filename}: {_REMEDIES[error.errno]}."
    # HDF5, safetensors and torch report a full disk in the text of exceptions of their own.
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        if os.strerror(number) in str(error):
            return f"{_REMEDIES[number][0].upper()}{_REMEDIES[number][1:]}."
    return None


@contextmanager
def clean_termination() -> Iterator[None]:
    """Let SIGTERM unwind the stack, so that half-written files are removed, and exit with 143."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a handler
        return
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminate(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(STATUS_TERMINATED)
