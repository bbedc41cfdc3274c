"""Archives that could leave the folder, replace, run or flood something: refused by name."""

from __future__ import annotations

import contextlib
import io
import pickle
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsuite.errors import PackageError
from nbsuite.submissions import package_archive, package_layout
from nbsuite.submissions.package_archive import unpack
from nbsuite.submissions.package_manifest import check_manifest
from nbsuite.submissions.package_validation import validate_package
from tests.submissions.packages import RESULTS, Files, read, refusal


@pytest.fixture(autouse=True)
def _unpacked(tmp_path: Path) -> None:
    (tmp_path / "unpacked").mkdir()


@pytest.fixture
def files(package: Path) -> Files:
    return read(package)


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
    monkeypatch.setattr(package_layout, "LARGEST_CHECKPOINT", 20_000)
    assert "is larger than 20,000 bytes" in refusal(package, tmp_path)


def test_packages_over_the_limit(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_archive, "LARGEST_PACKAGE", 50_000)
    assert "is larger than" in refusal(package, tmp_path)


def test_too_many_files(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_archive, "MOST_FILES", 10)
    assert "it holds 31 files, where 10 are allowed" in refusal(package, tmp_path)


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
    content[content.index(b"Random weights.")] ^= 1
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
    validate_package(copy, tmp_path / "unpacked", allow_twins=True)


def test_other_files_are_no_package(tmp_path: Path) -> None:
    (tmp_path / "team.zip").write_bytes(pickle.dumps(io.BytesIO(b"x").getvalue()))
    assert "is not a whole zip archive" in refusal(tmp_path / "team.zip", tmp_path)
    assert "There is no package at" in refusal(tmp_path / "other.zip", tmp_path)
