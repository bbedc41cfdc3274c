"""Writing files: whole or not at all, and what an error says."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from nbsuite.files import ensure_writable


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path / "tmp5g_lg7dq"))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(OSError, match="Read-only") as caught:
        ensure_writable(tmp_path)
    assert caught.value.filename == str(tmp_path)
