"""The networks that the triton kernel takes; known without triton."""

from __future__ import annotations

import torch

from nbsuite.errors import UsageError

WARP = 32
_MOST_BYTES = 1 << 16
"""Recurrent weights of a program: a quarter of the registers of one multiprocessor."""


def padded_neurons(neurons: int) -> int:
    """Number of threads, a power of two and whole warps, that are a neuron each."""
    return max(WARP, 1 << (neurons - 1).bit_length())


def require_size(neurons: int, dtype: torch.dtype) -> None:
    """Make sure that a GPU's registers hold the recurrent weights.

    Raises:
        UsageError: there are too many.
    """
    most = WARP
    while (2 * most) ** 2 * dtype.itemsize <= _MOST_BYTES:
        most *= 2
    if neurons > most:
        raise UsageError(
            f"The triton kernel holds all recurrent weights on the chip, and takes at most {most} "
            f"neurons in {dtype}, not {neurons}; use the reference kernel."
        )
