"""What commands that read results folders share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from nbsuite.cli.frame.options import Decorator
from nbsuite.cli.frame.output import note
from nbsuite.errors import ResultsError
from nbsuite.submissions.results.folder import ResultsFolder, read_results
from nbsuite.submissions.results.model_results import ModelResults
from nbsuite.twin_labels import REAL_RECORDINGS, TWINS, kinds_of

RESULTS = click.Path(path_type=Path)
"""A folder of results, or a single file; the reader says what is wrong with it."""


def twins_option() -> Decorator[Any]:
    """``--twins``, passed as ``twins``: results on twins, in place of those on recordings."""
    return click.option(
        "--twins",
        is_flag=True,
        help="Show results on twins, by themselves, in place of those on real recordings.",
    )


def columns_option() -> Decorator[Any]:
    """``--columns``, passed as ``columns``: the figures to show."""
    return click.option(
        "--columns",
        metavar="NAMES",
        help="Figures to show in place of the usual ones, separated by commas, such as r2,acs,mse;"
        " `all` shows every figure that the results or their provenance have.",
    )


def intervals_option(help_: str) -> Decorator[Any]:
    """``--intervals``, passed as ``intervals``: confidence intervals of R2."""
    return click.option("--intervals", is_flag=True, help=help_)


def note_others(folder: ResultsFolder) -> None:
    """Say which files of a folder are left out."""
    for other in folder.others:
        note(f"Note: {other} is left out: it is on no session of its task.")


def read_models(
    paths: Sequence[Path], *, twins: bool, any_recording: bool = False
) -> list[ModelResults]:
    """Results on real recordings or on twins; what is left out is said.

    Args:
        paths: folders or files of results.
        twins: which of the two.
        any_recording: see :func:`read_results`.

    Raises:
        ResultsError: a folder or file holds nothing of the format, or something damaged.
    """
    folders = [read_results(path, any_recording=any_recording) for path in paths]
    for path, folder in zip(paths, folders, strict=True):
        note_others(folder)
        left_out = folder.real if twins else folder.twins
        if left_out:
            count = sum(len(each.sessions) for each in left_out)
            kind, remedy = kinds_of(twins=not twins), "without" if twins else "with"
            note(
                f"Note: {count} results on {kind} in {path} are left out;"
                f" show them {remedy} --twins."
            )
    return [each for folder in folders for each in (folder.twins if twins else folder.real)]


def check_any(models: Sequence[ModelResults], paths: Sequence[Path], *, twins: bool) -> None:
    """Make sure that there are results to show.

    Raises:
        ResultsError: there are none on real recordings, or on twins.
    """
    if not models:
        kind = TWINS if twins else f"{REAL_RECORDINGS} that belong to a task"
        raise ResultsError(
            f"{', '.join(map(str, paths))} holds no results on {kind}; "
            f"{'leave out --twins' if twins else 'show twins with --twins'} or name another folder."
        )
