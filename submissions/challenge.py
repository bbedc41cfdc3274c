"""Challenge-format results: the JSON files that the IEEE BioCAS 2024 Grand Challenge asked for.

The layout is that of the results published with tinyRSNN and bigRSNN: one file a model and
session with each metric as a list over seeds, and one summary a model with the means over seeds,
by session and averaged over sessions. Results on a twin carry ``-twin`` in their name and never
enter the summary of real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from nbsuite.data.twin_info import TWIN_MARK
from nbsuite.errors import ResultsError, UsageError
from nbsuite.submissions.schema import read_json, write_json

if TYPE_CHECKING:  # reading and comparing results needs no torch
    from nbsuite.benchmark.results import BenchmarkResult

METRICS = (
    "footprint",
    "connection_sparsity",
    "activation_sparsity",
    "dense",
    "macs",
    "acs",
    "r2",
)

Results = dict[str, list[float]]
Means = dict[str, float]


def results_path(folder: Path, model: str, recording: str) -> Path:
    """Where the results of a model on a recording are written."""
    return folder / f"results_{model}_{recording}.json"


def provenance_path(results: Path) -> Path:
    """Where the provenance of a results file is written: beside it."""
    return results.with_name(f"{results.stem}.provenance.json")


def summary_path(folder: Path, model: str, *, twin: bool) -> Path:
    """Where the summary of a model is written; twins have a summary of their own."""
    return folder / f"results_summary_{model}{TWIN_MARK if twin else ''}.json"


def check_absent(paths: Iterable[Path]) -> None:
    """Make sure that no results would be replaced.

    Raises:
        ResultsError: names the first file that exists.
    """
    for path in paths:
        if path.exists():
            raise ResultsError(
                f"{path} exists already and is kept; replace it with --force, "
                "or choose another folder with --output."
            )


def check_seeds(seeds: Sequence[int | None], what: str) -> None:
    """Make sure that no two checkpoints claim the same seed.

    Raises:
        UsageError: names the seed.
    """
    known = [seed for seed in seeds if seed is not None]
    for seed in known:
        if known.count(seed) > 1:
            raise UsageError(
                f"Two checkpoints of seed {seed} were given for {what}; leave one of them out."
            )


def check_distinct_weights(runs: Sequence[tuple[int | None, str]], what: str) -> None:
    """Make sure that no weights count as several runs, whatever seeds are claimed for them.

    Args:
        runs: the seed, if known, and the digest of the weights of each run.
        what: what the runs are of, as in ``tinyRSNN on I1``.

    Raises:
        UsageError: names the seeds of two runs with the same weights.
    """
    first: dict[str, int | None] = {}
    for seed, weights in runs:
        if weights in first:
            told = " and ".join(
                "no seed" if each is None else f"seed {each}" for each in (first[weights], seed)
            )
            raise UsageError(
                f"Two checkpoints for {what}, of {told}, hold the same weights and would count as"
                " two runs; leave one of them out."
            )
        first[weights] = seed


def challenge_results(results: Iterable[BenchmarkResult]) -> Results:
    """Results of one model on one recording in challenge format, in the order of the seeds.

    Raises:
        ResultsError: a metric that the format needs was not measured.
    """
    ordered = in_seed_order(results)
    for result in ordered:
        for metric in METRICS:
            if metric not in result.values:
                raise ResultsError(
                    f"Challenge-format JSON needs the metric '{metric}', which was not measured; "
                    "leave out --metrics, or leave out --output."
                )
    return {metric: [result.values[metric] for result in ordered] for metric in METRICS}


def in_seed_order(results: Iterable[BenchmarkResult]) -> list[BenchmarkResult]:
    """Sorted by seed; checkpoints without one come last, in the order given."""
    return sorted(results, key=lambda result: (result.seed is None, result.seed or 0))


def write_results(folder: Path, results: Sequence[BenchmarkResult]) -> Path:
    """Write the results of one model on one recording, and their provenance beside them.

    Raises:
        ResultsError: a metric is missing or a value is not finite.
        UsageError: two of the results are of the same weights.
        OSError: the folder cannot be written, or the disk is full.
    """
    first = results[0]
    runs = [(each.seed, each.weights_digest) for each in results]
    check_distinct_weights(runs, f"{first.model} on {first.recording}")
    path = results_path(folder, first.model, first.recording)
    content = challenge_results(results)
    provenance = {
        "results": path.name,
        "twin": first.twin,
        "runs": [result.provenance for result in in_seed_order(results)],
    }
    write_json(provenance_path(path), provenance)
    write_json(path, content, "results")
    return path


def means(results: Mapping[str, Sequence[float]]) -> Means:
    """Mean of each metric over seeds."""
    return {metric: fmean(results[metric]) for metric in METRICS}


def summarise(by_session: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Means]:
    """Summary in challenge format: means over seeds by session, and over sessions ``average``."""
    summary = {session: means(results) for session, results in by_session.items()}
    summary["average"] = {
        metric: fmean(session[metric] for session in summary.values()) for metric in METRICS
    }
    return summary


def write_summary(folder: Path, model: str, *, twin: bool) -> Path:
    """Write the summary over all results of a model in a folder, twins or real ones.

    Raises:
        ResultsError: a results file in the folder is damaged.
        OSError: the folder cannot be written, or the disk is full.
    """
    prefix = f"results_{model}_"
    by_session: dict[str, Any] = {}
    for path in sorted(folder.glob(f"{prefix}*.json")):
        recording = path.stem.removeprefix(prefix)
        if not path.name.endswith(".provenance.json") and (TWIN_MARK in recording) == twin:
            by_session[recording] = read_json(path, "results")
    path = summary_path(folder, model, twin=twin)
    write_json(path, summarise(by_session), "summary")
    return path
