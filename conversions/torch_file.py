"""Reading other people's PyTorch files without running anything that is in them.

``torch.load`` runs no code with ``weights_only``, but takes as much memory as a file asks for, and
believes what it says of its records. So the file's zip archive and its pickle are read here, and
tensors are made of records that are as large as claimed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nbsuite.conversions.torch_pickle import (
    Other,
    Storage,
    StoredTensor,
    UnsafePickle,
    read_pickle,
)
from nbsuite.errors import ConversionError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import open_regular
from nbsuite.untrusted.zip_file import read_zip

ZIP_SIGNATURE = b"PK\x03\x04"
LARGEST_FILE = 1 << 28
_PICKLE = "data.pkl"
_MOST_DIMENSIONS = 8
_SHOWN = 100
_FOREIGN = "is truncated, damaged or not written by torch.save"

Records = Mapping[str, bytearray]


def read_state_dict(path: Path, *, entry: str | None = None) -> dict[str, Tensor]:
    """The tensors of a state dict saved with ``torch.save``, on the CPU.

    Args:
        path: the file.
        entry: the name under which a file may hold the state dict beside other things.

    Only the zip format of PyTorch 1.6 and later is read: the older formats are other pickles (and
    a tar archive whose reader has run code despite ``weights_only``, CVE-2025-32434). Tensors that
    share a storage in the file share it here.

    Raises:
        ConversionError: the file is missing, damaged, too large, not a PyTorch file, holds
            anything but plain tensors by name, or would have to run code to be read.
    """
    if not path.is_file():
        raise ConversionError(f"There is no file {path}; check the path.")
    try:
        _check_container(path)
        records = _read_records(path)
        content = read_pickle(records[_PICKLE])
    except UnsafePickle as error:
        raise ConversionError(f"{path} {error}; save the model's state_dict() alone.") from error
    except FormatFault as error:
        raise ConversionError(f"{path} {error}; copy or download it again.") from error
    if entry is not None and isinstance(content, Mapping) and entry in content:
        content = content[entry]
    if not isinstance(content, Mapping):
        raise ConversionError(
            f"{path} holds {_described(content)}, not a state dict; "
            "save the model's state_dict() instead."
        )
    return {key: _tensor(key, value, records, path) for key, value in content.items()}


def _check_container(path: Path) -> None:
    with open_regular(path, LARGEST_FILE) as stream:
        start = stream.read(len(ZIP_SIGNATURE))
    if not start:
        raise FormatFault("is empty")
    if start != ZIP_SIGNATURE:
        raise ConversionError(
            f"{path} is not a PyTorch file (of PyTorch 1.6 or later); "
            "pass a file written by torch.save."
        )


def _read_records(path: Path) -> Records:
    """The file's records by their names within its one folder, the pickle among them.

    Raises:
        FormatFault: it is damaged, or another archive than ``torch.save`` writes.
    """
    try:
        members = read_zip(path, largest=LARGEST_FILE, compressed=False)
    except FormatFault as error:
        raise FormatFault(
            f"is truncated, damaged or not written by torch.save ({error})"
        ) from error
    folder = next(iter(members), "").partition("/")[0]
    records = {name.removeprefix(f"{folder}/"): content for name, content in members.items()}
    foreign = any(not name.startswith(f"{folder}/") for name in members)
    if foreign or _PICKLE not in records or "constants.pkl" in records:  # TorchScript's
        raise FormatFault(_FOREIGN)
    if records.get("byteorder", b"little") != b"little":
        raise FormatFault("has its numbers in another order of bytes than is read here")
    return records


def _tensor(key: Any, value: Any, records: Records, path: Path) -> Tensor:
    """A tensor of a state dict, a view of its record.

    Raises:
        ConversionError: it is none, or not what its record holds.
    """
    dtype = value.storage.dtype if isinstance(value, StoredTensor) else None
    if not isinstance(key, str) or not isinstance(value, StoredTensor) or dtype is None:
        raise ConversionError(
            f"The entry {_shown(key)} of {path} is not a plain tensor{_but_what(value)}; "
            "save the model's state_dict() alone."
        )
    record = records.get(f"data/{value.storage.record}", bytearray())
    if fault := _fault(value, record, dtype):
        raise ConversionError(
            f"The tensor {_shown(key)} of {path} {fault}; copy or download the file again."
        )
    if 0 in value.size:
        return torch.empty(value.size, dtype=dtype)
    return torch.frombuffer(record, dtype=dtype).as_strided(value.size, value.stride, value.offset)


def _but_what(value: Any) -> str:
    kind = value.storage.kind if isinstance(value, StoredTensor) else None
    if isinstance(value, Other):
        kind = value.kind
    return "" if kind is None else f" but {kind}"


def _fault(tensor: StoredTensor, record: bytearray, dtype: torch.dtype) -> str | None:
    """What a tensor claims that its record does not hold, as the end of a sentence."""
    storage, size, stride = tensor.storage, tensor.size, tensor.stride
    if storage.values * dtype.itemsize != len(record):
        return f"claims {storage.values:,} numbers where {len(record):,} bytes are stored"
    if len(size) != len(stride) or len(size) > _MOST_DIMENSIONS:
        return "has an impossible shape"
    most = LARGEST_FILE if 0 in size else storage.values
    if math.prod(length or 1 for length in size) > most:
        return f"claims the shape {size} where {storage.values:,} numbers are stored"
    if 0 in size:
        return None
    lasts = [step * (length - 1) for step, length in zip(stride, size, strict=True)]
    if tensor.offset + sum(lasts) >= storage.values or max(stride, default=0) > storage.values:
        return "reaches beyond the numbers that are stored"
    return None


def _described(content: Any) -> str:
    if isinstance(content, StoredTensor):
        return "a Tensor"
    if isinstance(content, Storage | Other):
        return "another object"
    return f"a {type(content).__name__}"


def _shown(key: Any) -> str:
    return f"{key[:_SHOWN]!a}" if isinstance(key, str) else repr(key)[:_SHOWN]
