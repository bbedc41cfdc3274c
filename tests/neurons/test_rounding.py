from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from nbsuite.neurons.kernels.rounding import round_to_half


@njit
def _round_all(values: np.ndarray) -> np.ndarray:
    rounded = np.empty_like(values)
    for index in range(values.size):
        rounded[index] = round_to_half(values[index])
    return rounded


def _same(values: np.ndarray) -> bool:
    with np.errstate(over="ignore"):
        due = values.astype(np.float16).astype(np.float32)
    return bool(np.array_equal(_round_all(values), due))


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1))
def test_agrees_with_numpy(values: list[float]) -> None:
    assert _same(np.array(values, dtype=np.float32))


def test_agrees_with_numpy_on_every_half_value_and_every_tie_between_them() -> None:
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)
    ties = ((halves[1:].astype(np.float64) + halves[:-1]) / 2).astype(np.float32)
    beside = np.concatenate(
        [np.nextafter(ties, np.float32(0)), np.nextafter(ties, np.float32(1e9))]
    )
    for values in (halves, ties, beside):
        assert _same(values)
        assert _same(-values)


@pytest.mark.parametrize("value", [65504.0, 65519.0, 65520.0, 1e30, np.inf, -0.0, 1e-30])
def test_agrees_with_numpy_at_the_borders(value: float) -> None:
    assert _same(np.array([value, -value], dtype=np.float32))


def test_nan_remains_nan_whatever_its_bits() -> None:
    payloads = np.array([0x7F800001, 0x7F801FFF, 0x7FBFFFFF, 0x7FC00000, 0x7FFFFFFF], np.uint32)
    for bits in (payloads, payloads | np.uint32(1 << 31)):
        assert np.isnan(_round_all(bits.view(np.float32))).all()
