"""A real HTTP server on this machine that misbehaves as told, and notes what it was asked."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

Fault = Callable[["Handler", bytes], None]


@dataclass
class Server:
    """What the server holds, how it will misbehave, and what it was asked.

    Attributes:
        url: its address.
        files: content by name.
        faults: one for each request to come; once none are left, it behaves.
        asked: path and headers of every request.
        honours_range: answers 206 to a Range header, as Zenodo does.
        entity_tags: sends an ETag and heeds If-Range, as Zenodo does.
        hold: set, and stalled answers go on (the end of a test sets it).
    """

    url: str
    files: dict[str, bytes]
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[tuple[str, Message]] = field(default_factory=list)
    honours_range: bool = True
    entity_tags: bool = True
    hold: threading.Event = field(default_factory=threading.Event)

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of every request for a file."""
        return [headers["Range"] for path, headers in self.asked if "/files/" in path]


class Handler(BaseHTTPRequestHandler):
    """Answers for the record's listing and its files."""

    protocol_version = "HTTP/1.1"
    server_state: ClassVar[Server]

    def do_GET(self) -> None:
        """One request: the next fault, or the proper answer."""
        state = self.server_state
        state.asked.append((self.path, self.headers))
        if self.path.startswith("/api/"):
            body = json.dumps({"files": [_entry(*item) for item in state.files.items()]}).encode()
        else:
            name = self.path.split("?")[0].rpartition("/")[2]
            if name not in state.files:
                return refuse(404)(self, b"")
            body = state.files[name]
        fault = state.faults.popleft() if state.faults else serve
        return fault(self, body)

    def begin(self, body: bytes) -> bytes:
        """Send the head of a proper answer; returns the bytes that have to follow."""
        state = self.server_state
        tag = f'"md5:{md5(body, usedforsecurity=False).hexdigest()}"'
        stated = self.headers["Range"] if state.honours_range else None
        if state.entity_tags and self.headers["If-Range"] not in (None, tag):
            stated = None
        start = int(stated.removeprefix("bytes=").rstrip("-")) if stated else 0
        if stated and start >= len(body):
            self.head(416, {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"})
            return b""
        headers = {"Content-Length": str(len(body) - start)}
        if state.entity_tags:
            headers["ETag"] = tag
        if stated:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self.head(206 if stated else 200, headers)
        return body[start:]

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send a status and headers."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def break_off(self) -> None:
        """Close the connection whatever was promised."""
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


def serve(handler: Handler, body: bytes) -> None:
    """No fault."""
    handler.wfile.write(handler.begin(body))


def break_after(count: int) -> Fault:
    """Send so many bytes of what was promised, then close the connection."""

    def fault(handler: Handler, body: bytes) -> None:
        handler.wfile.write(handler.begin(body)[:count])
        handler.break_off()

    return fault


def stall_after(count: int) -> Fault:
    """Send so many bytes, then nothing more, with the connection open."""

    def fault(handler: Handler, body: bytes) -> None:
        handler.wfile.write(handler.begin(body)[:count])
        handler.wfile.flush()
        handler.server_state.hold.wait(30)
        handler.break_off()

    return fault


def slow(seconds: float) -> Fault:
    """Keep the client waiting half-way."""

    def fault(handler: Handler, body: bytes) -> None:
        rest = handler.begin(body)
        handler.wfile.write(rest[: len(rest) // 2])
        handler.wfile.flush()
        handler.server_state.hold.wait(seconds)
        handler.wfile.write(rest[len(rest) // 2 :])

    return fault


def refuse(status: int, **headers: str) -> Fault:
    """Answer with an error; headers are given with underscores for hyphens."""

    def fault(handler: Handler, body: bytes) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        handler.head(status, {"Content-Length": "0", **named})

    return fault


def answer(content: bytes) -> Fault:
    """Send other bytes than those asked for."""
    return lambda handler, _: serve(handler, content)


def hang_up(handler: Handler, body: bytes) -> None:
    """Close the connection without an answer."""
    handler.break_off()


def _entry(name: str, content: bytes) -> dict[str, object]:
    """A file as Zenodo's record API lists it."""
    checksum = f"md5:{md5(content, usedforsecurity=False).hexdigest()}"
    return {"key": name, "size": len(content), "checksum": checksum}


@contextmanager
def running(files: dict[str, bytes]) -> Iterator[Server]:
    """A server of these files, on a free port, for as long as the block lasts."""
    handler = type("BoundHandler", (Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        http.handle_error = lambda *_: None  # type: ignore[method-assign]
        state = Server(f"http://127.0.0.1:{http.server_address[1]}", files)
        handler.server_state = state  # type: ignore[attr-defined]
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            state.hold.set()
            http.shutdown()
            thread.join()
