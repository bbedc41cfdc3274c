"""Results old and new, metric by metric: is anything worse than it was?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from nbsuite.benchmarking.quantities import (
    CHALLENGE,
    QUANTITIES,
    R2,
    Quantity,
    quantity_named,
)
from nbsuite.benchmarking.tolerance import Tolerance
from nbsuite.errors import ResultsError, UsageError
from nbsuite.submissions.results.challenge import Results
from nbsuite.submissions.results.changes import Change, Comparison, Verdict, judge
from nbsuite.submissions.results.columns import choose_columns
from nbsuite.submissions.results.names import SUMMARY_PREFIX, model_and_recording
from nbsuite.submissions.results.protocols import short_name, task_of
from nbsuite.submissions.results.results_file import (
    is_twin,
    read_lists,
    read_provenance,
    results_files,
)
from nbsuite.submissions.results.run_figures import further_lists, own_quantities
from nbsuite.suggestions import did_you_mean


@dataclass(frozen=True)
class _Measured:
    """A results file.

    Attributes:
        lists: figure to list over seeds.
        figures: the figures that it has, by key.
        task: name and version of the task.
        label: model and session for people.
        data: digests of the recordings, as far as provenance tells.
    """

    lists: Results
    figures: Mapping[str, Quantity]
    task: str
    label: str
    data: frozenset[str]


def compare_results(
    old: Path, new: Path, tolerances: Mapping[str, Tolerance], columns: str | None = None
) -> Comparison:
    """Compare two folders of results, or two results files.

    Files of two folders belong together by their names, two single files in any case.

    Args:
        old: what it was.
        new: what it is.
        tolerances: figure to tolerance; others have their own.
        columns: the figures to compare, as :func:`choose_columns` takes them; by default those of
            the challenge format.

    Raises:
        ResultsError: a file is missing or damaged.
        UsageError: a file and a folder, a twin and a real recording, or results under two tasks
            were to be compared; or a figure is not known, or none is in any results.
    """
    old_files, new_files = _paired_files(old, new)
    pairs = {
        name: tuple(
            _read(name, files[name]) if name in files else None for files in (old_files, new_files)
        )
        for name in dict.fromkeys([*old_files, *new_files])
    }
    there = {
        key: quantity
        for pair in pairs.values()
        for each in pair
        if each is not None
        for key, quantity in each.figures.items()
    }
    figures = CHALLENGE if columns is None else choose_columns(columns, there)
    _check_tolerances(tolerances, figures)
    changes: list[Change] = []
    remarks: list[str] = []
    for name, (before, after) in pairs.items():
        if before is None or after is None:
            one, verdict = (after, Verdict.NEW) if before is None else (before, Verdict.MISSING)
            label = name if one is None else one.label
            changes.append(Change(name, label, None, None, None, None, verdict))
        else:
            _check_same_task(name, before, after)
            changes += _changes(name, before, after, figures, tolerances)
            remarks += _remarks(name, before, after)
    if not changes:
        named = " or ".join(figure.key for figure in figures)
        raise UsageError(
            f"None of these results has {named}, so that nothing is compared; name other figures"
            " with --columns."
        )
    return Comparison(changes, remarks)


def _read(name: str, file: Path) -> _Measured:
    lists, provenance = read_lists(file), read_provenance(file)
    lists |= further_lists(provenance, len(lists[R2.key]))
    own = own_quantities(provenance)
    figures = {key: own.get(key) or quantity_named(key) for key in lists}
    named = model_and_recording(file, provenance)
    label = name if named is None else f"{named[0]} {short_name(named[1])}"
    return _Measured(lists, figures, task_of(provenance), label, _data_digests(provenance))


def _check_tolerances(tolerances: Mapping[str, Tolerance], figures: Sequence[Quantity]) -> None:
    """Make sure that each tolerance is of something that is compared, or could be.

    Raises:
        UsageError: one is not.
    """
    known = {*QUANTITIES, *(figure.key for figure in figures)}
    for name in tolerances:
        if name not in known:
            raise UsageError(
                f"There is no figure '{name}' to tolerate; {did_you_mean(name, sorted(known))}"
            )


def _check_same_task(name: str, old: _Measured, new: _Measured) -> None:
    """Make sure that results can be compared.

    Raises:
        UsageError: they were measured under two tasks.
    """
    if old.task != new.task:
        raise UsageError(
            f"The old results of {name} are of the task {old.task}, the new ones of {new.task}:"
            " compare results of one task."
        )


def _paired_files(old: Path, new: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    for path in (old, new):
        if not path.exists():
            raise ResultsError(f"There are no results at {path}; check the path.")
    if old.is_dir() != new.is_dir():
        raise UsageError(
            f"{old} and {new} are a file and a folder; compare two files or two folders."
        )
    if not old.is_dir():
        if is_twin(old) != is_twin(new):
            raise UsageError(
                f"Of {old} and {new} one is about a twin; compare results on the same recording."
            )
        name = old.stem.removeprefix("results_")
        return {name: old}, {name: new}
    return _by_name(old), _by_name(new)


def _by_name(folder: Path) -> dict[str, Path]:
    """Results files by model and recording; summaries only repeat them."""
    files = {
        file.stem.removeprefix("results_"): file
        for file in results_files(folder)
        if not file.name.startswith(SUMMARY_PREFIX)
    }
    if not files:
        raise ResultsError(
            f"{folder} holds no results in challenge format (results_<model>_<session>.json); "
            "write them with `nbsuite benchmark`."
        )
    return files


def _changes(
    name: str,
    before: _Measured,
    after: _Measured,
    figures: Sequence[Quantity],
    tolerances: Mapping[str, Tolerance],
) -> list[Change]:
    changes = []
    for figure in figures:
        old, new = (
            fmean(each.lists[figure.key]) if figure.key in each.lists else None
            for each in (before, after)
        )
        tolerance = tolerances.get(figure.key, figure.tolerance)
        verdict = judge(figure, old, new, tolerance)
        if verdict is not None:
            changes.append(Change(name, before.label, figure, old, new, tolerance, verdict))
    return changes


def _remarks(name: str, old: _Measured, new: _Measured) -> list[str]:
    remarks = []
    before, after = len(old.lists[R2.key]), len(new.lists[R2.key])
    if before != after:
        remarks.append(f"{name}: the old figures are means over {before} seeds, the new {after}.")
    if old.data and new.data and old.data != new.data:
        remarks.append(f"{name}: the two were measured on different recordings, by their digests.")
    return remarks


def _data_digests(provenance: Mapping[str, object]) -> frozenset[str]:
    """Digests of the recordings that results were measured on, as far as provenance tells."""
    runs = provenance.get("runs")
    found = (
        run["data"].get("sha256")
        for run in (runs if isinstance(runs, list) else [])
        if isinstance(run, dict) and isinstance(run.get("data"), dict)
    )
    return frozenset(digest for digest in found if isinstance(digest, str))
