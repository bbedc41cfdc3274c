"""Recurrent cells of torch through time, compiled; currents from the inputs are given.

For each step, with a = W_ih x + b_ih given for all steps and b = W_hh h + b_hh, torch's gates in
its order,

    RNN    h' = tanh(a + b), or max(0, a + b)
    LSTM   i, f, o = sigmoid(a + b)    g = tanh(a + b)    c' = f c + i g    h' = o tanh(c')
    GRU    r, z = sigmoid(a + b)       n = tanh(a + r b)  h' = (1 - z) n + z h

Sums are in another order than torch's, so that results agree up to rounding.
"""

from __future__ import annotations

import math
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
def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


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
    sums = np.empty_like(bias)
    for step in range(len(currents)):
        _recur(transposed, bias, state, sums)
        for unit in range(len(state)):
            value = currents[step, unit] + sums[unit]
            state[unit] = max(value, 0.0) if rectified else math.tanh(value)
            outputs[step, unit] = state[unit]


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
        cell: (units,) c, likewise.
        outputs: (steps, units) receives h.
        cells: (steps, units) receives c.
    """
    units = len(state)
    sums = np.empty_like(bias)
    for step in range(len(currents)):
        _recur(transposed, bias, state, sums)
        for unit in range(units):
            i = _sigmoid(currents[step, unit] + sums[unit])
            f = _sigmoid(currents[step, units + unit] + sums[units + unit])
            g = math.tanh(currents[step, 2 * units + unit] + sums[2 * units + unit])
            o = _sigmoid(currents[step, 3 * units + unit] + sums[3 * units + unit])
            cell[unit] = f * cell[unit] + i * g
            state[unit] = o * math.tanh(cell[unit])
            cells[step, unit] = cell[unit]
            outputs[step, unit] = state[unit]


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
    sums = np.empty_like(bias)
    for step in range(len(currents)):
        _recur(transposed, bias, state, sums)
        for unit in range(units):
            r = _sigmoid(currents[step, unit] + sums[unit])
            z = _sigmoid(currents[step, units + unit] + sums[units + unit])
            n = math.tanh(currents[step, 2 * units + unit] + r * sums[2 * units + unit])
            state[unit] = (1.0 - z) * n + z * state[unit]
            outputs[step, unit] = state[unit]
