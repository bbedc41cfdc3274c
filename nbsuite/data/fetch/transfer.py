"""Streaming one address into one partial file, resuming where it ends."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from nbsuite.data.fetch.retries import OnPause, RetryPolicy, TransientFault, call_with_retries
from nbsuite.data.fetch.web import OK, RANGE_NOT_SATISFIABLE, Answer, open_url
from nbsuite.errors import DownloadError
from nbsuite.files import atomic_write
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import read_bounded_text

ByteProgress = Callable[[int, "int | None"], None]
"""Receives the bytes held so far and their number in the end, where the server tells it."""

_LONGEST_TAG = 200
# A strong one, of visible ASCII (RFC 9110, 8.8.3): a weak one (W/...) cannot tell whether bytes fit
# together, and what else there may be is not sent back.
_ENTITY_TAG = re.compile(rf'"[!#-~]{{0,{_LONGEST_TAG}}}"')
_COUNT = "([0-9]{1,18})"
_CONTENT_RANGE = re.compile(rf"bytes (?:{_COUNT}-{_COUNT}|\*)/(?:{_COUNT}|\*)")


def download_to(
    partial: Path,
    url: str,
    policy: RetryPolicy,
    *,
    largest: int,
    progress: ByteProgress | None = None,
    on_pause: OnPause | None = None,
) -> None:
    """Complete ``partial`` from ``url``; whatever interrupts this, the bytes held stay.

    Args:
        partial: the file to complete.
        url: the address.
        policy: how long to be patient with the server.
        largest: bytes that the file can have; one that turns out larger is discarded.
        progress: told of the bytes held.
        on_pause: told of each passing fault and of the seconds until the next attempt.

    Raises:
        TransientFault: patience is spent; the next call resumes.
        DownloadError: the server refuses or sends too much, or the disk has too little space.
        OSError: the file cannot be written.
    """

    def attempt() -> None:
        _fetch_rest(partial, url, policy, largest, progress or _ignore)

    call_with_retries(attempt, policy, bytes_held=lambda: _held(partial), on_pause=on_pause)


def discard_partial(partial: Path) -> None:
    """Remove the bytes held, and the note of which version of the file they belong to."""
    partial.unlink(missing_ok=True)
    _entity_tag(partial).unlink(missing_ok=True)


def _held(partial: Path) -> int:
    return partial.stat().st_size if partial.exists() else 0


def _fetch_rest(
    partial: Path, url: str, policy: RetryPolicy, largest: int, progress: ByteProgress
) -> None:
    """One request for the bytes not yet held."""
    held = _held(partial)
    with open_url(url, policy, _range_headers(partial, held)) as answer:
        start, total = _range_answered(answer)
        if answer.status == RANGE_NOT_SATISFIABLE:
            if total == held:
                return
            discard_partial(partial)
            raise TransientFault("its file is not the one begun here")
        if start is None or start not in (0, held):
            discard_partial(partial)
            raise TransientFault("it answers another range than asked for")
        _check_size(partial, total or 0, largest)
        _check_space(partial, start, total)
        if start == 0:  # before the tag: it must not stand beside bytes of another version
            discard_partial(partial)
        _note_entity_tag(partial, answer.headers)
        _append_body(partial, answer, start, total, largest, progress)


def _range_headers(partial: Path, held: int) -> dict[str, str]:
    """Ask for the rest, and for the whole file instead should it have changed (If-Range)."""
    if not held:
        return {}
    tag = _noted_entity_tag(partial)
    return {"Range": f"bytes={held}-", **({"If-Range": tag} if tag else {})}


def _range_answered(answer: Answer) -> tuple[int | None, int | None]:
    """First byte of the answer and size of the whole file; a plain 200 starts at byte 0.

    The first is None where a part is answered without saying which, or one that cannot be.
    """
    if answer.status == OK:
        length = answer.headers.get("Content-Length", "")
        return 0, int(length) if re.fullmatch(_COUNT, length) else None
    stated = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if stated is None:
        return None, None
    first, last, total = (int(count) if count else None for count in stated.groups())
    if first is not None and last is not None and total is not None and not first <= last < total:
        return None, None
    return first, total


def _check_size(partial: Path, size: int, largest: int) -> None:
    """Discard what is not the published file, for that has at most so many bytes."""
    if size > largest:
        discard_partial(partial)
        raise DownloadError(
            f"{partial.stem} is sent with more than the {largest:,} bytes that it can have, and was"
            " discarded: fetch it again, and if that fails too, suspect the network or the mirror."
        )


def _check_space(partial: Path, start: int, total: int | None) -> None:
    free = shutil.disk_usage(partial.parent).free
    if total is not None and total - start > free:
        raise DownloadError(
            f"{partial.parent} has {free / 1e9:.1f} GB free where {partial.stem} needs another"
            f" {(total - start) / 1e9:.1f} GB: make room, or name another folder with --data-dir."
        )


def _append_body(
    partial: Path,
    answer: Answer,
    start: int,
    total: int | None,
    largest: int,
    progress: ByteProgress,
) -> None:
    """Write the body from byte ``start`` on."""
    held = start
    with partial.open("ab" if start else "wb") as stream:
        progress(held, total)
        for block in answer.blocks:
            held += len(block)
            if held > largest:
                break
            stream.write(block)
            progress(held, total)
    _check_size(partial, held, largest)
    if total is not None and held < total:
        raise TransientFault("the connection broke off")


def _entity_tag(partial: Path) -> Path:
    """Where the ETag of the version begun is noted, for a later run to resume it."""
    return partial.with_name(f"{partial.name}.etag")


def _note_entity_tag(partial: Path, headers: Mapping[str, str]) -> None:
    tag = headers.get("ETag", "")
    if _ENTITY_TAG.fullmatch(tag):
        with atomic_write(_entity_tag(partial)) as temporary:
            temporary.write_text(tag, encoding="ascii")
    else:
        _entity_tag(partial).unlink(missing_ok=True)


def _noted_entity_tag(partial: Path) -> str | None:
    """The tag noted, unless that is none."""
    try:
        tag = read_bounded_text(_entity_tag(partial), _LONGEST_TAG + 2)
    except (OSError, FormatFault):
        return None
    return tag if _ENTITY_TAG.fullmatch(tag) else None


def _ignore(held: int, total: int | None) -> None:
    """The progress of those who do not ask."""
