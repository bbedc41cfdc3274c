"""By how much results may be worse than before without counting as worse."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbsuite.errors import UsageError
from nbsuite.submissions.results.challenge import METRICS

_TOLERANCE = re.compile(
    r"(?P<metric>\w+)=(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE]-?\d{1,2})?)(?P<percent>%?)", re.ASCII
)


@dataclass(frozen=True)
class Tolerance:
    """By how much a figure may be worse.

    Attributes:
        amount: in the metric's unit or, if ``relative``, as a fraction of the old figure.
        relative: which of the two.
    """

    amount: float
    relative: bool = False

    def allowance(self, old: float) -> float:
        """The tolerance in the metric's unit."""
        return self.amount * abs(old) if self.relative else self.amount

    def __str__(self) -> str:
        return f"{100 * self.amount:g}%" if self.relative else f"{self.amount:g}"


DEFAULT_TOLERANCES: Mapping[str, Tolerance] = {
    "footprint": Tolerance(0.0),
    "connection_sparsity": Tolerance(0.0),
    "activation_sparsity": Tolerance(0.0001),
    "dense": Tolerance(0.0),
    "macs": Tolerance(0.001, relative=True),
    "acs": Tolerance(0.001, relative=True),
    "r2": Tolerance(0.001),
}
"""What another processor or library version may change: spikes that came close to threshold."""


def parse_tolerances(texts: Sequence[str]) -> dict[str, Tolerance]:
    """The default tolerances with others put in their place.

    Args:
        texts: ``r2=0.01`` in the metric's unit, or ``acs=5%`` of the old figure.

    Raises:
        UsageError: a text is none of these.
    """
    tolerances = dict(DEFAULT_TOLERANCES)
    for text in texts:
        found = _TOLERANCE.fullmatch(text.replace(" ", ""))
        if found is None:
            raise UsageError(
                f"'{text}' is no tolerance; write METRIC=AMOUNT as in r2=0.01, or acs=5%."
            )
        if found["metric"] not in METRICS:
            raise UsageError(
                f"There is no metric '{found['metric']}' to tolerate; name one of"
                f" {', '.join(METRICS)}."
            )
        amount = float(found["number"])
        relative = bool(found["percent"])
        tolerances[found["metric"]] = Tolerance(amount / 100 if relative else amount, relative)
    return tolerances
