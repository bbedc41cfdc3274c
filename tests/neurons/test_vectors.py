"""Vectors in compiled code against numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import njit
from numba.core.errors import TypingError

from nbsuite.neurons.kernels.bits import trailing_zeros
from nbsuite.neurons.kernels.training.product import PANEL, ROWS, multiply, panels_of
from nbsuite.neurons.kernels.vectors import (
    LANES,
    WIDE_LANES,
    absolute,
    bits_of,
    in_double_precision,
    load,
    load_wide,
    multiply_add,
    prefetch,
    splat,
    splat_wide,
    store,
    where,
)

numbers = st.floats(-1e3, 1e3, width=32)


@njit
def compute(first, second, results, doubles, words):
    """A row of results for each operation."""
    for index in range(0, first.size, LANES):
        prefetch(first, index + 1000)
        a, b = load(first, index), load(second, index)
        greater = a > b
        store(results, index, a + b)
        store(results, first.size + index, a - b)
        store(results, 2 * first.size + index, a * b)
        store(results, 3 * first.size + index, a / b)
        store(results, 4 * first.size + index, absolute(a))
        store(results, 5 * first.size + index, where(greater, a, b))
        store(results, 6 * first.size + index, multiply_add(a, b, splat(first[0])))
        store(doubles, index, in_double_precision(a) * in_double_precision(b))
        words[index // LANES] = bits_of(greater)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(pair=arrays(np.float32, (2, 3 * LANES), elements=numbers))
@np.errstate(all="ignore")
def test_numbers(dtype, pair):
    first, second = pair.astype(dtype)
    second[second == 0] = 1
    results, doubles = np.empty((7, first.size), dtype), np.empty(first.size)
    words = np.empty(3, np.uint64)
    compute(first, second, results, doubles, words)
    expected = [first + second, first - second, first * second, first / second, abs(first)]
    np.testing.assert_array_equal(results[:5], expected)
    np.testing.assert_array_equal(results[5], np.maximum(first, second))
    exact = first.astype(float) * second + float(first[0])
    largest = abs(first.astype(float) * second) + abs(float(first[0]))
    tolerance = 2 * np.finfo(dtype).eps * largest + np.finfo(dtype).tiny
    assert (abs(results[6] - exact) <= tolerance).all()
    np.testing.assert_array_equal(doubles, first.astype(float) * second.astype(float))
    bits = np.unpackbits(words.view(np.uint8).reshape(3, 8)[:, :2], bitorder="little")
    np.testing.assert_array_equal(bits, first > second)


@njit
def combine(first, second, results):
    a, b = load(first, 0), load(second, 0)
    store(results, 0, (a ^ b) * splat(np.uint32(2654435761)))
    store(results, LANES, (a >> splat(np.uint32(7))) & b)
    return bits_of(a >= b)


@given(pair=arrays(np.uint32, (2, LANES)))
@np.errstate(over="ignore")
def test_words(pair):
    first, second = pair
    results = np.empty((2, LANES), np.uint32)
    word = combine(first, second, results)
    np.testing.assert_array_equal(results[0], (first ^ second) * np.uint32(2654435761))
    np.testing.assert_array_equal(results[1], (first >> np.uint32(7)) & second)
    assert [word >> lane & 1 for lane in range(LANES)] == (first >= second).tolist()


@njit
def indices_above(values, threshold):
    """Where a wide vector is above a threshold, by way of its bits."""
    found = []
    word = bits_of(load_wide(values, 0) > splat_wide(threshold))
    while word:
        found.append(trailing_zeros(word))
        word &= word - np.uint64(1)
    return found


@given(values=arrays(np.float32, WIDE_LANES, elements=numbers))
def test_wide_vectors_and_their_bits(values):
    values[0] = 2000  # numba asks for lists that are not empty
    found = indices_above(values, np.float32(1))
    np.testing.assert_array_equal(found, np.flatnonzero(values > 1))


def test_vectors_are_not_stored_among_other_numbers():
    @njit
    def narrow(values, results):
        store(results, 0, load(values, 0))

    with pytest.raises(TypingError):
        narrow(np.zeros(LANES), np.zeros(LANES, np.float32))


@njit
def product_of(rows, panels, products, first_column):
    multiply(rows, panels, products, first_column)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("inner", "columns"), [(1, 64), (66, 64), (130, 128), (700, 192)])
@pytest.mark.parametrize("first", [0, 3])
def test_product(dtype, inner, columns, first):
    generator = np.random.default_rng(inner)
    rows = generator.standard_normal((3 * ROWS, inner + 5)).astype(dtype)
    matrix = generator.standard_normal((inner, columns)).astype(dtype)
    products = np.full((len(rows), columns), np.nan, dtype)
    panels = panels_of(matrix)
    assert panels.shape == (columns // PANEL, inner, PANEL)
    product_of(rows, panels, products, first)
    rows, matrix = rows[:, first : first + inner].astype(float), matrix.astype(float)
    tolerance = 4 * np.finfo(dtype).eps * (abs(rows) @ abs(matrix))
    assert (abs(products - rows @ matrix) <= tolerance).all()
