"""One HTTP request, its faults sorted into those that pass and those that stay."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from urllib.parse import urlsplit

import requests

from nbsuite import __version__
from nbsuite.data.retries import RetryPolicy, TransientFault
from nbsuite.errors import DownloadError

RANGE_NOT_SATISFIABLE = 416
_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})

# Compressed transfer would make sizes and ranges speak of other bytes than those of the file.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": f"nbsuite/{__version__}"}


@contextmanager
def open_url(
    url: str, policy: RetryPolicy, headers: Mapping[str, str] | None = None
) -> Iterator[requests.Response]:
    """Yield the streaming answer to a GET request: status 2xx, or 416 for a range.

    Faults while the body is read inside the block are sorted too.

    Raises:
        TransientFault: no connection, no data in time, a body that breaks off, a busy server.
        DownloadError: the server refuses.
    """
    timeout = (policy.connect_timeout, policy.read_timeout)
    try:
        with requests.get(
            url, headers={**_HEADERS, **(headers or {})}, stream=True, timeout=timeout
        ) as response:
            _check_status(response)
            yield response
    except (
        requests.exceptions.ConnectionError,
        requests.exceptions.Timeout,
        requests.exceptions.ChunkedEncodingError,
    ) as error:
        raise TransientFault(_describe(error, policy)) from error
    except requests.exceptions.RequestException as error:
        raise DownloadError(
            f"{url} cannot be fetched ({error}): check the address, and NBSUITE_ZENODO if set."
        ) from error


def host(url: str) -> str:
    """The server's name (and port) in an address."""
    return urlsplit(url).netloc


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if response.ok or status == RANGE_NOT_SATISFIABLE:
        return
    answer = f"{status} {response.reason}".strip()
    if status in _TRANSIENT_STATUSES:
        raise TransientFault(
            f"it answers {answer}", _seconds(response.headers.get("Retry-After", ""))
        )
    raise DownloadError(
        f"{response.url} cannot be fetched, the server answers {answer}: look at the record in a"
        " browser, and at NBSUITE_ZENODO if it is set."
    )


def _seconds(retry_after: str) -> float | None:
    """The header's value in seconds from now; it states seconds or a date (RFC 9110, 10.2.3)."""
    if retry_after.isdigit():
        return float(retry_after)
    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max((moment - datetime.now(timezone.utc)).total_seconds(), 0.0)


def _describe(error: requests.exceptions.RequestException, policy: RetryPolicy) -> str:
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
