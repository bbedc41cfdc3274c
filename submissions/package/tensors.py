"""Safetensors files from strangers: what is checked before the file is read in earnest."""

from __future__ import annotations

from pathlib import Path

from nbsuite.errors import PackageError
from nbsuite.models.checkpoint import METADATA_KEY
from nbsuite.submissions.package.layout import LARGEST_CHECKPOINT
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.json_text import parse_json
from nbsuite.untrusted.tensor_file import read_header

_ZIP, _PICKLES = b"PK\x03\x04", tuple(bytes((0x80, protocol)) for protocol in range(2, 6))


def check_tensor_file(path: Path, origin: str) -> None:
    """Make sure that a file is safetensors with a header of sane size and depth.

    Raises:
        PackageError: names the fault: a pickle, an oversized header, JSON of no use.
    """
    try:
        metadata = read_header(path, largest=LARGEST_CHECKPOINT)
    except FormatFault as fault:
        raise PackageError(_refusal(path, origin, fault)) from fault
    try:
        parse_json(metadata.get(METADATA_KEY, "{}"))
    except FormatFault as fault:
        raise PackageError(f"The header of {origin} {fault}.") from fault


def _refusal(path: Path, origin: str, fault: FormatFault) -> str:
    """What a file that is not as it must be is said to be."""
    with path.open("rb") as stream:
        start = stream.read(len(_ZIP))
    if start.startswith((_ZIP, *_PICKLES)):
        return f"{origin} is a pickle or a PyTorch file, which could run code when it is read."
    return f"{origin} {fault}."
