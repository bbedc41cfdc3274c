"""Writing files: whole or not at all, and what an error says."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from nbsuite.errors import UsageError
from nbsuite.files import atomic_write, ensure_writable


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
    path = tmp_path / ("a" * 250)
    with pytest.raises(OSError, match="too long") as caught, atomic_write(path):
        pytest.fail("begun to write")
    assert caught.value.filename == str(path)
