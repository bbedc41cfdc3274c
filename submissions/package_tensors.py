"""Safetensors files from strangers: what is checked before the file is read in earnest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbsuite.errors import PackageError
from nbsuite.models.checkpoint import METADATA_KEY
from nbsuite.submissions.package_json import parse_json

LARGEST_HEADER = 1 << 20
_LENGTH_BYTES = 8
_ZIP, _PICKLE = b"PK\x03\x04", 0x80
_PICKLE_PROTOCOLS = range(2, 6)


def check_tensor_file(path: Path, origin: str) -> None:
    """Make sure that a file is safetensors with a header of sane size and depth.

    Raises:
        PackageError: names the fault: a pickle, an oversized header, JSON of no use.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(_LENGTH_BYTES)
        length = int.from_bytes(start, "little")
        if start.startswith(_ZIP) or _is_pickle(start, length, size):
            raise PackageError(
                f"{origin} is a pickle or a PyTorch file, which could run code when it is read."
            )
        if len(start) < _LENGTH_BYTES or length > min(LARGEST_HEADER, size - _LENGTH_BYTES):
            raise PackageError(
                f"{origin} is no safetensors file: it announces a header of {length:,} bytes, "
                f"where the file has {size:,} and {LARGEST_HEADER:,} are the most allowed."
            )
        header = _parse(stream.read(length), origin)
    data = size - _LENGTH_BYTES - length
    if _announced_bytes(header) != data:
        raise PackageError(
            f"{origin} is damaged or cut short: its {data:,} bytes after the header are not what "
            "the header announces."
        )
    parse_json(str(header.get("__metadata__", {}).get(METADATA_KEY, "{}")), origin)


def _announced_bytes(header: Any) -> int | None:
    """Where the last tensor ends; None for a header that is not that of a safetensors file."""
    try:
        metadata = header.get("__metadata__", {})
        ends = [entry["data_offsets"][1] for entry in header.values() if entry is not metadata]
        return max(ends) if isinstance(metadata, dict) and ends else None
    except (AttributeError, KeyError, IndexError, TypeError):
        return None


def _is_pickle(start: bytes, length: int, size: int) -> bool:
    """Whether a file begins as a pickle does, and its first bytes make no length of a header."""
    return (
        len(start) > 1
        and start[0] == _PICKLE
        and start[1] in _PICKLE_PROTOCOLS
        and length > size - _LENGTH_BYTES
    )


def _parse(header: bytes, origin: str) -> Any:
    try:
        return parse_json(header.decode("utf-8"), origin)
    except UnicodeDecodeError as error:
        raise PackageError(f"{origin} has a header that is not UTF-8 text.") from error
