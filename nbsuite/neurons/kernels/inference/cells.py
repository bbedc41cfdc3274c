"""Recurrent cells of torch through time, compiled; currents from the inputs are given.

For each step, with a = W_ih x + b_ih given for all steps and b = W_hh h + b_hh, torch's gates in
its order,

    RNN    h' = tanh(a + b), or max(0, a + b)
    LSTM   i, f, o = sigmoid(a + b)    g = tanh(a + b)    c' = f c + i g    h' = o tanh(c')
    GRU    r, z = sigmoid(a + b)       n = tanh(a + r b)  h' = (1 - z) n + z h

Sums are in another order than torch's, so that results agree up to rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@njit(cache=True, error_model="numpy")
def _recur(transposed: Floats, bias: Floats, state: Floats, sums: Floats) -> None:
    """W_hh h + b_hh of one step, given W_hh transposed: (units, gates x units)."""
    sums[:] = bias
    for unit in range(len(state)):
        value = state[unit]
        for gate in range(len(sums)):
            sums[gate] += transposed[unit, gate] * value


@njit(cache=True, error_model="numpy")
def _sigmoids(values: NDArray[np.float64], bits: NDArray[np.int64]) -> None:
    """1 / (1 + exp(-x)) in place of each x, up to 1e-9, by loops that compilers vectorise.

    exp(y) = 2^n exp(f), n being the whole number next to y / ln 2 and exp(f) a series; 2^n is made
    of its bits.

    Args:
        values: what is replaced.
        bits: as many whole numbers, to work with.
    """
    powers = bits.view(np.float64)
    for index in range(len(values)):
        exponent = min(max(-values[index], -700.0), 700.0)
        whole = np.rint(exponent * 1.4426950408889634)
        f = exponent - whole * 0.6931471805599453
        series = 1 / 720 + f * (1 / 5040 + f / 40320)
        series = 1 / 6 + f * (1 / 24 + f * (1 / 120 + f * series))
        values[index] = 1 + f * (1 + f * (0.5 + f * series))
        bits[index] = (np.int64(whole) + 1023) << 52
    for index in range(len(values)):
        values[index] = 1 / (1 + values[index] * powers[index])


@njit(cache=True, error_model="numpy")
def run_rnn(
    currents: Floats,
    transposed: Floats,
    bias: Floats,
    state: Floats,
    rectified: bool,
    outputs: Floats,
) -> None:
    """Run an RNN's cell.

    Args:
        currents: (steps, units) W_ih x + b_ih.
        transposed: (units, units) W_hh transposed.
        bias: (units,) b_hh.
        state: (units,) h before the first step; that after the last one replaces it.
        rectified: whether units are rectified, in place of tanh.
        outputs: (steps, units) receives h.
    """
    units = len(state)
    sums, bits = np.empty_like(bias), np.empty(units, np.int64)
    values = np.empty(units)
    for step in range(len(currents)):
        _recur(transposed, bias, state, sums)
        if rectified:
            for unit in range(units):
                state[unit] = max(currents[step, unit] + sums[unit], 0.0)
        else:
            for unit in range(units):
                values[unit] = 2 * (currents[step, unit] + sums[unit])
            _sigmoids(values, bits)
            for unit in range(units):
                state[unit] = 2 * values[unit] - 1
        outputs[step] = state


@njit(cache=True, error_model="numpy")
def run_lstm(
    currents: Floats,
    transposed: Floats,
    bias: Floats,
    state: Floats,
    cell: Floats,
    outputs: Floats,
    cells: Floats,
) -> None:
    """Run an LSTM's cell; see :func:`run_rnn`, with 4 gates in place of one.

    Args:
        currents: (steps, 4 units) W_ih x + b_ih.
        transposed: (units, 4 units) W_hh transposed.
        bias: (4 units,) b_hh.
        state: (units,) h before the first step, replaced by that after the last one.
        cell: (units,) c before the first step, replaced by that after the last one.
        outputs: (steps, units) receives h.
        cells: (steps, units) receives c.
    """
    units = len(state)
    sums, bits = np.empty_like(bias), np.empty(4 * units, np.int64)
    values = np.empty(4 * units)
    folded = np.empty(units)
    for step in range(len(currents)):
        _recur(transposed, bias, state, sums)
        for gate in range(4 * units):
            values[gate] = currents[step, gate] + sums[gate]
        for gate in range(2 * units, 3 * units):
            values[gate] *= 2  # tanh(x) = 2 sigmoid(2 x) - 1
        _sigmoids(values, bits)
        for unit in range(units):
            g = 2 * values[2 * units + unit] - 1
            cell[unit] = values[units + unit] * cell[unit] + values[unit] * g
            folded[unit] = 2 * cell[unit]
        _sigmoids(folded, bits[:units])
        for unit in range(units):
            state[unit] = values[3 * units + unit] * (2 * folded[unit] - 1)
        cells[step] = cell
        outputs[step] = state


@njit(cache=True, error_model="numpy")
def run_gru(
    currents: Floats, transposed: Floats, bias: Floats, state: Floats, outputs: Floats
) -> None:
    """Run a GRU's cell; see :func:`run_rnn`, with 3 gates in place of one.

    Args:
        currents: (steps, 3 units) W_ih x + b_ih.
        transposed: (units, 3 units) W_hh transposed.
        bias: (3 units,) b_hh.
        state: (units,) h before the first step, replaced by that after the last one.
        outputs: (steps, units) receives h.
    """
    units = len(state)
    sums, bits = np.empty_like(bias), np.empty(2 * units, np.int64)
    values = np.empty(2 * units)
    folded = np.empty(units)
    for step in range(len(currents)):
        _recur(transposed, bias, state, sums)
        for gate in range(2 * units):
            values[gate] = currents[step, gate] + sums[gate]
        _sigmoids(values, bits)
        for unit in range(units):  # tanh(x) = 2 sigmoid(2 x) - 1
            place = 2 * units + unit
            folded[unit] = 2 * (currents[step, place] + values[unit] * sums[place])
        _sigmoids(folded, bits[:units])
        for unit in range(units):
            z = values[units + unit]
            state[unit] = (1 - z) * (2 * folded[unit] - 1) + z * state[unit]
        outputs[step] = state
