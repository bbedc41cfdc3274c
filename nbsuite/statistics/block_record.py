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

_MOST_NUMBERS = 1000
_MOST_STEPS = 1e12
_LARGEST = 1e30
_LEAST_SCATTER = 1e-60
"""Of labels; what is divided by it stays finite."""
_LONGEST_LINE = 32 * _MOST_NUMBERS
_LINE = re.compile(r"[-+.e0-9]{1,31}(?: [-+.e0-9]{1,31})*")


@dataclass(frozen=True)
class _Record:
    kind: str
    steps: str
    sums: tuple[str, ...]
    squares: tuple[str, ...]
    errors: tuple[str, ...]


def most_blocks(outputs: int) -> int:
    """How many blocks are kept of a recording with so many outputs: about 1,000 numbers a sum."""
    return max(1, _MOST_NUMBERS // max(1, outputs))


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
    if len(steps) > most_blocks(len(told.sums)):
        raise FormatFault(f"has sums over {len(steps):,} blocks, more than are kept")
    sums, squares, errors = (_columns(each) for each in (told.sums, told.squares, told.errors))
    if not (sums.shape == squares.shape == errors.shape and len(sums) == len(steps)):
        raise FormatFault("has sums over blocks that are not equally many")
    if not _are_counts(steps) or (squares < 0).any() or (errors < 0).any():
        raise FormatFault("has sums over blocks that cannot be")
    blocks = BlockErrors(steps.astype(np.int64), sums, squares, errors[np.newaxis])
    if (blocks.scatter() < _LEAST_SCATTER).any():
        raise FormatFault("has labels over blocks that never change")
    return told.kind, blocks


def _are_counts(steps: Blocks) -> bool:
    return bool(((steps == steps.round()) & (steps >= 1) & (steps <= _MOST_STEPS)).all())


def _columns(lines: tuple[str, ...]) -> BlockOutputs:
    """(blocks, outputs) numbers of a line for each output."""
    if not lines:
        raise FormatFault("has sums over blocks of no output")
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
    if not (np.abs(numbers) < _LARGEST).all():
        raise FormatFault("has sums over blocks that are too large")
    return numbers
