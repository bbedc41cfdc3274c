"""Sums over blocks as provenance keeps them: numbers as text, a line for each output.

A record holds ``kind`` (what the blocks are), ``steps``, and for each output a line of ``sums``,
``squares`` and ``errors``, which are those of :class:`BlockErrors`, of one seed. The numbers of a
line are parted by blanks and have seven digits, by which R2 is known to a millionth.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsuite.statistics.block_errors import BlockErrors
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode

if TYPE_CHECKING:
    from nbsuite.shapes import BlockOutputs, Blocks

MOST_NUMBERS = 1000
"""Blocks times outputs that are kept of a recording."""

_MOST_OUTPUTS = 500
_LONGEST_LINE = 32 * MOST_NUMBERS
_LINE = re.compile(r"[-+.e0-9]{1,31}(?: [-+.e0-9]{1,31})*")


@dataclass(frozen=True)
class _Record:
    kind: str
    steps: str
    sums: tuple[str, ...]
    squares: tuple[str, ...]
    errors: tuple[str, ...]


def to_record(kind: str, blocks: BlockErrors) -> dict[str, Any]:
    """The record of one seed's sums.

    Args:
        kind: what the blocks are, such as ``reaches``.
        blocks: the sums.
    """
    lines = (_lines(each) for each in (blocks.sums, blocks.squares, blocks.errors[0]))
    return asdict(_Record(kind, " ".join(map(str, blocks.steps)), *lines))


def _lines(values: BlockOutputs) -> tuple[str, ...]:
    return tuple(" ".join(f"{value:.7g}" for value in output) for output in values.T)


def from_record(record: object) -> tuple[str, BlockErrors]:
    """What the blocks are, and one seed's sums.

    Raises:
        FormatFault: the record is none, or cannot be of a test set.
    """
    told = decode(_Record, record)
    steps = _numbers(told.steps)
    sums, squares, errors = (_columns(each) for each in (told.sums, told.squares, told.errors))
    counts = steps.astype(np.int64)
    if not (sums.shape == squares.shape == errors.shape and len(sums) == len(counts)):
        raise FormatFault("has sums over blocks that are not equally many")
    if (counts != steps).any() or (counts < 1).any() or (squares < 0).any() or (errors < 0).any():
        raise FormatFault("has sums over blocks that cannot be")
    if (squares.sum(0) * counts.sum() <= sums.sum(0) ** 2).any():
        raise FormatFault("has labels over blocks that never change")
    return told.kind, BlockErrors(counts, sums, squares, errors[np.newaxis])


def _columns(lines: tuple[str, ...]) -> BlockOutputs:
    """(blocks, outputs) numbers of a line for each output."""
    if not 1 <= len(lines) <= _MOST_OUTPUTS:
        raise FormatFault(f"has sums over blocks of {len(lines):,} outputs")
    columns = [_numbers(line) for line in lines]
    if len({column.size for column in columns}) > 1:
        raise FormatFault("has sums over blocks that are not equally many")
    return np.stack(columns, axis=1)


def _numbers(line: str) -> Blocks:
    if len(line) > _LONGEST_LINE or not _LINE.fullmatch(line):
        raise FormatFault("has sums over blocks that are no row of numbers")
    try:
        numbers = np.array(line.split(" "), dtype=np.float64)
    except ValueError as error:
        raise FormatFault("has sums over blocks that are no row of numbers") from error
    if not (np.abs(numbers) < 1e30).all():
        raise FormatFault("has sums over blocks that are too large")
    return numbers
