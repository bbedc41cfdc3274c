"""The masks of ``nbsuite.neurons.dropout``, compiled: one spike at a time, or a row of neurons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.dropout import GOLDEN, MIX_1, MIX_2, STRIDE

_GOLDEN, _STRIDE = np.uint32(GOLDEN), np.uint32(STRIDE)
_MIX_1, _MIX_2 = np.uint32(MIX_1), np.uint32(MIX_2)
_LOWER = np.uint32(0xFFFF)


@njit(inline="always")
def mix(word: Any) -> Any:
    """Hash a 32-bit word."""
    word = np.uint32(np.uint32(word ^ (word >> np.uint32(16))) * _MIX_1)
    word = np.uint32(np.uint32(word ^ (word >> np.uint32(15))) * _MIX_2)
    return np.uint32(word ^ (word >> np.uint32(16)))


@njit(inline="always")
def row_of(key: NDArray[np.uint32], step: int, window: int) -> Any:
    """The hash that all units share at one step of one window.

    Args:
        key: the lower and the upper 32 bits of the layer's key.
        step: the time step.
        window: the window's index in its batch.
    """
    first = mix(np.uint32(key[0] + np.uint32(np.uint32(step) * _GOLDEN)))
    return mix(np.uint32(first ^ key[1] ^ np.uint32(np.uint32(window) * _STRIDE)))


@njit(inline="always")
def is_kept(row: Any, unit: int, half: int, threshold: np.uint32) -> Any:
    """Whether a spike of one unit is kept; ``half`` is half the number of units, rounded up."""
    lane = unit if unit < half else unit - half
    word = mix(np.uint32(row + np.uint32(np.uint32(lane) * _GOLDEN)))
    bits = word & _LOWER if unit < half else word >> np.uint32(16)
    return np.uint32(bits) >= threshold


@njit(inline="always")
def fill_kept(
    row: Any, lanes: NDArray[np.uint32], threshold: np.uint32, kept: NDArray[np.floating]
) -> None:
    """Write 1 for every unit whose spike is kept and 0 for the others.

    Args:
        row: the hash of step and window.
        lanes: (ceil(units / 2),) the multiples of ``GOLDEN``.
        threshold: the layer's threshold.
        kept: (2 * ceil(units / 2),) receives the mask; two units share a hash.
    """
    half = lanes.size
    one, zero = kept.dtype.type(1), kept.dtype.type(0)
    for lane in range(half):
        word = mix(np.uint32(row + lanes[lane]))
        kept[lane] = one if np.uint32(word & _LOWER) >= threshold else zero
        kept[half + lane] = one if np.uint32(word >> np.uint32(16)) >= threshold else zero


def lanes_of(units: int) -> NDArray[np.uint32]:
    """The multiples of ``GOLDEN`` that :func:`fill_kept` takes."""
    lanes: NDArray[np.uint32] = np.arange((units + 1) // 2, dtype=np.uint32) * _GOLDEN
    return lanes
