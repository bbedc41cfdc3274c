"""HDF5 files from strangers: what a dataset is, and how much, is seen before any of it is read.

A dataset can claim what the file does not hold: what was never written reads as zeros, compressed
bytes may stand for a thousand times as many, and the numbers may lie in other files. So all that
is read of one file is bounded by the file's own size, and other files are never opened.

Imports h5py: import this module where a file is opened, not at start-up.
"""

from __future__ import annotations

import itertools
import math
import zlib
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5g, h5l, h5o, h5r, h5s, h5z
from numpy.typing import NDArray

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.hdf5_objects import holds_numbers, holds_references, shape_of

FloatArray = NDArray[np.float64]

MOST_BYTES_OF_ONE = 16
"""Bytes that are read of a file for each of its own; three are many in a recording compressed."""

SMALLEST_ALLOWANCE = 16 << 20
"""Bytes that are read of a file, however small it is."""

LARGEST_ALLOWANCE = 8 << 30
"""Bytes that are read of a file, however large it is."""

MOST_CHUNKS = 1 << 16
_MOST_SHOWN, _DEEPEST_SHOWN = 1000, 6
_LARGEST_CHUNK = 64 << 20
_LARGEST_UNVERIFIED = 1 << 20
"""Bytes of a chunk in the file whose deflation cannot harm: it stands for at most 1,032 times."""

_FILTERS = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF)


class Hdf5Reader:
    """Reads datasets of one open file; what it reads in all is bounded by the file's size.

    Faults of a dataset are ``FormatFault``; of a damaged file h5py raises OSError, RuntimeError,
    KeyError, ValueError or TypeError.

    Args:
        file: the open file.
        size: its bytes.
        most_of_one: bytes that are read for each of them.
    """

    def __init__(self, file: h5py.File, size: int, most_of_one: int = MOST_BYTES_OF_ONE) -> None:
        self._file = file
        self._left = max(SMALLEST_ALLOWANCE, min(most_of_one * size, LARGEST_ALLOWANCE))

    def dataset(self, name: str) -> h5d.DatasetID | None:
        """The dataset of that name in the file's root; None where something else has the name.

        Raises:
            FormatFault: nothing has the name, or a link to somewhere else.
        """
        if (found := self.find(name)) is None:
            raise FormatFault(f"lacks the dataset {name}")
        return _as_dataset(found)

    def find(self, path: str) -> Any:
        """The dataset, group or other object of a path with slashes; None if there is none.

        Raises:
            FormatFault: there is a link to somewhere else, or something else, in the path.
        """
        found = h5g.open(self._file.id, b"/")
        for part in path.split("/"):
            name = part.encode()
            if not isinstance(found, h5g.GroupID) or not name or name not in found:
                return None
            if found.links.get_info(name).type != h5l.TYPE_HARD:
                raise FormatFault(f"has a link to somewhere else as {path}")
            found = h5o.open(found, name)
        return found

    def paths(self) -> list[tuple[str, tuple[int, ...]]]:
        """Paths of datasets with their shapes, up to a thousand of them and six levels deep.

        What begins with # is MATLAB's own.
        """
        shown: list[tuple[str, tuple[int, ...]]] = []
        waiting = [("", 0, h5g.open(self._file.id, b"/"))]
        while waiting and len(shown) < _MOST_SHOWN:
            path, depth, group = waiting.pop()
            for name in itertools.islice(group, _MOST_SHOWN):
                if name.startswith(b"#") or group.links.get_info(name).type != h5l.TYPE_HARD:
                    continue
                inner, found = path + name.decode(errors="replace"), h5o.open(group, name)
                if isinstance(found, h5d.DatasetID):
                    shown.append((inner, shape_of(found)))
                elif isinstance(found, h5g.GroupID) and depth < _DEEPEST_SHOWN:
                    waiting.append((f"{inner}/", depth + 1, found))
        return shown[:_MOST_SHOWN]

    def referenced(self, reference: h5r.Reference) -> h5d.DatasetID | None:
        """The dataset that a reference leads to; None where it leads to something else.

        Raises:
            FormatFault: it leads nowhere.
        """
        found = h5r.dereference(reference, self._file.id) if reference else None
        if found is None:
            raise FormatFault("is damaged, for it has references that lead nowhere")
        return _as_dataset(found)

    def references(self, dataset: h5d.DatasetID, name: str) -> NDArray[Any]:
        """The references that a dataset holds, in its shape.

        Raises:
            FormatFault: it holds something else, too many, or does not hold them itself.
        """
        if not holds_references(dataset):
            raise FormatFault(f"holds something else than references as {name}")
        self._allow(dataset, name)
        return np.asarray(h5py.Dataset(dataset)[()])

    def numbers(self, dataset: h5d.DatasetID, name: str) -> FloatArray:
        """The numbers that a dataset holds, in its shape.

        Raises:
            FormatFault: it holds something else, too many, or does not hold them itself.
        """
        if not holds_numbers(dataset):
            raise FormatFault(f"holds something else than numbers as {name}")
        self._allow(dataset, name)
        numbers = np.zeros(shape_of(dataset), dtype=np.float64)
        if numbers.size:
            dataset.read(h5s.ALL, h5s.ALL, numbers)
        return numbers

    def stored(self, dataset: h5d.DatasetID, name: str) -> NDArray[Any]:
        """The numbers that a dataset holds, in its shape and type.

        Raises:
            FormatFault: it holds something else, too many, or does not hold them itself.
        """
        if not holds_numbers(dataset):
            raise FormatFault(f"holds something else than numbers as {name}")
        self._allow(dataset, name, each=dataset.get_type().get_size())
        return np.asarray(h5py.Dataset(dataset)[()])

    def allow(self, numbers: FloatArray, name: str) -> None:
        """Count numbers that were read before as read again.

        Raises:
            FormatFault: that would be too many.
        """
        self._spend(numbers.nbytes, name)

    def _allow(self, dataset: h5d.DatasetID, name: str, each: int = 8) -> None:
        """Make sure that a dataset can be read without harm, of so many bytes for each number."""
        properties = dataset.get_create_plist()
        layout = properties.get_layout()
        if layout == h5d.VIRTUAL or properties.get_external_count():
            raise FormatFault(f"does not hold {name} itself, but names other files")
        shape = shape_of(dataset)
        self._spend(math.prod(shape) * each, name)
        if layout == h5d.CHUNKED:
            self._allow_chunks(dataset, properties, shape, name)

    def _allow_chunks(
        self, dataset: h5d.DatasetID, properties: Any, shape: tuple[int, ...], name: str
    ) -> None:
        chunk = properties.get_chunk()
        chunks = math.prod(-(-size // step) for size, step in zip(shape, chunk, strict=True))
        chunk_bytes = math.prod(chunk) * dataset.get_type().get_size()
        if chunks > MOST_CHUNKS or chunk_bytes > _LARGEST_CHUNK:
            raise FormatFault(
                f"stores {name} in {chunks:,} chunks of {chunk_bytes:,} bytes, more than are read"
            )
        self._spend(chunks * chunk_bytes // 16, name)  # read whole, but not kept
        filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
        if len(set(filters)) < len(filters) or not set(filters).issubset(_FILTERS):
            raise FormatFault(f"stores {name} in another compression than gzip's")
        if h5z.FILTER_DEFLATE in filters and dataset.get_storage_size() > _LARGEST_UNVERIFIED:
            mask = 1 << filters.index(h5z.FILTER_DEFLATE)
            for corner in itertools.product(*map(range, itertools.repeat(0), shape, chunk)):
                _check_inflation(dataset, corner, mask, chunk_bytes, name)

    def _spend(self, count: int, name: str) -> None:
        self._left -= count
        if self._left < 0:
            raise FormatFault(f"announces in {name} far more than a file of its size can hold")


def _as_dataset(found: Any) -> h5d.DatasetID | None:
    return found if isinstance(found, h5d.DatasetID) else None


def _check_inflation(
    dataset: h5d.DatasetID, corner: tuple[int, ...], mask: int, limit: int, name: str
) -> None:
    """Make sure that a deflated chunk does not stand for more than a chunk's bytes.

    HDF5 inflates what is there, however much it becomes.
    """
    if dataset.get_chunk_info_by_coord(corner).size <= _LARGEST_UNVERIFIED:
        return
    skipped, stored = dataset.read_direct_chunk(corner)
    if skipped & mask:
        return
    try:
        inflated = len(zlib.decompressobj().decompress(stored, limit + 5))
    except zlib.error as error:
        raise FormatFault(f"has a damaged chunk of {name}") from error
    if inflated > limit + 4:  # a checksum may be among them
        raise FormatFault(f"has a chunk of {name} that stands for more than a chunk's bytes")
