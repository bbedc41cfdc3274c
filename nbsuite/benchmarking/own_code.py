"""All code of a user's own that takes part in a benchmark, beside the decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbsuite.benchmarking.own_metrics import OwnMetric
from nbsuite.benchmarking.processors import UNPROCESSED, Processing


@dataclass(frozen=True)
class OwnCode:
    """Metrics and processors of a user's own.

    Attributes:
        metrics: the metrics.
        processing: what stands around the decoder.
    """

    metrics: tuple[OwnMetric, ...] = ()
    processing: Processing = UNPROCESSED

    def to_json(self) -> dict[str, Any]:
        """What provenance tells of it; nothing where there is none."""
        told: dict[str, Any] = {}
        if self.metrics:
            told["own_metrics"] = {each.quantity.key: each.to_json() for each in self.metrics}
        if self.processing:
            told["processing"] = self.processing.to_json()
        return told
