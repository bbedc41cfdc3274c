"""NeuroBench's baselines by their names."""

from __future__ import annotations

from nbsuite.models.baseline import Baseline, BaselineSpec
from nbsuite.models.snn2 import SNN2
from nbsuite.models.window_baselines import ANN2D, ANN3D, SNN3

BASELINES: dict[str, type[Baseline]] = {
    "SNN2": SNN2,
    "SNN3": SNN3,
    "ANN2D": ANN2D,
    "ANN3D": ANN3D,
}


def baseline_decoder(spec: BaselineSpec) -> Baseline:
    """A baseline with arbitrary weights."""
    return BASELINES[spec.name](spec)
