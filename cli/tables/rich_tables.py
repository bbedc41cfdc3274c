"""How commands print a table in the format asked for, or write it to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nbsuite.cli.frame import output
from nbsuite.cli.frame.options import Decorator, output_option
from nbsuite.errors import UsageError
from nbsuite.files import atomic_write
from nbsuite.submissions.results.formats import (
    FORMATS,
    RENDERERS,
    SUFFIXES,
    Format,
    Table,
    json_content,
)
from nbsuite.untrusted.text import printable

FILE_SUFFIXES = ", ".join(SUFFIXES)


def table_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--format``, ``--json`` and ``--output``, passed as ``format_``, ``as_json``, ``output``."""
    decorators: list[Decorator[Any]] = [
        click.option(
            "--format",
            "format_",
            type=click.Choice(FORMATS),
            help="How to print the table.  [default: told by --output's suffix, else table]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Short for --format json."),
        output_option(f"Write the table to a file ({FILE_SUFFIXES}) instead of printing it."),
    ]
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def choose_format(format_: Format | None, destination: Path | None, *, as_json: bool) -> Format:
    """The format asked for by name, by ``--json``, or by a file's suffix.

    Raises:
        UsageError: the options contradict each other, or a file has no format.
    """
    if as_json and format_ not in (None, "json"):
        raise UsageError(f"--json and --format {format_} contradict each other; leave one out.")
    chosen: Format | None = "json" if as_json else format_
    if destination is None:
        return chosen or "table"
    chosen = chosen or SUFFIXES.get(destination.suffix.lower())
    if chosen is None or chosen == "table":
        raise UsageError(
            f"{destination} needs a format for files; end its name in one of {FILE_SUFFIXES}, "
            "or name one with --format."
        )
    return chosen


def emit(table: Table, format_: Format, destination: Path | None) -> None:
    """Print a table, or write it to a file.

    Raises:
        OSError: the file cannot be written, or the disk is full.
    """
    if format_ == "table":
        _print_for_people(table)
    elif destination is None and format_ == "json":
        output.print_json(json_content(table))
    elif destination is None:
        click.echo(RENDERERS[format_](table), nl=False)
    else:
        with atomic_write(destination) as temporary:
            temporary.write_text(RENDERERS[format_](table), encoding="utf-8")
        output.note(f"Wrote {destination}")


def _print_for_people(table: Table) -> None:
    """Print a table, and below it its section."""
    output.print_table(
        [column.heading for column in table.columns],
        [[cell.text for cell in row] for row in table.rows],
        title=table.title,
        caption="\n".join(map(printable, table.notes)) or None,
        right=[column.heading for column in table.columns if column.figures],
        naming=table.naming,
    )
    if table.section is not None:
        output.say("")
        _print_for_people(table.section)
