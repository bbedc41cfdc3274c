"""A microcontroller with an ARM Cortex-M4: STM32L476 at 80 MHz.

Energy is cycles times the energy of a cycle, and the chip sleeps for the rest of the step. In
cycles, loops being unrolled and all values in memory but the sums of dense layers:

    synapses  row fetches (load + add + store) + dense fetches (load + multiply + add)
    weights   (row fetches + dense fetches) (load + waits of flash)
    neurons   reads load + writes store + multiplies multiply + adds add

The load among the synapses is that of the sum that a spike adds to, or of a dense layer's input. A
program does not skip single zeros: it fetches and computes whole rows. Weights lie in SRAM where
the footprint fits there, otherwise in flash, whose lines of 64 bits make the core wait. float16 is
converted as it is loaded and before it is stored, since the core computes in float32.
"""

from __future__ import annotations

from nbsuite.energy.constant import Constant
from nbsuite.energy.estimate import Estimate
from nbsuite.energy.workload import Workload
from nbsuite.errors import EnergyError

NAME = "cortex-m4"
TITLE = "Cortex-M4 (STM32L476) at 80 MHz, 3 V"
LEFT_OUT = (
    "loop counters, branches and calls",
    "waking up and timers",
)

_TRM = "ARM (2010), Cortex-M4 Technical Reference Manual r0p1, DDI 0439"
_INTEGER = f"{_TRM}, table 3-1"
_FLOATING = f"{_TRM}, table 7-1"
_DATASHEET = "STMicroelectronics, STM32L476xx datasheet DS10198"

CURRENT = Constant(
    "run mode, a MHz",
    100.0,
    "µA/MHz",
    f"{_DATASHEET}, features (LDO)",
    "the same for every instruction and memory",
)
SLEEP_CURRENT = Constant(
    "Stop 2 mode",
    1.1,
    "µA",
    f"{_DATASHEET}, features",
    "all of its SRAM is kept",
)
VOLTAGE = Constant(
    "supply",
    3.0,
    "V",
    f"{_DATASHEET}, section 6.1.2",
    "the voltage of typical figures",
)
CLOCK = Constant("clock", 80.0, "MHz", f"{_DATASHEET}, features")
SRAM = Constant("SRAM", 128.0, "KiB", f"{_DATASHEET}, features")
FLASH = Constant("flash", 1024.0, "KiB", f"{_DATASHEET}, features")
FLASH_WAITS = Constant(
    "wait states of 64 bits from flash at 80 MHz",
    4.0,
    "cycles",
    "STMicroelectronics, RM0351, table of wait states (range 1)",
    "no line is read twice, so that the cache of data is of no use",
)
LOAD = Constant("LDR, VLDR", 2.0, "cycles", f"{_INTEGER} and 7-1", "not pipelined")
STORE = Constant("STR, VSTR", 2.0, "cycles", f"{_INTEGER} and 7-1", "not pipelined")
CONVERT = Constant("VMOV, VCVTB", 2.0, "cycles", _FLOATING, "one each for a number of 16 bits")
FLOAT_ADD = Constant("VADD.F32", 1.0, "cycles", _FLOATING)
FLOAT_MULTIPLY = Constant("VMUL.F32", 1.0, "cycles", _FLOATING)
INTEGER_ADD = Constant("ADD", 1.0, "cycles", _INTEGER)
INTEGER_MULTIPLY = Constant("MUL", 1.0, "cycles", _INTEGER)
CONSTANTS = (
    *(CURRENT, SLEEP_CURRENT, VOLTAGE, CLOCK, SRAM, FLASH, FLASH_WAITS),
    *(LOAD, STORE, CONVERT, FLOAT_ADD, FLOAT_MULTIPLY, INTEGER_ADD, INTEGER_MULTIPLY),
)

_FLASH_BITS = 64
_KIBIBYTE = 1024
_MICRO, _MEGA = 1e-6, 1e6


def estimate(workload: Workload) -> Estimate:
    """The energy of a sample.

    Raises:
        EnergyError: the core does not compute in the decoder's precision, or the decoder has no
            room in its memory or no time in a step.
    """
    if workload.precision == "float64":
        raise EnergyError(
            f"{workload.model} is in float64, which a Cortex-M4 only computes by software; choose"
            " another target, or convert it to float32."
        )
    held, waits = _memory(workload)
    converted = CONVERT.value if workload.precision == "float16" else 0.0
    load, store = LOAD.value + converted, STORE.value + converted
    floating = workload.precision.startswith("float")
    add = (FLOAT_ADD if floating else INTEGER_ADD).value
    multiply = (FLOAT_MULTIPLY if floating else INTEGER_MULTIPLY).value
    rows, dense, units = workload.row_fetches, workload.dense_fetches, workload.units
    synapses = rows * (load + add + store) + dense * (load + multiply + add)
    weights = (rows + dense) * (load + waits)
    neurons = units.reads * load + units.writes * store
    neurons += units.multiplies * multiply + units.adds * add
    busy = (synapses + weights + neurons) / (CLOCK.value * _MEGA)
    if busy > workload.step:
        raise EnergyError(
            f"{workload.model} needs {1e3 * busy:.3g} ms a sample on a {TITLE}, and has"
            f" {1e3 * workload.step:.3g} ms; choose another target."
        )
    cycle = CURRENT.value * _MICRO / _MEGA * VOLTAGE.value
    asleep = SLEEP_CURRENT.value * _MICRO * VOLTAGE.value
    return Estimate(
        synapses=synapses * cycle,
        weights=weights * cycle,
        neurons=neurons * cycle,
        spikes=None,
        static=asleep * (workload.step - busy),
        memory=f"weights in {held}, busy {100 * busy / workload.step:.2g} % of the time",
        step=workload.step,
    )


def _memory(workload: Workload) -> tuple[str, float]:
    """What holds the weights, and cycles that the core waits for one.

    Raises:
        EnergyError: nothing does.
    """
    size = workload.footprint / _KIBIBYTE
    if size <= SRAM.value:
        return f"SRAM of {SRAM.value:g} KiB", 0.0
    if size <= FLASH.value:
        return "flash", FLASH_WAITS.value * workload.bits / _FLASH_BITS
    raise EnergyError(
        f"{workload.model} has a footprint of {size:,.0f} KiB, and a {TITLE} has"
        f" {FLASH.value:,.0f} KiB of flash; choose another target."
    )
