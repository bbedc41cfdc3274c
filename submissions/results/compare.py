"""Results old and new, metric by metric: is anything worse than it was?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from statistics import fmean

from nbsuite.benchmarking.quantities import QUANTITIES
from nbsuite.benchmarking.tolerance import Tolerance
from nbsuite.errors import ResultsError, UsageError
from nbsuite.submissions.results.challenge import METRICS, Results
from nbsuite.submissions.results.folder import (
    is_twin,
    read_lists,
    read_provenance,
    results_files,
)
from nbsuite.submissions.results.formats import EMPTY, Cell, Column, Table, text_cell

_SUMMARY_PREFIX = "results_summary_"


class Verdict(Enum):
    """What became of a figure, or of a whole results file."""

    BETTER = "better"
    SAME = "same"
    WITHIN = "within tolerance"
    WORSE = "WORSE"
    MISSING = "MISSING"
    NEW = "new"


REGRESSIONS = (Verdict.WORSE, Verdict.MISSING)


@dataclass(frozen=True)
class Change:
    """A metric's mean over seeds, old and new.

    Attributes:
        results: name of the results, e.g. ``tinyRSNN_indy_20160622_01``.
        metric: the metric; None for results that are on one side only.
        old: the old figure, if there is one.
        new: the new figure, if there is one.
        tolerance: by how much it may be worse.
        verdict: what became of it.
    """

    results: str
    metric: str | None
    old: float | None
    new: float | None
    tolerance: Tolerance | None
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """All changes from old to new results.

    Attributes:
        changes: one a results file and metric, or one for a file on one side only.
        remarks: what makes the comparison less than one of like with like.
    """

    changes: Sequence[Change]
    remarks: Sequence[str] = ()

    @property
    def regressions(self) -> list[Change]:
        """What is worse, then what is gone."""
        return [
            change for wanted in REGRESSIONS for change in self.changes if change.verdict is wanted
        ]


def compare_results(old: Path, new: Path, tolerances: Mapping[str, Tolerance]) -> Comparison:
    """Compare two folders of results, or two results files.

    Files of two folders belong together by their names, two single files in any case.

    Args:
        old: what it was.
        new: what it is.
        tolerances: metric to tolerance, for every metric.

    Raises:
        ResultsError: a file is missing or damaged.
        UsageError: a file and a folder, or a twin and a real recording, were to be compared.
    """
    old_files, new_files = _paired_files(old, new)
    changes: list[Change] = []
    remarks: list[str] = []
    for name in dict.fromkeys([*old_files, *new_files]):
        if name not in new_files:
            changes.append(Change(name, None, None, None, None, Verdict.MISSING))
        elif name not in old_files:
            changes.append(Change(name, None, None, None, None, Verdict.NEW))
        else:
            before, after = read_lists(old_files[name]), read_lists(new_files[name])
            changes += _changes(name, before, after, tolerances)
            remarks += _remarks(name, (old_files[name], before), (new_files[name], after))
    return Comparison(changes, remarks)


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
        if not file.name.startswith(_SUMMARY_PREFIX)
    }
    if not files:
        raise ResultsError(
            f"{folder} holds no results in challenge format (results_<model>_<session>.json); "
            "write them with `nbsuite benchmark`."
        )
    return files


def _changes(
    name: str, before: Results, after: Results, tolerances: Mapping[str, Tolerance]
) -> list[Change]:
    changes = []
    for metric in METRICS:
        old, new, tolerance = fmean(before[metric]), fmean(after[metric]), tolerances[metric]
        verdict = _judge(metric, old, new, tolerance)
        changes.append(Change(name, metric, old, new, tolerance, verdict))
    return changes


def _judge(metric: str, old: float, new: float, tolerance: Tolerance) -> Verdict:
    gain = new - old if QUANTITIES[metric].more_is_better else old - new
    if gain == 0:
        return Verdict.SAME
    if gain > 0:
        return Verdict.BETTER
    return Verdict.WITHIN if -gain <= tolerance.allowance(old) else Verdict.WORSE


def _remarks(name: str, old: tuple[Path, Results], new: tuple[Path, Results]) -> list[str]:
    remarks = []
    before, after = len(old[1]["r2"]), len(new[1]["r2"])
    if before != after:
        remarks.append(f"{name}: the old figures are means over {before} seeds, the new {after}.")
    data = [_data_digests(file) for file, _ in (old, new)]
    if all(data) and data[0] != data[1]:
        remarks.append(f"{name}: the two were measured on different recordings, by their digests.")
    return remarks


def _data_digests(file: Path) -> set[str]:
    """Digests of the recordings that results were measured on, as far as provenance tells."""
    runs = read_provenance(file).get("runs")
    found = (
        run["data"].get("sha256")
        for run in (runs if isinstance(runs, list) else [])
        if isinstance(run, dict) and isinstance(run.get("data"), dict)
    )
    return {digest for digest in found if isinstance(digest, str)}


def comparison_table(comparison: Comparison) -> Table:
    """The comparison as a table."""
    columns = [
        Column("results", "Results", figures=False),
        Column("metric", "Metric", figures=False),
        Column("old", "Old"),
        Column("new", "New"),
        Column("change", "Change"),
        Column("tolerance", "Tolerance"),
        Column("verdict", "Verdict", figures=False),
    ]
    return Table(
        "Old and new results", columns, [_row(c) for c in comparison.changes], comparison.remarks
    )


def _row(change: Change) -> list[Cell]:
    return [
        text_cell(change.results),
        text_cell(change.metric),
        _figure(change.old),
        _figure(change.new),
        EMPTY
        if change.old is None or change.new is None
        else Cell(f"{change.new - change.old:+.6g}", change.new - change.old),
        EMPTY if change.tolerance is None else text_cell(str(change.tolerance)),
        text_cell(change.verdict.value),
    ]


def _figure(value: float | None) -> Cell:
    return EMPTY if value is None else Cell(f"{value:.8g}", value)
