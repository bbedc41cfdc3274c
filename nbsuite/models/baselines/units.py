"""What the baselines' units do in a sample besides synaptic operations."""

from __future__ import annotations

from nbsuite.models.baselines.leaky import LEAKY_UPDATE
from nbsuite.models.baselines.sizes import NEURONS, PARTED, UNITS
from nbsuite.models.spec import OUTPUTS
from nbsuite.neurons.unit_work import UnitUpdate, UnitWork

DENSE_UPDATE = UnitUpdate(multiplies=1, adds=3, reads=3, writes=1)
"""Of a unit of the ANNs: bias, rectifier, and the scale and shift that batch normalisation is once
training is over. What is read are those three parameters."""
BIAS = UnitUpdate(multiplies=0, adds=1, reads=1, writes=1)
"""Of an output of theirs."""


def baseline_unit_work(name: str, channels: int) -> UnitWork:
    """The work of a baseline's units.

    Args:
        name: SNN2, SNN3, ANN2D or ANN3D.
        channels: number of input channels.
    """
    if name == "SNN2":
        return UnitWork.of(LEAKY_UPDATE, NEURONS + OUTPUTS)
    if name == "SNN3":  # of whose layers the first is given normalised counts
        first, rest = channels * UNITS[0], UNITS[0] * UNITS[1] + UNITS[1] * OUTPUTS
        graded = UnitWork(graded=first / (first + rest))
        return UnitWork.of(LEAKY_UPDATE, sum(UNITS) + OUTPUTS, times=PARTED.parts) + graded
    outputs = UnitWork.of(BIAS, OUTPUTS, emits=False)
    return UnitWork.of(DENSE_UPDATE, sum(UNITS)) + outputs + UnitWork(graded=1.0)
