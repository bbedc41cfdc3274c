"""Archives that could leave the folder, replace, run or flood something: refused by name.

What zipfile makes of an archive differs between versions of Python: these tests need no torch, so
that they are soon run on all of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import pickle
import stat
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.errors import PackageError
from nbsuite.submissions.package import archive as package_archive
from nbsuite.submissions.package import layout as package_layout
from nbsuite.submissions.package.archive import unpack, write_archive
from nbsuite.submissions.package.manifest import check_manifest
from tests.submissions.packages import FIRST, PROVENANCE, RESULTS, SUMMARY, Files, read

CONTENTS: Files = {
    name: f"This stands for {name}.".encode() * 40
    for name in ("README.md", "evaluate.py", RESULTS, PROVENANCE, SUMMARY, FIRST)
}


@pytest.fixture(autouse=True)
def _unpacked(tmp_path: Path) -> None:
    (tmp_path / "unpacked").mkdir()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive as packages are. Shared by all tests: copy it before changing it."""
    folder = tmp_path_factory.mktemp("archive")
    listed = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in CONTENTS.items()
    }
    manifest = json.dumps({"format": 1, "nbsuite": "0.1.0", "files": listed}).encode()
    for name, content in (CONTENTS | {"manifest.json": manifest}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    write_archive(folder / "team.zip", folder, [*CONTENTS, "manifest.json"])
    return folder / "team.zip"


@pytest.fixture
def files(package: Path) -> Files:
    return read(package)


def refusal(package: Path, folder: Path) -> str:
    """The sentence with which an archive is refused; nothing is written but in its folder."""
    before = set(folder.iterdir())
    with pytest.raises(PackageError) as caught:
        unpack(package, folder / "unpacked")
    assert set(folder.iterdir()) == before
    message = str(caught.value)
    assert str(package) in message
    assert message.isprintable()
    assert len(message) <= 500
    return message


def append(package: Path, tmp_path: Path, member: zipfile.ZipInfo | str, content: bytes) -> Path:
    """A copy of the package with one more member."""
    copy = tmp_path / "team.zip"
    copy.write_bytes(package.read_bytes())
    with zipfile.ZipFile(copy, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
    return copy


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../../evil.py", "leads out of the folder"),
        ("results/../../evil.json", "leads out of the folder"),
        ("results\\..\\..\\evil.json", "leads out of the folder"),
        ("/etc/passwd", "has an absolute path"),
        ("C:/evil.exe", "has an absolute path"),
        ("evil.py", "is none of the files that a package holds"),
        ("checkpoints/sub/a.safetensors", "is none of the files"),
        ("results/results_\x1b[31m.json", "is none of the files"),
        ("checkpoints/", "is none of the files"),
        ("checkpoints/model.pth", "can hold a pickle"),
        ("weights.pkl", "can hold a pickle"),
    ],
)
def test_names_that_are_refused(package: Path, tmp_path: Path, name: str, message: str) -> None:
    assert message in refusal(append(package, tmp_path, name, b"x"), tmp_path)
    assert not list(tmp_path.glob("evil*"))
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_a_link(package: Path, tmp_path: Path) -> None:
    member = zipfile.ZipInfo("results/results_link.json")
    member.create_system = 3
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    message = refusal(append(package, tmp_path, member, b"/etc/passwd"), tmp_path)
    assert "its member 'results/results_link.json' is a link" in message


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [RESULTS, RESULTS.replace("RSNN", "rsnn")])
def test_a_name_twice(package: Path, tmp_path: Path, name: str) -> None:
    assert "is there twice" in refusal(append(package, tmp_path, name, b"{}"), tmp_path)


def test_a_bomb(package: Path, tmp_path: Path) -> None:
    bomb = append(package, tmp_path, "results/results_bomb.json", bytes(5 << 20))
    message = refusal(bomb, tmp_path)
    assert "'results/results_bomb.json' is a bomb, which grows more than 100 times" in message
    written = sum(path.stat().st_size for path in (tmp_path / "unpacked").rglob("*bomb*"))
    assert written < 2 << 20


def test_a_bomb_that_understates_its_size(package: Path, tmp_path: Path) -> None:
    bomb = append(package, tmp_path, "results/results_bomb.json", bytes(5 << 20))
    size = struct.pack("<L", 5 << 20)
    content = bomb.read_bytes()
    assert content.count(size) == 2  # in the member's own header and in the directory
    bomb.write_bytes(content.replace(size, struct.pack("<L", 10)))
    assert "is not a whole zip archive" in refusal(bomb, tmp_path)


def test_files_over_the_limit(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_layout, "LARGEST_CHECKPOINT", 1_000)
    assert "is larger than 1,000 bytes" in refusal(package, tmp_path)


def test_packages_over_the_limit(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_archive, "LARGEST_PACKAGE", 5_000)
    assert "is larger than" in refusal(package, tmp_path)


def test_too_many_files(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_archive, "MOST_FILES", 6)
    assert "it holds 7 files, where 6 are allowed" in refusal(package, tmp_path)


def test_an_encrypted_member(package: Path, tmp_path: Path) -> None:
    content = bytearray(package.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1
    copy = tmp_path / "team.zip"
    copy.write_bytes(content)
    assert "is encrypted" in refusal(copy, tmp_path)


def test_another_compression(files: Files, tmp_path: Path) -> None:
    copy = tmp_path / "team.zip"
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("README.md", files["README.md"])
    assert "is compressed by another method" in refusal(copy, tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_archive(package: Path, tmp_path: Path, share: float) -> None:
    content = package.read_bytes()
    copy = tmp_path / "team.zip"
    copy.write_bytes(content[: int(share * len(content))])
    assert "is not a whole zip archive" in refusal(copy, tmp_path)


def test_a_damaged_member(package: Path, tmp_path: Path) -> None:
    content = bytearray(package.read_bytes())
    content[content.index(b"This stands for README.md")] ^= 1
    copy = tmp_path / "team.zip"
    copy.write_bytes(content)
    assert "is not a whole zip archive (Bad CRC-32" in refusal(copy, tmp_path)


@pytest.fixture(scope="module")
def folder_of_copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies")


@settings(max_examples=100)
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=3),
    anywhere=st.booleans(),
)
def test_damage_anywhere_is_refused_or_harmless(
    package: Path, folder_of_copies: Path, changes: list[tuple[float, int]], anywhere: bool
) -> None:
    """Bytes changed in the whole archive, or in its directory at the end."""
    content = bytearray(package.read_bytes())
    start = 0 if anywhere else content.index(b"PK\x01\x02")
    for place, value in changes:
        content[start + int(place * (len(content) - 1 - start))] = value
    copy = folder_of_copies / "team.zip"
    copy.write_bytes(content)
    unpacked = Path(tempfile.mkdtemp(dir=folder_of_copies))
    with contextlib.suppress(PackageError):
        names = unpack(copy, unpacked)
        check_manifest(unpacked, names)
        assert {name: (unpacked / name).read_bytes() for name in names} == read(package)


def test_a_local_name_that_differs_from_the_directory(package: Path, tmp_path: Path) -> None:
    content = package.read_bytes().replace(b"README.md", b"../EVIL.m", 1)
    copy = tmp_path / "team.zip"
    copy.write_bytes(content)
    assert "is not a whole zip archive" in refusal(copy, tmp_path)


def test_packing_again_by_hand_is_valid(files: Files, tmp_path: Path) -> None:
    copy = tmp_path / "team.zip"
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    assert sorted(unpack(copy, tmp_path / "unpacked")) == sorted(files)
    assert {name: (tmp_path / "unpacked" / name).read_bytes() for name in files} == files


def test_other_files_are_no_package(tmp_path: Path) -> None:
    (tmp_path / "team.zip").write_bytes(pickle.dumps(io.BytesIO(b"x").getvalue()))
    assert "is not a whole zip archive" in refusal(tmp_path / "team.zip", tmp_path)
    assert "There is no package at" in refusal(tmp_path / "other.zip", tmp_path)


def with_unicode_path(name: str, path: str, *, checksum: int | None = None) -> zipfile.ZipInfo:
    """A member with a field for a Unicode path, as Info-ZIP writes it."""
    member = zipfile.ZipInfo(name)
    checksum = zlib.crc32(name.encode()) if checksum is None else checksum
    field = struct.pack("<BL", 1, checksum) + path.encode()
    member.extra = struct.pack("<HH", 0x7075, len(field)) + field
    return member


@pytest.mark.parametrize(
    "path",
    [
        "../evil.json",
        "../../evil.json",
        "results/../../evil.json",
        "{folder}/evil.json",
        "..\\evil.json",
        "results/results_other.json",
        "README.md",
        RESULTS,
        "results",
        "results/",
        ".",
        "",
        "\0",
    ],
)
def test_a_second_name_in_a_field_for_unicode_paths(
    package: Path, tmp_path: Path, path: str
) -> None:
    member = with_unicode_path("results/results_good.json", path.format(folder=tmp_path))
    message = refusal(append(package, tmp_path, member, b"x"), tmp_path)
    assert "results/results_good.json" in message
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_a_second_name_is_refused_even_where_it_is_not_followed(
    package: Path, tmp_path: Path
) -> None:
    """Other programs may not look at the checksum, nor does Python below 3.12 at the field."""
    name = "results/results_good.json"
    for member in (
        with_unicode_path(name, "../evil.json", checksum=0),
        with_unicode_path(name, name),
    ):
        copy = append(package, tmp_path, member, b"x")
        assert "has a second name" in refusal(copy, tmp_path)


@pytest.mark.parametrize("extra", [b"\x75\x70\x02\x00\x01\x00", b"\x75\x70\xff\xff"])
def test_fields_that_are_cut_short(package: Path, tmp_path: Path, extra: bytes) -> None:
    member = zipfile.ZipInfo("results/results_good.json")
    member.extra = extra
    refusal(append(package, tmp_path, member, b"x"), tmp_path)


def renamed(package: Path, tmp_path: Path, name: bytes, *, utf8: bool = False) -> Path:
    """A copy of the package in which the bytes of a member's name are others, everywhere."""
    content = package.read_bytes()
    assert len(name) == len(b"README.md")
    assert content.count(b"README.md") > 2  # its own header, the directory, the manifest
    entry = content.index(b"README.md") - 30
    directory = content.rindex(b"README.md") - 46
    changed = bytearray(content.replace(b"README.md", name))
    if utf8:
        changed[entry + 7] |= 8
        changed[directory + 9] |= 8
    copy = tmp_path / "team.zip"
    copy.write_bytes(changed)
    return copy


@pytest.mark.parametrize("utf8", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        b"README.m\0",
        b"EADME.md\0",
        b"\xff\xfeADME.md",
        b"\xc3\xa9ADME.md",
        b"README.m\n",
        b"../EVIL.m",
        b"/tmp/EVIL",
        b"C:EVIL.md",
        b"..\\EVIL.m",
        b"results/.",
        b".........",
    ],
)
def test_names_of_strange_bytes(package: Path, tmp_path: Path, name: bytes, utf8: bool) -> None:
    refusal(renamed(package, tmp_path, name, utf8=utf8), tmp_path)
    assert list((tmp_path / "unpacked").iterdir()) == []


@pytest.mark.parametrize("kind", [0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFIFO])
def test_a_member_without_a_name(package: Path, tmp_path: Path, kind: int) -> None:
    member = zipfile.ZipInfo("")
    member.external_attr = (kind | 0o644) << 16
    copy = append(package, tmp_path, member, b"x")
    assert "its member '' is none of the files that a package holds" in refusal(copy, tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_a_member_that_is_no_plain_file(package: Path, tmp_path: Path, kind: int) -> None:
    member = zipfile.ZipInfo("results/results_good.json")
    member.external_attr = (kind | 0o644) << 16
    assert "is no plain file" in refusal(append(package, tmp_path, member, b"x"), tmp_path)


def test_a_member_of_a_folder(package: Path, tmp_path: Path) -> None:
    """A link that stands where the archive's folder would be made."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "unpacked" / "checkpoints").symlink_to(outside)
    with pytest.raises(PackageError, match="leads out of its folder"):
        unpack(package, tmp_path / "unpacked")
    assert list(outside.iterdir()) == []


def test_a_directory_larger_than_that_of_any_package(tmp_path: Path) -> None:
    """Its members would take memory before they could be counted."""
    copy = tmp_path / "team.zip"
    with zipfile.ZipFile(copy, "w") as archive:
        for number in range(65):
            member = zipfile.ZipInfo(f"results/results_{number}.json")
            member.comment = bytes(65_000)
            archive.writestr(member, b"{}")
    assert "it has a directory of more than" in refusal(copy, tmp_path)


def test_an_offset_that_no_file_reaches(package: Path, tmp_path: Path) -> None:
    member = zipfile.ZipInfo("results/results_good.json")
    copy = append(package, tmp_path, member, b"x")
    content = bytearray(copy.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    zip64 = struct.pack("<HHQ", 1, 8, 2**64 - 1)
    content[entry + 42 : entry + 46] = b"\xff" * 4
    content[entry + 30 : entry + 32] = struct.pack("<H", len(zip64))
    name = entry + 46 + len(member.filename)
    content[name:name] = zip64
    end = content.rindex(b"PK\x05\x06")
    size = struct.unpack_from("<L", content, end + 12)[0]
    content[end + 12 : end + 16] = struct.pack("<L", size + len(zip64))
    copy.write_bytes(content)
    assert "is not a whole zip archive" in refusal(copy, tmp_path)


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    output = tmp_path / "team.zip"
    with pytest.raises(PackageError, match=r"is not written: 'a\.pkl' is of a kind that can hold"):
        write_archive(output, tmp_path, ["README.md", "a.pkl"])
    names = [f"results/results_{number}.json" for number in range(package_layout.MOST_FILES + 1)]
    with pytest.raises(PackageError, match="1,001 files, where 1,000 are allowed"):
        write_archive(output, tmp_path, names)
    assert not output.exists()


def test_a_pipe_is_no_package(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes with names")
    os.mkfifo(tmp_path / "team.zip")
    assert "There is no package at" in refusal(tmp_path / "team.zip", tmp_path)
