"""What the units of a decoder do in a sample besides synaptic operations: their own updates.

NeuroBench counts the operations of synapses alone. What a neuron does to its state in every step,
whether a spike arrives or not, follows from its equations. A comparison counts as an addition.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class UnitUpdate:
    """One update of one unit.

    Attributes:
        multiplies: multiplications.
        adds: additions, subtractions and comparisons.
        reads: numbers read: its state, what has arrived, and parameters that are its own.
        writes: numbers written.
    """

    multiplies: int
    adds: int
    reads: int
    writes: int


@dataclass(frozen=True)
class UnitWork:
    """What all units of a decoder do in a sample.

    Attributes:
        updates: updates of units.
        emitted: values that count in the activation sparsity.
        multiplies: multiplications of the updates.
        adds: additions, subtractions and comparisons of the updates.
        reads: numbers that the updates read.
        writes: numbers that they write.
        stored: numbers that are kept for them from sample to sample, parameters included.
        graded: of all synaptic operations, were none by zero, the share of layers whose inputs are
            graded, not spikes.
    """

    updates: float = 0.0
    emitted: float = 0.0
    multiplies: float = 0.0
    adds: float = 0.0
    reads: float = 0.0
    writes: float = 0.0
    stored: float = 0.0
    graded: float = 0.0

    @classmethod
    def of(
        cls, update: UnitUpdate, units: float, *, times: int = 1, emits: bool = True
    ) -> UnitWork:
        """The work of a layer of units that are alike.

        Args:
            update: what a unit does.
            units: number of units.
            times: updates of each in a sample.
            emits: whether what they emit counts in the activation sparsity.
        """
        updates = units * times
        return cls(
            updates=updates,
            emitted=updates * emits,
            multiplies=updates * update.multiplies,
            adds=updates * update.adds,
            reads=updates * update.reads,
            writes=updates * update.writes,
            stored=units * update.reads,
        )

    def __add__(self, other: UnitWork) -> UnitWork:
        """The work of both; shares of graded layers add up, since they are of one whole."""
        mine, others = asdict(self), asdict(other)
        return UnitWork(**{name: mine[name] + others[name] for name in mine})

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


Uncounted: TypeAlias = str
"""Why the units' work is not known: "has ..."."""
