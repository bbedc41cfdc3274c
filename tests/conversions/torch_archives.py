"""PyTorch files put together by hand, to say what torch would not write."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


class Call:
    """Pickled as a call of a function with arguments."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, self.arguments


class Record:
    """Pickled as a storage: a claim about a record of the file."""

    def __init__(self, key: Any, values: Any, kind: Any = torch.FloatStorage) -> None:
        self.claim = ("storage", kind, key, "cpu", values)


def claimed_tensor(
    size: Any, stride: Any, *, offset: Any = 0, record: Any = None, marks: tuple[Any, ...] = ()
) -> Call:
    """A tensor of any claims, by default of the record 0 of 64 values."""
    storage = Record("0", 64) if record is None else record
    hooks: Any = OrderedDict()
    return Call(
        torch._utils._rebuild_tensor_v2, storage, offset, size, stride, False, hooks, *marks
    )


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return value.claim if isinstance(value, Record) else None


def pickled(content: Any) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream, protocol=2).dump(content)
    return stream.getvalue()


def write_archive(path: Path, description: bytes, records: dict[str, bytes] | None = None) -> Path:
    """A file of a pickle and records; by default one of 64 zeros."""
    records = {"data/0": bytes(256)} if records is None else records
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", description)
        for name, record in records.items():
            archive.writestr(f"archive/{name}", record)
    return path


def same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    """Whether two state dicts are equal in names, their order, types, shapes and bits."""
    return list(ours) == list(theirs) and all(
        value.dtype == theirs[name].dtype
        and value.shape == theirs[name].shape
        and torch.equal(_bits(value), _bits(theirs[name]))
        for name, value in ours.items()
    )


def _bits(value: Tensor) -> Tensor:
    return value.detach().contiguous().reshape(-1).view(torch.uint8)
