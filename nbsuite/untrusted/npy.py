"""Arrays as ``np.save`` writes them, of which the header is held against the bytes that are there.

NumPy's own reader makes room for what a header announces before it looks; and objects, which are
pickled, would run code.
"""

from __future__ import annotations

import io
import math
import tokenize
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from nbsuite.untrusted.fault import FormatFault

_LONGEST_HEADER = 10_000
_FAULTS = (
    *(ValueError, KeyError, SyntaxError, TypeError, RecursionError, MemoryError),
    tokenize.TokenError,
)
"""What NumPy raises of a damaged header, which it reads as Python's literals."""
_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def decode_npy(content: bytes | bytearray | memoryview, name: str) -> NDArray[Any]:
    """The array of numbers that a ``.npy`` file's bytes hold.

    Args:
        content: the bytes.
        name: what to call it.

    Raises:
        FormatFault: they hold something else, objects among it, or less than they announce.
    """
    stream = io.BytesIO(content)
    try:
        version = npy.read_magic(stream)
        shape, fortran, dtype = _READERS[version](stream, max_header_size=_LONGEST_HEADER)
    except _FAULTS as error:
        raise FormatFault(f"holds something else than an array as {name}") from error
    if dtype.hasobject:
        raise FormatFault(
            f"holds {name} as an array of objects, which is never unpacked: save it as numbers"
        )
    body = memoryview(content)[stream.tell() :]
    if dtype.kind not in "biuf" or len(body) != math.prod(shape) * dtype.itemsize:
        raise FormatFault(f"holds something else than an array of numbers as {name}, or half of it")
    try:
        return np.frombuffer(body, dtype=dtype).reshape(shape, order="F" if fortran else "C")
    except _FAULTS as error:  # negative lengths
        raise FormatFault(f"holds an array of an impossible shape as {name}") from error
