"""Reading MATLAB files of versions 5 to 7, against SciPy's reader and writer."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.io import loadmat, savemat, whosmat
from scipy.sparse import csc_matrix

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.mat5 import Mat5File, dense_columns

KINDS = [np.float64, np.float32, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32]


@settings(max_examples=60)
@given(st.data(), st.booleans())
def test_numbers_of_any_kind(tmp_path_factory, data, compressed):
    kind = data.draw(st.sampled_from([*KINDS, np.int64, np.uint64]))
    shape = data.draw(array_shapes(min_dims=2, max_dims=3, max_side=6, min_side=0))
    given_array = data.draw(arrays(kind, shape, elements={"min_value": 0, "max_value": 100}))
    path = tmp_path_factory.mktemp("mat") / "x.mat"
    savemat(path, {"a": np.ones(2), "long_name_of_it": given_array}, do_compression=compressed)
    file = Mat5File(path)
    assert file.names == ("a", "long_name_of_it")
    found = file.read("long_name_of_it")
    wanted = loadmat(path)["long_name_of_it"]
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == wanted.dtype


@pytest.mark.parametrize("compressed", [False, True])
def test_cells_sparse_matrices_and_fields(tmp_path, compressed):
    path = tmp_path / "x.mat"
    cells = np.empty((2, 2), dtype=object)
    cells[:] = [[np.array([0.5, 1.5]), np.empty(0)], [np.arange(3), np.array([[7.0]])]]
    sparse = csc_matrix(np.array([[0, 2, 0], [0, 0, 0], [1, 0, 3.5]]))
    content = {
        "cells": cells,
        "sparse": sparse,
        "empty": csc_matrix((3, 4)),
        "data": {"spikes": np.eye(3), "inner": {"x": 1.0}},
        "flags": np.array([[True, False]]),
        "text": "abc",
    }
    savemat(path, content, do_compression=compressed)
    file = Mat5File(path)
    found = [each.ravel().tolist() for each in file.read("cells")]
    assert found == [[0.5, 1.5], [0, 1, 2], [], [7.0]]
    np.testing.assert_array_equal(file.read("sparse"), sparse.toarray())
    np.testing.assert_array_equal(file.read("empty"), np.zeros((3, 4)))
    np.testing.assert_array_equal(file.read("data/spikes"), np.eye(3))
    assert file.read("data/inner/x") == 1.0
    np.testing.assert_array_equal(file.read("flags"), [[1, 0]])
    for key in ("nothing", "data/nothing"):
        with pytest.raises(KeyError):
            file.read(key)
    with pytest.raises(FormatFault, match="something else than real numbers as text"):
        file.read("text")
    with pytest.raises(FormatFault, match="single structures alone"):
        file.read("text/x")


def test_complex_numbers_and_other_files(tmp_path):
    path = tmp_path / "x.mat"
    savemat(path, {"a": np.ones(2) * 1j})
    with pytest.raises(FormatFault, match="something else than real numbers"):
        Mat5File(path).read("a")
    path.write_bytes(b"MATLAB 5.0" * 20)
    with pytest.raises(FormatFault, match="no MATLAB file of version 5 to 7"):
        Mat5File(path)


def _matrix(
    shape: tuple[int, ...], kind: int, rest: bytes, *, name: bytes = b"a", order: str = "<"
) -> bytes:
    """A variable of that shape, whatever is in it."""

    def element(number: int, body: bytes) -> bytes:
        return struct.pack(f"{order}II", number, len(body)) + body + bytes(-len(body) % 8)

    dimensions = struct.pack(f"{order}{len(shape)}i", *shape)
    flags = struct.pack(f"{order}II", kind, 0)
    return element(14, element(6, flags) + element(5, dimensions) + element(1, name) + rest)


def _file(path: Path, content: bytes, *, order: str = "<") -> Mat5File:
    mark = struct.pack(f"{order}HH", 0x0100, 0x4D49)
    path.write_bytes(b"MATLAB".ljust(124) + mark + content)
    return Mat5File(path)


def _deflated(variable: bytes) -> bytes:
    body = zlib.compress(variable)
    return struct.pack("<II", 15, len(body)) + body


def test_a_file_of_a_machine_with_the_other_byte_order(tmp_path):
    numbers = struct.pack(">II3d", 9, 24, 0.5, -1, 7)
    path = tmp_path / "x.mat"
    file = _file(path, _matrix((1, 3), 6, numbers, order=">"), order=">")
    np.testing.assert_array_equal(file.read("a"), loadmat(path)["a"])
    np.testing.assert_array_equal(file.read("a"), [[0.5, -1, 7]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            _matrix((1 << 30, 1 << 30), 6, struct.pack("<IIdd", 9, 16, 1, 2)),
            "numbers as a and holds 2",
        ),
        (_matrix((1 << 30, 1 << 10), 1, b""), "that holds 0"),
        (_matrix((-1, 1), 6, b""), "impossible shape"),
        (_matrix((1,) * 9, 6, b""), "impossible shape"),
        (_matrix((1, 1), 6, struct.pack("<IIq", 99, 8, 1)), "unknown type"),
        (_matrix((1, 1), 6, struct.pack("<II", 9, 1 << 30)), "ends within an element"),
        (_matrix((1, 1), 6, struct.pack("<II", (5 << 16) | 9, 0)), "more than 4 bytes"),
        (_matrix((1, 1), 3, b""), "something else than real numbers as a"),
        (_matrix((9, 9), 5, struct.pack("<II", 5, 0) * 3), "damaged sparse matrix"),
        (struct.pack("<II", 15, 4) + b"abcd", "damaged compressed element"),
    ],
    ids=range(10),
)
def test_what_is_announced_and_not_there(tmp_path, content, message):
    with pytest.raises(FormatFault, match=message):
        _file(tmp_path / "x.mat", content).read("a")


WHOLE, FLOAT = np.array([0, 1, 2], dtype=np.int32), np.array([0.0, 1, np.nan])


@pytest.mark.parametrize(
    ("rows", "firsts"),
    [
        *((WHOLE[:2].astype(float), WHOLE), (WHOLE[:2], FLOAT)),
        *((WHOLE[:2, np.newaxis], WHOLE), (WHOLE[:2], WHOLE[:, np.newaxis]), (WHOLE[1:], WHOLE)),
    ],
)
def test_places_in_a_sparse_matrix_that_are_none(rows, firsts):
    with pytest.raises(FormatFault, match="damaged sparse matrix as a"):
        dense_columns(rows, firsts, np.ones(2), (2, 2), "a")
    found = dense_columns(WHOLE[:2], WHOLE, np.ones(2), (2, 2), "a")
    np.testing.assert_array_equal(found, np.eye(2))


def test_a_damaged_structure(tmp_path):
    length = struct.pack("<II", (4 << 16) | 5, 0)
    with pytest.raises(FormatFault, match="damaged structure"):
        _file(tmp_path / "x.mat", _matrix((1, 1), 2, length + bytes(8))).read("a/b")


def test_cells_in_a_field_that_are_announced_and_not_there(tmp_path):
    path = tmp_path / "x.mat"
    name = struct.pack("<II", 1, 8) + b"x".ljust(8, b"\0")
    fields = struct.pack("<II", (4 << 16) | 5, 8) + name + _matrix((1 << 30, 1), 1, b"")
    file = _file(path, _matrix((1, 1), 2, fields))
    assert whosmat(path) == [("a", (1, 1), "struct")]  # what is in it is not told beforehand
    with pytest.raises(FormatFault, match=r"array of 1,073,741,824 cells that holds 0"):
        file.read("a/x")


def test_what_inflates_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("nbsuite.untrusted.mat5.SMALLEST_ALLOWANCE", 1 << 20)
    zeros = _matrix((1 << 12, 1 << 12), 9, struct.pack("<II", 2, 1 << 24) + bytes(1 << 24))
    with pytest.raises(FormatFault, match="inflates to far more"):
        _file(tmp_path / "x.mat", _deflated(zeros)).read("a")


def test_what_variables_inflate_to_is_bounded_in_all(tmp_path, monkeypatch):
    monkeypatch.setattr("nbsuite.untrusted.mat5.SMALLEST_ALLOWANCE", 1 << 20)
    count = 3 << 18
    zeros = struct.pack("<II", 2, count) + bytes(count)
    parts = [_deflated(_matrix((1, count), 9, zeros, name=name)) for name in (b"a", b"b")]
    file = _file(tmp_path / "x.mat", b"".join(parts))
    assert file.read("b").size == count
    with pytest.raises(FormatFault, match="inflates to far more"):
        file.read("a")


def test_a_sparse_matrix_larger_than_memory():
    none = np.empty(0, dtype=np.int32)
    with pytest.raises(FormatFault, match="has a sparse matrix of more than 4,294,967,296 bytes"):
        dense_columns(none, np.zeros(5, dtype=np.int32), np.empty(0), (1 << 30, 4), "a")


@settings(max_examples=150)
@given(st.data())
def test_damaged_bytes_are_faults_of_format(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("mat") / "x.mat"
    cells = np.empty(2, dtype=object)
    cells[:] = [np.arange(3.0), np.arange(5)]
    savemat(path, {"n": np.eye(4), "c": cells, "s": csc_matrix(np.eye(3)), "d": {"x": np.ones(2)}})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(128, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(FormatFault, KeyError):
        Mat5File(path).read(data.draw(st.sampled_from(["n", "c", "s", "d/x"])))
