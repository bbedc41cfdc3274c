"""Files of strangers, read without waiting for ever and without taking the machine's memory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from nbsuite.untrusted.fault import FormatFault

LARGEST_TEXT = 8 << 20
"""Bytes of the largest text that is read by default; none of ours comes near it."""

_BLOCK = 16 << 20


@contextmanager
def open_regular(path: Path, largest: int) -> Iterator[BinaryIO]:
    """Open a regular file for reading, having looked at its size.

    Raises:
        FormatFault: it is a folder, a device, a pipe or a socket, or larger than ``largest`` bytes.
        OSError: it is missing or must not be read.
    """
    # Opening a pipe would wait for somebody to write to it.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):  # Python would make no stream of a folder
        os.close(handle)
        raise FormatFault("is no regular file")
    with open(handle, "rb") as stream:  # noqa: PTH123
        if status.st_size > largest:
            raise FormatFault(f"is larger than {largest:,} bytes")
        yield stream


def read_bounded(path: Path, largest: int = LARGEST_TEXT) -> bytes:
    """The content of a regular file.

    Raises:
        FormatFault: it is no regular file, or larger than ``largest`` bytes.
        OSError: it is missing or must not be read.
    """
    blocks, left = [], largest
    with open_regular(path, largest) as stream:
        # To ask for more than there is would take up as much memory.
        while block := stream.read(min(left + 1, _BLOCK)):
            left -= len(block)
            if left < 0:  # of a file that grows, or one that does not tell its size
                raise FormatFault(f"is larger than {largest:,} bytes")
            blocks.append(block)
    return b"".join(blocks)


def read_bounded_text(path: Path, largest: int = LARGEST_TEXT) -> str:
    """The content of a regular file that is UTF-8 text.

    Raises:
        FormatFault: it is no regular file, larger than ``largest`` bytes, or not UTF-8.
        OSError: it is missing or must not be read.
    """
    try:
        return read_bounded(path, largest).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatFault("is not UTF-8 text") from error
