"""What a recording's file holds, read and checked for its form before NeuroBench sees it.

Imports h5py: import this module where a file is opened, not at start-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from nbsuite.data.cells import Cells, read_cells
from nbsuite.data.clock import clock_start, resolution, time_finding
from nbsuite.data.finding import Finding
from nbsuite.data.mat_format import SAMPLE_SECONDS
from nbsuite.data.recording_file import remedy, require_file
from nbsuite.data.spike_tally import SpikeTally, tally_spikes
from nbsuite.data.twins.info import twin_info_in
from nbsuite.twin_info import TwinInfo
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.hdf5 import Hdf5Reader
from nbsuite.untrusted.hdf5_objects import floating_dtype, holds_numbers, shape_of
from nbsuite.untrusted.text import one_line

FloatArray = NDArray[np.float64]

MOST_SAMPLES = 1_500_000
"""Samples of the longest recording that is read, 100 minutes; each takes NeuroBench a kilobyte."""

_HDF5_FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError)
"""What h5py raises of a damaged file."""


@dataclass(frozen=True, eq=False)
class Contents:
    """The parts of a recording that the guards look at, and that NeuroBench loads.

    Attributes:
        units: rows of the spike array: sorted units and the unsorted rest of each channel.
        channels: recording channels.
        time: (T,) sample times in seconds, from ``clock_start`` on.
        cursor: (2, T) cursor positions in mm.
        target: (2, T) target positions in mm.
        spike_times: of each channel, the times of all its units in seconds, from ``clock_start``
            on.
        clock_start: what was taken off all times; 0 of the usual clocks.
        resolution: seconds between neighbouring times as they are stored.
        spikes: how the spikes fall into the samples; None where the time stamps are unsound.
        twin: what the file says of itself where it is a session twin.
    """

    units: int
    channels: int
    time: FloatArray
    cursor: FloatArray
    target: FloatArray
    spike_times: tuple[FloatArray, ...]
    clock_start: float
    resolution: float
    spikes: SpikeTally | None
    twin: TwinInfo | None

    @property
    def samples(self) -> int:
        """Samples of cursor and target, 4 ms apart."""
        return self.time.size

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.samples * SAMPLE_SECONDS

    @property
    def target_moves(self) -> NDArray[np.int64]:
        """The samples after which the target moves, where NeuroBench cuts its segments."""
        return np.flatnonzero(np.any(self.target[:, 1:] != self.target[:, :-1], axis=0))

    @property
    def reaches(self) -> int:
        """Number of segments of constant target position, by which NeuroBench splits."""
        return self.target_moves.size + 1


@dataclass(frozen=True, eq=False)
class _Stored:
    """The datasets as they are stored."""

    cells: Cells
    time: FloatArray
    time_dtype: np.dtype[np.float64]
    cursor: FloatArray
    target: FloatArray


@np.errstate(over="ignore", invalid="ignore")  # what is not finite is told in findings
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
            stored = _read(file, path.stat().st_size)
            twin = twin_info_in(file, path)
    except FormatFault as fault:
        raise Finding(f"{fault}: {remedy(path)}").error(path) from fault
    except _HDF5_FAULTS as error:
        raise Finding(_damage(path, error)).error(path) from error
    return _contents(stored, twin)


def _read(file: h5py.File, size: int) -> _Stored:
    """The datasets, the small ones first.

    Raises:
        FormatFault: the file is not of the format, or too large.
    """
    reader = Hdf5Reader(file, size)
    time, time_dtype = _numbers(reader, "t", "(1, samples)", rows=1)
    cursor, _ = _numbers(reader, "cursor_pos", "(2, samples)", rows=2)
    target, _ = _numbers(reader, "target_pos", "(2, samples)", rows=2)
    if not time.shape[1] == cursor.shape[1] == target.shape[1]:
        raise FormatFault(
            f"holds {time.shape[1]} samples of t, {cursor.shape[1]} of cursor_pos and"
            f" {target.shape[1]} of target_pos, which must be equally many"
        )
    if time.size < 2:
        raise FormatFault(f"holds {time.size} samples, too few for a velocity")
    return _Stored(read_cells(reader), time[0], time_dtype, cursor, target)


def _numbers(
    reader: Hdf5Reader, name: str, shape: str, *, rows: int
) -> tuple[FloatArray, np.dtype[np.float64]]:
    """Numbers of so many rows, and the floating-point dtype that they are stored as."""
    dataset = reader.dataset(name)
    size = shape_of(dataset) if dataset is not None and holds_numbers(dataset) else ()
    if dataset is None or len(size) != 2 or size[0] != rows:
        raise FormatFault(
            f"holds something else than an array of numbers of shape {shape} as {name}"
        )
    if size[1] > MOST_SAMPLES:
        raise FormatFault(f"announces {size[1]:,} samples in {name}, more than {MOST_SAMPLES:,}")
    return reader.numbers(dataset, name), floating_dtype(dataset)


def _contents(stored: _Stored, twin: TwinInfo | None) -> Contents:
    """The contents, on a clock by which NeuroBench's bins do not drift."""
    sound = time_finding(stored.time) is None
    start = clock_start(stored.time) if sound else 0.0
    time = stored.time - start
    cells = stored.cells.since(start)
    stored_as = min(stored.time_dtype, stored.cells.dtype, key=lambda dtype: dtype.itemsize)
    return Contents(
        units=cells.units,
        channels=len(cells.channels),
        time=time,
        cursor=stored.cursor,
        target=stored.target,
        spike_times=cells.spike_times,
        clock_start=start,
        resolution=resolution(stored.time, stored_as),
        spikes=tally_spikes(cells.channels, time) if sound else None,
        twin=twin,
    )


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
    return f"is damaged ({one_line(str(error), 120)}): {remedy(path)}"
