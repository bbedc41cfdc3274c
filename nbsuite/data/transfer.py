"""Streaming one address into one partial file, resuming where it ends."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import requests

from nbsuite.data.retries import OnPause, RetryPolicy, TransientFault, call_with_retries
from nbsuite.data.web import RANGE_NOT_SATISFIABLE, open_url
from nbsuite.errors import DownloadError

# A stall loses what the HTTP library had buffered of a block: a small one loses little.
BLOCK_BYTES = 1 << 16
OK, PARTIAL_CONTENT = 200, 206

ByteProgress = Callable[[int, "int | None"], None]
"""Receives the bytes held so far and their number in the end, where the server tells it."""


def download_to(
    partial: Path,
    url: str,
    policy: RetryPolicy,
    *,
    progress: ByteProgress | None = None,
    on_pause: OnPause | None = None,
) -> None:
    """Complete ``partial`` from ``url``; whatever interrupts this, the bytes held stay.

    Raises:
        TransientFault: patience is spent; the next call resumes.
        DownloadError: the server refuses, or the disk has too little space.
        OSError: the file cannot be written.
    """

    def attempt() -> None:
        _fetch_rest(partial, url, policy, progress or _ignore)

    def bytes_held() -> int:
        return partial.stat().st_size if partial.exists() else 0

    call_with_retries(attempt, policy, bytes_held=bytes_held, on_pause=on_pause)


def discard_partial(partial: Path) -> None:
    """Remove the bytes held, and the note of which version of the file they belong to."""
    partial.unlink(missing_ok=True)
    _entity_tag(partial).unlink(missing_ok=True)


def _fetch_rest(partial: Path, url: str, policy: RetryPolicy, progress: ByteProgress) -> None:
    """One request for the bytes not yet held."""
    held = partial.stat().st_size if partial.exists() else 0
    with open_url(url, policy, _range_headers(partial, held)) as response:
        start, total = _range_answered(response)
        if response.status_code == RANGE_NOT_SATISFIABLE:
            if total == held:
                return
            discard_partial(partial)
            raise TransientFault("its file is not the one begun here")
        if start not in (0, held):
            discard_partial(partial)
            raise TransientFault("it answers another range than asked for")
        _check_space(partial, start, total)
        _note_entity_tag(partial, response)
        _append_body(partial, response, start, total, progress)


def _range_headers(partial: Path, held: int) -> dict[str, str]:
    """Ask for the rest, and for the whole file instead should it have changed (If-Range)."""
    if not held:
        return {}
    tag = _entity_tag(partial)
    condition = {"If-Range": tag.read_text()} if tag.exists() else {}
    return {"Range": f"bytes={held}-", **condition}


def _range_answered(response: requests.Response) -> tuple[int, int | None]:
    """First byte of the answer and size of the whole file; a plain 200 starts at byte 0."""
    stated = re.fullmatch(
        r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", "")
    )
    if response.status_code in (PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE) and stated:
        start, total = stated.groups()
        return int(start or 0), int(total) if total != "*" else None
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() and response.status_code == OK else None


def _check_space(partial: Path, start: int, total: int | None) -> None:
    free = shutil.disk_usage(partial.parent).free
    if total is not None and total - start > free:
        raise DownloadError(
            f"{partial.parent} has {free / 1e9:.1f} GB free where {partial.stem} needs another"
            f" {(total - start) / 1e9:.1f} GB: make room, or name another folder with --data-dir."
        )


def _append_body(
    partial: Path,
    response: requests.Response,
    start: int,
    total: int | None,
    progress: ByteProgress,
) -> None:
    """Write the body from byte ``start`` on."""
    held = start
    with partial.open("ab" if start else "wb") as stream:
        progress(held, total)
        for block in response.iter_content(BLOCK_BYTES):
            stream.write(block)
            held += len(block)
            progress(held, total)
    if total is not None and held < total:
        raise TransientFault("the connection broke off")


def _entity_tag(partial: Path) -> Path:
    """Where the ETag of the version begun is noted, for a later run to resume it."""
    return partial.with_name(f"{partial.name}.etag")


def _note_entity_tag(partial: Path, response: requests.Response) -> None:
    tag = response.headers.get("ETag", "")
    if tag.startswith('"'):  # a weak one (W/...) cannot tell whether bytes fit together
        _entity_tag(partial).write_text(tag)
    else:
        _entity_tag(partial).unlink(missing_ok=True)


def _ignore(held: int, total: int | None) -> None:
    """The progress of those who do not ask."""
