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
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from nbsuite.errors import LONGEST_MESSAGE, NbsuiteError
from nbsuite.untrusted.text import one_line, printable

STATUS_INTERRUPTED = 128 + signal.SIGINT
STATUS_TERMINATED = 128 + signal.SIGTERM

_DISK_FULL = "the disk is full: free some space or choose another folder"
_TOO_LARGE = "a file would be larger than is allowed here: raise the limit or choose another folder"
_DENIED = "permission denied: choose a place that you may read and write"
_SPECIAL = "it is no place for a file of this kind: choose another path"
_TOO_MANY = "too many files are open: close other programs or raise the limit"
_REMEDIES = {
    errno.EACCES: _DENIED,
    errno.EBUSY: "it is in use: choose another path",
    errno.EDQUOT: _DISK_FULL,
    errno.EFBIG: _TOO_LARGE,
    errno.EEXIST: "it exists already: choose another name",
    errno.EILSEQ: "the file system does not allow the name: choose another one",
    errno.EIO: "reading or writing failed: check the disk, or choose another one",
    errno.EISDIR: "it is a folder where a file is needed: choose another path",
    errno.ELOOP: "its links lead round in a circle: choose another path",
    errno.EMFILE: _TOO_MANY,
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    errno.ENFILE: _TOO_MANY,
    errno.ENODEV: _SPECIAL,
    errno.ENOENT: "there is no such file or folder: check the path",
    errno.ENOSPC: _DISK_FULL,
    errno.ENOTDIR: "a part of the path is a file, not a folder: choose another path",
    errno.ENOTSUP: _SPECIAL,
    errno.ENXIO: _SPECIAL,
    errno.EPERM: _DENIED,
    errno.EROFS: "the file system is read-only: choose another folder",
    errno.ESTALE: "the file system lost it: check that it is mounted",
    errno.ETIMEDOUT: "the file system does not answer: check that it is mounted",
    errno.ETXTBSY: "it is in use: choose another path",
}
_REMEDIES_OF_PATHS = _REMEDIES | {
    errno.EINVAL: "the file system does not allow that: choose another path",
}
"""Those of errors that name a path; without one, an invalid argument is a mistake of ours."""

_NO_MEMORY = "There is not enough memory: close other programs or choose a smaller task."
_SAYS_NO_MEMORY = ("can't allocate memory", "out of memory")


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
    except click.ClickException as error:
        shown = map(printable, error.message.expandtabs(4).split("\n"))
        error.message = "\n".join(shown)  # type: ignore[misc]  # which Click declares final
        raise
    except (click.exceptions.Exit, click.Abort):
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
            for line in traceback.format_exc().splitlines():
                click.echo(printable(line), err=True)
        click.echo(f"Error: {sentence}", err=True)
        status = error.exit_code if isinstance(error, NbsuiteError) else 1
        raise click.exceptions.Exit(status) from error


def mendable(error: Exception) -> str | None:
    """The sentence that tells a person how to mend ``error``; None where it is a bug."""
    sentence = _sentence(error)
    return None if sentence is None else one_line(sentence, LONGEST_MESSAGE)


def _sentence(error: Exception) -> str | None:
    if isinstance(error, NbsuiteError):
        return str(error)
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    if isinstance(error, RecursionError):
        return (
            "Something that was given is nested more deeply than can be followed: check the files,"
            " or see where with --debug."
        )
    if isinstance(error, UnicodeEncodeError):  # streams never fail, so it is the name of a file
        around = error.object[max(error.start - 50, 0) : error.end + 50]
        return (
            f"The name '{around}' cannot be written as {error.encoding}: rename the file, or choose"
            " a locale of UTF-8 (LANG=C.UTF-8)."
        )
    if isinstance(error, OSError) and error.filename is not None:
        path, remedy = error.filename2 or error.filename, _REMEDIES_OF_PATHS.get(error.errno or 0)
        return None if remedy is None else f"Cannot use {_text(path)}: {remedy}."
    # HDF5, safetensors and torch report a full disk in the text of exceptions of their own.
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        if os.strerror(number) in str(error):
            return f"{_REMEDIES[number][0].upper()}{_REMEDIES[number][1:]}."
    if isinstance(error, RuntimeError) and any(part in str(error) for part in _SAYS_NO_MEMORY):
        return _NO_MEMORY
    if isinstance(error, OSError) and error.errno in _REMEDIES:
        return f"A file or folder cannot be used: {_REMEDIES[error.errno]}."
    return None


def _text(path: object) -> str:
    return os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else str(path)


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
