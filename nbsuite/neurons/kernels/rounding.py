"""Rounding a float32 to the nearest half-precision value, in compiled code.

numba has no half precision on CPUs, but every float16 is also a float32, and IEEE 754 makes a
float16 operation equal to the float32 operation rounded to float16.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_SMALLEST_NORMAL = np.float32(2.0**-14)
_OVERFLOW = np.float32(65520.0)  # half way from the largest to what would be the next
_INFINITY = np.float32(np.inf)
_DROPPED_BITS = np.int32(13)
_HALF_OF_DROPPED = np.int32(0xFFF)
_ONE = np.int32(1)
_KEPT = np.int32(~0x1FFF)


@njit(inline="always")
def round_to_half(value: Any) -> Any:
    """The half-precision value nearest to ``value`` (ties to even), as float32.

    A float64 is rounded to float32 first, as torch does. NaN remains NaN.
    """
    value = np.float32(value)
    bits = value.view(np.int32)
    tie_to_even = (bits >> _DROPPED_BITS) & _ONE
    normal = np.int32((bits + _HALF_OF_DROPPED + tie_to_even) & _KEPT).view(np.float32)
    if abs(value) < _SMALLEST_NORMAL:
        # Below the normal range half precision is a grid of 2^-24, the spacing of float32 at 0.5.
        shift = np.float32(0.5) if value >= 0 else np.float32(-0.5)
        return (value + shift) - shift
    if not abs(value) < _OVERFLOW:
        return value * _INFINITY  # of the value's sign, or NaN
    return normal
