"""What the machine can do at best: bandwidth of its memory and caches, and rate of dense products.

Every figure is that of the process that calls: on one thread, or on as many as torch is set to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numba import njit
from threadpoolctl import threadpool_limits

from nbsuite.neurons.kernels.training.network import filled_up
from nbsuite.neurons.kernels.training.product import multiply, panels_of
from nbsuite.neurons.kernels.vectors import WIDE_LANES
from nbsuite.training.compute import limited_threads

FLOAT_BYTES = 4
TRIAD_ARRAYS = 3
MEMORY_FLOATS = 1 << 25
"""128 MiB an array, three of them: more than any cache."""
CACHE_FLOATS = 1 << 15
"""128 KiB an array: together less than a second-level cache of today."""
ROWS = 64
"""Rows of a dense product of the training kernel: two steps of 32 windows."""


def best_seconds(function: Callable[[], object], seconds: float) -> float:
    """The shortest time of a call, among calls for that long and at least three."""
    best, ended, calls = float("inf"), time.perf_counter() + seconds, 0
    while calls < 3 or time.perf_counter() < ended:
        begun = time.perf_counter()
        function()
        best, calls = min(best, time.perf_counter() - begun), calls + 1
    return best


def triad_bandwidth(floats: int, seconds: float) -> float:
    """Bytes a second of STREAM's triad, a = b + s c, counting each array once.

    Args:
        floats: length of each of the three float32 arrays.
        seconds: time to measure for.
    """
    a, b, c = (torch.full((floats,), value) for value in (0.0, 1.0, 2.0))
    triad = best_seconds(lambda: torch.add(b, c, alpha=3.0, out=a), seconds)
    return TRIAD_ARRAYS * FLOAT_BYTES * floats / triad


def product_rates(size: int, seconds: float) -> dict[str, float]:
    """Floating-point operations a second on one thread, (ROWS, size) by (size, size).

    Args:
        size: such as the number of neurons; the kernel's is that of the next multiple of 64.
        seconds: time to measure for, by BLAS and by the training kernel's own product.
    """
    generator = np.random.default_rng(1)
    left = generator.random((ROWS, size), dtype=np.float32)
    right = generator.random((size, size), dtype=np.float32)
    out = np.empty_like(left)
    with threadpool_limits(1, user_api="blas"):
        by_blas = best_seconds(lambda: np.dot(left, right, out=out), seconds)
    panels = panels_of(filled_up(right, -(-size // WIDE_LANES) * WIDE_LANES))
    padded = filled_up(out, len(panels) * panels.shape[2])
    _multiply(left, panels, padded)
    by_kernel = best_seconds(lambda: _multiply(left, panels, padded), seconds)
    operations = 2 * ROWS * size * size
    return {"BLAS": operations / by_blas, "kernel": operations / by_kernel}


@njit
def _multiply(left: Any, panels: Any, out: Any) -> None:
    multiply(left, panels, out)


def measure_limits(sizes: Sequence[int], cores: int, seconds: float) -> dict[str, Any]:
    """All limits: bytes a second by threads, elements a second, operations a second by size."""
    bandwidths = {}
    for threads in range(1, cores + 1):
        with limited_threads(threads):
            bandwidths[str(threads)] = triad_bandwidth(MEMORY_FLOATS, seconds)
    with limited_threads(1):
        elements = triad_bandwidth(CACHE_FLOATS, seconds) / (TRIAD_ARRAYS * FLOAT_BYTES)
    return {
        "memory_bytes_per_second": bandwidths,
        "cached_elements_per_second": elements,
        "product_flops_per_second": {str(s): product_rates(s, seconds) for s in sizes},
    }
