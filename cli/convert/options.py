"""What the conversions into nbsuite's format have in common on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbsuite.cli.frame.options import Decorator
from nbsuite.cli.frame.output import say
from nbsuite.data.sessions import Session
from nbsuite.tasks.known import find_session

if TYPE_CHECKING:
    from nbsuite.models.checkpoint import CheckpointHeader
    from nbsuite.models.decoder import Decoder

# Paths are checked by the readers, whose messages say what is wrong with the file besides.
FILE = click.Path(path_type=Path)


def read_session(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> Session | None:
    """The session that ``--session`` names, for the option's callback."""
    del ctx, parameter
    return None if value is None else find_session(value)


def weights_output_option(suffix: str) -> Decorator[Any]:
    """``--output``, passed as ``output``: a path or None.

    Args:
        suffix: suffix of the file that is written.
    """
    return click.option(
        "--output",
        "-o",
        type=FILE,
        help=f"File ({suffix}) or folder to write to.  [default: beside the input]",
    )


def describe_conversion(
    source: Path, decoder: Decoder, header: CheckpointHeader, output: Path | None
) -> dict[str, Any]:
    """A conversion as JSON values; one without ``output`` was not written."""
    return {
        "source": str(source),
        "output": None if output is None else str(output),
        "model": header.spec.name,
        "channels": header.spec.channels,
        "session": header.session,
        "seed": header.seed,
        "precision": str(decoder.dtype).removeprefix("torch."),
        "trained_on_twin": header.trained_on.on_twin,
    }


def print_conversion(row: dict[str, Any]) -> None:
    """Print a conversion for people."""
    details = [row["model"], f"{row['channels']} channels", row["precision"]]
    details.append(f"session {row['session'] or 'unknown'}")
    details.append("seed unknown" if row["seed"] is None else f"seed {row['seed']}")
    if row["trained_on_twin"]:
        details.append("trained on a TWIN")
    say(f"{row['source']} -> {row['output'] or 'not written'} ({', '.join(details)})")
