"""Temporary files that killed processes left behind: whose they are, and whether they can go.

The name of a temporary file says who writes it:
``.<beginning of the target's name>.<machine>-<process id>-<random>.part``.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

PART_SUFFIX = ".part"

_LONGEST_BEGINNING = 40
_DAY = 24 * 3600.0
_REST = re.compile(
    rf"(?:(?P<machine>[0-9a-f]{{8}})-(?P<process>[1-9]\d{{0,9}})-)?\w{{8}}{re.escape(PART_SUFFIX)}"
)
"""What follows the target's name; the writer was not named by earlier versions."""


def part_prefix(target: Path) -> str:
    """How the name of this process's temporary file for a target begins."""
    return f"{_beginning(target)}{_machine()}-{os.getpid()}-"


def remove_leftovers(target: Path) -> None:
    """Remove temporary files for a target whose writers are gone.

    A process of this machine is gone if there is none of its number. Others cannot be asked: their
    files are left alone until nobody has touched them for a day.
    """
    beginning = _beginning(target)
    found: list[os.DirEntry[str]] = []
    with suppress(OSError), os.scandir(target.parent) as entries:  # what may be written only
        found += (each for each in entries if each.name.startswith(beginning))
    for each in found:
        named = _REST.fullmatch(each.name.removeprefix(beginning))
        with suppress(OSError):  # somebody else was faster, or may and we may not
            if named is not None and _is_done_with(each, named):
                os.unlink(each)  # noqa: PTH108


def _beginning(target: Path) -> str:
    return f".{target.name[:_LONGEST_BEGINNING]}."


def _is_done_with(entry: os.DirEntry[str], named: re.Match[str]) -> bool:
    if named["machine"] == _machine() and os.name == "posix":
        return not _is_alive(int(named["process"]))
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # sends nothing
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is another user's
        return True
    return True


@cache
def _machine() -> str:
    """Tells apart machines, and containers of one machine, whose processes have other numbers."""
    try:
        processes = os.readlink("/proc/self/ns/pid")  # noqa: PTH115
    except OSError:  # no Linux
        processes = ""
    return hashlib.sha256(f"{socket.gethostname()} {processes}".encode()).hexdigest()[:8]
