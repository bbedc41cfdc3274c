"""``nbsuite convert``: checkpoints of other libraries in, and out to stork and stock snnTorch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbsuite.cli.convert.neurobench import neurobench
from nbsuite.cli.convert.options import (
    FILE,
    describe_conversion,
    print_conversion,
    read_session,
    weights_output_option,
)
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.groups import Group
from nbsuite.cli.frame.options import force_option, json_option
from nbsuite.cli.frame.output import print_json, print_table, say
from nbsuite.conversions.destination import SAFETENSORS, destination, holds, refuse_to_overwrite
from nbsuite.data.sessions import Session
from nbsuite.errors import ConversionError, UsageError
from nbsuite.seeds import LARGEST_SEED

if TYPE_CHECKING:
    from nbsuite.conversions.parity import ParityReport
    from nbsuite.models.checkpoint import CheckpointHeader
    from nbsuite.models.rsnn import RecurrentDecoder


@click.group(cls=Group)
def convert() -> None:
    """Convert checkpoints of other libraries to nbsuite's format, and back."""


convert.add_command(neurobench)


@convert.command(
    epilog=examples(
        "nbsuite convert stork models/indy01/tinyRSNN-1.pth --check indy01-1.npz",
        "nbsuite convert stork models/*/tinyRSNN-*.pth -o converted/",
        "nbsuite convert stork mine.pth --session L2 --seed 7 -o mine.safetensors",
    )
)
@click.argument("checkpoints", type=FILE, nargs=-1, required=True)
@click.option(
    "--model", metavar="NAME", help="tinyRSNN or bigRSNN.  [default: told by the tensors' shapes]"
)
@click.option(
    "--session",
    callback=read_session,
    metavar="NAME",
    help="Session the weights were trained for, where the path does not tell it.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    help="Random seed of the training run, where the path does not tell it.",
)
@click.option(
    "--check",
    "trace",
    type=FILE,
    metavar="TRACE.npz",
    help="Compare with what stork computed, and write only when it is the same.",
)
@weights_output_option(".safetensors")
@force_option("checkpoints")
@json_option()
def stork(
    checkpoints: tuple[Path, ...],
    model: str | None,
    session: Session | None,
    seed: int | None,
    trace: Path | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Convert checkpoints of tinyRSNN and bigRSNN from stork.

    A published path such as indy01/tinyRSNN-1.pth tells the session (I1) and the seed. In an
    output folder files are named after model, session and seed. Nothing is written before every
    input has been read and found sound.
    """
    from nbsuite.conversions.stork import read_stork
    from nbsuite.models.checkpoint import save_checkpoint

    if trace is not None and len(checkpoints) > 1:
        raise UsageError(
            f"{trace} is the trace of one checkpoint, not of {len(checkpoints)}; "
            "convert the checkpoint with --check in a call of its own."
        )
    read = [
        (path, *read_stork(path, model=model, session=session, seed=seed)) for path in checkpoints
    ]
    targets = [
        destination(path.with_suffix(SAFETENSORS), output, _file_name(path, header))
        for path, _, header in read
    ]
    refuse_to_overwrite(targets, force=force)
    report = _parity(read[0][1], trace)
    passed = report is None or report.passed
    if passed:
        for (_, decoder, header), target in zip(read, targets, strict=True):
            save_checkpoint(target, decoder, header)
    rows = [
        describe_conversion(path, decoder, header, target if passed else None)
        for (path, decoder, header), target in zip(read, targets, strict=True)
    ]
    if as_json:
        print_json([row | {"parity": report.to_json() if report else None} for row in rows])
    else:
        _print_report(report)
        for row in rows:
            print_conversion(row)
    if not passed:
        raise ConversionError(
            f"{checkpoints[0]} does not compute what {trace} holds, so nothing was written; "
            "pass the trace of this very checkpoint."
        )


@convert.command(
    name="to-stork",
    epilog=examples("nbsuite convert to-stork tinyRSNN-1.safetensors -o indy01/tinyRSNN-1.pth"),
)
@click.argument("checkpoint", type=FILE)
@weights_output_option(".pth")
@force_option("checkpoints")
@json_option()
def to_stork(checkpoint: Path, output: Path | None, force: bool, as_json: bool) -> None:
    """Convert a checkpoint for stork to load."""
    from nbsuite.conversions.origin import recurrent_decoder
    from nbsuite.conversions.stork import write_stork
    from nbsuite.models.checkpoint import load_checkpoint

    loaded = load_checkpoint(checkpoint)
    decoder = recurrent_decoder(loaded, "converted to stork")
    target = destination(checkpoint.with_suffix(".pth"), output, checkpoint.stem)
    refuse_to_overwrite([target], force=force)
    write_stork(decoder, target)
    row = describe_conversion(checkpoint, decoder, loaded.header, target)
    if as_json:
        print_json(row)
    else:
        print_conversion(row)


@convert.command(
    epilog=examples(
        "nbsuite convert stock tinyRSNN-1.safetensors -o export/",
        'cd export && python -c "from stock_decoder import StockDecoder; print('
        "StockDecoder.load('tinyRSNN-1_stock.safetensors'))\"",
    )
)
@click.argument("checkpoint", type=FILE)
@weights_output_option(".safetensors")
@force_option()
@json_option()
def stock(checkpoint: Path, output: Path | None, force: bool, as_json: bool) -> None:
    """Export a network of stock snnTorch layers.

    It computes the same and is used without nbsuite. Beside the weights goes stock_decoder.py,
    which runs them and says how they relate to the original; it needs torch, snntorch and
    safetensors. Half-precision weights become float32.
    """
    from nbsuite.conversions.stock import SCRIPT_NAME, export_stock, stock_script
    from nbsuite.models.checkpoint import load_checkpoint

    loaded = load_checkpoint(checkpoint)
    name = f"{checkpoint.stem}_stock"
    target = destination(checkpoint.with_name(name + SAFETENSORS), output, name)
    script = target.with_name(SCRIPT_NAME)
    same_script = holds(script, stock_script())
    refuse_to_overwrite([target] if same_script else [target, script], force=force)
    export_stock(loaded, target)
    row = describe_conversion(checkpoint, loaded.decoder, loaded.header, target) | {
        "precision": "float32"
    }
    if as_json:
        print_json(row | {"script": str(script)})
    else:
        print_conversion(row)
        say(f"It runs with {script} and snnTorch alone.")


def _file_name(path: Path, header: CheckpointHeader) -> str:
    """A name without suffix that tells checkpoints of several folders apart."""
    if header.session is None or header.seed is None:
        return path.stem
    return f"{header.spec.name}_{header.session}_seed{header.seed}"


def _parity(decoder: RecurrentDecoder, trace: Path | None) -> ParityReport | None:
    from nbsuite.conversions.parity import check_parity

    return None if trace is None else check_parity(decoder, trace)


def _print_report(report: ParityReport | None) -> None:
    if report is None:
        return
    print_table(
        ["kernel", "precision", "spikes differing", "readout difference", "heads", "verdict"],
        [
            [
                run.kernel,
                run.precision,
                str(run.spikes_differing),
                f"{run.readout_difference:.1e}",
                "-" if run.heads_difference is None else f"{run.heads_difference:.1e}",
                "same" if run.passed else "DIFFERENT",
            ]
            for run in report.runs
        ],
        title=f"Parity with {report.trace}, {report.steps} steps",
        caption="float32: spikes identical, readouts within 1e-6; float16: identical to the bit",
        right=["spikes differing", "readout difference", "heads"],
    )
