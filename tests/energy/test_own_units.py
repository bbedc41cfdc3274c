"""What the units of a user's module do, and which results tell it."""

from __future__ import annotations

import pytest
import snntorch as snn
from torch import nn

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.energy.results import decoder_workloads
from nbsuite.errors import EnergyError
from nbsuite.models.decoder import LayersSeen
from nbsuite.models.layer_watch import seen_layers
from nbsuite.models.module_units import module_unit_work
from nbsuite.neurons.unit_work import UnitWork
from nbsuite.training.families import model_spec
from tests.energy.test_estimates import RUN, TINY


def test_units_are_counted_as_often_as_they_were_seen() -> None:
    net = nn.Sequential(nn.Linear(4, 3), snn.Leaky(0.9, init_hidden=True), nn.Linear(3, 2))
    work = module_unit_work(seen_layers(net), LayersSeen((6.0,), 0.25))
    assert work == UnitWork(
        updates=6, emitted=6, multiplies=6, adds=18, reads=12, writes=12, stored=12, graded=0.25
    )


def test_layers_that_are_not_counted_are_named() -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Sigmoid())
    assert "layer '1' (Sigmoid)" in str(module_unit_work(seen_layers(net), LayersSeen((3.0,), 0)))
    cell = nn.Sequential(nn.LSTMCell(4, 3))
    assert "(LSTMCell)" in str(module_unit_work(seen_layers(cell), LayersSeen((), 0)))
    rectified = seen_layers(nn.Sequential(nn.ReLU()))
    assert "without metrics" in str(module_unit_work(rectified, None))


def _result(model: dict[str, object]) -> BenchmarkResult:
    """A result written before runs told what units do."""
    run = {**RUN, "run": {}, "checkpoint": {"precision": "float16", "model": model}}
    return BenchmarkResult("tinyRSNN", "indy_20160622_01", False, 1, {}, run)


def test_earlier_results_tell_by_what_is_specified() -> None:
    [found] = decoder_workloads([_result(model_spec("tinyRSNN", 96).to_json())])
    assert found.workloads == [TINY]


def test_earlier_results_of_a_decoder_of_ones_own_are_refused() -> None:
    own: dict[str, object] = {
        "kind": "module",
        "name": "mine",
        "channels": 96,
        "outputs": 2,
        "step": 0.004,
    }
    with pytest.raises(EnergyError, match=r"only a run of its code counts.*measure it again"):
        decoder_workloads([_result(own)])
    with pytest.raises(EnergyError, match="measure it again"):
        decoder_workloads([_result({"kind": "strange"})])
