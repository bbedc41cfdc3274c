"""Zip archives of submission packages: written the same every time, read with suspicion.

Every member is stored uncompressed under a sorted name, with one date and one set of permissions,
so that the same files give the same bytes on every machine. Reading accepts compressed archives
too (people pack again by hand), but no member that could leave the folder, replace another, run
code, or fill the disk: sizes are counted while unpacking, whatever the archive says of them.

A member may have several names: the one in the directory, the same with what the system's zipfile
makes of it, the one in a field for Unicode paths (which Python follows since 3.12), and the one
before its content. Only a member with one name is unpacked, and where that leads is checked.
"""

from __future__ import annotations

import errno
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from nbsuite.errors import PackageError
from nbsuite.files import CHUNK_BYTES, atomic_write
from nbsuite.submissions.package.layout import (
    HIGHEST_RATIO,
    KNOWN_NAME,
    LARGEST_PACKAGE,
    MOST_FILES,
    refusal,
    size_limit,
)
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import open_regular
from nbsuite.untrusted.names import inside
from nbsuite.untrusted.zip_file import BoundedReads

_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PERMISSIONS = stat.S_IFREG | 0o644
_ENCRYPTED = 0x1
_UNICODE_PATH = 0x7075
_EXTRA_HEADER = struct.Struct("<HH")
_LARGEST_READ = 4 << 20
_LARGEST_ARCHIVE = 4 << 30
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    EOFError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises on damaged archives; seeking to where no file reaches is an OSError."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PICKLE_SUFFIXES = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".npy", ".npz")


def write_archive(path: Path, folder: Path, names: Iterable[str]) -> None:
    """Write files of a folder as an archive, whole or not at all; the same give the same bytes.

    Raises:
        PackageError: the archive would be refused when it is read.
        OSError: the archive's folder cannot be written, or the disk is full.
    """
    for name in (due := sorted(names)):
        if fault := _fault_of_name(name):
            raise PackageError(f"{path} is not written: {name!a} {fault}.")
    if len(due) > MOST_FILES:
        raise PackageError(
            f"{path} is not written: {len(due):,} files, where {MOST_FILES:,} are allowed; "
            "submit fewer seeds."
        )
    with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in due:
            member = zipfile.ZipInfo(name, _DATE)
            member.create_system = _UNIX
            member.external_attr = _PERMISSIONS << 16
            archive.writestr(member, (folder / name).read_bytes())


def unpack(path: Path, folder: Path) -> list[str]:
    """Unpack a package into an empty folder, each member checked before it is written.

    Returns:
        The members' names.

    Raises:
        PackageError: the archive is missing, damaged, or holds what a package must not hold.
    """
    if not path.is_file():
        raise PackageError(f"There is no package at {path}; check the path.")
    try:
        with _opened(path) as archive:
            members = archive.infolist()
            _check_members(path, members)
            total = 0
            for member in members:
                total += _extract(path, archive, member, folder, LARGEST_PACKAGE - total)
    except FormatFault as fault:
        raise refusal(path, f"it {fault}.") from fault
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise  # a full disk, for example, is no fault of the archive
        raise PackageError(
            f"{path} is not a whole zip archive ({error}); copy it again from where it was packed."
        ) from error
    return [member.filename for member in members]


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive, opened for reading.

    Raises:
        FormatFault: it is no regular file, or it or its directory is larger than any package's.
        BadZipFile: it is no archive.
    """
    with open_regular(path, _LARGEST_ARCHIVE) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what zipfile only warns of is refused below
        with zipfile.ZipFile(BoundedReads(stream, _LARGEST_READ)) as archive:
            yield archive


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse by name what can be refused before anything is unpacked.

    Raises:
        PackageError: names the first member at fault.
    """
    if len(members) > MOST_FILES:
        raise refusal(path, f"it holds {len(members):,} files, where {MOST_FILES:,} are allowed.")
    seen = set()
    for member in members:
        if fault := _fault_of_member(member):
            raise _refusal(path, member, fault)
        if (name := member.filename.lower()) in seen:  # no name has letters that fold otherwise
            raise _refusal(path, member, "is there twice, and only one of them can be meant")
        seen.add(name)


def _fault_of_name(name: str) -> str | None:
    if name.startswith(("/", "\\")) or name[1:2] == ":":
        return "has an absolute path, which would be written outside the folder"
    if ".." in PurePosixPath(name.replace("\\", "/")).parts:
        return "has a path that leads out of the folder"
    if name.endswith(_PICKLE_SUFFIXES):
        return "is of a kind that can hold a pickle, which could run code when it is read"
    if not KNOWN_NAME.fullmatch(name):
        return "is none of the files that a package holds"
    return None


def _extra_fields(extra: bytes) -> set[int]:
    """The kinds of a member's extra fields: each has its kind and length before it."""
    kinds = set()
    while len(extra) >= _EXTRA_HEADER.size:
        kind, length = _EXTRA_HEADER.unpack_from(extra)
        kinds.add(kind)
        extra = extra[_EXTRA_HEADER.size + length :]
    return kinds


def _fault_of_member(member: zipfile.ZipInfo) -> str | None:
    for name in (member.filename, member.orig_filename):
        if fault := _fault_of_name(name):
            return fault
    if member.filename != member.orig_filename or _UNICODE_PATH in _extra_fields(member.extra):
        return "has a second name, which it could be written under"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if stat.S_ISLNK(kind):
        return "is a link, which could point anywhere"
    if kind not in (0, stat.S_IFREG):
        return "is no plain file"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in _METHODS:
        return "is compressed by another method than deflate"
    return None


def _extract(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, room: int
) -> int:
    """Unpack one member and count what comes out; the archive's own figures are not believed."""
    target = inside(folder, member.filename)
    target.parent.mkdir(exist_ok=True)
    limit = min(size_limit(member.filename), room)
    allowed = max(CHUNK_BYTES, HIGHEST_RATIO * member.compress_size)
    size = 0
    with archive.open(member) as source, target.open("xb") as sink:
        while block := source.read(CHUNK_BYTES):
            size += len(block)
            if size > limit:
                raise _refusal(path, member, f"is larger than {limit:,} bytes")
            if size > allowed:
                raise _refusal(
                    path, member, f"is a bomb, which grows more than {HIGHEST_RATIO} times"
                )
            sink.write(block)
    if size != member.file_size:
        raise _refusal(path, member, "has another size than the archive says")
    return size


def _refusal(path: Path, member: zipfile.ZipInfo, fault: str) -> PackageError:
    return refusal(path, f"its member {member.orig_filename[:200]!a} {fault}.")
