"""One HTTP request, its faults sorted into those that pass and those that stay.

Servers are not trusted: what they state is checked, and bounded in size and time.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import requests

from nbsuite import __version__
from nbsuite.data.fetch.pace import each_within
from nbsuite.data.fetch.retries import RetryPolicy, TransientFault
from nbsuite.errors import DownloadError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.text import one_line

OK, PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE = 200, 206, 416
BLOCK_BYTES = 1 << 16
"""Bytes read at once: a stall loses what was read of a block, and a small one loses little."""

_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_MOST_REDIRECTS = 10
_LONGEST_WAIT = 1e12  # seconds; more is no time that a person could be told
_LONGEST_WORD = 100  # characters of a stranger's that are told

# Compressed transfer would make sizes and ranges speak of other bytes than those of the file.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": f"nbsuite/{__version__}"}


@dataclass(frozen=True)
class Answer:
    """A server's answer, whose body is still to come.

    Attributes:
        status: 200, 206 or 416.
        headers: by name, in whatever case.
        blocks: the body; its faults are sorted as well.
    """

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes]

    def body(self, largest: int) -> bytes:
        """The whole body.

        Raises:
            FormatFault: it has more than ``largest`` bytes.
            TransientFault: it breaks off.
        """
        held = bytearray()
        for block in self.blocks:
            held += block
            if len(held) > largest:
                raise FormatFault(f"is larger than {largest:,} bytes")
        return bytes(held)


class _Session(requests.Session):
    """A session that follows no redirect: it would read their bodies, of whatever size."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp


@contextmanager
def open_url(
    url: str, policy: RetryPolicy, headers: Mapping[str, str] | None = None
) -> Iterator[Answer]:
    """Yield the answer to a GET request.

    Raises:
        TransientFault: no connection, no data in time, a body that breaks off, a busy server.
        DownloadError: the server refuses, or answers what cannot be used.
    """
    sent = {**_HEADERS, **(headers or {})}
    parts: Iterator[Any] = each_within(policy.pace_timeout, lambda: _exchange(url, policy, sent))
    with closing(cast("Any", parts)):
        response = next(parts)
        yield Answer(response.status_code, response.headers, parts)


def host(url: str) -> str:
    """The server's name (and port) in an address, without who asks there."""
    return urlsplit(url).netloc.rpartition("@")[2]


def is_address(url: str) -> bool:
    """Whether ``url`` is the address of an HTTP server."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and url.isprintable()
            and " " not in url
        )
    except ValueError:  # brackets without an IPv6 address in them, a port that is no number
        return False


def _exchange(url: str, policy: RetryPolicy, headers: Mapping[str, str]) -> Iterator[Any]:
    """The response, then the blocks of its body."""
    try:
        response = _follow(url, policy, headers)
    except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
        raise TransientFault(_describe(error, policy)) from error
    # Some faults of addresses, proxies and certificates come as the errors of lower layers.
    except (requests.exceptions.RequestException, ValueError, OSError) as error:
        raise DownloadError(
            f"{_shown(url)} cannot be fetched ({one_line(str(error), _LONGEST_WORD)}): check the"
            " address, the proxy, and NBSUITE_ZENODO if set."
        ) from error
    with response:
        _check(response)
        yield response
        while block := _read_block(response, policy):
            yield block


def _follow(url: str, policy: RetryPolicy, headers: Mapping[str, str]) -> requests.Response:
    """The response at the end of the redirects."""
    timeout = (policy.connect_timeout, policy.read_timeout)
    for _ in range(_MOST_REDIRECTS + 1):
        with _Session() as session:
            response = session.get(url, headers=headers, stream=True, timeout=timeout)
        if not response.is_redirect:
            return response
        response.close()
        target = _target(url, response.headers["Location"])
        if target is None:
            raise DownloadError(
                f"{_shown(url)} cannot be fetched, the server sends on to an address that cannot be"
                f" used ({one_line(response.headers['Location'], _LONGEST_WORD)}): look at the"
                " record in a browser, and at NBSUITE_ZENODO if it is set."
            )
        url = target
    raise DownloadError(
        f"{_shown(url)} cannot be fetched, the server sends on more than {_MOST_REDIRECTS} times:"
        " look at the record in a browser, and at NBSUITE_ZENODO if it is set."
    )


def _target(url: str, location: str) -> str | None:
    """Where a redirect leads; None where that is no address, or one less safe than ``url``."""
    try:
        target = urljoin(url, location.encode("latin-1").decode("utf-8"))
    except ValueError:
        return None
    less_safe = url.startswith("https:") and not target.startswith("https:")
    return target if is_address(target) and not less_safe else None


def _read_block(response: requests.Response, policy: RetryPolicy) -> bytes:
    """Bytes of the body as they are sent, none at its end.

    Raises:
        TransientFault: it breaks off.
    """
    try:
        # Not iter_content: its reader of chunks takes a line that never ends into memory.
        block: bytes = response.raw.read(BLOCK_BYTES, decode_content=False)
    except Exception as error:  # of the layers below requests, each with its own
        raise TransientFault(_describe(error, policy)) from error
    return block


def _check(response: requests.Response) -> None:
    """Refuse an answer that is none.

    Raises:
        TransientFault: the server is busy.
        DownloadError: it refuses, or sends something else than the bytes themselves.
    """
    status = response.status_code
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if status in (OK, PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE) and coding in ("", "identity"):
        return
    answer = one_line(f"{status} {response.reason}".strip(), _LONGEST_WORD)
    if status in _TRANSIENT_STATUSES:
        raise TransientFault(
            f"it answers {answer}", _seconds(response.headers.get("Retry-After", ""))
        )
    if status in (OK, PARTIAL_CONTENT):
        answer = f"{answer}, but encoded as {one_line(coding, _LONGEST_WORD)}"
    raise DownloadError(
        f"{_shown(response.url)} cannot be fetched, the server answers {answer}: look at the"
        " record in a browser, and at NBSUITE_ZENODO if it is set."
    )


def _seconds(retry_after: str) -> float | None:
    """The header's value in seconds from now; it states seconds or a date (RFC 9110, 10.2.3)."""
    if re.fullmatch("[0-9]+", retry_after):
        return min(float(retry_after), _LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return max((moment - datetime.now(timezone.utc)).total_seconds(), 0.0)
    except (ValueError, TypeError, IndexError, OverflowError):  # what is no date, in many ways
        return None


def _shown(url: str) -> str:
    """An address as people are told it: not at length, and without who asks."""
    parts = urlsplit(url)
    return one_line(f"{parts.scheme}://{host(url)}{parts.path}", 2 * _LONGEST_WORD)


def _describe(error: Exception, policy: RetryPolicy) -> str:
    """What went wrong, for people; requests wraps the cause in layers of representations."""
    text = str(error).lower()
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no connection within {policy.connect_timeout:g} s"
    if isinstance(error, requests.exceptions.Timeout) or "read timed out" in text:
        return f"no data for {policy.read_timeout:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection, see its certificate and this machine's clock and proxy"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not answer"
    for sign, meaning in {
        "resol": "its name cannot be resolved",
        "not known": "its name cannot be resolved",
        "refused": "the connection was refused",
        "unreachable": "the network is unreachable",
    }.items():
        if sign in text:
            return meaning
    return "the connection broke off"
