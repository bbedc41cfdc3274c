"""Nothing is ever reported that failed or is not exact."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nbsuite.benchmarking import counting_synapses
from nbsuite.benchmarking.metrics import check_metric_names
from nbsuite.benchmarking.quantities import CHALLENGE_METRICS, METRIC_NAMES
from nbsuite.benchmarking.runner import run_benchmark
from nbsuite.errors import BenchmarkError, UsageError


def test_a_workload_metric_that_raises_is_an_error(
    draw_decoder: Any, draw_samples: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neurobench.metrics.workload import R2

    def fail(*_: Any) -> None:
        raise ArithmeticError("no labels")

    monkeypatch.setattr(R2, "compute", fail)
    with pytest.raises(BenchmarkError, match=r"metric R2 could not be computed .*no labels"):
        run_benchmark(draw_decoder(), draw_samples(20, 96, 0))


def test_a_static_metric_that_raises_is_an_error(
    draw_decoder: Any, draw_samples: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neurobench.metrics.static import Footprint

    def fail(*_: Any) -> None:
        raise ArithmeticError("no parameters")

    monkeypatch.setattr(Footprint, "__call__", fail)
    with pytest.raises(BenchmarkError, match="metric Footprint could not be computed"):
        run_benchmark(draw_decoder(), draw_samples(20, 96, 0))


def test_a_count_that_is_off_by_one_is_an_error(
    draw_decoder: Any, draw_samples: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = counting_synapses.SynapseCounter.forward

    def off(self: Any, spikes: torch.Tensor) -> torch.Tensor:
        counts = exact(self, spikes)
        counts[0] += 1
        return counts

    monkeypatch.setattr(counting_synapses.SynapseCounter, "forward", off)
    with pytest.raises(BenchmarkError, match="not exact"):
        run_benchmark(draw_decoder(), draw_samples(20, 96, 0))


def test_counts_in_half_precision_would_be_noticed(
    draw_decoder: Any, draw_samples: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What NeuroBench alone reports of a half-precision model overflows, or is rounded."""

    def half(self: Any, spikes: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(spikes.half(), self.weight)

    monkeypatch.setattr(counting_synapses.SynapseCounter, "forward", half)
    with pytest.raises(BenchmarkError):
        run_benchmark(draw_decoder(dtype="float16"), draw_samples(200, 96, 0))


def test_large_counts_stay_exact(draw_decoder: Any, draw_samples: Any) -> None:
    """More operations than float32 can count one by one (2^24)."""
    samples = draw_samples(3000, 96, 0, rate=1.0)
    values = run_benchmark(draw_decoder(), samples).values
    assert values["acs"] * 3000 > 2**24
    assert values["acs"] * 3000 == pytest.approx(round(values["acs"] * 3000), abs=1e-6)


def test_metric_names_are_put_in_order() -> None:
    assert check_metric_names(["r2", " Footprint ", "r2"]) == ("footprint", "r2")
    assert check_metric_names(METRIC_NAMES) == METRIC_NAMES
    assert set(CHALLENGE_METRICS) <= set(METRIC_NAMES)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("r3", "did you mean r2"),
        ("neuron_operations", "does not apply here: NeuroBench states no operation count"),
        ("membrane_updates", "does not apply here"),
        ("", "No metric is called"),
    ],
)
def test_other_metrics_are_refused(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_metric_names([name])


def test_no_metric_is_refused() -> None:
    with pytest.raises(UsageError, match="No metric was named"):
        check_metric_names([])
