"""The numba kernel for training: the one dense product of the backward pass.

Few rows (two steps of a group's windows) times a square matrix, again and again: a BLAS would copy
the matrix into the order that it likes in every call. Here it is laid out once a batch, in panels
of a few columns, and walked through in slices that stay in the processor's first cache while all
rows are multiplied with them. The sums of ``ROWS`` rows and a panel's columns stay in registers:
with AVX-512 there are 32 of 16 numbers, elsewhere half as much or less.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.core.registry import cpu_target
from numpy.typing import NDArray

from nbsuite.neurons.kernels.vectors import (
    LANES,
    WIDE_LANES,
    load,
    load_wide,
    multiply_add,
    splat,
    splat_wide,
    store,
)

Floats = NDArray[np.floating]

ROWS = 4
"""Rows that are multiplied at a time; the product's number of rows is a multiple of it."""

_is_wide = "+avx512f" in cpu_target.target_context.codegen().magic_tuple()[2]
_load, _splat = (load_wide, splat_wide) if _is_wide else (load, splat)

PANEL = WIDE_LANES if _is_wide else LANES
"""Columns of a panel."""

_SLICE = 8192 // PANEL
"""Rows of a panel that stay in the first cache: 32 KiB in single precision."""


def panels_of(matrix: NDArray[Any]) -> NDArray[Any]:
    """A matrix (rows, columns) as panels (columns / PANEL, rows, PANEL).

    Its number of columns is a multiple of ``WIDE_LANES``, and so of ``PANEL``.
    """
    rows, columns = matrix.shape
    return np.ascontiguousarray(matrix.reshape(rows, columns // PANEL, PANEL).transpose(1, 0, 2))


@njit(inline="always")
def multiply(rows: Floats, panels: Floats, products: Floats, first_column: int) -> None:
    """Multiply rows with a matrix.

    Args:
        rows: (rows, at least first_column + inner), a multiple of ``ROWS`` of them.
        panels: (panels, inner, PANEL) the matrix, see :func:`panels_of`.
        products: (rows, columns) receives the product.
        first_column: of the rows, where what is multiplied begins.
    """
    count, inner, columns = len(rows), panels.shape[1], products.shape[1]
    zero = _splat(rows.dtype.type(0))
    for panel in range(len(panels)):
        column, weights = panel * PANEL, panel * inner * PANEL
        for first in range(0, inner, _SLICE):
            end = min(first + _SLICE, inner)
            for row in range(0, count, ROWS):
                place = row * columns + column
                a = b = c = d = zero
                if first > 0:
                    a, b = _load(products, place), _load(products, place + columns)
                    c = _load(products, place + 2 * columns)
                    d = _load(products, place + 3 * columns)
                for index in range(first, end):
                    weight = _load(panels, weights + index * PANEL)
                    at = first_column + index
                    a = multiply_add(_splat(rows[row, at]), weight, a)
                    b = multiply_add(_splat(rows[row + 1, at]), weight, b)
                    c = multiply_add(_splat(rows[row + 2, at]), weight, c)
                    d = multiply_add(_splat(rows[row + 3, at]), weight, d)
                store(products, place, a)
                store(products, place + columns, b)
                store(products, place + 2 * columns, c)
                store(products, place + 3 * columns, d)
