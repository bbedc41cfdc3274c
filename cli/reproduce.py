"""``nbsuite reproduce``: whether published results come out of the published weights again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.output import note, stage_progress
from nbsuite.errors import ResultsError
from nbsuite.tasks.known import find_session

if TYPE_CHECKING:  # importing torch takes longer than printing the help page
    from nbsuite.benchmarking.results import BenchmarkResult
    from nbsuite.data.recording import Recording


@click.command(
    epilog=examples(
        "nbsuite reproduce --checkpoints models",
        "nbsuite reproduce --checkpoints models --data recordings --fetch -o reproduced",
    )
)
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of stork checkpoints laid out as published: indy01/tinyRSNN-1.pth.",
)
@options.data_dir_option("--data")
@click.option(
    "--fetch", is_flag=True, help="Fetch real recordings that are missing (4.3 GB for all six)."
)
@options.output_option("Keep converted checkpoints and results in this folder.", folder=True)
@options.force_option("results")
@options.json_option()
def reproduce(
    checkpoints: Path, data_dir: Path, fetch: bool, output: Path | None, force: bool, as_json: bool
) -> None:
    """Measure published checkpoints again and compare with what was published.

    Footprint, dense operations and sparsity of connections are compared always; R2, sparsity of
    activations and effective operations only where the real recording is there: otherwise its twin
    is used, which says nothing about them. The exit status is 0 if all that can be compared holds.
    """
    from nbsuite.cli.tables.rich_tables import emit
    from nbsuite.submissions.results.reproduce import (
        compare_with_published,
        convert_found,
        holds,
        reproduction_table,
        summary,
    )

    if not checkpoints.is_dir():
        raise ResultsError(f"There is no folder of checkpoints at {checkpoints}; check the path.")
    results = []
    with TemporaryDirectory(prefix="nbsuite-reproduce-") as temporary:
        folder = Path(temporary) if output is None else output / "checkpoints"
        converted, left_out = convert_found(checkpoints, folder)
        for path in left_out:
            note(f"Note: {path} is left out: its path tells no session and seed.")
        for session, paths in converted.items():
            recording = _recording(session, data_dir, fetch=fetch, quiet=as_json)
            results += _measure(paths, recording, output, force=force, quiet=as_json)
    rows = compare_with_published(results)
    emit(reproduction_table(rows), "json" if as_json else "table", None)
    if not holds(rows):
        raise ResultsError(f"{checkpoints}: {summary(rows)}")


def _recording(name: str, data_dir: Path, *, fetch: bool, quiet: bool) -> Recording:
    """The real recording where it is there or may be fetched, otherwise its twin."""
    from nbsuite.data.fetch.download import fetch as fetch_session
    from nbsuite.tasks.locate import locate
    from nbsuite.tasks.opening import load_recording

    session = find_session(name)
    if fetch:
        from nbsuite.cli.data.display import download_progress

        with download_progress(session.label, quiet=quiet) as report:
            fetch_session(session, data_dir, progress=report)
    with stage_progress(quiet=quiet) as report_stage:
        location = locate(name, data_dir, "auto", report_stage)
        report_stage(f"Loading {location.path.name}", 0.0)
        recording = load_recording(location.path, session=location.session)
    kind = "its TWIN" if recording.twin else "the real recording"
    note(f"{session.label}: {kind}, {location.path}")
    return recording


def _measure(
    paths: Sequence[Path], recording: Recording, output: Path | None, *, force: bool, quiet: bool
) -> list[BenchmarkResult]:
    from nbsuite.benchmarking.jobs import Job
    from nbsuite.benchmarking.session import RunSettings
    from nbsuite.cli.frame.observing import shown_progress
    from nbsuite.models.checkpoint import load_checkpoint
    from nbsuite.submissions.results.measuring import run_jobs

    jobs = [Job(load_checkpoint(path), recording) for path in paths]
    folder = None if output is None else output / "results"
    with shown_progress(quiet=quiet) as observer:
        results, _ = run_jobs(jobs, RunSettings(), folder, force=force, observer=observer)
    return results
