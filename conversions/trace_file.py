"""Traces from strangers: ``.npz`` files, read within bounds and without numpy's own reader.

That one makes an array of the size which a member claims before it looks at what is there.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from nbsuite.errors import ConversionError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.zip_file import read_zip

LARGEST_TRACE = 1 << 28
_LARGEST_HEADER = 1 << 14
_LARGEST_ITEM = 8
_MOST_DIMENSIONS = 8
_NUMBERS, _TEXTS = "iuf", "US"
_SHOWN = 100


def read_trace(path: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Some arrays of an ``.npz`` file, as far as they are there; truth values as 0 and 1.

    Args:
        path: the file.
        names: the arrays to read; others are passed over.

    Raises:
        ConversionError: the file is missing, damaged, too large, or one of them is no plain array.
    """
    if not path.is_file():
        raise ConversionError(f"There is no trace {path}; check the path.")
    try:
        members = read_zip(path, largest=LARGEST_TRACE, compressed=True)
        return {name: _array(members[f"{name}.npy"]) for name in names if f"{name}.npy" in members}
    except FormatFault as error:
        raise ConversionError(
            f"{path} is not a readable .npz file of plain arrays ({error}); pass a trace."
        ) from error


def _array(content: bytearray) -> NDArray[Any]:
    """An array over the bytes of a member.

    Raises:
        FormatFault: it is damaged, of other things than numbers or texts, or not of this size.
    """
    shape, fortran, dtype, start = _header(content)
    if dtype.kind == "b":
        dtype = np.dtype(np.uint8)  # what is neither true nor false is seen for what it is
    if dtype.kind not in _NUMBERS + _TEXTS or dtype.itemsize == 0:
        raise FormatFault(f"has an array of {str(dtype)[:_SHOWN]}")
    if dtype.kind in _NUMBERS and dtype.itemsize > _LARGEST_ITEM:
        raise FormatFault(f"has an array of {dtype}")
    are_lengths = all(type(length) is int and length >= 0 for length in shape)
    most = math.prod(length or 1 for length in shape)
    if not are_lengths or len(shape) > _MOST_DIMENSIONS or most > LARGEST_TRACE:
        raise FormatFault("has an array of an impossible shape")
    if math.prod(shape) * dtype.itemsize != len(content) - start:
        raise FormatFault(f"claims an array of {dtype}{shape} that is not there")
    items = np.frombuffer(content, dtype, math.prod(shape), start)
    array = items.reshape(shape, order="F" if fortran else "C")
    return array.astype(dtype.newbyteorder("="), copy=False)


def _header(content: bytearray) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether in Fortran's order, type of the items, and where these begin."""
    stream = io.BytesIO(content[:_LARGEST_HEADER])
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote, or odd Python
            shape, fortran, dtype = readers[npy.read_magic(stream)](stream)
    except Exception as error:  # numpy has no one error for what it cannot read
        raise FormatFault("has a member that is no array") from error
    return shape, fortran, dtype, stream.tell()
