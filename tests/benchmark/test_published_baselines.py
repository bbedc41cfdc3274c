"""NeuroBench's figures of the published baselines, where their weights are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nbsuite.benchmarking.runner import run_benchmark, run_per_step
from nbsuite.conversions.neurobench import read_neurobench
from nbsuite.models.baselines.spec import BASELINE_NAMES
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

FILES = {
    "SNN2": "SNN2_{}.pt",
    "SNN3": "SNN3_Weight/{}_model_state_dict.pth",
    "ANN2D": "2D_ANN_Weight/{}_model_state_dict.pth",
    "ANN3D": "3D_ANN_Weight/{}_model_state_dict.pth",
}
FOOTPRINTS = {
    "SNN2": (19_648, 38_848),
    "SNN3": (24_972, 43_020),
    "ANN2D": (20_824, 33_496),
    "ANN3D": (94_552, 180_952),
}
DENSE = {
    "SNN2": (4_900, 9_700),
    "SNN3": (32_928, 54_432),
    "ANN2D": (4_704, 7_776),
    "ANN3D": (23_136, 44_640),
}
# As published, and the number of test samples that SNN2's published ACs are whole multiples of.
ANN2D_DENSE = (4702.26, 4701.84, 4699.55, 7773.22, 7771.02, 7772.63)
PUBLISHED_STEPS = (132_593, 106_862, 51_792, 137_047, 76_476, 113_159)


@pytest.mark.parametrize("session", PRIMATE_REACHING.sessions, ids=lambda session: session.id)
@pytest.mark.parametrize("name", BASELINE_NAMES)
def test_published_weights(shared: Path, draw_samples: Any, name: str, session: Any) -> None:
    path = shared / "neurobench_baselines" / FILES[name].format(session.name)
    decoder, header = read_neurobench(path)
    assert (header.spec.name, header.session) == (name, session.name)
    samples, loco = draw_samples(200, session.channels, 0), session.subject == "loco"
    values = run_benchmark(decoder, samples).values
    assert values["footprint"] == FOOTPRINTS[name][loco]
    assert values["connection_sparsity"] == 0
    assert values["dense"] == DENSE[name][loco] * (151 / 200 if name == "ANN2D" else 1)
    if name == "SNN3":
        assert values["macs"] == pytest.approx((21_504, 43_008)[loco], rel=1e-6)


def test_the_published_dense_counts_of_ann2d_tell_its_test_samples() -> None:
    for published, steps, session in zip(
        ANN2D_DENSE, PUBLISHED_STEPS, PRIMATE_REACHING.sessions, strict=True
    ):
        per_window = DENSE["ANN2D"][session.subject == "loco"]
        assert round(per_window * (steps - 49) / steps, 2) == published


@pytest.mark.parametrize("name", ["SNN2", "ANN2D", "ANN3D"])
def test_published_weights_step_by_step(shared: Path, draw_samples: Any, name: str) -> None:
    path = shared / "neurobench_baselines" / FILES[name].format("indy_20160622_01")
    decoder, samples = read_neurobench(path)[0], draw_samples(150, 96, 1)
    values, per_step = run_benchmark(decoder, samples).values, run_per_step(decoder, samples).values
    assert values.pop("r2") == pytest.approx(per_step.pop("r2"), abs=1e-6)
    assert values == per_step
