from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import read_bounded, read_bounded_text


def test_a_file_within_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("ü")
    assert read_bounded(path, 2) == "ü".encode()
    assert read_bounded_text(path) == "ü"
    with pytest.raises(FormatFault, match="is larger than 1 bytes"):
        read_bounded(path, 1)


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_regular_file(tmp_path: Path, kind: str) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "a"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(FormatFault, match="is no regular file"):
        read_bounded(path)
