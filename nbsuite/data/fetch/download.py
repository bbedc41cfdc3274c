"""Fetching a recording from Zenodo: resumed, verified, and one run at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from nbsuite.data.digests import file_digest, remember_digest, remembered_digest
from nbsuite.data.fetch.retries import OnPause, RetryPolicy, TransientFault
from nbsuite.data.fetch.transfer import discard_partial, download_to
from nbsuite.data.fetch.web import host
from nbsuite.data.fetch.zenodo import base_url, file_url, largest_size, published_md5
from nbsuite.data.folders import real_path
from nbsuite.data.sessions import Session
from nbsuite.errors import DownloadError
from nbsuite.files import digest

DEFAULT_POLICY = RetryPolicy()


@dataclass(frozen=True)
class Progress:
    """Where a download stands.

    Attributes:
        stage: ``waiting`` for another run that fetches the same file, ``downloading``,
            ``retrying`` after a pause, or ``verifying``.
        done: bytes held, or hashed.
        total: bytes in the end, where known.
        note: why it waits.
    """

    stage: Literal["waiting", "downloading", "retrying", "verifying"]
    done: int = 0
    total: int | None = None
    note: str = ""


Report = Callable[[Progress], None]


def fetch(
    session: Session,
    folder: Path,
    *,
    server: str | None = None,
    policy: RetryPolicy = DEFAULT_POLICY,
    force: bool = False,
    progress: Report | None = None,
) -> Path:
    """Fetch one session's recording, unless the published file is there already.

    The bytes are collected in ``<name>.mat.part``, which the next call resumes, and get the final
    name once their md5 is the published one.

    Args:
        session: a public session.
        folder: the folder of recordings; made if need be.
        server: the address to fetch from instead of ``NBSUITE_ZENODO`` or Zenodo.
        policy: how long to be patient with the server.
        force: replace a file of that name that is not the published one.
        progress: told where the download stands.

    Returns:
        The recording's path.

    Raises:
        DownloadError: the server cannot be reached or refuses, the bytes are wrong, the folder
            cannot be written, the disk is full, or another file has the recording's name.
    """
    address, report = base_url(server), progress or _ignore
    path = real_path(session, folder)
    partial = path.with_name(f"{path.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _one_run_at_a_time(path, report):
            _check_places(path, partial, force)
            on_pause = _pauses(report)
            md5 = published_md5(session, address, policy, on_pause)
            if path.exists() and _is_published(path, md5, force, report):
                discard_partial(partial)  # of a run that was killed at its very end
            else:
                download_to(
                    partial,
                    file_url(session, address),
                    policy,
                    largest=largest_size(session, md5, address),
                    progress=lambda held, total: report(Progress("downloading", held, total)),
                    on_pause=on_pause,
                )
                _accept(partial, path, md5, report)
    except TransientFault as fault:
        raise DownloadError(_unreachable(session, folder, host(address), fault)) from fault
    except OSError as error:
        raise DownloadError(_unwritable(path, error)) from error
    return path


@contextmanager
def _one_run_at_a_time(path: Path, report: Report) -> Iterator[None]:
    """Hold the lock on ``path``; say so when another run holds it."""
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(Progress("waiting", note="another run is fetching it"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _check_places(path: Path, partial: Path, force: bool) -> None:
    """Refuse to write where something else lies, before a byte is fetched.

    Raises:
        DownloadError: a folder, a pipe or the like is in the way, or a link that leads nowhere.
    """
    if path.exists() and not path.is_file():
        raise DownloadError(f"{path} is in the way and no file: move it away.")
    if path.is_symlink() and not path.exists() and not force:
        raise DownloadError(
            f"{path} is a link that leads nowhere: mend it, or replace it with --force."
        )
    # Through a link, bytes that nobody has verified would get another name than they are due.
    if os.path.lexists(partial) and (partial.is_symlink() or not partial.is_file()):
        raise DownloadError(f"{partial} is in the way and no file of bytes begun: move it away.")


def _is_published(path: Path, md5: str, force: bool, report: Report) -> bool:
    """Whether the file that is there is the published one; False where it may be replaced."""
    found = remembered_digest(path, "md5")
    if found is None:
        found = file_digest(path, "md5", _hashing(path, report))
    if found == md5:
        return True
    if force:
        return False
    raise DownloadError(
        f"{path} is not the published file (its md5 is {found}, not {md5}): move it away, or"
        " replace it with --force."
    )


def _pauses(report: Report) -> OnPause:
    """Pauses as progress."""
    return lambda fault, pause: report(
        Progress("retrying", note=f"{fault}, next attempt in {pause:.0f} s")
    )


def _accept(partial: Path, path: Path, md5: str, report: Report) -> None:
    """Give the file its name if its bytes are the published ones; discard it if not."""
    found = digest(partial, "md5", _hashing(partial, report))
    if found != md5:
        discard_partial(partial)
        raise DownloadError(
            f"{path.name} arrived with md5 {found} where {md5} is published, and was discarded:"
            " fetch it again, and if that fails too, suspect the network or the mirror."
        )
    with partial.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(partial, path)
    discard_partial(partial)
    remember_digest(path, "md5", md5)


def _hashing(path: Path, report: Report) -> Callable[[int], None]:
    """Progress of hashing ``path``, from the sizes of the blocks read."""
    done, total = 0, path.stat().st_size

    def advance(block: int) -> None:
        nonlocal done
        done += block
        report(Progress("verifying", done, total))

    return advance


def _unreachable(session: Session, folder: Path, server: str, fault: TransientFault) -> str:
    """The sentence for a server that did not answer in the end."""
    twin = f", or work on its twin: nbsuite data twin {session.id}" if session.id else ""
    return (
        f"{session.name}.mat could not be fetched from {server} ({fault}): run this again to"
        f" resume, copy the file by hand to {folder}{twin}."
    )


def _unwritable(path: Path, error: OSError) -> str:
    """The sentence for a disk that is full, or a folder that may not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk of {path.parent} is full, {path.name} is incomplete: make room and run this"
            " again to resume, or name another folder with --data-dir."
        )
    reason = str(error.strerror or error)
    if error.filename not in (None, str(path)):  # a folder, the lock, the bytes begun
        reason += f": {error.filename}"
    return (
        f"{path} cannot be written ({reason}): mend the folder's permissions, or"
        " name another folder with --data-dir."
    )


def _ignore(progress: Progress) -> None:
    """The report of those who do not ask."""
