"""What the challenge measures: names for people, units, and which direction is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nbsuite.submissions.results.challenge import METRICS


@dataclass(frozen=True)
class Quantity:
    """A metric of the challenge, or a figure made of several.

    Attributes:
        key: its name in challenge-format JSON.
        heading: its name in tables.
        more_is_better: whether a larger value is the better one.
        decimals: digits after the point in tables; None prints whole numbers without and others
            with one.
    """

    key: str
    heading: str
    more_is_better: bool
    decimals: int | None = None

    def text(self, value: float | None) -> str:
        """A value as tables print it, or ``-`` for none."""
        if value is None:
            return "-"
        if self.decimals is not None:
            return f"{value:.{self.decimals}f}"
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


R2 = Quantity("r2", "R2", more_is_better=True, decimals=3)
FOOTPRINT = Quantity("footprint", "Footprint (B)", more_is_better=False)
CONNECTION_SPARSITY = Quantity("connection_sparsity", "Conn. sparsity", True, decimals=3)
ACTIVATION_SPARSITY = Quantity("activation_sparsity", "Act. sparsity", True, decimals=4)
DENSE = Quantity("dense", "Dense", more_is_better=False)
MACS = Quantity("macs", "Eff. MACs", more_is_better=False)
ACS = Quantity("acs", "Eff. ACs", more_is_better=False)
OPERATIONS = Quantity("operations", "Eff. operations", more_is_better=False)
"""Effective operations per sample, MACs and ACs counted alike."""

MEASURED = (R2, FOOTPRINT, CONNECTION_SPARSITY, ACTIVATION_SPARSITY, DENSE, MACS, ACS)
QUANTITIES = {quantity.key: quantity for quantity in (*MEASURED, OPERATIONS)}

STATIC = ("footprint", "dense", "connection_sparsity")
"""Metrics that depend on the weights alone, so that twins measure them as recordings do."""

Values = Mapping[str, float]
"""Metric to value; what is not known is left out."""


def with_operations(values: Values) -> dict[str, float]:
    """Known metrics in the order of the challenge, and their effective operations."""
    known = {metric: float(values[metric]) for metric in METRICS if metric in values}
    if "macs" in known and "acs" in known:
        known["operations"] = known["macs"] + known["acs"]
    return known
