"""``nbsuite energy``: the energy of a decoded sample, estimated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples

if TYPE_CHECKING:  # importing torch takes longer than printing the help page
    from nbsuite.benchmarking.results import BenchmarkResult
    from nbsuite.benchmarking.session import RunSettings
    from nbsuite.tasks.locate import Source

METRICS = ("footprint", "connection_sparsity", "activation_sparsity", "synaptic_operations")
"""What an estimate needs of the benchmark."""


def _complete_target(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of targets."""
    from nbsuite.energy.targets import TARGETS

    del ctx, parameter
    return [CompletionItem(each) for each in TARGETS if each.startswith(incomplete.lower())]


@click.command(
    epilog=examples(
        "nbsuite energy results",
        "nbsuite energy results/results_tinyRSNN_indy_20160622_01.json --target loihi",
        "nbsuite energy tinyRSNN-1.safetensors --session I1 --plot energy.png",
        "nbsuite energy my_decoder.py:build --weights w.pt -s I1 --json",
    )
)
@click.argument(
    "decoders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DECODER..."
)
@click.option(
    "--target",
    "-t",
    "targets",
    multiple=True,
    metavar="NAME",
    shell_complete=_complete_target,
    help="What it is to run on: cmos45, cortex-m4 or loihi; may be repeated.  [default: all]",
)
@options.own_decoder_options
@options.session_option()
@options.data_option()
@options.data_dir_option()
@options.kernel_option()
@options.device_option()
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw what the energy goes into, as bars, into a .png, .svg or .pdf file.",
)
@options.json_option()
def energy(
    decoders: tuple[Path, ...],
    targets: tuple[str, ...],
    weights: tuple[Path, ...],
    name: str | None,
    session: tuple[str, ...],
    data: Source,
    data_dir: Path,
    kernel: str,
    device: str,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Estimate the energy of one decoded sample from operations and memory traffic.

    A DECODER is a file or a folder of results, whose figures are taken as they were measured, or
    what `nbsuite benchmark` takes: a checkpoint, a run, or a decoder of your own, whose operations
    are measured first. Nothing was measured on a chip: docs/energy.md names the equations, every
    constant with its source, and what is left out.
    """
    from nbsuite.benchmarking.session import RunSettings, kernel_asked_for
    from nbsuite.cli.energy.display import print_estimates
    from nbsuite.energy.results import decoder_workloads, estimate_all
    from nbsuite.energy.targets import TARGETS, target_named

    chosen = [target_named(each) for each in dict.fromkeys(targets or TARGETS)]
    if plot is not None:
        from nbsuite.pictures import check_format

        check_format(plot)
    settings = RunSettings(METRICS, kernel=kernel_asked_for(kernel, device), device=device)
    recorded, others = _told_apart(decoders)
    results = _recorded(recorded)
    if others or weights or name:
        results += _measured(
            others, weights, name, session, data_dir, data, settings, quiet=as_json
        )
    estimates, refused = estimate_all(decoder_workloads(results), chosen)
    print_estimates(estimates, refused, as_json=as_json)
    if plot is not None:
        from nbsuite.cli.frame.output import note
        from nbsuite.pictures import save_picture
        from nbsuite.submissions.pictures.energy import draw_estimates

        save_picture(plot, draw_estimates(estimates))
        note(f"Wrote {plot}")


def _told_apart(arguments: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Files of results among the arguments, and everything else."""
    from nbsuite.submissions.results.names import model_of_summary, results_in

    recorded: list[Path] = []
    others = []
    for argument in arguments:
        files = results_in(argument) if argument.is_dir() else []
        if argument.suffix == ".json":
            recorded.append(argument)
        elif files:
            recorded += [each for each in files if model_of_summary(each) is None]
        else:
            others.append(argument)
    return recorded, others


def _recorded(files: Sequence[Path]) -> list[BenchmarkResult]:
    from nbsuite.errors import ResultsError
    from nbsuite.submissions.results.recorded import recorded_results

    for file in files:
        if not file.exists():
            raise ResultsError(f"There are no results at {file}; check the path.")
    return [result for file in files for result in recorded_results(file)]


def _measured(
    decoders: Sequence[Path],
    weights: Sequence[Path],
    name: str | None,
    sessions: Sequence[str],
    data_dir: Path,
    data: Source,
    settings: RunSettings,
    *,
    quiet: bool,
) -> list[BenchmarkResult]:
    """Measure what an estimate needs."""
    from nbsuite.cli.frame.observing import shown_progress
    from nbsuite.cli.frame.planning import planned_jobs
    from nbsuite.submissions.results.measuring import run_jobs

    jobs = planned_jobs(decoders, weights, name, sessions, data_dir, data, quiet=quiet)
    with shown_progress(quiet=quiet) as observer:
        return run_jobs(jobs, settings, None, observer=observer)[0]
