"""An estimate: the energy of a decoded sample on a target, by what it goes into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nbsuite.energy.constant import Constant
from nbsuite.energy.workload import Workload


@dataclass(frozen=True)
class Estimate:
    """Energy of a decoded sample; all in joules.

    Attributes:
        synapses: synaptic operations.
        weights: fetching their weights from memory; None where it is part of the former.
        neurons: updates of the units, with their state's way from memory and back.
        spikes: carrying spikes; None where that has no price of its own.
        static: what passes however little is done; None where no source gives it.
        memory: what holds weights and state, for people.
        step: seconds from sample to sample.
    """

    synapses: float
    weights: float | None
    neurons: float
    spikes: float | None
    static: float | None
    memory: str
    step: float

    @property
    def total(self) -> float:
        """All of it."""
        parts = (self.synapses, self.weights, self.neurons, self.spikes, self.static)
        return sum(part for part in parts if part is not None)

    @property
    def power(self) -> float:
        """Watts at one sample a step."""
        return self.total / self.step


def nanojoules(joules: float | None) -> str:
    """An energy as people read it: one digit more than the assumptions carry; ``-`` for none."""
    return "-" if joules is None else three_digits(1e9 * joules)


def three_digits(value: float) -> str:
    """A number with three significant digits, written out."""
    return f"{float(f'{value:.3g}'):,g}"


class Target(Protocol):
    """What a decoder might run on: a module of ``nbsuite.energy.targets``."""

    NAME: str
    TITLE: str
    CONSTANTS: tuple[Constant, ...]
    LEFT_OUT: tuple[str, ...]

    def estimate(self, workload: Workload) -> Estimate:
        """The energy of a sample.

        Raises:
            EnergyError: it cannot run there, or a figure is not known of it.
        """
