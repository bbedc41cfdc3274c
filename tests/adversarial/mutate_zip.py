"""Mutations of zip archives: names, links, sizes, methods, extra fields, bombs, directories."""

from __future__ import annotations

import stat
import struct
import warnings
import zipfile
from io import BytesIO
from random import Random

from tests.adversarial.box import Files
from tests.adversarial.mutant import Mutant

_NAMES = (
    "../escaped",
    "../../../../../../escaped",
    "/escaped",
    "C:\\escaped",
    "..\\escaped",
    "results/../../escaped",
    "results/results_x.json/../../../escaped",
    "checkpoints/../manifest.json",
    "\x1b[31mred",
    "right\u202eleft",
    "results/results_\ud800.json",
    "evil.pkl",
    "evil.py",
    "nul\x00.json",
    "long" * 5000,
    "",
    "results",
    "results/",
    "MANIFEST.JSON",
    ".",
    "results/results_\N{FULLWIDTH FULL STOP}.json",
)
_CENTRAL = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
_END = b"PK\x05\x06"
_CENTRAL_FIELDS = {8: 2, 10: 2, 12: 2, 16: 4, 20: 4, 24: 4, 28: 2, 30: 2, 32: 2, 38: 4, 42: 4}
_LOCAL_FIELDS = {6: 2, 8: 2, 14: 4, 18: 4, 22: 4, 26: 2, 28: 2}
_END_FIELDS = {4: 2, 8: 2, 10: 2, 12: 4, 16: 4, 20: 2}


def read_members(content: bytes) -> Files:
    """The members of a sound archive by name."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_members(members: Files, method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of plain members, all of one date."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(_info(name), content, method)
    return stream.getvalue()


def _info(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, (stat.S_IFREG | 0o644) << 16
    return member


def mutate_zip(content: bytes, rng: Random) -> Mutant:
    """Change the archive itself, and leave the content of its members.

    The first word of ``what`` is the class: ``add``, ``rename``, ``drop``, ``bomb``, ``many``,
    ``extra``, ``field``, ``method``, ``deflate``, ``comment`` or ``cut``.
    """
    name = rng.choice(tuple(_OPERATIONS))
    mutant = _OPERATIONS[name](content, rng)
    return Mutant(f"{name}: {mutant.what}", mutant.content, mutant.wrong)


def _add(content: bytes, rng: Random) -> Mutant:
    """Another member, by a name or of a kind that is not welcome."""
    stream, name = BytesIO(content), rng.choice(_NAMES)
    member = _info("x")
    member.filename = name
    kind = rng.choice(("file", "link", "device", "encrypted", "twice"))
    if kind == "link":
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
    elif kind == "device":
        member.external_attr = (stat.S_IFCHR | 0o777) << 16
    elif kind == "twice":
        member.filename = rng.choice(list(read_members(content)))
    encoded = member.filename = member.filename.encode("utf-8", "replace").decode()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "a") as archive:
        warnings.simplefilter("ignore")  # of a name that is there already
        archive.writestr(member, b"/etc/passwd")
    data = stream.getvalue()
    if kind == "encrypted":
        data = _set(data, _CENTRAL, -1, 8, struct.pack("<H", 1))
    return Mutant(f"{kind} {encoded[:40]!a}", data)


def _rename(content: bytes, rng: Random) -> Mutant:
    members = read_members(content)
    old, new = rng.choice(list(members)), rng.choice(_NAMES).replace("\ud800", "?")[:60_000]
    members[new] = members.pop(old)
    return Mutant(f"{old} to {new[:40]!a}", write_members(members))


def _drop(content: bytes, rng: Random) -> Mutant:
    members = read_members(content)
    name = rng.choice(list(members))
    del members[name]
    return Mutant(name, write_members(members))


def _bomb(content: bytes, rng: Random) -> Mutant:
    """A member that grows, deflated or said to be small."""
    members = read_members(content)
    name = rng.choice(list(members))
    members[name] = rng.choice((b"\x00", b" ", b"[")) * rng.choice((9 << 20, 40 << 20))
    return Mutant(name, write_members(members, zipfile.ZIP_DEFLATED))


def _many(content: bytes, rng: Random) -> Mutant:
    stream, count = BytesIO(), rng.choice((1_001, 20_000))
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(count):
            archive.writestr(_info(f"results/results_{number}.json"), b"")
    return Mutant(f"{count} members", stream.getvalue())


def _extra(content: bytes, rng: Random) -> Mutant:
    """Extra fields; one of them may give a member another name (0x7075, as Info-ZIP does)."""
    stream, members = BytesIO(), read_members(content)
    victim, kind = rng.choice(list(members)), rng.choice((0x7075, 0x7075, 0x0001, 0x5455, 0xFFFF))
    other = rng.choice(_NAMES).encode("utf-8", "replace")[:30_000]
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            member = _info(name)
            if name == victim:
                crc = zipfile.crc32(name.encode()) if kind == 0x7075 else rng.getrandbits(32)
                body = struct.pack("<BI", 1, crc) + other
                member.extra = struct.pack("<HH", kind, len(body)) + body
            archive.writestr(member, data)
    return Mutant(f"{kind:#06x} of {victim}, {other[:40]!r}", stream.getvalue())


def _field(content: bytes, rng: Random) -> Mutant:
    """One number of the archive's own structures."""
    signature, fields = rng.choice(
        ((_CENTRAL, _CENTRAL_FIELDS), (_LOCAL, _LOCAL_FIELDS), (_END, _END_FIELDS))
    )
    offset, size = rng.choice(list(fields.items()))
    value = rng.choice((0, 1, 2, 8, 99, 0x7FFF, 0xFFFF, 0xFFFFFFFF, rng.getrandbits(32)))
    number = rng.randrange(1 << 16)
    raw = value.to_bytes(4, "little")[:size]
    return Mutant(f"{signature!r}+{offset}={value}", _set(content, signature, number, offset, raw))


def _method(content: bytes, rng: Random) -> Mutant:
    method = rng.choice((zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    return Mutant(str(method), write_members(read_members(content), method))


def _deflate(content: bytes, _rng: Random) -> Mutant:
    """As people pack again by hand."""
    return Mutant("all", write_members(read_members(content), zipfile.ZIP_DEFLATED))


def _comment(content: bytes, rng: Random) -> Mutant:
    """Bytes before, after and between."""
    stream = BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = rng.choice((b"\x1b[31m", b"x" * 65_000, _END + b"\x00" * 18, content[:9]))
    data = rng.choice((stream.getvalue(), b"MZ" * 50 + content, content + content))
    return Mutant("or padding", data)


def _cut(content: bytes, rng: Random) -> Mutant:
    at = rng.randrange(len(content) - 1)
    return Mutant(f"at {at}", content[:at], wrong=True)


def _set(content: bytes, signature: bytes, number: int, offset: int, raw: bytes) -> bytes:
    """Put bytes at an offset of one of the places where a signature stands."""
    places = [at for at in range(len(content)) if content.startswith(signature, at)]
    at = places[number % len(places)] + offset
    return content[:at] + raw + content[at + len(raw) :]


_OPERATIONS = {
    "add": _add,
    "rename": _rename,
    "drop": _drop,
    "bomb": _bomb,
    "many": _many,
    "extra": _extra,
    "field": _field,
    "method": _method,
    "deflate": _deflate,
    "comment": _comment,
    "cut": _cut,
}
