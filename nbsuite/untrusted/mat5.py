"""MATLAB files of versions 5 to 7, of which all sizes are held against the bytes that are there.

The format is MathWorks' "MAT-File Format" (2019): after a header of 128 bytes come elements, each
with its type and size; variables are elements that hold others, and may be deflated. SciPy's reader
makes room for what cells and fields announce before it looks, so that this one is our own
(docs/decisions/0012). It reads numbers, logical and sparse ones among them, cells of those, and the
fields of single structures.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import read_bounded

LARGEST_FILE = 2 << 30
MOST_BYTES_OF_ONE = 256
"""Bytes that a deflated byte may stand for in all; zeros alone give a thousand."""
SMALLEST_ALLOWANCE = 64 << 20
LARGEST_ALLOWANCE = 4 << 30
MOST_VARIABLES = 10_000

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_TYPES = dict(
    enumerate(("i1", "u1", "i2", "u2", "i4", "u4", "f4", "", "f8", "", "", "i8", "u8"), 1)
)
_CELL, _STRUCT, _SPARSE = 1, 2, 5
_NUMERIC = dict(enumerate(("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"), 6))
"""Types of numbers as stored, and as variables have them."""
_COMPLEX = 0x0800
_DEEPEST = 8
_HEAD_BYTES = 4096


@dataclass(frozen=True)
class _Element:
    """Type and content of one element, and where it ends among those that it stands with."""

    kind: int
    body: memoryview
    end: int


@dataclass(frozen=True)
class _Variable:
    """A variable's class, flags and shape, and the elements after its name."""

    kind: int
    flags: int
    shape: tuple[int, ...]
    rest: memoryview


class Mat5File:
    """The variables of a file by name.

    Args:
        path: the file.

    Raises:
        FormatFault: it is no such file, damaged, or too large.
        OSError: it is missing or must not be read.
    """

    def __init__(self, path: Path) -> None:
        content = memoryview(read_bounded(path, LARGEST_FILE))
        mark = bytes(content[126:128])
        if len(content) < _HEADER or mark not in (b"IM", b"MI"):
            raise FormatFault("is no MATLAB file of version 5 to 7")
        self._order = "<" if mark == b"IM" else ">"
        allowance = max(SMALLEST_ALLOWANCE, MOST_BYTES_OF_ONE * len(content))
        self._left = min(allowance, LARGEST_ALLOWANCE)
        self._found: dict[str, _Element] = {}
        for element in self._elements(content[_HEADER:]):
            if len(self._found) > MOST_VARIABLES:
                raise FormatFault(f"holds more than {MOST_VARIABLES:,} variables")
            if element.kind in (_MATRIX, _COMPRESSED):
                self._found[self._name(element)] = element

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables."""
        return tuple(self._found)

    def read(self, path: str) -> NDArray[Any] | list[NDArray[Any]]:
        """A variable, or a field of a structure: numbers, or a cell array's numbers in order.

        Args:
            path: its name; that of a field after a slash.

        Raises:
            KeyError: there is no such variable or field.
            FormatFault: it is damaged, too large, or of another kind.
        """
        name, *fields = path.split("/")
        variable = self._variable(self._inflated(self._found[name]))
        for field in fields:
            variable = self._fields(variable)[field]
        if variable.kind == _CELL:
            return [self._numbers(each, path) for each in self._cells(variable)]
        return self._numbers(variable, path)

    def _elements(self, content: memoryview) -> Iterator[_Element]:
        place = 0
        while place < len(content):
            if place + 8 > len(content):
                raise FormatFault("ends within an element")
            kind, size = (int(each) for each in self._u4(content[place : place + 8]))
            if kind >> 16:  # a small element: both in one number, and its content after it
                kind, size, first, step = kind & 0xFFFF, kind >> 16, place + 4, 8
                if size > 4:
                    raise FormatFault("has a small element of more than 4 bytes")
            else:
                first = place + 8
                step = 8 + size + (0 if kind == _COMPRESSED else -size % 8)
            if first + size > len(content):
                raise FormatFault("ends within an element")
            place += step
            yield _Element(kind, content[first : first + size], place)

    def _u4(self, body: memoryview) -> NDArray[Any]:
        return np.frombuffer(body, dtype=f"{self._order}u4")

    def _name(self, element: _Element) -> str:
        """The name of a variable, of which no more than its head is inflated."""
        body = element.body
        if element.kind == _COMPRESSED:
            body = memoryview(_inflate(body, _HEAD_BYTES, whole=False))[8:]
        parts = self._elements(body)
        try:
            return bytes([next(parts), next(parts), next(parts)][2].body).decode("latin-1")
        except StopIteration as error:
            raise FormatFault("has a variable without a name") from error

    def _inflated(self, element: _Element) -> _Element:
        if element.kind == _MATRIX:
            return element
        content = _inflate(element.body, self._left, whole=True)
        self._left -= len(content)
        found = next(self._elements(memoryview(content)), None)
        if found is None or found.kind != _MATRIX:
            raise FormatFault("has a compressed element that is no variable")
        return found

    def _variable(self, element: _Element) -> _Variable:
        parts = list(_first(self._elements(element.body), 3))
        if element.kind != _MATRIX or len(parts) < 3 or len(parts[0].body) != 8:
            raise FormatFault("has a damaged variable")
        flags = int(self._u4(parts[0].body)[0])
        if len(parts[1].body) % 4 or not 2 <= len(parts[1].body) // 4 <= _DEEPEST:
            raise FormatFault("has a variable of an impossible shape")
        shape = tuple(int(n) for n in np.frombuffer(parts[1].body, dtype=f"{self._order}i4"))
        if min(shape) < 0:
            raise FormatFault("has a variable of an impossible shape")
        return _Variable(flags & 0xFF, flags, shape, element.body[parts[2].end :])

    def _cells(self, variable: _Variable) -> list[_Variable]:
        """The cells of a cell array."""
        cells = list(_first(self._elements(variable.rest), MOST_VARIABLES + 1))
        due = math.prod(variable.shape)
        if len(cells) != due:
            raise FormatFault(f"has a cell array of {due:,} cells that holds {len(cells):,}")
        return [self._variable(cell) for cell in cells]

    def _fields(self, variable: _Variable) -> dict[str, _Variable]:
        """The fields of a single structure."""
        if variable.kind != _STRUCT or math.prod(variable.shape) != 1:
            raise FormatFault("has fields in single structures alone")
        length, names, *values = _first(self._elements(variable.rest), MOST_VARIABLES)
        size = int(self._u4(length.body)[0]) if len(length.body) == 4 else 0
        if not size or len(names.body) != size * len(values):
            raise FormatFault("has a damaged structure")
        words = [
            bytes(names.body[start : start + size]) for start in range(0, len(names.body), size)
        ]
        fields = zip(words, values, strict=True)
        return {
            word.split(b"\0")[0].decode("latin-1"): self._variable(value) for word, value in fields
        }

    def _numbers(self, variable: _Variable, path: str) -> NDArray[Any]:
        if variable.flags & _COMPLEX or variable.kind not in (_SPARSE, *_NUMERIC):
            raise FormatFault(f"holds something else than real numbers as {path}")
        parts = list(_first(self._elements(variable.rest), 3))
        if variable.kind == _SPARSE:
            return self._sparse(variable, parts, path)
        count = math.prod(variable.shape)
        numbers = self._stored(parts[0]) if parts else np.empty(0)
        if numbers.size != count:
            raise FormatFault(f"announces {count:,} numbers as {path} and holds {numbers.size:,}")
        return numbers.astype(_NUMERIC[variable.kind]).reshape(variable.shape, order="F")

    def _stored(self, element: _Element) -> NDArray[Any]:
        code = _TYPES.get(element.kind, "")
        if not code or len(element.body) % int(code[1]):
            raise FormatFault("has numbers of an unknown type")
        return np.frombuffer(element.body, dtype=f"{self._order}{code}")

    def _sparse(self, variable: _Variable, parts: list[_Element], path: str) -> NDArray[Any]:
        """A sparse matrix as a dense one."""
        if len(parts) < 3 or len(variable.shape) != 2:
            raise FormatFault(f"has a damaged sparse matrix as {path}")
        rows, firsts, numbers = (self._stored(part) for part in parts)
        return dense_columns(rows, firsts, numbers, variable.shape, path)


def dense_columns(
    rows: NDArray[Any],
    firsts: NDArray[Any],
    numbers: NDArray[Any],
    shape: tuple[int, int] | tuple[int, ...],
    path: str,
) -> NDArray[Any]:
    """A dense matrix of MATLAB's sparse one.

    Args:
        rows: the row of each number.
        firsts: (columns + 1,) numbers before each column.
        numbers: the numbers, in the order of columns.
        shape: rows and columns.
        path: what it is called.

    Raises:
        FormatFault: they do not fit each other, or the matrix is too large.
    """
    flat = rows.ndim == firsts.ndim == numbers.ndim == 1
    if not flat or {rows.dtype.kind, firsts.dtype.kind} - {"i", "u"}:
        raise FormatFault(f"has a damaged sparse matrix as {path}")
    count = int(firsts[-1]) if firsts.size == shape[1] + 1 else -1
    steps = np.diff(firsts.astype(int))
    if not 0 <= count <= min(rows.size, numbers.size) or firsts[0] != 0 or steps.min(initial=0) < 0:
        raise FormatFault(f"has a damaged sparse matrix as {path}")
    if rows[:count].max(initial=0) >= shape[0] or rows[:count].min(initial=0) < 0:
        raise FormatFault(f"has a damaged sparse matrix as {path}")
    if math.prod(shape) * numbers.itemsize > LARGEST_ALLOWANCE:
        raise FormatFault(f"has a sparse matrix of more than {LARGEST_ALLOWANCE:,} bytes as {path}")
    dense = np.zeros(shape, dtype=numbers.dtype)
    dense[rows[:count], np.repeat(np.arange(shape[1]), steps)] = numbers[:count]
    return dense


def _first(elements: Iterator[_Element], most: int) -> Iterator[_Element]:
    for _, element in zip(range(most), elements, strict=False):
        yield element


def _inflate(body: memoryview, limit: int, *, whole: bool) -> bytes:
    try:
        inflater = zlib.decompressobj()
        content = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise FormatFault("has a damaged compressed element") from error
    if whole and len(content) > limit:
        raise FormatFault("has an element that inflates to far more than a file of its size holds")
    return content
