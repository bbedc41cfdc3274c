"""What a cache entry says of its arrays, in ``meta.json``; checked, for the entry is a file."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

from nbsuite.twin_info import TwinInfo, fault_of_twin
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode
from nbsuite.untrusted.json_text import read_json_file

_LARGEST = 256 << 10
_MOST_FINDINGS = 100
_LONGEST_FINDING = 1000


@dataclass(frozen=True)
class Meta:
    """What belongs to an entry's arrays.

    Attributes:
        key: name of the folder that the entry was made for.
        channels: recording channels C.
        steps: samples T.
        ends: where the training, validation and test set end, the last at T.
        reaches: number of segments of constant target position.
        findings: ends of sentences of what is worth a warning.
        twin: what the file says of itself where it is a session twin.
        checksums: CRC-32 of the files of spikes, labels and reaches. It is there for accidents,
            and with a third of the time of SHA-256; who changes a cache at will could change
            digests as well.
    """

    key: str
    channels: int
    steps: int
    ends: tuple[int, int, int]
    reaches: int
    findings: tuple[str, ...]
    twin: TwinInfo | None
    checksums: tuple[int, int, int]

    @property
    def bytes_a_step(self) -> int:
        """Bytes of a sample's input events, ceil(C / 8)."""
        return -(-self.channels // 8)


@dataclass(frozen=True)
class _File:
    """The file's content: what it says, and the CRC-32 of that."""

    content: Meta
    checksum: int


def read_meta(path: Path) -> Meta:
    """Read and check an entry's description.

    Raises:
        FormatFault: it is damaged, or does not fit together.
        OSError: it is missing or must not be read.
    """
    file = decode(_File, read_json_file(path, _LARGEST))
    meta = file.content
    if file.checksum != _checksum(meta):
        raise FormatFault("has a checksum that is not that of its content")
    first, second, last = meta.ends
    if not (meta.channels > 0 and 0 < first < second < last == meta.steps >= meta.reaches > 0):
        raise FormatFault("has splits, channels or reaches that do not fit")
    if len(meta.findings) > _MOST_FINDINGS or not all(map(_is_shown_whole, meta.findings)):
        raise FormatFault("has findings that are not such")
    if meta.twin is not None and fault_of_twin(meta.twin):
        raise FormatFault("has a label of a twin that is none")
    return meta


def write_meta(path: Path, meta: Meta) -> None:
    """Write an entry's description.

    Raises:
        OSError: the disk is full.
    """
    file = _File(meta, _checksum(meta))
    path.write_text(json.dumps(asdict(file), indent=1), encoding="utf-8")


def _checksum(meta: Meta) -> int:
    return zlib.crc32(json.dumps(asdict(meta), sort_keys=True).encode())


def _is_shown_whole(finding: str) -> bool:
    return finding.isprintable() and len(finding) <= _LONGEST_FINDING
