"""Scores that put accuracy and cost into one number. They are ours.

The challenge awarded the best trade-off between R2 and complexity by a formula that it never
published. These are three simple ones that anyone can recompute. Each takes from R2 a fixed price
for every factor of ten in cost, so that a method's score does not depend on which others stand
beside it. With ``log`` to base 10, operations per sample and footprint in bytes:

    operations:  R2 - 0.05 log(1 + operations)
    footprint:   R2 - 0.05 log(1 + footprint)
    both:        R2 - 0.025 log(1 + operations) - 0.025 log(1 + footprint)

The price of 0.05 is a choice as well: half as many operations are worth 0.015 of R2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from nbsuite.benchmarking.quantities import Quantity, Values

PRICE = 0.05
"""R2 that a factor of ten in cost takes away."""

_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "operations": {"operations": 1.0},
    "footprint": {"footprint": 1.0},
    "both": {"operations": 0.5, "footprint": 0.5},
}
SCORES = tuple(_WEIGHTS)
SCORE = "score"
"""The key of a score, whichever it is."""


def score_quantity(name: str) -> Quantity:
    """How a score is called and printed."""
    return Quantity(SCORE, f"Score (ours): {name}", more_is_better=True, digits=3)


def score(name: str, values: Values) -> float | None:
    """A method's score; None where a figure that it needs is not known.

    Args:
        name: one of SCORES.
        values: metric to value, ``operations`` among them.
    """
    weights = _WEIGHTS[name]
    if any(key not in values for key in ("r2", *weights)):
        return None
    cost = sum(weight * math.log10(1 + values[key]) for key, weight in weights.items())
    return values["r2"] - PRICE * cost


def formula(name: str) -> str:
    """A score's formula in words that fit under a table."""
    terms = (f" - {PRICE * weight:g} log10(1 + {key})" for key, weight in _WEIGHTS[name].items())
    return "R2" + "".join(terms)
