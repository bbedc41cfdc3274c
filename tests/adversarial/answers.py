"""Answers of a server that no client may trust: status, headers and body, one thing wrong."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

_PAGE = b"<html><title>Log in</title></html>"
_STATUSES = (100, 201, 204, 301, 400, 401, 403, 404, 410, 418, 429, 451, 500, 503, 599, 999, -1)
_TARGETS = (
    "file:///etc/passwd",
    "/",
    "",
    "//",
    "http://127.0.0.1:1/",
    "http://[::1/",
    "gopher://x/",
    "http://user:secret@127.0.0.1:1/\x1b[31m",
    "http://" + "a" * 70_000,
    "data:,x",
)
_RANGES = (
    "bytes 5-10/20",
    "bytes 0-18446744073709551615/18446744073709551616",
    "bytes */*",
    "bytes 99999-1/5",
    "bytes 0-1/1" + "0" * 5000,
    "garbage",
    "bytes \u0663-\u0664/\u0665",
)
_LENGTHS = ("0", "-1", "1" + "0" * 30, "9" * 5000, "x", "5, 5", "0x10", "\u0663", "99999999")
_WAITS = (
    "1" + "0" * 400,
    "-1",
    "nan",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "x" * 1000,
    "\u00b2",
    "1e9",
)
_TAGS = ('"' + "t" * 60_000 + '"', '"\x1b[31m"', 'W/"weak"', '"', "", '"a"\tb', '"\u00ff"')
_BLOCK = b"\x00" * (1 << 16)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: its number.
        headers: names and values besides Content-Length.
        body: the body.
        reason: the phrase after the status.
        length: the value of Content-Length; None is the body's.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    reason: str = "Reason"
    length: str | None = None

    def head(self, *, length: bool = True) -> bytes:
        """The status line and headers."""
        lines = [f"HTTP/1.1 {self.status} {self.reason}", "Connection: close"]
        if length:
            lines.append(f"Content-Length: {self.length or len(self.body)}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")

    def blocks(self) -> Iterator[bytes]:
        """All bytes."""
        yield self.head()
        yield self.body


def _status(sound: Answer, rng: Random) -> Iterator[bytes]:
    reason = rng.choice(("No", "", "\x1b[31mred", "\u202e", "long" * 3000, "No\rNo"))
    headers = [*sound.headers, ("Retry-After", rng.choice(_WAITS))]
    yield from Answer(rng.choice(_STATUSES), headers, sound.body, reason).blocks()


def _redirect(sound: Answer, rng: Random) -> Iterator[bytes]:
    status = rng.choice((301, 302, 303, 307, 308))
    yield from Answer(status, [("Location", rng.choice(_TARGETS))], b"").blocks()


def _header(sound: Answer, rng: Random) -> Iterator[bytes]:
    name, values = rng.choice(
        (
            ("Content-Range", _RANGES),
            ("ETag", _TAGS),
            ("Content-Encoding", ("gzip", "deflate", "br", "x", "gzip, gzip")),
            ("Transfer-Encoding", ("chunked", "x")),
            ("Content-Type", ("text/html; charset=utf-7", "x" * 5000, "application/x\x00")),
            ("Set-Cookie", ("a=" + "b" * 50_000,)),
            ("X", tuple("y" * size for size in (70_000, 10))),
        )
    )
    headers = [each for each in sound.headers if each[0] != name]
    status = rng.choice((sound.status, sound.status, 206))
    yield from Answer(status, [*headers, (name, rng.choice(values))], sound.body).blocks()


def _many_headers(sound: Answer, rng: Random) -> Iterator[bytes]:
    headers = [(f"X-{number}", "y") for number in range(rng.choice((99, 101, 20_000)))]
    yield from Answer(sound.status, headers, sound.body).blocks()


def _length(sound: Answer, rng: Random) -> Iterator[bytes]:
    yield from Answer(sound.status, sound.headers, sound.body, length=rng.choice(_LENGTHS)).blocks()


def _body(sound: Answer, rng: Random) -> Iterator[bytes]:
    at = rng.randrange(len(sound.body) + 1)
    body = rng.choice((b"", _PAGE, sound.body[:at], sound.body + b"more", b"\xff" + sound.body[1:]))
    yield from Answer(sound.status, sound.headers, body).blocks()


def _cut(sound: Answer, rng: Random) -> Iterator[bytes]:
    """A connection that ends anywhere."""
    whole = b"".join(sound.blocks())
    yield whole[: rng.randrange(len(whole))]


def _stall(sound: Answer, rng: Random) -> Iterator[bytes]:
    whole = b"".join(sound.blocks())
    yield whole[: rng.randrange(len(whole))]
    time.sleep(3)


def _endless(sound: Answer, rng: Random) -> Iterator[bytes]:
    """A body without end, announced by nothing or by too little."""
    yield sound.head(length=rng.random() < 0.3)
    yield sound.body
    while True:
        yield _BLOCK


def _bomb(sound: Answer, rng: Random) -> Iterator[bytes]:
    """A body that grows when it is unpacked."""
    body = gzip.compress(b"\x00" * (200 << 20), 1)
    yield from Answer(sound.status, [("Content-Encoding", "gzip")], body).blocks()


def _chunks(sound: Answer, rng: Random) -> Iterator[bytes]:
    """Chunks of lengths that are none."""
    answer = Answer(sound.status, [*sound.headers, ("Transfer-Encoding", "chunked")], sound.body)
    yield answer.head(length=False)
    size = rng.choice((b"zz", b"-5", b"ffffffffffffffff", b"5;" + b"x" * 70_000, b"", b"10000"))
    yield size + b"\r\n" + sound.body + b"\r\n0\r\n\r\n"


def _garbage(sound: Answer, rng: Random) -> Iterator[bytes]:
    yield rng.choice(
        (b"", b"\x00" * 100, b"HTTP/9.9 200 OK\r\n\r\n", b"SSH-2.0\r\n", b"HTTP/1.1\r\n")
    )


FAULTS: dict[str, Callable[[Answer, Random], Iterator[bytes]]] = {
    "status": _status,
    "redirect": _redirect,
    "header": _header,
    "another header": _header,
    "many headers": _many_headers,
    "length": _length,
    "body": _body,
    "cut": _cut,
    "stall": _stall,
    "endless": _endless,
    "bomb": _bomb,
    "chunks": _chunks,
    "garbage": _garbage,
}
"""What is wrong: each makes the bytes of an answer of a sound one."""
