"""Pictures as matplotlib figures."""

from __future__ import annotations

import os
from pathlib import Path

from matplotlib.figure import Figure

from nbsuite.data.folders import with_home
from nbsuite.errors import ResultsError
from nbsuite.plots import DEFAULT_SECONDS, draw_decoding
from nbsuite.public.runs import BenchmarkRun
from nbsuite.submissions.pictures.pareto import draw_leaderboard
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.protocols import CHALLENGE_TASK
from nbsuite.submissions.tables.entries import MEAN
from nbsuite.submissions.tables.leaderboard import rankings


def plot_decoding(
    run: BenchmarkRun, *, start: float | None = None, seconds: float = DEFAULT_SECONDS
) -> Figure:
    """Draw what was decoded against what is true, and the hidden spikes under it.

    Args:
        run: what :func:`nbsuite.benchmark` returned.
        start: start of the window, in seconds from the start of the test set; by default the
            busiest window of the first minutes.
        seconds: length of the window.

    Returns:
        A figure; write it with ``figure.savefig``.

    Raises:
        UsageError: the window is outside the test set.
    """
    return draw_decoding(
        task=run.recording.task,
        true=run.true,
        decoded=run.decoded,
        spikes=run.spikes,
        r2=run.values.get("r2"),
        model=run.result.model,
        session=run.recording.session.label,
        twin=run.result.twin,
        trained_on_twin=run.result.trained_on_twin is True,
        start_seconds=start,
        seconds=seconds,
    )


def plot_leaderboard(
    *results: str | os.PathLike[str],
    task: str = CHALLENGE_TASK,
    session: str = MEAN,
    twins: bool = False,
) -> Figure:
    """Draw R2 against cost of your results among all that is published on the task.

    Args:
        results: folders or files of challenge-format results.
        task: name and version of the task.
        session: a session's short name, or ``mean``.
        twins: draw results on twins, by themselves, in place of those on real recordings.

    Raises:
        ResultsError: a folder or file holds nothing of the format, or nothing under the task.
        UsageError: no task has the session.
    """
    folders = [read_results(with_home(Path(each))) for each in results]
    models = [each for folder in folders for each in (folder.twins if twins else folder.real)]
    found = {each.task: each for each in rankings(models, twins=twins, session=session)}
    if task not in found:
        raise ResultsError(
            f"There are no results under the task {task} to draw; there are some under"
            f" {', '.join(found) or 'none'}."
        )
    return draw_leaderboard(found[task])
