"""Challenge-format results: the JSON files that the IEEE BioCAS 2024 Grand Challenge asked for.

The layout is that of the results published with tinyRSNN and bigRSNN: one file a model and
session with each metric as a list over seeds, and one summary a model with the means over seeds,
by session and averaged over sessions. Results on a twin carry ``-twin`` in their name and never
enter the summary of real ones.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from nbsuite.benchmarking.quantities import CHALLENGE
from nbsuite.data.twins.info import TWIN_MARK
from nbsuite.errors import ResultsError, UsageError
from nbsuite.submissions.results.names import (
    PROVENANCE_SUFFIX,
    SUMMARY_PREFIX,
    check_inside,
    model_and_recording,
    results_in,
    results_name,
)
from nbsuite.submissions.results.protocols import CHALLENGE_TASK
from nbsuite.submissions.results.schema import read_json, read_object, write_files, write_json

if TYPE_CHECKING:  # reading and comparing results needs no torch
    from nbsuite.benchmarking.results import BenchmarkResult

METRICS = tuple(quantity.key for quantity in CHALLENGE)

AVERAGE = "average"
"""What a summary calls the means over its sessions."""

Results = dict[str, list[float]]
Means = dict[str, float]


def results_path(folder: Path, model: str, recording: str) -> Path:
    """Where the results of a model on a recording are written.

    Raises:
        ResultsError: no file can be named after the two.
    """
    return folder / results_name(model, recording)


def provenance_path(results: Path) -> Path:
    """Where the provenance of a results file is written: beside it."""
    return results.with_name(f"{results.stem}{PROVENANCE_SUFFIX}")


def summary_path(folder: Path, model: str, *, twin: bool, task: str = CHALLENGE_TASK) -> Path:
    """Where the summary of a model is written; twins, and every other task, have their own."""
    of_task = "" if task == CHALLENGE_TASK else f"_{task.replace('/', '-')}"
    return folder / f"{SUMMARY_PREFIX}{model}{of_task}{TWIN_MARK if twin else ''}.json"


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


def check_summary(
    folder: Path, model: str, recordings: Collection[str], *, twin: bool, force: bool
) -> None:
    """Make sure that a summary can be written once there are new results, and loses nothing.

    Args:
        folder: the folder of results.
        model: the model.
        recordings: those on which there will be new results.
        twin: whether these are twins.
        force: replace a summary that tells of results which are not there.

    Raises:
        ResultsError: other results of the folder are damaged, or the summary there is or tells of
            results that are not there.
    """
    others = _results_of(folder, model, twin=twin)
    for recording, results in others.items():
        if recording not in recordings:
            read_json(results, "results")
    path = summary_path(folder, model, twin=twin)
    if force or not os.path.lexists(path):
        return
    for recording in read_json(path, "summary"):
        if recording not in {*recordings, *others, AVERAGE}:
            raise ResultsError(
                f"{path} tells of results on {recording} that are not in the folder, and is kept;"
                " replace it with --force, or choose another folder with --output."
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


def means(results: Mapping[str, Sequence[float]]) -> Means:
    """Mean of each metric over seeds."""
    return {metric: fmean(results[metric]) for metric in METRICS}


def summarise(by_session: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Means]:
    """Summary in challenge format: means over seeds by session, and over sessions ``average``."""
    summary = {session: means(results) for session, results in by_session.items()}
    summary[AVERAGE] = {
        metric: fmean(session[metric] for session in summary.values()) for metric in METRICS
    }
    return summary


def write_summary(folder: Path, model: str, *, twin: bool) -> Path:
    """Write the summary over all results of a model in a folder, twins or real ones.

    Raises:
        ResultsError: there are none, or a results file in the folder is damaged.
        OSError: the folder cannot be written, or the disk is full.
    """
    found = _results_of(folder, model, twin=twin)
    if not found:
        kind = "twins" if twin else "real recordings"
        raise ResultsError(f"{folder} holds no results of {model} on {kind}; measure it first.")
    by_session = {recording: read_json(path, "results") for recording, path in found.items()}
    path = summary_path(folder, model, twin=twin)
    check_inside(path)
    write_json(path, summarise(by_session), "summary")
    return path


def _results_of(folder: Path, model: str, *, twin: bool) -> dict[str, Path]:
    """Recording to results file of a model; those on twins are marked by their names."""
    prefix = f"results_{model}_"
    found = {}
    for path in results_in(folder):
        recording = path.stem.removeprefix(prefix)
        if path.name.startswith(prefix) and (TWIN_MARK in recording) == twin:
            named = model_and_recording(path)
            if (named[0] if named else _model_told(path) or model) == model:
                found[recording] = path
    return found


def _model_told(results: Path) -> str | None:
    """The model that a results file is of, if the provenance beside it tells."""
    path = provenance_path(results)
    try:
        return str(read_object(path)["runs"][0]["checkpoint"]["model"]["name"])
    except (ResultsError, KeyError, IndexError, TypeError):
        return None
