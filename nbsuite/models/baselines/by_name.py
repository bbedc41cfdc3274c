"""NeuroBench's baselines by their names."""

from __future__ import annotations

from nbsuite.models.baselines.snn2 import SNN2
from nbsuite.models.baselines.spec import Baseline, BaselineSpec
from nbsuite.models.baselines.windowed import ANN2D, ANN3D, SNN3

BASELINES: dict[str, type[Baseline]] = {
    "SNN2": SNN2,
    "SNN3": SNN3,
    "ANN2D": ANN2D,
    "ANN3D": ANN3D,
}


def baseline_decoder(spec: BaselineSpec) -> Baseline:
    """A baseline with arbitrary weights."""
    return BASELINES[spec.name](spec)
