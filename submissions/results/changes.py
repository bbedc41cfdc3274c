"""What became of a figure from old results to new ones, and whether that is for the worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from nbsuite.benchmarking.quantities import Quantity
from nbsuite.benchmarking.tolerance import Tolerance


class Verdict(Enum):
    """What became of a figure, or of a whole results file."""

    BETTER = "better"
    SAME = "same"
    WITHIN = "within tolerance"
    CHANGED = "changed"
    WORSE = "WORSE"
    MISSING = "MISSING"
    NEW = "new"


REGRESSIONS = (Verdict.WORSE, Verdict.MISSING)


@dataclass(frozen=True)
class Change:
    """A figure's mean over seeds, old and new.

    Attributes:
        results: name of the results, e.g. ``tinyRSNN_indy_20160622_01``.
        label: the same for people, e.g. ``tinyRSNN I1``.
        figure: the figure; None for results that are on one side only.
        old: the old figure, if there is one.
        new: the new figure, if there is one.
        tolerance: by how much it may be worse.
        verdict: what became of it.
    """

    results: str
    label: str
    figure: Quantity | None
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


def judge(
    figure: Quantity, old: float | None, new: float | None, tolerance: Tolerance
) -> Verdict | None:
    """What became of a figure; None where it never was."""
    if old is None or new is None:
        if old is new:
            return None
        return Verdict.NEW if old is None else Verdict.MISSING
    if new == old:
        return Verdict.SAME
    if figure.more_is_better is None:
        return Verdict.CHANGED
    gain = new - old if figure.more_is_better else old - new
    if gain > 0:
        return Verdict.BETTER
    return Verdict.WITHIN if -gain <= tolerance.allowance(old) else Verdict.WORSE
