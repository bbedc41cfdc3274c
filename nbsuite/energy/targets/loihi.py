"""A neuromorphic chip: Intel's Loihi.

    synapses  ACs synapse                          the fetch of the weight is part of it
    neurons   updates update
    spikes    spikes (cores within + (tiles - 1) hop)

A core has 1,024 neurons, a tile four cores. Every spike goes to all cores in use, and from tile to
tile by the dearer direction. Every update is one of an active neuron, since currents and membranes
that decay are hardly ever at rest. Spikes carry no values: a decoder with graded inputs does not
run there. Weights are whole numbers of up to 9 bits; what rounding does to them is left open.
"""

from __future__ import annotations

import math

from nbsuite.energy.constant import Constant
from nbsuite.energy.estimate import Estimate
from nbsuite.energy.workload import Workload
from nbsuite.errors import EnergyError

NAME = "loihi"
TITLE = "Loihi at 0.75 V"
LEFT_OUT = (
    "leakage, the x86 cores and the barriers between steps",
    "the error of rounding weights",
)

_SOURCE = (
    'M. Davies et al. (2018), "Loihi: a neuromorphic manycore processor with on-chip learning",'
    " IEEE Micro 38(1)"
)
_TABLE = f"{_SOURCE}, table 2 (simulated before silicon)"
_PICO = 1e-12

SYNAPSE = Constant("synaptic operation", 23.6, "pJ", _TABLE, "the least, as the table gives it")
UPDATE = Constant(
    "update of an active neuron", 81.0, "pJ", _TABLE, "all are active; an inactive one takes 52 pJ"
)
WITHIN_TILE = Constant("spike within a tile", 1.7, "pJ", _TABLE, "once for each core")
HOP = Constant("hop of a spike to another tile", 4.0, "pJ", _TABLE, "north or south; 3 pJ else")
NEURONS = Constant("neurons of a core", 1024.0, "", _SOURCE)
CORES_OF_TILE = Constant("cores of a tile", 4.0, "", _SOURCE)
CORES = Constant("cores of a chip", 128.0, "", _SOURCE)
CONSTANTS = (SYNAPSE, UPDATE, WITHIN_TILE, HOP, NEURONS, CORES_OF_TILE, CORES)


def estimate(workload: Workload) -> Estimate:
    """The energy of a sample.

    Raises:
        EnergyError: the decoder has graded inputs, or more neurons than the chip.
    """
    if workload.macs > 0 or workload.units.graded > 0:
        raise EnergyError(
            f"{workload.model} multiplies weights by graded inputs, and Loihi's spikes carry no"
            " values; choose another target."
        )
    cores = max(1, math.ceil(workload.units.updates / NEURONS.value))
    if cores > CORES.value:
        raise EnergyError(
            f"{workload.model} has {workload.units.updates:,.0f} neurons, more than Loihi's"
            f" {CORES.value * NEURONS.value:,.0f}; choose another target."
        )
    tiles = math.ceil(cores / CORES_OF_TILE.value)
    message = cores * WITHIN_TILE.value + (tiles - 1) * HOP.value
    return Estimate(
        synapses=_PICO * workload.acs * SYNAPSE.value,
        weights=None,
        neurons=_PICO * workload.units.updates * UPDATE.value,
        spikes=_PICO * workload.spikes * message,
        static=None,
        memory=f"all in {cores} core{'s' if cores > 1 else ''}",
        step=workload.step,
    )
