"""The spike array of a recording: references to cells, each of them one unit's spike times.

Imports h5py: import this module where a file is opened, not at start-up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from h5py import h5o
from numpy.typing import NDArray

from nbsuite.data.spike_tally import Cell
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.hdf5 import Hdf5Reader
from nbsuite.untrusted.hdf5_objects import (
    floating_dtype,
    holds_numbers,
    holds_references,
    read_flag,
    shape_of,
)

FloatArray = NDArray[np.float64]

MOST_CELLS = 1 << 14
"""Cells of the largest spike array that is read: 85 units on each of 192 channels."""

_EXPECTED = "holds something else than references to lists of spike times as spikes"


@dataclass(frozen=True, eq=False)
class Cells:
    """All cells of a recording.

    Attributes:
        channels: the cells of each channel, one a unit.
        dtype: the coarsest floating-point dtype that spike times are stored as.
    """

    channels: tuple[tuple[Cell, ...], ...]
    dtype: np.dtype[Any]

    @property
    def units(self) -> int:
        """Cells of a channel."""
        return len(self.channels[0])

    @property
    def spike_times(self) -> tuple[FloatArray, ...]:
        """Of each channel, the times of all its units; NeuroBench would unite them, too."""
        return tuple(
            np.concatenate([np.empty(0), *(cell.numbers for cell in cells if not cell.empty)])
            for cells in self.channels
        )

    def since(self, start: float) -> Cells:
        """The cells with all times taken from ``start`` on."""
        if not start:
            return self
        moved = tuple(
            tuple(cell._replace(numbers=cell.numbers - start) for cell in cells)
            for cells in self.channels
        )
        return replace(self, channels=moved)


def read_cells(reader: Hdf5Reader) -> Cells:
    """Read the cells; one that several references lead to is read once.

    Raises:
        FormatFault: the array is none of references to lists of numbers, or too large.
    """
    array = reader.dataset("spikes")
    shape = shape_of(array) if array is not None and holds_references(array) else ()
    if array is None or len(shape) != 2 or not all(shape):
        raise FormatFault(_EXPECTED)
    if math.prod(shape) > MOST_CELLS:
        raise FormatFault(
            f"announces {shape[0]:,} units on each of {shape[1]:,} channels, far more than are"
            " recorded at once"
        )
    known: dict[int, Cell] = {}
    dtypes = {np.dtype(np.float64)}
    channels = tuple(
        tuple(_cell(reader, reference, known, dtypes) for reference in column)
        for column in reader.references(array, "spikes").T
    )
    return Cells(channels, min(dtypes, key=lambda dtype: dtype.itemsize))


def _cell(
    reader: Hdf5Reader, reference: Any, known: dict[int, Cell], dtypes: set[np.dtype[Any]]
) -> Cell:
    dataset = reader.referenced(reference)
    if dataset is None or not holds_numbers(dataset):
        raise FormatFault(_EXPECTED)
    address = h5o.get_info(dataset).addr
    if (cell := known.get(address)) is not None:
        reader.allow(cell.numbers, "spikes")
        return cell
    dtypes.add(floating_dtype(dataset))
    numbers = reader.numbers(dataset, "a cell of spikes").ravel()
    cell = known[address] = Cell(numbers, read_flag(dataset, "MATLAB_empty"))
    return cell
