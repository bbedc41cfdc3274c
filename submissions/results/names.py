"""What results files are called, and what their names tell."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from nbsuite.errors import ResultsError
from nbsuite.twin_info import TWIN_MARK
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.names import fault_of_name, inside

PROVENANCE_SUFFIX = ".provenance.json"
SUMMARY_PREFIX = "results_summary_"

_LISTS = re.compile(
    r"results_(?P<model>[\w.+ -]+?)_(?P<recording>(?:indy|loco)_\d{8}_\d\d(?:-.+)?)"
)
_SUMMARY = re.compile(rf"{SUMMARY_PREFIX}(?P<model>[\w.+ -]+?)(?P<twin>{TWIN_MARK})?")
_MOST_BYTES = 200
"""Bytes of a results file's name: with 255, what is written beside it needs some more."""


def results_name(model: str, recording: str) -> str:
    """The name of the file with the results of a model on a recording.

    Raises:
        ResultsError: the two cannot be part of a file's name, or it would pass for another kind of.
    """
    name = f"results_{model}_{recording}.json"
    if (fault := fault_of_name(model)) is not None:
        raise ResultsError(f"Results cannot be named after their model: {fault}; rename it.")
    if name.startswith(SUMMARY_PREFIX):
        raise ResultsError(f"Results of the model '{model}' would pass for a summary; rename it.")
    if not recording.isprintable() or re.search(r"[/\\]", recording):
        raise ResultsError(
            f"Results cannot be named after the recording '{recording}', whose name holds"
            " characters that are not printable or separate folders; rename it."
        )
    if name.endswith(PROVENANCE_SUFFIX):
        raise ResultsError(f"Results on '{recording}' would pass for provenance; rename it.")
    if len(os.fsencode(name)) > _MOST_BYTES:
        raise ResultsError(f"The name {name} is too long; rename the recording or the model.")
    return name


def check_inside(path: Path) -> None:
    """Make sure that writing to a path writes into its folder, and not where a link leads.

    Raises:
        ResultsError: it does not.
    """
    try:
        inside(path.parent, path.name)
    except FormatFault as fault:
        raise ResultsError(f"{path.parent} {fault}; choose another folder.") from fault


def model_and_recording(
    results: Path, provenance: Mapping[str, object] | None = None
) -> tuple[str, str] | None:
    """What a results file is of, by its name.

    Args:
        results: the results file.
        provenance: what lies beside it, which tells the model: the names of models and of
            recordings may both hold what stands between them.

    Returns:
        None where neither tells the model, nor the name a session of Indy or Loco.
    """
    model = _model_told(provenance or {})
    if model is not None and results.stem.startswith(prefix := f"results_{model}_"):
        return model, results.stem.removeprefix(prefix)
    named = _LISTS.fullmatch(results.stem)
    return (named["model"], named["recording"]) if named else None


def _model_told(provenance: Mapping[str, object]) -> str | None:
    """The model of the first run that a provenance tells of."""
    found: object = provenance.get("runs")
    found = found[0] if isinstance(found, list) and found else None
    if isinstance(found, Mapping) and isinstance(found.get("model"), str):
        return str(found["model"])  # with what stands around it
    for key in ("checkpoint", "model", "name"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else None


def model_of_summary(path: Path) -> tuple[str, bool] | None:
    """The model and whether it is about twins, of a summary; None of another file."""
    named = _SUMMARY.fullmatch(path.stem)
    return (named["model"], named["twin"] is not None) if named else None


def results_in(folder: Path) -> list[Path]:
    """The results files and summaries of a folder; provenance left out."""
    files = sorted(folder.glob("results_*.json"))
    return [file for file in files if not file.name.endswith(PROVENANCE_SUFFIX)]
