"""Which methods no other beats in both accuracy and cost: the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Method = TypeVar("Method")


def pareto_front(
    points: Sequence[tuple[float, float, Method]],
) -> list[tuple[float, float, Method]]:
    """The points that no other dominates, the cheapest first.

    One point dominates another that costs at least as much and is at most as accurate, unless
    they are equal in both.

    Args:
        points: cost, accuracy and whatever they belong to.
    """
    front: list[tuple[float, float, Method]] = []
    for point in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or point[1] > front[-1][1] or point[:2] == front[-1][:2]:
            front.append(point)
    return front
