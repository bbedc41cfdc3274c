"""Digests are remembered for a file as it was, and for no other."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
from collections.abc import Callable
from hashlib import md5, sha256
from pathlib import Path

import pytest

from nbsuite.data import digests
from nbsuite.data.digests import file_digest, remember_digest, remembered_digest

LARGE = random.Random(3).randbytes(3 << 20)
"""More than the sample holds."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "indy_x.mat"
    path.write_bytes(LARGE)
    return path


def notes(cache: Path) -> list[Path]:
    return sorted((cache / "digests").iterdir())


@pytest.mark.parametrize(("algorithm", "function"), [("sha256", sha256), ("md5", md5)])
@pytest.mark.parametrize("size", [1, 65536, 65537, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_remembered_while_the_file_stays(
    path: Path, algorithm: str, function: Callable[[bytes], object], size: int
) -> None:
    path.write_bytes(LARGE[:size])
    assert remembered_digest(path, algorithm) is None
    assert file_digest(path, algorithm) == function(LARGE[:size]).hexdigest()  # type: ignore[attr-defined]
    assert remembered_digest(path, algorithm) == file_digest(path, algorithm)


def edit_and_put_the_time_back(path: Path) -> None:
    """Change one byte that is in no sample, as ``touch -r`` would hide it."""
    times = path.stat()
    starts = digests._sample_starts(len(LARGE), sha256(LARGE).hexdigest())
    position = next(
        position
        for position in range(len(LARGE))
        if not any(start <= position < start + digests.SAMPLE_BYTES for start in starts)
    )
    with path.open("r+b") as stream:
        stream.seek(position)
        stream.write(bytes([LARGE[position] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def swap_with_a_copy_of_its_times(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(LARGE[::-1])
    shutil.copystat(path, other)
    os.replace(other, path)


@pytest.mark.parametrize("change", [edit_and_put_the_time_back, swap_with_a_copy_of_its_times])
def test_another_content_of_the_same_size_and_time_is_noticed(
    path: Path, change: Callable[[Path], None]
) -> None:
    file_digest(path)
    before = path.stat()
    change(path)
    after = path.stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    assert remembered_digest(path) is None
    assert file_digest(path) == sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("position", [0, len(LARGE) - 1])
def test_the_sample_alone_notices_a_change(
    path: Path, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system that tells no more of a file than its size."""
    monkeypatch.setattr(digests, "_identity", lambda status: (status.st_size,))
    file_digest(path)
    assert remembered_digest(path) is not None
    changed = bytearray(LARGE)
    changed[position] ^= 1
    path.write_bytes(changed)
    assert remembered_digest(path) is None


def test_the_sample_lies_all_over_the_file() -> None:
    size = 1 << 30
    starts = digests._sample_starts(size, "seed")
    assert (starts[0], starts[-1]) == (0, size - digests.SAMPLE_BYTES)
    assert starts == sorted(starts)
    assert len(starts) == digests.SAMPLES
    assert starts != digests._sample_starts(size, "another seed")


def test_changed_while_it_is_hashed(path: Path) -> None:
    def change(_block: int) -> None:
        if path.stat().st_size == len(LARGE):
            path.write_bytes(LARGE + b"more")

    file_digest(path, progress=change)
    assert remembered_digest(path) is None


@pytest.mark.parametrize(("age", "known"), [(0, False), (10, True)])
def test_where_times_are_coarse_a_fresh_file_is_not_remembered(
    path: Path, age: int, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = 1_000_000_000
    changed = path.stat().st_ctime_ns // second * second
    monkeypatch.setattr(digests.time, "time_ns", lambda: changed + age * second)
    monkeypatch.setattr(digests, "_SECOND", 1)  # every time is a whole one of these
    file_digest(path)
    assert (remembered_digest(path) is not None) is known


def test_the_note_of_another_file_does_not_hold(path: Path, cache_folder: Path) -> None:
    file_digest(path)
    other = path.with_name("indy_y.mat")
    shutil.copy2(path, other)
    file_digest(other)
    first, second = notes(cache_folder)
    shutil.copy(first, second)
    assert [remembered_digest(each) for each in (path, other)].count(None) == 1


def test_a_moved_file_is_hashed_again(path: Path) -> None:
    file_digest(path)
    assert remembered_digest(path.rename(path.with_name("indy_z.mat"))) is None


NOTES = {
    "empty": b"",
    "no object": b"[]",
    "no text": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "large": b" " * 1_000_000,
    "other fields": b'{"digest": "%s", "size": 3, "modified": 4}',
    "number": b'{"digest": 3, "seal": 4}',
    "no digest": b'{"digest": "../x", "seal": "y"}',
}


@pytest.mark.parametrize("content", NOTES.values(), ids=NOTES)
def test_a_damaged_note_is_none(path: Path, cache_folder: Path, content: bytes) -> None:
    file_digest(path)
    (note,) = notes(cache_folder)
    note.write_bytes(content)
    assert remembered_digest(path) is None
    file_digest(path)
    assert remembered_digest(path) is not None


def test_a_note_with_another_digest_is_none(path: Path, cache_folder: Path) -> None:
    file_digest(path)
    (note,) = notes(cache_folder)
    note.write_text(json.dumps(json.loads(note.read_text()) | {"digest": "0" * 64}))
    assert remembered_digest(path) is None


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda note: note.symlink_to(note)])
def test_something_else_in_the_place_of_a_note(
    path: Path, cache_folder: Path, make: Callable[[Path], None]
) -> None:
    file_digest(path)
    (note,) = notes(cache_folder)
    note.unlink()
    make(note)
    assert remembered_digest(path) is None
    assert file_digest(path) == sha256(LARGE).hexdigest()


@pytest.mark.parametrize("name", [b"indy\xff\n.mat", b"indy" + b"x" * 240 + b".mat", b"i \x1b[2J"])
def test_names_that_are_odd(path: Path, name: bytes) -> None:
    odd = Path(os.fsdecode(os.fsencode(path.parent) + b"/" + name))
    path.rename(odd)
    assert remembered_digest(odd) is None
    assert file_digest(odd) == remembered_digest(odd)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "indy_x.mat")
    with pytest.raises(OSError, match="no regular file") as caught:
        file_digest(tmp_path / "indy_x.mat")
    assert caught.value.errno == errno.EINVAL
    assert remembered_digest(tmp_path / "indy_x.mat") is None
    remember_digest(tmp_path / "indy_x.mat", "md5", "0" * 32)


@pytest.mark.parametrize("cache", ["/dev/null", "/dev/null/x", "loop", "file", "\udcff", "x" * 300])
def test_a_cache_that_is_none_is_passed_over(
    path: Path, cache: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("loop").symlink_to("loop")
    Path("file").write_text("")
    monkeypatch.setenv("NBSUITE_CACHE", cache)
    assert file_digest(path) == sha256(LARGE).hexdigest()
    assert remembered_digest(path) in (None, sha256(LARGE).hexdigest())
