"""Energy that a decoder itself would need a step, from operations that NeuroBench counts.

Operations are NeuroBench's effective accumulations (ACs) and multiply-accumulations (MACs) a
sample, as published for the real recordings. Energies of operations are Horowitz's for a 45 nm
process at 0.9 V: M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC
2014, figure 1.1.9. Each AC and MAC also reads a weight, from the smallest memory there that holds
all of the decoder, 64 bits at a time; one of more than 1 MB is taken to be banks of 1 MB.

NeuroBench does not count the neurons' own updates. Those of tinyRSNN and bigRSNN follow from their
equations, for each hidden neuron and readout unit and step:

    c' = alpha c + i        m' = beta m + (1 - beta) c        m > 1
"""

from __future__ import annotations

from dataclasses import dataclass

from scaling_tables import TextTable

from nbsuite.models.spec import OUTPUTS
from nbsuite.submissions.results.published import PublishedMethod, published_methods
from nbsuite.training.families import FAMILIES, model_spec

ADD = {16: 0.4, 32: 0.9}
MULTIPLY = {16: 1.1, 32: 3.7}
"""Picojoules of a floating-point operation, by bits."""
MEMORIES = {8 << 10: 10.0, 32 << 10: 20.0, 1 << 20: 100.0}
"""Picojoules of reading 64 bits, by the memory's bytes."""
READ_BITS = 64
BITS = {"tinyRSNN": 16, "bigRSNN": 32, "SNN2": 32, "SNN3": 32, "ANN2D": 32, "ANN3D": 32}
"""Of the weights."""
UPDATE_MULTIPLIES, UPDATE_ADDS = 3, 3
STEPS_PER_SECOND = 250


@dataclass(frozen=True)
class StepEnergy:
    """Picojoules of a step.

    Attributes:
        synapses: accumulations and multiply-accumulations.
        reads: reading their weights.
        updates: the neurons' own; None where they were not worked out.
    """

    synapses: float
    reads: float
    updates: float | None

    @property
    def total(self) -> float:
        """All of them."""
        return self.synapses + self.reads + (self.updates or 0.0)


def step_energy(method: PublishedMethod) -> StepEnergy:
    """The energy of a step of a published decoder."""
    name, means = method.method, method.means
    bits = BITS[name]
    add, multiply = ADD[bits], MULTIPLY[bits]
    acs, macs = means["acs"], means["macs"]
    fitting = [cost for size, cost in MEMORIES.items() if size >= means["footprint"]]
    read = (fitting[0] if fitting else max(MEMORIES.values())) * bits / READ_BITS
    updates = None
    if name in FAMILIES:
        spec = model_spec(name, 96)
        units = spec.neurons + OUTPUTS * len(spec.readouts)
        updates = units * (UPDATE_MULTIPLIES * multiply + UPDATE_ADDS * add)
    return StepEnergy(acs * add + macs * (add + multiply), (acs + macs) * read, updates)


def _two_digits(value: float) -> str:
    """As many as the assumptions carry."""
    return f"{float(f'{value:.2g}'):,g}"


def decoder_energy_table() -> TextTable:
    """Published decoders, the most accurate first."""
    rows = []
    for method in published_methods():
        if method.method not in BITS:
            continue
        energy, means = step_energy(method), method.means
        updates = "" if energy.updates is None else _two_digits(energy.updates / 1e3)
        watts = energy.total * STEPS_PER_SECOND * 1e-12
        counts = [f"{means['acs']:,.0f}", f"{means['macs']:,.0f}"]
        parts = [_two_digits(energy.synapses / 1e3), _two_digits(energy.reads / 1e3), updates]
        last = [_two_digits(energy.total / 1e3), _two_digits(watts * 1e6)]
        bits = str(BITS[method.method])
        rows.append([method.method, f"{means['r2']:.3f}", bits, *counts, *parts, *last])
    columns = ["decoder", "R2", "bits", "ACs", "MACs", "synapses, nJ", "weights read, nJ"]
    return TextTable([*columns, "neurons, nJ", "a step, nJ", "at 250 steps/s, µW"], rows)
