"""Traces of strangers: as numpy reads them, or refused before any memory is taken."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nbsuite.conversions import parity
from nbsuite.conversions.parity import check_parity
from nbsuite.conversions.trace_file import read_trace
from nbsuite.errors import ConversionError

ROW = np.arange(12).reshape(3, 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.npz"


def _npy(header: str | bytes, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    text = header if isinstance(header, bytes) else header.encode()
    size = len(text).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + size + text + data


def _described(dtype: str, shape: str, order: str = "False") -> str:
    return f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def _write(path: Path, content: bytes, name: str = "input.npy", method: int = 8) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(name, content)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "array",
    [
        *(ROW.astype(dtype) for dtype in ("i1", "u8", "f2", ">f4", ">i2", "f8", "U3", "S2")),
        *(ROW.T, np.asfortranarray(ROW), ROW[::-1, ::2], np.broadcast_to(ROW[0], (3, 4))),
        *(np.zeros((0, 4)), np.float32(1.5), np.array([np.nan, np.inf, -0.0])),
    ],
)
def test_arrays_come_back(path: Path, array: NDArray[Any], compressed: bool) -> None:
    (np.savez_compressed if compressed else np.savez)(path, input=array, other=np.array([{}]))
    found = read_trace(path, ("input", "readout"))
    assert found.keys() == {"input"}
    due = np.asarray(array)
    assert found["input"].dtype == due.dtype.newbyteorder("=")
    assert found["input"].shape == due.shape
    assert found["input"].tobytes() == due.astype(due.dtype.newbyteorder("=")).tobytes()


def test_truth_values(path: Path) -> None:
    np.savez(path, input=ROW > 3)
    assert np.array_equal(read_trace(path, ("input",))["input"], ROW > 3)
    _write(path, _npy(_described("'|b1'", "(3,)"), b"\0\1\2"))
    assert read_trace(path, ("input",))["input"].tolist() == [0, 1, 2]


HOSTILE: dict[str, bytes] = {
    "claims 80 GB": _npy(_described("'<f8'", "(10000000000,)"), bytes(8)),
    "claims more than a number can": _npy(_described("'<f8'", f"({10**30}, 2)"), bytes(8)),
    "claims less": _npy(_described("'<f8'", "(1,)"), bytes(16)),
    "negative": _npy(_described("'<f8'", "(-1,)"), bytes(8)),
    "twice negative": _npy(_described("'<f8'", "(-1, -1)"), bytes(8)),
    "truth": _npy(_described("'<f8'", "(True,)"), bytes(8)),
    "nothing of much": _npy(_described("'<f8'", "(0, 10000000000, 10000000000)")),
    "no length": _npy(_described("'<f8'", "3"), bytes(24)),
    "many dimensions": _npy(_described("'<f8'", "(" + "1," * 100 + ")"), bytes(8)),
    "objects": _npy(_described("'|O'", "(1,)"), b"\x80\x02]."),
    "long numbers": _npy(_described("'<f16'", "(1,)"), bytes(16)),
    "complex": _npy(_described("'<c8'", "(1,)"), bytes(8)),
    "dates": _npy(_described("'<M8[s]'", "(1,)"), bytes(8)),
    "fields": _npy(_described("[('a', '<f8')]", "(1,)"), bytes(8)),
    "arrays of arrays": _npy(_described("('<f8', (1000000000,))", "(0,)")),
    "nothing": _npy(_described("'|V0'", "(1000000000,)")),
    "empty texts": _npy(_described("'<U0'", "(1000000000,)")),
    "no type": _npy(_described("'spam'", "(1,)"), bytes(8)),
    "no order": _npy(_described("'<f8'", "(1,)", "7"), bytes(8)),
    "program": _npy("__import__('os').system('true')\n"),
    "nested": _npy("(" * 9000 + ")" * 900),
    "minus": _npy("-" * 9000 + "1"),
    "no Python": _npy(b"\xff\xfe\0"),
    "long header": _npy(" " * 60_000),
    "huge header": _npy(" " * 10, version=b"\2\0")[:8] + b"\xff\xff\xff\xff",
    "version 3": _npy(_described("'<f8'", "(1,)"), bytes(8), version=b"\3\0"),
    "version 9": _npy(_described("'<f8'", "(1,)"), bytes(8), version=b"\x09\0"),
    "no array": b"text",
    "empty": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_members_that_are_no_plain_arrays(path: Path, content: bytes) -> None:
    with pytest.raises(ConversionError, match="not a readable") as caught:
        read_trace(_write(path, content), ("input",))
    assert str(caught.value).isprintable()


def test_arrays_that_are_only_there_once_unpacked(path: Path, monkeypatch: Any) -> None:
    _write(path, _npy(_described("'|i1'", "(10000000,)"), bytes(10_000_000)))
    assert path.stat().st_size < 20_000
    assert read_trace(path, ("input",))["input"].size == 10_000_000
    monkeypatch.setattr("nbsuite.conversions.trace_file.LARGEST_TRACE", 9_000_000)
    with pytest.raises(ConversionError, match="unpacks to more than 9,000,000 bytes"):
        read_trace(path, ("input",))


@pytest.mark.parametrize("size", [0, 1, 20, 10_000])
def test_traces_as_long_as_any_run(path: Path, draw_decoder: Any, size: int) -> None:
    steps = parity.MOST_STEPS + 1 if size == 10_000 else size
    arrays = {"input": np.zeros((steps, 8), np.uint8), "spikes": np.zeros((steps, 4), np.uint8)}
    np.savez_compressed(path, **arrays, readout=np.zeros((steps, 2), np.uint8))
    decoder = draw_decoder(channels=8, neurons=4)
    if size in (1, 20):
        assert check_parity(decoder, path).steps == steps
        return
    with pytest.raises(ConversionError, match=r"more than 131,072 steps|shape \(0, 8\)"):
        check_parity(decoder, path)


def test_what_half_precision_cannot_hold_differs(path: Path, draw_decoder: Any) -> None:
    """No warning may come of it."""
    decoder = draw_decoder(channels=8, neurons=4, dtype="float16")
    spikes, readout = np.zeros((5, 4)), np.array([[1e300, np.inf]] * 4 + [[-np.inf, np.nan]])
    arrays = {"input": np.zeros((5, 8)), "spikes": spikes, "readout": readout}
    np.savez(path, **arrays, spikes_half=spikes * np.nan, readout_half=readout)
    report = check_parity(decoder, path)
    assert not any(run.passed for run in report.runs)


def _whole() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, input=ROW.astype(np.uint8))
    return stream.getvalue()


WHOLE = _whole()
START = WHOLE.index(b"\x93NUMPY")


@given(position=st.integers(0, 150), value=st.integers(0, 255))
def test_any_header_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int
) -> None:
    content = bytearray(WHOLE[START : START + 140])
    content[min(position, 139)] = value
    path = _write(tmp_path_factory.getbasetemp() / "changed.npz", bytes(content))
    try:
        array = read_trace(path, ("input",))["input"]
    except ConversionError:
        return
    assert array.nbytes <= 4 * 12
