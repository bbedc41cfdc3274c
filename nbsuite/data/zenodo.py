"""Where the recordings are published, and the sizes and digests published with them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import requests

from nbsuite.data.folders import cache_folder
from nbsuite.data.retries import OnPause, RetryPolicy, call_with_retries
from nbsuite.data.web import host, open_url
from nbsuite.errors import DownloadError
from nbsuite.files import atomic_write
from nbsuite.sessions import Session

RECORD = "583331"
BASE_URL = "https://zenodo.org"
BASE_URL_VARIABLE = "NBSUITE_ZENODO"


@dataclass(frozen=True)
class PublishedFile:
    """What the record states of one file: bytes, and md5 in hexadecimal."""

    size: int
    md5: str


def base_url(explicit: str | None = None) -> str:
    """The server: ``explicit``, else ``NBSUITE_ZENODO`` (a mirror), else Zenodo."""
    return (explicit or os.environ.get(BASE_URL_VARIABLE) or BASE_URL).rstrip("/")


def file_url(session: Session, server: str) -> str:
    """The address of a session's recording."""
    return f"{server}/records/{RECORD}/files/{session.name}.mat?download=1"


def published_md5(
    session: Session, server: str, policy: RetryPolicy, on_pause: OnPause | None = None
) -> str:
    """The md5 published for a session, asked of the server where it is not known here.

    Args:
        session: a public session.
        server: the server's address.
        policy: how long to be patient with it.
        on_pause: told of each passing fault and of the seconds until the next attempt.

    Raises:
        TransientFault: the server cannot be reached.
        DownloadError: the record does not list the session.
    """
    if known := known_md5(session, server):
        return known
    listing = _request_listing(server, policy, on_pause)
    _remember_listing(listing, server)
    if (file := listing.get(f"{session.name}.mat")) is None:
        raise DownloadError(
            f"Record {RECORD} at {host(server)} does not list {session.name}.mat: see"
            " `nbsuite sessions` for the sessions it holds."
        )
    return file.md5


def known_md5(session: Session, server: str) -> str | None:
    """The md5 published for a session, as far as it is known without asking the server."""
    if session.md5 is not None:
        return session.md5
    file = _remembered_listing(server).get(f"{session.name}.mat")
    return file.md5 if file else None


def _request_listing(
    server: str, policy: RetryPolicy, on_pause: OnPause | None
) -> dict[str, PublishedFile]:
    """Every file of the record, by name (https://developers.zenodo.org/#records)."""
    url = f"{server}/api/records/{RECORD}"

    def attempt() -> dict[str, PublishedFile]:
        with open_url(url, policy) as response:
            try:
                return {
                    entry["key"]: PublishedFile(
                        int(entry["size"]), str(entry["checksum"]).removeprefix("md5:")
                    )
                    for entry in response.json()["files"]
                }
            except (KeyError, TypeError, requests.exceptions.JSONDecodeError) as error:
                raise DownloadError(
                    f"{url} does not answer with the record's list of files: check the network"
                    " (a login page in between?), and NBSUITE_ZENODO if it is set."
                ) from error

    return call_with_retries(attempt, policy, on_pause=on_pause)


def _listing_path(server: str) -> Path:
    return cache_folder() / f"record-{RECORD}-{host(server).replace(':', '-')}.json"


def _remember_listing(listing: dict[str, PublishedFile], server: str) -> None:
    """Keep the listing: a published record does not change."""
    with atomic_write(_listing_path(server)) as temporary:
        temporary.write_text(json.dumps({name: asdict(file) for name, file in listing.items()}))


def _remembered_listing(server: str) -> dict[str, PublishedFile]:
    try:
        content = json.loads(_listing_path(server).read_text())
        return {name: PublishedFile(**file) for name, file in content.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # none yet, or damaged: it is asked for again
