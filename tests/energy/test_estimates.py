"""Estimates against calculations by hand, the same as in docs/energy.md, and their properties."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.energy.estimate import Target
from nbsuite.energy.recorded import recorded_energy, workload_of
from nbsuite.energy.targets import TARGETS, target_named
from nbsuite.energy.targets.cmos45 import DRAM, SRAM
from nbsuite.energy.workload import Workload
from nbsuite.errors import EnergyError, UsageError
from nbsuite.models.baselines.spec import BaselineSpec
from nbsuite.models.linear import LinearSpec
from nbsuite.neurons.cells import CELLS
from nbsuite.neurons.unit_work import UnitWork
from nbsuite.training.families import model_spec

TINY = Workload(
    model="tinyRSNN",
    precision="float16",
    step=0.004,
    footprint=27_000,
    acs=300,
    macs=0,
    dense=10_368,
    connection_sparsity=0.4,
    activation_sparsity=0.98,
    units=model_spec("tinyRSNN", 96).unit_work(),
)
RUN = {
    "metrics": {
        "footprint": 27_000,
        "connection_sparsity": 0.4,
        "activation_sparsity": 0.98,
        "dense": 10_368,
        "macs": 0,
        "acs": 300,
        "r2": 0.6,
    },
    "checkpoint": {"precision": "float16"},
    "data": {"step": 0.004},
    "run": {"unit_work": TINY.units.to_json()},
}
PICO = 1e-12
TARGET = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))


def test_the_units_of_tinyrsnn_by_hand() -> None:
    units = TINY.units
    assert (units.updates, units.emitted, units.stored) == (66, 64, 330)
    assert (units.multiplies, units.adds) == (132, 64 * 4 + 2 * 3)
    assert (units.reads, units.writes) == (330, 198)
    assert TINY.row_fetches == pytest.approx(500)
    assert TINY.spikes == pytest.approx(1.28)


def test_45_nm_by_hand() -> None:
    estimate = TARGETS["cmos45"].estimate(TINY)
    assert estimate.synapses == pytest.approx(120 * PICO)
    assert estimate.weights == pytest.approx(2500 * PICO)
    assert estimate.neurons == pytest.approx(1570 * PICO)
    assert estimate.total == pytest.approx(4190 * PICO)
    assert estimate.power == pytest.approx(1.0475e-6)
    assert estimate.memory == "weights in SRAM of 32 kB, state in SRAM of 8 kB"


def test_a_cortex_m4_by_hand() -> None:
    estimate = TARGETS["cortex-m4"].estimate(TINY)
    assert estimate.synapses == pytest.approx(4500 * 300 * PICO)
    assert estimate.weights == pytest.approx(2000 * 300 * PICO)
    assert estimate.neurons == pytest.approx(2506 * 300 * PICO)
    assert estimate.static == pytest.approx(3.3e-6 * (0.004 - 9006 / 80e6))
    assert estimate.total == pytest.approx(2714.6285e-9, rel=1e-6)


def test_loihi_by_hand() -> None:
    estimate = TARGETS["loihi"].estimate(TINY)
    assert estimate.synapses == pytest.approx(7080 * PICO)
    assert estimate.neurons == pytest.approx(5346 * PICO)
    assert estimate.spikes == pytest.approx(2.176 * PICO)
    assert estimate.total == pytest.approx(12428.176 * PICO)


def test_spikes_between_tiles_cost_hops() -> None:
    units = replace(TINY.units, updates=5000.0, emitted=5000.0)
    estimate = TARGETS["loihi"].estimate(replace(TINY, units=units))
    assert estimate.spikes == pytest.approx(100 * (5 * 1.7 + 4.0) * PICO)


def test_dense_layers_fetch_every_weight_and_multiply_what_is_not_zero() -> None:
    units = BaselineSpec("ANN2D", 96).unit_work()
    ann = replace(
        TINY, precision="float32", acs=5.0, macs=2000, dense=4704, units=units, footprint=20_000
    )
    estimate = TARGETS["cmos45"].estimate(ann)
    assert ann.dense_fetches == 4704
    assert ann.row_fetches == 0
    assert estimate.synapses == pytest.approx((5 * 0.9 + 2000 * 4.6) * PICO)
    assert estimate.weights == pytest.approx(4704 * 20 / 2 * PICO)
    on_core = TARGETS["cortex-m4"].estimate(ann)
    assert on_core.synapses == pytest.approx(4704 * (2 + 1 + 1) * 300 * PICO)


def test_the_first_layer_alone_of_snn3_is_dense() -> None:
    units = BaselineSpec("SNN3", 96).unit_work()
    snn3 = replace(TINY, dense=7 * (96 * 32 + 32 * 48 + 96), units=units, acs=100)
    assert snn3.dense_fetches == pytest.approx(7 * 96 * 32)
    assert snn3.row_fetches == pytest.approx(100 / 0.6)


@pytest.mark.parametrize(
    ("footprint", "read"),
    [(8192, 10.0), (8193, 20.0), (32768, 20.0), (32769, 100.0), (1 << 20, 100.0), (2e6, 1950.0)],
)
def test_weights_come_from_the_smallest_memory_that_holds_them(
    footprint: float, read: float
) -> None:
    estimate = TARGETS["cmos45"].estimate(replace(TINY, footprint=footprint))
    assert estimate.weights == pytest.approx(500 * read / 4 * PICO)
    assert DRAM.value > max(price.value for _, price in SRAM.values())


def test_flash_makes_a_core_wait() -> None:
    estimate = TARGETS["cortex-m4"].estimate(replace(TINY, footprint=200 * 1024))
    assert estimate.weights == pytest.approx(500 * (4 + 4 * 16 / 64) * 300 * PICO)


@TARGET
@given(
    name=st.sampled_from(["acs", "footprint", "dense", "updates", "reads", "adds", "emitted"]),
    factor=st.floats(1, 20),
)
def test_more_to_do_never_costs_less(target: Target, name: str, factor: float) -> None:
    if name in ("acs", "footprint", "dense"):
        more = replace(TINY, **{name: getattr(TINY, name) * factor})
    else:
        units = replace(TINY.units, **{name: getattr(TINY.units, name) * factor})
        more = replace(TINY, units=units)
    assert target.estimate(more).total >= target.estimate(TINY).total * (1 - 1e-12)


@TARGET
def test_without_spikes_neurons_and_rest_alone_cost(target: Target) -> None:
    still = target.estimate(replace(TINY, acs=0, activation_sparsity=1))
    assert still.synapses == 0
    assert not still.weights
    assert not still.spikes
    assert still.neurons == target.estimate(TINY).neurons
    nothing = target.estimate(replace(TINY, acs=0, units=UnitWork()))
    assert nothing.total == (nothing.static or 0)


@TARGET
def test_constants_name_their_sources(target: Target) -> None:
    for constant in target.CONSTANTS:
        assert constant.value > 0
        assert constant.source
    assert len({each.name for each in target.CONSTANTS}) == len(target.CONSTANTS)


def test_the_document_has_every_constant() -> None:
    text = (Path(__file__).parents[2] / "docs" / "energy.md").read_text(encoding="utf-8")
    for target in TARGETS.values():
        for each in target.CONSTANTS:
            assert f"| {each.name} | {each.value:g} | {each.unit} |" in text


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize(
    "name", ["step", "footprint", "acs", "macs", "dense", "connection_sparsity"]
)
def test_what_is_no_figure_is_refused(name: str, value: float) -> None:
    with pytest.raises(EnergyError, match=f"as {name}.*measure it again"):
        replace(TINY, **{name: value})


def test_what_a_target_cannot_do_is_refused() -> None:
    cases = {
        "cmos45": (replace(TINY, precision="float64"), "float64"),
        "cortex-m4": (replace(TINY, footprint=5e6), "KiB of flash"),
        "loihi": (replace(TINY, macs=1), "graded inputs"),
    }
    for name, (workload, said) in cases.items():
        with pytest.raises(EnergyError, match=said):
            TARGETS[name].estimate(workload)
    with pytest.raises(EnergyError, match="ms a sample"):
        TARGETS["cortex-m4"].estimate(replace(TINY, step=1e-4))
    with pytest.raises(EnergyError, match="more than Loihi's 131,072"):
        TARGETS["loihi"].estimate(replace(TINY, units=replace(TINY.units, updates=1e6)))
    with pytest.raises(EnergyError, match="bfloat16"):
        replace(TINY, precision="bfloat16")


def test_an_unknown_target_is_told_from_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="did you mean cortex-m4"):
        target_named("cortex")


def test_a_run_tells_what_is_needed_or_is_refused() -> None:
    assert workload_of(RUN, "tinyRSNN") == TINY
    assert recorded_energy(RUN) == pytest.approx(4.19)
    assert recorded_energy({**RUN, "run": {}}) is None
    assert workload_of({**RUN, "run": {}}, "tinyRSNN", TINY.units) == TINY
    without = {**RUN, "metrics": {"acs": 1}}
    with pytest.raises(EnergyError, match=r"footprint.*measure it again"):
        workload_of(without, "tinyRSNN")
    unknown = {**RUN, "run": {"unit_work": "has the layer 'x' (Sigmoid)"}}
    with pytest.raises(EnergyError, match="Sigmoid"):
        workload_of(unknown, "mine")


def test_every_cell_and_decoder_tells_its_units_work() -> None:
    for cell in CELLS.values():
        assert cell.update.adds > 0
        assert cell.readout_update.reads > 0
    assert LinearSpec("ridge", 96, 10, 12).unit_work() == UnitWork(2, 0, 0, 2, 2, 2, 2, 1.0)
