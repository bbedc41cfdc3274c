"""``nbsuite demo``: the main job, from data to results, on what comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbsuite import demo as material
from nbsuite.cli.examples import examples
from nbsuite.cli.options import force_option, json_option, output_option
from nbsuite.cli.output import note, stage_progress
from nbsuite.errors import ResultsError
from nbsuite.files import atomic_write, ensure_writable
from nbsuite.sessions import STEP_SECONDS, find_session

if TYPE_CHECKING:
    from nbsuite.cli.benchmark_jobs import Job

DEFAULT_FOLDER = Path("nbsuite-demo")
PICTURE_NAME = "decoding.png"


@click.command(epilog=examples("nbsuite demo", "nbsuite demo --json -o /tmp/demo"))
@output_option("Folder of all that the demo makes.", folder=True, default=DEFAULT_FOLDER)
@force_option("files of the same names in a folder of other things")
@json_option()
def demo(output: Path, force: bool, as_json: bool) -> None:
    """Measure a small decoder on a short synthetic recording.

    Makes a short twin of session I1, decodes the hand's velocity from it with a trained tinyRSNN,
    lets NeuroBench compute its official metrics, and writes challenge-format JSON and a picture.
    It takes less than half a minute. Run again, it replaces what it made before.
    """
    from nbsuite.benchmark.session import RunSettings
    from nbsuite.cli.benchmark_jobs import run_jobs
    from nbsuite.cli.benchmark_report import print_outcome

    _claim_folder(output, force=force)
    job = _prepare(output, quiet=as_json)
    # The folder is the demo's own, so that its earlier results need no protection.
    results, files = run_jobs(
        [job], RunSettings(), output, plot=output / PICTURE_NAME, force=True, quiet=as_json
    )
    print_outcome(results, [job.checkpoint.path, *files], as_json=as_json)
    if not as_json:
        _explain(job)


def _claim_folder(folder: Path, *, force: bool) -> None:
    """Put the checkpoint into the folder, which also marks it as the demo's own.

    Raises:
        ResultsError: the folder holds other things.
        OSError: the folder cannot be made or written.
    """
    ensure_writable(folder)
    checkpoint = folder / material.CHECKPOINT_NAME
    if any(folder.iterdir()) and not checkpoint.exists() and not force:
        raise ResultsError(
            f"{folder} holds other files; choose an empty folder with --output, "
            "or add the demo's files to them with --force."
        )
    with atomic_write(checkpoint) as temporary:
        temporary.write_bytes(material.checkpoint_bytes())


def _prepare(folder: Path, *, quiet: bool) -> Job:
    """Make and load the twin, and load the checkpoint."""
    from nbsuite.cli.benchmark_jobs import Job
    from nbsuite.data.recording import load_recording
    from nbsuite.data.twin import ensure_twin
    from nbsuite.models.checkpoint import load_checkpoint

    session = find_session(material.SESSION)
    with stage_progress(quiet=quiet) as report:
        twin = ensure_twin(
            session,
            folder,
            fraction=material.TWIN_FRACTION,
            seed=material.TWIN_SEED,
            progress=report,
        )
        report("loading", 0.0)
        recording = load_recording(twin, session=session)
    return Job(load_checkpoint(folder / material.CHECKPOINT_NAME), recording)


def _explain(job: Job) -> None:
    """Say in a few lines what was done and what to try next."""
    recording, checkpoint = job.recording, job.checkpoint.path
    tested = len(recording.test) * STEP_SECONDS
    note(
        f"""
Done: a tinyRSNN decoded {tested:.0f} s of data that it was not trained on ({PICTURE_NAME} shows
how well), and NeuroBench computed the figures above. The data is a TWIN of session
{recording.session.label}: a synthetic recording, so that these are no results on a real brain.

Try next:
  nbsuite benchmark {checkpoint} --session I1 --data twin    a twin of full length
  nbsuite data fetch I1    the real recording
  nbsuite sessions    what else there is"""
    )
