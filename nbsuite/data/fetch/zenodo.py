"""Where the recordings are published, and the sizes and digests published with them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbsuite.data.fetch.retries import OnPause, RetryPolicy, call_with_retries
from nbsuite.data.fetch.web import OK, host, is_address, open_url
from nbsuite.data.folders import cache_folder
from nbsuite.data.sessions import Session
from nbsuite.errors import DownloadError, UsageError
from nbsuite.files import atomic_write
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.json_text import parse_json, read_json_file
from nbsuite.untrusted.names import fault_of_name

RECORD = "583331"
BASE_URL = "https://zenodo.org"
BASE_URL_VARIABLE = "NBSUITE_ZENODO"

LARGEST_FILE = 8 << 30
"""Bytes that a recording may have whose size is not known; none of the record comes near it."""

_LARGEST_LISTING = 4 << 20


@dataclass(frozen=True)
class PublishedFile:
    """What the record states of one file.

    Attributes:
        size: bytes.
        md5: the digest in hexadecimal.
    """

    size: int
    md5: str


@dataclass(frozen=True)
class _Entry:
    """A file in the answer of the record's API, as far as it matters here."""

    key: str
    size: int
    checksum: str


def base_url(explicit: str | None = None) -> str:
    """The server: ``explicit``, else ``NBSUITE_ZENODO`` (a mirror), else Zenodo.

    Raises:
        DownloadError: it is no address of a server.
    """
    address = (explicit or os.environ.get(BASE_URL_VARIABLE) or BASE_URL).rstrip("/")
    if is_address(address) and not set("?#") & set(address):
        return address
    raise DownloadError(
        f"{address} is no address of a server such as {BASE_URL}: mend or unset NBSUITE_ZENODO."
    )


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


def largest_size(session: Session, md5: str, server: str) -> int:
    """Bytes that the recording of that md5 can have, by what is known without asking the server."""
    file = _remembered_listing(server).get(f"{session.name}.mat")
    return file.size if file is not None and file.md5 == md5 else LARGEST_FILE


def _request_listing(
    server: str, policy: RetryPolicy, on_pause: OnPause | None
) -> dict[str, PublishedFile]:
    """Every file of the record, by name (https://developers.zenodo.org/#records)."""
    url = f"{server}/api/records/{RECORD}"

    def attempt() -> dict[str, PublishedFile]:
        with open_url(url, policy) as answer:
            try:
                if answer.status != OK:
                    raise FormatFault("is not the whole of it")
                return _parse_listing(answer.body(_LARGEST_LISTING))
            except FormatFault as error:
                raise DownloadError(
                    f"{url} does not answer with the record's list of files (it {error}): check"
                    " the network (a login page in between?), and NBSUITE_ZENODO if it is set."
                ) from error

    return call_with_retries(attempt, policy, on_pause=on_pause)


def _parse_listing(content: bytes) -> dict[str, PublishedFile]:
    """The files that a record lists; those with names that no recording has are left out.

    Raises:
        FormatFault: it is no record, or an entry is not what it must be.
    """
    try:
        record = parse_json(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FormatFault("is not UTF-8 text") from error
    entries = record.get("files") if isinstance(record, dict) else None
    if not isinstance(entries, list):
        raise FormatFault("has no list 'files'")
    listing = {}
    for values in entries:
        entry = decode(_Entry, _known_fields(values))
        file = _checked(PublishedFile(entry.size, entry.checksum.removeprefix("md5:")))
        if entry.key in listing:
            raise FormatFault(f"lists {entry.key[:100]!a} twice")
        if fault_of_name(entry.key) is None:
            listing[entry.key] = file
    return listing


def _known_fields(values: Any) -> Any:
    """The values that are looked at; the record's API gives more, and may give others."""
    known = _Entry.__dataclass_fields__
    return {k: v for k, v in values.items() if k in known} if isinstance(values, dict) else values


def _checked(file: PublishedFile) -> PublishedFile:
    """The file, if it can be one.

    Raises:
        FormatFault: it has an impossible size or md5.
    """
    if not 0 < file.size <= LARGEST_FILE:
        raise FormatFault(f"states a file of {file.size} bytes")
    if not re.fullmatch("[0-9a-f]{32}", file.md5):
        raise FormatFault(f"states the md5 {file.md5[:40]!a}")
    return file


def _listing_path(server: str) -> Path:
    """One file a server, named after it, or after a digest of what can be no name."""
    name = host(server).replace(":", "-")
    if fault_of_name(name) is not None:
        name = hashlib.sha256(server.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return cache_folder() / f"record-{RECORD}-{name}.json"


def _remember_listing(listing: dict[str, PublishedFile], server: str) -> None:
    """Keep the listing: a published record does not change."""
    # A cache that cannot be written only costs a question at the next call.
    with suppress(OSError, UsageError), atomic_write(_listing_path(server)) as temporary:
        content = {name: asdict(file) for name, file in listing.items()}
        temporary.write_text(json.dumps(content), encoding="utf-8")


def _remembered_listing(server: str) -> dict[str, PublishedFile]:
    try:
        content = read_json_file(_listing_path(server), _LARGEST_LISTING)
        if not isinstance(content, dict):
            return {}
        return {name: _checked(decode(PublishedFile, file)) for name, file in content.items()}
    except (OSError, FormatFault):
        return {}  # none yet, or damaged: it is asked for again
