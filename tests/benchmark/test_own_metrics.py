"""Metrics of a user's own, by path and as classes, held against NeuroBench's own run of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import torch
from neurobench.metrics.abstract import AccumulatedMetric, StaticMetric, WorkloadMetric
from torch import Tensor

from nbsuite.benchmarking.own_metrics import load_metrics
from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.errors import BenchmarkError, UsageError

JERK = """
import torch
from neurobench.metrics.abstract import StaticMetric, WorkloadMetric, AccumulatedMetric

class Jerk(WorkloadMetric):
    more_is_better = False
    unit = "mm per step^3"
    digits = 3

    def __call__(self, model, preds, data):
        return torch.diff(preds, n=2, dim=0).square().mean().sqrt()

class Layers(StaticMetric):
    def __call__(self, model):
        return len(list(model.__net__().children()))

class Samples(AccumulatedMetric):
    def __init__(self):
        super().__init__(requires_hooks=False)
        self.count = 0

    def reset(self):
        self.count = 0

    def compute(self):
        return self.count

    def __call__(self, model, preds, data):
        self.count += len(preds)
        return self.compute()
"""


def _write(folder: Path, body: str) -> Path:
    path = folder / "my_metrics.py"
    path.write_text(dedent(body))
    return path


def _jerk(outputs: Tensor) -> float:
    return float(torch.diff(outputs, n=2, dim=0).square().mean().sqrt())


def test_metrics_by_path_are_run_by_neurobench(
    tmp_path: Path, draw_decoder: Any, draw_samples: Any
) -> None:
    path = _write(tmp_path, JERK)
    own = load_metrics([f"{path}:{name}" for name in ("Jerk", "Layers", "Samples")])
    decoder, samples = draw_decoder(channels=20, neurons=8), draw_samples(300, 20, 1)
    chunked = run_benchmark(decoder, samples, metrics=["r2"], own=own, chunk_steps=70)
    per_step = run_per_step(decoder, samples, metrics=["r2"], own=own, batch_steps=50)
    for measured in (chunked, per_step):
        assert measured.values["jerk"] == pytest.approx(_jerk(measured.outputs), rel=1e-9)
        assert measured.values["layers"] == len(list(decoder.children()))
        assert measured.values["samples"] == 300
    assert chunked.values["r2"] == run_benchmark(decoder, samples, metrics=["r2"]).values["r2"]


def test_a_class_tells_of_its_figure(tmp_path: Path) -> None:
    jerk, layers = load_metrics(
        [f"{_write(tmp_path, JERK)}:Jerk", f"{tmp_path / 'my_metrics.py'}:Layers"]
    )
    told = jerk.to_json()
    assert told.pop("code").endswith("my_metrics.py:Jerk")
    assert len(told.pop("sha256")) == 64
    assert told == {
        "heading": "jerk",
        "unit": "mm per step^3",
        "digits": 3,
        "more_is_better": False,
    }
    assert (layers.quantity.more_is_better, layers.quantity.static) == (None, True)


class Greedy(WorkloadMetric):  # type: ignore[misc]
    """Changes all that it is given."""

    def __call__(self, _model: Any, preds: Tensor, data: tuple[Tensor, Tensor]) -> float:
        preds.zero_()
        data[1].zero_()
        return 1.0


class Quiet(WorkloadMetric):  # type: ignore[misc]
    """Does not call the constructor of its parent."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, _model: Any, preds: Tensor, _data: tuple[Tensor, Tensor]) -> float:
        return float(preds.abs().sum())


def test_one_metric_cannot_change_what_another_sees(draw_decoder: Any, draw_samples: Any) -> None:
    decoder, samples = draw_decoder(channels=20, neurons=8), draw_samples(100, 20, 1)
    before = samples.labels.clone()
    measured = run_benchmark(decoder, samples, own=load_metrics([Greedy, Quiet]))
    plain = run_benchmark(decoder, samples)
    assert {key: measured.values[key] for key in plain.values} == plain.values
    assert measured.values["quiet"] == pytest.approx(float(plain.outputs.abs().sum()))
    assert torch.equal(samples.labels, before)


@pytest.mark.parametrize(
    ("returned", "fault"),
    [
        ("'high'", "returns a str, not a number"),
        ("None", "returns nothing, not a number"),
        ("preds[0]", r"returns a Tensor of shape \(2,\), not a number"),
        ("True", "returns a bool, not a number"),
        ("float('nan')", "returns nan, which is not finite"),
        ("preds.sum() / 0", "returns -?inf, which is not finite"),
        ("1 / 0", r"fails \(ZeroDivisionError: division by zero, line 5 of my_metrics.py\)"),
        ("exit(3)", r"fails \(SystemExit: 3, line 5 of my_metrics.py\)"),
    ],
)
def test_what_is_no_number_is_one_sentence(
    tmp_path: Path, draw_decoder: Any, draw_samples: Any, returned: str, fault: str
) -> None:
    path = _write(
        tmp_path,
        f"""\
        from neurobench.metrics.abstract import WorkloadMetric

        class Odd(WorkloadMetric):
            def __call__(self, model, preds, data):
                return {returned}
        """,
    )
    own = load_metrics([f"{path}:Odd"])
    with pytest.raises(BenchmarkError, match=rf"^The metric .*my_metrics.py:Odd {fault}"):
        run_benchmark(draw_decoder(channels=9, neurons=8), draw_samples(40, 9, 1), own=own)


class R2(StaticMetric):  # type: ignore[misc]
    """Is called as another."""

    def __call__(self, _model: Any) -> float:
        return 0.0


class Needs(StaticMetric):  # type: ignore[misc]
    """Wants to be told something."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __call__(self, _model: Any) -> float:
        return 0.0


class Half(AccumulatedMetric):  # type: ignore[misc]
    """Lacks methods."""

    def __call__(self, _model: Any, _preds: Tensor, _data: tuple[Tensor, Tensor]) -> float:
        return 0.0


class Mislabelled(R2):
    """Says what it cannot mean."""

    digits = 99


@pytest.mark.parametrize(
    ("metric", "fault"),
    [
        ("nowhere.py:Jerk", "There is no file nowhere.py"),
        ("Jerk", "'Jerk' names no code; pass my_metrics.py:Jerk"),
        ("no.such.package:Jerk", "no.such.package cannot be imported"),
        ("math:sqrt", "math:sqrt is a builtin_function_or_method, not a metric; derive a class"),
        ("fractions:Fraction", "is the class Fraction, not a metric"),
        ("fractions:Frction", r"has no 'Frction'; did you mean Fraction\?"),
        (R2, "would be called r2, as a metric of NeuroBench is"),
        (Needs, "cannot be made without arguments"),
        (Half, "cannot be made without arguments"),
        (Mislabelled, "digits is 99; make it a whole number up to 15"),
        (3, "is an int, not a metric"),
    ],
)
def test_what_is_no_metric_is_refused(metric: Any, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        load_metrics([metric])


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="Two metrics would be called quiet"):
        load_metrics([Quiet, Quiet])
