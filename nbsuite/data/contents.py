"""What a recording's file holds, read and checked for its form before NeuroBench sees it.

Imports h5py: import this module where a file is opened, not at start-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from nbsuite.data.guards import Finding, remedy, require_file, time_finding
from nbsuite.data.spike_tally import Cell, SpikeTally, tally_spikes
from nbsuite.data.twin_info import TwinInfo, read_twin_info
from nbsuite.errors import DataError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Contents:
    """The parts of a recording that the guards look at.

    Attributes:
        units: rows of the spike array: sorted units and the unsorted rest of each channel.
        channels: recording channels.
        time: (T,) sample times in seconds.
        cursor: (2, T) cursor positions in mm.
        target: (2, T) target positions in mm.
        spikes: how the spikes fall into the samples; None where the time stamps are unsound.
        twin: what the file says of itself where it is a session twin.
    """

    units: int
    channels: int
    time: FloatArray
    cursor: FloatArray
    target: FloatArray
    spikes: SpikeTally | None
    twin: TwinInfo | None

    @property
    def samples(self) -> int:
        """Samples of cursor and target, 4 ms apart."""
        return self.time.size

    @property
    def target_moves(self) -> NDArray[np.int64]:
        """The samples after which the target moves, where NeuroBench cuts its segments."""
        return np.flatnonzero(np.any(self.target[:, 1:] != self.target[:, :-1], axis=0))

    @property
    def reaches(self) -> int:
        """Number of segments of constant target position, by which NeuroBench splits."""
        return self.target_moves.size + 1


def read_contents(path: Path) -> Contents:
    """Read a recording's file.

    Args:
        path: a MATLAB v7.3 file of the format that :mod:`nbsuite.data.matfile` describes.

    Raises:
        DataError: the file is missing, empty, truncated, not HDF5, or not of the format.
    """
    require_file(path)
    try:
        with h5py.File(path, "r") as file:
            cells, time, cursor, target = _read(file, path)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise Finding(_damage(path, error)).error(path) from error
    if not time.size == cursor.shape[1] == target.shape[1]:
        raise Finding(
            f"holds {time.size} samples of t, {cursor.shape[1]} of cursor_pos and"
            f" {target.shape[1]} of target_pos, which must be equally many: {remedy(path)}"
        ).error(path)
    if time.size < 2:
        raise Finding(f"holds {time.size} samples, too few for a velocity: {remedy(path)}").error(
            path
        )
    return Contents(
        units=len(cells[0]),
        channels=len(cells),
        time=time,
        cursor=cursor,
        target=target,
        spikes=tally_spikes(cells, time) if time_finding(time) is None else None,
        twin=read_twin_info(path),
    )


def _read(
    file: h5py.File, path: Path
) -> tuple[list[list[Cell]], FloatArray, FloatArray, FloatArray]:
    """The cells of each channel, then time, cursor and target."""
    spikes = _array(file, path, "spikes", "(units, channels)")
    if h5py.check_ref_dtype(spikes.dtype) is not h5py.Reference or not all(spikes.shape):
        raise _misshapen(path, "spikes", "references to lists of spike times")
    return (
        [[_cell(file[reference], path) for reference in column] for column in spikes[()].T],
        _numbers(file, path, "t", "(1, samples)", rows=1)[0],
        _numbers(file, path, "cursor_pos", "(2, samples)", rows=2),
        _numbers(file, path, "target_pos", "(2, samples)", rows=2),
    )


def _array(file: h5py.File, path: Path, name: str, shape: str) -> h5py.Dataset:
    if name not in file:
        raise Finding(f"lacks the dataset {name}, so it is no recording: {remedy(path)}").error(
            path
        )
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.ndim != 2:
        raise _misshapen(path, name, f"an array of shape {shape}")
    return dataset


def _numbers(file: h5py.File, path: Path, name: str, shape: str, *, rows: int) -> FloatArray:
    dataset = _array(file, path, name, shape)
    if dataset.shape[0] != rows or dataset.dtype.kind not in "fiu":
        raise _misshapen(path, name, f"an array of numbers of shape {shape}")
    return np.asarray(dataset[()], dtype=np.float64)


def _cell(cell: Any, path: Path) -> Cell:
    if not isinstance(cell, h5py.Dataset) or cell.shape is None or cell.dtype.kind not in "fiu":
        raise _misshapen(path, "spikes", "references to lists of spike times")
    empty = bool(cell.attrs.get("MATLAB_empty", 0))
    return Cell(np.asarray(cell[()], dtype=np.float64).ravel(), empty)


def _misshapen(path: Path, name: str, expected: str) -> DataError:
    return Finding(f"holds something else than {expected} as {name}: {remedy(path)}").error(path)


def _damage(path: Path, error: Exception) -> str:
    """What is wrong with a file that HDF5 cannot read."""
    if not h5py.is_hdf5(path):
        with path.open("rb") as stream:
            older = stream.read(128).startswith(b"MATLAB 5.0")
        if older:
            return "is of an older MATLAB format: save it with MATLAB's -v7.3 option"
        return f"is not an HDF5 file (MATLAB v7.3): {remedy(path)}"
    if "truncated" in str(error):
        return f"is truncated: {remedy(path)}"
    if "unable to lock" in str(error):
        return "is being written by another program: wait until that has ended"
    return f"is damaged ({error}): {remedy(path)}"
