"""``nbsuite demo``: the main job, from data to results, in about a minute."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbsuite.cli.frame.examples import examples
from nbsuite.cli.frame.options import force_option, json_option, output_option
from nbsuite.cli.frame.output import note
from nbsuite.errors import ResultsError
from nbsuite.files import ensure_writable

if TYPE_CHECKING:
    from nbsuite.benchmarking.jobs import Job

DEFAULT_FOLDER = Path("nbsuite-demo")
PICTURE_NAME = "decoding.png"
MARK_NAME = "made-by-nbsuite-demo.txt"
MARK = "Everything that `nbsuite demo` made lies in this folder; it may be deleted as a whole.\n"


@click.command(epilog=examples("nbsuite demo", "nbsuite demo --json -o /tmp/demo"))
@output_option("Folder of all that the demo makes.", folder=True, default=DEFAULT_FOLDER)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    help="Passes of training: fewer are faster.  [default: 40]",
)
@force_option("files of the same names in a folder of other things")
@json_option()
def demo(output: Path, epochs: int | None, force: bool, as_json: bool) -> None:
    """Train and measure a small decoder on a short synthetic recording.

    Makes a short twin of session I1, trains a tinyRSNN on it, and beside it a linear decoder to
    compare with. NeuroBench computes the official metrics of both, written as challenge-format JSON
    and pictures. It takes about a minute, and a second one the first time, when the kernels are
    compiled. Run again, it goes on where it was interrupted and replaces what it made before.
    """
    from nbsuite.benchmarking.session import RunSettings
    from nbsuite.cli.benchmark.report import print_outcome
    from nbsuite.cli.frame.observing import shown_progress
    from nbsuite.cli.train.display import Display
    from nbsuite.demo import EPOCHS, fit_ridge, make_recording, train_small
    from nbsuite.submissions.results.measuring import run_jobs

    _claim_folder(output, force=force)
    with shown_progress(quiet=as_json) as observer:
        recording = make_recording(output, observer)
    with closing(Display(quiet=as_json)) as display:
        jobs = [train_small(output, recording, epochs or EPOCHS, display)]
    jobs.append(fit_ridge(output, recording))
    # The folder is the demo's own, so that its earlier results need no protection.
    with shown_progress(quiet=as_json) as observer:
        results, files = run_jobs(
            jobs,
            RunSettings(),
            output,
            plot=output / PICTURE_NAME,
            force=True,
            observer=observer,
        )
    print_outcome(results, files, as_json=as_json)
    if not as_json:
        _explain(jobs[0])


def _claim_folder(folder: Path, *, force: bool) -> None:
    """Mark the folder as the demo's own.

    Raises:
        ResultsError: the folder holds other things.
        OSError: the folder cannot be made or written.
    """
    ensure_writable(folder)
    mark = folder / MARK_NAME
    if any(folder.iterdir()) and not mark.exists() and not force:
        raise ResultsError(
            f"{folder} holds other files; choose an empty folder with --output, "
            "or add the demo's files to them with --force."
        )
    mark.write_text(MARK, encoding="utf-8")


def _explain(job: Job) -> None:
    """Say in a few lines what was done and what to try next."""
    recording, checkpoint = job.recording, job.checkpoint.path
    tested = len(recording.test) * recording.task.step
    pictures = f"{PICTURE_NAME.removesuffix('.png')}_*.png"
    explanation = f"""
Done: a tinyRSNN learnt to decode the hand's velocity, and decoded {tested:.0f} s that it was not
trained on ({pictures} show how well); NeuroBench computed the figures above.
The data is a TWIN of session {recording.session.label}: a synthetic recording, so that these are no
results on a real brain.

Try next:
  nbsuite train tinyRSNN --session I1 --data twin    the whole recipe on a twin of full length
  nbsuite benchmark {checkpoint} --session I1 --data twin
  nbsuite data fetch I1    the real recording
  nbsuite sessions    what else there is"""
    for line in explanation.split("\n"):
        note(line)
