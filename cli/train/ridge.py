"""What ``nbsuite train ridge`` does: fit the linear decoder to each session, and measure it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nbsuite.cli.benchmark.jobs import Job, load_target
from nbsuite.cli.benchmark.report import print_outcome
from nbsuite.cli.frame import output
from nbsuite.cli.train.runs import RESULTS_NAME, measure_jobs
from nbsuite.errors import UsageError
from nbsuite.files import ensure_writable
from nbsuite.models.checkpoint import load_checkpoint, save_checkpoint
from nbsuite.tasks.locate import Source
from nbsuite.training.overrides import override_section
from nbsuite.training.ridge import MODEL, RidgeRecipe, train_ridge
from nbsuite.training.run_folder import WEIGHTS_NAME
from nbsuite.training.run_plan import recording_label

DETAILED = (
    *("seeds", "stages", "pretrained", "pretrain_on", "epochs"),
    *("kernel", "device", "threads", "tensorboard", "log_json"),
)
"""Parameters of the command that a linear decoder has no use for."""


def check_unused(given: Sequence[str]) -> None:
    """Refuse options that do not apply.

    Raises:
        UsageError: one of them was given.
    """
    for name in DETAILED:
        if name in given:
            option = "seed" if name == "seeds" else name.replace("_", "-")
            raise UsageError(
                f"--{option} does not apply to {MODEL}, which is solved for at once: leave it out."
            )


def fit_all(
    targets: Sequence[str],
    settings: Sequence[str],
    data: Source,
    data_dir: Path,
    folder: Path,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """Fit, save and measure a decoder for each session, and print the results.

    Raises:
        UsageError: a setting is unknown or impossible.
        DataError: a recording cannot be used, or is too short.
        OSError: the folder cannot be written, or the disk is full.
    """
    recipe = override_section(RidgeRecipe(), MODEL, settings)
    ensure_writable(folder / RESULTS_NAME)
    jobs = list(_fitted(targets, recipe, data, data_dir, folder, quiet=quiet))
    outcome = measure_jobs(jobs, folder / RESULTS_NAME, quiet=quiet)
    print_outcome(*outcome, as_json=as_json)


def _fitted(
    targets: Sequence[str],
    recipe: RidgeRecipe,
    data: Source,
    data_dir: Path,
    folder: Path,
    *,
    quiet: bool,
) -> Iterator[Job]:
    for target in dict.fromkeys(targets):
        recording = load_target(target, data_dir, data, quiet=quiet)
        fitted = train_ridge(recording, recipe)
        path = folder / f"{MODEL}_{recording_label(recording)}" / WEIGHTS_NAME
        save_checkpoint(path, fitted.decoder, fitted.header)
        output.note(
            f"{MODEL}: validation R2 {fitted.validation_r2:.3f} with a penalty of"
            f" {fitted.penalty:,.0f}, {path}"
        )
        yield Job(load_checkpoint(path), recording)
