"""What a decoder does in a sample, whatever it runs on.

Weights are read as they lie in memory. Layers of spikes are driven by events: a spike fetches its
row of weights, those that are zero too, which lie between the others. Layers of graded inputs
are products of matrices: each sample fetches every weight. With S the connection sparsity, D
the operations were none by zero, g the share of graded layers in them:

    row fetches   min(ACs / (1 - S), (1 - g) D)      weights a sample
    dense fetches g D

The former is exact where zeros are spread evenly over the rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from nbsuite.errors import EnergyError
from nbsuite.neurons.unit_work import UnitWork

BITS = {"float64": 64, "float32": 32, "float16": 16, "int32": 32, "int8": 8}
"""Of a number, by the name of its precision."""


@dataclass(frozen=True)
class Workload:
    """What a decoder does in a sample.

    Attributes:
        model: the decoder's name.
        precision: of weights, state and operations, such as ``float16``.
        step: seconds from sample to sample.
        footprint: bytes of weights, parameters and buffers.
        acs: effective accumulations a sample.
        macs: effective multiplications with accumulation a sample.
        dense: operations a sample, were none by zero.
        connection_sparsity: share of weights that are zero.
        activation_sparsity: share of emitted values that are zero.
        units: what its units do besides.

    Raises:
        EnergyError: a figure is no finite number or out of its range, or the precision is unknown.
    """

    model: str
    precision: str
    step: float
    footprint: float
    acs: float
    macs: float
    dense: float
    connection_sparsity: float
    activation_sparsity: float
    units: UnitWork

    def __post_init__(self) -> None:
        if self.precision not in BITS:
            raise EnergyError(
                f"{self.model} is in {self.precision}, of which no energy is known; known are"
                f" {', '.join(BITS)}."
            )
        figures = [(each.name, getattr(self, each.name)) for each in fields(self)[2:-1]]
        figures += [(each.name, getattr(self.units, each.name)) for each in fields(self.units)]
        for name, value in figures:
            share = name.endswith("_sparsity") or name == "graded"
            if not (math.isfinite(value) and 0 <= value <= (1 if share else math.inf)):
                raise EnergyError(
                    f"{self.model} has {value:g} as {name}, from which no energy can be estimated;"
                    " measure it again."
                )
        if self.step == 0:
            raise EnergyError(f"{self.model} has steps of no length; measure it again.")

    @property
    def bits(self) -> int:
        """Of a number."""
        return BITS[self.precision]

    @property
    def row_fetches(self) -> float:
        """Weights that spikes fetch in a sample."""
        most = (1 - self.units.graded) * self.dense
        if self.connection_sparsity == 1:  # there is no weight to read
            return 0.0
        return min(self.acs / (1 - self.connection_sparsity), most)

    @property
    def dense_fetches(self) -> float:
        """Weights that layers of graded inputs fetch in a sample."""
        return self.units.graded * self.dense

    @property
    def spikes(self) -> float:
        """Values that are not zero, emitted in a sample."""
        return self.units.emitted * (1 - self.activation_sparsity)

    @property
    def stored_bytes(self) -> float:
        """Bytes of the units' state and parameters."""
        return self.units.stored * self.bits / 8
