"""The masks of ``nbsuite.neurons.dropout``, compiled: for one unit, or for a vector of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nbsuite.neurons.dropout import GOLDEN, MIX_1, MIX_2, STRIDE
from nbsuite.neurons.kernels.vectors import splat

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
def kept_lanes(row: Any, lanes: Any, shift: Any, threshold: np.uint32) -> Any:
    """Which spikes of a vector of neurons are kept.

    Args:
        row: the hash of step and window.
        lanes: the neurons' part of ``lanes_of``, as a vector.
        shift: the neurons' part of its shifts, as a vector.
        threshold: the layer's threshold.

    Returns:
        A vector of truth values.
    """
    word = splat(np.uint32(row)) + lanes
    word = (word ^ (word >> splat(np.uint32(16)))) * splat(_MIX_1)
    word = (word ^ (word >> splat(np.uint32(15)))) * splat(_MIX_2)
    word = word ^ (word >> splat(np.uint32(16)))
    return ((word >> shift) & splat(_LOWER)) >= splat(threshold)


def lanes_of(units: int, size: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """What :func:`kept_lanes` takes of every unit: its lane times ``GOLDEN``, and its bits' place.

    Args:
        units: number of units.
        size: length of the arrays; what lies beyond the units stands for none.
    """
    half = (units + 1) // 2
    unit = np.arange(size, dtype=np.uint32)
    upper = unit >= half
    lanes: NDArray[np.uint32] = (unit - np.uint32(half) * upper.astype(np.uint32)) * _GOLDEN
    return lanes, upper.astype(np.uint32) * np.uint32(16)
