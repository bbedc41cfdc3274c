"""The fast benchmark held against NeuroBench's own one-step-at-a-time run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nbsuite.benchmarking.metrics import CHALLENGE_METRICS
from nbsuite.benchmarking.runner import TestSamples, run_benchmark, run_per_step
from nbsuite.models.kinds import AnyDecoder
from nbsuite.neurons.kernels import KernelName

ERROR_METRICS = ("r2", "mse", "smape")
"""Metrics of the decoded values: sums of rounded numbers, which depend on their order."""
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Comparison:
    """One figure measured both ways.

    Attributes:
        name: the figure's name in the challenge format.
        chunked: as the benchmark reports it.
        per_step: as NeuroBench's per-step run reports it.
        agrees: equal; for metrics of the decoded values, within 1e-6.
    """

    name: str
    chunked: Any
    per_step: Any
    agrees: bool


def compare_with_per_step(
    decoder: AnyDecoder,
    samples: TestSamples,
    *,
    metrics: Iterable[str] = CHALLENGE_METRICS,
    kernel: KernelName = "numba",
) -> list[Comparison]:
    """Measure the same samples both ways and compare figure by figure.

    Raises:
        BenchmarkError: a metric failed or is not exact.
        UsageError: a metric is unknown or does not apply.
    """
    names = tuple(metrics)
    chunked = run_benchmark(decoder, samples, metrics=names, kernel=kernel).values
    per_step = run_per_step(
        decoder, samples, metrics=names, batch_steps=max(1, len(samples))
    ).values
    return [
        Comparison(name, value, per_step[name], _agree(name, value, per_step[name]))
        for name, value in chunked.items()
    ]


def _agree(name: str, chunked: Any, per_step: Any) -> bool:
    if name in ERROR_METRICS:
        return bool(abs(chunked - per_step) <= TOLERANCE * max(1.0, abs(per_step)))
    return bool(chunked == per_step)
