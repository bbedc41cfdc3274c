"""``nbsuite check``: whether a decoder of one's own holds to what decoders have to."""

from __future__ import annotations

from pathlib import Path

import click

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples
from nbsuite.errors import DecoderError


@click.command(
    epilog=examples(
        "nbsuite check my_decoder.py:build",
        "nbsuite check my_package.decoders:Net --channels 192 --weights w.pt",
        "nbsuite check my_decoder.py:build --channels 50 --outputs 3 --step 0.01 --json",
    )
)
@click.argument("decoder", metavar="DECODER")
@click.option("--weights", type=click.Path(path_type=Path), metavar="FILE", help="Its weights.")
@click.option("--channels", type=click.IntRange(min=1), default=96, show_default=True)
@click.option("--outputs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option(
    "--step",
    type=click.FloatRange(min=0, min_open=True),
    default=0.004,
    show_default=True,
    help="Length of a step in seconds.",
)
@options.json_option()
def check(
    decoder: str, weights: Path | None, channels: int, outputs: int, step: float, as_json: bool
) -> None:
    """Check a decoder of your own, and say in plain words what holds.

    DECODER is my_decoder.py:build, package.module:name, or the name of an installed entry point;
    its code is run, on random spikes: whether it can be reset, decodes the same twice, whether how
    a recording is cut makes a difference, how far it looks ahead, and what of it NeuroBench counts.
    The status is 0 only if all of it holds.
    """
    from nbsuite.benchmarking.contract import check_contract
    from nbsuite.cli.frame import output
    from nbsuite.conversions.own_weights import read_weights
    from nbsuite.models.factory import load_factory
    from nbsuite.models.module_weights import load_weights

    model, spec = load_factory(decoder).build_untrained(
        None, channels=channels, outputs=outputs, step=step
    )
    if weights is not None:
        load_weights(model, read_weights(weights), str(weights))
    findings = check_contract(model, spec)
    if as_json:
        output.print_json(
            [
                {"point": each.point, "holds": each.holds, "sentence": each.sentence}
                for each in findings
            ]
        )
    else:
        output.print_table(
            ["Point", "Holds", "What was found"],
            [[each.point, "yes" if each.holds else "NO", each.sentence] for each in findings],
        )
    failed = [each.point for each in findings if not each.holds]
    if failed:
        raise DecoderError(
            f"{decoder} does not hold to {' and '.join(failed)}; mend what is said above."
        )
