from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.tensor_file import read_tensor_file


def write(path: Path, header: Any, data: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def entry(shape: list[Any], first: int, last: int, dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.bool]
)
def test_what_the_library_writes_is_read(tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = {"a": torch.arange(6).reshape(2, 3).to(dtype), "b": torch.zeros((), dtype=dtype)}
    save_file(tensors, tmp_path / "file", {"key": "text"})
    metadata, found = read_tensor_file(tmp_path / "file")
    assert metadata == {"key": "text"}
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize(
    ("header", "data", "fault"),
    [
        ({"a": entry([10**6, 10**6], 0, 4)}, 4, "does not describe"),
        ({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, 4, "damaged or cut short"),
        ({"a": entry([1], 4, 8)}, 8, "damaged or cut short"),
        ({"a": entry([1], 0, 4)}, 8, "damaged or cut short"),
        ({"a": entry([1], 0, 4)}, 0, "damaged or cut short"),
        ({"a": entry([-1], 0, 4)}, 4, "does not describe"),
        ({"a": entry([True], 0, 4)}, 4, "does not describe"),
        ({"a": entry([1.0], 0, 4)}, 4, "does not describe"),
        ({"a": entry([1] * 100, 0, 4)}, 4, "does not describe"),
        ({"a": entry([1], 0, 4, dtype="F31")}, 4, "does not describe"),
        ({"a": entry([1], 0, 4, dtype=["F32"])}, 4, "does not describe"),
        ({"a": {**entry([1], 0, 4), "more": 1}}, 4, "does not describe"),
        ({"a": None}, 4, "does not describe"),
        ({"a\x1b": entry([1], 0, 4)}, 4, "impossible name"),
        ({"a" * 300: entry([1], 0, 4)}, 4, "impossible name"),
        ({"__metadata__": {"a": 1}}, 0, "metadata"),
        ({"__metadata__": []}, 0, "metadata"),
        ([], 0, "no JSON object"),
        (b"[" * 100_000, 0, "nested"),
        (b"\xff\xff", 0, "not UTF-8"),
        ({f"t{n}": entry([0], 0, 0) for n in range(5000)}, 0, "more than 4,096 tensors"),
        (b" " * (2 << 20), 0, "header of more than"),
    ],
)
def test_hostile_files(tmp_path: Path, header: Any, data: int, fault: str) -> None:
    with pytest.raises(FormatFault, match=fault):
        read_tensor_file(write(tmp_path / "file", header, bytes(data)))


@pytest.mark.parametrize("content", [b"", b"1234567", b"\xff" * 8, b"\xff" * 100, b"PK\3\4" * 9])
def test_no_such_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(FormatFault, match="empty, truncated or no"):
        read_tensor_file(tmp_path / "file")


def test_large_files_are_not_read(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1000)}, tmp_path / "file")
    with pytest.raises(FormatFault, match="larger than 100 bytes"):
        read_tensor_file(tmp_path / "file", largest=100)
