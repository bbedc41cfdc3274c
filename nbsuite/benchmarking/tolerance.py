"""By how much a figure may be worse than before without counting as worse."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerance:
    """By how much a figure may be worse.

    Attributes:
        amount: in the figure's unit or, if ``relative``, as a fraction of the old figure.
        relative: which of the two.
    """

    amount: float
    relative: bool = False

    def allowance(self, old: float) -> float:
        """The tolerance in the figure's unit."""
        return self.amount * abs(old) if self.relative else self.amount

    def __str__(self) -> str:
        return f"{100 * self.amount:g}%" if self.relative else f"{self.amount:g}"


EXACT = Tolerance(0.0)
