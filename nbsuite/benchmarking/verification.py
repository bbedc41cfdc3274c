"""The fast benchmark held against NeuroBench's own one-step-at-a-time run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nbsuite.benchmarking.own_metrics import OwnMetric
from nbsuite.benchmarking.processors import UNPROCESSED, Processing
from nbsuite.benchmarking.quantities import CHALLENGE_METRICS, QUANTITIES
from nbsuite.benchmarking.runner import TestSamples, run_benchmark, run_per_step
from nbsuite.models.decoder import Decoder

_OWN_ROUNDING = 1e-6
"""Relative difference of a metric of a user's own, which may sum in either order."""


@dataclass(frozen=True)
class Comparison:
    """One figure measured both ways.

    Attributes:
        name: the figure's name in the challenge format.
        chunked: as the benchmark reports it.
        per_step: as NeuroBench's per-step run reports it.
        agrees: equal, or within what sums in another order may change.
    """

    name: str
    chunked: Any
    per_step: Any
    agrees: bool


def compare_with_per_step(
    decoder: Decoder,
    samples: TestSamples,
    *,
    metrics: Iterable[str] = CHALLENGE_METRICS,
    kernel: str | None = None,
    own: Sequence[OwnMetric] = (),
    processing: Processing = UNPROCESSED,
) -> list[Comparison]:
    """Measure the same samples both ways and compare figure by figure.

    Raises:
        BenchmarkError: a metric failed or is not exact.
        UsageError: a metric is unknown or does not apply.
    """
    options: dict[str, Any] = {"metrics": tuple(metrics), "own": own, "processing": processing}
    chunked = run_benchmark(decoder, samples, kernel=kernel, **options).values
    per_step = run_per_step(decoder, samples, batch_steps=max(1, len(samples)), **options).values
    return [
        Comparison(name, value, per_step[name], _agree(name, value, per_step[name]))
        for name, value in chunked.items()
    ]


def _agree(name: str, chunked: Any, per_step: Any) -> bool:
    if rounding := QUANTITIES[name].rounding if name in QUANTITIES else _OWN_ROUNDING:
        return bool(abs(chunked - per_step) <= rounding * max(1.0, abs(per_step)))
    return bool(chunked == per_step)
