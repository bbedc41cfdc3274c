"""``nbsuite report``: one page with results, decoders at work and training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbsuite.cli.frame import options
from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.output import note
from nbsuite.cli.tables.inputs import RESULTS, columns_option, note_others
from nbsuite.errors import UsageError

if TYPE_CHECKING:  # importing torch takes longer than printing the help page
    from nbsuite.submissions.report.decoding import Decoding
    from nbsuite.tasks.locate import Source

DEFAULT_FILE = Path("report.html")


@click.command(
    epilog=examples(
        "nbsuite report results",
        "nbsuite report runs/results --runs runs -o report.html",
        "nbsuite report results --checkpoints models/tinyRSNN-1.safetensors --session I1",
    )
)
@click.argument("results", nargs=-1, required=True, type=RESULTS)
@click.option(
    "--runs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder that `nbsuite train` wrote to, to show training and pruning; may be repeated.",
)
@click.option(
    "--checkpoints",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Checkpoint, or folder of them, to run and show decoding; may be repeated.",
)
@options.session_option()
@options.data_option()
@options.data_dir_option()
@columns_option()
@options.output_option("The page.", default=DEFAULT_FILE)
def report(
    results: tuple[Path, ...],
    runs: tuple[Path, ...],
    checkpoints: tuple[Path, ...],
    session: tuple[str, ...],
    data: Source,
    data_dir: Path,
    columns: str | None,
    output: Path,
) -> None:
    """Write one HTML page with your results, for a browser or for paper.

    RESULTS are folders, or files, of challenge-format results. The page holds their tables, the
    leaderboard with what is published, and where they come from; results on twins stand apart.
    Checkpoints are run, each on every --session or on the one it was trained for, to draw what they
    decode. The page needs no network; made of the same inputs, it is the same to the byte.
    """
    from nbsuite.submissions.report.training import read_stages
    from nbsuite.submissions.report.write import build_report, check_name, write_report
    from nbsuite.submissions.results.folder import read_results

    check_name(output)
    if session and not checkpoints:
        raise UsageError(
            "--session names what to run checkpoints on: name them with --checkpoints, or leave it"
            " out."
        )
    read = [(path, read_results(path)) for path in results]
    for _, folder in read:
        note_others(folder)
    stages = [stage for folder in runs for stage in read_stages(folder)]
    decodings = _decode(checkpoints, session, data_dir, data)
    write_report(output, build_report(read, decodings, stages, columns))
    note(f"Wrote {output}")


def _decode(
    checkpoints: Sequence[Path], sessions: Sequence[str], data_dir: Path, data: Source
) -> list[Decoding]:
    """Run checkpoints on the sessions named, or on those they were trained for."""
    if not checkpoints:
        return []
    from nbsuite.benchmarking.jobs import plan_jobs
    from nbsuite.cli.frame.observing import shown_progress
    from nbsuite.submissions.report.decode import run_decodings
    from nbsuite.training.run_checkpoints import checkpoint_files

    with shown_progress() as observer:
        files = checkpoint_files(checkpoints)
        jobs = plan_jobs(files, sessions, data_dir, data, observer, named=checkpoints)
        return run_decodings(jobs, observer)
