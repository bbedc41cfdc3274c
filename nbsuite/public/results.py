"""Results written in challenge format, and read again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.data.folders import with_home
from nbsuite.files import ensure_writable
from nbsuite.public.runs import BenchmarkRun
from nbsuite.submissions.results import challenge
from nbsuite.submissions.results import folder as folders
from nbsuite.submissions.results.folder import ResultsFolder
from nbsuite.submissions.results.measuring import write_file

Results = BenchmarkRun | BenchmarkResult


def write_results(
    folder: str | os.PathLike[str], *results: Results | Sequence[Results], force: bool = False
) -> list[Path]:
    """Write challenge-format JSON: a file a model and session, with provenance and summaries.

    Args:
        folder: where to write.
        results: what :func:`nbsuite.benchmark` returned, one by one or in lists; runs of one model
            on one recording become one list over seeds.
        force: replace results that are there already.

    Returns:
        The files written.

    Raises:
        ResultsError: results are there already, a metric is missing, or a value is not finite.
        UsageError: two results are of one seed, or of the same weights.
        OSError: the folder cannot be written, or the disk is full.
    """
    groups: dict[tuple[str, str], list[BenchmarkResult]] = {}
    for each in results:
        for one in each if isinstance(each, Sequence) else (each,):
            result = one.result if isinstance(one, BenchmarkRun) else one
            groups.setdefault((result.model, result.recording), []).append(result)
    place = with_home(Path(folder))
    for (model, recording), group in groups.items():
        challenge.check_seeds([each.seed for each in group], f"{model} on {recording}")
    if not force:
        challenge.check_absent(challenge.results_path(place, *key) for key in groups)
    ensure_writable(place)
    written = [path for group in groups.values() for path in write_file(place, group)]
    return sorted(set(written))


def read_results(path: str | os.PathLike[str]) -> ResultsFolder:
    """Read a folder of challenge-format results, or a single file of it.

    Raises:
        ResultsError: there is nothing of the format, or a file is damaged or contradicts another.
    """
    return folders.read_results(with_home(Path(path)))
