from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.zip_file import read_zip

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def archive(members: list[tuple[str, bytes]], method: int = STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        for name, content in members:
            file.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


def read(folder: Path, content: bytes, *, largest: int = 1 << 22, compressed: bool = True) -> dict:
    (folder / "file").write_bytes(content)
    return read_zip(folder / "file", largest=largest, compressed=compressed)


@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_members_come_back(tmp_path: Path, method: int) -> None:
    members = [("a/b", b"1" * 3_000_000), ("c", b"")]
    assert read(tmp_path, archive(members, method)) == dict(members)


def test_more_than_is_allowed(tmp_path: Path) -> None:
    small = archive([("a", bytes(1000))], DEFLATED)
    assert len(small) < 200
    with pytest.raises(FormatFault, match="unpacks to more than 999 bytes"):
        read(tmp_path, small, largest=999)
    with pytest.raises(FormatFault, match="'a' that is compressed"):
        read(tmp_path, small, compressed=False)
    with pytest.raises(FormatFault, match="larger than 100 bytes"):
        read(tmp_path, archive([("a", bytes(1000))]), largest=100)
    with pytest.raises(FormatFault, match="in an unusual way"):
        read(tmp_path, archive([("a", bytes(1000))], zipfile.ZIP_LZMA))
    with pytest.raises(FormatFault, match="more than 4,096 members"):
        read(tmp_path, archive([(f"{n}", b"") for n in range(4097)]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names(tmp_path: Path) -> None:
    with pytest.raises(FormatFault, match="'a' twice"):
        read(tmp_path, archive([("a", b"1"), ("a", b"2")]))
    for name in ("a\x1b", "a" * 300):
        with pytest.raises(FormatFault, match="impossible name"):
            read(tmp_path, archive([(name, b"")]))


def test_a_directory_that_would_fill_the_memory(tmp_path: Path) -> None:
    content = bytearray(archive([("a" * 150, b"")]))
    start = content.index(b"PK\1\2")
    entry = content[start : content.index(b"PK\5\6")]
    entries = bytes(entry) * 10_000
    end = content[-22:]
    end[12:16], end[16:20] = len(entries).to_bytes(4, "little"), start.to_bytes(4, "little")
    with pytest.raises(FormatFault, match="a directory of more than"):
        read(tmp_path, bytes(content[:start]) + entries + bytes(end))


def test_members_that_lie_over_one_another(tmp_path: Path) -> None:
    """One record of a thousand bytes under a hundred names."""
    content = archive([("a", bytes(1000))])
    start = content.index(b"PK\1\2")
    entries = b"".join(content[start : start + 46] + bytes([65 + n]) for n in range(60))
    end = bytearray(content[-22:])
    end[8:10] = end[10:12] = (60).to_bytes(2, "little")
    end[12:16] = len(entries).to_bytes(4, "little")
    with pytest.raises(FormatFault, match="lie over one another"):
        read(tmp_path, content[:start] + entries + bytes(end))


def test_two_sizes(tmp_path: Path) -> None:
    content = bytearray(archive([("a", b"1234")]))
    start = content.index(b"PK\1\2")
    content[start + 24 : start + 28] = (5).to_bytes(4, "little")
    with pytest.raises(FormatFault, match="has two sizes"):
        read(tmp_path, bytes(content))


WHOLE = archive([("a", b"1234"), ("b", b"5678" * 10)], DEFLATED)


@given(position=st.integers(0, len(WHOLE) - 1), value=st.integers(0, 255), cut=st.booleans())
def test_damage_is_found_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int, cut: bool
) -> None:
    folder = tmp_path_factory.getbasetemp()
    content = bytearray(WHOLE[:position] if cut else WHOLE)
    if not cut:
        content[position] = value
    try:
        members = read(folder, bytes(content))
    except FormatFault:
        return
    assert [bytes(each) for each in members.values()] == [b"1234", b"5678" * 10][: len(members)]
