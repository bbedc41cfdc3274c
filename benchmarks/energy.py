"""Energy of the processor: its own counters where they can be read, otherwise an estimate.

Counters are those of RAPL below ``/sys/class/powercap``, one a package. They count everything that
the machine does meanwhile. In virtual machines they are not there, and elsewhere often for root
alone; then processor seconds are taken times an assumed power.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

WATTS_PER_CORE = 10.0
"""Assumed: a busy core with its share of caches, memory and power supply. Server processors are
sold with 4 to 10 W a core, desktop ones with about 10."""

_POWERCAP = Path("/sys/class/powercap")
_MICROJOULE = 1e-6


@dataclass(frozen=True)
class Energy:
    """Energy of a stretch of work.

    Attributes:
        joules: the energy.
        measured: by the processor's counters; otherwise it is an estimate.
    """

    joules: float
    measured: bool


class EnergyMeter:
    """Energy from its making on.

    Args:
        watts_per_core: power of a busy core, where there are no counters.
    """

    def __init__(self, watts_per_core: float) -> None:
        self._watts = watts_per_core
        self._before = _counters()
        self._processor_seconds = time.process_time()

    def read(self) -> Energy:
        """The energy so far; an estimate counts this process alone."""
        after = _counters()
        if self._before and after.keys() == self._before.keys():
            used = sum(_difference(path, self._before[path], after[path]) for path in after)
            return Energy(used * _MICROJOULE, measured=True)
        return Energy(self._watts * (time.process_time() - self._processor_seconds), False)


def _counters() -> dict[Path, int]:
    """Microjoules of every package whose counter can be read."""
    found = {}
    for package in sorted(_POWERCAP.glob("intel-rapl:[0-9]*")):
        if package.name.count(":") == 1:  # what has two is a part of a package
            try:
                found[package] = int((package / "energy_uj").read_text())
            except OSError:
                return {}
    return found


def _difference(package: Path, before: int, after: int) -> int:
    """A counter's difference; it begins anew above a maximum."""
    if after >= before:
        return after - before
    return after - before + int((package / "max_energy_range_uj").read_text())
