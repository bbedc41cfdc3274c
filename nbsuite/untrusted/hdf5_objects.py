"""What HDF5 datasets are, and attributes of theirs, seen before any of it is read.

Imports h5py: import this module where a file is opened, not at start-up.
"""

from __future__ import annotations

import math
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5s, h5t

from nbsuite.untrusted.fault import FormatFault

_LONGEST_TEXT = 4096

_FLOATS = (
    *(h5t.IEEE_F16LE, h5t.IEEE_F16BE, h5t.IEEE_F32LE, h5t.IEEE_F32BE),
    *(h5t.IEEE_F64LE, h5t.IEEE_F64BE),
)
_INTEGERS = (
    *(h5t.STD_I8LE, h5t.STD_I8BE, h5t.STD_I16LE, h5t.STD_I16BE),
    *(h5t.STD_I32LE, h5t.STD_I32BE, h5t.STD_I64LE, h5t.STD_I64BE),
    *(h5t.STD_U8LE, h5t.STD_U8BE, h5t.STD_U16LE, h5t.STD_U16BE),
    *(h5t.STD_U32LE, h5t.STD_U32BE, h5t.STD_U64LE, h5t.STD_U64BE),
)
_NUMBERS = (*_FLOATS, *_INTEGERS)


def shape_of(dataset: h5d.DatasetID) -> tuple[int, ...]:
    """A dataset's shape; a single number's is (), as is nothing's."""
    space = dataset.get_space()
    if space.get_simple_extent_type() != h5s.SIMPLE:
        return ()
    return tuple(space.get_simple_extent_dims())


def holds_references(dataset: h5d.DatasetID) -> bool:
    """Whether a dataset holds references to objects."""
    return not _is_null(dataset) and bool(dataset.get_type().equal(h5t.STD_REF_OBJ))


def holds_numbers(dataset: h5d.DatasetID) -> bool:
    """Whether a dataset holds real numbers of the usual kinds."""
    kind = dataset.get_type()
    return not _is_null(dataset) and (_is_one_of(kind, _NUMBERS))


def floating_dtype(dataset: h5d.DatasetID) -> np.dtype[Any]:
    """What numbers are stored as; of whole numbers it is float64, as which they are read."""
    floating = _is_one_of(dataset.get_type(), _FLOATS)
    return dataset.dtype if floating else np.dtype(np.float64)


def read_flag(owner: h5d.DatasetID, name: str) -> bool:
    """Whether an attribute is there that is a number other than 0.

    Raises:
        FormatFault: it is no single number.
    """
    attribute = _attribute(owner, name)
    if attribute is None:
        return False
    kind, space = attribute.get_type(), attribute.get_space()
    if (
        kind.get_class() not in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM)
        or kind.get_size() > 8
        or space.get_simple_extent_type() == h5s.NULL
        or space.get_simple_extent_npoints() != 1
    ):
        raise FormatFault(f"has a mark {name} that is no number")
    value = np.zeros(space.get_simple_extent_dims(), dtype=f"V{kind.get_size()}")
    attribute.read(value, kind)
    return any(value.tobytes())


def read_number(owner: h5d.DatasetID, name: str) -> float | None:
    """A single number that is an attribute; None where there is no such attribute.

    Raises:
        FormatFault: it is no single finite number.
    """
    attribute = _attribute(owner, name)
    if attribute is None:
        return None
    if attribute.shape not in ((), (1,)) or not _is_one_of(attribute.get_type(), _NUMBERS):
        raise FormatFault(f"has an attribute {name} that is no number")
    value = np.zeros(attribute.shape, dtype=np.float64)
    attribute.read(value)
    number = float(value.reshape(()))
    if not math.isfinite(number):
        raise FormatFault(f"has an attribute {name} that is not finite")
    return number


def read_text_attribute(owner: h5py.File | h5py.Dataset | h5py.Group, name: str) -> str | None:
    """A text that is an attribute; None where there is no such attribute.

    Raises:
        FormatFault: it is no single text, or too long a one; said of the attribute.
    """
    attribute = _attribute(owner.id, name)
    if attribute is None:
        return None
    kind = attribute.get_type()
    if (
        kind.get_class() != h5t.STRING
        or attribute.get_space().get_simple_extent_type() != h5s.SCALAR
        or (not kind.is_variable_str() and kind.get_size() > _LONGEST_TEXT)
    ):
        raise FormatFault("is no text of at most 4,096 bytes")
    value = owner.attrs[name]
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    if len(text) > _LONGEST_TEXT:
        raise FormatFault("is no text of at most 4,096 bytes")
    return text


def _attribute(owner: Any, name: str) -> h5a.AttrID | None:
    path = name.encode()
    return h5a.open(owner, path) if h5a.exists(owner, path) else None


def _is_null(dataset: h5d.DatasetID) -> bool:
    return bool(dataset.get_space().get_simple_extent_type() == h5s.NULL)


def _is_one_of(kind: Any, known: tuple[Any, ...]) -> bool:
    return any(kind.equal(each) for each in known)
