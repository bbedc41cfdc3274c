"""Which cases are run: every kind its share, in turns."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.adversarial.kinds import Kind
from tests.adversarial.lane import Job


def plan_jobs(kinds: Sequence[Kind], cases: int, only: int | None = None) -> list[Job]:
    """As many jobs as asked for, shared among the kinds by their weights.

    Args:
        kinds: the kinds to attack.
        cases: how many cases.
        only: the number of the one case to run instead.
    """
    if only is not None:
        return [(kind, only) for kind in kinds]
    total = sum(kind.weight for kind in kinds)
    shares = [(kind, max(1, round(cases * kind.weight / total))) for kind in kinds]
    jobs = [(kind, number) for kind, count in shares for number in range(count)]
    Random(0).shuffle(jobs)  # so that lanes end at the same time
    return jobs[:cases]
