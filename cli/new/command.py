"""``nbsuite new``: files to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.groups import Group
from nbsuite.errors import UsageError


@click.group(cls=Group)
def new() -> None:
    """Write a file to begin with."""


@new.command(
    epilog=examples(
        "nbsuite new decoder my_decoder.py",
        "nbsuite check my_decoder.py:build",
    )
)
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@options.force_option("a file")
def decoder(path: Path, force: bool) -> None:
    """Write a decoder of your own to begin with: a working network of snnTorch neurons.

    PATH is a file with the suffix .py. It is commented, and can be checked, trained and measured
    as it is.
    """
    from nbsuite.cli.frame.output import note
    from nbsuite.files import atomic_write

    if path.suffix != ".py":
        raise UsageError(f"{path} would hold Python; give it a name that ends with .py.")
    if path.exists() and not force:
        raise UsageError(
            f"{path} is there already; choose another name, or replace it with --force."
        )
    with atomic_write(path) as temporary:
        temporary.write_bytes(template())
    note(f"Wrote {path}; look at it, and then: nbsuite check {path}:build")


def template() -> bytes:
    """The template's source."""
    from importlib.resources import files

    return files("nbsuite.models").joinpath("decoder_template.py").read_bytes()
