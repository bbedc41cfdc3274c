"""Whether the parts of a submission agree with each other.

Without the data nothing can be measured again, but what was measured is a quotient of whole
numbers: spikes, and the operations they cause, by test samples. Weights are checked in
``package_checkpoints``.
"""

from __future__ import annotations

from typing import Any

from nbsuite.errors import PackageError
from nbsuite.submissions.package.contents import Contents, SessionResults, summary_name
from nbsuite.submissions.results.challenge import METRICS, check_distinct_weights
from nbsuite.submissions.results.summaries import summarise
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

_ROUNDING = 1e-9
_WHOLE = 1e-3


def check_completeness(contents: Contents, *, partial: bool) -> None:
    """Make sure that all sessions are there, with the same seeds, each of weights of its own.

    Args:
        contents: the submission.
        partial: some of the sessions will do.

    Raises:
        PackageError: names the sessions that are missing, or the one whose seeds differ.
        UsageError: names the session and the seeds of two runs with the same weights.
    """
    there = [each.session for each in contents.sessions]
    missing = [session.label for session in PRIMATE_REACHING.sessions if session not in there]
    if missing and not partial:
        raise PackageError(
            f"it has no results on {', '.join(missing)}; a submission covers all six sessions "
            "(--partial admits fewer)."
        )
    for each in contents.sessions:
        if list(each.seeds) != sorted(set(each.seeds)):
            raise PackageError(f"{each.origin} does not list its seeds in order, each once.")
        if each.seeds != contents.seeds:
            raise PackageError(
                f"{each.session.label} has the seeds {_listed(each.seeds)}, where "
                f"{contents.sessions[0].session.label} has {_listed(contents.seeds)}."
            )
        weights = [run["checkpoint"]["weights_sha256"] for run in each.runs]
        check_distinct_weights(list(zip(each.seeds, weights, strict=True)), each.session.label)


def check_results(contents: Contents) -> None:
    """Hold results against their provenance, the possible, and the summary.

    Raises:
        PackageError: names the figure at fault.
    """
    for each in contents.sessions:
        _check_lists(each)
        for index, run in enumerate(each.runs):
            _check_steps(each, run)
            _check_counts(each, index, run)
    summary = summary_name(contents.submission.model, twin=contents.twin)
    due = summarise({each.recording: each.results for each in contents.sessions})
    if contents.summary.keys() != due.keys():
        raise PackageError(f"{summary} does not cover the sessions of the results.")
    for name, means in due.items():
        for metric, mean in means.items():
            found = contents.summary[name][metric]
            if abs(found - mean) > _ROUNDING * max(1.0, abs(mean)):
                raise PackageError(
                    f"{summary} gives {found!r} as {metric} of {name}, where the results "
                    f"average {mean!r}."
                )


def _check_lists(each: SessionResults) -> None:
    for metric in METRICS:
        values = each.results[metric]
        if len(values) != len(each.runs):
            raise PackageError(
                f"the results on {each.session.label} have {len(values)} values of {metric} "
                f"for {len(each.runs)} seeds."
            )
        for value, run in zip(values, each.runs, strict=True):
            if run["metrics"].get(metric) != value:
                raise PackageError(
                    f"{describe_run(each, run)} {metric} = {value!r} in the results, which is not "
                    "what their provenance says."
                )


def _check_steps(each: SessionResults, run: dict[str, Any]) -> None:
    steps = run["run"]["steps"]
    if not each.twin and steps != each.session.test_steps:
        raise PackageError(
            f"{describe_run(each, run)} {steps:,} test samples, where the session has "
            f"{each.session.test_steps:,}."
        )


def _check_counts(each: SessionResults, index: int, run: dict[str, Any]) -> None:
    """Operations and spikes are whole numbers, within what the network allows."""
    steps, results = run["run"]["steps"], each.results
    acs, dense = results["acs"][index], results["dense"][index]
    model = run["checkpoint"]["model"]
    silent = 1 - results["activation_sparsity"][index]
    # Of other kinds the specification does not tell how many neurons there are.
    spiking = isinstance(model.get("neurons"), int) and isinstance(model.get("layers", 1), int)
    units = steps * model["neurons"] * model.get("layers", 1) if spiking else 0
    whole = not spiking or _whole(silent * units)
    if acs > dense or not _whole(acs * steps) or not whole:
        raise PackageError(
            f"{describe_run(each, run)} acs = {acs!r} and activation_sparsity = {1 - silent!r}, "
            f"which no number of spikes makes in {steps:,} samples."
        )


def _whole(count: float) -> bool:
    return abs(count - round(count)) <= _WHOLE


def describe_run(each: SessionResults, run: dict[str, Any]) -> str:
    """The subject and verb of a sentence about one run."""
    return f"seed {run['checkpoint']['seed']} on {each.session.label} has"


def _listed(seeds: tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds))
