"""Which cases are run: every kind its share, in an order that keeps all lanes busy to the end."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.adversarial.kinds import Kind
from tests.adversarial.lane import Job


def plan_jobs(
    kinds: Sequence[Kind], cases: int, *, only: str | None = None, number: int | None = None
) -> list[Job]:
    """As many jobs as asked for, or a few more, shared among the kinds by their weights.

    Args:
        kinds: the kinds to attack.
        cases: how many cases.
        only: the name of the one kind to attack instead.
        number: the number of the one case to run instead.
    """
    chosen = [kind for kind in kinds if only in (None, kind.name)]
    if number is not None:
        return [(kind, number) for kind in chosen]
    total = sum(kind.weight for kind in chosen)
    jobs = [(kind, number) for kind in chosen for number in range(-(-cases * kind.weight // total))]
    Random(0).shuffle(jobs)
    return jobs
