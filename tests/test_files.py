"""Writing files: whole or not at all, and what an error says."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nbsuite.errors import UsageError
from nbsuite.files import atomic_write, ensure_writable

KILLED = """
import os, pathlib, signal, sys
from nbsuite.files import atomic_write

with atomic_write(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_text("half of it")
    os.kill(os.getpid(), signal.SIGKILL)
"""
WAITING = """
import pathlib, sys
from nbsuite.files import atomic_write

with atomic_write(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_text("theirs")
    print("ready", flush=True)
    sys.stdin.read()
"""


def parts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


@pytest.mark.skipif(os.name != "posix", reason="processes are asked after as Unix does")
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "out" / "results.json"
    subprocess.run([sys.executable, "-c", KILLED, target], check=False)
    assert len(parts(target.parent)) == 1
    with atomic_write(target.with_name("other.json")) as temporary:
        temporary.write_text("another target")
    assert len(parts(target.parent)) == 1
    with atomic_write(target) as temporary:
        temporary.write_text("ours")
    assert parts(target.parent) == []
    assert target.read_text() == "ours"


@pytest.mark.skipif(os.name != "posix", reason="processes are asked after as Unix does")
def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    command = [sys.executable, "-c", WAITING, str(target)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with atomic_write(target) as temporary, atomic_write(target) as second:
            assert len(parts(tmp_path)) == 3
            second.write_text("ours, within")
            temporary.write_text("ours")
        assert target.read_text() == "ours"
        other.communicate("")
    assert other.returncode == 0
    assert target.read_text() == "theirs"
    assert parts(tmp_path) == []


@pytest.mark.parametrize("writer", ["", "00000000-1-", "00000000-999999999-"])
def test_files_of_writers_unknown_are_left_alone_for_a_day(tmp_path: Path, writer: str) -> None:
    target = tmp_path / "results.json"
    left = tmp_path / f".results.json.{writer}ab_cd123.part"
    for hours, there in ((0, True), (20, True), (30, False)):
        left.write_text("half of it")
        touched = left.stat().st_mtime - 3600 * hours
        os.utime(left, (touched, touched))
        with atomic_write(target) as temporary:
            temporary.write_text("ours")
        assert left.exists() is there


@pytest.mark.parametrize(
    "name",
    [
        ".results.json.part",
        "results.json.ab_cd123.part",
        ".results.json.mine.part",
        ".results.json.more.json.ab_cd123.part",
        ".results.json.00000000-0-ab_cd123.part",
    ],
)
def test_other_files_are_never_removed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    os.utime(tmp_path / name, (0, 0))
    with atomic_write(tmp_path / "results.json") as temporary:
        temporary.write_text("ours")
    assert (tmp_path / name).read_text() == "precious"


def test_leftovers_that_cannot_be_removed_harm_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".results.json.ab_cd123.part"
    folder.mkdir()
    os.utime(folder, (0, 0))
    with atomic_write(tmp_path / "results.json") as temporary:
        temporary.write_text("ours")
    assert folder.is_dir()


def test_names_as_long_as_can_be(tmp_path: Path) -> None:
    with atomic_write(tmp_path / ("x" * 250)) as temporary:
        temporary.write_text("ours")
    assert [len(path.name) for path in tmp_path.iterdir()] == [250]


def test_a_link_that_leads_round_in_circles_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.symlink_to(path)
    with atomic_write(path) as temporary:
        temporary.write_text("ours")
    assert not path.is_symlink()
    assert path.read_text() == "ours"


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path / "tmp5g_lg7dq"))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(OSError, match="Read-only") as caught:
        ensure_writable(tmp_path)
    assert caught.value.filename == str(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "device", "socket", "link"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/null")
    elif kind == "link":
        path.symlink_to("/dev/null")
    else:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    before = path.lstat()
    with pytest.raises(UsageError, match=str(path)), atomic_write(path):
        pytest.fail("begun to write")
    assert path.lstat() == before


def test_the_path_that_was_asked_for_is_named_where_it_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 300)
    with pytest.raises(OSError, match="too long") as caught, atomic_write(path):
        pytest.fail("begun to write")
    assert caught.value.filename == str(path)
