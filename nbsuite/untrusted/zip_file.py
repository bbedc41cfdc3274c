"""Zip archives from strangers, unpacked into memory within bounds.

A small archive can have a directory of millions of members, members that lie over one another, and
content that grows a thousandfold. All of it is counted before, and again while it is unpacked.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import open_regular

MOST_MEMBERS = 4096
_LARGEST_READ = 1 << 20
_LONGEST_NAME = 200
_ENCRYPTED = 0x1
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(RuntimeError, ValueError, OverflowError),
)
"""What zipfile raises on damaged archives."""


def read_zip(path: Path, *, largest: int, compressed: bool) -> dict[str, bytearray]:
    """The contents of all members of a zip archive, by name.

    Args:
        path: the archive.
        largest: bytes that it may have, and its members together once they are unpacked.
        compressed: whether members may be deflated; otherwise they are stored as they are.

    Raises:
        FormatFault: it is no regular file, too large, damaged, or no such archive.
        FileNotFoundError, PermissionError: it is missing or must not be read.
    """
    with open_regular(path, largest) as stream:
        try:
            with zipfile.ZipFile(BoundedReads(stream, _LARGEST_READ)) as archive:
                members = archive.infolist()
                _check_members(members, path.stat().st_size, largest, compressed=compressed)
                return {member.filename: _unpack(archive, member) for member in members}
        except FormatFault:
            raise
        except _DAMAGE as error:
            raise FormatFault("is a truncated or damaged zip archive, or none") from error


class BoundedReads:
    """A stream of which nobody takes more at once than a directory may have.

    zipfile reads the directory as a whole, and makes an object of every entry.

    Args:
        stream: a file, opened for reading.
        largest: bytes that may be read at once.
    """

    def __init__(self, stream: BinaryIO, largest: int) -> None:
        self._stream, self._largest = stream, largest
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1, /) -> bytes:
        """Read as any file does.

        Raises:
            FormatFault: there is more of what is asked for than may be read at once.
        """
        content = self._stream.read(size if 0 <= size <= self._largest else self._largest + 1)
        if len(content) > self._largest:
            raise FormatFault(f"has a directory of more than {self._largest:,} bytes")
        return content


def _check_members(
    members: list[zipfile.ZipInfo], file_size: int, largest: int, *, compressed: bool
) -> None:
    """Make sure that the members fit into the file and into memory, each under its own name.

    Raises:
        FormatFault: they do not.
    """
    if len(members) > MOST_MEMBERS:
        raise FormatFault(f"holds more than {MOST_MEMBERS:,} members")
    names = set()
    for member in members:
        if fault := _fault(member, compressed=compressed):
            raise FormatFault(f"has a member {member.filename[:_LONGEST_NAME]!a} that {fault}")
        if member.filename in names:
            raise FormatFault(f"has the member {member.filename!a} twice")
        names.add(member.filename)
    if sum(member.compress_size for member in members) > file_size:
        raise FormatFault("is a damaged zip archive, whose members lie over one another")
    if sum(member.file_size for member in members) > largest:
        raise FormatFault(f"unpacks to more than {largest:,} bytes")


def _fault(member: zipfile.ZipInfo, *, compressed: bool) -> str | None:
    name = member.filename
    if name != member.orig_filename or len(name) > _LONGEST_NAME or not name.isprintable():
        return "has an impossible name"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if member.compress_type == zipfile.ZIP_STORED:
        return None if member.file_size == member.compress_size else "has two sizes"
    if compressed and member.compress_type == zipfile.ZIP_DEFLATED:
        return None
    return "is compressed" if not compressed else "is compressed in an unusual way"


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytearray:
    content = bytearray()
    with archive.open(member) as source:
        while block := source.read(_LARGEST_READ):
            content += block
    if len(content) != member.file_size:
        raise FormatFault(f"is cut short: its member {member.filename!a} lacks bytes")
    return content
