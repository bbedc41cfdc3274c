"""Results as they were measured, read again from the provenance beside a results file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.errors import ResultsError
from nbsuite.submissions.results import challenge
from nbsuite.submissions.results.schema import read_object
from nbsuite.sweep.toml_file import is_number
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.fields import decode


@dataclass(frozen=True)
class _Told:
    """What a provenance has to tell of a checkpoint."""

    model: str
    seed: int | None
    weights_sha256: str


def recorded_results(path: Path) -> list[BenchmarkResult]:
    """The results of each run in a results file, in its order, out of the provenance beside it.

    Raises:
        ResultsError: the provenance is missing or damaged.
    """
    try:
        runs = read_object(challenge.provenance_path(path))["runs"]
        if not isinstance(runs, list) or not runs:
            raise FormatFault("tells of no run")
        return [_recorded(path, run) for run in runs]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ResultsError) as error:
        told_why = isinstance(error, (FormatFault, ResultsError))
        what = str(error).removesuffix(".") if told_why else type(error).__name__
        raise ResultsError(
            f"{path}: the provenance beside it does not tell of its runs ({what}); delete both to"
            " measure again."
        ) from error


def _recorded(path: Path, run: Any) -> BenchmarkResult:
    checkpoint, values = run["checkpoint"], run["metrics"]
    fields = {name: checkpoint[name] for name in ("seed", "weights_sha256")}
    told = decode(_Told, {"model": run.get("model", checkpoint["model"]["name"]), **fields})
    recording = path.stem.removeprefix(f"results_{told.model}_")
    if challenge.results_path(path.parent, told.model, recording) != path:
        raise FormatFault(f"is about {told.model!a}, of which the results are not")
    if not isinstance(values, dict) or not all(map(is_number, map(values.get, challenge.METRICS))):
        raise FormatFault("gives a metric that is no number")
    twin = run["data"]["twin"] is not None
    return BenchmarkResult(told.model, recording, twin, told.seed, values, run)
