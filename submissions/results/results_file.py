"""Reading one file of results, and the provenance beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from nbsuite.errors import ResultsError
from nbsuite.protocol import EARLIEST_PROTOCOL
from nbsuite.submissions.results.challenge import METRICS, Results, provenance_path
from nbsuite.submissions.results.names import results_in
from nbsuite.submissions.results.protocols import CHALLENGE_TASK, is_task
from nbsuite.submissions.results.schema import read_json, read_object
from nbsuite.twin_info import TWIN_MARK


def results_files(path: Path) -> list[Path]:
    """The files of results and summaries in a folder, or the one file; provenance left out."""
    return results_in(path) if path.is_dir() else [path]


def read_lists(file: Path) -> Results:
    """Read a results file: each metric's list over seeds.

    Raises:
        ResultsError: it is damaged, or its lists differ in length.
    """
    results: Results = read_json(file, "results")
    lengths = {metric: len(results[metric]) for metric in METRICS}
    if len(set(lengths.values())) > 1:
        odd = min(METRICS, key=lambda metric: list(lengths.values()).count(lengths[metric]))
        raise ResultsError(
            f"{file} has {lengths[odd]} values of {odd}, but another number of other metrics; "
            "each needs one value a seed: write it again."
        )
    return results


def is_twin(file: Path, provenance: Mapping[str, object] | None = None) -> bool:
    """Whether a results file is about a twin: its name says so, or the provenance beside it.

    Args:
        file: the results file.
        provenance: what is beside it, where that was read already.

    Raises:
        ResultsError: the provenance is damaged.
    """
    if TWIN_MARK in file.stem:
        return True
    return bool((read_provenance(file) if provenance is None else provenance).get("twin"))


def read_provenance(file: Path) -> dict[str, object]:
    """The provenance beside a results file; empty where there is none.

    Raises:
        ResultsError: it is no JSON object, or does not say of which task it is, or whether it is
            about a twin, as it must.
    """
    path = provenance_path(file)
    if not os.path.lexists(path):
        return {}
    content = read_object(path)
    if not isinstance(content.get("twin", False), bool):
        raise ResultsError(
            f"{path} must say whether it is about a twin with true or false; write it again."
        )
    if not is_task(content.get("task", EARLIEST_PROTOCOL)):
        raise ResultsError(
            f"{path} must name its task as a name and a version, such as {CHALLENGE_TASK}; write it"
            " again."
        )
    return content
