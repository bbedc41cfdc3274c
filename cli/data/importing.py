"""``nbsuite data import``: a recording of one's own out of a file of another program."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.options import force_option, json_option, output_option
from nbsuite.cli.frame.output import print_json, say
from nbsuite.errors import DataError, UsageError

_NUMBERS = "numbers between commas, such as 0,1"


def _words(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(word.strip() for word in text.split(","))


def _columns(text: str | None) -> tuple[int, ...] | None:
    try:
        return None if text is None else tuple(int(word) for word in text.split(","))
    except ValueError as error:
        shown = str(text)[:50]
        raise UsageError(f"--columns is {shown!a} and has to be {_NUMBERS}.") from error


@click.command(
    "import",
    epilog=examples(
        "nbsuite data import arrays.npz -o mine.h5 --step 0.01",
        "nbsuite data import m1.mat -o m1.h5 --targets handVel --columns 0,1 --step 0.05",
        "nbsuite data import m1.nwb -o m1.h5 --targets processing/behavior/hand --step 0.02",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@output_option("The file to write, such as mine.h5.")
@click.option(
    "--spikes", metavar="KEY", help="Counts, or spike times.  [default: spikes; of NWB units]"
)
@click.option("--targets", metavar="KEY", help="What is to be decoded.  [default: targets]")
@click.option("--step", type=float, help="Seconds of a step.  [default: as time stamps have it]")
@click.option("--time", metavar="KEY", help="Time stamps of the steps in seconds; a leap is a gap.")
@click.option("--start", type=float, help="Time of the first step in seconds, in their place.")
@click.option(
    "--spike-units",
    metavar="KEY",
    help="The unit of each spike, where --spikes are the spike times of all units.",
)
@click.option(
    "--segments",
    metavar="KEY",
    help="Trials: starts and ends, or a number for each step; no window crosses them.",
)
@click.option(
    "--time-axis",
    type=click.Choice(["rows", "columns"]),
    help="Where steps are rows or columns.  [default: as lengths tell]",
)
@click.option("--columns", metavar="N,N", help="Columns of the targets to take, from 0 on.")
@click.option("--names", metavar="NAME,NAME", help="Names of the outputs.")
@click.option("--units", metavar="UNIT,UNIT", help="Units of the outputs; one serves for all.")
@click.option("--task", metavar="NAME", help="Name of its task.  [default: the output's name]")
@click.option(
    "--split",
    type=click.Choice(["segments", "time"]),
    help="Split into sets by segments or by time.  [default: segments where there are ten]",
)
@click.option("--binary", is_flag=True, help="Make counts above 1 be 1.")
@click.option(
    "--substeps",
    type=int,
    default=1,
    show_default=True,
    help="Cut each step into so many, over which its spikes are spread at random.",
)
@click.option("--skip-nan", is_flag=True, help="Leave steps whose targets are NaN out, as gaps.")
@force_option("files")
@json_option()
def import_recording(
    file: Path,
    output: Path | None,
    force: bool,
    as_json: bool,
    names: str | None,
    units: str | None,
    task: str | None,
    columns: str | None,
    split: Any,
    binary: bool,
    substeps: int,
    skip_nan: bool,
    **keys: Any,
) -> None:
    """Import a recording of one's own: .npz, .mat, HDF5 or NWB.

    FILE holds counts (steps by channels, or the other way round) or spike times in seconds, and the
    targets of each step. What is written is taken by every command in the place of a session. Keys
    are names of arrays, and in HDF5 and NWB paths.
    """
    from nbsuite.cli.data.display import print_recording
    from nbsuite.data.imports.importer import import_file
    from nbsuite.data.imports.request import Request
    from nbsuite.data.own.arrays import Choices
    from nbsuite.data.own.file import write_content
    from nbsuite.tasks.info import inspect

    if output is None:
        raise UsageError("-o was not given: name the file to write, such as -o mine.h5.")
    if os.path.lexists(output) and not force:
        raise DataError(f"{output} exists already: replace it with --force, or choose another.")
    choices = Choices(
        name=task or output.stem,
        names=_words(names),
        units=_words(units),
        split=split,
        binary=binary,
        substeps=substeps,
        skip_nan=skip_nan,
    )
    imported = import_file(file, Request(choices, columns=_columns(columns), **keys))
    write_content(output, imported.content)
    described = inspect(output)
    if as_json:
        print_json({**asdict(described), "notes": imported.notes})
        return
    for text in imported.notes:
        say(f"{file}: {text}.")
    print_recording(described)
