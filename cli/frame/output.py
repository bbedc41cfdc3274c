"""What commands print: for people with rich, for programs as JSON.

Results go to standard output, everything else (progress, warnings) to standard error, so that a
command's output can be piped. Rich leaves out colour where ``NO_COLOR`` is set or the stream is
no terminal. What is printed may quote strangers: no escape sequence of theirs reaches a terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from nbsuite.cli.tables.widths import (
    Lines,
    chosen,
    fitted_widths,
    folded,
    natural_widths,
    table_width,
)
from nbsuite.untrusted.json_output import format_json
from nbsuite.untrusted.text import printable

if TYPE_CHECKING:  # rich takes longer to import than the help page takes to print
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn
    from rich.table import Table
    from rich.text import Text

WIDTH_OF_PIPES = 200
"""Columns of a table that is not printed on a terminal: enough never to cut a cell."""


def console(*, stderr: bool = False) -> Console:
    """A rich console on standard output or standard error."""
    from nbsuite.cli.frame.printable_console import PrintableConsole

    made = PrintableConsole(stderr=stderr, highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = WIDTH_OF_PIPES
    return made


def degrade_streams() -> None:
    """Let the standard streams write what their encoding lacks as escapes, and never fail at it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def print_json(content: Any) -> None:
    """Print ``content`` as JSON.

    Raises:
        ValueError: it holds NaN or infinity, which JSON cannot express.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    # JSON is UTF-8, of which ASCII is a part that every encoding has.
    click.echo(format_json(content, ascii_only=not encoding.lower().startswith("utf")))


def say(text: str) -> None:
    """Print a line of results for people."""
    click.echo(printable(text))


def note(text: str) -> None:
    """Print a line for people on standard error, where it does not mix with results."""
    click.echo(printable(text), err=True)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    caption: str | None = None,
    right: Collection[str] = (),
    naming: int = 1,
) -> None:
    """Print a table on standard output; no word of it is cut.

    On a terminal that is too narrow, rows and columns change places if they then have room.
    Otherwise columns move together, and those that have no room stand below, in further parts of
    the table.

    Args:
        columns: the headings.
        rows: one text a column; brackets in them are printed as they are.
        title: printed above.
        caption: printed below; it may have several lines.
        right: headings of the columns to align right, as figures are.
        naming: number of the first columns that name a row.
    """
    from rich.text import Text

    out = console()
    lines = [tuple(map(printable, line)) for line in (columns, *rows)]
    rights = [column in right for column in columns]
    parts = _laid_out(lines, rights, out.width, naming)
    heading = None if title is None else Text(printable(title), style="table.title")
    for number, part in enumerate(parts):
        out.width = max(out.width, table_width(part.widths, close=part.close))
        out.print(part.drawn(None if number else heading))
        if part.close:
            out.print()
    if caption is not None:  # its lines may be longer than the table's
        out.print(Text(caption, style="table.caption"))


@dataclass(frozen=True)
class _Part:
    """A table, or some columns of it, as they are printed.

    Attributes:
        lines: the headings, and under them the rows.
        rights: for each column whether it is aligned right.
        widths: the columns' widths.
        close: with one space between columns, and none else.
    """

    lines: Lines
    rights: Sequence[bool]
    widths: Sequence[int]
    close: bool = False

    def drawn(self, heading: Text | None) -> Table:
        """The part as rich prints it, under a heading."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(title=heading, box=box.SIMPLE_HEAD, title_justify="left")
        if self.close:
            table.show_edge, table.padding, table.pad_edge = False, (0, 0), False
        for column, width, is_right in zip(self.lines[0], self.widths, self.rights, strict=True):
            table.add_column(Text(column), justify="right" if is_right else "left", width=width)
        for line in self.lines[1:]:
            table.add_row(*map(Text, line))
        return table


def _laid_out(lines: Lines, rights: Sequence[bool], width: int, naming: int) -> list[_Part]:
    """The parts of a table, so that they have room if there is any way."""
    if (widths := fitted_widths(lines, width)) is not None:
        return [_Part(lines, rights, widths)]
    turned = list(zip(*lines, strict=True))
    if (widths := fitted_widths(turned, width)) is not None:
        return [_Part(turned, [number > 0 for number in range(len(widths))], widths)]
    parts = folded(lines, width, naming)
    if parts is None:
        return [_Part(lines, rights, natural_widths(lines))]
    return [
        _Part(part, [rights[number] for number in columns], widths, close=True)
        for columns in parts
        if (widths := fitted_widths(part := chosen(lines, columns), width, close=True))
    ]


@contextmanager
def progress(*columns: ProgressColumn, quiet: bool = False) -> Iterator[Progress]:
    """A rich progress display on standard error with time left, gone when done.

    Args:
        columns: what stands between the description and the time left; by default a bar and the
            percentage.
        quiet: show nothing, as with ``--json``; nothing is shown off a terminal either.
    """
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    stream = console(stderr=True)
    hidden = quiet or not stream.is_terminal
    stream.quiet = hidden  # rich before 14.3 ends a display that it does not show with a line
    with Progress(
        TextColumn("{task.description}", markup=False),
        *(columns or (BarColumn(), TaskProgressColumn())),
        TimeRemainingColumn(),
        console=stream,
        transient=True,
        disable=hidden,
    ) as display:
        yield display
