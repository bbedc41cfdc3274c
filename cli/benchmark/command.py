"""``nbsuite benchmark``: NeuroBench's official metrics of checkpoints on sessions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples
from nbsuite.errors import UsageError

if TYPE_CHECKING:  # importing torch takes longer than printing the help page
    from nbsuite.benchmarking.session import RunSettings
    from nbsuite.tasks.locate import Source

DEFAULT_FOLDER = Path("results")


@click.command(
    epilog=examples(
        "nbsuite benchmark tinyRSNN-1.safetensors --session I1",
        "nbsuite benchmark runs --data twin -o results/twins   # of each run its last weights",
        "nbsuite benchmark tinyRSNN-1.safetensors -s I1 --verify 2000",
        "nbsuite benchmark tinyRSNN-1.safetensors -s I1 --plot decoding.png",
        "nbsuite benchmark tinyRSNN-1.safetensors -s I1 --metric my_metrics.py:Jerk",
        "nbsuite benchmark my_decoder.py:build --weights w.pt -s I1 -o results",
    )
)
@click.argument(
    "checkpoints", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="CHECKPOINT..."
)
@options.own_decoder_options
@options.session_option()
@options.data_option()
@options.data_dir_option()
@click.option(
    "--metrics",
    help="Metrics, separated by commas.  [default: the challenge's five]",
)
@options.own_code_options
@options.kernel_option()
@options.device_option()
@click.option(
    "--per-step",
    is_flag=True,
    help="Call the layers one step at a time, as NeuroBench's own models do: a slow check.",
)
@click.option(
    "--verify",
    type=click.IntRange(min=1),
    metavar="STEPS",
    help="Measure the first STEPS test samples both ways, compare, and write nothing.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw decoded against true velocity into a .png, .svg or .pdf file.",
)
@options.output_option("Folder of the results.  [default: results]", folder=True)
@options.force_option("results")
@click.option(
    "--workers",
    type=click.IntRange(min=1, max=1024),
    default=1,
    show_default=True,
    help="Processes to measure in at once; the figures are the same.",
)
@options.json_option()
def benchmark(
    checkpoints: tuple[Path, ...],
    weights: tuple[Path, ...],
    name: str | None,
    session: tuple[str, ...],
    data: Source,
    data_dir: Path,
    metrics: str | None,
    own_metrics: tuple[str, ...],
    preprocessors: tuple[str, ...],
    postprocessors: tuple[str, ...],
    kernel: str,
    device: str,
    per_step: bool,
    verify: int | None,
    plot: Path | None,
    output: Path | None,
    force: bool,
    workers: int,
    as_json: bool,
) -> None:
    """Measure decoders on recordings and write challenge-format JSON.

    Every CHECKPOINT is measured on every --session; without --session, on the session it was
    trained for. A folder stands for the checkpoints in it: of a run of `nbsuite train` for what it
    ended with. Each number is computed by NeuroBench itself and checked against its closed form.
    Interrupted, it goes on when it is called again: results of the same weights, data and settings
    are kept.

    A decoder of your own stands in place of a CHECKPOINT as my_decoder.py:build, as
    package.module:name, or by the name of an installed entry point: its code is run.
    """
    from nbsuite.benchmarking.metrics import check_metric_names
    from nbsuite.benchmarking.quantities import CHALLENGE_METRICS
    from nbsuite.benchmarking.session import RunSettings, kernel_asked_for
    from nbsuite.cli.benchmark.report import compare_jobs, print_outcome
    from nbsuite.cli.frame.observing import shown_progress
    from nbsuite.cli.frame.planning import planned_jobs
    from nbsuite.submissions.results.measuring import run_jobs

    if plot is not None:
        from nbsuite.pictures import check_format

        check_format(plot)
    settings = RunSettings(
        metrics=check_metric_names(metrics.split(",") if metrics else CHALLENGE_METRICS),
        kernel=kernel_asked_for(kernel, device),
        device=device,
        per_step=per_step,
        own_metrics=own_metrics,
        preprocessors=preprocessors,
        postprocessors=postprocessors,
    )
    settings.own_code()  # what cannot be used is told before anything is loaded
    jobs = planned_jobs(checkpoints, weights, name, session, data_dir, data, quiet=as_json)
    if verify is not None:
        compare_jobs(jobs, verify, settings, as_json=as_json)
        return
    folder = _results_folder(output, settings)
    with shown_progress(quiet=as_json) as observer:
        outcome = run_jobs(
            jobs,
            settings,
            folder,
            plot=plot,
            force=force,
            workers=workers,
            observer=observer,
        )
    print_outcome(*outcome, as_json=as_json)


def _results_folder(folder: Path | None, settings: RunSettings) -> Path | None:
    """Where to write: the folder given, or the default.

    None for a choice of metrics that the challenge format cannot hold: it is printed only.

    Raises:
        UsageError: a folder was given, but metrics are missing that the format needs.
    """
    from nbsuite.benchmarking.quantities import CHALLENGE_METRICS

    missing = [name for name in CHALLENGE_METRICS if name not in settings.metrics]
    if not missing:
        return folder or DEFAULT_FOLDER
    if folder is not None:
        raise UsageError(
            f"Challenge-format JSON needs the metric {missing[0]}; add it to --metrics, "
            "or leave out --output to print the figures only."
        )
    return None
