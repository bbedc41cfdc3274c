"""The targets that there are, by their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from nbsuite.energy.estimate import Target
from nbsuite.energy.targets import cmos45, cortex_m4, loihi
from nbsuite.errors import UsageError
from nbsuite.suggestions import did_you_mean

TARGETS: dict[str, Target] = {
    each.NAME: each for each in cast("Iterable[Target]", (cmos45, cortex_m4, loihi))
}
DEFAULT = TARGETS[cmos45.NAME]
"""What tables of results estimate for."""

ALWAYS_LEFT_OUT = (
    "input and output, spike sorting and radio",
    "windows of spike counts, biases of layers of your own, means over readouts",
)
"""On every target."""


def target_named(name: str) -> Target:
    """The target of a name.

    Raises:
        UsageError: there is none.
    """
    if name not in TARGETS:
        raise UsageError(f"No target is called '{name}'; {did_you_mean(name, TARGETS)}")
    return TARGETS[name]
