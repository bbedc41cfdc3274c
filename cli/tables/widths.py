"""How wide the columns of a table are, so that it fits a terminal and no word is cut."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"\[\S+ \S+\]|\S+(?: ± \S+)?")
"""What is not broken: an interval, a word, or a figure and its spread."""

Lines = Sequence[Sequence[str]]
"""A table's texts: the headings, and under them the rows."""


def natural_widths(lines: Lines) -> list[int]:
    """The width of each column in which no text is broken."""
    from rich.cells import cell_len

    return [max(map(cell_len, column)) for column in zip(*lines, strict=True)]


def fitted_widths(lines: Lines, available: int, *, close: bool = False) -> list[int] | None:
    """Widths with which a table has room, its longest texts broken between words if need be.

    Args:
        lines: the table's texts.
        available: the width that there is.
        close: see :func:`table_width`.

    Returns:
        None where words would have to be cut.
    """
    from rich.cells import cell_len

    widths = natural_widths(lines)
    columns = list(zip(*lines, strict=True))
    for number in sorted(range(len(widths)), key=lambda each: -widths[each]):
        excess = max(0, table_width(widths, close=close) - available)
        words = [word for text in columns[number] for word in _WORD.findall(text)]
        longest = max(map(cell_len, words), default=0)
        widths[number] = max(longest, widths[number] - excess)
    return widths if table_width(widths, close=close) <= available else None


def table_width(widths: Sequence[int], *, close: bool = False) -> int:
    """The width of a table: a space on each side of a column, and one around and between them.

    Args:
        widths: those of its columns.
        close: with one space between columns, and none else.
    """
    if close:
        return sum(widths) + max(0, len(widths) - 1)
    return sum(widths) + 3 * len(widths) + 1


def folded(lines: Lines, available: int, naming: int) -> list[list[int]] | None:
    """The columns of each part of a table that is too wide, so that the parts have room.

    Args:
        lines: the table's texts.
        available: the width that there is.
        naming: number of its first columns that name a row: they begin each part.

    Returns:
        Numbers of columns, a list a part; None where even one column does not fit beside those
        that name the row.
    """
    names = list(range(naming))
    parts: list[list[int]] = []
    for number in range(naming, len(lines[0])):
        longer = [*(parts[-1] if parts else names), number]
        if not parts or fitted_widths(chosen(lines, longer), available, close=True) is None:
            longer = [*names, number]
            if fitted_widths(chosen(lines, longer), available, close=True) is None:
                return None
            parts.append(longer)
        parts[-1] = longer
    return parts


def chosen(lines: Lines, columns: Sequence[int]) -> Lines:
    """Some columns of a table."""
    return [[line[number] for number in columns] for line in lines]
