"""``nbsuite train``: a decoder for a session, from recordings to official results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.output import note
from nbsuite.cli.train.completers import complete_model, complete_setting, complete_stages
from nbsuite.errors import UsageError
from nbsuite.untrusted.text import one_line

if TYPE_CHECKING:  # importing torch takes longer than printing the help page
    from nbsuite.tasks.locate import Source

DEFAULT_FOLDER = Path("runs")
MOST_SEEDS = 1000


def _seeds(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> list[int]:
    """The seeds that ``1``, ``1-5`` and several of these mean, each once."""
    from nbsuite.seeds import LARGEST_SEED

    del ctx, parameter
    seeds: dict[int, None] = {}
    for value in values:
        match = re.fullmatch(r"([0-9]{1,19})(?:-([0-9]{1,19}))?", value)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            shown = one_line(value, 60)
            raise click.BadParameter(f"'{shown}' is neither a seed, as 1, nor a range, as 1-5.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last > LARGEST_SEED or last - first >= MOST_SEEDS:
            raise click.BadParameter(
                f"'{value}' is too much: seeds go up to {LARGEST_SEED}, and a range names at most"
                f" {MOST_SEEDS:,}."
            )
        seeds |= dict.fromkeys(range(first, last + 1))
    return list(seeds)


@click.command(
    epilog=examples(
        "nbsuite train tinyRSNN --session I1",
        "nbsuite train tinyRSNN -s I1 -s I2 -s I3 --seed 1-5 --data real",
        "nbsuite train tinyRSNN -s I1 --epochs 5 --set training.schedule_epochs=5   # a quick look",
        "nbsuite train ridge -s I1   # the linear decoder to beat",
        "nbsuite train bigRSNN -s L1 --set training.batch=50",
        "nbsuite train tinyRSNN -s I1 --set model.layers=2 --set model.cell=adaptive",
        "nbsuite train tinyRSNN -s I1 --stages finetune --pretrained weights.safetensors",
        "nbsuite train my_decoder.py:build -s I1 --set training.optimiser=adam   # your own",
    )
)
@click.argument("model", shell_complete=complete_model)
@options.session_option()
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    default=("1",),
    callback=_seeds,
    metavar="SEED",
    help="Random seed, or a range such as 1-5; may be repeated.  [default: 1]",
)
@click.option(
    "--stages",
    metavar="STAGES",
    shell_complete=complete_stages,
    help="Stages to run, separated by commas: pretrain, finetune, prune, half.  [default: those"
    " of the model's family]",
)
@click.option(
    "--pretrained",
    type=click.Path(path_type=Path),
    help="Checkpoint to fine-tune from, instead of pretraining.",
)
@click.option(
    "--pretrain-on",
    multiple=True,
    metavar="SESSION",
    help="Session or file to pretrain on; may be repeated.  [default: all of the monkey's that are"
    " there; of twins, the challenge's]",
)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    help="Epochs of every stage that trains, when pruning at every sparsity; of single stages with"
    " --set finetune.epochs=...",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    shell_complete=complete_setting,
    help="Change a hyperparameter of the recipe, such as training.lr=0.001, or the network, such as"
    " model.neurons=128 (see docs/training.md); may be repeated.",
)
@click.option("--name", help="What results call a decoder of your own.  [default: its class]")
@options.data_option()
@options.data_dir_option()
@options.kernel_option(training=True)
@options.device_option()
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads to compute with.  [default: OMP_NUM_THREADS, or all cores]",
)
@click.option(
    "--tensorboard", is_flag=True, help="Also write every epoch's figures for TensorBoard."
)
@options.output_option("Folder of all runs.", folder=True, default=DEFAULT_FOLDER)
@click.option(
    "--force",
    is_flag=True,
    help="Train again what lies in the folder but was made with other settings, and leave runs of"
    " other settings beside it out of the results.",
)
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@click.option(
    "--log-json",
    is_flag=True,
    help="Print every epoch as a line of JSON, and the results as the last line.",
)
@options.json_option()
def train(
    model: str,
    session: tuple[str, ...],
    seeds: list[int],
    stages: str | None,
    pretrained: Path | None,
    pretrain_on: tuple[str, ...],
    epochs: int | None,
    settings: tuple[str, ...],
    name: str | None,
    data: Source,
    data_dir: Path,
    kernel: str,
    device: str,
    threads: int | None,
    tensorboard: bool,
    output: Path,
    force: bool,
    quiet: bool,
    log_json: bool,
    as_json: bool,
) -> None:
    """Train MODEL, a published decoder or one of your own, and measure it.

    MODEL is tinyRSNN or bigRSNN, trained with the published recipe; or ridge: linear regression on
    the spike counts of the last half second, the floor that a spiking decoder has to beat; or a
    decoder of your own, any nn.Module, by what makes it: my_decoder.py:build, package.module:name,
    or the name of an entry point.

    Trains it for every --session and --seed. A stage that was finished with the same settings is
    skipped, and one that was interrupted goes on after its last epoch: give the same command
    again. At the end, NeuroBench's official metrics are written in challenge format. Progress shows
    R2 as it is in training, with dropout, and on what is held out for validation.
    """
    import torch

    from nbsuite.cli.train.display import Display
    from nbsuite.cli.train.runs import train_all
    from nbsuite.training.choices import choose
    from nbsuite.training.compute import Compute
    from nbsuite.training.order import Order

    if not session:
        raise UsageError("Name the session to decode with --session, such as --session I1.")
    if model.lower() == "ridge":
        from nbsuite.cli.train.ridge import check_unused, fit_all

        check_unused(_given())
        quiet = quiet or as_json
        fit_all(session, settings, data, data_dir, output, quiet=quiet, as_json=as_json)
        return
    if log_json and as_json:
        raise UsageError("--log-json prints the results too: leave out --json.")
    everywhere = [f"{each}.epochs={epochs}" for each in ("pretrain", "finetune", "prune")]
    settings = (*(everywhere if epochs else []), *settings)  # single ones overrule --epochs
    choice = choose(model, settings, name)
    if choice.remark:
        note(choice.remark)
    wanted = (
        None if stages is None else [each.strip() for each in stages.split(",") if each.strip()]
    )
    threads = threads or torch.get_num_threads()
    order = Order(
        model=choice.model,
        recipe=choice.recipe,
        stages=choice.stages(wanted, pretrained=pretrained is not None),
        compute=Compute(choice.kernel(kernel, device), device, threads),
        targets=session,
        seeds=seeds,
        pretrain_on=pretrain_on,
        pretrained=pretrained,
        data=data,
        data_dir=data_dir,
        output=output,
        force=force,
    )
    display = Display(quiet=quiet or as_json or log_json, log_json=log_json)
    try:
        train_all(order, display, tensorboard=tensorboard, as_json=as_json)
    except KeyboardInterrupt:
        note("Every finished epoch is kept: give the same command again to go on.")
        raise


def _given() -> list[str]:
    """Names of the command's parameters that were given on the command line."""
    context = click.get_current_context()
    return [
        name
        for name in context.params
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
