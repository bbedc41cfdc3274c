"""NeuroBench's metrics: which apply to these decoders, and a guard against silent failure.

NeuroBench computes every number. Its managers catch whatever a metric raises, print it, and
report 0.0 (workload metrics) or None (static ones); ``Failures`` keeps the exception instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from neurobench.metrics import static, workload
from neurobench.metrics.abstract import StaticMetric, WorkloadMetric

from nbsuite.benchmarking.quantities import METRIC_NAMES, QUANTITIES, metric_name
from nbsuite.benchmarking.r2 import R2
from nbsuite.errors import BenchmarkError, NbsuiteError, UsageError
from nbsuite.suggestions import did_you_mean

STATIC_METRICS: dict[str, type[StaticMetric]] = {}
WORKLOAD_METRICS: dict[str, type[WorkloadMetric]] = {}
for _quantity in QUANTITIES.values():
    _package, _, _name = (_quantity.metric or "").partition(".")
    if _package == "static":
        STATIC_METRICS[metric_name(_name)] = getattr(static, _name)
    elif _package == "workload":
        WORKLOAD_METRICS[metric_name(_name)] = R2 if _name == "R2" else getattr(workload, _name)

NOT_APPLICABLE = {
    "membrane_updates": "NeuroBench's count depends on how the samples are batched "
    "and reads a state buffer that these layers do not keep",
    "neuron_operations": "NeuroBench states no operation count for recurrent synaptic neurons",
    "classification_accuracy": "decoding a velocity is not a classification",
    "coco_map": "decoding a velocity is not an object detection",
}


def check_metric_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names in NeuroBench's order, each once.

    Raises:
        UsageError: a metric is unknown or does not apply, or none is named.
    """
    chosen = {name.strip().lower() for name in names}
    for name in sorted(chosen.difference(METRIC_NAMES)):
        if name in NOT_APPLICABLE:
            raise UsageError(
                f"The metric '{name}' does not apply here: {NOT_APPLICABLE[name]}; leave it out."
            )
        raise UsageError(f"No metric is called '{name}'; {did_you_mean(name, METRIC_NAMES)}")
    if not chosen:
        raise UsageError(f"No metric was named; known are {', '.join(METRIC_NAMES)}.")
    return tuple(name for name in METRIC_NAMES if name in chosen)


@dataclass
class Failures:
    """What NeuroBench's metrics raised during a run."""

    raised: dict[str, Exception] = field(default_factory=dict)

    def watch(self, metric: type[Any]) -> type[Any]:
        """A subclass of ``metric`` under the same name that keeps what a call raises."""
        failures = self.raised

        def call(self: Any, *arguments: Any, **options: Any) -> Any:
            try:
                return metric.__call__(self, *arguments, **options)
            except Exception as error:
                failures.setdefault(metric.__name__, error)
                raise

        # ActivationSparsityByLayer never calls its parent's constructor, which would set this.
        attributes = {"__call__": call, "_requires_hooks": True}
        return type(metric.__name__, (metric,), attributes)

    def check(self) -> None:
        """Raise if any metric failed.

        Raises:
            BenchmarkError: names the metric and what it raised.
        """
        for name, error in self.raised.items():
            if isinstance(error, NbsuiteError):  # which says all
                raise error
            raise BenchmarkError(
                f"NeuroBench's metric {name} could not be computed "
                f"({type(error).__name__}: {error}); leave it out with --metrics or report this."
            ) from error


def flatten(reported: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """NeuroBench's results by the keys of the quantities that they are.

    Raises:
        BenchmarkError: a metric is missing from the results.
    """
    values: dict[str, Any] = {}
    for name in names:
        metric = STATIC_METRICS.get(name) or WORKLOAD_METRICS[name]
        value = reported.get(metric.__name__)
        if value is None:
            raise BenchmarkError(f"NeuroBench reported nothing for {metric.__name__}; report this.")
        for quantity in QUANTITIES.values():
            if quantity.metric_name == name:
                part = quantity.part
                values[quantity.key] = value if part is None else float(value[part])
    return values
