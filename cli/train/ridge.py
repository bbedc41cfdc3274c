"""What ``nbsuite train ridge`` does: fit the linear decoder to each session, and measure it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbsuite.cli.benchmark.report import print_outcome
from nbsuite.cli.frame.observing import shown_progress
from nbsuite.errors import UsageError
from nbsuite.files import ensure_writable
from nbsuite.submissions.study.trained import RESULTS_NAME, measure_trained
from nbsuite.tasks.locate import Source
from nbsuite.training.overrides import override_section
from nbsuite.training.ridge import MODEL, RidgeRecipe
from nbsuite.training.ridge_runs import fit_sessions

DETAILED = (
    "name",
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
    override_section(RidgeRecipe(), MODEL, settings)  # refused before anything is loaded
    ensure_writable(folder / RESULTS_NAME)
    with shown_progress(quiet=quiet) as observer:
        jobs = fit_sessions(targets, settings, data, data_dir, folder, observer)
        outcome = measure_trained(jobs, folder / RESULTS_NAME, observer)
    print_outcome(*outcome, as_json=as_json)
