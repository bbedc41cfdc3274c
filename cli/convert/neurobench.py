"""``nbsuite convert neurobench``: NeuroBench's baselines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbsuite.cli.convert.options import (
    FILE,
    describe_conversion,
    print_conversion,
    read_session,
    weights_output_option,
)
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.options import force_option, json_option
from nbsuite.cli.frame.output import print_json
from nbsuite.conversions.destination import SAFETENSORS, destination, refuse_to_overwrite
from nbsuite.data.sessions import Session

if TYPE_CHECKING:
    from nbsuite.models.checkpoint import CheckpointHeader


@click.command(
    epilog=examples(
        "nbsuite convert neurobench model_data/SNN2_indy_20160622_01.pt",
        "nbsuite convert neurobench model_data/*.pt model_data/*/*.pth -o baselines/",
        "nbsuite convert neurobench mine.pth --model ANN3D --session L2",
    )
)
@click.argument("weights", type=FILE, nargs=-1, required=True)
@click.option(
    "--model", metavar="NAME", help="SNN2, SNN3, ANN2D or ANN3D.  [default: told by the tensors]"
)
@click.option(
    "--session",
    callback=read_session,
    metavar="NAME",
    help="Session the weights were trained for, where the file's name does not tell it.",
)
@weights_output_option(".safetensors")
@force_option("checkpoints")
@json_option()
def neurobench(
    weights: tuple[Path, ...],
    model: str | None,
    session: Session | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Convert weights of NeuroBench's baselines.

    A published name such as SNN2_indy_20160622_01.pt tells the session. In an output folder files
    are named after model and session. Nothing is written before every input has been read and
    found sound.
    """
    from nbsuite.conversions.neurobench import read_neurobench
    from nbsuite.models.checkpoint import save_checkpoint

    read = [(path, *read_neurobench(path, model=model, session=session)) for path in weights]
    targets = [
        destination(path.with_suffix(SAFETENSORS), output, _file_name(path, header))
        for path, _, header in read
    ]
    refuse_to_overwrite(targets, force=force)
    for (_, decoder, header), target in zip(read, targets, strict=True):
        save_checkpoint(target, decoder, header)
    rows = [
        describe_conversion(path, decoder, header, target)
        for (path, decoder, header), target in zip(read, targets, strict=True)
    ]
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            print_conversion(row)


def _file_name(path: Path, header: CheckpointHeader) -> str:
    """A name without suffix that tells checkpoints of several folders apart."""
    return f"{header.spec.name}_{header.session or path.stem}"
