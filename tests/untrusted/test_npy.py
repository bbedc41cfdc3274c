"""Arrays of NumPy's own files."""

from __future__ import annotations

import io

import numpy as np
import pytest

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.npy import decode_npy


def _saved(array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def _headed(shape: tuple[int, ...]) -> bytes:
    """Nine bytes that a header says are of that shape."""
    stream = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + bytes(9)


@pytest.mark.parametrize(
    "array",
    [
        *(np.arange(6).reshape(2, 3), np.asfortranarray(np.eye(3)[:2]), np.array(1.5)),
        *(np.zeros((0, 4), dtype=np.uint8), np.arange(4, dtype=">i4"), np.array([True, False])),
    ],
)
def test_what_is_saved_is_read(array):
    found = decode_npy(_saved(array), "a")
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_saved(np.array([{}], dtype=object)), "array of objects, which is never unpacked"),
        (_saved(np.array(["a"])), "something else than an array of numbers"),
        (_saved(np.arange(9))[:-1], "or half of it"),
        (_saved(np.arange(9)) + b"x", "or half of it"),
        (_saved(np.arange(9)).replace(b"(9,)", b"(99999999999999,)"), "something else"),
        (_saved(np.arange(9)).replace(b"(9,)", b"(9,("), "something else than an array"),
        (_headed((-3, -3)), "impossible shape"),
        (_headed((True, 9)), "impossible shape"),
        (b"\x93NUMPY\x07\x07", "something else than an array"),
        (b"", "something else than an array"),
    ],
)
def test_what_is_not_read(content, message):
    with pytest.raises(FormatFault, match=message):
        decode_npy(content, "a")
