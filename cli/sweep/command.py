"""``nbsuite sweep``: whole studies on all cores of a machine, or on a cluster."""

from __future__ import annotations

from pathlib import Path

import click

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.groups import Group
from nbsuite.cli.frame.interruption import ended_by_interrupt
from nbsuite.errors import UsageError

DEFAULT_FOLDER = Path("runs")
WORKER_MODULES = (
    "distributed",
    "nbsuite.submissions.study.plan",
    "nbsuite.neurons.kernels.inference.run",
    "nbsuite.neurons.kernels.training.function",
    "nbsuite.plots_training",
    "torch._dynamo",  # which torch's optimisers import when first used, taking seconds
)
"""What tasks import."""

STUDY = click.argument("study", type=click.Path(path_type=Path))


class RunByDefault(Group):
    """A group whose command ``run`` need not be named: ``nbsuite sweep study.toml``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``run`` before what names no command."""
        if args and args[0] not in (*self.list_commands(ctx), *ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=RunByDefault,
    epilog=examples(
        "nbsuite sweep study.toml --dry-run",
        "nbsuite sweep study.toml -o runs",
        "nbsuite sweep status study.toml -o runs",
    ),
)
def sweep() -> None:
    """Run a study: many models, sessions, seeds and recipes, described in a file."""


@sweep.command(
    epilog=examples(
        "nbsuite sweep study.toml",
        "nbsuite sweep study.toml --dry-run",
        "nbsuite sweep study.toml --workers 4",
        "nbsuite sweep study.toml --run-code",
        "nbsuite sweep study.toml --scheduler tcp://head-node:8786",
        "nbsuite sweep study.toml --cluster slurm.toml",
    )
)
@STUDY
@options.output_option("Folder of all runs.", folder=True, default=DEFAULT_FOLDER)
@options.data_dir_option()
@click.option(
    "--workers",
    type=click.IntRange(min=1, max=1024),
    help="Processes on this machine.  [default: cores divided by the study's threads]",
)
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler that runs already.")
@click.option(
    "--cluster",
    type=click.Path(path_type=Path),
    help="Cluster file: Slurm, PBS, Kubernetes; see docs/scaling.md.",
)
@options.own_code_options
@click.option(
    "--run-code",
    is_flag=True,
    help="Run the decoders that STUDY names as code, such as my_decoder.py:build: read them first,"
    " for they may do anything that you may.",
)
@click.option("--dry-run", is_flag=True, help="Print the tasks and what they cost; run none.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@options.json_option()
def run(
    study: Path,
    output: Path,
    data_dir: Path,
    workers: int | None,
    scheduler: str | None,
    cluster: Path | None,
    own_metrics: tuple[str, ...],
    preprocessors: tuple[str, ...],
    postprocessors: tuple[str, ...],
    run_code: bool,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run what is missing of STUDY, a file that docs/scaling.md explains.

    Each task is what `nbsuite train` or `nbsuite benchmark` would do, and is done once: give the
    same command again after an interruption. A task that fails three times is reported with its
    log; the rest goes on. By default, the tasks run on all cores of this machine.
    """
    if sum(each is not None for each in (workers, scheduler, cluster)) > 1:
        raise UsageError("--workers, --scheduler and --cluster exclude each other: give one.")
    with ended_by_interrupt():
        if not (dry_run or scheduler or cluster):
            from nbsuite.sweep.clusters import require_distributed
            from nbsuite.sweep.local_workers import start_fork_server

            require_distributed()
            start_fork_server(WORKER_MODULES)  # it imports while this process does, and plans
        from nbsuite.benchmarking.session import RunSettings
        from nbsuite.cli.sweep.runs import Order, print_plan, run_study
        from nbsuite.named_code import everywhere
        from nbsuite.submissions.study.run import Where

        settings = RunSettings(
            own_metrics=tuple(map(everywhere, own_metrics)),
            preprocessors=tuple(map(everywhere, preprocessors)),
            postprocessors=tuple(map(everywhere, postprocessors)),
        )
        where = Where(workers, scheduler, cluster)
        order = Order(
            study,
            output,
            data_dir,
            where,
            settings=settings,
            run_code=run_code,
            quiet=quiet or as_json,
            as_json=as_json,
        )
        if dry_run:
            print_plan(order)
        else:
            run_study(order)


@sweep.command(epilog=examples("nbsuite sweep status study.toml", "nbsuite sweep status x --json"))
@STUDY
@options.output_option("Folder of all runs.", folder=True, default=DEFAULT_FOLDER)
@options.json_option()
def status(study: Path, output: Path, as_json: bool) -> None:
    """Print how far STUDY has come, a file or a study's name, as the files in --output tell.

    Nothing is asked of workers or schedulers, so that this works on any machine that sees the
    folder.
    """
    from nbsuite.cli.sweep.status import print_status

    print_status(study, output, as_json=as_json)
