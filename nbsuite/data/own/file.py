"""The file of a recording of one's own: HDF5 with a head before it, version 1.

After the head of ``header`` come four datasets, uncompressed and in this byte order, T being steps
and N spikes:

===============  =================  ==========================================================
dataset          type and shape     content
===============  =================  ==========================================================
``offsets``      <i8 (T + 1,)       spikes before each step: step t has those from offsets[t] on
``sources``      <u2 (N,)           the channel of each spike; n times one that is counted n times
``targets``      <f4 (T, O)         what is to be decoded at each step
``segments``     <i8 (S, 2)         first step, and step after the last, of each stretch
===============  =================  ==========================================================

Imports h5py: import this module where a file is opened, not at start-up.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from nbsuite.data.own.content import Content, fault_of_content
from nbsuite.data.own.header import Header, encode_header, read_header
from nbsuite.files import atomic_write
from nbsuite.spike_events import SpikeEvents
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.hdf5 import Hdf5Reader
from nbsuite.untrusted.text import one_line

LARGEST_FILE = 8 << 30
"""Bytes."""

TYPES: dict[str, tuple[np.dtype[Any], int]] = {
    "offsets": (np.dtype("<i8"), 1),
    "sources": (np.dtype("<u2"), 1),
    "targets": (np.dtype("<f4"), 2),
    "segments": (np.dtype("<i8"), 2),
}
"""Type and number of dimensions of each dataset."""

_HDF5_FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError)
"""What h5py raises of a damaged file."""


def encode_content(content: Content) -> bytes:
    """The bytes of a recording's file.

    Raises:
        FormatFault: names and units are too long.
    """
    header = Header.of(content.task, content.events.channels, content.ends, content.origin)
    block = encode_header(header)
    arrays: dict[str, NDArray[Any]] = {
        "offsets": content.events.offsets,
        "sources": content.events.sources,
        "targets": content.targets,
        "segments": np.array(content.segments),
    }
    with h5py.File(
        "recording", "w", driver="core", backing_store=False, userblock_size=len(block)
    ) as file:
        for name, (dtype, _) in TYPES.items():
            file.create_dataset(name, data=arrays[name].astype(dtype))
        file.flush()
        image = bytes(file.id.get_file_image())
    return block + image.removeprefix(bytes(len(block)))


def write_content(path: Path, content: Content) -> str:
    """Write a recording's file, whole or not at all.

    Returns:
        SHA-256 of the file.

    Raises:
        FormatFault: names and units are too long.
        OSError: the folder cannot be written, or the disk is full.
    """
    # In memory first: a full disk makes HDF5 end the whole process when it closes the file.
    image = encode_content(content)
    with atomic_write(path) as temporary:
        temporary.write_bytes(image)
    return hashlib.sha256(image).hexdigest()


def read_content(path: Path) -> Content:
    """Read and check a recording's file.

    Raises:
        FormatFault: it is none, damaged, or of another version.
        OSError: it is missing or must not be read.
    """
    header = read_header(path, LARGEST_FILE)
    try:
        with h5py.File(path, "r") as file:
            reader = Hdf5Reader(file, path.stat().st_size)
            arrays = {name: _stored(reader, name) for name in TYPES}
    except FormatFault:
        raise
    except _HDF5_FAULTS as error:
        raise FormatFault(f"is damaged ({one_line(str(error), 120)})") from error
    segments = arrays["segments"]
    if segments.shape[1] != 2:
        raise FormatFault("has segments that are no pairs")
    content = Content(
        task=header.to_task(),
        events=SpikeEvents(arrays["sources"], arrays["offsets"], header.channels),
        targets=arrays["targets"],
        segments=tuple((start, stop) for start, stop in segments.tolist()),
        ends=header.ends,
        origin=header.origin,
    )
    if fault := fault_of_content(content):
        raise FormatFault(fault)
    return content


def _stored(reader: Hdf5Reader, name: str) -> NDArray[Any]:
    dtype, dimensions = TYPES[name]
    dataset = reader.dataset(name)
    if dataset is None or dataset.dtype != dtype or dataset.rank != dimensions:
        raise FormatFault(f"holds something else than an array of type {dtype.str} as {name}")
    return reader.stored(dataset, name)
