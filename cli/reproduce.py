"""``nbsuite reproduce``: whether published results come out of the published weights again."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.output import note
from nbsuite.errors import ResultsError

if TYPE_CHECKING:
    from nbsuite.tasks.locate import Source


@click.command(
    epilog=examples(
        "nbsuite reproduce --checkpoints models",
        "nbsuite reproduce --checkpoints models --data-dir recordings --fetch -o reproduced",
    )
)
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of stork checkpoints laid out as published: indy01/tinyRSNN-1.pth.",
)
@options.data_option()
@options.data_dir_option()
@click.option(
    "--fetch", is_flag=True, help="Fetch real recordings that are missing (4.3 GB for all six)."
)
@options.output_option("Keep converted checkpoints and results in this folder.", folder=True)
@options.force_option("results")
@options.json_option()
def reproduce(
    checkpoints: Path,
    data: Source,
    data_dir: Path,
    fetch: bool,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Measure published checkpoints again and compare with what was published.

    Footprint, dense operations and sparsity of connections are compared always; R2, sparsity of
    activations and effective operations only where the real recording is there: otherwise its twin
    is used, which says nothing about them. The exit status is 0 if all that can be compared holds.
    """
    from nbsuite.benchmarking.session import RunSettings
    from nbsuite.cli.data.display import fetch_sessions
    from nbsuite.cli.frame.observing import shown_progress
    from nbsuite.cli.tables.rich_tables import emit
    from nbsuite.submissions.results.measuring import run_jobs
    from nbsuite.submissions.results.reproduce import (
        compare_with_published,
        convert_found,
        holds,
        plan_converted,
        reproduction_table,
        summary,
    )

    if not checkpoints.is_dir():
        raise ResultsError(f"There is no folder of checkpoints at {checkpoints}; check the path.")
    with TemporaryDirectory(prefix="nbsuite-reproduce-") as temporary:
        folder = Path(temporary) if output is None else output / "checkpoints"
        converted, left_out = convert_found(checkpoints, folder)
        for path in left_out:
            note(f"Note: {path} is left out: its path tells no session and seed.")
        if fetch:
            fetch_sessions(converted, data_dir, quiet=as_json)
        with shown_progress(quiet=as_json) as observer:
            jobs = plan_converted(converted, data_dir, data, observer)
            measured = None if output is None else output / "results"
            results, _ = run_jobs(jobs, RunSettings(), measured, force=force, observer=observer)
    rows = compare_with_published(results)
    emit(reproduction_table(rows), "json" if as_json else "table", None)
    if not holds(rows):
        raise ResultsError(f"{checkpoints}: {summary(rows)}")
