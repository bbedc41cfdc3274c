"""A figure and how uncertain it is: a variance, and from how many independent parts it is known.

Variances of independent sources add up. How many degrees of freedom their sum has is Welch's and
Satterthwaite's approximation: F. E. Satterthwaite (1946), "An approximate distribution of estimates
of variance components", Biometrics Bulletin 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Attributes:
        low: its lower end.
        high: its upper end.
        level: how often intervals so made hold the true figure, such as 0.95.
    """

    low: float
    high: float
    level: float


@dataclass(frozen=True)
class Variance:
    """The variance of a figure, with its degrees of freedom."""

    value: float
    freedom: float

    def scaled(self, factor: float) -> Variance:
        """The variance of ``factor`` times the figure."""
        return Variance(self.value * factor**2, self.freedom)


@dataclass(frozen=True)
class Uncertain:
    """A figure and its variance."""

    value: float
    variance: Variance

    @property
    def error(self) -> float:
        """Standard error."""
        return float(np.sqrt(self.variance.value))

    def interval(self, level: float) -> Interval:
        """The interval of Student's t about the figure."""
        half = self.error * float(stats.t.ppf((1 + level) / 2, self.variance.freedom))
        return Interval(self.value - half, self.value + half, level)

    def p_value(self) -> float:
        """How probable a figure so far from 0, or further, is where the true one is 0."""
        if self.error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * stats.t.sf(abs(self.value) / self.error, self.variance.freedom))


def summed(variances: Sequence[Variance]) -> Variance:
    """The variance of a sum of independent figures."""
    total = sum(each.value for each in variances)
    if total == 0:
        return Variance(0.0, min(each.freedom for each in variances))
    return Variance(total, total**2 / sum(each.value**2 / each.freedom for each in variances))


def of_mean(values: Sequence[float]) -> Uncertain:
    """The mean of two or more independent values, as a t test has it."""
    count = len(values)
    return Uncertain(
        float(np.mean(values)), Variance(float(np.var(values, ddof=1)) / count, count - 1)
    )


def mean_of_independent(parts: Sequence[Uncertain]) -> Uncertain:
    """The mean of independent figures that are themselves uncertain, and the only ones meant."""
    share = 1 / len(parts)
    value = float(np.mean([part.value for part in parts]))
    return Uncertain(value, summed([part.variance.scaled(share) for part in parts]))
