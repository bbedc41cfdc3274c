"""Challenge-format results: the JSON files that the IEEE BioCAS 2024 Grand Challenge asked for.

The layout is that of the results published with tinyRSNN and bigRSNN: one file a model and
session with each metric as a list over seeds. Results on a twin carry ``-twin`` in their name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbsuite.benchmarking.quantities import CHALLENGE
from nbsuite.errors import ResultsError, UsageError
from nbsuite.submissions.results.names import (
    PROVENANCE_SUFFIX,
    check_inside,
    results_name,
)
from nbsuite.submissions.results.schema import write_files

if TYPE_CHECKING:  # reading and comparing results needs no torch
    from nbsuite.benchmarking.results import BenchmarkResult

METRICS = tuple(quantity.key for quantity in CHALLENGE)

Results = dict[str, list[float]]
"""Figure to list over seeds."""


def results_path(folder: Path, model: str, recording: str) -> Path:
    """Where the results of a model on a recording are written.

    Raises:
        ResultsError: no file can be named after the two.
    """
    return folder / results_name(model, recording)


def provenance_path(results: Path) -> Path:
    """Where the provenance of a results file is written: beside it."""
    return results.with_name(f"{results.stem}{PROVENANCE_SUFFIX}")


def check_absent(paths: Iterable[Path]) -> None:
    """Make sure that no results, nor their provenance, would be replaced.

    Args:
        paths: the results files.

    Raises:
        ResultsError: names the first file that exists.
    """
    for results in paths:
        for path in (results, provenance_path(results)):
            if os.path.lexists(path):
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
        "task": first.task,
        "twin": first.twin,
        "runs": [result.provenance for result in in_seed_order(results)],
    }
    check_inside(path)
    check_inside(provenance_path(path))
    write_files([(provenance_path(path), provenance, None), (path, content, "results")])
    return path
