"""HDF5 files: plain ones, MATLAB's of version 7.3, and NWB.

Of MATLAB's, arrays are turned, since it stores their columns first, and cell arrays are spike
times. Of NWB (the schema's version 2), ``units`` is the table of spike times, a time series is its
data with its conversion and its time stamps, and a table of intervals is their starts and ends.

Imports h5py: import this module where a file is opened, not at start-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5g
from numpy.typing import NDArray

from nbsuite.data.imports.source import Array, Found, Intervals, SpikeTimes, by_number
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.hdf5 import Hdf5Reader
from nbsuite.untrusted.hdf5_objects import (
    holds_references,
    read_flag,
    read_number,
    read_text_attribute,
)
from nbsuite.untrusted.mat5 import dense_columns
from nbsuite.untrusted.text import one_line

MOST_BYTES_OF_ONE = 256
"""Bytes that are read of a file for each of its own: arrays that are mostly zeros compress well."""
MOST_UNITS = 1 << 16

_MATLAB_CLASS, _MATLAB_SPARSE, _MATLAB_EMPTY = "MATLAB_class", "MATLAB_sparse", "MATLAB_empty"


@contextmanager
def _faults_told() -> Iterator[None]:
    """Whatever h5py raises of a damaged file as a FormatFault."""
    try:
        yield
    except FormatFault:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise FormatFault(f"is damaged ({one_line(str(error), 120)}): copy it again") from error


class Hdf5File:
    """The datasets and tables of a file by their paths.

    Args:
        path: the file.
        closing: closes it.

    Raises:
        FormatFault: what is read of it is damaged, too large, or not in it.
    """

    def __init__(self, path: Path, closing: ExitStack) -> None:
        with _faults_told():
            self._file = closing.enter_context(h5py.File(path, "r"))
            self._reader = Hdf5Reader(self._file, path.stat().st_size, MOST_BYTES_OF_ONE)
            self.usual_spikes = "units" if self._reader.find("units/spike_times_index") else None

    @_faults_told()
    def listing(self) -> list[tuple[str, tuple[int, ...] | None]]:
        """Paths of datasets, and of the tables and time series in the place of their parts."""
        shown: dict[str, tuple[int, ...] | None] = {}
        for path, shape in self._reader.paths():
            table, _, part = path.rpartition("/")
            if table and part in ("data", "spike_times", "start_time"):
                shown[table] = shape if part == "data" else None
            elif part not in _PARTS:
                shown[path] = shape
        return list(shown.items())

    @_faults_told()
    def find(self, key: str) -> Found | None:
        """What a path names; in MATLAB's files, a dot serves for a slash."""
        found = self._reader.find(key) or self._reader.find(key.replace(".", "/"))
        if isinstance(found, h5d.DatasetID):
            return self._dataset(found, key)
        return self._group(found, key.replace(".", "/")) if isinstance(found, h5g.GroupID) else None

    def _dataset(self, dataset: h5d.DatasetID, key: str) -> Found:
        if holds_references(dataset):
            references = self._reader.references(dataset, key).T
            if references.size > MOST_UNITS:
                raise FormatFault(f"has {references.size:,} cells as {key}, more than are read")
            return SpikeTimes([self._cell(each, key) for each in references.ravel(order="F")])
        values = self._reader.stored(dataset, key)
        return Array(values.T if _has(dataset, _MATLAB_CLASS) else values)

    def _cell(self, reference: Any, key: str) -> NDArray[Any]:
        cell = self._reader.referenced(reference)
        if cell is None:
            raise FormatFault(f"has a cell of {key} that holds no numbers")
        if read_flag(cell, _MATLAB_EMPTY):
            return np.empty(0)
        return self._reader.stored(cell, f"a cell of {key}").ravel()

    def _group(self, group: h5g.GroupID, key: str) -> Found:
        names = {name.decode(errors="replace") for name in group}
        if "spike_times" in names:
            return SpikeTimes(self._table_of_units(key))
        if "data" in names and _has(group, _MATLAB_SPARSE):
            return Array(self._sparse(group, key))
        if "data" in names:
            return self._series(key)
        if {"start_time", "stop_time"} <= names:
            columns = [self._numbers(f"{key}/{name}") for name in ("start_time", "stop_time")]
            if columns[0].shape != columns[1].shape or columns[0].ndim != 1:
                raise FormatFault(f"has starts and stops of {key} that do not fit each other")
            seconds = np.stack(columns, axis=1).astype(np.float64)
            if not (np.isfinite(seconds).all() and (seconds[:, 0] <= seconds[:, 1]).all()):
                raise FormatFault(
                    f"has starts or stops of {key} that are NaN or infinite, or stops before their"
                    " starts: mend them, or leave these stretches out"
                )
            return Intervals(seconds)
        if len(names) > MOST_UNITS:
            raise FormatFault(f"has {len(names):,} datasets in {key}, more than are read")
        return SpikeTimes(
            [self._numbers(f"{key}/{name}").ravel() for name in by_number(list(names))]
        )

    def _numbers(self, path: str) -> NDArray[Any]:
        dataset = self._reader.find(path)
        if not isinstance(dataset, h5d.DatasetID):
            raise FormatFault(f"holds no numbers as {path}")
        return self._reader.stored(dataset, path)

    def _table_of_units(self, key: str) -> list[NDArray[Any]]:
        """NWB's table: all spike times, and where those of each unit end."""
        times = self._numbers(f"{key}/spike_times")
        ends = self._numbers(f"{key}/spike_times_index").astype(np.int64)
        edges = np.concatenate([[0], ends.ravel()])
        if times.ndim != 1 or (np.diff(edges) < 0).any() or edges[-1] != times.size:
            raise FormatFault(f"has spike times and an index of {key} that do not fit each other")
        if ends.size > MOST_UNITS:
            raise FormatFault(f"has {ends.size:,} units in {key}, more than are read")
        return np.split(times, edges[1:-1])

    def _series(self, key: str) -> Array:
        """NWB's time series, in the unit that it names."""
        data = self._reader.find(f"{key}/data")
        if not isinstance(data, h5d.DatasetID):
            raise FormatFault(f"holds no numbers as {key}/data")
        values = self._reader.stored(data, f"{key}/data")
        conversion, offset = read_number(data, "conversion"), read_number(data, "offset")
        if (conversion or 1.0, offset or 0.0) != (1.0, 0.0):
            values = values * (conversion or 1.0) + (offset or 0.0)
        try:
            unit = read_text_attribute(h5py.Dataset(data), "unit") or ""
        except FormatFault as fault:
            raise FormatFault(f"has a unit of {key} that {fault}") from fault
        return Array(values, self._stamps(key, len(values) if values.ndim else 0), unit)

    def _stamps(self, key: str, steps: int) -> NDArray[np.float64] | None:
        if self._reader.find(f"{key}/timestamps") is not None:
            return self._numbers(f"{key}/timestamps").ravel().astype(np.float64)
        start = self._reader.find(f"{key}/starting_time")
        if not isinstance(start, h5d.DatasetID):
            return None
        first = self._reader.stored(start, f"{key}/starting_time")
        rate = read_number(start, "rate")
        if first.size != 1 or rate is None or not rate > 0:
            raise FormatFault(f"has a starting time of {key} without a rate")
        return float(first.reshape(())) + np.arange(steps) / rate

    def _sparse(self, group: h5g.GroupID, key: str) -> NDArray[Any]:
        """MATLAB's sparse matrix."""
        numbers, rows, firsts = (self._numbers(f"{key}/{name}") for name in ("data", "ir", "jc"))
        height = read_number(group, _MATLAB_SPARSE)
        shape = (int(height or 0), max(0, firsts.size - 1))
        return dense_columns(rows, firsts, numbers, shape, key)


_PARTS = (
    *("timestamps", "starting_time", "spike_times_index", "stop_time", "id", "ir", "jc"),
    *("file_create_date", "identifier", "session_description", "session_start_time"),
    "timestamps_reference_time",
)
"""Datasets of NWB and of MATLAB's sparse matrices that nobody names."""


def _has(owner: h5d.DatasetID | h5g.GroupID, attribute: str) -> bool:
    return bool(h5py.h5a.exists(owner, attribute.encode()))


def is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5."""
    return bool(h5py.is_hdf5(path))
