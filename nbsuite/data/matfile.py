"""Writing recordings in the format of Zenodo record 583331 (MATLAB v7.3, which is HDF5).

Datasets, as ``h5py`` sees them: ``spikes`` (units, channels) of object references to (1, n)
spike times in seconds, ``cursor_pos`` and ``target_pos`` (2, T) in mm, ``t`` (1, T) in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from nbsuite.files import atomic_write

FloatArray = NDArray[np.float64]


def write_recording(
    path: Path,
    *,
    spike_times: Sequence[Sequence[FloatArray]],
    cursor: FloatArray,
    target: FloatArray,
    time: FloatArray,
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Write one recording, whole or not at all.

    Args:
        path: the file to write.
        spike_times: this and all else as of :func:`encode_recording`.
        cursor: cursor positions.
        target: target positions.
        time: sample times.
        attributes: text attributes of the file's root.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    # In memory first: a full disk makes HDF5 end the whole process when it closes the file.
    content = encode_recording(
        spike_times=spike_times, cursor=cursor, target=target, time=time, attributes=attributes
    )
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def encode_recording(
    *,
    spike_times: Sequence[Sequence[FloatArray]],
    cursor: FloatArray,
    target: FloatArray,
    time: FloatArray,
    attributes: Mapping[str, str] | None = None,
    mark_empty: bool = True,
) -> bytes:
    """The bytes of a recording's file.

    Args:
        spike_times: ``spike_times[unit][channel]`` are the spike times in seconds, sorted.
        cursor: (2, T) cursor positions in mm.
        target: (2, T) target positions in mm.
        time: (T,) sample times in seconds, 4 ms apart.
        attributes: text attributes of the file's root (real recordings carry none).
        mark_empty: write an empty cell as MATLAB does, as its dimensions and a mark; otherwise
            as an array without elements.
    """
    units, channels = len(spike_times), len(spike_times[0])
    with h5py.File("recording", "w", driver="core", backing_store=False) as file:
        references = file.create_dataset("spikes", (units, channels), dtype=h5py.ref_dtype)
        cells = file.create_group("#refs#")
        for unit in range(units):
            for channel in range(channels):
                times = np.asarray(spike_times[unit][channel], dtype=np.float64)
                mark = mark_empty and not times.size
                cell = _write_cell(cells, f"u{unit}c{channel}", times, mark=mark)
                references[unit, channel] = cell.ref
        file["cursor_pos"] = cursor
        file["target_pos"] = target
        file["t"] = time[np.newaxis]
        for name, text in (attributes or {}).items():
            file.attrs[name] = text
        file.flush()
        return bytes(file.id.get_file_image())


def _write_cell(cells: h5py.Group, name: str, times: FloatArray, *, mark: bool) -> h5py.Dataset:
    """One cell of spike times, or of the mark that MATLAB gives an empty one."""
    if not mark:
        return cells.create_dataset(name, data=times[np.newaxis])
    cell = cells.create_dataset(name, data=np.zeros(2, dtype=np.uint64))
    cell.attrs["MATLAB_empty"] = np.uint8(1)
    return cell
