"""Work shared among forks of this process, whose findings come back as they are made."""

from __future__ import annotations

import json
import os
import selectors
import signal
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

Finding = dict[str, Any]
"""Anything that JSON can express."""


def gather(works: Sequence[Iterable[Finding]]) -> Iterator[Finding]:
    """Go through each iterable in a fork of its own, and give what all of them give.

    Raises:
        RuntimeError: a fork ended before its work did; what happened is on standard error.
    """
    readers: dict[int, BinaryIO] = {}
    for work in works:
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:
            _serve(work, writer)
        os.close(writer)
        readers[process] = os.fdopen(reader, "rb")
    with selectors.DefaultSelector() as selector:
        for process, stream in readers.items():
            selector.register(stream, selectors.EVENT_READ, process)
        try:
            yield from _read(selector)
        finally:
            for key in list(selector.get_map().values()):  # of forks still at work
                os.kill(key.data, signal.SIGTERM)
                os.waitpid(key.data, 0)


def _serve(work: Iterable[Finding], writer: int) -> None:
    """Do the work and write what it gives, in the fork."""
    status = 1
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # whoever forked has more to clean up
    try:
        with os.fdopen(writer, "wb", buffering=0) as stream:
            for finding in work:
                stream.write(json.dumps(finding).encode() + b"\n")
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _read(selector: selectors.BaseSelector) -> Iterator[Finding]:
    begun: dict[int, bytes] = defaultdict(bytes)
    while selector.get_map():
        for key, _ in selector.select():
            block = os.read(key.fd, 1 << 16)
            if not block:
                selector.unregister(key.fileobj)
                _check_ended(key.data)
            *whole, begun[key.fd] = (begun[key.fd] + block).split(b"\n")
            yield from map(json.loads, whole)


def _check_ended(process: int) -> None:
    if os.waitpid(process, 0)[1]:
        raise RuntimeError("a fork broke down: see what it printed")
