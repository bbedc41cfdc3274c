"""A circuit of its own in 45 nm CMOS at 0.9 V: adders, multipliers and memories.

    synapses  ACs add + MACs (multiply + add)
    weights   (row fetches + dense fetches) bits / 64 read(footprint)
    neurons   multiplies multiply + adds add + (reads + writes) bits / 64 read(state)

at the decoder's precision. read() is the price of 64 bits from the smallest memory there that holds
so many bytes: SRAM of 8 kB, 32 kB or 1 MB, otherwise DRAM. Zero inputs of dense layers are fetched
for, not multiplied by. Sums are kept in registers, which cost nothing.
"""

from __future__ import annotations

from nbsuite.energy.constant import Constant
from nbsuite.energy.estimate import Estimate
from nbsuite.energy.workload import Workload
from nbsuite.errors import EnergyError

NAME = "cmos45"
TITLE = "45 nm CMOS at 0.9 V"
LEFT_OUT = (
    "leakage, control, clock and wires",
    "registers",
)

_SOURCE = (
    'M. Horowitz (2014), "Computing\'s energy problem (and what we can do about it)", ISSCC,'
    " figure 1.1.9"
)
_PICO = 1e-12


def _operation(name: str, value: float) -> Constant:
    return Constant(name, value, "pJ", _SOURCE)


ADD = {
    "float32": _operation("addition, float32", 0.9),
    "float16": _operation("addition, float16", 0.4),
    "int32": _operation("addition, int32", 0.1),
    "int8": _operation("addition, int8", 0.03),
}
MULTIPLY = {
    "float32": _operation("multiplication, float32", 3.7),
    "float16": _operation("multiplication, float16", 1.1),
    "int32": _operation("multiplication, int32", 3.1),
    "int8": _operation("multiplication, int8", 0.2),
}
SRAM = {
    8 << 10: ("SRAM of 8 kB", _operation("64 bits from SRAM of 8 kB", 10.0)),
    32 << 10: ("SRAM of 32 kB", _operation("64 bits from SRAM of 32 kB", 20.0)),
    1 << 20: ("SRAM of 1 MB", _operation("64 bits from SRAM of 1 MB", 100.0)),
}
"""By bytes. A write is taken to cost what a read does."""
DRAM = Constant(
    "64 bits from DRAM",
    1950.0,
    "pJ",
    _SOURCE,
    "the mean of the range that is given, 1300 to 2600 pJ",
)
READ_BITS = 64
CONSTANTS = (*ADD.values(), *MULTIPLY.values(), *(each for _, each in SRAM.values()), DRAM)


def estimate(workload: Workload) -> Estimate:
    """The energy of a sample.

    Raises:
        EnergyError: no price is known of operations in the decoder's precision.
    """
    if workload.precision not in ADD:
        raise EnergyError(
            f"{workload.model} is in {workload.precision}, of which no price in {TITLE} is known;"
            f" known are {', '.join(ADD)}."
        )
    add, multiply = ADD[workload.precision].value, MULTIPLY[workload.precision].value
    words = workload.bits / READ_BITS
    held, weight_read = _memory(workload.footprint)
    state_held, state_read = _memory(workload.stored_bytes)
    units = workload.units
    fetches = workload.row_fetches + workload.dense_fetches
    neurons = units.multiplies * multiply + units.adds * add
    neurons += (units.reads + units.writes) * words * state_read
    return Estimate(
        synapses=_PICO * (workload.acs * add + workload.macs * (multiply + add)),
        weights=_PICO * fetches * words * weight_read,
        neurons=_PICO * neurons,
        spikes=None,
        static=None,
        memory=f"weights in {held}, state in {state_held}",
        step=workload.step,
    )


def _memory(size: float) -> tuple[str, float]:
    """The smallest memory that holds so many bytes, and its price of 64 bits in pJ."""
    for most, (name, read) in SRAM.items():
        if size <= most:
            return name, read.value
    return "DRAM", DRAM.value
