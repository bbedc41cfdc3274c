"""A server on this machine whose answers are wrong: it stands in for Zenodo.

What it answers follows from the address alone: the first part of the path is a token, from which
every answer under it is drawn, so that a case is the same whenever it is repeated.
"""

from __future__ import annotations

import json
import os
import signal
import socketserver
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from random import Random

from tests.adversarial.answers import FAULTS, Answer
from tests.adversarial.mutate_json import mutate_json

SESSION = "indy_20160407_02"
"""A public session whose md5 is not known here, so that the record is asked for it."""

CONTENT = b"the recording, as published " * 700
_CHECKSUM = f"md5:{md5(CONTENT, usedforsecurity=False).hexdigest()}"
_JSON = "other content"
SLOWLY = "slowly"
"""The token under which every answer is sound, and a file takes half a second."""

LISTING = {"files": [{"key": f"{SESSION}.mat", "size": len(CONTENT), "checksum": _CHECKSUM}]}


def draw_fault(token: str) -> tuple[str, str, Random]:
    """Which of a token's answers is wrong, ``listing`` or ``file``, how, and what else is drawn."""
    rng = Random(token)
    where = "listing" if rng.random() < 0.4 else "file"
    fault = _JSON if where == "listing" and rng.random() < 0.6 else rng.choice(tuple(FAULTS))
    return where, fault, rng


def draw_answer(token: str, path: str, first_byte: int | None) -> Iterator[bytes]:
    """The bytes of an answer, under a token, to a request for the rest of a file or all of it."""
    is_listing = "/api/" in path
    sound = Answer(200, [], json.dumps(LISTING).encode()) if is_listing else _file(first_byte)
    if token == SLOWLY:
        return _slowly(sound)
    where, fault, rng = draw_fault(token)
    if is_listing != (where == "listing"):
        return sound.blocks()
    if fault == _JSON:
        content = mutate_json(sound.body, rng).content
        assert isinstance(content, bytes)
        return Answer(200, [], content).blocks()
    return FAULTS[fault](sound, rng)


def _slowly(answer: Answer) -> Iterator[bytes]:
    yield answer.head()
    for start in range(0, len(answer.body), 400):
        yield answer.body[start : start + 400]
        time.sleep(0.01)


def _file(first_byte: int | None) -> Answer:
    tag = ("ETag", f'"{_CHECKSUM}"')
    if first_byte is None:
        return Answer(200, [tag], CONTENT)
    total = len(CONTENT)
    if first_byte >= total:
        return Answer(416, [("Content-Range", f"bytes */{total}")], b"")
    stated = f"bytes {first_byte}-{total - 1}/{total}"
    return Answer(206, [tag, ("Content-Range", stated)], CONTENT[first_byte:])


class _Handler(socketserver.StreamRequestHandler):
    timeout = 5

    def handle(self) -> None:
        try:
            path = self.rfile.readline(10_000).decode("latin-1").split(" ")[1]
            first_byte = None
            while (line := self.rfile.readline(10_000).decode("latin-1").strip()) != "":
                name, _, value = line.partition(": ")
                if name.lower() == "range":
                    first_byte = int(value.removeprefix("bytes=").rstrip("-"))
            for block in draw_answer(path.split("/")[1], path, first_byte):
                self.wfile.write(block)
        except (OSError, ValueError, IndexError):
            return  # the client has left, or did not ask for anything of ours


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 100


@contextmanager
def serving() -> Iterator[str]:
    """A server in a process of its own; gives its address."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        process = os.fork()
        if process == 0:
            try:
                server.serve_forever()
            finally:
                os._exit(0)
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
