"""Safetensors files from strangers: looked through before the library reads them.

A file is eight bytes that tell the header's length, the header as JSON, and the tensors' bytes
(https://github.com/huggingface/safetensors, format). Each tensor has its place in the bytes and
together they fill them, so that a small file cannot stand for large tensors.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import open_regular
from nbsuite.untrusted.json_text import parse_json

if TYPE_CHECKING:  # a header is read without torch
    from torch import Tensor

LARGEST_FILE = 1 << 30
LARGEST_HEADER = 1 << 20
MOST_TENSORS = 4096
_LENGTH_BYTES = 8
_LONGEST_NAME = 200
_MOST_DIMENSIONS = 8
_BYTES = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8, "BOOL": 1, "U8": 1} | {
    f"I{bits}": bits // 8 for bits in (8, 16, 32, 64)
}


def read_tensor_file(
    path: Path, *, largest: int = LARGEST_FILE, largest_header: int = LARGEST_HEADER
) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Metadata and tensors of a safetensors file.

    Args:
        path: the file.
        largest: bytes that it may have.
        largest_header: bytes that its header may have.

    Raises:
        FormatFault: it is no regular file, too large, damaged, or no safetensors file.
        OSError: it is missing or must not be read.
    """
    metadata = read_header(path, largest=largest, largest_header=largest_header)
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return metadata, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError) as error:
        raise FormatFault(f"is not a safetensors file ({error})") from error


def read_header(
    path: Path, *, largest: int = LARGEST_FILE, largest_header: int = LARGEST_HEADER
) -> dict[str, str]:
    """Metadata of a safetensors file whose tensors are all where the header says.

    Raises:
        As :func:`read_tensor_file`.
    """
    with open_regular(path, largest) as stream:
        start = stream.read(_LENGTH_BYTES)
        size = path.stat().st_size
        length = int.from_bytes(start, "little")
        if len(start) < _LENGTH_BYTES or length > size - _LENGTH_BYTES:
            raise FormatFault("is empty, truncated or not a safetensors file")
        if length > largest_header:
            raise FormatFault(f"announces a header of more than {largest_header:,} bytes")
        text = stream.read(length)
    try:
        header = parse_json(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FormatFault("has a header that is not UTF-8 text") from error
    if not isinstance(header, dict):
        raise FormatFault("has a header that is no JSON object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise FormatFault("has metadata that are no texts by name")
    _check_places(header, size - _LENGTH_BYTES - length)
    return metadata


def _check_places(entries: dict[str, Any], data: int) -> None:
    """Make sure that the tensors fill the data, one after another.

    Raises:
        FormatFault: they do not, or one is not described as it must be.
    """
    if len(entries) > MOST_TENSORS:
        raise FormatFault(f"holds more than {MOST_TENSORS:,} tensors")
    places = []
    for name, entry in entries.items():
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise FormatFault(f"has a tensor of the impossible name {name[:50]!a}")
        place = _place(entry)
        if place is None:
            raise FormatFault(f"does not describe its tensor {name!a} as it must")
        places.append(place)
    places.sort()
    ends = [0, *(last for _, last in places)]
    if ends[-1] != data or [first for first, _ in places] != ends[:-1]:
        raise FormatFault(
            f"is damaged or cut short: its {data:,} bytes after the header are not what the header"
            " announces"
        )


def _place(entry: Any) -> tuple[int, int] | None:
    """Where a tensor's bytes begin and end; None where its description does not hold."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        return None
    shape, offsets, dtype = entry["shape"], entry["data_offsets"], entry["dtype"]
    if not isinstance(dtype, str) or dtype not in _BYTES:
        return None
    if not _are_counts(shape) or len(shape) > _MOST_DIMENSIONS:
        return None
    if not _are_counts(offsets) or len(offsets) != 2:
        return None
    first, last = offsets
    return (first, last) if last - first == math.prod(shape) * _BYTES[dtype] else None


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)
