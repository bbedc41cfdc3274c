"""Downloads from a real HTTP server that misbehaves in every way that was thought of."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from typing import BinaryIO

import pytest

from nbsuite.data.fetch import download, transfer
from nbsuite.data.fetch.download import Progress, Report, fetch
from nbsuite.data.fetch.retries import RetryPolicy
from nbsuite.data.fetch.web import BLOCK_BYTES
from nbsuite.data.sessions import Session
from nbsuite.data.verification import FileState, remembered_state, verify
from nbsuite.errors import DownloadError

from .flaky_server import (
    Fault,
    Handler,
    Server,
    answer,
    break_after,
    hang_up,
    refuse,
    running,
    slow,
    stall_after,
)

CONTENT = random.Random(1).randbytes(300_000)
NAME = "indy_20160622_01"
FILE = f"{NAME}.mat"
PINNED = Session(NAME, 96, "I1", md5(CONTENT, usedforsecurity=False).hexdigest())
UNPINNED = Session(NAME, 96)
HASTY = RetryPolicy(attempts=3, first_pause=0.01, longest_pause=0.02)
IMPATIENT = replace(HASTY, read_timeout=0.3)
"""For answers that stall; a busy machine may take as long for others."""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NBSUITE_ZENODO", raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    with running({FILE: CONTENT}) as state:
        yield state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def begin(folder: Path, content: bytes, tag: str | None = None) -> Path:
    """Leave a partial file, as an interrupted run would."""
    folder.mkdir(exist_ok=True)
    partial = folder / f"{FILE}.part"
    partial.write_bytes(content)
    if tag is not None:
        partial.with_name(f"{partial.name}.etag").write_text(tag)
    return partial


def visible(folder: Path) -> list[str]:
    """What lies in the folder, the lock aside."""
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def get(
    server: Server,
    folder: Path,
    session: Session = PINNED,
    *,
    policy: RetryPolicy = HASTY,
    force: bool = False,
    progress: Report | None = None,
) -> Path:
    return fetch(session, folder, server=server.url, policy=policy, force=force, progress=progress)


# --- what goes well


def test_a_recording_arrives_whole_and_alone(server: Server, folder: Path) -> None:
    steps: list[Progress] = []
    path = get(server, folder, progress=steps.append)
    assert path.read_bytes() == CONTENT
    assert visible(folder) == [FILE]
    assert server.ranges == [None]
    assert server.asked[0][0] == f"/records/583331/files/{FILE}?download=1"
    assert server.asked[0][1]["Accept-Encoding"] == "identity"
    loading = [step for step in steps if step.stage == "downloading"]
    assert loading[0].done == 0
    assert [step.done for step in loading] == sorted(step.done for step in loading)
    assert (loading[-1].done, loading[-1].total) == (len(CONTENT), len(CONTENT))
    assert steps[-1] == Progress("verifying", len(CONTENT), len(CONTENT))


def test_a_second_fetch_asks_the_server_nothing(server: Server, folder: Path) -> None:
    first = get(server, folder)
    asked = len(server.asked)
    assert get(server, folder) == first
    assert len(server.asked) == asked


def test_a_file_copied_by_hand_is_accepted_by_its_md5(server: Server, folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).write_bytes(CONTENT)
    assert get(server, folder).read_bytes() == CONTENT
    assert server.asked == []
    assert remembered_state(PINNED, folder) is FileState.VERIFIED


def test_a_partial_file_is_resumed(server: Server, folder: Path) -> None:
    tag = f'"md5:{PINNED.md5}"'
    begin(folder, CONTENT[:100_000], tag)
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges == ["bytes=100000-"]
    assert server.asked[0][1]["If-Range"] == tag
    assert visible(folder) == [FILE]


def test_a_partial_file_of_another_version_is_begun_again(server: Server, folder: Path) -> None:
    begin(folder, b"old" * 1000, '"another"')
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges == ["bytes=3000-"]  # one request: If-Range makes the server send it all


def test_a_server_that_ignores_ranges_sends_it_all_again(server: Server, folder: Path) -> None:
    server.honours_range = False
    begin(folder, b"x" * 100_000)
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges == ["bytes=100000-"]


def test_a_complete_partial_file_needs_no_further_bytes(server: Server, folder: Path) -> None:
    begin(folder, CONTENT)
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges == ["bytes=300000-"]


def test_a_partial_file_longer_than_the_file_is_begun_again(server: Server, folder: Path) -> None:
    begin(folder, CONTENT + b"more")
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges == ["bytes=300004-", None]


def test_another_range_than_asked_for_is_not_appended(server: Server, folder: Path) -> None:
    def other_range(handler: Handler, body: bytes) -> None:
        handler.head(206, {"Content-Range": "bytes 5-9/300000", "Content-Length": "5"})
        handler.wfile.write(body[5:10])

    begin(folder, CONTENT[:1000])
    server.faults.append(other_range)
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-", None]


def test_a_server_that_sends_less_than_the_rest_is_asked_for_more(
    server: Server, folder: Path
) -> None:
    def first_bytes_only(handler: Handler, body: bytes) -> None:
        handler.head(206, {"Content-Range": "bytes 1000-1999/300000", "Content-Length": "1000"})
        handler.wfile.write(body[1000:2000])

    begin(folder, CONTENT[:1000])
    server.faults.append(first_bytes_only)
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-", "bytes=2000-"]


# --- faults that pass


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (break_after(100_000), "broke off"),
        (stall_after(100_000), "no data for 0.3 s"),
        (stall_after(0), "no data for 0.3 s"),
        (hang_up, "broke off"),
        (refuse(500), "500 Internal Server Error"),
        (refuse(503), "503 Service Unavailable"),
        (refuse(429, Retry_After="0"), "429 Too Many Requests"),
    ],
    ids=["breaks-off", "stalls", "stalls-at-once", "hangs-up", "500", "503", "429"],
)
def test_a_passing_fault_is_tried_again(
    server: Server, folder: Path, fault: Fault, reason: str
) -> None:
    server.faults.append(fault)
    policy = IMPATIENT if "no data" in reason else HASTY
    steps: list[Progress] = []
    get(server, folder, policy=policy, progress=steps.append)
    assert (folder / FILE).read_bytes() == CONTENT
    pauses = [step.note for step in steps if step.stage == "retrying"]
    assert len(pauses) == 1
    assert reason in pauses[0]


def test_what_arrived_before_a_fault_is_not_asked_for_again(server: Server, folder: Path) -> None:
    server.faults.extend([break_after(100_000), stall_after(90_000)])
    assert get(server, folder, policy=IMPATIENT).read_bytes() == CONTENT
    starts = [int((stated or "bytes=0-")[6:-1]) for stated in server.ranges]
    assert starts[0] == 0
    assert 0 < starts[1] <= 100_000
    assert starts[1] < starts[2] <= starts[1] + 90_000


def test_gaining_bytes_renews_the_patience(server: Server, folder: Path) -> None:
    server.faults.extend([break_after(70_000)] * 4)  # more faults than HASTY.attempts
    assert get(server, folder).read_bytes() == CONTENT
    assert len(server.ranges) == 5


def test_a_server_that_always_breaks_off_and_knows_no_ranges_is_given_up(
    server: Server, folder: Path
) -> None:
    server.honours_range = False
    server.faults.extend([break_after(200_000), break_after(100_000), break_after(150_000)] * 3)
    with pytest.raises(DownloadError, match="broke off"):
        get(server, folder)
    assert len(server.ranges) == HASTY.attempts


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(server: Server, folder: Path, status: int) -> None:
    server.faults.append(refuse(status, Retry_After="1"))
    begun = time.monotonic()
    get(server, folder)
    assert 1.0 <= time.monotonic() - begun < 3.0


def test_a_retry_after_date_is_honoured(server: Server, folder: Path) -> None:
    server.faults.append(refuse(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"))
    assert get(server, folder).read_bytes() == CONTENT
    (folder / FILE).unlink()
    server.faults.append(refuse(503, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"))
    with pytest.raises(DownloadError, match=r"asks to wait \d{11,} s"):
        get(server, folder)


def test_a_retry_after_too_long_to_wait_for_is_said(server: Server, folder: Path) -> None:
    server.faults.append(refuse(429, Retry_After="3600"))
    with pytest.raises(DownloadError, match="429 Too Many Requests, and asks to wait 3600 s"):
        get(server, folder)
    assert len(server.asked) == 1


def test_patience_ends_and_the_bytes_stay(server: Server, folder: Path) -> None:
    server.faults.append(break_after(200_000))
    server.faults.extend([refuse(500)] * 3)
    with pytest.raises(DownloadError) as caught:
        get(server, folder)
    message = str(caught.value)
    for part in (FILE, "500 Internal Server Error", "to resume", str(folder), "nbsuite data twin"):
        assert part in message
    held = (folder / f"{FILE}.part").stat().st_size
    assert 0 < held <= 200_000
    assert FILE not in visible(folder)
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={held}-"


def test_pauses_double_up_to_the_longest() -> None:
    policy = RetryPolicy(first_pause=1, longest_pause=5)
    assert [policy.pause(count, None) for count in (1, 2, 3, 4, 5)] == [1, 2, 4, 5, 5]
    assert policy.pause(1, 7.0) == 7.0


def test_no_server_at_all_is_one_sentence_with_the_remedies(folder: Path) -> None:
    with running({}) as gone:
        pass
    with pytest.raises(DownloadError) as caught:
        get(gone, folder)
    assert str(caught.value) == (
        f"{FILE} could not be fetched from {gone.url[7:]} (the connection was refused): run this"
        f" again to resume, copy the file by hand to {folder}, or work on its twin: nbsuite data"
        " twin I1."
    )


def test_a_name_that_does_not_resolve_is_said(folder: Path) -> None:
    with pytest.raises(DownloadError, match="its name cannot be resolved"):
        fetch(PINNED, folder, server="http://nowhere.invalid", policy=HASTY)


# --- faults that stay


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_tried_again(server: Server, folder: Path, status: int) -> None:
    server.faults.append(refuse(status))
    with pytest.raises(DownloadError, match=f"{FILE}.* answers {status} .*look at the record"):
        get(server, folder)
    assert len(server.asked) == 1
    assert visible(folder) == []


def test_wrong_bytes_are_discarded_and_said(server: Server, folder: Path) -> None:
    server.faults.append(answer(b"<html>Please log in</html>"))
    with pytest.raises(DownloadError, match=rf"{FILE} arrived with md5 \w+ where {PINNED.md5}"):
        get(server, folder)
    assert visible(folder) == []
    assert len(server.asked) == 1
    assert get(server, folder).read_bytes() == CONTENT


def test_a_partial_file_that_was_spoilt_is_discarded(server: Server, folder: Path) -> None:
    begin(folder, b"x" * 1000)
    with pytest.raises(DownloadError, match="discarded"):
        get(server, folder)
    assert visible(folder) == []


def test_another_file_of_that_name_is_kept_unless_forced(server: Server, folder: Path) -> None:
    folder.mkdir()
    path = folder / FILE
    path.write_bytes(b"my own")
    with pytest.raises(DownloadError, match=f"{FILE} is not the published file.*--force"):
        get(server, folder)
    assert path.read_bytes() == b"my own"
    assert get(server, folder, force=True).read_bytes() == CONTENT


def test_an_address_that_is_none_is_said(folder: Path) -> None:
    with pytest.raises(DownloadError, match="NBSUITE_ZENODO"):
        fetch(PINNED, folder, server="zenodo", policy=HASTY)


# --- the record's list


def test_an_unpinned_session_is_verified_by_the_record(server: Server, folder: Path) -> None:
    assert get(server, folder, UNPINNED).read_bytes() == CONTENT
    assert [path for path, _ in server.asked] == [
        "/api/records/583331",
        f"/records/583331/files/{FILE}?download=1",
    ]
    server.files["loco_20170302_02.mat"] = b"other"
    (folder / FILE).unlink()
    get(server, folder, UNPINNED)
    assert sum(path.startswith("/api/") for path, _ in server.asked) == 1  # remembered


def test_wrong_bytes_of_an_unpinned_session_are_discarded(server: Server, folder: Path) -> None:
    server.faults.extend([slow(0), answer(b"wrong")])
    with pytest.raises(DownloadError, match="discarded"):
        get(server, folder, UNPINNED)
    assert visible(folder) == []


def test_a_session_that_the_record_does_not_list_is_said(server: Server, folder: Path) -> None:
    with pytest.raises(DownloadError, match=r"does not list indy_20990101_01\.mat"):
        get(server, folder, Session("indy_20990101_01", 96))


def test_the_server_can_be_named_by_the_environment(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUITE_ZENODO", f"{server.url}/")
    assert fetch(UNPINNED, folder).read_bytes() == CONTENT


# --- the disk


def test_too_little_space_is_said_before_a_byte_is_written(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = transfer.shutil.disk_usage("/")._replace(free=299_999)
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match=f"{folder} has 0.0 GB free where {FILE} needs"):
        get(server, folder)
    assert visible(folder) == []


class _FullDisk:
    """A stream onto a disk that takes a block and is then full."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.blocks = stream, 0

    def __enter__(self) -> _FullDisk:
        return self

    def __exit__(self, *fault: object) -> None:
        self.stream.close()

    def write(self, block: bytes) -> None:
        if self.blocks:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.blocks += 1
        self.stream.write(block)


def test_a_disk_that_fills_up_is_said_and_the_bytes_stay(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Callable[..., BinaryIO] = Path.open

    def open_on_full_disk(path: Path, mode: str = "r", *rest: object, **named: object) -> object:
        stream = opened(path, mode, *rest, **named)
        return _FullDisk(stream) if path.suffix == ".part" and mode in ("wb", "ab") else stream

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_on_full_disk)
        with pytest.raises(DownloadError, match=f"disk of {folder} is full, {FILE} is incomplete"):
            get(server, folder)
    held = (folder / f"{FILE}.part").stat().st_size
    assert held == BLOCK_BYTES
    assert len(server.asked) == 1
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={held}-"


def test_a_folder_that_cannot_be_made_is_said(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match=f"{FILE} cannot be written .*--data-dir"):
        get(server, tmp_path / "file" / "data")
    assert server.asked == []


# --- interruption and company


def test_ctrl_c_leaves_the_partial_file_to_resume_from(server: Server, folder: Path) -> None:
    def interrupt(step: Progress) -> None:
        if step.done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(server, folder, progress=interrupt)
    held = (folder / f"{FILE}.part").stat().st_size
    assert 100_000 < held < len(CONTENT)
    assert FILE not in visible(folder)
    assert get(server, folder).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={held}-"


def test_ctrl_c_while_verifying_leaves_no_file_of_the_final_name(
    server: Server, folder: Path
) -> None:
    def interrupt(step: Progress) -> None:
        if step.stage == "verifying":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(server, folder, progress=interrupt)
    assert FILE not in visible(folder)
    assert get(server, folder).read_bytes() == CONTENT


FETCHER = f"""
import sys
from pathlib import Path
from nbsuite.data.fetch.download import fetch
from nbsuite.data.sessions import Session
session = Session({NAME!r}, 96, "I1", {PINNED.md5!r})
fetch(session, Path(sys.argv[2]), server=sys.argv[1], progress=lambda step: print(step.stage))
"""


def test_two_processes_at_once_fetch_it_once(server: Server, folder: Path) -> None:
    server.faults.append(slow(1.5))
    command = [sys.executable, "-c", FETCHER, server.url, str(folder)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate(timeout=60)[0].split() for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert (folder / FILE).read_bytes() == CONTENT
    assert server.ranges == [None]
    assert sorted("downloading" in stages for stages in said) == [False, True]


def test_a_run_that_waits_for_another_says_so(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    other = download.FileLock(folder / f".{FILE}.lock")
    other.acquire()
    steps: list[Progress] = []

    def release_when_waited_for(step: Progress) -> None:
        steps.append(step)
        if step.stage == "waiting":
            other.release()

    assert get(server, folder, progress=release_when_waited_for).read_bytes() == CONTENT
    assert steps[0] == Progress("waiting", note="another run is fetching it")


# --- what is known of a file


def test_the_states_of_a_recording(folder: Path) -> None:
    folder.mkdir()
    path = folder / FILE
    assert verify(PINNED, folder) is FileState.MISSING
    path.write_bytes(CONTENT)
    assert remembered_state(PINNED, folder) is FileState.NOT_VERIFIED
    assert verify(PINNED, folder) is FileState.VERIFIED
    assert remembered_state(PINNED, folder) is FileState.VERIFIED
    assert verify(UNPINNED, folder) is FileState.UNKNOWN_DIGEST
    path.write_bytes(CONTENT[:-1] + b"?")
    os.utime(path, ns=(0, 0))
    assert remembered_state(PINNED, folder) is FileState.NOT_VERIFIED
    assert verify(PINNED, folder) is FileState.MISMATCH
    assert remembered_state(PINNED, folder) is FileState.MISMATCH


def test_a_fetched_recording_is_known_as_verified_without_reading_it(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(server, folder)
    monkeypatch.setattr("nbsuite.data.digests.digest", lambda *_: pytest.fail("read the file"))
    assert remembered_state(PINNED, folder) is FileState.VERIFIED


def test_verify_reads_the_file_again(folder: Path) -> None:
    folder.mkdir()
    path = folder / FILE
    path.write_bytes(CONTENT)
    verify(PINNED, folder)
    times = path.stat()
    path.write_bytes(CONTENT[:-1] + b"?")  # same size, and the same time put back
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert verify(PINNED, folder) is FileState.MISMATCH


@pytest.mark.parametrize("note", ["", "[]", '{"digest": 3}'])
def test_a_damaged_note_of_a_digest_is_no_digest(folder: Path, tmp_path: Path, note: str) -> None:
    folder.mkdir()
    (folder / FILE).write_bytes(CONTENT)
    verify(PINNED, folder)
    (path,) = (tmp_path / "cache" / "digests").iterdir()
    path.write_text(note)
    assert remembered_state(PINNED, folder) is FileState.NOT_VERIFIED
