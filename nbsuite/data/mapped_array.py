"""Array files mapped into memory, of which nothing is parsed.

Who opens one knows its type and shape, and with them every byte of the header that ``np.save``
writes: a file that begins otherwise, or has another length, is not the one.
"""

from __future__ import annotations

import io
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import open_regular


@dataclass(frozen=True, eq=False)
class MappedArray:
    """An array, memory-mapped and read-only, and the CRC-32 of its file."""

    array: NDArray[Any]
    checksum: int


def map_array(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> MappedArray:
    """Map the array of a ``.npy`` file, having read it once for its checksum.

    Raises:
        FormatFault: it is no file of exactly such an array in C order.
        OSError: it is missing or must not be read.
    """
    header = _header(dtype, shape)
    size = len(header) + math.prod(shape) * dtype.itemsize
    with open_regular(path, size) as stream:
        content = np.memmap(stream, mode="r")
    if content.size != size or content[: len(header)].tobytes() != header:
        raise FormatFault("is no file of such an array")
    array = content[len(header) :].view(dtype).reshape(shape)
    return MappedArray(array, zlib.crc32(content.data))


def checksum(path: Path) -> int:
    """CRC-32 of a file, read without taking up memory."""
    return zlib.crc32(np.memmap(path, mode="r").data)


def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """What ``np.save`` writes before the numbers of such an array."""
    stream = io.BytesIO()
    description = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    np.lib.format.write_array_header_1_0(stream, description)
    return stream.getvalue()
